//! A connection after its login: what a command does, and in which state.

use super::{
    append::{self, Letter},
    argument::{self, Argument, split},
    change, folders, listing,
    mails::{Answer, Command, Mails},
    reader::Piece,
    selected::Selected,
    sequence,
};
use crate::{dovecot::Dovecot, mailbox};
use netsvc_kit::{Action, Out};
use netsvc_wire::{Kind, field};

/// What can be done (RFC 3501 §6.1.1).
pub(super) const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE MULTIAPPEND UNSELECT CHILDREN \
                                       NAMESPACE UIDPLUS LIST-EXTENDED ESEARCH WITHIN LIST-STATUS MOVE STATUS=SIZE \
                                       SAVEDATE LITERAL+ SPECIAL-USE";
/// Bad commands that end a connection.
const BAD: u32 = 20;
const UNSELECTED: &str = "BAD No mailbox selected";

/// Who has logged in.
pub(super) struct Session {
    mails: Mails,
    /// The tag of an IDLE.
    idle: Option<String>,
    bad: u32,
    commands: u32,
}

impl Session {
    /// `user` has logged in.
    pub(super) fn new(dovecot: &Dovecot, user: &[u8]) -> Self {
        let mails = Mails {
            mailbox: dovecot.mailbox(user),
            dovecot: dovecot.clone(),
            selected: None,
            answering: None,
        };
        Session { mails, idle: None, bad: 0, commands: 0 }
    }

    pub(super) fn is_idling(&self) -> bool {
        self.idle.is_some()
    }

    pub(super) fn is_answering(&self) -> bool {
        self.mails.answering.is_some()
    }

    /// The end of an answer: Dovecot says how long it took.
    fn done(&mut self, tag: &str, text: &str, out: &mut Out) {
        self.commands = self.commands.wrapping_add(1);
        if text.starts_with("BAD ") {
            self.bad += 1;
            if BAD < self.bad {
                out.send("* BYE Too many invalid IMAP commands.\r\n");
                return out.close();
            }
        } else {
            self.bad = 0;
        }
        let time = 1 + (self.commands * 7 + u32::try_from(text.len()).unwrap_or_default()) % 3;
        out.send(format!("{tag} {text} (0.00{time} + 0.000 secs).\r\n"));
    }

    /// A line while idling.
    pub(super) fn end_idle(&mut self, line: &[u8], out: &mut Out) {
        let Some(tag) = self.idle.take() else { return };
        self.tell_news(out);
        let done = line.eq_ignore_ascii_case(b"DONE");
        self.done(&tag, if done { "OK Idle completed" } else { "BAD Expected DONE" }, out);
    }

    /// Answers a FETCH as far as there is room.
    pub(super) fn go_on(&mut self, out: &mut Out) {
        if let Some(tag) = self.mails.go_on(out) {
            self.done(&tag, "OK Fetch completed", out);
        }
    }

    pub(super) fn bad_literal(&mut self, tag: &str, rest: &[u8], out: &mut Out) {
        let name = String::from_utf8_lossy(split(rest).0).to_ascii_uppercase();
        self.done(tag, &format!("BAD Error in IMAP command {name}: Invalid literal size"), out);
    }

