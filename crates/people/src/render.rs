//! Mails as they are sent: header and body (RFC 5322, RFC 2045, RFC 2047), with what they quote.

use crate::{
    clock,
    thread::{Draft, Thread},
    words,
    world::World,
};
use decnet_model::{
    people::{Language, Person},
    record::LetterRow,
};
use std::fmt::Write;

/// Longest line of a text, in characters.
const WIDTH: usize = 72;
/// Most lines that are quoted.
const QUOTED: usize = 40;
/// Most bytes of an encoded word between its marks (RFC 2047 §2).
const WORD: usize = 45;

/// The mails of `thread` as they are stored; `origin` says what wrote their words.
pub(crate) fn letters(world: &World, thread: &Thread, origin: &str) -> Vec<LetterRow> {
    let mut bodies: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for draft in &thread.drafts {
        let people = &world.pool.people;
        let (Some(writer), Some(reader)) = (people.get(draft.from), people.get(draft.to)) else { continue };
        let mail = Mail { world, thread, draft, writer, reader };
        let body = mail.body(&bodies);
        let subject = mail.subject();
        rows.push(LetterRow {
            id: draft.id.clone(),
            thread: thread.drafts.first().map(|first| first.id.clone()).unwrap_or_default(),
            domain: world.pool.domain.clone(),
            sender: writer.account.clone(),
            recipients: draft
                .copies
                .iter()
                .filter(|copy| !copy.sent)
                .map(|copy| copy.account.as_str())
                .collect::<Vec<_>>()
                .join(","),
            content: mail.written(&subject, &body),
            subject,
            language: thread.language.name().to_owned(),
            origin: origin.to_owned(),
            at: draft.at,
            copies: serde_json::to_string(&draft.copies).unwrap_or_default(),
        });
        bodies.push(body);
    }
    rows
}

struct Mail<'a> {
    world: &'a World,
    thread: &'a Thread,
    draft: &'a Draft,
    writer: &'a Person,
    reader: &'a Person,
}

/// Whether somebody writes with Outlook; others do with Thunderbird. The same for all his mails.
fn outlook(person: &Person) -> bool {
    person.account.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 5 < 3
}

impl Mail<'_> {
    fn language(&self) -> Language {
        self.thread.language
    }

    fn address(&self, person: &Person) -> String {
        format!("{}@{}", person.mail, self.world.pool.domain)
    }

    fn message_id(&self, draft: &Draft) -> String {
        let (first, second) = draft.id.split_at_checked(8).unwrap_or((&draft.id, ""));
        format!("<{first}.{second}@{}>", self.world.pool.domain)
    }

    /// The mails before it that it goes back to, the first of the thread first.
    fn before(&self) -> Vec<&Draft> {
        let mut chain = Vec::new();
        let mut place = self.draft.answers;
        while let Some(draft) = place.and_then(|place| self.thread.drafts.get(place)) {
            // Each answers one before it, so this ends.
            place = draft.answers.filter(|before| Some(*before) < place);
            chain.push(draft);
        }
        chain.reverse();
        chain
    }

    fn subject(&self) -> String {
        if self.draft.answers.is_none() {
            return self.thread.subject.clone();
        }
        let prefix = words::prefix(self.language(), outlook(self.writer), self.draft.forwards);
        format!("{prefix}{}", self.thread.subject)
    }

    /// What it says, with what it quotes of `bodies`, those of the mails before it.
    fn body(&self, bodies: &[String]) -> String {
        let own = words::letter(self.language(), self.writer, &self.reader.given, &self.draft.text);
        let own = own.lines().map(wrapped).collect::<Vec<_>>().join("\n");
        let quoted =
            self.draft.answers.and_then(|place| Some((self.thread.drafts.get(place)?, bodies.get(place)?)));
        match quoted {
            Some((draft, body)) => format!("{own}\n\n{}", self.quotation(draft, body)),
            None => format!("{own}\n"),
        }
    }

    fn quotation(&self, draft: &Draft, body: &str) -> String {
        let people = &self.world.pool.people;
        let (from, to) = (people.get(draft.from), people.get(draft.to));
        let at = clock::civil(draft.at, self.world.pool.zone_minutes);
        let full = |person: Option<&Person>| person.map(Person::full).unwrap_or_default();
        let lines = body.trim_end().lines().take(QUOTED);
        if !outlook(self.writer) {
            let quote = |line: &str| match line {
                "" => ">".to_owned(),
                line if line.starts_with('>') => format!(">{line}"),
                line => format!("> {line}"),
            };
            let quoted = lines.map(quote).collect::<Vec<_>>().join("\n");
            return format!("{}\n{quoted}\n", words::wrote(self.language(), &full(from), at));
        }
        let [author, sent, receiver, about] = words::heads(self.language());
        let address = from.map(|from| self.address(from)).unwrap_or_default();
        let subject = &self.thread.subject;
        format!(
            "________________________________\n{author} {} <{address}>\n{sent} {}\n{receiver} {}\n\
             {about} {subject}\n\n{}\n",
            full(from),
            words::long(self.language(), at),
            full(to),
            lines.collect::<Vec<_>>().join("\n"),
        )
    }

    /// The whole mail, with LF.
    fn written(&self, subject: &str, body: &str) -> String {
        let date = words::date(clock::civil(self.draft.at, self.world.pool.zone_minutes));
        let named = |person: &Person| format!("{} <{}>", person.full(), self.address(person));
        let mut text = format!(
            "Message-ID: {}\nDate: {date}\nFrom: {}\nTo: {}\n",
            self.message_id(self.draft),
            named(self.writer),
            named(self.reader),
        );
        // Writing into a string cannot fail.
        if let Some(copy) = self.draft.copy.and_then(|copy| self.world.pool.people.get(copy)) {
            let _ = writeln!(text, "Cc: {}", named(copy));
        }
        let _ = writeln!(text, "Subject: {}", encoded(subject));
        let before = self.before();
        if let Some(last) = before.last() {
            let all: Vec<String> = before.iter().map(|draft| self.message_id(draft)).collect();
            let _ =
                writeln!(text, "In-Reply-To: {}\nReferences: {}", self.message_id(last), all.join("\n\t"));
        }
        text.push_str(if outlook(self.writer) {
            "X-Mailer: Microsoft Outlook 16.0\n"
        } else {
            "User-Agent: Mozilla Thunderbird\n"
        });
        text.push_str("MIME-Version: 1.0\n");
        if body.is_ascii() {
            text.push_str("Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n");
            text.push_str(body);
        } else {
            text.push_str(
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n",
            );
            text.push_str(&quoted_printable(body));
        }
        text
    }
}

