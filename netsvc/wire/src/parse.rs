//! Line → record. Reads what [`crate::Encoder`] writes and what a syslog relay may have made of it: all
//! that RFC 5424 §6 allows, and nothing that it forbids. Other elements may stand before or after ours and
//! hold what they like, for our own escaping is undone in ours only. What follows the elements (§6.4, MSG)
//! is the relay's, of any bytes.

use crate::{MAX_LINE, Record, WriterId, escape::unprintable, stamp};
use std::collections::BTreeSet;

/// The field that has no value (RFC 5424 §6).
const NIL: &str = "-";

/// Longest SD-ID and parameter name (RFC 5424 §6.3.2, SD-NAME).
const LONGEST_NAME: usize = 32;

/// Why a line is not an event line. `offset` is a byte position in the line.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason} at byte {offset}")]
pub struct Malformed {
    /// Where in the line.
    pub offset: usize,
    /// What was expected there.
    pub reason: &'static str,
}

/// Parses one line, with or without its newline. A line whose time a relay has taken away is of time 0.
///
/// # Errors
/// [`Malformed`] with the place and what was expected.
pub fn parse(line: &[u8]) -> Result<Record, Malformed> {
    if line.len() > MAX_LINE {
        return Err(Malformed { offset: MAX_LINE, reason: "line too long" });
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    // Up to the message a line is UTF-8; the message may be anything.
    let (text, whole) = match std::str::from_utf8(line) {
        Ok(text) => (text, true),
        Err(error) => {
            let valid = line.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), false)
        }
    };
    let mut cursor = Cursor { text, at: 0, whole };
    record(&mut cursor).map_err(|malformed| match malformed.offset >= text.len() && !whole {
        true => Malformed { offset: text.len(), reason: "not UTF-8" },
        false => malformed,
    })
}

fn record(cursor: &mut Cursor<'_>) -> Result<Record, Malformed> {
    let priority = priority(cursor)?;
    let at = match cursor.word(64, "no timestamp")? {
        NIL => 0,
        text => stamp::parse(text).ok_or_else(|| cursor.malformed("bad timestamp"))?,
    };
    // Longest values: RFC 5424 §6.
    let node = cursor.word(255, "bad HOSTNAME")?.to_owned();
    let app = cursor.word(48, "bad APP-NAME")?.to_owned();
    cursor.word(128, "bad PROCID")?;
    let kind = cursor.word(32, "bad MSGID")?.to_owned();
    let ours = elements(cursor)?;
    Ok(Record {
        at,
        priority,
        node,
        app,
        kind,
        writer: ours.writer,
        number: ours.number,
        fields: ours.fields,
    })
}

fn priority(cursor: &mut Cursor<'_>) -> Result<u8, Malformed> {
    cursor.expect("<", "no PRI")?;
    let digits = cursor.until('>', "no PRI")?;
    let bad = cursor.malformed("bad PRI");
    // §6.2.1: one to three digits, without leading zeros.
    let priority = number(digits).filter(|_| digits.len() <= 3).ok_or(bad.clone())?;
    let priority = u8::try_from(priority).ok().filter(|priority| *priority <= 191).ok_or(bad)?;
    cursor.expect("1 ", "not version 1")?;
    Ok(priority)
}

/// A decimal number without sign and leading zeros.
fn number(digits: &str) -> Option<u64> {
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| digits.parse().ok())?
}

/// What our element says.
struct Ours {
    writer: WriterId,
    number: u64,
    fields: Vec<(String, Vec<u8>)>,
}

/// Reads all elements and finds the first that is ours: the one with a writer `w` and a number `n`.
fn elements(cursor: &mut Cursor<'_>) -> Result<Ours, Malformed> {
    let mut ours = Err(cursor.malformed("no element with w and n"));
    let mut names = BTreeSet::new();
    if !cursor.eat(NIL) {
        cursor.expect("[", "no structured data")?;
        loop {
            let (name, parameters) = element(cursor)?;
            if !names.insert(name) {
                return Err(cursor.malformed("an SD-ID twice"));
            }
            if ours.is_err()
                && let Some(found) = own(cursor, &parameters)
            {
                ours = found;
            }
            if !cursor.eat("[") {
                break;
            }
        }
    }
    if !cursor.whole || !cursor.rest().is_empty() {
        cursor.expect(" ", "expected a space or [ after an element")?;
    }
    ours
}

