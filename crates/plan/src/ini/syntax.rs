//! The syntax of INI files: sections, keys and values with the lines that they stand on.
//!
//! Keys are case-insensitive and `a_b` is `a-b`; values are exact. `#` or `;` after white space starts
//! a comment, unless the value is quoted; inside quotes the quote itself is doubled. `%` means nothing.

use std::{collections::BTreeMap, fmt};

/// Most bytes of a text that somebody typed or uploaded.
pub const TEXT_LIMIT: usize = 512 * 1024;
/// Most errors that are reported of one file.
const MOST_ERRORS: usize = 1000;

/// What is wrong on a line of a file, and what would be right.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{file}:{line}: {message}")]
pub struct SpecError {
    /// File as the operator named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The errors of one file.
#[derive(Debug)]
pub(super) struct Errors {
    file: String,
    list: Vec<SpecError>,
}

impl Errors {
    /// No errors of `file` yet.
    pub(super) fn new(file: &str) -> Self {
        Errors { file: file.to_owned(), list: Vec::new() }
    }

    /// Adds what is wrong on `line`; after [`MOST_ERRORS`] nothing more is kept, and that is said.
    pub(super) fn add(&mut self, line: usize, message: impl fmt::Display) {
        if self.list.len() < MOST_ERRORS {
            self.list.push(SpecError { file: self.file.clone(), line, message: message.to_string() });
        } else if self.list.len() == MOST_ERRORS {
            let message = "there are more mistakes than are shown; mend these first".to_owned();
            self.list.push(SpecError { file: self.file.clone(), line: usize::MAX, message });
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// The errors by line, or `value` if there are none.
    pub(super) fn or<T>(self, value: T) -> Result<T, Vec<SpecError>> {
        if self.list.is_empty() { Ok(value) } else { Err(self.sorted()) }
    }

    /// The errors by line.
    pub(super) fn sorted(mut self) -> Vec<SpecError> {
        self.list.sort_by_key(|error| error.line);
        // What is said of the file as a whole stands last, on the line of the last mistake.
        if let [.., before, last] = self.list.as_mut_slice()
            && last.line == usize::MAX
        {
            last.line = before.line;
        }
        self.list
    }
}

/// A section with its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name, exact; empty when it cannot be read.
    pub name: String,
    /// Line of its head.
    pub line: usize,
    /// Entries in the order of the file.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Key in lower case with `-` for `_`.
    pub key: String,
    /// Key as it was written.
    pub given: String,
    /// Value without its quotes.
    pub value: String,
    /// Line.
    pub line: usize,
}

/// Reads the sections of a text of at most `limit` bytes.
///
/// # Errors
/// All errors of syntax at once: no section, a line that is nothing, a name that is given twice, a
/// quote that is left open, control characters, a text that is too long or not UTF-8.
pub fn parse(file: &str, text: &[u8], limit: usize) -> Result<Vec<Section>, Vec<SpecError>> {
    let mut errors = Errors::new(file);
    let sections = sections(text, limit, &mut errors);
    errors.or(sections)
}

/// Reads the sections as far as they can be read; what is wrong goes to `errors`.
pub(super) fn sections(bytes: &[u8], limit: usize, errors: &mut Errors) -> Vec<Section> {
    if limit < bytes.len() {
        errors.add(1, format!("longer than {limit} bytes; split the file"));
        return Vec::new();
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        errors.add(1, "the file is UTF-16; save it as UTF-8");
        return Vec::new();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader { errors, sections: Vec::new(), heads: BTreeMap::new(), keys: BTreeMap::new() };
    for (index, line) in lines(bytes).enumerate() {
        match str::from_utf8(line) {
            Ok(line) => reader.line(index + 1, line),
            Err(_) => reader.errors.add(index + 1, "not UTF-8; save the file as UTF-8"),
        }
    }
    reader.sections
}

/// The lines of a text, each ended by `\n`, `\r\n` or `\r`.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            return rest.take();
        };
        let (line, ending) = text.split_at_checked(end)?;
        rest = ending.strip_prefix(b"\r\n").or_else(|| ending.get(1..));
        Some(line)
    })
}

