//! SEARCH (RFC 3501 §6.4.4): criteria, read into steps that need no recursion.

use super::{argument::Argument, part, selected::Selected, sequence::Sequence};
use crate::mailbox::{Flags, Mail};

/// Most criteria of one search.
const CRITERIA: usize = 500;
/// Most of them that look into texts.
const TEXTS: usize = 16;

/// A criterion.
#[derive(Clone, Debug)]
enum Key {
    All,
    Has(Flags),
    HasNot(Flags),
    Recent,
    Old,
    New,
    Keyword(String, bool),
    Numbers(Sequence),
    Uids(Sequence),
    Larger(usize),
    Smaller(usize),
    /// Days since the epoch of when it came: from this one, before the other.
    Came(i64, i64),
    /// The same of the date in its header.
    Sent(i64, i64),
    Younger(i64),
    Older(i64),
    /// A field of the header has this, in lower case.
    Field(String, Vec<u8>),
    Body(Vec<u8>),
    Text(Vec<u8>),
}

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Not,
    Or,
    And(usize),
}

/// What waits for criteria.
enum Frame {
    Not,
    Or(u8),
    And(usize),
}

/// A search, as steps over a stack.
#[derive(Clone, Debug)]
pub(super) struct Search(Vec<Step>);

/// Why a search is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// BAD with this.
    Bad(String),
    /// NO with this.
    No(&'static str),
}

impl Search {
    /// Reads criteria.
    ///
    /// # Errors
    /// What Dovecot says.
    pub(super) fn read(arguments: &[Argument]) -> Result<Self, Refusal> {
        let bad = |text: &str| Refusal::Bad(text.to_owned());
        if arguments.is_empty() {
            return Err(bad("Missing search parameters"));
        }
        let mut steps = Vec::new();
        let mut frames = vec![Frame::And(0)];
        // Lists are taken apart as they are met: what is left of each waits here.
        let mut waiting: Vec<&[Argument]> = vec![arguments];
        let mut texts = 0;
        while let Some(rest) = waiting.last_mut() {
            let Some((first, tail)) = rest.split_first() else {
                waiting.pop();
                match frames.pop() {
                    Some(Frame::And(count)) if !waiting.is_empty() => {
                        steps.push(Step::And(count));
                        close(&mut frames, &mut steps);
                    }
                    Some(Frame::And(count)) => steps.push(Step::And(count)),
                    _ => return Err(bad("Missing argument")),
                }
                continue;
            };
            *rest = tail;
            if CRITERIA < steps.len() + frames.len() {
                return Err(Refusal::No("[LIMIT] Too many search criteria"));
            }
            if let Some(list) = first.list() {
                frames.push(Frame::And(0));
                waiting.push(list);
                continue;
            }
            let word = first.text().unwrap_or_default().to_ascii_uppercase();
            match word.as_str() {
                "NOT" => frames.push(Frame::Not),
                "OR" => frames.push(Frame::Or(2)),
                _ => {
                    let key = key(&word, rest)?;
                    texts += usize::from(matches!(key, Key::Field(..) | Key::Body(_) | Key::Text(_)));
                    if TEXTS < texts {
                        return Err(Refusal::No("[LIMIT] Too many search criteria"));
                    }
                    steps.push(Step::Key(key));
                    close(&mut frames, &mut steps);
                }
            }
        }
        Ok(Search(steps))
    }

    /// Whether `mail`, the `number`th of `selected`, is found.
    pub(super) fn finds(&self, selected: &Selected, number: u32, mail: &Mail, clock: i64, zone: i32) -> bool {
        let mut stack: Vec<bool> = Vec::new();
        for step in &self.0 {
            let found = match step {
                Step::Key(key) => is(key, selected, number, mail, clock, zone),
                Step::Not => !stack.pop().unwrap_or_default(),
                Step::Or => {
                    let (one, other) = (stack.pop().unwrap_or_default(), stack.pop().unwrap_or_default());
                    one || other
                }
                Step::And(count) => {
                    let rest = stack.split_off(stack.len().saturating_sub(*count));
                    rest.into_iter().all(|found| found)
                }
            };
            stack.push(found);
        }
        stack.pop().unwrap_or_default()
    }
}

