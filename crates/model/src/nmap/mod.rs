//! Faces from the operator's own copy of nmap's database of operating systems.
//!
//! The database is read at run time and never shipped: it has a licence of its own (NPSL). A fingerprint is found
//! by its name and becomes the text of a face, which the persona carries.

mod compare;
mod translate;

pub use compare::Print;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a name of a face begins with.
pub const PREFIX: &str = "nmap:";
/// Where distributions of nmap install the database.
pub const USUAL: &str = "/usr/share/nmap/nmap-os-db";
/// Names that are proposed for one that does not exist.
const PROPOSED: usize = 4;

/// A face that an operator chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Name of the fingerprint.
    pub name: String,
    /// Families of systems that it says it is: `Windows`, `Linux`, `embedded`.
    pub families: Vec<String>,
    /// The face, as the stage reads it. Its first line is a comment with the name.
    pub text: String,
}

/// Why there is no such face.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoFace {
    /// The value is not written as one.
    #[error("is no face: write it as {PREFIX}NAME, with a name that `nmap -O` prints")]
    Prefix,
    /// There is no database.
    #[error("cannot be looked up: {0}")]
    Database(String),
    /// No fingerprint has the name.
    #[error("is in no name of nmap's database{0}")]
    Unknown(String),
    /// Several have it.
    #[error("fits {0} names of nmap's database; write one of them in full: {1}")]
    Ambiguous(usize, String),
    /// The fingerprint says too little.
    #[error("cannot be shown: its fingerprint lacks {0}")]
    Incomplete(&'static str),
}

/// A database, or why there is none.
#[derive(Clone, Debug)]
pub struct Database {
    text: Result<String, String>,
}

/// No database.
pub static ABSENT: Database = Database { text: Err(String::new()) };

impl Database {
    /// A database from the content of a file, or from why it could not be read.
    pub fn new(text: Result<String, String>) -> Self {
        Database { text }
    }

    /// The face that `value`, such as `nmap:VxWorks 12.0`, means: by its exact name, or by a part of it that no
    /// other name has. Of several fingerprints with one name the first that says enough is taken, and
    /// rather one that a host of the
    /// scanner's own segment can show.
    ///
    /// # Errors
    /// [`NoFace`] with the nearest names.
    pub fn face(&self, value: &str) -> Result<Chosen, NoFace> {
        let wanted = value.strip_prefix(PREFIX).map(str::trim).filter(|name| !name.is_empty());
        let wanted = wanted.ok_or(NoFace::Prefix)?;
        let text = self.text.as_ref().map_err(|why| NoFace::Database(why.clone()))?;
        let name = name(text, wanted)?;
        let mut failed = NoFace::Unknown(String::new());
        let mut named: Vec<_> = entries(text).filter(|entry| entry.name == name).collect();
        named.sort_by_key(translate::is_far);
        for entry in named {
            match translate::face(&entry) {
                Ok(text) => {
                    let families = entry.families();
                    return Ok(Chosen { name: name.to_owned(), families, text });
                }
                Err(lacks) => failed = NoFace::Incomplete(lacks),
            }
        }
        Err(failed)
    }

    /// The fingerprints that have this very name.
    pub fn prints(&self, name: &str) -> Vec<Print> {
        let text = self.text.as_deref().unwrap_or_default();
        let named = entries(text).filter(|entry| entry.name == name);
        named.map(|entry| Print::read(&entry.lines.join("\n"))).collect()
    }

    /// `count` names, drawn by `seed`; the same everywhere with the same database.
    pub fn drawn(&self, seed: u64, count: usize) -> Vec<&str> {
        let mut names: Vec<&str> = self.names().into_iter().collect();
        let mut state = seed;
        for at in 0..names.len() {
            let left = u64::try_from(names.len() - at).unwrap_or(u64::MAX);
            names.swap(at, at + usize::try_from(random(&mut state) % left).unwrap_or_default());
        }
        names.truncate(count);
        names
    }

    /// Every name, once.
    pub fn names(&self) -> BTreeSet<&str> {
        self.text.as_ref().map(|text| names(text).collect()).unwrap_or_default()
    }
}

/// The next of a series of numbers (splitmix64).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A fingerprint: its name and its lines.
struct Entry<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Entry<'a> {
    /// What stands between the parentheses of a test.
    fn test(&self, name: &str) -> Option<&'a str> {
        let line = self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('('))?;
        line.strip_suffix(')')
    }

    /// The second field of its classes.
    fn families(&self) -> Vec<String> {
        let classes = self.lines.iter().filter_map(|line| line.strip_prefix("Class "));
        let families: BTreeSet<_> =
            classes.filter_map(|class| class.split('|').nth(1)).map(str::trim).collect();
        families.into_iter().map(str::to_owned).collect()
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("Fingerprint ")).map(str::trim)
}

fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.split("\nFingerprint ").skip(1).map(|part| {
        let mut lines = part.lines();
        let name = lines.next().unwrap_or_default().trim();
        Entry { name, lines: lines.take_while(|line| !line.trim().is_empty()).map(str::trim_end).collect() }
    })
}

/// The one name that is `wanted` or has it in it.
fn name<'a>(text: &'a str, wanted: &str) -> Result<&'a str, NoFace> {
    if let Some(name) = names(text).find(|name| *name == wanted) {
        return Ok(name);
    }
    let lower = wanted.to_ascii_lowercase();
    let having = |part: &str| -> BTreeSet<&'a str> {
        names(text).filter(|name| name.to_ascii_lowercase().contains(part)).collect()
    };
    let found = having(&lower);
    let listed = |names: &BTreeSet<&str>| {
        let mut list: Vec<_> = names.iter().copied().collect();
        list.sort_by_key(|name| name.len());
        list.truncate(PROPOSED);
        list.iter().map(|name| format!("{PREFIX}{name}")).collect::<Vec<_>>().join("; ")
    };
    let mut each = found.iter();
    match (each.next(), each.next()) {
        (Some(name), None) => Ok(name),
        (Some(_), Some(_)) => Err(NoFace::Ambiguous(found.len(), listed(&found))),
        _ => {
            let words: Vec<_> = lower.split_whitespace().collect();
            let all = |name: &str| {
                let name = name.to_ascii_lowercase();
                words.iter().filter(|word| name.contains(**word)).count()
            };
            let best = names(text).map(all).max().unwrap_or(0);
            let near: BTreeSet<_> = names(text).filter(|name| 0 < best && all(name) == best).collect();
            let hint = if near.is_empty() { String::new() } else { format!("; near are: {}", listed(&near)) };
            Err(NoFace::Unknown(hint))
        }
    }
}

#[cfg(test)]
mod tests;
