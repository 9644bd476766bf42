//! The canaries that may call, in memory.

use crate::make::{fingerprint, test_mark};
use decnet_model::{
    canary::is_id,
    record::{Canary, CanaryChannel, CanaryFilter, CanaryKind, CanarySecret, UNPLACED},
};
use decnet_store::{Error, Store};
use std::collections::HashMap;

/// Ids that are looked up of one text.
const LOOKED_UP: usize = 8;
/// Canaries that are kept in memory.
const MOST: u32 = 60_000;

/// What is to be known of a canary when it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Decky that it lies on, or [`UNPLACED`].
    pub node: String,
    /// Whether it counts no more.
    pub revoked: bool,
    /// Where visitors are sent on to.
    pub onward: Option<String>,
    /// What only a test of ours sends.
    pub mark: String,
}

/// All canaries and their secrets.
#[derive(Clone, Debug, Default)]
pub struct Book {
    entries: HashMap<String, Entry>,
    secrets: HashMap<String, CanarySecret>,
}

impl Book {
    /// Reads it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(store: &Store) -> Result<Book, Error> {
        let canaries = store.canary_list(&CanaryFilter::default(), MOST).await?;
        Ok(Book::of(&canaries, store.canary_secrets().await?))
    }

    /// That of these canaries.
    pub fn of(canaries: &[Canary], secrets: Vec<CanarySecret>) -> Book {
        let entry = |canary: &Canary| {
            let sends = matches!(canary.kind, CanaryKind::WebBug | CanaryKind::Qr);
            Entry {
                node: canary.node.clone().unwrap_or_else(|| UNPLACED.to_owned()),
                revoked: canary.revoked_at.is_some(),
                onward: canary.target.clone().filter(|_| sends),
                mark: test_mark(canary),
            }
        };
        Book {
            entries: canaries.iter().map(|canary| (canary.id.clone(), entry(canary))).collect(),
            secrets: secrets.into_iter().map(|secret| (secret.sha256.clone(), secret)).collect(),
        }
    }

    /// Whether there is nothing that could call.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is nothing that could be offered to a decky.
    pub fn has_no_secrets(&self) -> bool {
        self.secrets.is_empty()
    }

    /// A canary.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The first canary whose id stands in `text` by itself.
    pub fn named_in(&self, text: &str) -> Option<(String, &Entry)> {
        ids(text).find_map(|id| {
            let entry = self.entries.get(&id)?;
            Some((id, entry))
        })
    }

    /// The canary whose secret this is, used in this way.
    pub fn of_secret(&self, channel: CanaryChannel, secret: &[u8]) -> Option<&str> {
        if self.secrets.is_empty() {
            return None;
        }
        let known = self.secrets.get(&fingerprint(secret))?;
        (known.channel == channel).then_some(known.canary.as_str())
    }
}

/// Words of `text` that have the form of an id, in small letters: DNS knows no others, and resolvers play with them.
pub fn ids(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let forms = words.map(str::to_ascii_lowercase).filter(|word| is_id(word));
    forms.take(LOOKED_UP)
}
