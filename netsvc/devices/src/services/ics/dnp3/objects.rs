//! Objects of the station: what is read, and what is commanded (IEEE 1815, 11 and annex A).

use super::super::{device::Site, peer::Peer, plant::Space};
use crate::bytes::Reader;

/// Headers of one request that are read.
const HEADERS: usize = 16;
/// Controls of one request.
const CONTROLS: u32 = 16;
/// Points of each kind.
const BITS: u8 = 5;
const WORDS: u8 = 6;
/// Online.
const ONLINE: u8 = 1;

/// The header of objects in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) group: u8,
    pub(super) variation: u8,
    qualifier: u8,
    /// First and last point of a range, or how many.
    first: u32,
    last: u32,
}

impl Header {
    /// Reads a header; what is behind it is left.
    fn read(reader: &mut Reader<'_>) -> Option<Header> {
        let (group, variation, qualifier) = (reader.byte()?, reader.byte()?, reader.byte()?);
        let mut number = |width: u8| match width {
            1 => reader.byte().map(u32::from),
            2 => reader.word_le().map(u32::from),
            _ => reader.long_le(),
        };
        let (first, last) = match qualifier & 0x0f {
            range @ 0..=2 => (number(1 << range)?, number(1 << range)?),
            6 => (0, u32::MAX),
            count @ 7..=9 => (0, number(1 << (count - 7))?),
            _ => return None,
        };
        Some(Header { group, variation, qualifier, first, last })
    }

    /// What it is called, for the record.
    pub(super) fn told(&self) -> String {
        let range = match self.qualifier & 0x0f {
            6 => "all".to_owned(),
            7..=9 => format!("{} of them", self.last),
            _ => format!("{} to {}", self.first, self.last),
        };
        format!("g{}v{} {range}", self.group, self.variation)
    }
}

/// The headers of a request to read; `None`: they are none.
pub(super) fn headers(bytes: &[u8]) -> Option<Vec<Header>> {
    let (mut reader, mut all) = (Reader::new(bytes), Vec::new());
    while !reader.is_empty() && all.len() < HEADERS {
        all.push(Header::read(&mut reader)?);
    }
    Some(all)
}

/// What `header` asks for; `None`: there is no such object.
pub(super) fn read(peer: &Peer, site: &Site, header: &Header) -> Option<Vec<u8>> {
    let all = |bits: &[u8]| -> Vec<u8> {
        bits.iter().flat_map(|group| block(peer, site, *group, (0, u32::MAX))).collect()
    };
    match (header.group, header.variation) {
        // Class 0: all that there is now. No events wait.
        (60, 1) => Some(all(&[1, 10, 20, 30, 40])),
        (60, 2..=4) => Some(Vec::new()),
        (1 | 10 | 20 | 30 | 40, _) => Some(block(peer, site, header.group, (header.first, header.last))),
        (2 | 11 | 22 | 32, _) => Some(Vec::new()),
        (50, 1) => {
            let millis = (peer.host.clock() / 1000).to_le_bytes();
            Some([&[50, 1, 7, 1][..], millis.get(..6).unwrap_or_default()].concat())
        }
        (0, _) => attribute(site, header.variation),
        _ => None,
    }
}

/// The points of a group from the first to the last.
fn block(peer: &Peer, site: &Site, group: u8, range: (u32, u32)) -> Vec<u8> {
    let there = match group {
        1 => BITS,
        10 | 20 | 40 => 2,
        _ => WORDS,
    };
    let last = u8::try_from(range.1.min(u32::from(there) - 1)).unwrap_or_default();
    let Ok(first) = u8::try_from(range.0) else { return Vec::new() };
    if last < first {
        return Vec::new();
    }
    let reading = peer.look(site, |plant, second, deeds| plant.at(second, deeds));
    let (words, bits) = (reading.words(), reading.bits());
    let word = |at: u8| words.get(usize::from(at)).copied().unwrap_or_default().cast_signed();
    let points = (first..=last).flat_map(|at| match group {
        1 | 10 => vec![ONLINE | (bits >> at & 1) << 7],
        20 => {
            let count = if at == 0 { reading.hours } else { reading.starts };
            [&[ONLINE][..], &count.to_le_bytes()].concat()
        }
        40 => [&[ONLINE][..], &i32::from(word(10 + at)).to_le_bytes()].concat(),
        _ => [&[ONLINE][..], &i32::from(word(at)).to_le_bytes()].concat(),
    });
    let variation = if matches!(group, 1 | 10) { 2 } else { 1 };
    [vec![group, variation, 0, first, last], points.collect()].concat()
}

