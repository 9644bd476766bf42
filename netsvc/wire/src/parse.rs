//! Line → record. Reads what [`crate::Encoder`] writes and what a syslog relay may have made of it
//! (another SD-ID before or after ours, a message at the end, an offset instead of `Z`).

use crate::{MAX_LINE, Record, escape::unprintable, stamp};

/// Why a line is not an event line. `offset` is a byte position in the line.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason} at byte {offset}")]
pub struct Malformed {
    /// Where in the line.
    pub offset: usize,
    /// What was expected there.
    pub reason: &'static str,
}

/// Parses one line, with or without its newline.
///
/// # Errors
/// [`Malformed`] with the place and what was expected.
pub fn parse(line: &[u8]) -> Result<Record, Malformed> {
    if line.len() > MAX_LINE {
        return Err(Malformed { offset: MAX_LINE, reason: "line too long" });
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let text = std::str::from_utf8(line)
        .map_err(|error| Malformed { offset: error.valid_up_to(), reason: "not UTF-8" })?;
    let mut cursor = Cursor { text, at: 0 };
    let priority = priority(&mut cursor)?;
    let at = stamp::parse(cursor.word("timestamp")?)
        .ok_or(Malformed { offset: cursor.at, reason: "bad timestamp" })?;
    let node = cursor.word("HOSTNAME")?.to_owned();
    let app = cursor.word("APP-NAME")?.to_owned();
    cursor.word("PROCID")?;
    let kind = cursor.word("MSGID")?.to_owned();
    elements(
        &mut cursor,
        Record { at, priority, node, app, kind, writer: crate::WriterId(0), number: 0, fields: Vec::new() },
    )
}

fn priority(cursor: &mut Cursor<'_>) -> Result<u8, Malformed> {
    cursor.expect("<", "no PRI")?;
    let digits = cursor.until('>', "no PRI")?;
    let priority: u8 = digits.parse().map_err(|_| cursor.malformed("bad PRI"))?;
    if priority > 191 {
        return Err(cursor.malformed("bad PRI"));
    }
    cursor.expect("1 ", "not version 1")?;
    Ok(priority)
}

/// Reads the elements and keeps the parameters of the one that has `w` and `n` first.
fn elements(cursor: &mut Cursor<'_>, mut record: Record) -> Result<Record, Malformed> {
    let mut found = false;
    while cursor.eat("[") {
        let parameters = element(cursor)?;
        if found {
            continue;
        }
        let mut parameters = parameters.into_iter();
        let (Some((first, writer)), Some((second, number))) = (parameters.next(), parameters.next()) else {
            continue;
        };
        if first != "w" || second != "n" {
            continue;
        }
        record.writer = ascii(&writer).parse().map_err(|()| cursor.malformed("bad writer id"))?;
        record.number = ascii(&number).parse().map_err(|_| cursor.malformed("bad line number"))?;
        record.fields = parameters.collect();
        found = true;
    }
    if found { Ok(record) } else { Err(cursor.malformed("no element with w and n")) }
}

fn ascii(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

fn element(cursor: &mut Cursor<'_>) -> Result<Vec<(String, Vec<u8>)>, Malformed> {
    cursor.name("no SD-ID")?;
    let mut parameters = Vec::new();
    loop {
        if cursor.eat("]") {
            return Ok(parameters);
        }
        cursor.expect(" ", "expected a space or ]")?;
        let name = cursor.name("no parameter name")?.to_owned();
        cursor.expect("=\"", "expected =\"")?;
        let value = cursor.value()?;
        parameters.push((name, value));
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
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

    fn word(&mut self, reason: &'static str) -> Result<&'a str, Malformed> {
        let word = self.until(' ', reason)?;
        if word.is_empty() { Err(self.malformed(reason)) } else { Ok(word) }
    }

    fn name(&mut self, reason: &'static str) -> Result<&'a str, Malformed> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"'))
            .count();
        if !(1..=48).contains(&length) {
            return Err(self.malformed(reason));
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Reads a parameter value up to its closing quote and undoes both layers of escaping.
    fn value(&mut self) -> Result<Vec<u8>, Malformed> {
        let rest = self.rest();
        let mut plain = String::new();
        let mut characters = rest.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += index + 1;
                    return unprintable(&plain).ok_or_else(|| self.malformed("broken escape in value"));
                }
                ']' => return Err(self.malformed("bare ] in value")),
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\' | ']'))) => plain.push(escaped),
                    // RFC 5424 §6.3.3: a backslash before any other character stands for itself.
                    Some((_, other)) => plain.extend(['\\', other]),
                    None => return Err(self.malformed("value without end")),
                },
                other => plain.push(other),
            }
        }
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

    #[test]
    fn broken_lines_say_where() {
        for (line, reason) in [
            ("", "no PRI"),
            ("<999>1 - - - - - -", "bad PRI"),
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
