//! The folder that a session has selected, as far as it was told of it.

use crate::mailbox::{Flags, Folder, Mail, Mailbox};
use std::{collections::BTreeSet, fmt::Write};

/// A selected folder.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) name: String,
    pub(super) read_only: bool,
    /// UIDVALIDITY that it had: another folder may get its name.
    validity: u32,
    /// Numbers of the mails by sequence number.
    pub(super) uids: Vec<u32>,
    /// Mails that are new to this session.
    recent: BTreeSet<u32>,
    /// The last change that was told.
    changed: u64,
    /// Keywords that were told.
    keywords: usize,
}

/// Flags of `folder` in the words of `\* FLAGS` and PERMANENTFLAGS.
pub(super) fn flags_told(folder: &Folder, read_only: bool) -> String {
    let mut names: Vec<&str> = Flags::NAMES.iter().map(|(name, _)| *name).collect();
    names.extend(folder.keywords.iter().map(String::as_str));
    let all = names.join(" ");
    let permanent = if read_only {
        "()] Read-only mailbox.".to_owned()
    } else {
        format!("({all} \\*)] Flags permitted.")
    };
    format!("* FLAGS ({all})\r\n* OK [PERMANENTFLAGS {permanent}\r\n")
}

impl Selected {
    /// Selects `name`, which is in `mailbox`; what is told of it.
    pub(super) fn new(mailbox: &mut Mailbox, name: &str, read_only: bool) -> Option<(Self, String)> {
        let folder = mailbox.folders.get_mut(name)?;
        let recent: BTreeSet<u32> =
            folder.mails.iter().filter(|mail| mail.recent).map(|mail| mail.uid).collect();
        if !read_only {
            folder.mails.iter_mut().for_each(|mail| mail.recent = false);
        }
        let mut told = flags_told(folder, read_only);
        // Writing into a string cannot fail.
        let _ = write!(told, "* {} EXISTS\r\n* {} RECENT\r\n", folder.mails.len(), recent.len());
        let unseen = folder.mails.iter().position(|mail| !mail.flags.has(Flags::SEEN));
        if let Some(at) = unseen {
            let _ = write!(told, "* OK [UNSEEN {}] First unseen.\r\n", at + 1);
        }
        let _ = write!(
            told,
            "* OK [UIDVALIDITY {}] UIDs valid\r\n* OK [UIDNEXT {}] Predicted next UID\r\n",
            folder.validity, folder.next
        );
        let selected = Selected {
            name: name.to_owned(),
            read_only,
            validity: folder.validity,
            uids: folder.mails.iter().map(|mail| mail.uid).collect(),
            recent,
            changed: folder.changed,
            keywords: folder.keywords.len(),
        };
        Some((selected, told))
    }

    /// Its folder; `None` when it is gone.
    pub(super) fn folder<'a>(&self, mailbox: &'a mut Mailbox) -> Option<&'a mut Folder> {
        mailbox.folders.get_mut(&self.name).filter(|folder| folder.validity == self.validity)
    }

    /// Sequence number of the last mail.
    pub(super) fn last(&self) -> u32 {
        u32::try_from(self.uids.len()).unwrap_or(u32::MAX)
    }

    /// Flags of a mail as answers have them.
    pub(super) fn flags(&self, mail: &Mail) -> String {
        let mut names: Vec<&str> =
            Flags::NAMES.iter().filter(|(_, flag)| mail.flags.has(*flag)).map(|(name, _)| *name).collect();
        if self.is_recent(mail.uid) {
            names.push("\\Recent");
        }
        names.extend(mail.keywords.iter().map(String::as_str));
        format!("({})", names.join(" "))
    }

    /// Whether a mail is new to this session.
    pub(super) fn is_recent(&self, uid: u32) -> bool {
        self.recent.contains(&uid)
    }

    /// Whether keywords are there that were not told; they are told before flags that have them.
    pub(super) fn new_keywords(&mut self, folder: &Folder) -> String {
        if folder.keywords.len() == self.keywords {
            return String::new();
        }
        self.keywords = folder.keywords.len();
        flags_told(folder, self.read_only)
    }

    /// Whether all changes so far were told.
    pub(super) fn is_up_to(&self, folder: &Folder) -> bool {
        self.changed == folder.changed
    }

    /// All changes up to now are known.
    pub(super) fn caught_up(&mut self, folder: &Folder) {
        self.changed = folder.changed;
    }

    /// What has changed since it was last told: mails that went, that came, and flags.
    pub(super) fn news(&mut self, mailbox: &mut Mailbox) -> Option<String> {
        let folder = self.folder(mailbox)?;
        let mut told = self.new_keywords(folder);
        let old = self.changed;
        self.caught_up(folder);
        if old == folder.changed {
            return Some(told);
        }
        let gone: Vec<usize> =
            (0..).zip(&self.uids).filter(|(_, uid)| folder.mail(**uid).is_none()).map(|(at, _)| at).collect();
        let (recents, count) = (self.recent.len(), self.uids.len());
        for at in gone.iter().rev() {
            let _ = write!(told, "* {} EXPUNGE\r\n", at + 1);
        }
        self.uids.retain(|uid| folder.mail(*uid).is_some());
        self.recent.retain(|uid| folder.mail(*uid).is_some());
        let last = self.uids.last().copied().unwrap_or_default();
        let known = self.uids.len();
        for mail in folder.mails.iter_mut().filter(|mail| last < mail.uid) {
            self.uids.push(mail.uid);
            if mail.recent {
                self.recent.insert(mail.uid);
                mail.recent = self.read_only;
            }
        }
        if known < self.uids.len() || count < self.uids.len() {
            let _ = write!(told, "* {} EXISTS\r\n", self.uids.len());
        }
        if recents != self.recent.len() || known < self.uids.len() {
            let _ = write!(told, "* {} RECENT\r\n", self.recent.len());
        }
        for (at, uid) in (1..).zip(self.uids.iter().take(known)) {
            if let Some(mail) = folder.mail(*uid).filter(|mail| old < mail.changed) {
                let _ = write!(told, "* {at} FETCH (FLAGS {})\r\n", self.flags(mail));
            }
        }
        Some(told)
    }
}
