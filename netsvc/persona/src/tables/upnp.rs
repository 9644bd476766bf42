//! Devices that announce themselves by SSDP, and what their descriptions are called: what the packets of a node
//! say and what its web server shows is the same.
//!
//! Sources: UPnP Device Architecture 1.1; announcements of DSM and of cameras built with the portable SDK for
//! UPnP devices (libupnp), as scanners' public captures have them.

use crate::{Persona, subkey};

/// A kind of device.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Ports that its description may be at; the first that is open is named. The last is that of the web server.
    pub ports: &'static [u16],
    /// Path of the description.
    pub path: &'static str,
    /// Type, as a URN.
    pub kind: &'static str,
    /// What it is, in its own words.
    pub about: &'static str,
}

static DISK_STATION: Device = Device {
    ports: &[5000, 80],
    path: "/ssdp/desc-DSM-eth0.xml",
    kind: "urn:schemas-upnp-org:device:Basic:1",
    about: "Synology NAS",
};

static CAMERA: Device = Device {
    ports: &[49_152, 80],
    path: "/upnpdevicedesc.xml",
    kind: "urn:schemas-upnp-org:device:Basic:1",
    about: "Network Camera",
};

/// The device that a system announces of its own accord; `None`: it announces none.
pub fn of(system: &str) -> Option<&'static Device> {
    match system {
        "synology" => Some(&DISK_STATION),
        "ip_camera" => Some(&CAMERA),
        _ => None,
    }
}

/// The device's unique name without `uuid:`. It ends in the hardware address.
pub fn uuid(persona: &Persona) -> String {
    let mac = persona.mac.replace(':', "");
    if persona.os.id == "synology" {
        // "synodsm" in hexadecimal.
        return format!("73796e6f-6473-6d00-0000-{mac}");
    }
    let drawn = subkey::bytes(&persona.subkey.hex_bytes().unwrap_or_default(), &["upnp"]);
    let text = hex::encode(drawn);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{mac}", part(0, 8), part(8, 12), part(12, 15), part(15, 18))
}

/// What the device calls its server (`SERVER`).
pub fn server(persona: &Persona) -> String {
    if persona.os.id == "synology" {
        return format!("Synology/DSM/{}", persona.ip);
    }
    format!("Linux/{}, UPnP/1.0, Portable SDK for UPnP devices/1.6.18", persona.os.kernel)
}

/// What the device is called (`friendlyName`).
pub fn name(persona: &Persona) -> String {
    let hardware = &persona.hardware;
    match persona.os.id.as_str() {
        "synology" => format!("{} ({})", persona.hostname, hardware.product),
        _ => format!("{} {} - {}", hardware.vendor.to_uppercase(), hardware.product, hardware.serial),
    }
}
