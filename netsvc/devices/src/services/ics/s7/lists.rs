//! What a CPU tells of itself: its lists (SZL), by number and index.

use super::super::device::Site;
use super::clock::stamp;
use crate::bytes::length;

/// A list that is not there, and an index that it lacks.
pub(super) const NO_LIST: (u8, u8) = (0xd4, 0x01);
pub(super) const NO_INDEX: (u8, u8) = (0xd4, 0x02);

/// Lists that are there, without the half byte that says which part of them is wanted.
const KNOWN: [u16; 9] = [0x00, 0x11, 0x19, 0x1c, 0x31, 0x32, 0x74, 0xa0, 0x24];

/// What a CPU is like at a moment.
pub(super) struct State {
    pub(super) stopped: bool,
    pub(super) protected: bool,
    /// The node's clock and when it was booted, µs.
    pub(super) now: i64,
    pub(super) booted: i64,
}

/// List `id` with `index`: its data as it is sent.
pub(super) fn list(site: &Site, state: &State, id: u16, index: u16) -> Result<Vec<u8>, (u8, u8)> {
    let (part, list) = (id >> 8, id & 0xff);
    if !KNOWN.contains(&list) {
        return Err(NO_LIST);
    }
    let mut records = records(site, state, list);
    match (part, list) {
        // The whole list, or its head alone.
        (0, _) | (0x04, 0x24) | (0x02, 0x32) => {}
        (0x0f, _) => {}
        (1, _) => {
            records.retain(|record| record.first_chunk() == Some(&index.to_be_bytes()));
            if records.is_empty() {
                return Err(NO_INDEX);
            }
        }
        _ => return Err(NO_LIST),
    }
    let size = records.first().map(Vec::len).unwrap_or_default();
    let count = records.len();
    if part == 0x0f {
        records.clear();
    }
    let word = |number: usize| u16::try_from(number).unwrap_or_default().to_be_bytes();
    let head = [id.to_be_bytes(), index.to_be_bytes(), word(size), word(count)].concat();
    Ok([head, records.concat()].concat())
}

fn records(site: &Site, state: &State, list: u16) -> Vec<Vec<u8>> {
    match list {
        0x00 => KNOWN.iter().map(|id| id.to_be_bytes().to_vec()).collect(),
        0x11 => modules(site),
        0x1c => names(site),
        0x24 => vec![mode(state)],
        0x31 => vec![connections()],
        0x32 => vec![protection(state)],
        0xa0 => events(state),
        _ => lights(state),
    }
}

/// Module, hardware, firmware, loader.
fn modules(site: &Site) -> Vec<Vec<u8>> {
    let device = &site.device;
    let mut version =
        device.revision.trim_start_matches('V').split('.').map(|part| part.parse().unwrap_or(0_u8));
    let mut part = || version.next().unwrap_or_default();
    let firmware = [b'V', part(), part(), part()];
    let record = |index: u16, name: &str, kind: u16, version: [u8; 4]| {
        let name = format!("{name:<20.20}");
        [&index.to_be_bytes()[..], name.as_bytes(), &kind.to_be_bytes(), &version].concat()
    };
    vec![
        record(1, &device.model, 0xc0, [0, 5, 0, 1]),
        record(6, &device.model, 0xc0, [0, 5, 0, 1]),
        record(7, "", 0xc0, firmware),
        record(0x81, "Boot Loader", 0, [b'A', 0x20, 9, 9]),
    ]
}

/// Names of station and module, serial numbers.
fn names(site: &Site) -> Vec<Vec<u8>> {
    let device = &site.device;
    let record = |index: u16, text: &[u8]| {
        let mut record = index.to_be_bytes().to_vec();
        record.extend(text.iter().take(32));
        record.resize(34, 0);
        record
    };
    let module = "CPU 315-2 PN/DP";
    vec![
        record(1, device.name.as_bytes()),
        record(2, module.as_bytes()),
        record(3, device.place.as_bytes()),
        record(4, b"Original Siemens Equipment"),
        record(5, device.serial.as_bytes()),
        record(7, module.as_bytes()),
        record(8, format!("MMC {:08X}", device.number.rotate_left(9)).as_bytes()),
        // The maker's number and profile.
        record(9, &[0, 0x2a, 0xf6, 0, 0, 1]),
        record(10, b""),
        record(11, b""),
    ]
}

/// What communication can do: size of messages, connections, speeds of MPI and bus.
fn connections() -> Vec<u8> {
    let mut record = vec![0, 1, 0, 240, 0, 16];
    record.extend(12_000_000_u32.to_be_bytes());
    record.extend(187_500_u32.to_be_bytes());
    record.resize(40, 0);
    record
}

/// Levels of protection, and the switch.
fn protection(state: &State) -> Vec<u8> {
    let level = if state.protected { 3 } else { 1 };
    let words: [u16; 6] = [4, 1, if state.protected { 3 } else { 0 }, level, 1, 0];
    let mut record = words.map(u16::to_be_bytes).concat();
    record.resize(40, 0);
    record
}

/// The mode, and since when.
fn mode(state: &State) -> Vec<u8> {
    let mut record = vec![0x51, 0x44, 0xff, if state.stopped { 4 } else { 8 }];
    record.extend([0; 6]);
    record.extend([0x94, if state.stopped { 0x04 } else { 0x02 }]);
    record.extend(stamp(if state.stopped { state.now } else { state.booted }));
    record
}

/// Lights: system fault, RUN, STOP, force, bus.
fn lights(state: &State) -> Vec<Vec<u8>> {
    let light = |number: u16, on: bool| [&number.to_be_bytes()[..], &[u8::from(on), 0]].concat();
    let all = [(1, false), (4, !state.stopped), (5, state.stopped), (6, false), (11, false)];
    all.into_iter().map(|(number, on)| light(number, on)).collect()
}

/// The latest entries of the diagnostic buffer: RUN, startup, power on.
fn events(state: &State) -> Vec<Vec<u8>> {
    let entry = |id: u16, details: [u8; 10], at: i64| [&id.to_be_bytes()[..], &details, &stamp(at)].concat();
    let mut all = Vec::new();
    if state.stopped {
        all.push(entry(0x4304, [0x59, 0xff, 0, 0, 0, 0, 0, 0, 0, 0x84], state.now));
    }
    all.push(entry(0x4302, [0xff, 0x68, 0xc7, 0, 0, 0, 0, 8, 0x14, 0x14], state.booted + 4_000_000));
    all.push(entry(0x1381, [0, 0x46, 0xc7, 0, 0, 0, 0, 0, 0x14, 0x14], state.booted + 3_000_000));
    all.push(entry(0x4301, [0xff, 0x46, 0xc7, 0, 0, 0, 0, 0, 0x14, 0x14], state.booted + 2_000_000));
    all
}

/// The data of an answer that brings `bytes`.
pub(super) fn brought(bytes: &[u8]) -> Vec<u8> {
    [&[0xff, 9][..], &length(bytes), bytes].concat()
}
