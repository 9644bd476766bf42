//! The people of domains, and what they write to each other. Nothing of it was done by anybody from outside.

use netsvc_persona::LetterCopy;
use netsvc_wire::stamp::Micros;

/// The setting of the store with what people and their letters are drawn from, hex.
pub const PEOPLE_SECRET: &str = "people.secret";

/// The settings of the store with the last day, from the epoch on, whose letters are written; a dot and the domain
/// follow.
pub const LETTER_DAY: &str = "emailgen.day";

/// The people of a domain as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolRow {
    /// The domain.
    pub domain: String,
    /// The pool, JSON.
    pub document: String,
    /// Who wrote it; empty: it was derived.
    pub by: String,
    /// When it was changed last.
    pub changed_at: Micros,
}

/// A mail that was made up, between people of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterRow {
    /// What tells it from all others; part of its Message-ID.
    pub id: String,
    /// Id of the first mail of its thread.
    pub thread: String,
    /// The domain.
    pub domain: String,
    /// Login name of who wrote it.
    pub sender: String,
    /// Login names of who gets it, with a comma between them.
    pub recipients: String,
    /// Its subject.
    pub subject: String,
    /// Language, `en`, `de` or `fr`.
    pub language: String,
    /// What wrote it: `template`, or `model`.
    pub origin: String,
    /// When it is sent.
    pub at: Micros,
    /// The mailboxes that it lies in, JSON.
    pub copies: String,
    /// Header and body, with LF.
    pub content: String,
}

/// Which letters are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Of this domain.
    pub domain: Option<String>,
    /// Of this thread.
    pub thread: Option<String>,
    /// That this person wrote.
    pub sender: Option<String>,
    /// Sent before.
    pub before: Option<Micros>,
    /// Sent at or after.
    pub since: Option<Micros>,
}

impl LetterRow {
    /// The mailboxes that it lies in; none where the document is not one.
    pub fn copies(&self) -> Vec<LetterCopy> {
        serde_json::from_str(&self.copies).unwrap_or_default()
    }
}