/// What an element says if it has the names of ours; an error if its values are not.
fn own(cursor: &Cursor<'_>, parameters: &[(&str, String)]) -> Option<Result<Ours, Malformed>> {
    let find = |wanted: &str| parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let (writer, line) = (find("w")?, find("n")?);
    Some(ours(writer, line, parameters).map_err(|reason| cursor.malformed(reason)))
}

fn ours(writer: &str, line: &str, parameters: &[(&str, String)]) -> Result<Ours, &'static str> {
    let writer = writer.parse().map_err(|()| "bad writer id")?;
    let number = number(line).ok_or("bad line number")?;
    let mut fields = Vec::with_capacity(parameters.len().saturating_sub(2));
    let mut marks = BTreeSet::from(["w", "n"]);
    for (name, value) in parameters {
        if !marks.remove(name) {
            fields.push(((*name).to_owned(), unprintable(value).ok_or("broken escape in value")?));
        }
    }
    Ok(Ours { writer, number, fields })
}

/// An element after its bracket: its SD-ID and parameters, of which RFC 5424's escaping is undone.
fn element<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Vec<(&'a str, String)>), Malformed> {
    let id = cursor.name("no SD-ID")?;
    let mut parameters = Vec::new();
    loop {
        if cursor.eat("]") {
            return Ok((id, parameters));
        }
        cursor.expect(" ", "expected a space or ]")?;
        let name = cursor.name("no parameter name")?;
        cursor.expect("=\"", "expected =\"")?;
        let value = cursor.value()?;
        parameters.push((name, value));
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Whether nothing comes after the text; bytes that are not UTF-8 do.
    whole: bool,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed { offset: self.at, reason }
    }

    fn eat(&mut self, expected: &str) -> bool {
        let eaten = self.rest().starts_with(expected);
        if eaten {
            self.at += expected.len();
        }
        eaten
    }

    fn expect(&mut self, expected: &str, reason: &'static str) -> Result<(), Malformed> {
        if self.eat(expected) { Ok(()) } else { Err(self.malformed(reason)) }
    }

    fn until(&mut self, end: char, reason: &'static str) -> Result<&'a str, Malformed> {
        let (taken, _) = self.rest().split_once(end).ok_or_else(|| self.malformed(reason))?;
        self.at += taken.len() + end.len_utf8();
        Ok(taken)
    }

    /// A header field of 1 to `longest` characters of PRINTUSASCII, and the space after it.
    fn word(&mut self, longest: usize, reason: &'static str) -> Result<&'a str, Malformed> {
        let start = self.malformed(reason);
        let word = self.until(' ', reason)?;
        let fits = (1..=longest).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(word) } else { Err(start) }
    }

    /// An SD-NAME (§6.3.2).
    fn name(&mut self, reason: &'static str) -> Result<&'a str, Malformed> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"'))
            .count();
        if !(1..=LONGEST_NAME).contains(&length) {
            return Err(self.malformed(reason));
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Reads a parameter value up to its closing quote and undoes RFC 5424's escaping.
    fn value(&mut self) -> Result<String, Malformed> {
        let rest = self.rest();
        let mut plain = String::new();
        let mut characters = rest.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += index + 1;
                    return Ok(plain);
                }
                ']' => {
                    self.at += index;
                    return Err(self.malformed("bare ] in value"));
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\' | ']'))) => plain.push(escaped),
                    // §6.3.3: a backslash before any other character stands for itself.
                    Some((_, other)) => plain.extend(['\\', other]),
                    None => break,
                },
                other => plain.push(other),
            }
        }
        self.at = self.text.len();
        Err(self.malformed("value without end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, Event, Kind, WriterId, field};
    use proptest::prelude::*;

    fn line_of(value: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new("ev@32473".parse().unwrap(), WriterId(0xfeed));
        let event = Event::new(
            1_764_000_000_123_456,
            "web-01".parse().unwrap(),
            "ssh".parse().unwrap(),
            Kind::Command,
        )
        .with(field::SRC_IP, "192.0.2.7")
        .with(field::COMMAND, value);
        let mut out = Vec::new();
        encoder.encode(&event, &mut out).unwrap();
        out
    }

    #[test]
    fn a_line_looks_like_this() {
        assert_eq!(
            String::from_utf8(line_of(b"echo \"a]\"\nb\\")).unwrap(),
            "<132>1 2025-11-24T16:00:00.123456Z web-01 ssh - command \
             [ev@32473 w=\"000000000000feed\" n=\"1\" src_ip=\"192.0.2.7\" \
             command=\"echo \\\"a\\]\\\"\\\\x0ab\\\\\\\\\"]\n"
        );
    }

    #[test]
    fn a_relay_may_add_an_element_and_a_message() {
        let line = String::from_utf8(line_of(b"id")).unwrap();
        let relayed =
            line.replace("command [", "command [origin ip=\"192.0.2.1\"][").replace("]\n", "] text\n");
        assert_eq!(parse(relayed.as_bytes()).unwrap(), parse(line.as_bytes()).unwrap());
    }

    /// A line with `structured` for its elements and what follows them.
    fn relayed(structured: &str) -> String {
        format!("<165>1 2026-11-21T05:23:00Z web-03 ssh - auth_attempt {structured}")
    }

    const OURS: &str = r#"[ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"]"#;

    #[test]
    fn what_a_relay_may_add_costs_no_event() {
        let expected = parse(relayed(OURS).as_bytes()).unwrap();
        assert_eq!((expected.number, expected.fields.len()), (1, 1));
        for added in [
            r#"[ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"][origin path="C:\\Temp\\a"]"#,
            r#"[origin path="C:\\Temp\\a"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"]"#,
            r#"[meta@1 e="\A/W"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"]"#,
            r#"[meta@1 e="a\\\]b\"\]\\"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"]"#,
            r#"[x w="5" n="2"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"] text"#,
            r#"[x w="00000000000000a3" n="2" v="\x"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"]"#,
            r#"[empty][ev@32473 src_ip="192.0.2.7" n="1" w="00000000000000a3"] "#,
            "[ev@32473 w=\"00000000000000a3\" n=\"1\" src_ip=\"192.0.2.7\"] \u{feff}a [message] \\",
            r#"[timeQuality tzKnown="1"][ev@32473 w="00000000000000a3" n="1" src_ip="192.0.2.7"][o ip="::1" ip="::2"]"#,
        ] {
            let line = relayed(added);
            assert_eq!(parse(line.as_bytes()).as_ref(), Ok(&expected), "{line}");
        }
        let mut odd = relayed(&format!("{OURS} ")).into_bytes();
        odd.extend_from_slice(b"message \xff\xfe of any bytes");
        assert_eq!(parse(&odd).as_ref(), Ok(&expected));
    }

    #[test]
    fn header_fields_may_be_nil_and_have_other_values() {
        let record = parse(format!("<0>1 - - - - - {OURS}").as_bytes()).unwrap();
        assert_eq!(
            (record.at, record.priority, record.node.as_str(), record.kind.as_str()),
            (0, 0, "-", "-")
        );
        let line = format!("<191>1 2026-11-21T05:23:00.003+01:00 {} ssh 4711 m {OURS}", "n".repeat(255));
        let record = parse(line.as_bytes()).unwrap();
        assert_eq!((record.priority, record.node.len()), (191, 255));
        assert_eq!(stamp::format(record.at), "2026-11-21T04:23:00.003000Z");
    }

    #[test]
    fn what_rfc_5424_forbids_is_refused() {
        let head = "<165>1 2026-11-21T05:23:00Z";
        for line in [
            format!("<013>1 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("<+13>1 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("<192>1 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("<>1 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("<165>01 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("<165>2 2026-11-21T05:23:00Z a b - c {OURS}"),
            format!("\u{feff}{head} a b - c {OURS}"),
            format!("<165>1 2026-11-21T05:23:60Z a b - c {OURS}"),
            format!("<165>1 2026-11-21t05:23:00z a b - c {OURS}"),
            format!("<165>1 2026-11-21T05:23:00.1234567Z a b - c {OURS}"),
            format!("<165>1 2026-11-21T05:23:00 a b - c {OURS}"),
            format!("{head}  b - c {OURS}"),
            format!("{head} {} b - c {OURS}", "n".repeat(256)),
            format!("{head} a {} - c {OURS}", "n".repeat(49)),
            format!("{head} a b {} c {OURS}", "n".repeat(129)),
            format!("{head} a b - {} {OURS}", "n".repeat(33)),
            format!("{head} grün b - c {OURS}"),
            format!("{head} a b - c [{} a=\"b\"]{OURS}", "x".repeat(33)),
            format!("{head} a b - c [x {}=\"b\"]{OURS}", "a".repeat(33)),
            format!("{head} a b - c [x a=\"]\"]{OURS}"),
            format!("{head} a b - c [x a=b]{OURS}"),
            format!("{head} a b - c [x  a=\"b\"]{OURS}"),
            format!("{head} a b - c [x a=\"b\" ]{OURS}"),
            format!("{head} a b - c []{OURS}"),
            format!("{head} a b - c [x][x]{OURS}"),
            format!("{head} a b - c {OURS}text"),
            format!("{head} a b - c {OURS}\t"),
            format!("{head} a b - c [x] {OURS}"),
            format!("{head} a b - c -{OURS}"),
            format!("{head} a b - c - {OURS}"),
            format!("{head} a b - c text"),
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
        let mut odd = b"<165>1 2026-11-21T05:23:00Z a b - c [x a=\"\xff\"]".to_vec();
        odd.extend_from_slice(OURS.as_bytes());
        assert_eq!(parse(&odd).unwrap_err().reason, "not UTF-8");
    }

    #[test]
    fn broken_lines_say_where() {
        for (line, reason) in [
            ("", "no PRI"),
            ("<999>1 - - - - - -", "bad PRI"),
            ("<134>1 - - - - - -", "no element with w and n"),
            ("<134>1 - - - - - [x w=\"+000000000000001\" n=\"1\"]", "bad writer id"),
            ("<134>1 - - - - - [x w=\"0000000000000001\" n=\"+1\"]", "bad line number"),
            ("<134>1 - - - - - [x w=\"0000000000000001\" n=\"1\" a=\"\\A\"]", "broken escape in value"),
            ("<134>1 2025-13-24T16:00:00Z a b - c -", "bad timestamp"),
            ("<134>1 2025-11-24T16:00:00Z a b - c -", "no element with w and n"),
            ("<134>1 2025-11-24T16:00:00Z a b - c [x w=\"1\" n=\"1\"]", "bad writer id"),
            ("<134>1 2025-11-24T16:00:00Z a b - c [x w=\"0000000000000001\" n=\"1", "value without end"),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap_err().reason, reason, "{line}");
        }
    }

    proptest! {
        #[test]
        fn every_value_survives_and_stays_on_one_line(value: Vec<u8>) {
            let line = line_of(&value);
            prop_assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
            let record = parse(&line).unwrap();
            prop_assert_eq!(record.field("command"), Some(value.as_slice()));
        }

        #[test]
        fn no_bytes_panic(line: Vec<u8>) {
            let _ = parse(&line);
        }

        #[test]
        fn a_cut_line_is_never_taken_for_a_whole_one(value: Vec<u8>, keep in 0_usize..400) {
            let line = line_of(&value);
            prop_assume!(keep < line.len() - 1);
            prop_assert!(parse(&line[..keep]).is_err());
        }
    }
}
