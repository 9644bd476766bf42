//! Sections of a mail, as FETCH asks for them (RFC 3501 §6.4.5).

use super::{
    argument::Argument,
    part::{self, Part},
};

/// Which text of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Whole,
    Header,
    Text,
    Mime,
    /// Fields by name in upper case; the flag: all others.
    Fields(Vec<String>, bool),
}

/// A section, and a piece of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    path: Vec<u32>,
    which: Which,
    /// From which byte, and how many.
    piece: Option<(usize, usize)>,
    /// What the answer calls it.
    pub(super) name: String,
}

impl Section {
    /// Reads what stands behind `BODY[`; `rest` are the arguments after it, of which it takes those that belong to it.
    ///
    /// # Errors
    /// What Dovecot says.
    pub(super) fn read(text: &str, rest: &mut &[Argument]) -> Result<Self, String> {
        let bad = || "Invalid BODY[..] section".to_owned();
        let (words, piece, listed) = match text.split_once(']') {
            Some((words, piece)) => (words.to_owned(), piece.to_owned(), Vec::new()),
            None => {
                let [Argument::List(list), end, others @ ..] = *rest else {
                    return Err("Invalid BODY[..] parameter: Missing ']'".to_owned());
                };
                let end = end.keyword().unwrap_or_default();
                let Some(piece) = end.strip_prefix(']') else {
                    return Err("Invalid BODY[..] parameter: Missing ']'".to_owned());
                };
                let names: Option<Vec<&Argument>> =
                    list.iter().map(|name| name.bytes().map(|_| name)).collect();
                let names = names.filter(|names| !names.is_empty()).ok_or_else(bad)?;
                *rest = others;
                (text.to_owned(), piece.to_owned(), names.into_iter().cloned().collect())
            }
        };
        let (path, which) = split(&words).ok_or_else(bad)?;
        let names: Vec<String> =
            listed.iter().filter_map(Argument::text).map(|name| name.to_ascii_uppercase()).collect();
        let which = match which.as_str() {
            "" => Which::Whole,
            "HEADER" => Which::Header,
            "TEXT" => Which::Text,
            "MIME" if !path.is_empty() => Which::Mime,
            "HEADER.FIELDS" if !names.is_empty() => Which::Fields(names.clone(), false),
            "HEADER.FIELDS.NOT" if !names.is_empty() => Which::Fields(names.clone(), true),
            _ => return Err(bad()),
        };
        if matches!(which, Which::Fields(..)) == names.is_empty() {
            return Err(bad());
        }
        let piece = piece_of(&piece)?;
        let shown = |name: &Argument| match name {
            Argument::Text(text) | Argument::Literal(text) => {
                format!("\"{}\"", String::from_utf8_lossy(text).to_ascii_uppercase())
            }
            other => other.keyword().unwrap_or_default(),
        };
        let list = listed.iter().map(shown).collect::<Vec<_>>().join(" ");
        let list = if listed.is_empty() { list } else { format!(" ({list})") };
        let from = piece.map(|(from, _)| format!("<{from}>")).unwrap_or_default();
        Ok(Section { path, which, piece, name: format!("{words}{list}]{from}") })
    }

    /// The text of it in `mail`.
    pub(super) fn cut(&self, mail: &[u8]) -> Vec<u8> {
        let whole = self.text(mail);
        match self.piece {
            Some((from, count)) => {
                let rest = whole.get(from..).unwrap_or_default();
                rest.get(..count.min(rest.len())).unwrap_or_default().to_vec()
            }
            None => whole,
        }
    }

    fn text(&self, mail: &[u8]) -> Vec<u8> {
        if self.path.is_empty() && self.which == Which::Whole {
            return mail.to_vec();
        }
        let root = Part::of(mail);
        let get = |range: &std::ops::Range<usize>| mail.get(range.clone()).unwrap_or_default();
        let Some(found) = root.find(&self.path) else { return Vec::new() };
        // Header and text are those of the mail that a part is.
        let inner = match (self.path.is_empty(), found.is_message()) {
            (true, _) => Some(&root),
            (false, true) => found.children.first(),
            (false, false) => None,
        };
        match (&self.which, inner) {
            (Which::Whole, _) => get(&found.body).to_vec(),
            (Which::Mime, _) => get(&found.header).to_vec(),
            (Which::Header, Some(part)) => get(&part.header).to_vec(),
            (Which::Text, Some(part)) => get(&part.body).to_vec(),
            (Which::Fields(names, others), Some(part)) => {
                let wanted = |field: &&[u8]| {
                    let name = field.split(|&byte| byte == b':').next().unwrap_or_default().trim_ascii();
                    let listed = names.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name));
                    listed != *others
                };
                let mut text =
                    part::raw_fields(get(&part.header)).filter(wanted).collect::<Vec<_>>().concat();
                text.extend_from_slice(b"\r\n");
                text
            }
            _ => Vec::new(),
        }
    }
}

/// The numbers and the word of a section.
fn split(words: &str) -> Option<(Vec<u32>, String)> {
    let mut path = Vec::new();
    let mut rest = words;
    while let Some(digits) =
        rest.find(|letter: char| !letter.is_ascii_digit()).or(Some(rest.len())).filter(|at| *at > 0)
    {
        let (number, tail) = rest.split_at_checked(digits)?;
        path.push(number.parse().ok()?);
        rest = match tail.strip_prefix('.') {
            Some("") => return None,
            Some(tail) => tail,
            None if tail.is_empty() => "",
            None => return None,
        };
        if 20 < path.len() {
            return None;
        }
    }
    Some((path, rest.to_owned()))
}

/// `<0.10>` as where it begins and how long it is.
fn piece_of(text: &str) -> Result<Option<(usize, usize)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |what: &str| format!("Invalid BODY[..] parameter: {what}");
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    let inner = inner.ok_or_else(|| bad("Missing '>' in '<...'"))?;
    let (from, count) = inner.split_once('.').map_or((inner, None), |(from, count)| (from, Some(count)));
    let from = from.parse().map_err(|_| bad("Too big partial start"))?;
    match count {
        None => Ok(Some((from, usize::MAX))),
        Some(count) => count.parse().map(|count| Some((from, count))).map_err(|_| bad("Too big partial end")),
    }
}
