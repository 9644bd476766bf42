//! Commands on the mails of the selected folder.

use super::{
    argument::Argument,
    change::{self, Store},
    fetch::{self, Wanted},
    folders::FULL,
    listing,
    search::{Refusal, Search},
    selected::Selected,
    sequence::{self, Sequence},
};
use crate::{
    dovecot::Dovecot,
    mailbox::{self, Shared},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use std::collections::VecDeque;

/// Most mails of one FETCH that are written down one by one.
const TOLD: u32 = 50;

/// A command that is being run.
pub(super) struct Command<'a> {
    pub(super) tag: &'a str,
    pub(super) name: String,
    pub(super) uid: bool,
    pub(super) arguments: &'a [Argument],
}

/// What is said at the end; what is wrong, which without `NO` is about the arguments.
pub(super) type Answer = Result<String, String>;

/// A FETCH that is being answered.
pub(super) struct Answering {
    tag: String,
    wanted: Wanted,
    left: VecDeque<(u32, u32)>,
    told: u32,
}

/// A peer's mailbox and the folder of it that is selected.
pub(super) struct Mails {
    pub(super) dovecot: Dovecot,
    pub(super) mailbox: Shared,
    pub(super) selected: Option<Selected>,
    pub(super) answering: Option<Answering>,
}

impl Mails {
    /// Mails in a set: sequence numbers and uids.
    fn listed(&self, command: &Command<'_>) -> Result<Vec<(u32, u32)>, String> {
        let invalid = || format!("Invalid {}messageset", if command.uid { "UID " } else { "" });
        let text = command.arguments.first().and_then(Argument::text).ok_or("Invalid arguments")?;
        let set = Sequence::read(&text).ok_or_else(invalid)?;
        let Some(selected) = &self.selected else { return Err("BAD No mailbox selected".to_owned()) };
        let all = (1..).zip(selected.uids.iter().copied());
        let mut listed = Vec::with_capacity(selected.uids.len());
        if command.uid {
            let last = selected.uids.last().copied().unwrap_or_default();
            listed.extend(all.filter(|(_, uid)| set.has(*uid, last)));
            return Ok(listed);
        }
        if !set.is_within(selected.last()) {
            return Err(invalid());
        }
        listed.extend(all.filter(|(number, _)| set.has(*number, selected.last())));
        Ok(listed)
    }

    /// Begins to answer a FETCH.
    pub(super) fn fetch(&mut self, command: &Command<'_>) -> Result<(), String> {
        let wanted = match command.arguments.get(1..) {
            None | Some([]) => return Err("Invalid arguments".to_owned()),
            Some(rest) => Wanted::read(rest, command.uid)?,
        };
        let left = self.listed(command)?.into();
        self.answering = Some(Answering { tag: command.tag.to_owned(), wanted, left, told: 0 });
        Ok(())
    }

    /// Answers a FETCH as far as there is room; its tag when that is over.
    pub(super) fn go_on(&mut self, out: &mut Out) -> Option<String> {
        let mut answering = self.answering.take()?;
        let zone = self.dovecot.host.persona().zone.offset_minutes;
        while let Some((number, uid)) = answering.left.pop_front() {
            let Some(selected) = &mut self.selected else { break };
            let mut mailbox = self.mailbox.lock();
            let Some(folder) = selected.folder(&mut mailbox) else { break };
            let up_to_date = selected.is_up_to(folder);
            let read = answering.wanted.reads() && !selected.read_only && fetch::mark_read(folder, uid);
            if up_to_date {
                selected.caught_up(folder);
            }
            let Some(mail) = folder.mail(uid) else { continue };
            if answering.wanted.has_text() && answering.told < TOLD {
                answering.told += 1;
                let fields = vec![
                    (field::PATH, format!("{}/{uid}", selected.name).into_bytes()),
                    (field::SUBJECT, mailbox::subject(&mail.content)),
                ];
                out.record(Kind::FileRead, fields);
            }
            out.send(answering.wanted.answer(selected, number, mail, read, zone));
            if out.full() && !answering.left.is_empty() {
                drop(mailbox);
                self.answering = Some(answering);
                return None;
            }
        }
        Some(answering.tag)
    }

    pub(super) fn store(&mut self, command: &Command<'_>, out: &mut Out) -> Answer {
        if command.arguments.len() < 2 {
            return Err("Invalid arguments".to_owned());
        }
        let mails = self.listed(command)?;
        let store = Store::read(command.arguments.get(1..).unwrap_or_default())?;
        let Some(selected) = &mut self.selected else { return Err("BAD No mailbox selected".to_owned()) };
        if selected.read_only {
            return Ok("OK Store ignored with read-only mailbox".to_owned());
        }
        let mut mailbox = self.mailbox.lock();
        let Some(folder) = selected.folder(&mut mailbox) else { return Ok("OK Store completed".to_owned()) };
        let (up_to_date, before) = (selected.is_up_to(folder), folder.changed);
        let uids: Vec<u32> = mails.iter().map(|(_, uid)| *uid).collect();
        store.apply(folder, &uids);
        out.send(selected.new_keywords(folder));
        for (number, uid) in mails.iter().filter(|_| !store.silent) {
            let Some(mail) = folder.mail(*uid).filter(|mail| before < mail.changed) else { continue };
            let told = if command.uid { format!("UID {uid} ") } else { String::new() };
            out.send(format!("* {number} FETCH ({told}FLAGS {})\r\n", selected.flags(mail)));
        }
        if up_to_date {
            selected.caught_up(folder);
        }
        Ok("OK Store completed".to_owned())
    }

