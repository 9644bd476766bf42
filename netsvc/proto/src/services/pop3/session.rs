//! A connection after its login: the mails as they were then, and what is done to them (RFC 1939 §5).

use super::{argument, capability::capabilities};
use crate::{
    dovecot::Dovecot,
    mailbox::{Flags, INBOX, Shared},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use std::{fmt::Write, sync::Arc};

/// Bad commands that end a connection.
const BAD: u32 = 20;

/// A mail as the session found it.
#[derive(Debug)]
struct Found {
    uid: u32,
    content: Arc<[u8]>,
    deleted: bool,
}

/// Who has logged in.
pub(super) struct Session {
    dovecot: Dovecot,
    mailbox: Shared,
    validity: u32,
    mails: Vec<Found>,
    bad: u32,
}

impl Session {
    /// `user` has logged in.
    pub(super) fn new(dovecot: &Dovecot, user: &[u8]) -> Self {
        let mailbox = dovecot.mailbox(user);
        let mut validity = 0;
        let mut mails = Vec::new();
        if let Some(inbox) = mailbox.lock().folders.get(INBOX) {
            validity = inbox.validity;
            mails.extend(inbox.mails.iter().map(|mail| Found {
                uid: mail.uid,
                content: mail.content.clone(),
                deleted: false,
            }));
        }
        Session { dovecot: dovecot.clone(), mailbox, validity, mails, bad: 0 }
    }

    pub(super) fn command(&mut self, line: &[u8], out: &mut Out) {
        let (verb, argument) = argument::split(line);
        let name = String::from_utf8_lossy(verb).to_ascii_uppercase();
        let argument = String::from_utf8_lossy(argument).trim_start_matches(' ').to_owned();
        let answer = match name.as_str() {
            "CAPA" => Ok(capabilities(&self.dovecot, true, false)),
            "STAT" => Ok(self.stat()),
            "LIST" => self.list(&argument, true, &|text, found| {
                // Writing into a string cannot fail.
                let _ = write!(text, "{}", found.content.len());
            }),
            "UIDL" => self.list(&argument, false, &|text, found| {
                let _ = write!(text, "{:08x}{:08x}", found.uid, self.validity);
            }),
            "RETR" => self.retrieve(&argument, out),
            "TOP" => self.top(&argument, out),
            "DELE" => self.delete(&argument),
            "RSET" => {
                self.mails.iter_mut().for_each(|found| found.deleted = false);
                Ok("+OK\r\n".to_owned())
            }
            "NOOP" => Ok("+OK\r\n".to_owned()),
            "QUIT" => Ok(self.quit()),
            _ => return self.unknown(line, &name, out),
        };
        out.record(Kind::Command, vec![(field::COMMAND, line.to_vec())]);
        match answer {
            Ok(text) => {
                self.bad = 0;
                out.send(text);
            }
            Err(text) => self.refuse(&text, out),
        }
        if name == "QUIT" {
            out.close();
        }
    }

    fn unknown(&mut self, line: &[u8], name: &str, out: &mut Out) {
        out.record(
            Kind::UnknownCommand,
            vec![(field::COMMAND, line.to_vec()), (field::NAME, name.as_bytes().to_vec())],
        );
        let shown =
            if name.is_empty() { "Unknown command.".to_owned() } else { format!("Unknown command: {name}") };
        self.refuse(&shown, out);
    }

    fn refuse(&mut self, text: &str, out: &mut Out) {
        out.send(format!("-ERR {text}\r\n"));
        self.bad += 1;
        if BAD < self.bad {
            out.send("-ERR Too many bad commands.\r\n");
            out.close();
        }
    }

    fn there(&self) -> impl Iterator<Item = (usize, &Found)> {
        (1..).zip(&self.mails).filter(|(_, found)| !found.deleted)
    }

    fn stat(&self) -> String {
        let (count, size) =
            self.there().fold((0, 0), |(count, size), (_, found)| (count + 1, size + found.content.len()));
        format!("+OK {count} {size}\r\n")
    }

    /// What `tell` writes of one mail or of all.
    fn list(
        &self,
        argument: &str,
        counted: bool,
        tell: &dyn Fn(&mut String, &Found),
    ) -> Result<String, String> {
        let mut text = String::with_capacity(64 + self.mails.len() * 24);
        if !argument.is_empty() {
            let (number, _) = argument::message(argument, false)?;
            let _ = write!(text, "+OK {number} ");
            tell(&mut text, self.found(number)?);
            text.push_str("\r\n");
            return Ok(text);
        }
        text.push_str("+OK");
        if counted {
            let _ = write!(text, " {} messages:", self.there().count());
        }
        text.push_str("\r\n");
        for (number, found) in self.there() {
            let _ = write!(text, "{number} ");
            tell(&mut text, found);
            text.push_str("\r\n");
        }
        text.push_str(".\r\n");
        Ok(text)
    }

    fn found(&self, number: u32) -> Result<&Found, String> {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let found = at.and_then(|at| self.mails.get(at));
        match found {
            None => Err(format!("There's no message {number}.")),
            Some(found) if found.deleted => Err("Message is deleted.".to_owned()),
            Some(found) => Ok(found),
        }
    }

    fn retrieve(&self, argument: &str, out: &mut Out) -> Result<String, String> {
        let (number, _) = argument::message(argument, false)?;
        let found = self.found(number)?;
        self.tell(found, out);
        if let Some(inbox) = self.mailbox.lock().folders.get_mut(INBOX)
            && let Some(mail) = inbox.mail(found.uid)
        {
            let (flags, keywords) = (mail.flags.with(Flags::SEEN), mail.keywords.clone());
            inbox.set_flags(found.uid, flags, keywords);
        }
        out.send(format!("+OK {} octets\r\n", found.content.len()));
        out.send(stuffed(&found.content));
        Ok(String::new())
    }

    fn top(&self, argument: &str, out: &mut Out) -> Result<String, String> {
        let (number, rest) = argument::message(argument, true)?;
        let found = self.found(number)?;
        let (lines, rest) = argument::read(rest, "size")?;
        if !rest.is_empty() {
            return Err(format!("Noise after size: {rest}"));
        }
        self.tell(found, out);
        out.send("+OK\r\n");
        out.send(stuffed(top(&found.content, lines as usize)));
        Ok(String::new())
    }

    /// Writes down what is read.
    fn tell(&self, found: &Found, out: &mut Out) {
        let fields = vec![
            (field::PATH, format!("{INBOX}/{}", found.uid).into_bytes()),
            (field::SUBJECT, crate::mailbox::subject(&found.content)),
        ];
        out.record(Kind::FileRead, fields);
    }

    fn delete(&mut self, argument: &str) -> Result<String, String> {
        let (number, _) = argument::message(argument, false)?;
        self.found(number)?;
        let at = usize::try_from(number).unwrap_or_default().saturating_sub(1);
        if let Some(found) = self.mails.get_mut(at) {
            found.deleted = true;
        }
        Ok("+OK Marked to be deleted.\r\n".to_owned())
    }

    fn quit(&self) -> String {
        let gone: Vec<u32> = self.mails.iter().filter(|found| found.deleted).map(|found| found.uid).collect();
        if gone.is_empty() {
            return "+OK Logging out.\r\n".to_owned();
        }
        if let Some(inbox) = self.mailbox.lock().folders.get_mut(INBOX) {
            inbox.expunge(|mail| gone.binary_search(&mail.uid).is_ok());
        }
        "+OK Logging out, messages deleted.\r\n".to_owned()
    }
}

/// The header, the empty line and so many lines of the body.
fn top(content: &[u8], lines: usize) -> &[u8] {
    let body = content.windows(4).position(|window| window == b"\r\n\r\n").map_or(content.len(), |at| at + 4);
    let ends =
        content.iter().enumerate().skip(body).filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let end = if lines == 0 { Some(body) } else { ends.clone().nth(lines - 1) };
    content.get(..end.unwrap_or(content.len())).unwrap_or(content)
}

/// `content` with a dot before each line that begins with one, and the dot that ends it (RFC 1939 §3).
fn stuffed(content: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len() + 16);
    for line in content.split_inclusive(|&byte| byte == b'\n') {
        if line.first() == Some(&b'.') {
            text.push(b'.');
        }
        text.extend_from_slice(line);
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b".\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_dots_do_not_end_a_mail() {
        assert_eq!(stuffed(b"a: b\r\n\r\n.\r\n..x\r\ny"), b"a: b\r\n\r\n..\r\n...x\r\ny\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
    }

    #[test]
    fn the_top_of_a_mail_is_its_header_and_so_many_lines() {
        let mail = b"a: b\r\n\r\none\r\ntwo\r\n";
        assert_eq!(top(mail, 0), b"a: b\r\n\r\n");
        assert_eq!(top(mail, 1), b"a: b\r\n\r\none\r\n");
        assert_eq!(top(mail, 9), mail);
        assert_eq!(top(b"a: b", 0), b"a: b");
    }
}