    /// Why a literal of this size that a command asks for is not taken.
    pub(super) fn refusal(&mut self, pieces: &[Piece], size: usize) -> Option<String> {
        let Some(Piece::Text(line)) = pieces.first() else { return None };
        let (tag, rest) = split(line);
        let (verb, words) = split(rest);
        if !verb.eq_ignore_ascii_case(b"APPEND") {
            return None;
        }
        let arguments = argument::read(pieces, line.len() - words.len());
        let checked = match &arguments {
            // A list that is open now is closed behind the literal.
            Err(error) => Err(format!("BAD Error in IMAP command APPEND: {error}")),
            Ok(arguments) if arguments.is_empty() => return None,
            Ok(arguments) => self.letters(arguments, true).map(|_| ()),
        };
        let refused = match checked {
            Err(text) => text,
            Ok(()) if size == 0 => "NO Can't save a zero byte message".to_owned(),
            Ok(()) => return None,
        };
        let mut out = Out::default();
        self.done(&String::from_utf8_lossy(tag), &refused, &mut out);
        Some(
            out.take()
                .into_iter()
                .filter_map(|action| match action {
                    Action::Send(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                    _ => None,
                })
                .collect(),
        )
    }

    pub(super) fn command(&mut self, pieces: &[Piece], out: &mut Out) {
        let Some(Piece::Text(line)) = pieces.first() else { return };
        let (tag, rest) = split(line);
        if !argument::is_tag(tag) {
            out.record(Kind::UnknownCommand, vec![(field::COMMAND, line.clone())]);
            return self.done("*", "BAD Error in IMAP tag: Invalid tag", out);
        }
        let tag = String::from_utf8_lossy(tag).into_owned();
        let (mut verb, mut words) = split(rest);
        let uid = verb.eq_ignore_ascii_case(b"UID");
        if uid {
            (verb, words) = split(words);
        }
        if verb.is_empty() {
            out.record(Kind::UnknownCommand, vec![(field::COMMAND, rest.to_vec())]);
            return self.done(&tag, "BAD Error in IMAP command: Invalid command name", out);
        }
        let name = String::from_utf8_lossy(verb).to_ascii_uppercase();
        let start = line.len() - words.len();
        let known = is_known(&name, uid);
        let kind = if known { Kind::Command } else { Kind::UnknownCommand };
        out.record(kind, vec![(field::COMMAND, rest.to_vec()), (field::NAME, name.clone().into_bytes())]);
        let shown = if uid { format!("UID {name}") } else { name.clone() };
        if !known {
            return self.done(&tag, &format!("BAD Error in IMAP command {shown}: Unknown command"), out);
        }
        if self.plain(&tag, &name, out) {
            return;
        }
        match argument::read(pieces, start) {
            Err(error) => self.done(&tag, &format!("BAD Error in IMAP command {shown}: {error}"), out),
            Ok(arguments) => self.run(&Command { tag: &tag, name, uid, arguments: &arguments }, &shown, out),
        }
    }

    /// Runs a command that takes no arguments; whether it is one.
    fn plain(&mut self, tag: &str, name: &str, out: &mut Out) -> bool {
        let text = match name {
            "CAPABILITY" => {
                out.send(format!("* CAPABILITY {CAPABILITIES}\r\n"));
                "OK Capability completed"
            }
            "NOOP" => "OK NOOP completed",
            "ID" => {
                out.send("* ID (\"name\" \"Dovecot\")\r\n");
                "OK ID completed"
            }
            "NAMESPACE" => {
                out.send("* NAMESPACE ((\"\" \".\")) NIL NIL\r\n");
                "OK Namespace completed"
            }
            "ENABLE" => "OK Enabled",
            "IDLE" => {
                out.send("+ idling\r\n");
                self.idle = Some(tag.to_owned());
                return true;
            }
            "LOGOUT" => {
                out.send("* BYE Logging out\r\n");
                self.done(tag, "OK Logout completed", out);
                out.close();
                return true;
            }
            "CHECK" | "CLOSE" | "UNSELECT" if self.mails.selected.is_none() => UNSELECTED,
            "CHECK" => "OK Check completed",
            "CLOSE" => {
                self.close();
                "OK Close completed"
            }
            "UNSELECT" => {
                self.mails.selected = None;
                "OK Unselect completed"
            }
            _ => return false,
        };
        self.tell_news(out);
        self.done(tag, text, out);
        true
    }

    /// Takes the deleted mails out and selects nothing.
    fn close(&mut self) {
        if let Some(selected) = self.mails.selected.take().filter(|selected| !selected.read_only)
            && let Some(folder) = selected.folder(&mut self.mails.mailbox.lock())
        {
            folder.expunge(|mail| mail.flags.has(mailbox::Flags::DELETED));
        }
    }

    fn tell_news(&mut self, out: &mut Out) {
        let Some(selected) = &mut self.mails.selected else { return };
        if let Some(told) = selected.news(&mut self.mails.mailbox.lock()) {
            return out.send(told);
        }
        out.send("* BYE Selected mailbox was deleted, have to disconnect.\r\n");
        out.close();
    }

    fn run(&mut self, command: &Command<'_>, shown: &str, out: &mut Out) {
        let needs =
            matches!(command.name.as_str(), "FETCH" | "STORE" | "SEARCH" | "COPY" | "MOVE" | "EXPUNGE");
        if needs && self.mails.selected.is_none() {
            return self.done(command.tag, UNSELECTED, out);
        }
        let answer = match command.name.as_str() {
            "SELECT" | "EXAMINE" => self.select(command, out),
            "LIST" | "XLIST" | "LSUB" => {
                let said = listing::list(&self.mails.mailbox.lock(), &command.name, command.arguments);
                said.map(|said| {
                    out.send(said);
                    let verb = if command.name == "LSUB" { "Lsub" } else { "List" };
                    format!("OK {verb} completed")
                })
            }
            "STATUS" => self.status(command, out),
            "CREATE" | "DELETE" | "RENAME" | "SUBSCRIBE" | "UNSUBSCRIBE" => {
                folders::change(&mut self.mails.mailbox.lock(), &command.name, command.arguments)
            }
            "APPEND" => self.append(command, out),
            "FETCH" => match self.mails.fetch(command) {
                Ok(()) => return self.go_on(out),
                Err(error) => Err(error),
            },
            "STORE" => self.mails.store(command, out),
            "SEARCH" => self.mails.search(command, out),
            "COPY" | "MOVE" => self.mails.copy(command, out),
            _ => self.mails.expunge(command),
        };
        let text = match answer {
            Ok(text) => text,
            Err(error) if error.starts_with("BAD ") || error.starts_with("NO ") => error,
            Err(error) => format!("BAD Error in IMAP command {shown}: {error}"),
        };
        if !out.closing()
            && !matches!(command.name.as_str(), "SEARCH" | "STORE" | "DELETE" | "SELECT" | "EXAMINE")
        {
            self.tell_news(out);
        }
        if !out.closing() {
            self.done(command.tag, &text, out);
        }
    }

    fn select(&mut self, command: &Command<'_>, out: &mut Out) -> Answer {
        let name = command.arguments.first().and_then(Argument::text).ok_or("Invalid arguments")?;
        let name = listing::canonical(&name);
        let read_only = command.name == "EXAMINE";
        if self.mails.selected.take().is_some() {
            out.send("* OK [CLOSED] Previous mailbox closed.\r\n");
        }
        let found = Selected::new(&mut self.mails.mailbox.lock(), &name, read_only);
        let (selected, told) = found.ok_or_else(|| format!("NO Mailbox doesn't exist: {name}"))?;
        self.mails.selected = Some(selected);
        out.send(told);
        Ok(if read_only { "OK [READ-ONLY] Examine completed" } else { "OK [READ-WRITE] Select completed" }
            .to_owned())
    }

    fn status(&self, command: &Command<'_>, out: &mut Out) -> Answer {
        let [name, list, ..] = command.arguments else { return Err("Missing arguments".to_owned()) };
        let (Some(name), Some(list)) = (name.text(), list.list()) else {
            return Err("Invalid arguments".to_owned());
        };
        if list.is_empty() {
            return Err("Empty status list".to_owned());
        }
        let items: Vec<String> = list.iter().filter_map(Argument::keyword).collect();
        if let Some(odd) = items.iter().find(|item| !listing::ITEMS.contains(&item.as_str())) {
            return Err(format!("Invalid status item {odd}"));
        }
        let name = listing::canonical(&name);
        let mailbox = self.mails.mailbox.lock();
        if !mailbox.folders.contains_key(&name) {
            return Err(format!("NO Mailbox doesn't exist: {name}"));
        }
        out.send(listing::status(&mailbox, &name, &items));
        Ok("OK Status completed".to_owned())
    }

    /// The mails of an APPEND, whose folder is there.
    fn letters(&self, arguments: &[Argument], pending: bool) -> Result<(String, Vec<Letter>), String> {
        let bad = |text: String| format!("BAD Error in IMAP command APPEND: {text}");
        let (first, rest) = arguments.split_first().ok_or_else(|| bad("Missing arguments".to_owned()))?;
        let name = listing::canonical(&first.text().ok_or_else(|| bad("Invalid arguments".to_owned()))?);
        if rest.is_empty() && !pending {
            return Err(bad("Missing message size".to_owned()));
        }
        let letters = append::read(rest, pending).map_err(bad)?;
        if !self.mails.mailbox.lock().folders.contains_key(&name) {
            return Err(format!("NO [TRYCREATE] Mailbox doesn't exist: {name}"));
        }
        Ok((name, letters))
    }

    fn append(&self, command: &Command<'_>, out: &mut Out) -> Answer {
        let (name, letters) = self.letters(command.arguments, false)?;
        let now = self.mails.dovecot.host.clock();
        let mut uids = Vec::new();
        let mut mailbox = self.mails.mailbox.lock();
        let mut validity = 0;
        for letter in letters {
            let fields = vec![
                (field::PATH, name.clone().into_bytes()),
                (field::SUBJECT, mailbox::subject(&letter.content)),
                (field::ORIGIN, b"mail".to_vec()),
                (field::FORMAT, b"eml".to_vec()),
            ];
            out.capture(Kind::MessageStored, fields, letter.content.clone());
            if letter.content.is_empty() {
                return Err("NO Can't save a zero byte message".to_owned());
            }
            mailbox.reserve(letter.content.len()).map_err(|_| folders::FULL.to_owned())?;
            let Some(folder) = mailbox.folders.get_mut(&name) else { break };
            change::learn(folder, &letter.keywords);
            let keywords = change::known(folder, &letter.keywords);
            let content = mailbox::with_line_ends(&letter.content);
            uids.push(folder.add(
                content.into(),
                letter.received.unwrap_or(now),
                now,
                letter.flags,
                keywords,
            ));
            validity = folder.validity;
        }
        Ok(format!("OK [APPENDUID {validity} {}] Append completed", sequence::written(&uids)))
    }
}

fn is_known(name: &str, uid: bool) -> bool {
    let of_both = ["FETCH", "STORE", "SEARCH", "COPY", "MOVE", "EXPUNGE"].contains(&name);
    let others = [
        "CAPABILITY",
        "NOOP",
        "ID",
        "NAMESPACE",
        "ENABLE",
        "IDLE",
        "LOGOUT",
        "CHECK",
        "CLOSE",
        "UNSELECT",
        "SELECT",
        "EXAMINE",
        "LIST",
        "XLIST",
        "LSUB",
        "STATUS",
        "CREATE",
        "DELETE",
        "RENAME",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "APPEND",
    ];
    of_both || !uid && others.contains(&name)
}
