//! Ranges of addresses with values, millions of them, that may lie inside of each other: sorted columns and binary
//! search. Each range knows the one before it that reaches as far, so that those that hold an address are found without
//! looking at the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// No range before reaches as far.
const NONE: u32 = u32::MAX;
/// Most ranges of a table; what is beyond is refused and told.
pub const MOST: usize = 4_000_000;

/// The first and the last address of a range; both are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First address.
    pub first: IpAddr,
    /// Last address.
    pub last: IpAddr,
}

impl Span {
    /// The range from `first` to `last`; `None` when that is none.
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Span> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Span { first, last })
    }

    /// The range of a prefix; bits of `base` beyond its length are no matter. `None` when the length is too large.
    pub fn prefix(base: IpAddr, length: u8) -> Option<Span> {
        match base {
            IpAddr::V4(four) => {
                let host = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
                let first = u32::from(four) & !host;
                (length <= 32).then(|| Span { first: v4(first), last: v4(first | host) })
            }
            IpAddr::V6(six) => {
                let host = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
                let first = u128::from(six) & !host;
                (length <= 128).then(|| Span { first: v6(first), last: v6(first | host) })
            }
        }
    }

    /// The range that a text such as `192.0.2.0/24` means.
    pub fn parse_prefix(text: &str) -> Option<Span> {
        let (base, length) = text.split_once('/')?;
        Span::prefix(base.parse().ok()?, length.parse().ok()?)
    }

    /// The length of the prefix that the range is, if it is one.
    pub fn length(&self) -> Option<u8> {
        let (first, last, width) = match (self.first, self.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                (u128::from(u32::from(first)), u128::from(u32::from(last)), 32)
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => (u128::from(first), u128::from(last), 128),
            _ => return None,
        };
        let host = first ^ last;
        let free = 128 - host.leading_zeros();
        let whole = first & host == 0 && host == u128::MAX.checked_shr(128 - free).unwrap_or(0);
        whole.then(|| u8::try_from(width - free).ok())?
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.length() {
            Some(length) => write!(formatter, "{}/{length}", self.first),
            None => write!(formatter, "{}-{}", self.first, self.last),
        }
    }
}

fn v4(bits: u32) -> IpAddr {
    Ipv4Addr::from(bits).into()
}

fn v6(bits: u128) -> IpAddr {
    Ipv6Addr::from(bits).into()
}

/// One family's ranges: three columns and the values, 16 bytes a range and the value for IPv4, 40 for IPv6.
#[derive(Debug)]
struct Table<K, V> {
    firsts: Vec<K>,
    lasts: Vec<K>,
    /// Index of the nearest range before that ends where this one does or later.
    around: Vec<u32>,
    values: Vec<V>,
}

impl<K: Copy + Ord, V: Copy> Table<K, V> {
    fn new(mut rows: Vec<(K, K, V)>) -> Self {
        // Stable: of two equal ranges the one that was added last is found first.
        rows.sort_by(|one, two| one.0.cmp(&two.0).then(two.1.cmp(&one.1)));
        let mut table = Table {
            firsts: Vec::with_capacity(rows.len()),
            lasts: Vec::with_capacity(rows.len()),
            around: Vec::with_capacity(rows.len()),
            values: Vec::with_capacity(rows.len()),
        };
        for (first, last, value) in rows {
            let mut before = u32::try_from(table.firsts.len()).ok().and_then(|count| count.checked_sub(1));
            while let Some(index) = before {
                match table.lasts.get(index as usize) {
                    Some(reach) if *reach < last => before = table.next(index),
                    _ => break,
                }
            }
            table.firsts.push(first);
            table.lasts.push(last);
            table.around.push(before.unwrap_or(NONE));
            table.values.push(value);
        }
        table
    }

    fn next(&self, index: u32) -> Option<u32> {
        self.around.get(index as usize).copied().filter(|next| *next != NONE)
    }

    /// Indexes of the ranges that hold `key`, those that begin last first, each reaching as far as the one before it.
    fn holding(&self, key: K) -> impl Iterator<Item = usize> {
        let begun = self.firsts.partition_point(|first| *first <= key);
        let start = begun.checked_sub(1).and_then(|index| u32::try_from(index).ok());
        std::iter::successors(start, move |index| self.next(*index))
            .map(|index| index as usize)
            .filter(move |index| self.lasts.get(*index).is_some_and(|last| key <= *last))
    }
}

/// Ranges while they are read.
#[derive(Debug)]
pub struct Builder<V> {
    four: Vec<(u32, u32, V)>,
    six: Vec<(u128, u128, V)>,
}

impl<V> Default for Builder<V> {
    fn default() -> Self {
        Builder { four: Vec::new(), six: Vec::new() }
    }
}

impl<V: Copy> Builder<V> {
    /// Adds a range; `false` when there are too many.
    pub fn add(&mut self, span: Span, value: V) -> bool {
        if MOST <= self.len() {
            return false;
        }
        match (span.first, span.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => self.four.push((first.into(), last.into(), value)),
            (IpAddr::V6(first), IpAddr::V6(last)) => self.six.push((first.into(), last.into(), value)),
            _ => {}
        }
        true
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.four.len() + self.six.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ranges, to look addresses up in.
    pub fn build(self) -> Ranges<V> {
        Ranges { four: Table::new(self.four), six: Table::new(self.six) }
    }
}

/// Ranges with values, to look addresses up in.
#[derive(Debug)]
pub struct Ranges<V> {
    four: Table<u32, V>,
    six: Table<u128, V>,
}

impl<V: Copy> Default for Ranges<V> {
    fn default() -> Self {
        Builder::default().build()
    }
}

impl<V: Copy> Ranges<V> {
    /// All ranges that hold an address, the smallest first, where ranges lie inside of each other or apart, as
    /// prefixes do; of ranges that cross each other only those that reach further than the one before.
    pub fn all(&self, address: IpAddr) -> Vec<(Span, V)> {
        match address.to_canonical() {
            IpAddr::V4(four) => rows(&self.four, four.into(), v4).collect(),
            IpAddr::V6(six) => rows(&self.six, six.into(), v6).collect(),
        }
    }