/// What the station says of itself (group 0).
fn attribute(site: &Site, variation: u8) -> Option<Vec<u8>> {
    let device = &site.device;
    let text = |text: &str| {
        let mut bytes = vec![0, variation, 0, 0, 0, 1, u8::try_from(text.len()).unwrap_or_default()];
        bytes.extend(text.as_bytes());
        bytes
    };
    match variation {
        242 => Some(text(&device.revision)),
        245 => Some(text(device.place)),
        247 => Some(text(&device.name)),
        248 => Some(text(&device.serial)),
        250 => Some(text(&device.model)),
        252 => Some(text(&device.maker)),
        _ => None,
    }
}

/// A control: which point, and what becomes of it.
struct Control {
    point: u32,
    on: Option<bool>,
    /// A set point.
    value: Option<i32>,
    raw: Vec<u8>,
}

/// What a request commands, as it is told, and the objects of its answer. With `act` it is done, else only
/// looked at.
pub(super) fn control(peer: &Peer, site: &Site, bytes: &[u8], act: bool) -> Option<(String, bool, Vec<u8>)> {
    let (mut reader, mut told, mut fine, mut answer) = (Reader::new(bytes), Vec::new(), true, Vec::new());
    while !reader.is_empty() {
        let before = reader;
        let header = Header::read(&mut reader)?;
        let length = before.len() - reader.len();
        let size = match (header.group, header.variation) {
            (12, 1) => 11,
            (41, 1) => 5,
            (41, 2) => 3,
            _ => return None,
        };
        let prefix = match header.qualifier {
            0x17 => 1,
            0x28 => 2,
            _ => return None,
        };
        if CONTROLS < header.last {
            return None;
        }
        answer.extend({ before }.take(length)?);
        for _ in 0..header.last {
            let point = { reader }.take(prefix)?;
            reader.take(prefix)?;
            let raw = reader.take(size)?;
            let control = read_control(&header, point, raw)?;
            let there = control.point < 2;
            fine &= there;
            told.push(format!("{} {}", control.point, hex::encode(&control.raw)));
            if act && there {
                perform(peer, site, &control);
            }
            answer.extend(point);
            answer.extend(raw.get(..size - 1)?);
            // Success, or not supported.
            answer.push(if there { 0 } else { 4 });
        }
    }
    Some((told.join(", "), fine, answer))
}

fn read_control(header: &Header, point: &[u8], raw: &[u8]) -> Option<Control> {
    let point = point.iter().rev().fold(0, |point, byte| point << 8 | u32::from(*byte));
    let mut reader = Reader::new(raw);
    let (on, value) = match (header.group, header.variation) {
        (12, _) => {
            // Latch or pulse on, latch off, trip and close.
            let code = reader.byte()?;
            let on = match (code & 0x0f, code >> 6) {
                (_, 1) | (1 | 3, 0) => Some(true),
                (_, 2) | (2 | 4, 0) => Some(false),
                _ => None,
            };
            (on, None)
        }
        (_, 1) => (None, Some(reader.long_le()?.cast_signed())),
        _ => (None, Some(i32::from(reader.word_le()?.cast_signed()))),
    };
    Some(Control { point, on, value, raw: raw.to_vec() })
}

fn perform(peer: &Peer, site: &Site, control: &Control) {
    let point = u16::try_from(control.point).unwrap_or(u16::MAX);
    if let Some(on) = control.on {
        peer.set_bit(site, Space::Outputs, point, on);
    }
    if let Some(value) = control.value {
        let value = i16::try_from(value).unwrap_or(i16::MAX).to_be_bytes();
        peer.write(site, Space::Process, (10 + point) * 2, &value);
    }
}
