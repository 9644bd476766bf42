//! The words of a command.

use super::{Reply, memory::ELEMENT, request::integer};

/// The words of a command, its name first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a>(pub &'a [Vec<u8>]);

impl<'a> Words<'a> {
    /// The word at `index`; empty where there is none.
    pub(super) fn at(self, index: usize) -> &'a [u8] {
        self.0.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// Words from `index` on.
    pub(super) fn from(self, index: usize) -> &'a [Vec<u8>] {
        self.0.get(index..).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// The number at `index`.
    pub(super) fn integer(self, index: usize) -> Result<i64, Reply> {
        integer(self.at(index)).ok_or_else(Reply::not_integer)
    }

    /// Whether the word at `index` is `wanted` in any case.
    pub(super) fn is(self, index: usize, wanted: &str) -> bool {
        self.at(index).eq_ignore_ascii_case(wanted.as_bytes())
    }

    /// The word at `index` in lower case.
    pub(super) fn lower(self, index: usize) -> String {
        text(self.at(index)).to_ascii_lowercase()
    }

    /// Bytes of the words from `index` on with what each costs in memory.
    pub(super) fn cost(self, index: usize) -> usize {
        self.from(index).iter().map(|word| word.len() + ELEMENT).sum()
    }
}

/// A word as text.
pub(super) fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// A word as a number with a fraction, as scores are written.
pub(super) fn float(word: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(word).ok()?;
    if text.is_empty() || text.starts_with(char::is_whitespace) || text.to_ascii_lowercase().contains("nan") {
        return None;
    }
    text.parse().ok()
}
