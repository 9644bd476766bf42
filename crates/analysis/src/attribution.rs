//! Whether what an identity is recognised by stays the same: a state machine for each kind of fingerprint. It is fed
//! one observation after the other in the order of their times, so the same comes of the same observations. A state
//! is left only after more than what would keep it: one odd value changes nothing.

use crate::profile::{SHOWN, shown};
use decnet_model::record::Fingerprint;
use decnet_shape::{AttributedFact, Attribution};
use netsvc_wire::stamp::{self, Micros};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
};

/// Observations that are weighed; the majority of them; and from how many on a state is told. Those of DECNET 1.
const WINDOW: usize = 5;
const MAJORITY: usize = 4;
const TOLD: u64 = 3;
/// Values, and addresses of a value, that are told apart.
const VALUES: usize = 64;
/// Kinds that have to disagree before several actors are suspected: one alone may be two tools of one actor.
const SUSPICIOUS: usize = 2;
/// Highest confidence that several actors are behind it, in percent.
const SUSPECTED: u64 = 60;

/// What is thought of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing was seen.
    #[default]
    Unknown,
    /// Too little was seen.
    Single,
    /// One value, but for single ones.
    Stable,
    /// Another value has taken the place of the one before.
    Rotated,
    /// No value prevails.
    Conflicted,
    /// Values come in turn, each from addresses of its own.
    MultiActor,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Unknown => "unknown",
            State::Single => "single",
            State::Stable => "stable",
            State::Rotated => "rotated",
            State::Conflicted => "conflicted",
            State::MultiActor => "multi_actor",
        }
    }
}

/// How one value was seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// How often it came again after another.
    returns: u64,
    sources: BTreeSet<IpAddr>,
}

/// What is known of one kind.
#[derive(Clone, Debug, Default)]
struct Track {
    state: State,
    since: Micros,
    because: String,
    /// The value that holds.
    value: String,
    observations: u64,
    values: BTreeMap<String, Seen>,
    /// The last values.
    window: VecDeque<String>,
    /// How often the last value came without another between.
    run: u64,
    rotations: u64,
}

impl Track {
    /// Takes in that `value` was seen so many times up to `at`.
    fn see(&mut self, at: Micros, value: &str, source: IpAddr, times: u64) {
        self.observations = self.observations.saturating_add(times);
        let same = self.window.back().is_some_and(|last| last == value);
        self.run = if same { self.run + 1 } else { 1 };
        let known = self.values.contains_key(value);
        if known || self.values.len() < VALUES {
            let seen = self.values.entry(value.to_owned()).or_default();
            seen.returns += u64::from(known && !same);
            if seen.sources.len() < VALUES {
                seen.sources.insert(source);
            }
        }
        self.window.push_back(value.to_owned());
        if WINDOW < self.window.len() {
            self.window.pop_front();
        }
        let Some((state, because)) = self.next(value) else { return };
        if state == State::Stable {
            // What was between values before is over.
            self.values.values_mut().for_each(|seen| seen.returns = 0);
        }
        if matches!(state, State::Single | State::Stable | State::Rotated) {
            value.clone_into(&mut self.value);
        }
        self.rotations += u64::from(state == State::Rotated);
        if state != self.state || state == State::Rotated {
            self.since = at;
        }
        (self.state, self.because) = (state, because);
    }

    /// The state after `value`, and why; `None`: it stays.
    fn next(&self, value: &str) -> Option<(State, String)> {
        if self.observations < TOLD {
            return Some((State::Single, format!("{} observations", self.observations)));
        }
        if self.state != State::MultiActor && self.takes_turns() {
            let because = "values came again and again, each from addresses of its own";
            return Some((State::MultiActor, because.to_owned()));
        }
        let count = |value: &str| self.window.iter().filter(|one| *one == value).count();
        let (held, kept, shown) = (count(value), count(&self.value), self.window.len());
        let full = shown == WINDOW;
        let stable = || Some((State::Stable, format!("{held} of the last {shown} are the same")));
        let conflicted = || Some((State::Conflicted, format!("no value prevails among the last {shown}")));
        match self.state {
            State::Unknown | State::Single if MAJORITY.min(shown) <= held => stable(),
            State::Unknown | State::Single if full => conflicted(),
            State::Unknown | State::Single => Some((State::Single, "no value prevails so far".to_owned())),
            State::Rotated if MAJORITY <= held && value == self.value => stable(),
            State::Stable | State::Rotated if value != self.value && 2 <= self.run => {
                Some(if self.values.get(value).is_some_and(|seen| 0 < seen.returns) {
                    (State::Conflicted, "a value that was given up has come again".to_owned())
                } else {
                    (State::Rotated, "another value came twice in place of the one before".to_owned())
                })
            }
            State::Stable if full && kept <= 2 => conflicted(),
            State::Rotated if full && kept <= 1 => conflicted(),
            State::Conflicted | State::MultiActor if full && held == WINDOW => stable(),
            State::Stable | State::Rotated | State::Conflicted | State::MultiActor => None,
        }
    }

    /// Whether two values have come again after another, from addresses of their own.
    fn takes_turns(&self) -> bool {
        let again: Vec<&Seen> = self.values.values().filter(|seen| 0 < seen.returns).collect();
        again
            .iter()
            .enumerate()
            .any(|(at, one)| again.iter().skip(at + 1).any(|other| one.sources.is_disjoint(&other.sources)))
    }

    /// In percent: grows with what was seen, and is less where it does not agree.
    fn confidence(&self) -> u8 {
        let seen = self.observations.min(10_000);
        let most = match self.state {
            State::Unknown | State::Single => 30,
            State::Stable => 95,
            State::Rotated | State::Conflicted => 70,
            State::MultiActor => SUSPECTED,
        };
        u8::try_from(seen * most / (seen + 2)).unwrap_or_default()
    }
}

