//! What is drawn: ids, passwords, keys, and names that occur.

use decnet_model::canary::{ID_LENGTH, ID_LETTERS};
use rand_core::{OsRng, RngCore};

/// Where random numbers come from.
pub struct Draw(Box<dyn RngCore + Send>);

/// No random numbers are to be had.
#[derive(Debug, thiserror::Error)]
#[error("draw random numbers")]
pub struct NoRandom;

/// Letters of passwords: those that nobody mistakes.
const PASSWORD: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Letters of base64.
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Draw {
    /// From the system.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn new() -> Result<Draw, NoRandom> {
        OsRng.try_fill_bytes(&mut [0; 8]).map_err(|_| NoRandom)?;
        Ok(Draw(Box::new(OsRng)))
    }

    /// `count` bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `end`, which is small: the bias is.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let number = usize::try_from(self.0.next_u32()).unwrap_or(0);
        number.checked_rem(end).unwrap_or(0)
    }

    /// One of `choices`.
    pub(super) fn one<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.get(self.below(choices.len())).copied().unwrap_or_default()
    }

    /// `count` of `letters`.
    pub(super) fn letters(&mut self, letters: &[u8], count: usize) -> String {
        (0..count).filter_map(|_| letters.get(self.below(letters.len())).copied().map(char::from)).collect()
    }

    /// An id: 90 bits.
    pub fn id(&mut self) -> String {
        self.letters(ID_LETTERS, ID_LENGTH)
    }

    /// A password.
    pub(super) fn password(&mut self) -> String {
        let length = 14 + self.below(7);
        self.letters(PASSWORD, length)
    }

    /// Text of base64.
    pub(super) fn base64(&mut self, count: usize) -> String {
        self.letters(BASE64, count)
    }
}
