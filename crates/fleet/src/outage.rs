//! Whether what carries deckies serves nothing, for longer than it takes to be started again.

use std::time::{Duration, Instant};

/// How long a process may be gone: those that end are started again at once, and then with growing pauses.
const SHORT: Duration = Duration::from_secs(5);

/// Looks at whether something serves.
#[derive(Debug, Default)]
pub(super) struct Outage {
    since: Option<Instant>,
    told: bool,
}

/// What is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing.
    None,
    /// Nothing has served for too long.
    Begun,
    /// Something serves again, after that.
    Over,
}

impl Outage {
    /// Takes note of a look: `serves`, at `now`.
    pub(super) fn look(&mut self, serves: bool, now: Instant) -> News {
        if serves {
            self.since = None;
            return if std::mem::take(&mut self.told) { News::Over } else { News::None };
        }
        let since = *self.since.get_or_insert(now);
        if self.told || now.duration_since(since) < SHORT {
            return News::None;
        }
        self.told = true;
        News::Begun
    }

    /// Whether it lasts.
    pub(super) fn lasts(&self) -> bool {
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_one_is_none_and_a_long_one_is_told_once_and_ends() {
        let start = Instant::now();
        let mut outage = Outage::default();
        for (seconds, serves, news, lasts) in [
            (0, true, News::None, false),
            (1, false, News::None, false),
            (3, true, News::None, false),
            (4, false, News::None, false),
            (8, false, News::None, false),
            (9, false, News::Begun, true),
            (20, false, News::None, true),
            (21, true, News::Over, false),
            (22, true, News::None, false),
        ] {
            let found = outage.look(serves, start + Duration::from_secs(seconds));
            assert_eq!((found, outage.lasts()), (news, lasts), "second {seconds}");
        }
    }
}
