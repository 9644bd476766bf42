//! What a host is, by what it showed. Rough on purpose: it decides which deckies blend in, nothing else.

use crate::{frame::Mac, host::Host};
use netsvc_persona::tables::hardware;

/// What a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Windows desktop.
    Desktop,
    /// A Windows server.
    WindowsServer,
    /// A Linux server or desktop.
    Linux,
    /// A Mac.
    Mac,
    /// A printer.
    Printer,
    /// A store on the network.
    Nas,
    /// A camera.
    Camera,
    /// A switch or router.
    Network,
    /// Nothing that was seen says.
    Unknown,
}

impl Kind {
    /// Name in output.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Desktop => "windows desktop",
            Kind::WindowsServer => "windows server",
            Kind::Linux => "linux",
            Kind::Mac => "mac",
            Kind::Printer => "printer",
            Kind::Nas => "nas",
            Kind::Camera => "camera",
            Kind::Network => "network device",
            Kind::Unknown => "unknown",
        }
    }

    /// Systems that stand for it, the usual one first.
    pub(crate) fn systems(self) -> &'static [&'static str] {
        match self {
            Kind::Desktop => &["windows10", "windows11"],
            Kind::WindowsServer => &["windows_server_2019", "windows_server_2022", "windows_server_2016"],
            Kind::Linux | Kind::Unknown => &["debian12", "ubuntu2204", "rocky9"],
            Kind::Mac => &["macos"],
            Kind::Printer => &["hp_printer", "brother_printer"],
            Kind::Nas => &["synology", "qnap"],
            Kind::Camera => &["ip_camera"],
            Kind::Network => &["cisco_ios"],
        }
    }
}

/// What `host` with the hardware address `mac` is.
pub(crate) fn kind(mac: Mac, host: &Host) -> Kind {
    let serves = |ports: &[u16]| ports.iter().any(|port| host.ports.contains(port));
    let named = |starts: &[&str]| {
        let lower = host.names.iter().map(|name| name.to_ascii_lowercase());
        lower.into_iter().any(|name| starts.iter().any(|start| name.starts_with(start)))
    };
    let client = |word: &str| host.clients.iter().any(|client| client.to_ascii_lowercase().contains(word));
    let maker = hardware::of_mac(mac).next().map_or("", |machine| machine.vendor);
    if serves(&[9100, 515, 631]) && !serves(&[22]) || named(&["npi", "brn", "brw"]) {
        return Kind::Printer;
    }
    if serves(&[554]) {
        return Kind::Camera;
    }
    if serves(&[5000, 5001]) && serves(&[445]) || named(&["diskstation", "nas"]) {
        return Kind::Nas;
    }
    let windows =
        client("msft") || serves(&[3389, 135, 5985]) || host.ttls.iter().any(|ttl| (100..=128).contains(ttl));
    if windows {
        let server = serves(&[53, 88, 389, 5985, 1433]) || named(&["srv", "dc", "win-", "sql"]);
        return if server { Kind::WindowsServer } else { Kind::Desktop };
    }
    if host.ttls.iter().any(|ttl| *ttl > 128) || maker == "Cisco" {
        return Kind::Network;
    }
    // A Mac closes its options with the list's end, and says how it may scale before it says the time.
    let mac_like = |(_, kinds): &(u16, Vec<u8>)| kinds.as_slice() == [2, 1, 3, 1, 1, 8, 4];
    if maker == "Apple Inc." || host.opens.iter().any(mac_like) || serves(&[548]) {
        return Kind::Mac;
    }
    if host.ttls.iter().any(|ttl| (33..=64).contains(ttl)) || serves(&[22]) {
        Kind::Linux
    } else {
        Kind::Unknown
    }
}
