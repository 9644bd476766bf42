//! The objects of the controller, and their properties (clause 12).

use super::{
    super::{device::Site, peer::Peer, plant::Space},
    encoding::{bits, boolean, enumerated, number, object, real, signed, text},
};
use netsvc_daemon::date::civil;

/// Kinds of objects.
const INPUT: u32 = 0;
const VALUE: u32 = 2;
const BINARY_INPUT: u32 = 3;
const BINARY_VALUE: u32 = 5;
const DEVICE: u32 = 8;

/// Bits of an object's number within its kind.
const NUMBER: u32 = 22;
/// Largest number, by which any device is meant.
const ANY: u32 = (1 << NUMBER) - 1;
/// Longest message that is taken.
pub(super) const MESSAGE: u16 = 480;
/// Schneider Electric's number among the vendors.
pub(super) const VENDOR: u32 = 10;
/// Blocks in which written values are kept, from this number on.
const KEPT: u16 = 2000;

/// Properties.
const LOCAL_DATE: u32 = 56;
const LOCAL_TIME: u32 = 57;
const OBJECT_LIST: u32 = 76;
pub(super) const PRESENT: u32 = 85;
/// Those of the device, and of others, that `all` means.
const OF_DEVICE: [u32; 24] = [
    75,
    77,
    79,
    112,
    121,
    120,
    70,
    44,
    12,
    58,
    28,
    98,
    139,
    97,
    96,
    OBJECT_LIST,
    62,
    107,
    LOCAL_TIME,
    LOCAL_DATE,
    11,
    73,
    30,
    155,
];
const OF_POINT: [u32; 8] = [75, 77, 79, 28, PRESENT, 111, 36, 81];
const UNITS: u32 = 117;

/// A point: its kind and number, name, what it is, units, and which word or bit of the process it shows.
type Point = (u32, u32, &'static str, &'static str, u32, u16);

/// Every point.
const POINTS: [Point; 9] = [
    (INPUT, 1, "ZN-T", "Zone temperature", 62, 3),
    (INPUT, 2, "HW-P", "Hot water pressure", 53, 2),
    (INPUT, 3, "HW-F", "Hot water flow", 135, 1),
    (INPUT, 4, "TK-L", "Buffer tank level", 98, 0),
    (VALUE, 1, "HI-SP", "Level set point high", 98, 10),
    (VALUE, 2, "LO-SP", "Level set point low", 98, 11),
    (BINARY_INPUT, 1, "PMP-S", "Pump status", 0, 1),
    (BINARY_VALUE, 1, "AUTO", "Automatic mode", 0, 0),
    (BINARY_VALUE, 2, "PMP-C", "Pump command", 0, 1),
];

/// Why a property is not there: class and code of the error (clause 18).
pub(super) type Fault = (u32, u32);
pub(super) const NO_OBJECT: Fault = (1, 31);
pub(super) const NO_PROPERTY: Fault = (2, 32);
const NO_INDEX: Fault = (2, 42);
const NO_ARRAY: Fault = (2, 50);
pub(super) const NOT_WRITABLE: Fault = (2, 40);
const WRONG_TYPE: Fault = (2, 9);

/// What is asked of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) object: u32,
    pub(super) property: u32,
    pub(super) index: Option<u32>,
}

/// The device's own object.
pub(super) fn device(site: &Site) -> u32 {
    (DEVICE << NUMBER) | (site.device.number % 99_000 + 1000)
}

/// Every object.
fn all(site: &Site) -> Vec<u32> {
    std::iter::once(device(site)).chain(POINTS.iter().map(|(kind, at, ..)| kind << NUMBER | at)).collect()
}

/// The object that `id` means.
pub(super) fn find(site: &Site, id: u32) -> Option<u32> {
    let id = if id == DEVICE << NUMBER | ANY { device(site) } else { id };
    all(site).contains(&id).then_some(id)
}

/// The object called `name`.
pub(super) fn named(site: &Site, name: &str) -> Option<u32> {
    all(site).into_iter().find(|id| self::name(site, *id) == name)
}

/// What an object is called.
pub(super) fn name(site: &Site, id: u32) -> String {
    match point(id) {
        Some((_, (.., name, _, _, _))) => (*name).to_owned(),
        None => site.device.name.clone(),
    }
}

fn point(id: u32) -> Option<(u16, &'static Point)> {
    (0..).zip(&POINTS).find(|(_, (kind, at, ..))| kind << NUMBER | at == id)
}

/// The properties that are meant by one: those that every object must have, those that it need not, or all.
pub(super) fn meant(id: u32, property: u32) -> Vec<u32> {
    let own: Vec<u32> = match point(id) {
        Some((_, (kind, ..))) if *kind == INPUT || *kind == VALUE => {
            OF_POINT.into_iter().chain([UNITS]).collect()
        }
        Some(_) => OF_POINT.to_vec(),
        None => OF_DEVICE.to_vec(),
    };
    let optional = [28, 58, LOCAL_DATE, LOCAL_TIME];
    match property {
        8 => own,
        80 => own.into_iter().filter(|property| optional.contains(property)).collect(),
        105 => own.into_iter().filter(|property| !optional.contains(property)).collect(),
        one => vec![one],
    }
}

