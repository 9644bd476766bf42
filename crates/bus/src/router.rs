//! Who gets a message. Pure: the socket server and the in-process bus are two transports around it.

use decnet_codec::topic::{Pattern, Topic};
use std::collections::{BTreeMap, BTreeSet};

/// Subscriptions of one subscriber that the router keeps; more are refused.
pub const MAX_PATTERNS: usize = 256;

/// Subscriptions, found by topic. `Id` names a subscriber: a connection or an inbox.
#[derive(Debug)]
pub struct Router<Id> {
    exact: BTreeMap<Topic, BTreeSet<Id>>,
    wild: BTreeMap<Pattern, BTreeSet<Id>>,
    patterns: BTreeMap<Id, BTreeSet<Pattern>>,
}

impl<Id> Default for Router<Id> {
    fn default() -> Self {
        Router { exact: BTreeMap::new(), wild: BTreeMap::new(), patterns: BTreeMap::new() }
    }
}

/// A subscriber has [`MAX_PATTERNS`] patterns already.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("subscribe to more than {MAX_PATTERNS} patterns")]
pub struct TooManyPatterns;

impl<Id: Ord + Copy> Router<Id> {
    /// Adds a subscription; twice the same is once.
    ///
    /// # Errors
    /// [`TooManyPatterns`] beyond the limit.
    pub fn subscribe(&mut self, subscriber: Id, pattern: Pattern) -> Result<(), TooManyPatterns> {
        let held = self.patterns.entry(subscriber).or_default();
        if held.len() >= MAX_PATTERNS && !held.contains(&pattern) {
            return Err(TooManyPatterns);
        }
        held.insert(pattern.clone());
        match pattern.exact() {
            Some(topic) => self.exact.entry(topic).or_default().insert(subscriber),
            None => self.wild.entry(pattern).or_default().insert(subscriber),
        };
        Ok(())
    }

    /// Ends one subscription, if it is there.
    pub fn unsubscribe(&mut self, subscriber: Id, pattern: &Pattern) {
        if let Some(held) = self.patterns.get_mut(&subscriber) {
            held.remove(pattern);
            if held.is_empty() {
                self.patterns.remove(&subscriber);
            }
        }
        self.forget(subscriber, pattern);
    }

    /// Ends all subscriptions of a subscriber.
    pub fn remove(&mut self, subscriber: Id) {
        for pattern in self.patterns.remove(&subscriber).unwrap_or_default() {
            self.forget(subscriber, &pattern);
        }
    }

    /// Subscribers of `topic`, each once however many of its patterns match.
    pub fn route(&self, topic: &Topic) -> BTreeSet<Id> {
        let mut found = self.exact.get(topic).cloned().unwrap_or_default();
        for (pattern, subscribers) in &self.wild {
            if pattern.matches(topic) {
                found.extend(subscribers);
            }
        }
        found
    }

    /// Subscriptions in all.
    pub fn len(&self) -> usize {
        self.patterns.values().map(BTreeSet::len).sum()
    }

    /// Is there no subscription?
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    fn forget(&mut self, subscriber: Id, pattern: &Pattern) {
        match pattern.exact() {
            Some(topic) => drop_member(&mut self.exact, &topic, subscriber),
            None => drop_member(&mut self.wild, pattern, subscriber),
        }
    }
}

fn drop_member<Key: Ord, Id: Ord>(sets: &mut BTreeMap<Key, BTreeSet<Id>>, key: &Key, member: Id) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(&member);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_subscriber_gets_a_message_once() {
        let mut router = Router::default();
        for pattern in ["a.b", "a.*", ">"] {
            router.subscribe(1, pattern.parse().unwrap()).unwrap();
        }
        router.subscribe(2, "a.*".parse().unwrap()).unwrap();
        let topic = "a.b".parse().unwrap();
        assert_eq!(router.route(&topic), BTreeSet::from([1, 2]));
        router.unsubscribe(2, &"a.*".parse().unwrap());
        assert_eq!(router.route(&topic), BTreeSet::from([1]));
        router.remove(1);
        assert!(router.route(&topic).is_empty() && router.is_empty());
    }

    #[test]
    fn patterns_have_an_end() {
        let mut router = Router::default();
        for index in 0..MAX_PATTERNS {
            router.subscribe(1, format!("a.{index}").parse().unwrap()).unwrap();
        }
        assert_eq!(router.subscribe(1, "b".parse().unwrap()), Err(TooManyPatterns));
        assert_eq!(router.subscribe(1, "a.0".parse().unwrap()), Ok(()));
        assert_eq!(router.len(), MAX_PATTERNS);
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_the_patterns(
            held in proptest::collection::vec((0_u8..4, "(a|b|\\*)(\\.(a|b|\\*)){0,2}(\\.>)?"), 0..12),
            topic in "(a|b)(\\.(a|b)){0,3}",
        ) {
            let topic: Topic = topic.parse().unwrap();
            let mut router = Router::default();
            let mut wanted = BTreeSet::new();
            for (subscriber, pattern) in held {
                let pattern: Pattern = pattern.parse().unwrap();
                if pattern.matches(&topic) {
                    wanted.insert(subscriber);
                }
                router.subscribe(subscriber, pattern).unwrap();
            }
            prop_assert_eq!(router.route(&topic), wanted);
        }
    }
}
