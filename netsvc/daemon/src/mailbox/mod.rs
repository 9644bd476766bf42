//! Mailboxes of a node's accounts: what has come over the last weeks, as the node's key draws it, and what a peer made
//! of it since. Every service that shows mail shows these.
//!
//! A peer has copies of its own, made when it logs in, kept while it is known and bounded.

mod folder;
mod letters;
mod seeded;

pub use folder::{Flags, Folder, Mail};

use netsvc_kit::{Host, Link};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Most mailboxes that are kept; for one more the one that was opened longest ago is forgotten.
const KEPT: usize = 256;
/// Most bytes in all mailboxes that peers changed.
const HELD: usize = 32 << 20;
/// Most bytes in one mailbox.
const HELD_EACH: usize = 2 << 20;
/// Most mails in one mailbox.
const MAILS: usize = 512;
/// Most folders in one mailbox.
const FOLDERS: usize = 100;
/// Longest time that a peer does not see what has come, in µs.
const MINUTE: i64 = 60_000_000;
/// What a mail or a folder takes besides its content.
const OVERHEAD: usize = 256;
/// Name of the folder that mail comes to.
pub const INBOX: &str = "INBOX";

/// A peer's copy of an account's mailbox.
pub type Shared = Arc<Mutex<Mailbox>>;

/// Mailboxes of a process by node, peer and account.
#[derive(Debug, Default)]
struct Mailboxes {
    open: Mutex<Open>,
    held: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Open {
    boxes: BTreeMap<(String, IpAddr, Vec<u8>), (u64, Shared)>,
    opened: u64,
}

/// Folders of one account.
#[derive(Debug)]
pub struct Mailbox {
    /// By name, with `.` between levels.
    pub folders: BTreeMap<String, Folder>,
    /// Names that were subscribed to.
    pub subscribed: BTreeSet<String>,
    /// Identity of the folder that was made last.
    validity: u32,
    /// Until when mails that come by themselves are in it, µs since the epoch by the node's clock.
    looked: i64,
    /// Bytes that are counted in `pool`.
    held: usize,
    pool: Arc<AtomicUsize>,
}

/// There is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mailbox is full")]
pub struct Full;

/// The mailbox of `account` as the peer of `link` left it, with `most` mails at first in its inbox.
pub fn open(host: &Host, link: &Link, account: &[u8], most: Option<usize>) -> Shared {
    let mailboxes = host.node.stage.shared(Mailboxes::default);
    let persona = host.persona();
    let own = letters::Party::account(persona, account);
    let key = (persona.node.clone(), link.source(), own.key(account));
    let now = host.clock();
    let mut open = mailboxes.open.lock();
    open.opened += 1;
    let turn = open.opened;
    if let Some((opened, known)) = open.boxes.get_mut(&key) {
        *opened = turn;
        let known = known.clone();
        drop(open);
        known.lock().refresh(host, &own, now, most);
        return known;
    }
    if KEPT <= open.boxes.len() {
        let oldest = open.boxes.iter().min_by_key(|(_, (opened, _))| *opened).map(|(key, _)| key.clone());
        oldest.and_then(|oldest| open.boxes.remove(&oldest));
    }
    let folders = seeded::folders(persona, &own, &own.posted(host), now, most);
    let validity = folders.values().map(|folder| folder.validity).max().unwrap_or_default();
    let subscribed = folders.keys().filter(|_| most != Some(0)).cloned().collect();
    let pool = mailboxes.held.clone();
    let made = Arc::new(Mutex::new(Mailbox { folders, subscribed, validity, looked: now, held: 0, pool }));
    open.boxes.insert(key, (turn, made.clone()));
    made
}

impl Mailbox {
    /// Adds what has come by itself since it was looked at last.
    fn refresh(&mut self, host: &Host, own: &letters::Party, now: i64, most: Option<usize>) {
        if most == Some(0) || now < self.looked.saturating_add(MINUTE) {
            return;
        }
        let since = std::mem::replace(&mut self.looked, now);
        let all = seeded::since(host.persona(), own, &own.posted(host), since, now, most);
        for (name, fresh) in all {
            for mail in fresh.mails.into_iter().filter(|mail| since < mail.received) {
                // A full mailbox takes nothing.
                if self.reserve(mail.content.len()).is_err() {
                    return;
                }
                let Some(folder) = self.folders.get_mut(&name) else { break };
                folder.next = folder.next.max(mail.uid);
                folder.add(mail.content, mail.received, mail.saved, mail.flags, mail.keywords);
            }
        }
    }

    /// Makes sure that there is room for a mail or a folder of so many `bytes`.
    ///
    /// # Errors
    /// [`Full`] when there is none.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Full> {
        self.reserve_mails(1, bytes)
    }