/// A criterion is complete: so may be what waited for it.
fn close(frames: &mut Vec<Frame>, steps: &mut Vec<Step>) {
    while let Some(frame) = frames.last_mut() {
        match frame {
            Frame::Not => steps.push(Step::Not),
            Frame::Or(1) => steps.push(Step::Or),
            Frame::Or(left) => {
                *left -= 1;
                return;
            }
            Frame::And(count) => {
                *count += 1;
                return;
            }
        }
        frames.pop();
    }
}

fn bad(text: &str) -> Refusal {
    Refusal::Bad(text.to_owned())
}

fn key(word: &str, rest: &mut &[Argument]) -> Result<Key, Refusal> {
    if let Some(key) = bare(word) {
        return Ok(key);
    }
    if word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '*') {
        let set = Sequence::read(word).ok_or_else(|| bad("Invalid messageset"))?;
        return Ok(Key::Numbers(set));
    }
    if !VALUED.contains(&word) {
        return Err(Refusal::Bad(format!("Unknown argument {word}")));
    }
    let mut next = || {
        let missing = || Refusal::Bad(format!("Missing parameter for search key (for search key: {word})"));
        let (first, tail) = rest.split_first().ok_or_else(missing)?;
        *rest = tail;
        first.bytes().map(<[u8]>::to_vec).ok_or_else(missing)
    };
    let value = next()?;
    if word == "HEADER" {
        let name = String::from_utf8_lossy(&value).to_ascii_lowercase();
        return Ok(Key::Field(name, next()?.to_ascii_lowercase()));
    }
    valued(word, &value)
}

/// A criterion of one word.
fn bare(word: &str) -> Option<Key> {
    let flag = |name: &str| {
        Flags::NAMES
            .into_iter()
            .find(|(known, _)| known.get(1..).is_some_and(|known| known.eq_ignore_ascii_case(name)))
    };
    if let Some((_, flag)) = flag(word) {
        return Some(Key::Has(flag));
    }
    if let Some((_, flag)) = word.strip_prefix("UN").and_then(flag) {
        return Some(Key::HasNot(flag));
    }
    Some(match word {
        "ALL" => Key::All,
        "RECENT" => Key::Recent,
        "OLD" => Key::Old,
        "NEW" => Key::New,
        _ => return None,
    })
}

/// Criteria that have a value.
const VALUED: [&str; 21] = [
    "KEYWORD",
    "UNKEYWORD",
    "UID",
    "LARGER",
    "SMALLER",
    "SINCE",
    "BEFORE",
    "ON",
    "SENTSINCE",
    "SENTBEFORE",
    "SENTON",
    "YOUNGER",
    "OLDER",
    "HEADER",
    "FROM",
    "TO",
    "CC",
    "BCC",
    "SUBJECT",
    "BODY",
    "TEXT",
];

