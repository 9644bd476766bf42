//! A folder of mails with their flags (RFC 9051 §2.3).

use std::sync::Arc;

/// System flags of a mail, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Names and bits in the order in which Dovecot lists them.
    pub const NAMES: [(&'static str, Flags); 5] = [
        ("\\Answered", Flags::ANSWERED),
        ("\\Flagged", Flags::FLAGGED),
        ("\\Deleted", Flags::DELETED),
        ("\\Seen", Flags::SEEN),
        ("\\Draft", Flags::DRAFT),
    ];
    pub const ANSWERED: Flags = Flags(1);
    pub const FLAGGED: Flags = Flags(2);
    pub const DELETED: Flags = Flags(4);
    pub const SEEN: Flags = Flags(8);
    pub const DRAFT: Flags = Flags(16);

    /// Whether all of `other` are set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and `other`.
    #[must_use]
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// These without `other`.
    #[must_use]
    pub fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }
}

/// A mail in a folder.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its number in the folder, for ever.
    pub uid: u32,
    /// Header and body with CR LF.
    pub content: Arc<[u8]>,
    /// When it came, µs since the epoch.
    pub received: i64,
    /// When it was put into this folder, µs since the epoch.
    pub saved: i64,
    /// Its system flags.
    pub flags: Flags,
    /// Its other flags.
    pub keywords: Vec<String>,
    /// Whether no session was told of it yet.
    pub recent: bool,
    /// The change of the folder that was its last (RFC 7162).
    pub changed: u64,
}

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// UIDVALIDITY: tells it from others that had its name, seconds since the epoch.
    pub validity: u32,
    /// Number of the next mail.
    pub next: u32,
    /// Mails in the order of their numbers.
    pub mails: Vec<Mail>,
    /// Keywords that were ever used in it.
    pub keywords: Vec<String>,
    /// Its last change.
    pub changed: u64,
}

impl Folder {
    /// An empty folder.
    pub fn new(validity: u32) -> Self {
        Folder { validity, next: 1, mails: Vec::new(), keywords: Vec::new(), changed: 1 }
    }

    /// Adds a mail that has `content` and came at `received`; its number.
    pub fn add(
        &mut self,
        content: Arc<[u8]>,
        received: i64,
        saved: i64,
        flags: Flags,
        keywords: Vec<String>,
    ) -> u32 {
        let uid = self.next;
        self.next = self.next.saturating_add(1);
        self.changed += 1;
        let changed = self.changed;
        self.mails.push(Mail { uid, content, received, saved, flags, keywords, recent: true, changed });
        uid
    }

    /// The mail with this number.
    pub fn mail(&self, uid: u32) -> Option<&Mail> {
        let at = self.mails.binary_search_by_key(&uid, |mail| mail.uid).ok()?;
        self.mails.get(at)
    }

    /// The mail with this number, to be changed.
    pub fn mail_mut(&mut self, uid: u32) -> Option<&mut Mail> {
        let at = self.mails.binary_search_by_key(&uid, |mail| mail.uid).ok()?;
        self.mails.get_mut(at)
    }

    /// Changes the flags of a mail to what `change` makes of them.
    pub fn set_flags(&mut self, uid: u32, flags: Flags, keywords: Vec<String>) {
        let next = self.changed + 1;
        let Some(mail) = self.mail_mut(uid) else { return };
        if mail.flags != flags || mail.keywords != keywords {
            mail.flags = flags;
            mail.keywords = keywords;
            mail.changed = next;
            self.changed = next;
        }
    }

    /// Takes the mails out for which `leaves` holds; their numbers.
    pub fn expunge(&mut self, leaves: impl Fn(&Mail) -> bool) -> Vec<u32> {
        let gone: Vec<u32> = self.mails.iter().filter(|mail| leaves(mail)).map(|mail| mail.uid).collect();
        if !gone.is_empty() {
            self.mails.retain(|mail| !leaves(mail));
            self.changed += 1;
        }
        gone
    }
}
