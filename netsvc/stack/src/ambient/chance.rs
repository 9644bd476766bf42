//! Random-looking values of one node's life: the same node draws the same ones, no other node does.

/// One second in µs.
pub(crate) const SECOND: i64 = 1_000_000;

/// A generator (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From the node's secret and what tells it from others with the same one.
    pub(crate) fn new(secret: u64, label: u64) -> Self {
        // Another factor than that of the steps, or neighbours would draw each other's values a step later.
        let mut chance = Chance(secret ^ label.wrapping_mul(0xd1b5_4a32_d192_ed03));
        chance.next();
        chance
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// The next 32 bits.
    pub(crate) fn next32(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or_default()
    }

    /// The next 16 bits.
    pub(crate) fn next16(&mut self) -> u16 {
        u16::try_from(self.next() >> 48).unwrap_or_default()
    }

    /// A number of µs from `low` to `high` seconds.
    pub(crate) fn seconds(&mut self, (low, high): (i64, i64)) -> i64 {
        self.between(low.saturating_mul(SECOND), high.saturating_mul(SECOND))
    }

    /// A number from `low` to below `high`; `low` where there is none.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).max(1).unsigned_abs();
        low.saturating_add(i64::try_from(self.next() % width).unwrap_or_default())
    }

    /// A port from `low` to `high`, both included.
    pub(crate) fn port(&mut self, (low, high): (u16, u16)) -> u16 {
        let drawn = self.between(i64::from(low), i64::from(high).saturating_add(1));
        u16::try_from(drawn).unwrap_or(low)
    }
}
