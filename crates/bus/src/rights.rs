//! Who may publish what, by the uid that the kernel reports for a connection.

use decnet_codec::topic::{Pattern, Topic};
use nix::unistd::Uid;
use std::collections::BTreeMap;

/// Publish rights by uid. A uid that is not named may subscribe only; in particular the uid of
/// service processes is never named.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    publish: BTreeMap<u32, Vec<Pattern>>,
}

impl Rights {
    /// Nobody may publish.
    pub fn none() -> Rights {
        Rights::default()
    }

    /// Root and the server's own uid may publish everything.
    pub fn own() -> Rights {
        let mut rights = Rights::none();
        if let Ok(everything) = ">".parse::<Pattern>() {
            rights = rights.allow(0, everything.clone()).allow(Uid::effective().as_raw(), everything);
        }
        rights
    }

    /// Lets `uid` publish topics that match `pattern`; builder form.
    #[must_use]
    pub fn allow(mut self, uid: u32, pattern: Pattern) -> Rights {
        let patterns = self.publish.entry(uid).or_default();
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
        self
    }

    /// May `uid` publish `topic`?
    pub fn may_publish(&self, uid: u32, topic: &Topic) -> bool {
        self.publish.get(&uid).is_some_and(|patterns| patterns.iter().any(|pattern| pattern.matches(topic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_without_a_name_in_the_list_publishes_nothing() {
        let rights = Rights::own().allow(4242, "decky.*.traffic".parse().unwrap());
        let own = Uid::effective().as_raw();
        for (uid, topic, wanted) in [
            (own, "system.api.control", true),
            (0, "a", true),
            (4242, "decky.web.traffic", true),
            (4242, "system.api.control", false),
            (4243, "decky.web.traffic", false),
        ] {
            assert_eq!(rights.may_publish(uid, &topic.parse().unwrap()), wanted, "{uid} {topic}");
        }
        assert!(!Rights::none().may_publish(0, &"a".parse().unwrap()));
    }
}
