//! What systems say of their own accord, as data. Each table names where its values come from.

use super::{
    dialect::Dialect,
    multicast::{Multicast, Words},
    reach::Trust,
    speech::Kernel,
};
use netsvc_persona::Os;

/// Which program asks for the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// systemd-timesyncd: one question, then twice as long a pause each time (timesyncd.conf: 32 s to 2048 s).
    Timesyncd,
    /// chronyd: a burst of four, random timestamps, 64 s to 1024 s (chrony.conf: iburst, minpoll 6, maxpoll 10).
    Chrony,
    /// The reference implementation and those modelled on it: from port 123, 64 s to 1024 s.
    Ntpd,
    /// Windows Time: from port 123, version 3, a fixed pause in seconds (SpecialPollInterval).
    W32Time(i64),
    /// A simple client (RFC 4330) with a pause in seconds.
    Simple(i64),
}

/// What a system looks up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookups {
    /// When the link comes up.
    pub(crate) first: &'static [&'static str],
    /// Later on, now and then.
    pub(crate) later: &'static [&'static str],
    /// Seconds between two.
    pub(crate) pause: (i64, i64),
    /// Seconds before each repetition.
    pub(crate) again: &'static [i64],
    /// Size that an EDNS record (RFC 6891) names; `None`: there is no such record.
    pub(crate) edns: Option<u16>,
}

/// Bonjour Printing: what printers serve.
const PRINTER: Multicast = Multicast::Full {
    asks: &[],
    services: &[
        ("_http._tcp.local", 80, Words::Plain),
        ("_ipp._tcp.local", 631, Words::Printer),
        ("_printer._tcp.local", 515, Words::Printer),
        ("_pdl-datastream._tcp.local", 9100, Words::Printer),
    ],
};
/// DSM and QTS: the interface and, if it is on, file sharing; neither announces SSH.
const STORAGE: Multicast = Multicast::Full {
    asks: &[],
    services: &[("_http._tcp.local", 80, Words::Storage), ("_smb._tcp.local", 445, Words::Plain)],
};
/// macOS: what "Sharing" in its settings switches on; its web server is not among that.
const MAC: Multicast = Multicast::Full {
    asks: &["_airplay._tcp.local", "_companion-link._tcp.local", "_sleep-proxy._udp.local"],
    services: &[
        ("_ssh._tcp.local", 22, Words::Plain),
        ("_sftp-ssh._tcp.local", 22, Words::Plain),
        ("_smb._tcp.local", 445, Words::Plain),
    ],
};

/// How a system uses NetBIOS over UDP (RFC 1001, 1002).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetBios {
    /// Server type, major and minor version that the browser service announces ([MS-BRWS] 2.2.1); `None`:
    /// there is no such service (it went with SMB 1).
    pub(crate) browser: Option<(u32, u8, u8)>,
}

/// What a system says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    pub(crate) kernel: Kernel,
    pub(crate) trust: Trust,
    /// Ports that its clients take, first and last.
    pub(crate) ports: (u16, u16),
    pub(crate) clock: Option<Clock>,
    pub(crate) lookups: Option<&'static Lookups>,
    pub(crate) multicast: Option<Multicast>,
    pub(crate) llmnr: bool,
    pub(crate) netbios: Option<NetBios>,
    /// Whether it looks for a gateway that it could open ports on (SSDP). Who announces himself stands in
    /// [`netsvc_persona::tables::upnp`].
    pub(crate) searches: bool,
    pub(crate) dhcp: &'static Dialect,
}

/// Linux: ip_local_port_range; base_reachable_time of 30 s, drawn from half to one and a half.
const LINUX: Habits = Habits {
    kernel: Kernel::Linux,
    trust: Trust::Verified((15, 45)),
    ports: (32_768, 60_999),
    clock: Some(Clock::Timesyncd),
    lookups: None,
    multicast: None,
    llmnr: false,
    netbios: None,
    searches: false,
    dhcp: &super::dialect::DHCLIENT,
};

/// Windows since Vista: dynamic ports (RFC 6335), neighbour discovery's times for ARP.
const WINDOWS: Habits = Habits {
    kernel: Kernel::Windows,
    trust: Trust::Verified((15, 45)),
    ports: (49_152, 65_535),
    clock: Some(Clock::W32Time(32_768)),
    lookups: Some(&WINDOWS_NAMES),
    multicast: Some(Multicast::Windows),
    llmnr: true,
    netbios: Some(NetBios { browser: None }),
    searches: false,
    dhcp: &super::dialect::WINDOWS_10,
};

/// BSDs: net.link.ether.inet.max_age of 1200 s.
const BSD: Habits = Habits {
    kernel: Kernel::Bsd,
    trust: Trust::Expires(1200),
    ports: (49_152, 65_535),
    clock: Some(Clock::Ntpd),
    lookups: Some(&FREEBSD_NAMES),
    multicast: None,
    llmnr: false,
    netbios: None,
    searches: false,
    dhcp: &super::dialect::FREEBSD,
};

