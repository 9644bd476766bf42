//! Systems that can be found by WS-Discovery, and what they are called there: what the packets of a node say and
//! what its web server shows is the same.
//!
//! Sources: the Devices Profile for Web Services (2006/02) and Microsoft's printer and computer types; the ONVIF core
//! specification, 7.3; public captures of Windows 7 to 10, of printers and of cameras.

use crate::{Os, Persona, subkey};

/// A kind of device.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Types, each with its prefix.
    pub types: &'static str,
    /// The prefixes of the types, as attributes.
    pub names: &'static str,
    /// Port and path of its metadata.
    pub place: Option<(u16, &'static str)>,
    /// Whether it says where that is before it is asked for: desktops do not.
    pub says_where: bool,
}

static COMPUTER: Device = Device {
    types: "wsdp:Device pub:Computer",
    names: "xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\" \
            xmlns:pub=\"http://schemas.microsoft.com/windows/pub/2005/07\"",
    place: Some((5357, "/")),
    says_where: false,
};

static PRINTER: Device = Device {
    types: "wsdp:Device wprt:PrintDeviceType",
    names: "xmlns:wsdp=\"http://schemas.xmlsoap.org/ws/2006/02/devprof\" \
            xmlns:wprt=\"http://schemas.microsoft.com/windows/2006/08/wdp/print\"",
    place: Some((80, "/WebServices/Device")),
    says_where: true,
};

static CAMERA: Device = Device {
    types: "dn:NetworkVideoTransmitter",
    names: "xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"",
    place: Some((80, "/onvif/device_service")),
    says_where: true,
};

/// The device that a system is; `None`: it cannot be found. Servers do not publish themselves by default.
pub fn of(os: &Os) -> Option<&'static Device> {
    match os.id.as_str() {
        "hp_printer" | "brother_printer" => Some(&PRINTER),
        "ip_camera" => Some(&CAMERA),
        _ => (os.family == "windows").then_some(&COMPUTER),
    }
}

/// The endpoint's unique name without `urn:uuid:`. Devices' names end in the hardware address.
pub fn uuid(persona: &Persona) -> String {
    let drawn = subkey::bytes(&persona.subkey.hex_bytes().unwrap_or_default(), &["ws-discovery"]);
    let text = hex::encode(drawn);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let tail =
        if persona.os.family == "windows" { part(18, 30).to_owned() } else { persona.mac.replace(':', "") };
    format!("{}-{}-4{}-a{}-{tail}", part(0, 8), part(8, 12), part(12, 15), part(15, 18))
}

/// The scopes of a camera (ONVIF core, 7.3.2); others have none.
pub fn scopes(persona: &Persona) -> String {
    if persona.os.id != "ip_camera" {
        return String::new();
    }
    let word = |text: &str| text.replace(' ', "%20").replace(['<', '>', '&'], "");
    let (vendor, product) = (word(&persona.hardware.vendor.to_uppercase()), word(&persona.hardware.product));
    format!(
        "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming \
         onvif://www.onvif.org/hardware/{product} onvif://www.onvif.org/name/{vendor}%20{product}"
    )
}