/// What was read so far.
struct Reader<'a> {
    errors: &'a mut Errors,
    sections: Vec<Section>,
    /// Lines of section names.
    heads: BTreeMap<String, usize>,
    /// Lines of the keys of the section that is being read.
    keys: BTreeMap<String, usize>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &str) {
        if line.contains(|character: char| character.is_control() && character != '\t') {
            return self.errors.add(number, "a control character; remove it");
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return;
        }
        match line.strip_prefix('[') {
            Some(head) => self.head(number, head),
            None => self.entry(number, line),
        }
    }

    fn head(&mut self, number: usize, head: &str) {
        self.keys.clear();
        let name = match head.split_once(']') {
            Some((name, rest)) if is_blank(rest) && !name.trim().is_empty() => name.trim(),
            Some((_, rest)) if is_blank(rest) => {
                self.errors.add(number, "a section without a name; write it as [name]");
                ""
            }
            _ => {
                self.errors.add(number, "a section that does not end well; write it as [name]");
                ""
            }
        };
        if let Some(first) = self.heads.get(name).filter(|_| !name.is_empty()) {
            let message =
                format!("section [{name}] stands in line {first} already; join the two or rename one");
            self.errors.add(number, message);
        }
        self.heads.entry(name.to_owned()).or_insert(number);
        self.sections.push(Section { name: name.to_owned(), line: number, entries: Vec::new() });
    }

    fn entry(&mut self, number: usize, line: &str) {
        let Some((given, value)) = line.split_once('=') else {
            return self.errors.add(number, "neither a [section] nor key = value; `#` starts a comment");
        };
        let given = given.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if given.is_empty() || !given.bytes().all(plain) {
            let message =
                format!("{given:?} is no key: letters, digits, `-`, `_` and `.`, before the first `=`");
            return self.errors.add(number, message);
        }
        let value = match value_of(value) {
            Ok(value) => value,
            Err(message) => return self.errors.add(number, format!("{given}: {message}")),
        };
        let key = key_of(given);
        let Some(section) = self.sections.last_mut() else {
            return self.errors.add(number, format!("{given} stands before any [section]; move it into one"));
        };
        if let Some(first) = self.keys.get(&key) {
            let message = format!("{given} stands in line {first} already; remove one of the two");
            return self.errors.add(number, message);
        }
        self.keys.insert(key.clone(), number);
        section.entries.push(Entry { key, given: given.to_owned(), value, line: number });
    }
}

/// A key as keys are compared: lower case, `-` for `_`.
pub fn key_of(given: &str) -> String {
    given.to_ascii_lowercase().replace('_', "-")
}

fn is_blank(rest: &str) -> bool {
    let trimmed = rest.trim_start();
    trimmed.is_empty() || (trimmed.len() < rest.len() && trimmed.starts_with(['#', ';']))
}

/// The value after `=`, without comment and quotes.
fn value_of(text: &str) -> Result<String, &'static str> {
    let trimmed = text.trim();
    match trimmed.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(trimmed, quote),
        _ => {
            let mut after_space = false;
            let end = text.char_indices().find_map(|(at, character)| {
                let comment = after_space && matches!(character, '#' | ';');
                after_space = character.is_whitespace();
                comment.then_some(at)
            });
            Ok(end.and_then(|end| text.get(..end)).unwrap_or(text).trim().to_owned())
        }
    }
}

fn quoted(text: &str, quote: char) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut characters = text.chars();
    characters.next();
    loop {
        match characters.next() {
            Some(character) if character != quote => value.push(character),
            Some(_) if characters.as_str().starts_with(quote) => {
                characters.next();
                value.push(quote);
            }
            Some(_) if is_blank(characters.as_str()) => return Ok(value),
            Some(_) => return Err("text after the closing quote; double a quote that is part of the value"),
            None => return Err("the quote is not closed; close it, or put the value in the other quotes"),
        }
    }
}

/// `value` as it has to be written to be read as it is; `None`: no line can hold it.
pub fn written(value: &str) -> Option<String> {
    if value.contains(|character: char| character.is_control() && character != '\t') {
        return None;
    }
    let plain = value.trim() == value && !value.is_empty() && !value.contains(['#', ';', '"', '\'']);
    Some(if plain { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\"\"")) })
}