const FIRMWARE: Habits = Habits {
    kernel: Kernel::Firmware,
    trust: Trust::Expires(1200),
    ports: (1024, 5000),
    clock: None,
    lookups: None,
    multicast: None,
    llmnr: false,
    netbios: None,
    searches: false,
    dhcp: &super::dialect::FIRMWARE,
};

/// resolv.conf(5): five seconds, two attempts.
const GLIBC: &[i64] = &[5];
/// Windows' resolver: one, one, two and four seconds.
const DNSCACHE: &[i64] = &[1, 1, 2, 4];

macro_rules! lookups {
    ($($name:ident: $first:expr, $later:expr, $pause:expr, $again:expr, $edns:expr;)+) => {
        $(static $name: Lookups = Lookups { first: $first, later: $later, pause: $pause, again: $again, edns: $edns };)+
    };
}

// Names: apt's and dnf's defaults (sources.list, mirrorlist), update-motd, snapd; Microsoft's list of
// connection endpoints for Windows and its NCSI page; Apple's "Use Apple products on enterprise networks".
// Pauses: apt-daily.timer (twice a day), dnf-makecache.timer (hourly), snapd's refresh (four times a day).
lookups! {
    DEBIAN_NAMES: &[], &["deb.debian.org", "security.debian.org"], (18_000, 64_800), GLIBC, None;
    UBUNTU_NAMES: &["motd.ubuntu.com"], &["archive.ubuntu.com", "security.ubuntu.com", "api.snapcraft.io",
        "motd.ubuntu.com", "esm.ubuntu.com"], (7_200, 21_600), GLIBC, Some(1472);
    ROCKY_NAMES: &[], &["mirrors.rockylinux.org"], (3_600, 5_400), GLIBC, None;
    CENTOS_NAMES: &[], &["mirrorlist.centos.org"], (28_800, 86_400), GLIBC, None;
    FEDORA_NAMES: &[], &["mirrors.fedoraproject.org"], (3_600, 5_400), GLIBC, Some(1472);
    ALPINE_NAMES: &[], &["dl-cdn.alpinelinux.org"], (43_200, 129_600), &[2], None;
    KALI_NAMES: &[], &["http.kali.org"], (18_000, 64_800), GLIBC, None;
    ARCH_NAMES: &[], &["geo.mirror.pkgbuild.com"], (43_200, 129_600), GLIBC, Some(1472);
    WINDOWS_NAMES: &["www.msftconnecttest.com", "dns.msftncsi.com"], &["settings-win.data.microsoft.com",
        "ctldl.windowsupdate.com", "v10.events.data.microsoft.com", "fe3cr.delivery.mp.microsoft.com",
        "login.live.com", "www.msftconnecttest.com"], (900, 5_400), DNSCACHE, None;
    SERVER_NAMES: &["www.msftconnecttest.com", "dns.msftncsi.com"], &["ctldl.windowsupdate.com",
        "fe2.update.microsoft.com", "settings-win.data.microsoft.com"], (3_600, 21_600), DNSCACHE, None;
    OLD_WINDOWS_NAMES: &["www.msftncsi.com", "dns.msftncsi.com"], &["ctldl.windowsupdate.com",
        "fe2.update.microsoft.com", "crl.microsoft.com"], (3_600, 21_600), DNSCACHE, None;
    APPLE_NAMES: &["captive.apple.com"], &["gdmf.apple.com", "mesu.apple.com", "gateway.icloud.com",
        "configuration.apple.com"], (900, 5_400), &[1, 3], None;
    FREEBSD_NAMES: &[], &["pkg.freebsd.org"], (64_800, 108_000), GLIBC, None;
    HIK_NAMES: &["dev.hik-connect.com"], &["dev.hik-connect.com"], (1_800, 3_600), &[2, 2], None;
    SYNOLOGY_NAMES: &["checkip.synology.com"], &["update7.synology.com", "pkgupdate7.synology.com"],
        (21_600, 86_400), GLIBC, None;
    QNAP_NAMES: &["update.qnap.com"], &["update.qnap.com", "download.qnap.com"], (21_600, 86_400), GLIBC, None;
}

/// Server types of [MS-BRWS]: workstation, server, NT and, where it fits, server NT.
const BROWSES_2012R2: NetBios = NetBios { browser: Some((0x0000_9003, 6, 3)) };
const BROWSES_2016: NetBios = NetBios { browser: Some((0x0000_9003, 10, 0)) };
const BROWSES_7: NetBios = NetBios { browser: Some((0x0000_1003, 6, 1)) };
/// Samba's nmbd: workstation, server, print queue, Unix, NT, server NT; it calls itself 6.1.
const BROWSES_SAMBA: NetBios = NetBios { browser: Some((0x0000_9a03, 6, 1)) };

/// What a system says. Systems that no table knows keep to what all of their family do.
pub(crate) fn of(os: &Os) -> Habits {
    let id = os.id.as_str();
    match os.family.as_str() {
        "windows" | "windows_server" => windows(os),
        _ if id.contains("synology") || id.contains("qnap") => storage(id),
        "linux" => linux(id),
        "macos" => apple(),
        "bsd" => BSD,
        "esxi" => Habits { lookups: None, dhcp: &super::dialect::FREEBSD, ..BSD },
        "cisco" | "junos" => cisco(id),
        _ => device(os),
    }
}

