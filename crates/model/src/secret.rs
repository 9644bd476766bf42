//! What a secret that guards the interface must not be: the one rule of settings, accounts and tokens.

use std::collections::BTreeSet;

/// Shortest signing secret, in bytes (RFC 7518 §3.2: as long as the hash).
pub const SIGNING_BYTES: usize = 32;
/// Shortest password of an operator, in characters.
pub const PASSWORD_CHARS: usize = 8;
/// Different bytes that a signing secret has at least.
const VARIETY: usize = 8;
/// Texts that everybody tries first.
const KNOWN: &[&str] = &[
    "admin",
    "change-me",
    "changeme",
    "decnet",
    "default",
    "fallback-secret",
    "letmein",
    "password",
    "passw0rd",
    "qwerty",
    "root",
    "secret",
    "test",
    "toor",
    "welcome",
];

/// Why a secret is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WeakSecret {
    /// A signing secret that is too short.
    #[error("shorter than {SIGNING_BYTES} bytes; `openssl rand -hex 32` makes a good one")]
    Short,
    /// A signing secret of few different characters.
    #[error("made of fewer than {VARIETY} different characters; `openssl rand -hex 32` makes a good one")]
    Uniform,
    /// A password that is too short.
    #[error("shorter than {PASSWORD_CHARS} characters; choose a longer one")]
    ShortPassword,
    /// A text that everybody tries.
    #[error("a value that everybody tries first; choose another")]
    Known,
}

/// Whether `text` may sign tokens.
///
/// # Errors
/// [`WeakSecret`] when it can be guessed.
pub fn check_signing(text: &str) -> Result<(), WeakSecret> {
    if text.len() < SIGNING_BYTES {
        return Err(WeakSecret::Short);
    }
    // A well-known word does not become a secret by what is hung on it.
    let simple = text.to_lowercase();
    if KNOWN.iter().any(|known| simple.starts_with(known)) {
        return Err(WeakSecret::Known);
    }
    if text.bytes().collect::<BTreeSet<_>>().len() < VARIETY {
        return Err(WeakSecret::Uniform);
    }
    Ok(())
}

/// Whether `text` may be an operator's password.
///
/// # Errors
/// [`WeakSecret`] when it can be guessed.
pub fn check_password(text: &str) -> Result<(), WeakSecret> {
    let simple = text.to_lowercase();
    let stem = simple.trim_end_matches(|c: char| c.is_numeric() || c.is_ascii_punctuation());
    if KNOWN.contains(&stem) || stem.is_empty() {
        return Err(WeakSecret::Known);
    }
    if text.chars().count() < PASSWORD_CHARS {
        return Err(WeakSecret::ShortPassword);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_can_be_guessed_are_refused() {
        let padded = format!("changeme{}", "1".repeat(25));
        let cases = [
            ("short", Err(WeakSecret::Short)),
            (padded.as_str(), Err(WeakSecret::Known)),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Err(WeakSecret::Uniform)),
            ("0123456789abcdef0123456789abcdef", Ok(())),
        ];
        for (text, expected) in cases {
            assert_eq!(check_signing(text), expected, "{text}");
        }
        let cases = [
            ("Admin123", Err(WeakSecret::Known)),
            ("password!", Err(WeakSecret::Known)),
            ("12345678", Err(WeakSecret::Known)),
            ("tulip", Err(WeakSecret::ShortPassword)),
            ("correct horse", Ok(())),
        ];
        for (text, expected) in cases {
            assert_eq!(check_password(text), expected, "{text}");
        }
    }
}
