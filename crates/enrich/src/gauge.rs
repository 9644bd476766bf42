//! How often a provider may be asked: a budget for each day and minute, and a rest after what went wrong, which grows
//! while it goes on going wrong. One question is asked after a rest, and the next only when that was answered.

use crate::provider::{HOUR, Unsaid};
use decnet_model::record::ProviderState;
use netsvc_wire::stamp::{DAY, Micros};
use std::collections::VecDeque;

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
/// Rest after the first failure; it doubles.
const FIRST_REST: Micros = 30 * SECOND;
/// Longest rest after failures.
const LONGEST_REST: Micros = 6 * HOUR;
/// Rest of who was asked too often and does not say for how long.
const LIMITED: Micros = HOUR;
/// Longest rest that is taken from an answer.
const LONGEST_WISH: Micros = DAY;
/// Longest text of a problem, in characters.
const PROBLEM: usize = 200;

/// What a provider has been asked, and what it may be asked.
#[derive(Clone, Debug)]
pub struct Gauge {
    state: ProviderState,
    per_minute: u64,
    /// Times of the questions of the last minute.
    minute: VecDeque<Micros>,
    /// Its key is not taken; as long as this process runs, it is not asked before this time.
    refused_until: Micros,
}

impl Gauge {
    /// Goes on from what is stored.
    pub fn new(stored: Option<ProviderState>, name: &str, per_day: u64, per_minute: u64) -> Gauge {
        let state = stored.unwrap_or_default();
        let state = ProviderState { name: name.to_owned(), per_day, ..state };
        Gauge { state, per_minute, minute: VecDeque::new(), refused_until: 0 }
    }

    /// As it is to be stored.
    pub fn state(&self) -> &ProviderState {
        &self.state
    }

    /// Whether it may be asked at `now`.
    pub fn may(&self, now: Micros) -> bool {
        let minute = self.minute.iter().filter(|at| now < *at + MINUTE).count() as u64;
        self.state.rests_until <= now
            && self.refused_until <= now
            && self.state.asked_today(now) < self.state.per_day
            && minute < self.per_minute
    }

    /// Notes that it is asked. To be stored before the question leaves, so that no restart gives budget back.
    pub fn asked(&mut self, now: Micros) {
        let day = now.div_euclid(DAY);
        if self.state.day != day {
            (self.state.day, self.state.asked) = (day, 0);
        }
        self.state.asked = self.state.asked.saturating_add(1);
        self.state.asked_at = now;
        self.minute.retain(|at| now < *at + MINUTE);
        self.minute.push_back(now);
    }

    /// Notes an answer.
    pub fn answered(&mut self) {
        self.state.answers = self.state.answers.saturating_add(1);
        (self.state.failures, self.state.rests_until) = (0, 0);
        self.state.problem.clear();
    }

    /// Notes that there was none; `wish` is for how many seconds it wants to be left alone.
    pub fn unsaid(&mut self, why: &Unsaid, wish: Option<u64>, now: Micros) {
        let wish = wish.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND));
        let wish = wish.map(|wish| wish.clamp(SECOND, LONGEST_WISH));
        let problem = match why {
            // That says nothing of how the provider does.
            Unsaid::Subject(_) => return self.answered(),
            Unsaid::Limited => {
                self.state.rests_until = now + wish.unwrap_or(LIMITED);
                "it was asked too often"
            }
            Unsaid::Key(problem) => {
                // Not stored: whoever mends the key starts the worker again, and need not wait.
                self.refused_until = now + LONGEST_REST;
                problem.as_str()
            }
            Unsaid::Failed(problem) => {
                let doublings = u32::try_from(self.state.failures.min(20)).unwrap_or(20);
                let rest = FIRST_REST.saturating_mul(1 << doublings).min(LONGEST_REST);
                self.state.rests_until = now + rest.max(wish.unwrap_or(0));
                problem.as_str()
            }
        };
        self.state.failures = self.state.failures.saturating_add(1);
        self.state.problem = problem.chars().take(PROBLEM).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 20_000 * DAY + 5 * HOUR;

    fn gauge(per_day: u64, per_minute: u64) -> Gauge {
        Gauge::new(None, "x", per_day, per_minute)
    }

    #[test]
    fn a_budget_of_a_day_begins_anew_with_the_day_and_not_with_a_restart() {
        let mut one = gauge(2, 100);
        for _ in 0..2 {
            assert!(one.may(NOW));
            one.asked(NOW);
        }
        assert!(!one.may(NOW) && !one.may(NOW + 18 * HOUR));
        let again = Gauge::new(Some(one.state().clone()), "x", 2, 100);
        assert!(!again.may(NOW) && again.may(NOW + 19 * HOUR));
        assert!(Gauge::new(Some(one.state().clone()), "x", 3, 100).may(NOW), "a larger budget has room");
    }

    #[test]
    fn a_budget_of_a_minute_is_of_any_sixty_seconds() {
        let mut one = gauge(100, 2);
        one.asked(NOW);
        one.asked(NOW + 30 * SECOND);
        assert!(!one.may(NOW + 59 * SECOND) && one.may(NOW + 60 * SECOND));
        one.asked(NOW + 60 * SECOND);
        assert!(!one.may(NOW + 61 * SECOND));
    }

    #[test]
    fn rests_grow_with_failures_and_end_with_an_answer() {
        let mut one = gauge(100, 100);
        let failed = Unsaid::Failed("HTTP 503".to_owned());
        let mut rests = Vec::new();
        for _ in 0..12 {
            one.unsaid(&failed, None, NOW);
            rests.push((one.state().rests_until - NOW) / SECOND);
        }
        assert_eq!(rests, [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600]);
        assert!(!one.may(NOW) && one.may(NOW + LONGEST_REST) && one.state().problem == "HTTP 503");
        one.answered();
        assert!(one.may(NOW) && one.state().problem.is_empty());
        one.unsaid(&failed, Some(300), NOW);
        assert_eq!(one.state().rests_until - NOW, 300 * SECOND);
    }

    #[test]
    fn who_was_asked_too_often_is_left_alone_as_long_as_he_says() {
        for (wish, rest) in
            [(None, LIMITED), (Some(90), 90 * SECOND), (Some(0), SECOND), (Some(u64::MAX), LONGEST_WISH)]
        {
            let mut one = gauge(100, 100);
            one.unsaid(&Unsaid::Limited, wish, NOW);
            assert_eq!(one.state().rests_until - NOW, rest);
        }
    }

    #[test]
    fn a_key_that_is_not_taken_is_tried_again_by_the_next_process() {
        let mut one = gauge(100, 100);
        one.unsaid(&Unsaid::Key("no".to_owned()), None, NOW);
        assert!(!one.may(NOW + HOUR) && one.state().problem == "no");
        assert!(Gauge::new(Some(one.state().clone()), "x", 100, 100).may(NOW + HOUR));
        one.unsaid(&Unsaid::Subject("not this one".to_owned()), None, NOW);
        assert_eq!(one.state().failures, 0);
    }
}
