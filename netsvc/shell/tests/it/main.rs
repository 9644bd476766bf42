//! Tests through the public interface.

mod against_real;
mod dialects;
mod endless;
mod facts;
mod inward;
mod lived;
mod moving;
mod reach;
mod session;
mod shown;
mod streams;
mod terminal;

use netsvc_persona::{daemon::*, stage::Transport, *};
use netsvc_shell::{Arrival, Service, SessionFacts, Shell, ShellHost, fs::OverlayStore};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

/// 2026-03-01 12:00 UTC in µs.
pub(crate) const NOW: i64 = 1_772_366_400_000_000;

const SSH: &[Daemon] = &[Daemon {
    binary: "/usr/sbin/sshd",
    command: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
    unit: "ssh",
    about: "OpenBSD Secure Shell server",
    package: ("openssh-server", "secure shell (SSH) server"),
    epoch: "1:",
    login: "sshd: {user}@{tty}",
    ..Daemon::ROOT
}];
const HTTP: &[Daemon] = &[
    Daemon {
        product: "apache",
        systems: REDHAT,
        binary: "/usr/sbin/httpd",
        command: "/usr/sbin/httpd -DFOREGROUND",
        unit: "httpd",
        package: ("httpd", "Apache HTTP Server"),
        ..Daemon::ROOT
    },
    Daemon {
        product: "apache",
        binary: "/usr/sbin/apache2",
        command: "/usr/sbin/apache2 -k start",
        unit: "apache2",
        package: ("apache2", "Apache HTTP Server"),
        ..Daemon::ROOT
    },
    Daemon {
        product: "lighttpd",
        binary: "/usr/sbin/lighttpd",
        command: "/usr/sbin/lighttpd -D -f /etc/lighttpd/lighttpd.conf",
        unit: "lighttpd",
        ..Daemon::ROOT
    },
    Daemon {
        product: "nginx",
        binary: "/usr/sbin/nginx",
        command: "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
        unit: "nginx",
        package: ("nginx", "small, powerful, scalable web/proxy server"),
        files: &[Laid::file("/srv/told", 0o640, Changed::Installed, "of {fqdn}\n")],
        ..Daemon::ROOT
    },
];
const TIME: &[Daemon] = &[Daemon {
    binary: "/usr/sbin/ntpd",
    command: "/usr/sbin/ntpd -p /var/run/ntpd.pid -g -u 112:120",
    user: "ntp",
    uid: 112,
    unit: "ntp",
    account: "ntp:x:112:120::/nonexistent:/usr/sbin/nologin",
    ..Daemon::ROOT
}];

/// What the nodes of these tests have open.
fn services() -> Vec<Service> {
    let service = |slug: &str, ports: &[(Transport, u16)], daemons| Service {
        slug: slug.into(),
        ports: ports.to_vec(),
        daemons,
    };
    vec![
        service("http", &[(Transport::Tcp, 80)], HTTP),
        service("ntp", &[(Transport::Udp, 123)], TIME),
        service("ssh", &[(Transport::Tcp, 22)], SSH),
    ]
}

/// A node at [`NOW`], and its clock, which the test moves.
pub(crate) fn clocked(id: &str) -> (ShellHost, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(NOW));
    let read = clock.clone();
    let now = move || read.load(Ordering::Relaxed);
    let host = ShellHost::new(Arc::new(persona(id)), Arc::new(OverlayStore::in_memory()), Arc::new(now));
    (host.with_services(services()), clock)
}

