//! TCP options (RFC 9293, 7323, 2018): finding, blanking, laying out.

use crate::bytes::{array, number16};

pub(crate) const END: u8 = 0;
pub(crate) const NOP: u8 = 1;
pub(crate) const MSS: u8 = 2;
pub(crate) const SCALE: u8 = 3;
pub(crate) const SACK: u8 = 4;
pub(crate) const TIME: u8 = 8;

/// Bytes that a header has for options.
const ROOM: usize = 40;

/// The order in which a stack writes its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<u8>);

impl Layout {
    /// Reads letters: `M` segment size, `S` selective acknowledgements, `T` timestamps, `W` scale, `N` nothing;
    /// `-` for no option at all. More than a header has room for is no layout.
    pub(crate) fn parse(text: &str) -> Option<Layout> {
        if text == "-" {
            return Some(Layout(Vec::new()));
        }
        let kind = |letter| match letter {
            'M' => Some(MSS),
            'S' => Some(SACK),
            'T' => Some(TIME),
            'W' => Some(SCALE),
            'N' => Some(NOP),
            _ => None,
        };
        let kinds = text.chars().map(kind).collect::<Option<Vec<u8>>>()?;
        let size = |kind: &u8| match *kind {
            MSS => 4,
            SCALE => 3,
            SACK => 2,
            TIME => 10,
            _ => 1,
        };
        let length: usize = kinds.iter().map(size).sum();
        (length <= ROOM).then_some(Layout(kinds))
    }

    /// Whether the layout has an option.
    pub(crate) fn has(&self, kind: u8) -> bool {
        self.0.contains(&kind)
    }

    /// The same without an option.
    pub(crate) fn without(&self, kind: u8) -> Layout {
        Layout(self.0.iter().copied().filter(|own| *own != kind).collect())
    }

    /// The options as bytes, padded to a multiple of four.
    pub(crate) fn write(&self, values: &Values) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        for kind in &self.0 {
            match *kind {
                MSS => {
                    bytes.extend_from_slice(&[MSS, 4]);
                    bytes.extend_from_slice(&values.mss.to_be_bytes());
                }
                SCALE => bytes.extend_from_slice(&[SCALE, 3, values.scale]),
                SACK => bytes.extend_from_slice(&[SACK, 2]),
                TIME => {
                    bytes.extend_from_slice(&[TIME, 10]);
                    bytes.extend_from_slice(&values.time.to_be_bytes());
                    bytes.extend_from_slice(&values.echo.to_be_bytes());
                }
                _ => bytes.push(NOP),
            }
        }
        while !bytes.len().is_multiple_of(4) {
            bytes.push(END);
        }
        bytes
    }
}

/// Values of options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) mss: u16,
    pub(crate) scale: u8,
    pub(crate) time: u32,
    pub(crate) echo: u32,
}

/// What a SYN or its answer offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) mss: Option<u16>,
    pub(crate) scale: Option<u8>,
    pub(crate) sack: bool,
    /// Value and echo of the timestamp.
    pub(crate) time: Option<(u32, u32)>,
}

impl Offer {
    /// Reads options; stops where they are malformed.
    pub(crate) fn parse(options: &[u8]) -> Offer {
        let mut offer = Offer::default();
        for (at, kind, length) in Walk::new(options) {
            match (kind, length) {
                (MSS, 4) => offer.mss = Some(number16(options, at + 2)),
                (SCALE, 3) => offer.scale = options.get(at + 2).copied(),
                (SACK, 2) => offer.sack = true,
                (TIME, 10) => {
                    let read = |at| array(options, at).map(u32::from_be_bytes);
                    offer.time = read(at + 2).zip(read(at + 6));
                }
                _ => {}
            }
        }
        offer
    }
}

/// Where the value of the timestamp option starts.
pub(crate) fn time_at(options: &[u8]) -> Option<usize> {
    // Nearly every segment of a connection begins so.
    if options.get(..4) == Some(&[NOP, NOP, TIME, 10]) && options.len() >= 12 {
        return Some(4);
    }
    Walk::new(options).find(|(_, kind, length)| (*kind, *length) == (TIME, 10)).map(|(at, ..)| at + 2)
}

/// Overwrites the options for which `unwanted` holds with nothing; true when there was one.
pub(crate) fn blank(options: &mut [u8], unwanted: impl Fn(u8) -> bool) -> bool {
    let found: Vec<(usize, u8, usize)> =
        Walk::new(options).filter(|(_, kind, _)| *kind > NOP && unwanted(*kind)).collect();
    for (at, _, length) in &found {
        if let Some(place) = options.get_mut(*at..at + length) {
            place.fill(NOP);
        }
    }
    !found.is_empty()
}

/// Goes through options: place, kind, length of each.
struct Walk<'a> {
    options: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(options: &'a [u8]) -> Self {
        Walk { options, at: 0 }
    }
}

impl Iterator for Walk<'_> {
    type Item = (usize, u8, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let kind = *self.options.get(at)?;
        let length = match kind {
            END => return None,
            NOP => 1,
            _ => usize::from(*self.options.get(at + 1)?),
        };
        if kind > NOP && (length < 2 || at + length > self.options.len()) {
            return None;
        }
        self.at = at + length;
        Some((at, kind, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_written_in_its_order_and_padded() {
        let values = Values { mss: 1460, scale: 8, time: 1, echo: 2 };
        let bytes = Layout::parse("MNWNNS").unwrap().write(&values);
        assert_eq!(bytes, [2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2]);
        assert_eq!(Layout::parse("MS").unwrap().write(&values), [2, 4, 5, 0xb4, 4, 2, 0, 0]);
    }

    #[test]
    fn an_offer_is_read_back() {
        let values = Values { mss: 1460, scale: 7, time: 9, echo: 8 };
        let offer = Offer::parse(&Layout::parse("MSTNW").unwrap().write(&values));
        assert_eq!(offer, Offer { mss: Some(1460), scale: Some(7), sack: true, time: Some((9, 8)) });
        assert_eq!(Offer::parse(&[2, 0, 0, 0]), Offer::default());
        assert_eq!(Offer::parse(&[8]), Offer::default());
    }

    #[test]
    fn unwanted_options_become_nothing() {
        let mut options = vec![2, 4, 5, 0xb4, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 4, 2];
        assert!(blank(&mut options, |kind| kind == TIME));
        assert_eq!(options, [2, 4, 5, 0xb4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 2]);
        assert!(!blank(&mut options, |kind| kind == TIME));
    }
}