    /// Takes room for `count` mails of `bytes` in all.
    ///
    /// # Errors
    /// [`Full`] when there is none.
    pub fn reserve_mails(&mut self, count: usize, bytes: usize) -> Result<(), Full> {
        let mails: usize = self.folders.values().map(|folder| folder.mails.len()).sum();
        let texts = self.folders.values().flat_map(|folder| &folder.mails).map(|mail| mail.content.len());
        let held = texts.sum::<usize>() + (mails + self.folders.len()) * OVERHEAD;
        let wanted = held.saturating_add(bytes).saturating_add(count.saturating_mul(OVERHEAD));
        let others = self.pool.load(Ordering::Relaxed).saturating_sub(self.held);
        let full =
            HELD_EACH < wanted || HELD < others.saturating_add(wanted) || MAILS < mails.saturating_add(count);
        let counted = if full { held } else { wanted };
        self.pool.fetch_add(counted, Ordering::Relaxed);
        self.pool.fetch_sub(self.held, Ordering::Relaxed);
        self.held = counted;
        if full { Err(Full) } else { Ok(()) }
    }

    /// Makes the folder `name`.
    ///
    /// # Errors
    /// [`Full`] when there is no room for it.
    pub fn create(&mut self, name: &str) -> Result<(), Full> {
        if FOLDERS <= self.folders.len() {
            return Err(Full);
        }
        self.reserve(name.len())?;
        self.validity = self.validity.saturating_add(1);
        self.folders.insert(name.to_owned(), Folder::new(self.validity));
        Ok(())
    }

    /// Whether there are folders below `name`.
    pub fn has_below(&self, name: &str) -> bool {
        let from = format!("{name}.");
        self.folders.range(from.clone()..).next().is_some_and(|(found, _)| found.starts_with(&from))
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.pool.fetch_sub(self.held, Ordering::Relaxed);
    }
}

/// Puts a mail into the inbox of `mailbox`.
///
/// # Errors
/// [`Full`] when there is no room for it.
pub fn deliver(host: &Host, mailbox: &Shared, mail: &[u8]) -> Result<(), Full> {
    let mut mailbox = mailbox.lock();
    mailbox.reserve(mail.len())?;
    let now = host.clock();
    if let Some(inbox) = mailbox.folders.get_mut(INBOX) {
        inbox.add(with_line_ends(mail).into(), now, now, Flags::default(), Vec::new());
    }
    Ok(())
}

/// `content` with every line ending in CR LF, as mail is sent.
pub fn with_line_ends(content: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(content.len() + content.len() / 32);
    let mut last = 0;
    for &byte in content {
        if byte == b'\n' && last != b'\r' {
            whole.push(b'\r');
        }
        whole.push(byte);
        last = byte;
    }
    whole
}

/// The subject of a mail as it stands in its header, without folds and at most 200 bytes of it.
pub fn subject(content: &[u8]) -> Vec<u8> {
    let mut lines = content.split(|&byte| byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let named = |line: &&[u8]| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"subject:"));
    let Some(first) = lines.by_ref().find(named) else { return Vec::new() };
    let mut subject = first.get(8..).unwrap_or_default().trim_ascii().to_vec();
    for line in lines.take_while(|line| line.starts_with(b" ") || line.starts_with(b"\t")).take(8) {
        subject.push(b' ');
        subject.extend_from_slice(line.trim_ascii());
    }
    subject.truncate(200);
    subject
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, link, persona, stage};

    #[test]
    fn a_peer_fills_its_own_mailbox_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("mail-01"), "imap", &[]);
        let first = open(&host, &link(143), b"root", None);
        let again = open(&host, &link(143), b"root", None);
        assert!(Arc::ptr_eq(&first, &again));
        let mut mailbox = first.lock();
        let names = (0..FOLDERS).map(|number| format!("x{number}"));
        assert!(names.filter(|name| mailbox.create(name).is_ok()).count() < FOLDERS);
        assert_eq!(mailbox.folders.len(), FOLDERS);
        let text: Arc<[u8]> = vec![b'a'; 100_000].into();
        let mut count = 0;
        while mailbox.reserve(text.len()).is_ok() {
            let inbox = mailbox.folders.get_mut(INBOX).unwrap();
            inbox.add(text.clone(), 0, 0, Flags::default(), Vec::new());
            count += 1;
        }
        assert!((15..22).contains(&count), "{count}");
        let taken = mailbox.held;
        drop(mailbox);
        let all = host.node.stage.shared(Mailboxes::default);
        assert_eq!(all.held.load(Ordering::Relaxed), taken);
        for number in 0..=KEPT {
            open(&host, &link(143), number.to_string().as_bytes(), Some(0));
        }
        drop((first, again));
        assert_eq!(all.held.load(Ordering::Relaxed), 0, "what is forgotten takes no room");
        assert_eq!(all.open.lock().boxes.len(), KEPT);
    }

    #[test]
    fn a_subject_is_found_in_the_header_alone() {
        assert_eq!(subject(b"A: b\r\nSUBJECT: one\r\n two\r\nB: c\r\n\r\n"), b"one two");
        assert_eq!(subject(b"A: b\r\n\r\nSubject: x\r\n"), b"");
    }

    #[test]
    fn lines_end_as_they_are_sent() {
        assert_eq!(with_line_ends(b"a\nb\r\nc"), b"a\r\nb\r\nc");
    }
}