pub(crate) fn persona(id: &str) -> Persona {
    let user = |name: &str, uid: u32, home: &str| User {
        name: name.into(),
        full_name: name.into(),
        uid,
        home: home.into(),
        shell: "/bin/bash".into(),
        password: Some(Secret("secret".into())),
    };
    let ssh =
        Product { name: "OpenSSH".into(), version: "9.2p1".into(), packaging: "Debian-2+deb12u2".into() };
    Persona {
        persona_version: 1,
        node: "web-01".into(),
        hostname: "web01".into(),
        domain: "corp.example".into(),
        ip: IpAddr::from([10, 1, 2, 3]),
        prefix: 24,
        gateway: Some(IpAddr::from([10, 1, 2, 1])),
        mac: "bc:24:11:5e:01:02".into(),
        mac_vendor: "Proxmox".into(),
        os: os(id),
        hardware: hardware(),
        booted_at: NOW - 40 * 86_400_000_000,
        installed_at: NOW - 300 * 86_400_000_000,
        clock_offset_ms: 0,
        zone: Zone { name: "Etc/UTC".into(), abbreviation: "UTC".into(), offset_minutes: 0 },
        users: vec![user("root", 0, "/root"), user("anna", 1000, "/home/anna")],
        login: LoginPolicy::AcceptListed,
        products: BTreeMap::from([("ssh".into(), ssh)]),
        ssh_keys: SshKeys {
            ed25519: Secret("00".repeat(32)),
            ecdsa_p256: Secret("11".repeat(32)),
            rsa_bits: 3072,
        },
        certificate: Certificate {
            common_name: "web01".into(),
            organization: String::new(),
            issuer: "web01".into(),
            names: vec![],
            not_before: 0,
            not_after: 1,
            serial: "01".into(),
            key: "p256".into(),
        },
        passive_ports: (40_000, 40_100),
        subkey: Secret("22".repeat(32)),
        face: None,
        generation: 0,
        life: Default::default(),
        firewall: false,
        files: Vec::new(),
        people: Vec::new(),
        place: Default::default(),
        slow: None,
        routine: Default::default(),
    }
}

fn os(id: &str) -> Os {
    let (family, pretty, version, codename, kernel, machine) = match id {
        "debian12" => {
            ("linux", "Debian GNU/Linux 12 (bookworm)", "12", "bookworm", "6.1.0-18-amd64", "x86_64")
        }
        "debian11" => {
            ("linux", "Debian GNU/Linux 11 (bullseye)", "11", "bullseye", "5.10.0-28-amd64", "x86_64")
        }
        "debian10" => ("linux", "Debian GNU/Linux 10 (buster)", "10", "buster", "4.19.0-26-amd64", "x86_64"),
        "ubuntu2204" => ("linux", "Ubuntu 22.04.4 LTS", "22.04", "jammy", "5.15.0-101-generic", "x86_64"),
        "rocky9" => (
            "linux",
            "Rocky Linux 9.3 (Blue Onyx)",
            "9.3",
            "Blue Onyx",
            "5.14.0-362.8.1.el9_3.x86_64",
            "x86_64",
        ),
        "alpine319" => ("linux", "Alpine Linux v3.19", "3.19.1", "", "6.6.16-0-virt", "x86_64"),
        _ => ("embedded", "Router", "1.0", "", "2.6.36", "mips"),
    };
    Os {
        family: family.into(),
        id: id.into(),
        pretty_name: pretty.into(),
        version: version.into(),
        codename: codename.into(),
        kernel: kernel.into(),
        kernel_version: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)".into(),
        machine: machine.into(),
        build: 0,
        ttl: 64,
    }
}

fn hardware() -> Hardware {
    Hardware {
        cpu: "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz".into(),
        cpu_vendor: "GenuineIntel".into(),
        cpu_signature: (6, 79, 1),
        mhz: 2400,
        cpus: 4,
        memory_kib: 8_148_516,
        disk_kib: 41_943_040,
        disk: "sda".into(),
        interface: "ens18".into(),
        vendor: "Dell Inc.".into(),
        product: "PowerEdge R430".into(),
        serial: "4TK0PK2".into(),
        machine_id: "0123456789abcdef0123456789abcdef".into(),
    }
}

pub(crate) fn source() -> IpAddr {
    IpAddr::from([10, 1, 2, 77])
}

pub(crate) fn shell_on(host: &ShellHost, user: &str, tty: bool) -> Shell {
    let facts = SessionFacts {
        peer_ip: source(),
        peer_port: 50_123,
        local_port: 22,
        tty: tty.then(|| "pts/0".into()),
        service: "ssh".into(),
        arrival: Arrival::Ssh,
    };
    host.login(user, source(), facts)
}

pub(crate) fn host(id: &str) -> ShellHost {
    host_of(persona(id))
}

pub(crate) fn host_of(persona: Persona) -> ShellHost {
    let host = ShellHost::new(Arc::new(persona), Arc::new(OverlayStore::in_memory()), Arc::new(|| NOW));
    host.with_services(services())
}

/// Output and status of one command line on a fresh node.
pub(crate) fn run(id: &str, line: &str) -> (String, i32) {
    let outcome = shell_on(&host(id), "root", false).exec(line, Some(b""));
    let text = outcome.chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).map(char::from).collect();
    (text, outcome.status)
}
