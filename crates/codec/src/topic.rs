//! Subjects of bus messages and the patterns that select them.
//!
//! A subject is a list of tokens joined by dots. In a pattern `*` stands for exactly one token and a
//! final `>` for one or more, so `topology.>` does not match `topology`.

use std::{fmt, str::FromStr};

/// Longest topic or pattern in bytes; leaves room for a verb in a frame's header.
pub const MAX_TOPIC: usize = 1024;

/// A concrete subject, such as `log.appended`. Tokens are not empty and have no white space, control
/// character or wildcard.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Box<str>);

/// A subject with wildcards, such as `system.*.health` or `attacker.>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Box<str>);

/// Why a text is neither a topic nor a pattern.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a {what}: {reason}")]
pub struct BadTopic {
    /// The text as given.
    pub text: String,
    /// `topic` or `pattern`.
    pub what: &'static str,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl Topic {
    /// A topic of the declared subjects, whose texts are known to be topics.
    pub(crate) fn declared(text: String) -> Self {
        Topic(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last token; used as the `type` of messages that name none.
    pub fn last_token(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }
}

impl Pattern {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic, if this pattern has no wildcard and so matches exactly one.
    pub fn exact(&self) -> Option<Topic> {
        let wild = self.0.split('.').any(|token| token == "*" || token == ">");
        (!wild).then(|| Topic(self.0.clone()))
    }

    /// Does this pattern select `topic`?
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut tokens = topic.0.split('.');
        for wanted in self.0.split('.') {
            match (wanted, tokens.next()) {
                (_, None) => return false,
                (">", Some(_)) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(token)) if wanted == token => {}
                _ => return false,
            }
        }
        tokens.next().is_none()
    }
}

impl FromStr for Topic {
    type Err = BadTopic;
    fn from_str(text: &str) -> Result<Self, BadTopic> {
        let bad = |reason| BadTopic { text: shortened(text), what: "topic", reason };
        if text.len() > MAX_TOPIC {
            return Err(bad("too long"));
        }
        for token in text.split('.') {
            plain(token).map_err(bad)?;
            if token.contains(['*', '>']) {
                return Err(bad("wildcard in a topic"));
            }
        }
        Ok(Topic(text.into()))
    }
}

impl FromStr for Pattern {
    type Err = BadTopic;
    fn from_str(text: &str) -> Result<Self, BadTopic> {
        let bad = |reason| BadTopic { text: shortened(text), what: "pattern", reason };
        if text.len() > MAX_TOPIC {
            return Err(bad("too long"));
        }
        let mut tokens = text.split('.').peekable();
        while let Some(token) = tokens.next() {
            plain(token).map_err(bad)?;
            match token {
                ">" if tokens.peek().is_some() => return Err(bad("> before the end")),
                ">" | "*" => {}
                token if token.contains(['*', '>']) => return Err(bad("wildcard inside a token")),
                _ => {}
            }
        }
        Ok(Pattern(text.into()))
    }
}

impl From<Topic> for Pattern {
    fn from(topic: Topic) -> Self {
        Pattern(topic.0)
    }
}

fn plain(token: &str) -> Result<(), &'static str> {
    if token.is_empty() {
        return Err("empty token");
    }
    if token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("white space or control character");
    }
    Ok(())
}

/// Enough of a bad text to recognise it, so that an error is no larger than what caused it.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

macro_rules! texts {
    ($($name:ident)+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }
    )+};
}
texts!(Topic Pattern);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards_stand_for_tokens() {
        for (pattern, topic, wanted) in [
            ("attacker.observed", "attacker.observed", true),
            ("attacker.*", "attacker.observed", true),
            ("attacker.*", "attacker.session.started", false),
            ("attacker.>", "attacker.session.started", true),
            ("attacker.>", "attacker", false),
            ("system.*.health", "system.bus.health", true),
            ("system.*.health", "system.health", false),
            ("*.>", "a.b", true),
            ("*.>", "a", false),
            (">", "a", true),
            ("a.b", "a", false),
            ("a", "a.b", false),
        ] {
            let found = pattern.parse::<Pattern>().unwrap().matches(&topic.parse().unwrap());
            assert_eq!(found, wanted, "{pattern} {topic}");
        }
    }

    #[test]
    fn texts_that_are_no_subject_are_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a\nb", "a.\u{85}"] {
            assert!(text.parse::<Topic>().is_err(), "{text:?}");
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
        for text in ["a.*", ">", "a*"] {
            assert!(text.parse::<Topic>().is_err(), "{text:?}");
        }
        for text in ["a.>.b", "a*", "a.b>"] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
        assert!("a".repeat(MAX_TOPIC + 1).parse::<Topic>().is_err());
    }

    proptest! {
        #[test]
        fn a_topic_is_a_pattern_that_matches_itself(text in "[a-z0-9_:-]{1,8}(\\.[a-z0-9_:-]{1,8}){0,5}") {
            let topic: Topic = text.parse().unwrap();
            let pattern = Pattern::from(topic.clone());
            prop_assert!(pattern.matches(&topic));
            prop_assert_eq!(pattern.exact(), Some(topic));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Topic>();
            let _ = text.parse::<Pattern>();
        }
    }
}
