//! Words, as a full-text index keeps them: the same for every database.
//!
//! A word is a run of letters and digits, its case folded. Databases disagree about letters beyond ASCII, about
//! words that are too short or too common to keep, and about what joins two words; so what they get to see are
//! texts of small ASCII letters and digits only, never shorter than three.

/// Before a word of ASCII alone.
const PLAIN: &str = "zz";

/// Before the bytes of any other word, in hex.
const CODED: &str = "zy";

/// Bytes of a word that count; what is longer is cut, when it is kept as when it is looked for.
const LONGEST: usize = 32;

/// Most words kept of one event.
const MOST: usize = 2048;

/// The words of `text` as an index keeps them.
pub fn kept(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(coded)
}

/// The words of some values, each once, as one text; empty when there are none.
pub fn index<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut words = std::collections::BTreeSet::new();
    for value in values {
        let left = MOST.saturating_sub(words.len());
        words.extend(kept(&String::from_utf8_lossy(value)).take(left));
    }
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// A question to an index: every word must be there; one that ends with `*` is the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Vec<Wanted>);

/// One word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As an index keeps it.
    pub word: String,
    /// Whether it is only the beginning.
    pub open: bool,
}

impl Query {
    /// Reads a question; `None` when it has no word.
    pub fn new(text: &str) -> Option<Self> {
        let mut wanted = Vec::new();
        for piece in text.split_whitespace() {
            let (piece, open) = piece.strip_suffix('*').map_or((piece, false), |piece| (piece, true));
            let mut words = kept(piece).peekable();
            while let Some(word) = words.next() {
                wanted.push(Wanted { word, open: open && words.peek().is_none() });
            }
        }
        wanted.truncate(MOST_WANTED);
        (!wanted.is_empty()).then_some(Query(wanted))
    }

    /// Its words.
    pub fn words(&self) -> &[Wanted] {
        &self.0
    }
}

/// Most words of a question.
const MOST_WANTED: usize = 32;

fn coded(word: &str) -> String {
    let folded = word.to_lowercase();
    let cut = folded.as_bytes().get(..LONGEST).unwrap_or(folded.as_bytes());
    if cut.is_ascii() {
        format!("{PLAIN}{}", cut.escape_ascii())
    } else {
        format!("{CODED}{}", hex::encode(cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        kept(text).collect()
    }

    #[test]
    fn words_are_small_ascii_and_never_short() {
        assert_eq!(words("wget http://a.B/x_1"), ["zzwget", "zzhttp", "zza", "zzb", "zzx", "zz1"]);
        assert_eq!(words("Ünï ünï"), ["zyc3bc6ec3af", "zyc3bc6ec3af"]);
        assert_eq!(words(" -- \u{0}\\ "), [""; 0]);
        assert_eq!(words(&"A".repeat(100)), [format!("zz{}", "a".repeat(32))]);
    }

    #[test]
    fn the_words_of_an_event_are_kept_once() {
        assert_eq!(index([b"b a b".as_slice(), b"\xffa\xff".as_slice()]), "zza zzb");
        assert_eq!(index([b"...".as_slice()]), "");
    }

    #[test]
    fn a_question_is_all_its_words_and_beginnings() {
        let query = Query::new("Wget bus* /tmp/x*").unwrap();
        let seen: Vec<_> = query.words().iter().map(|wanted| (wanted.word.as_str(), wanted.open)).collect();
        assert_eq!(seen, [("zzwget", false), ("zzbus", true), ("zztmp", false), ("zzx", true)]);
        assert_eq!(Query::new(" * ' "), None);
    }
}