    pub(super) fn search(&self, command: &Command<'_>, out: &mut Out) -> Answer {
        let mut rest = command.arguments;
        let word = |rest: &[Argument], at: usize| rest.get(at).and_then(Argument::keyword);
        let mut returned = None;
        if let (Some("RETURN"), Some(Argument::List(list))) = (word(rest, 0).as_deref(), rest.get(1)) {
            let words: Vec<String> = list.iter().filter_map(Argument::keyword).collect();
            if words.iter().any(|word| !["MIN", "MAX", "ALL", "COUNT"].contains(&word.as_str())) {
                return Err("Unknown SEARCH return option".to_owned());
            }
            returned = Some(if words.is_empty() { vec!["ALL".to_owned()] } else { words });
            rest = rest.get(2..).unwrap_or_default();
        }
        if word(rest, 0).as_deref() == Some("CHARSET") {
            let charset = rest.get(1).and_then(Argument::text).unwrap_or_default().to_ascii_uppercase();
            if !["UTF-8", "US-ASCII", "ISO-8859-1"].contains(&charset.as_str()) {
                return Err("NO [BADCHARSET] Unknown charset".to_owned());
            }
            rest = rest.get(2..).unwrap_or_default();
        }
        let search = Search::read(rest).map_err(|refusal| match refusal {
            Refusal::Bad(text) => text,
            Refusal::No(text) => format!("NO {text}"),
        })?;
        let (clock, zone) = (self.dovecot.host.clock(), self.dovecot.host.persona().zone.offset_minutes);
        let Some(selected) = &self.selected else { return Err("BAD No mailbox selected".to_owned()) };
        let mut mailbox = self.mailbox.lock();
        let mut found = Vec::new();
        if let Some(folder) = selected.folder(&mut mailbox) {
            for (number, uid) in (1..).zip(&selected.uids) {
                let Some(mail) = folder.mail(*uid) else { continue };
                if search.finds(selected, number, mail, clock, zone) {
                    found.push(if command.uid { *uid } else { number });
                }
            }
        }
        out.send(results(command, &found, returned.as_deref()));
        Ok("OK Search completed".to_owned())
    }

    pub(super) fn copy(&self, command: &Command<'_>, out: &mut Out) -> Answer {
        let Some(to) = command.arguments.get(1).and_then(Argument::text) else {
            return Err("Missing arguments".to_owned());
        };
        let to = listing::canonical(&to);
        let moves = command.name == "MOVE";
        let mails = self.listed(command)?;
        let uids: Vec<u32> = mails.into_iter().map(|(_, uid)| uid).collect();
        let now = self.dovecot.host.clock();
        let Some(selected) = &self.selected else { return Err("BAD No mailbox selected".to_owned()) };
        let mut mailbox = self.mailbox.lock();
        if !mailbox.folders.contains_key(&to) {
            return Err(format!("NO [TRYCREATE] Mailbox doesn't exist: {to}"));
        }
        let copied = change::copy(&mut mailbox, selected, &uids, &to, now).map_err(|_| FULL.to_owned())?;
        if copied.count == 0 {
            return Ok("OK No messages found".to_owned());
        }
        if !moves {
            return Ok(format!("OK {} Copy completed", copied.code));
        }
        if !selected.read_only
            && let Some(folder) = selected.folder(&mut mailbox)
        {
            folder.expunge(|mail| uids.binary_search(&mail.uid).is_ok());
        }
        out.send(format!("* OK {} Moved UIDs.\r\n", copied.code));
        Ok("OK Move completed".to_owned())
    }

    pub(super) fn expunge(&self, command: &Command<'_>) -> Answer {
        let only = match (command.uid, command.arguments.is_empty()) {
            (true, true) => return Err("Missing arguments".to_owned()),
            (true, false) => Some(self.listed(command)?),
            (false, _) => None,
        };
        let Some(selected) = self.selected.as_ref().filter(|selected| !selected.read_only) else {
            return Ok("OK Expunge completed".to_owned());
        };
        if let Some(folder) = selected.folder(&mut self.mailbox.lock()) {
            let named =
                |uid: u32| only.as_ref().is_none_or(|only| only.iter().any(|(_, known)| *known == uid));
            folder.expunge(|mail| mail.flags.has(mailbox::Flags::DELETED) && named(mail.uid));
        }
        Ok("OK Expunge completed".to_owned())
    }
}

/// The untagged answer to a search.
fn results(command: &Command<'_>, found: &[u32], returned: Option<&[String]>) -> String {
    let Some(returned) = returned else {
        let numbers: String = found.iter().map(|number| format!(" {number}")).collect();
        return format!("* SEARCH{numbers}\r\n");
    };
    let wants = |word: &str| returned.iter().any(|wanted| wanted == word);
    let mut told = format!("* ESEARCH (TAG \"{}\")", command.tag);
    if command.uid {
        told.push_str(" UID");
    }
    let ends = [("MIN", found.first()), ("MAX", found.last())];
    for (word, number) in ends.iter().filter(|(word, _)| wants(word)) {
        told.extend(number.map(|number| format!(" {word} {number}")));
    }
    if wants("ALL") && !found.is_empty() {
        told += &format!(" ALL {}", sequence::written(found));
    }
    if wants("COUNT") {
        told += &format!(" COUNT {}", found.len());
    }
    told + "\r\n"
}
