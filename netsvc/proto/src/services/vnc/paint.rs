//! Sending the picture: rectangles in the encodings that the client takes, as much as may wait to be sent.

use super::{
    picture::{Area, Colour, Picture},
    pixel::Format,
};
use netsvc_kit::Out;

/// Rows of one rectangle: those of a tile of hextile (RFC 6143 §7.7.4).
const STRIP: u16 = 16;
const TILE: usize = 16;

/// Numbers of encodings (RFC 6143 §7.7).
pub(super) const RAW: i32 = 0;
pub(super) const HEXTILE: i32 = 5;

/// An update that is being sent.
#[derive(Debug)]
pub(super) struct Painting {
    area: Area,
    next: u16,
    hextile: bool,
}

impl Painting {
    /// Begins an update of `area`, as far as it is in the picture; `None`: nothing of it is.
    pub(super) fn begin(picture: &Picture, area: Area, hextile: bool, out: &mut Out) -> Option<Painting> {
        let area = area.within(picture);
        if area.width == 0 || area.height == 0 {
            return None;
        }
        out.send([0, 0]);
        out.send(area.height.div_ceil(STRIP).to_be_bytes());
        Some(Painting { area, next: 0, hextile })
    }

    /// Sends rectangles while there is room; whether it is done.
    pub(super) fn go_on(&mut self, picture: &Picture, format: Format, out: &mut Out) -> bool {
        while self.next < self.area.height {
            if out.full() {
                return false;
            }
            let y = self.area.y + self.next;
            let height = STRIP.min(self.area.height - self.next);
            let mut bytes = Vec::new();
            for number in [self.area.x, y, self.area.width, height] {
                bytes.extend(number.to_be_bytes());
            }
            let encoding = if self.hextile { HEXTILE } else { RAW };
            bytes.extend(encoding.to_be_bytes());
            let rows: Vec<Vec<Colour>> =
                (y..y + height).map(|y| picture.row(y, self.area.x, self.area.width)).collect();
            if self.hextile {
                tiles(&rows, format, &mut bytes);
            } else {
                rows.iter().flatten().for_each(|colour| format.put(*colour, &mut bytes));
            }
            out.send(bytes);
            self.next += height;
        }
        true
    }
}

/// Parts of a tile (RFC 6143 §7.7.4).
const AS_IS: u8 = 1;
const BACK: u8 = 2;
const FRONT: u8 = 4;
const PARTS: u8 = 8;
/// Most parts of a tile before it is sent as it is.
const MOST_PARTS: usize = 96;

/// The tiles of a strip: of one colour, of two, or as they are.
fn tiles(rows: &[Vec<Colour>], format: Format, out: &mut Vec<u8>) {
    let width = rows.first().map_or(0, Vec::len);
    let mut back = None;
    for from in (0..width).step_by(TILE) {
        let part = |row: &Vec<Colour>| row.get(from..(from + TILE).min(width)).unwrap_or_default().to_vec();
        let tile: Vec<Vec<Colour>> = rows.iter().map(part).collect();
        let first = tile.first().and_then(|row| row.first()).copied().unwrap_or_default();
        let other = tile.iter().flatten().find(|colour| **colour != first).copied();
        let Some(other) = other else {
            // The colour behind is that of the tile before, unless it is told.
            out.push(if back == Some(first) { 0 } else { BACK });
            if back.replace(first) != Some(first) {
                format.put(first, out);
            }
            continue;
        };
        let two = tile.iter().flatten().all(|colour| *colour == first || *colour == other);
        match runs(&tile, other).filter(|_| two) {
            Some((count, runs)) => {
                out.push(BACK | FRONT | PARTS);
                format.put(first, out);
                format.put(other, out);
                out.push(count);
                out.extend(runs);
                back = Some(first);
            }
            None => {
                out.push(AS_IS);
                tile.iter().flatten().for_each(|colour| format.put(*colour, out));
                back = None;
            }
        }
    }
}

/// Where a tile is of `colour`, a run in a row after the other: place and size, two bytes each. `None`: they are many.
fn runs(tile: &[Vec<Colour>], colour: Colour) -> Option<(u8, Vec<u8>)> {
    let mut parts = Vec::new();
    for (y, row) in (0_u8..).zip(tile) {
        let mut begun = None;
        for (x, pixel) in (0_u8..).zip(row.iter().map(Some).chain([None])) {
            match (begun, pixel == Some(&colour)) {
                (None, true) => begun = Some(x),
                (Some(from), false) => {
                    parts.extend([from << 4 | y, x.saturating_sub(from + 1) << 4]);
                    begun = None;
                }
                _ => {}
            }
        }
    }
    let count = parts.len() / 2;
    u8::try_from(count).ok().filter(|_| count <= MOST_PARTS).map(|count| (count, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{persona, sent};

    fn painted(area: Area, hextile: bool) -> Vec<u8> {
        let picture = Picture::login(&persona("x"), (640, 480));
        let mut out = Out::default();
        let mut painting = Painting::begin(&picture, area, hextile, &mut out).unwrap();
        let mut actions = Vec::new();
        while !painting.go_on(&picture, Format::usual(1), &mut out) {
            actions.extend(out.take());
        }
        actions.extend(out.take());
        sent(&actions)
    }

    #[test]
    fn an_update_has_the_bytes_that_its_rectangles_say() {
        let whole = Area { x: 0, y: 0, width: 640, height: 480 };
        assert_eq!(painted(whole, false).len(), 4 + 30 * 12 + 640 * 480 * 4);
        let small = painted(whole, true).len();
        assert!(small < 60_000, "{small}");
        let part = Area { x: 630, y: 470, width: 100, height: 100 };
        assert_eq!(painted(part, false).len(), 4 + 12 + 10 * 10 * 4);
        let corner = Area { x: 0, y: 100, width: 16, height: 16 };
        assert_eq!(painted(corner, true).get(16..), Some(&[2, 58, 44, 44, 0][..]));
    }

    #[test]
    fn a_tile_of_two_colours_is_the_runs_of_one_of_them() {
        let (dark, light) = ([0, 0, 0], [255, 255, 255]);
        let mut rows = vec![vec![dark; 16]; 2];
        rows[0][2..5].fill(light);
        rows[1][15] = light;
        let mut out = Vec::new();
        tiles(&rows, Format::usual(1), &mut out);
        assert_eq!(out, [14, 0, 0, 0, 0, 255, 255, 255, 0, 2, 0x20, 0x20, 0xf1, 0]);
    }
}
