//! So many of something in an hour.

use netsvc_wire::stamp::Micros;

const HOUR: Micros = 3_600_000_000;

/// What may still be taken.
#[derive(Debug)]
pub(super) struct Allowance {
    hourly: Micros,
    /// Each costs an hour, of which so many come in an hour.
    saved: Micros,
    since: Micros,
}

impl Allowance {
    /// Begins with that of an hour.
    pub(super) fn new(hourly: u32) -> Self {
        let hourly = Micros::from(hourly);
        Allowance { hourly, saved: hourly.saturating_mul(HOUR), since: Micros::MIN }
    }

    /// Whether one more may be taken at `at`, which then is.
    pub(super) fn takes(&mut self, at: Micros) -> bool {
        let passed = if self.since == Micros::MIN { 0 } else { at.saturating_sub(self.since).max(0) };
        self.since = self.since.max(at);
        let most = self.hourly.saturating_mul(HOUR);
        self.saved = self.saved.saturating_add(passed.saturating_mul(self.hourly)).min(most);
        let may = HOUR <= self.saved;
        if may {
            self.saved -= HOUR;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_in_an_hour_and_no_more_for_having_waited() {
        let mut allowance = Allowance::new(3);
        let taken = |allowance: &mut Allowance, at| (0..10).filter(|_| allowance.takes(at)).count();
        assert_eq!(taken(&mut allowance, 1), 3);
        assert_eq!(taken(&mut allowance, 1 + HOUR / 3), 1);
        assert_eq!(taken(&mut allowance, 100 * HOUR), 3);
    }
}
