//! How a client wants pixels (RFC 6143 §7.4).

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Bytes of a pixel: 1 to 4.
    bytes: usize,
    big: bool,
    /// Largest value and shift of red, green and blue.
    parts: [(u16, u8); 3],
    /// Whether pixels are numbers in a map of colours.
    mapped: bool,
    /// What says that they are not.
    truth: u8,
    depth: u8,
}

/// What a map of colours is here: three bits of red, three of green, two of blue.
const MAP: [(u16, u8); 3] = [(7, 0), (7, 3), (3, 6)];

impl Format {
    /// What servers have unless they are told otherwise, with `truth` for "true colour".
    pub(super) const fn usual(truth: u8) -> Format {
        let parts = [(255, 16), (255, 8), (255, 0)];
        Format { bytes: 4, big: false, parts, mapped: false, truth, depth: 24 }
    }

    /// Reads the sixteen bytes of a format; `None`: there is no such.
    pub(super) fn read(bytes: &[u8; 16]) -> Option<Format> {
        let [bits, depth, big, real, r1, r2, g1, g2, b1, b2, red, green, blue, ..] = *bytes;
        let size = match bits {
            8 => 1,
            16 => 2,
            24 => 3,
            32 => 4,
            _ => return None,
        };
        let most = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        let parts = [(most(r1, r2), red), (most(g1, g2), green), (most(b1, b2), blue)];
        let fits = parts.iter().all(|(_, shift)| *shift < 32);
        let mapped = real == 0;
        if !fits || mapped && size != 1 {
            return None;
        }
        Some(Format {
            bytes: size,
            big: big != 0,
            parts: if mapped { MAP } else { parts },
            mapped,
            truth: 1,
            depth,
        })
    }

    /// The sixteen bytes.
    pub(super) fn write(self) -> [u8; 16] {
        let [(red, r), (green, g), (blue, b)] = self.parts;
        let [r1, r2] = red.to_be_bytes();
        let [g1, g2] = green.to_be_bytes();
        let [b1, b2] = blue.to_be_bytes();
        let bits = u8::try_from(self.bytes * 8).unwrap_or(32);
        let truth = if self.mapped { 0 } else { self.truth };
        [bits, self.depth, u8::from(self.big), truth, r1, r2, g1, g2, b1, b2, r, g, b, 0, 0, 0]
    }

    /// Bytes of a pixel.
    pub(super) fn size(self) -> usize {
        self.bytes
    }

    /// Whether the client needs a map of colours.
    pub(super) fn is_mapped(self) -> bool {
        self.mapped
    }

    /// Appends a colour.
    pub(super) fn put(self, colour: [u8; 3], out: &mut Vec<u8>) {
        let mut value = 0_u32;
        for ((most, shift), part) in self.parts.iter().zip(colour) {
            let scaled = (u32::from(part) * u32::from(*most) + 127) / 255;
            value |= scaled.checked_shl(u32::from(*shift)).unwrap_or_default();
        }
        let [a, b, c, d] = value.to_be_bytes();
        match (self.bytes, self.big) {
            (1, _) => out.push(d),
            (2, true) => out.extend([c, d]),
            (2, false) => out.extend([d, c]),
            (3, true) => out.extend([b, c, d]),
            (3, false) => out.extend([d, c, b]),
            (_, true) => out.extend([a, b, c, d]),
            (_, false) => out.extend([d, c, b, a]),
        }
    }

    /// The message with the map of colours; `coarse`: of levels of eight bits.
    pub(super) fn map(coarse: bool) -> Vec<u8> {
        let mut out = vec![1, 0, 0, 0, 1, 0];
        for index in 0..=255_u32 {
            for (most, shift) in MAP {
                let (level, most) = (index >> shift & u32::from(most), u32::from(most));
                let value = if coarse { level * 255 / most * 257 } else { level * 65_535 / most };
                out.extend(u16::try_from(value).unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_written_as_the_client_wants_them() {
        let read = |bytes: [u8; 16]| Format::read(&bytes).unwrap();
        let put = |format: Format| {
            let mut out = Vec::new();
            format.put([255, 0, 128], &mut out);
            out
        };
        assert_eq!(put(Format::usual(1)), [128, 0, 255, 0]);
        assert_eq!(read(Format::usual(1).write()), Format::usual(1));
        let big = [16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0];
        assert_eq!(put(read(big)), [0xf8, 0x10]);
        assert_eq!(put(read([8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), [7 | 2 << 6]);
        assert_eq!(put(read([24, 24, 1, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])), [255, 0, 128]);
        assert_eq!(Format::read(&[64; 16]), None);
        assert_eq!((Format::map(false).len(), Format::usual(0xff).write()[3]), (6 + 256 * 6, 0xff));
        assert_eq!(Format::map(true)[12..18], [0x24, 0x24, 0, 0, 0, 0]);
        assert_eq!(Format::map(false)[12..18], [0x24, 0x92, 0, 0, 0, 0]);
    }
}