/// What the fingerprints of the addresses of one identity say of it; `None`: there are none. Of each fingerprint the
/// first and the last time are known, and these are the observations. Whoever works from machines of several systems
/// at once looks like several actors, so that is only suspected, and only where kinds agree.
pub fn attribution(rows: &[Fingerprint]) -> Option<Attribution> {
    let mut observations = BTreeSet::new();
    for row in rows {
        let (kind, value) = (row.kind.name(), row.value.as_str());
        let again = row.events.saturating_sub(1);
        observations.insert((row.first_seen, kind, value, row.src_ip, 1));
        if 0 < again {
            observations.insert((row.last_seen, kind, value, row.src_ip, again));
        }
    }
    let mut tracks: BTreeMap<&'static str, Track> = BTreeMap::new();
    for (at, kind, value, source, times) in observations {
        tracks.entry(kind).or_default().see(at, value, source, times);
    }
    let disagree: Vec<&str> =
        tracks.iter().filter(|(_, track)| track.state == State::MultiActor).map(|(kind, _)| *kind).collect();
    let several = SUSPICIOUS <= disagree.len();
    let because = if several {
        format!("values of {} come in turn from addresses of their own", disagree.join(", "))
    } else {
        String::new()
    };
    let fact = |(&kind, track): (&&'static str, &Track)| AttributedFact {
        kind,
        state: track.state.name(),
        value: shown(track.value.as_bytes(), SHOWN),
        confidence: track.confidence(),
        observations: track.observations,
        values: u64::try_from(track.values.len()).unwrap_or(u64::MAX),
        rotations: track.rotations,
        since: stamp::format(track.since),
        because: track.because.clone(),
    };
    let facts: Vec<AttributedFact> = tracks.iter().map(fact).collect();
    (!facts.is_empty()).then_some(Attribution { several_actors: several, because, facts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::record::FingerprintKind;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    /// What comes of values that are seen one after the other, each from an address of its own, or all from one.
    fn track(values: &str, apart: bool) -> (State, String, u64) {
        let mut track = Track::default();
        for (at, value) in values.bytes().enumerate() {
            let source = address(if apart { value } else { 1 });
            track.see(i64::try_from(at).unwrap(), &char::from(value).to_string(), source, 1);
        }
        (track.state, track.value, track.rotations)
    }

    #[test]
    fn a_state_is_left_only_for_a_reason() {
        for (values, state, value, rotations) in [
            ("", State::Unknown, "", 0),
            ("A", State::Single, "A", 0),
            ("AA", State::Single, "A", 0),
            ("AAA", State::Stable, "A", 0),
            ("AAAB", State::Stable, "A", 0),
            ("AAABA", State::Stable, "A", 0),
            ("AAABB", State::Rotated, "B", 1),
            ("AAABBA", State::Rotated, "B", 1),
            ("AAABBBB", State::Stable, "B", 1),
            ("AAABBBBCC", State::Rotated, "C", 2),
            ("AAABBCC", State::Rotated, "C", 2),
            ("AAABBAA", State::Conflicted, "B", 1),
            ("AAABBAAAA", State::Conflicted, "B", 1),
            ("AAABBAAAAA", State::Stable, "A", 1),
            ("ABCDE", State::Conflicted, "D", 0),
            ("AAABABAB", State::Conflicted, "A", 0),
        ] {
            assert_eq!(track(values, false), (state, value.to_owned(), rotations), "{values}");
        }
    }

    #[test]
    fn values_that_come_in_turn_from_addresses_of_their_own_are_of_several() {
        for (values, apart, together) in [
            ("ABAB", State::MultiActor, State::Single),
            ("AAABABAB", State::MultiActor, State::Conflicted),
            ("AAABBBB", State::Stable, State::Stable),
            ("ABABAAAA", State::MultiActor, State::Conflicted),
            ("ABABAAAAA", State::Stable, State::Stable),
        ] {
            assert_eq!((track(values, true).0, track(values, false).0), (apart, together), "{values}");
        }
    }

    fn row(kind: FingerprintKind, value: &str, source: u8, seen: (Micros, Micros)) -> Fingerprint {
        Fingerprint {
            src_ip: address(source),
            kind,
            value: value.to_owned(),
            detail: String::new(),
            node: "web-01".to_owned(),
            service: "https".to_owned(),
            events: 3,
            first_event: 1,
            last_event: 2,
            first_seen: seen.0,
            last_seen: seen.1,
        }
    }

    #[test]
    fn several_actors_are_suspected_where_kinds_agree_in_whatever_order_rows_come() {
        let (ja4, hassh) = (FingerprintKind::Ja4, FingerprintKind::Hassh);
        let mut rows = vec![
            row(ja4, "one", 1, (10, 30)),
            row(ja4, "two", 2, (20, 40)),
            row(hassh, "one", 1, (11, 31)),
            row(hassh, "two", 2, (21, 41)),
        ];
        let found = attribution(&rows).unwrap();
        assert!(found.several_actors && found.because.contains("hassh, ja4"), "{found:?}");
        assert!(found.facts.iter().all(|fact| fact.state == "multi_actor" && fact.confidence <= 60));
        rows.reverse();
        assert_eq!(attribution(&rows).as_ref(), Some(&found));
        rows.retain(|row| row.kind == ja4 || row.value == "one");
        let found = attribution(&rows).unwrap();
        let states: Vec<_> = found.facts.iter().map(|fact| (fact.kind, fact.state, fact.values)).collect();
        assert_eq!(states, [("hassh", "stable", 1), ("ja4", "multi_actor", 2)]);
        assert!(!found.several_actors);
        assert_eq!(attribution(&[]), None);
    }
}
