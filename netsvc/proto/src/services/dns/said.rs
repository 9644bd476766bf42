//! What a server says, and to whom.

/// How a peer asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Datagrams,
    Stream,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Said {
    pub messages: Vec<Vec<u8>>,
    pub code: u16,
    /// Whether a zone was handed out.
    pub transfer: bool,
    /// Whether it comes of waiting for others.
    pub delayed: bool,
}

/// Puts `items` into an order that `seed` draws, as servers do with the records of a set.
pub(super) fn shuffle<T>(items: &mut [T], seed: &mut u64) {
    for end in (1..items.len()).rev() {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = *seed;
        drawn = (drawn ^ drawn >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ drawn >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let other = usize::try_from((drawn ^ drawn >> 31) % (end as u64 + 1)).unwrap_or_default();
        items.swap(end, other);
    }
}