fn valued(word: &str, value: &[u8]) -> Result<Key, Refusal> {
    let text = String::from_utf8_lossy(value).into_owned();
    let size = || text.parse::<usize>().map_err(|_| bad("Invalid search size parameter"));
    let interval =
        || text.parse::<u32>().map(i64::from).map_err(|_| bad("Invalid search interval parameter"));
    let day = || day_of(&text).ok_or_else(|| bad("Invalid search date parameter"));
    let lower = value.to_ascii_lowercase();
    Ok(match word {
        "KEYWORD" => Key::Keyword(text, true),
        "UNKEYWORD" => Key::Keyword(text, false),
        "UID" => Key::Uids(Sequence::read(&text).ok_or_else(|| bad("Invalid UID messageset"))?),
        "LARGER" => Key::Larger(size()?),
        "SMALLER" => Key::Smaller(size()?),
        "SINCE" => Key::Came(day()?, i64::MAX),
        "BEFORE" => Key::Came(i64::MIN, day()?),
        "ON" => Key::Came(day()?, day()? + 1),
        "SENTSINCE" => Key::Sent(day()?, i64::MAX),
        "SENTBEFORE" => Key::Sent(i64::MIN, day()?),
        "SENTON" => Key::Sent(day()?, day()? + 1),
        "YOUNGER" => Key::Younger(interval()?),
        "OLDER" => Key::Older(interval()?),
        "BODY" => Key::Body(lower),
        "TEXT" => Key::Text(lower),
        field => Key::Field(field.to_ascii_lowercase(), lower),
    })
}

fn is(key: &Key, selected: &Selected, number: u32, mail: &Mail, clock: i64, zone: i32) -> bool {
    let age = (clock - mail.received) / 1_000_000;
    let header = || {
        let end = mail
            .content
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map_or(mail.content.len(), |at| at + 2);
        mail.content.split_at_checked(end).unwrap_or((mail.content.as_ref(), &[]))
    };
    match key {
        Key::All => true,
        Key::Has(flag) => mail.flags.has(*flag),
        Key::HasNot(flag) => !mail.flags.has(*flag),
        Key::Recent => selected.is_recent(mail.uid),
        Key::Old => !selected.is_recent(mail.uid),
        Key::New => selected.is_recent(mail.uid) && !mail.flags.has(Flags::SEEN),
        Key::Keyword(name, set) => mail.keywords.iter().any(|known| known.eq_ignore_ascii_case(name)) == *set,
        Key::Numbers(set) => set.has(number, selected.last()),
        Key::Uids(set) => set.has(mail.uid, selected.uids.last().copied().unwrap_or_default()),
        Key::Larger(size) => *size < mail.content.len(),
        Key::Smaller(size) => mail.content.len() < *size,
        Key::Came(from, to) => (*from..*to).contains(&local_day(mail.received, zone)),
        Key::Sent(from, to) => {
            let sent = part::field(header().0, "Date").and_then(|text| day_of_field(&text));
            // A mail without a date was sent before all dates.
            (*from..*to).contains(&sent.unwrap_or_default())
        }
        Key::Younger(seconds) => age <= *seconds,
        Key::Older(seconds) => *seconds <= age,
        Key::Field(name, text) => part::fields(header().0)
            .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .any(|(_, value)| has(&unfolded(value), text)),
        Key::Body(text) => has(header().1, text),
        Key::Text(text) => has(&mail.content, text),
    }
}

fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().filter(|byte| !b"\r\n".contains(byte)).copied().collect()
}

/// Whether `wanted`, in lower case, stands somewhere in `text`; in time that grows with the two and no more.
fn has(text: &[u8], wanted: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    String::from_utf8_lossy(&text).contains(String::from_utf8_lossy(wanted).as_ref())
}

fn local_day(micros: i64, zone: i32) -> i64 {
    (micros / 1_000_000 + i64::from(zone) * 60).div_euclid(86_400)
}

/// `6-Mar-2024` as days since the epoch.
pub(super) fn day_of(text: &str) -> Option<i64> {
    let mut words = text.split('-');
    day(words.next()?, words.next()?, words.next()?)
}

/// The day of a Date field (RFC 5322 §3.3) where it was written.
fn day_of_field(value: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(value);
    let text = text.split_once(',').map_or(text.as_ref(), |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    day(words.next()?, words.next()?, words.next()?)
}

fn day(day: &str, month: &str, year: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
    let month = time::Month::try_from(u8::try_from(month + 1).ok()?).ok()?;
    let date =
        time::Date::from_calendar_date(year.trim().parse().ok()?, month, day.trim().parse().ok()?).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp().div_euclid(86_400))
}
