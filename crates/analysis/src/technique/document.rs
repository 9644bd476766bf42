//! A rule as it is written: YAML, a list of rules a file.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::collections::BTreeMap;

/// How sure it is that somebody does it of whom a rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It may be something else.
    Low,
    /// It is so more often than not.
    Medium,
    /// Hardly anything else looks like that.
    High,
}

impl Confidence {
    /// `low`, `medium` or `high`.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A rule: an event that fits one of `when` is one that shows the technique.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique among all rules.
    pub id: String,
    /// The technique of ATT&CK.
    pub technique: String,
    /// What it sees, in a few words.
    pub title: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// How often one address has to do it to one decky before it means anything.
    #[serde(default = "once")]
    pub count: u64,
    /// What an event looks like that it sees; one of them is enough.
    pub when: Vec<When>,
    /// An event that it sees.
    pub fires: Vec<Example>,
    /// Events that it does not see, though they are much like it.
    pub silent: Vec<Example>,
}

fn once() -> u64 {
    1
}

/// What an event looks like; everything that is said of it has to be so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Its kind is one of these.
    #[serde(deserialize_with = "some")]
    pub kind: Vec<String>,
    /// Its service is one of these; none: any.
    #[serde(default, deserialize_with = "some")]
    pub service: Vec<String>,
    /// These fields have such texts: patterns that are looked for anywhere in them, their case ignored.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// These fields have no such texts.
    #[serde(default)]
    pub not: BTreeMap<String, String>,
}

/// An event in short: `kind`, `service`, and fields by name.
pub type Example = BTreeMap<String, String>;

/// One text, or a list of them.
fn some<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(String),
        Many(Vec<String>),
    }
    match Given::deserialize(reader)? {
        Given::One(one) => Ok(vec![one]),
        Given::Many(many) if many.is_empty() => Err(D::Error::custom("a list of at least one")),
        Given::Many(many) => Ok(many),
    }
}

/// What is wrong with rules.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}: {}{what}", .rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default())]
pub struct BadRule {
    /// The file.
    pub file: String,
    /// The rule; `None`: the file cannot be read as rules.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The rules in `text`, as they are written; whether they can be so, is not looked at.
///
/// # Errors
/// [`BadRule`] with the place.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Rule>, BadRule> {
    serde_norway::from_str(text).map_err(|error| BadRule {
        file: file.to_owned(),
        rule: None,
        what: error.to_string(),
    })
}
