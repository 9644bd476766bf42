//! Objects and their attributes: identity, network, program.

use super::super::device::{Brand, Device};
use netsvc_persona::Persona;
use std::net::IpAddr;

/// Numbers of vendors: Rockwell Automation, Schneider Electric.
const ROCKWELL: u16 = 1;
const SCHNEIDER: u16 = 243;

/// A module of the chassis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Module {
    /// The 1756-ENBT, which the network sees.
    Adapter,
    /// The processor in slot 0.
    Processor,
}

/// The seven attributes of the identity of the adapter (volume 1, 5-2).
pub(super) fn adapter(device: &Device) -> Vec<u8> {
    attributes(Module::Adapter, device).into_iter().flat_map(|(_, value)| value).collect()
}

fn attributes(module: Module, device: &Device) -> Vec<(u32, Vec<u8>)> {
    let (major, minor) = device.version();
    let modicon = device.brand == Brand::Modicon;
    // Type (communications adapter, programmable controller), code, revision, status, serial number, name.
    let (kind, code, revision, status, serial, name) = match module {
        Module::Adapter if modicon => {
            (0x0c, 0x0805, [major, minor], 0x30, device.number, device.model.as_str())
        }
        Module::Adapter => (0x0c_u16, 58_u16, [major, minor], 0x30_u16, device.number, "1756-ENBT/A"),
        Module::Processor => {
            (0x0e, 54, [20, 11], 0x3060, device.number.rotate_left(11), "1756-L61/B LOGIX5561")
        }
    };
    let word = |value: u16| value.to_le_bytes().to_vec();
    let mut text = vec![u8::try_from(name.len()).unwrap_or_default()];
    text.extend(name.as_bytes());
    vec![
        (1, word(if modicon { SCHNEIDER } else { ROCKWELL })),
        (2, word(kind)),
        (3, word(code)),
        (4, revision.to_vec()),
        (5, word(status)),
        (6, serial.to_le_bytes().to_vec()),
        (7, text),
    ]
}

/// The attributes of an object; `None`: there is no such object.
pub(super) fn of(
    module: Module,
    class: u32,
    instance: u32,
    device: &Device,
    persona: &Persona,
) -> Option<Vec<(u32, Vec<u8>)>> {
    let word = |value: u16| value.to_le_bytes().to_vec();
    let long = |value: u32| value.to_le_bytes().to_vec();
    match (class, instance, module) {
        (1, 0, _) => Some(vec![(1, word(1)), (2, word(1)), (6, word(7)), (7, word(7))]),
        (1, 1, _) => Some(attributes(module, device)),
        (0xf5, 1, Module::Adapter) => Some(vec![
            (1, long(1)),
            (2, long(0x14)),
            (3, long(0)),
            (4, vec![2, 0, 0x20, 0xf6, 0x24, 1]),
            (5, addresses(persona)),
            (6, string("")),
        ]),
        (0xf6, 1, Module::Adapter) => {
            let mac = persona.mac_bytes().unwrap_or_default().to_vec();
            Some(vec![(1, long(100)), (2, long(0x0b)), (3, mac)])
        }
        (0x64, 1, Module::Processor) => Some(vec![(1, string(&device.name.replace(['-', '.'], "_")))]),
        _ => None,
    }
}

/// Address, mask, gateway, servers of names, domain.
fn addresses(persona: &Persona) -> Vec<u8> {
    let number = |ip: Option<IpAddr>| match ip {
        Some(IpAddr::V4(ip)) => u32::from(ip),
        _ => 0,
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(persona.prefix.into())).unwrap_or_default();
    let all = [number(Some(persona.ip)), mask, number(persona.gateway), 0, 0];
    [all.map(u32::to_le_bytes).concat(), string("")].concat()
}

/// A text with its length in two bytes.
pub(super) fn string(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or_default().to_le_bytes();
    [&length[..], text.as_bytes()].concat()
}
