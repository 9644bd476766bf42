//! Search for a text in what was captured, the same on every database.
//!
//! The database narrows the rows down by a pattern that finds too much rather than too little: its own idea
//! of case ends at ASCII (SQLite) or goes beyond case (MySQL), so the pattern has holes where it matters. What
//! fits is decided here, by one rule for all.

use netsvc_wire::escape::printable;

/// A text that is looked for, its case ignored.
#[derive(Clone, Debug)]
pub(crate) struct Needle(String);

impl Needle {
    /// `None` for an empty text, which everything holds.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Needle(fold(text)))
    }

    /// Whether a value holds it, as shown.
    pub(crate) fn is_in(&self, value: &[u8]) -> bool {
        fold(printable(value).as_str()).contains(&self.0)
    }

    /// Pattern for `LIKE … ESCAPE '!'` that every text fits which holds the needle.
    pub(crate) fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.0.len() + 2);
        pattern.push('%');
        for character in self.0.chars() {
            match character {
                '%' | '_' | '!' => pattern.extend(['!', character]),
                character if character.is_ascii() => pattern.push(character),
                _ if pattern.ends_with('%') && !pattern.ends_with("!%") => {}
                _ => pattern.push('%'),
            }
        }
        pattern.push('%');
        pattern
    }
}

/// Lower case by character. Letters outside ASCII stay outside it, so that the pattern's holes are enough.
fn fold(text: &str) -> String {
    let lower = |c: char| {
        let mut lower = c.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
            _ => c,
        }
    };
    text.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_in_every_script() {
        for (text, value, found) in [
            ("CAFÉ", "un café", true),
            ("cafe", "un café", false),
            ("straße", "STRASSE", false),
            ("ПРИВЕТ", "привет мир", true),
            ("k", "\u{212a}", false),
            ("Σ", "σ", true),
            ("a_b", "A_B", true),
            ("\\x0a", "a\nb", true),
        ] {
            assert_eq!(Needle::new(text).unwrap().is_in(value.as_bytes()), found, "{text} in {value}");
        }
        assert!(Needle::new("").is_none());
    }

    #[test]
    fn the_pattern_has_holes_where_databases_differ() {
        for (text, pattern) in [
            ("Echo", "%echo%"),
            ("100%_!", "%100!%!_!!%"),
            ("éè!", "%!!%"),
            ("aéb", "%a%b%"),
            ("%é", "%!%%%"),
        ] {
            assert_eq!(Needle::new(text).unwrap().pattern(), pattern);
        }
    }
}
