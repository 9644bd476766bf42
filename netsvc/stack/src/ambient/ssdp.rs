//! SSDP (UPnP Device Architecture 1.1, section 1): looking for a gateway, and announcing a device.

use super::{habit::Device, speech::Speech};
use std::net::Ipv4Addr;

/// Where SSDP is spoken.
pub(crate) const SSDP: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 1900);
/// Seconds that an announcement holds; it is repeated before half of them are over.
const MAX_AGE: u32 = 1800;
const GATEWAY: &str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

/// Looks for a gateway, as Windows and the UPnP library of cameras do.
pub(crate) fn search(from: u16, windows: bool) -> Speech {
    let text = if windows {
        format!(
            "M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nST:{GATEWAY}\r\nMan:\"ssdp:discover\"\r\nMX:3\r\n\r\n"
        )
    } else {
        format!(
            "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\nST: {GATEWAY}\r\n\r\n"
        )
    };
    let ttl = Some(if windows { 1 } else { 4 });
    Speech { from, to: SSDP, ttl, connected: false, data: text.into_bytes() }
}

/// The announcements of a device: as root device, by its identity, by its type.
pub(crate) fn alive(from: u16, device: &Device, identity: &str, own: Ipv4Addr) -> Vec<Speech> {
    let uuid = format!("uuid:{identity}");
    let names = [
        ("upnp:rootdevice".to_owned(), format!("{uuid}::upnp:rootdevice")),
        (uuid.clone(), uuid.clone()),
        (device.kind.to_owned(), format!("{uuid}::{}", device.kind)),
    ];
    let one = |(kind, name): (String, String)| {
        let text = format!(
            "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age={MAX_AGE}\r\n\
             LOCATION: http://{own}:{}{}\r\nNT: {kind}\r\nNTS: ssdp:alive\r\nSERVER: {}/{own}\r\nUSN: {name}\r\n\r\n",
            device.port, device.path, device.server
        );
        Speech { from, to: SSDP, ttl: Some(4), connected: false, data: text.into_bytes() }
    };
    names.into_iter().map(one).collect()
}
