//! Sending the picture: bitmaps of sixteen bits, compressed by runs ([MS-RDPBCGR] §2.2.9.1.1.3.1.2 and §3.1.9).

use super::share::DEPTH;
use netsvc_daemon::picture::{Area, Colour, Picture};

/// Pixels of a bitmap's sides.
const TILE: u16 = 64;
/// Bytes of bitmaps in one update.
const UPDATE: usize = 8 * 1024;
/// Compressed, and without a head of its own.
const COMPRESSED: u16 = 0x0401;
/// Pixels of the same colour that are worth a run.
const RUN: usize = 3;

/// A picture, or a part of it, that is being sent.
#[derive(Debug)]
pub(super) struct Painting {
    area: Area,
    /// Where the next bitmap begins.
    next: (u16, u16),
    /// Rows of the strip that is being sent.
    strip: Vec<Vec<u16>>,
}

impl Painting {
    /// Begins to send `area`.
    pub(super) fn new(picture: &Picture, area: Area) -> Painting {
        let area = area.within(picture);
        Painting { area, next: (0, 0), strip: Vec::new() }
    }

    /// The next bitmaps, and how many they are; none, when all are sent.
    pub(super) fn update(&mut self, picture: &Picture) -> Option<(u16, Vec<u8>)> {
        let (mut count, mut bytes) = (0_u16, Vec::new());
        while self.next.1 < self.area.height && bytes.len() < UPDATE {
            let (x, y) = self.next;
            let height = TILE.min(self.area.height - y);
            if self.strip.is_empty() {
                let row = |y| {
                    picture
                        .row(self.area.y + y, self.area.x, self.area.width)
                        .into_iter()
                        .map(pixel)
                        .collect()
                };
                self.strip = (y..y + height).map(row).collect();
            }
            let width = TILE.min(self.area.width.saturating_sub(x));
            self.tile(Area { x, y, width, height }, &mut bytes);
            count += 1;
            self.next = (x + width, y);
            if width == 0 || self.area.width <= x + width {
                self.next = (0, y + height);
                self.strip.clear();
            }
        }
        (0 < count).then_some((count, bytes))
    }

    /// A bitmap of a place in the area.
    fn tile(&self, place: Area, out: &mut Vec<u8>) {
        // Rows stand from the lowest up, each with a multiple of four pixels.
        let width = place.width.next_multiple_of(4);
        let (from, length) = (usize::from(place.x), usize::from(place.width));
        let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(place.height));
        for row in self.strip.iter().rev() {
            pixels.extend_from_slice(row.get(from..from + length).unwrap_or_default());
            pixels.extend((place.width..width).map(|_| 0));
        }
        let runs = compress(&pixels);
        let raw = pixels.len() * 2;
        let (flags, data) = if runs.len() < raw {
            (COMPRESSED, runs)
        } else {
            (0, pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect())
        };
        let (left, top) = (self.area.x + place.x, self.area.y + place.y);
        let (right, bottom) =
            ((left + place.width).saturating_sub(1), (top + place.height).saturating_sub(1));
        let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        for number in [left, top, right, bottom, width, place.height, DEPTH, flags, length] {
            out.extend(number.to_le_bytes());
        }
        out.extend(data);
    }
}

/// A colour in five, six and five bits.
fn pixel([red, green, blue]: Colour) -> u16 {
    u16::from(red >> 3) << 11 | u16::from(green >> 2) << 5 | u16::from(blue >> 3)
}

/// Pixels as runs of a colour, and as they are between those.
fn compress(pixels: &[u16]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut plain: &[u16] = &[];
    let mut rest = pixels;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|pixel| *pixel == first).count();
        if run < RUN {
            let (before, start) = (plain.len(), pixels.len() - rest.len());
            plain = pixels.get(start - before..start + run).unwrap_or_default();
        } else {
            as_they_are(plain, &mut out);
            plain = &[];
            order(0x60, 0xf3, run, &mut out);
            out.extend(first.to_le_bytes());
        }
        rest = rest.get(run..).unwrap_or_default();
    }
    as_they_are(plain, &mut out);
    out
}

fn as_they_are(pixels: &[u16], out: &mut Vec<u8>) {
    if !pixels.is_empty() {
        order(0x80, 0xf4, pixels.len(), out);
        out.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
    }
}

/// The head of an order of so many pixels: in five bits, in a byte, or in two.
fn order(short: u8, long: u8, count: usize, out: &mut Vec<u8>) {
    match (u8::try_from(count), u8::try_from(count.saturating_sub(32))) {
        (Ok(count), _) if count < 32 => out.push(short | count),
        (_, Ok(more)) => out.extend([short, more]),
        _ => {
            out.push(long);
            out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::text, *};
    use netsvc_kit::testing::persona;

    /// Pixels of runs, as a client reads them.
    fn expand(mut bytes: &[u8]) -> Vec<u16> {
        let mut pixels = Vec::new();
        while let Some((&head, rest)) = bytes.split_first() {
            let (kind, count, rest) = match (head, head & 0x1f) {
                (0xf3 | 0xf4, _) => (head, usize::from(text::short(rest, 0).unwrap()), &rest[2..]),
                (_, 0) => (head, usize::from(rest[0]) + 32, &rest[1..]),
                (_, count) => (head & 0xe0, usize::from(count), rest),
            };
            let units = if matches!(kind, 0x60 | 0xf3) { 1 } else { count };
            let told: Vec<u16> = (0..units).map(|at| text::short(rest, 2 * at).unwrap()).collect();
            pixels.extend(told.iter().cycle().take(count));
            bytes = &rest[2 * units..];
        }
        pixels
    }

    #[test]
    fn runs_are_the_pixels_that_they_stand_for() {
        let long = [vec![7; 31], vec![8; 32], vec![9; 5000], (0..40).collect()].concat();
        for pixels in [vec![], vec![1], vec![1, 1, 2, 2, 2, 3], (0..300).collect(), long] {
            assert_eq!(expand(&compress(&pixels)), pixels);
        }
    }

    #[test]
    fn a_picture_is_bitmaps_that_cover_it() {
        let picture = Picture::login(&persona("x"), (650, 480));
        let whole = Area { x: 0, y: 0, width: 650, height: 480 };
        let mut painting = Painting::new(&picture, whole);
        let (mut covered, mut size) = (0, 0);
        while let Some((count, bytes)) = painting.update(&picture) {
            size += bytes.len();
            let mut rest = &bytes[..];
            for _ in 0..count {
                let field = |at: usize| text::short(rest, 2 * at).unwrap();
                let (left, top, right, bottom) = (field(0), field(1), field(2), field(3));
                covered += u32::from(right - left + 1) * u32::from(bottom - top + 1);
                let data = &rest[18..18 + usize::from(field(8))];
                let pixels = expand(data);
                assert_eq!(pixels.len(), usize::from(field(4)) * usize::from(field(5)));
                let lowest = picture.row(bottom, left, 1);
                assert_eq!(pixels.first().copied(), lowest.first().copied().map(pixel));
                rest = &rest[18 + data.len()..];
            }
            assert!(rest.is_empty());
        }
        assert_eq!(covered, 650 * 480);
        assert!(size < 30_000, "{size}");
    }
}