    /// Of the ranges that hold an address, that which begins last, the smallest of those.
    pub fn get(&self, address: IpAddr) -> Option<(Span, V)> {
        match address.to_canonical() {
            IpAddr::V4(four) => rows(&self.four, four.into(), v4).next(),
            IpAddr::V6(six) => rows(&self.six, six.into(), v6).next(),
        }
    }
}

fn rows<K: Copy + Ord, V: Copy>(
    table: &Table<K, V>,
    key: K,
    address: fn(K) -> IpAddr,
) -> impl Iterator<Item = (Span, V)> {
    table.holding(key).filter_map(move |index| {
        let (first, last) = (*table.firsts.get(index)?, *table.lasts.get(index)?);
        Some((Span { first: address(first), last: address(last) }, *table.values.get(index)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every range that holds the address, found by looking at all.
    fn naive(rows: &[(Span, usize)], address: IpAddr) -> Vec<usize> {
        let mut found: Vec<&(Span, usize)> =
            rows.iter().filter(|(span, _)| span.first <= address && address <= span.last).collect();
        found.sort_by(|one, two| {
            two.0.first.cmp(&one.0.first).then(one.0.last.cmp(&two.0.last)).then(two.1.cmp(&one.1))
        });
        found.into_iter().map(|(_, index)| *index).collect()
    }

    fn check(rows: &[(Span, usize)], nested: bool, addresses: impl Iterator<Item = IpAddr>) {
        let mut builder = Builder::default();
        rows.iter().for_each(|(span, index)| assert!(builder.add(*span, *index)));
        let ranges = builder.build();
        for address in addresses {
            let (found, expected) = (ranges.all(address), naive(rows, address));
            let indexes: Vec<usize> = found.iter().map(|(_, index)| *index).collect();
            assert_eq!(indexes.first(), expected.first(), "{address} in {rows:?}");
            assert!(!nested || indexes == expected, "{address} in {rows:?}: {indexes:?}, not {expected:?}");
            assert_eq!(ranges.get(address), found.first().copied());
        }
    }

    proptest! {
        // A small world, so that ranges cross, touch, are equal and lie in each other.
        #[test]
        fn what_is_found_is_what_looking_at_all_finds(rows in prop::collection::vec((0u8..64, 0u8..64), 0..24)) {
            let spans = |six: bool| -> Vec<(Span, usize)> {
                let address = |bits: u8| if six { v6(u128::from(bits) << 100) } else { v4(u32::from(bits)) };
                let span = |(one, two): &(u8, u8)| Span::new(address(*one.min(two)), address(*one.max(two)));
                rows.iter().filter_map(span).zip(0..).collect()
            };
            check(&spans(false), false, (0..66).map(v4));
            check(&spans(true), false, (0..66).map(|bits| v6(bits << 100)).chain([v6(1), v6(u128::MAX)]));
        }

        #[test]
        fn of_prefixes_all_are_found(rows in prop::collection::vec((0u8..64, 0u8..8), 0..24)) {
            let four = rows.iter().filter_map(|(bits, short)| Span::prefix(v4(u32::from(*bits)), 32 - short));
            check(&four.zip(0..).collect::<Vec<_>>(), true, (0..260).map(v4));
            let six = rows.iter().filter_map(|(bits, short)| Span::prefix(v6(u128::from(*bits)), 128 - short));
            check(&six.zip(0..).collect::<Vec<_>>(), true, (0..260).map(v6));
        }
    }

    #[test]
    fn a_range_is_shown_as_the_prefix_that_it_is() {
        for (first, last, shown) in [
            ("0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
            ("192.0.2.0", "192.0.2.255", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.1", "192.0.2.2", "192.0.2.1-192.0.2.2"),
            ("192.0.2.128", "192.0.3.127", "192.0.2.128-192.0.3.127"),
            ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32"),
            ("::1", "::1", "::1/128"),
        ] {
            let span = Span::new(first.parse().unwrap(), last.parse().unwrap()).unwrap();
            assert_eq!(span.to_string(), shown);
            if span.length().is_some() {
                assert_eq!(Span::parse_prefix(shown), Some(span));
            }
        }
        assert_eq!(Span::new("::1".parse().unwrap(), "1.2.3.4".parse().unwrap()), None);
        assert_eq!(Span::new(v4(2), v4(1)), None);
        for text in ["192.0.2.0/33", "192.0.2.0", "::/129", "x/8", "192.0.2.0/-1", ""] {
            assert_eq!(Span::parse_prefix(text), None, "{text}");
        }
        assert_eq!(Span::parse_prefix("192.0.2.77/24"), Span::parse_prefix("192.0.2.0/24"));
    }

    #[test]
    fn an_address_inside_ipv6_is_found_as_the_ipv4_address() {
        let mut builder = Builder::default();
        builder.add(Span::parse_prefix("192.0.2.0/24").unwrap(), 7);
        let ranges = builder.build();
        assert_eq!(ranges.get("::ffff:192.0.2.9".parse().unwrap()).map(|(_, value)| value), Some(7));
        assert_eq!(ranges.get("192.0.3.0".parse().unwrap()), None);
    }
}
