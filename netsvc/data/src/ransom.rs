//! The notes of those who take data and hold them for ransom.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// Bytes of what shows a note.
const SHOWN: usize = 4096;

/// What of `text` shows that it is such a note: of currencies, mail addresses, names and sentences that notes have.
pub(crate) fn note(text: &[u8]) -> Option<&[u8]> {
    static NOTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let parts = [
            r"bitcoin|\bbtc\b|\bransom|monero|\bxmr\b|\bwallet\b|onionmail|protonmail|\.onion\b",
            r"back(ed)?[ -]?up (of )?your|recover your|your (data|database|db) (is|was|has been|have been)",
            r"(read_?me|recover)[_ ](to_|for_|your_|now)|(read_?me|recover)\w*.{0,80}\bcontent\b",
            r"[13][1-9A-HJ-NP-Za-km-z]{25,34}\b|\bbc1[0-9a-z]{30,60}\b",
        ];
        Regex::new(&format!("(?i-u)({})", parts.join("|"))).ok()
    });
    let found = NOTE.as_ref()?.find(text)?;
    let from = found.start().saturating_sub(SHOWN / 2);
    text.get(from..text.len().min(from + SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_extortion_are_known() {
        for text in [
            "All your data is a backed up. You must pay 0.0058 BTC to bc1qkx0j5qzq4fkjv9p9e4a3gx8q4y2n8x5c0w7c6t",
            "send bitcoin to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "{\"content\":\"Your database has been deleted, contact x@onionmail.org\"}",
        ] {
            assert!(note(text.as_bytes()).is_some(), "{text}");
        }
        assert!(note(b"{\"name\":\"Anna\",\"city\":\"Wien\"}").is_none());
    }
}