/// A line of a text, broken at spaces; indented and quoted lines stay as they are.
fn wrapped(line: &str) -> String {
    if line.starts_with([' ', '>']) {
        return line.to_owned();
    }
    let (mut text, mut width) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && WIDTH < width + 1 + length {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text
}

/// A subject as it stands in a header: encoded words where it is not ASCII (RFC 2047 §4.2).
fn encoded(subject: &str) -> String {
    if subject.is_ascii() {
        return subject.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in subject.chars() {
        let mut bytes = [0; 4];
        let piece: String = match letter {
            ' ' => "_".to_owned(),
            plain if plain.is_ascii_alphanumeric() || "-.,:/()".contains(plain) => plain.to_string(),
            other => other.encode_utf8(&mut bytes).bytes().map(|byte| format!("={byte:02X}")).collect(),
        };
        match words.last_mut().filter(|word| word.len() + piece.len() <= WORD) {
            Some(word) => word.push_str(&piece),
            None => words.push(piece),
        }
    }
    words.iter().map(|word| format!("=?UTF-8?Q?{word}?=")).collect::<Vec<_>>().join("\n ")
}

/// `text` as RFC 2045 §6.7 has it, in lines of at most 76 letters.
fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for line in text.lines() {
        let (mut width, last) = (0, line.len());
        for (at, byte) in line.bytes().enumerate() {
            let blank_at_end = matches!(byte, b' ' | b'\t') && at + 1 == last;
            let plain = (b' '..=b'~').contains(&byte) && byte != b'=' && !blank_at_end;
            let needs = if plain { 1 } else { 3 };
            if 75 < width + needs {
                out.push_str("=\n");
                width = 0;
            }
            if plain {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "={byte:02X}");
            }
            width += needs;
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_mail_can_carry_them() {
        assert_eq!(encoded("plain: 1"), "plain: 1");
        assert_eq!(encoded("AW: Pr\u{fc}fung, ja"), "=?UTF-8?Q?AW:_Pr=C3=BCfung,_ja?=");
        let long = encoded(&"\u{e9}".repeat(30));
        assert!(long.lines().all(|line| line.trim().len() <= 75) && long.lines().count() > 3, "{long}");
        assert_eq!(quoted_printable("a=b \n\u{e9}\n"), "a=3Db=20\n=C3=A9\n");
        let broken = quoted_printable(&"x".repeat(200));
        assert!(
            broken.lines().all(|line| line.len() <= 76) && broken.matches("=\n").count() == 2,
            "{broken}"
        );
        assert_eq!(wrapped("  a  b"), "  a  b");
        assert!(wrapped(&"word ".repeat(60)).lines().all(|line| line.len() <= WIDTH));
    }
}
