//! The flags of a meta command: one letter each, some with a token.

use super::{
    store::{Item, Store},
    words::{Words, signed, unsigned},
};
use base64::{Engine, engine::general_purpose::STANDARD};

const FLAG: &[u8] = b"CLIENT_ERROR invalid flag\r\n";
const TOKEN: &[u8] = b"CLIENT_ERROR bad token in command line format\r\n";

/// The flags of one command.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Letter and token, in their order.
    pub flags: Vec<(u8, Vec<u8>)>,
    /// The key as it was written.
    key: Vec<u8>,
}

impl Wanted {
    pub(super) fn read(words: &Words<'_>, first: usize, known: &[u8]) -> Result<Wanted, &'static [u8]> {
        let mut flags: Vec<(u8, Vec<u8>)> = Vec::new();
        for word in words.from(first) {
            let Some((letter, token)) = word.split_first() else { continue };
            if !known.contains(letter) {
                return Err(FLAG);
            }
            if flags.iter().any(|(known, _)| known == letter) {
                return Err(b"CLIENT_ERROR duplicate flag\r\n");
            }
            flags.push((*letter, token.to_vec()));
        }
        Ok(Wanted { flags, key: words.at(1).to_vec() })
    }

    pub(super) fn has(&self, letter: u8) -> bool {
        self.flags.iter().any(|(known, _)| *known == letter)
    }

    pub(super) fn token(&self, letter: u8) -> Option<&[u8]> {
        self.flags.iter().find(|(known, _)| *known == letter).map(|(_, token)| token.as_slice())
    }

    /// A token that is a number; `Err` when it is none.
    pub(super) fn number<T: std::str::FromStr>(&self, letter: u8) -> Result<Option<T>, &'static [u8]> {
        self.token(letter).map(|token| unsigned(token).ok_or(TOKEN)).transpose()
    }

    pub(super) fn time(&self, letter: u8, now: i64) -> Result<Option<i64>, &'static [u8]> {
        let time = self.token(letter).map(|token| signed(token).ok_or(TOKEN)).transpose()?;
        Ok(time.map(|time| Store::expiry(time, now)))
    }

    pub(super) fn quiet(&self) -> bool {
        self.has(b'q')
    }

    /// The key that is meant: it may be written in base64.
    pub(super) fn real_key(&self) -> Result<Vec<u8>, &'static [u8]> {
        if self.has(b'b') {
            return STANDARD.decode(&self.key).map_err(|_| &b"CLIENT_ERROR error decoding key\r\n"[..]);
        }
        Ok(self.key.clone())
    }

    /// What comes behind the code of an answer about `item`.
    pub(super) fn told(&self, item: Option<&Item>, now: i64) -> Vec<u8> {
        let mut told = Vec::new();
        for (letter, token) in &self.flags {
            let value = match (letter, item) {
                (b'O', _) => token.clone(),
                (b'k', _) if self.has(b'b') => [&self.key[..], b" b"].concat(),
                (b'k', _) => self.key.clone(),
                (b'c', Some(item)) => item.cas.to_string().into_bytes(),
                (b'f', Some(item)) => item.flags.to_string().into_bytes(),
                (b's', Some(item)) => item.value.len().to_string().into_bytes(),
                (b'h', Some(item)) => u8::from(item.fetched).to_string().into_bytes(),
                (b'l', Some(item)) => (now - item.used).max(0).to_string().into_bytes(),
                (b't', Some(item)) if item.expires == 0 => b"-1".to_vec(),
                (b't', Some(item)) => (item.expires - now).to_string().into_bytes(),
                _ => continue,
            };
            told.extend([b' ', *letter]);
            told.extend(value);
        }
        told
    }
}