/// The value of a property.
pub(super) fn read(peer: &Peer, site: &Site, wanted: Wanted) -> Result<Vec<u8>, Fault> {
    let id = find(site, wanted.object).ok_or(NO_OBJECT)?;
    if wanted.property == OBJECT_LIST && point(id).is_none() {
        let list = all(site);
        return match wanted.index {
            None => Ok(list.into_iter().flat_map(object).collect()),
            Some(0) => Ok(number(u32::try_from(list.len()).unwrap_or_default())),
            Some(at) => {
                let at = usize::try_from(at - 1).unwrap_or(usize::MAX);
                list.get(at).map(|id| object(*id)).ok_or(NO_INDEX)
            }
        };
    }
    let value = match point(id) {
        Some((at, point)) => of_point(peer, site, at, point, wanted.property),
        None => of_device(peer, site, id, wanted.property),
    };
    match (value, wanted.index) {
        (Some(value), None) => Ok(value),
        (Some(_), Some(_)) => Err(NO_ARRAY),
        (None, _) => Err(NO_PROPERTY),
    }
}

fn of_device(peer: &Peer, site: &Site, id: u32, property: u32) -> Option<Vec<u8>> {
    let device = &site.device;
    let zone = peer.host.persona().zone.offset_minutes;
    let time = civil(peer.host.clock(), zone);
    let byte = |value: i32| u8::try_from(value).unwrap_or(255);
    Some(match property {
        75 => object(id),
        77 => text(&device.name),
        79 => enumerated(DEVICE),
        112 => enumerated(0),
        121 => text(&device.maker),
        120 => number(VENDOR),
        70 => text(&device.model),
        44 => text(&device.revision),
        12 => text(&format!("{}.{}", device.revision, device.number % 900 + 100)),
        58 => text(device.place),
        28 => text("Heating"),
        98 => number(1),
        139 => number(7),
        // ReadProperty, ReadPropertyMultiple, WriteProperty, …, Who-Has, Who-Is.
        97 => bits(&(0..40).map(|at| [12, 14, 15, 17, 20, 26, 27, 33, 34].contains(&at)).collect::<Vec<_>>()),
        96 => bits(
            &(0..20)
                .map(|at| [INPUT, VALUE, BINARY_INPUT, BINARY_VALUE, DEVICE].contains(&at))
                .collect::<Vec<_>>(),
        ),
        62 => number(MESSAGE.into()),
        107 => enumerated(3),
        LOCAL_TIME => vec![0xb4, time.hour(), time.minute(), time.second(), 0],
        LOCAL_DATE => vec![
            0xa4,
            byte(time.year() - 1900),
            u8::from(time.month()),
            time.day(),
            time.weekday().number_from_monday(),
        ],
        119 => signed(i16::try_from(-zone).unwrap_or_default()),
        24 => boolean(false),
        11 => number(3000),
        73 => number(3),
        30 => Vec::new(),
        155 => number(1 + device.number % 60),
        _ => return None,
    })
}

fn of_point(peer: &Peer, site: &Site, at: u16, point: &Point, property: u32) -> Option<Vec<u8>> {
    let (kind, number, name, about, units, _) = *point;
    let analog = kind == INPUT || kind == VALUE;
    Some(match property {
        75 => object(kind << NUMBER | number),
        77 => text(name),
        79 => enumerated(kind),
        28 => text(about),
        PRESENT => present(peer, site, at, point),
        111 => bits(&[false; 4]),
        36 => enumerated(0),
        81 => boolean(false),
        UNITS if analog => enumerated(units),
        103 => enumerated(0),
        _ => return None,
    })
}

fn present(peer: &Peer, site: &Site, at: u16, point: &Point) -> Vec<u8> {
    let (kind, .., word) = *point;
    let own = Space::Block(KEPT + at);
    peer.look(site, |plant, second, deeds| {
        if deeds.has(own, 0) {
            let kept: Vec<u8> = (0..4).map(|at| plant.byte(own, at, second, deeds)).collect();
            return super::encoding::tagged(4, false, &kept);
        }
        let reading = plant.at(second, deeds);
        if kind == INPUT || kind == VALUE {
            let value = reading.words().get(usize::from(word)).copied().unwrap_or_default();
            return real(f32::from(value.cast_signed()) / 10.0);
        }
        enumerated(u32::from(reading.bits() >> word & 1))
    })
}

/// Writes the encoded `value` to a property.
pub(super) fn write(peer: &Peer, site: &Site, wanted: Wanted, value: &[u8]) -> Result<(), Fault> {
    let id = find(site, wanted.object).ok_or(NO_OBJECT)?;
    let (at, (kind, .., word)) = point(id).ok_or(NOT_WRITABLE)?;
    if wanted.property != PRESENT {
        let known = meant(id, 8).contains(&wanted.property);
        return Err(if known { NOT_WRITABLE } else { NO_PROPERTY });
    }
    match (*kind, value) {
        (VALUE, [0x44, real @ ..]) if real.len() == 4 => {
            peer.write(site, Space::Block(KEPT + at), 0, real);
            Ok(())
        }
        (BINARY_VALUE, [0x91, on @ 0..=1]) => {
            peer.set_bit(site, Space::Outputs, *word, *on == 1);
            Ok(())
        }
        // Whoever gives it up leaves it to the program.
        (VALUE | BINARY_VALUE, [0]) => Ok(()),
        (VALUE | BINARY_VALUE, _) => Err(WRONG_TYPE),
        _ => Err(NOT_WRITABLE),
    }
}