fn linux(id: &str) -> Habits {
    use super::dialect::{DHCLIENT, NETWORKD_245, NETWORKD_249, NM_DHCLIENT, NM_INTERNAL, UDHCPC};
    let distro: String = id.chars().take_while(char::is_ascii_alphabetic).collect();
    let (clock, lookups, dhcp) = match (distro.as_str(), id) {
        ("ubuntu", "ubuntu1804" | "ubuntu2004") => (Clock::Timesyncd, &UBUNTU_NAMES, &NETWORKD_245),
        ("ubuntu", _) => (Clock::Timesyncd, &UBUNTU_NAMES, &NETWORKD_249),
        ("rocky" | "alma" | "almalinux" | "rhel", _) => (Clock::Chrony, &ROCKY_NAMES, &NM_INTERNAL),
        ("centos", "centos6") => (Clock::Ntpd, &CENTOS_NAMES, &NM_DHCLIENT),
        ("centos", _) => (Clock::Chrony, &CENTOS_NAMES, &NM_DHCLIENT),
        ("fedora", _) => (Clock::Chrony, &FEDORA_NAMES, &NM_INTERNAL),
        ("alpine", _) => (Clock::Chrony, &ALPINE_NAMES, &UDHCPC),
        ("kali", _) => (Clock::Timesyncd, &KALI_NAMES, &NM_INTERNAL),
        ("arch", _) => (Clock::Timesyncd, &ARCH_NAMES, &NETWORKD_249),
        _ => (Clock::Timesyncd, &DEBIAN_NAMES, &DHCLIENT),
    };
    Habits { clock: Some(clock), lookups: Some(lookups), dhcp, ..LINUX }
}

fn windows(os: &Os) -> Habits {
    let server = os.family == "windows_server";
    match os.build {
        // Before 10: no multicast DNS, other names, another order of DHCP options.
        build if build < 10_000 => Habits {
            clock: Some(Clock::W32Time(604_800)),
            lookups: Some(&OLD_WINDOWS_NAMES),
            multicast: None,
            netbios: Some(if server { BROWSES_2012R2 } else { BROWSES_7 }),
            searches: !server,
            dhcp: &super::dialect::WINDOWS_7,
            ..WINDOWS
        },
        build if server => Habits {
            clock: Some(Clock::W32Time(1024)),
            lookups: Some(&SERVER_NAMES),
            // Multicast DNS came with 1703; SMB 1, and the browser with it, went with 1709.
            multicast: (15_063 <= build).then_some(Multicast::Windows),
            netbios: Some(if build < 16_299 { BROWSES_2016 } else { NetBios { browser: None } }),
            ..WINDOWS
        },
        _ => Habits { searches: true, ..WINDOWS },
    }
}

fn apple() -> Habits {
    Habits {
        clock: Some(Clock::Simple(1800)),
        lookups: Some(&APPLE_NAMES),
        multicast: Some(MAC),
        dhcp: &super::dialect::APPLE,
        ..BSD
    }
}

/// Network storage with Linux: DSM and QTS come with Samba, Avahi and SSDP switched on.
fn storage(id: &str) -> Habits {
    let qnap = id.contains("qnap");
    Habits {
        clock: Some(Clock::Ntpd),
        lookups: Some(if qnap { &QNAP_NAMES } else { &SYNOLOGY_NAMES }),
        multicast: Some(STORAGE),
        netbios: Some(BROWSES_SAMBA),
        dhcp: if qnap { &super::dialect::DHCPCD } else { &super::dialect::UDHCPC },
        ..LINUX
    }
}

/// IOS keeps ARP entries for four hours (`arp timeout 14400`), Junos for twenty minutes.
fn cisco(id: &str) -> Habits {
    let junos = id.contains("junos");
    Habits {
        trust: Trust::Expires(if junos { 1200 } else { 14_400 }),
        clock: Some(Clock::Ntpd),
        dhcp: if junos { &super::dialect::FREEBSD } else { &super::dialect::IOS },
        ..FIRMWARE
    }
}

fn device(os: &Os) -> Habits {
    let id = os.id.as_str();
    if id.contains("printer") || id.contains("laserjet") {
        let dhcp = if id.starts_with("brother") { FIRMWARE.dhcp } else { &super::dialect::JETDIRECT };
        return Habits { multicast: Some(PRINTER), llmnr: true, dhcp, ..FIRMWARE };
    }
    let camera = ["arm", "cam", "hik"].iter().any(|part| id.contains(part));
    if camera || id.starts_with("busybox") {
        return Habits {
            clock: Some(Clock::Simple(3600)),
            lookups: camera.then_some(&HIK_NAMES),
            searches: camera,
            dhcp: &super::dialect::UDHCPC_DEVICE,
            ..LINUX
        };
    }
    // A controller says nothing but what it has to.
    FIRMWARE
}
