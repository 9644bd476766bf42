//! STORE, COPY, MOVE and EXPUNGE (RFC 3501 §6.4, RFC 4315, RFC 6851).

use super::{argument::Argument, selected::Selected, sequence};
use crate::mailbox::{Flags, Folder, Full, Mailbox};
use std::fmt::Write;

/// Most keywords of a folder, and longest.
const KEYWORDS: (usize, usize) = (64, 100);

/// How STORE changes flags.
#[derive(Clone, Debug)]
pub(super) struct Store {
    sign: char,
    /// The answers with the new flags are left out.
    pub(super) silent: bool,
    flags: Flags,
    keywords: Vec<String>,
}

/// System flags and keywords in `list`.
///
/// # Errors
/// What Dovecot says.
pub(super) fn flags(list: &[Argument]) -> Result<(Flags, Vec<String>), String> {
    let mut flags = Flags::default();
    let mut keywords: Vec<String> = Vec::new();
    for word in list.iter().take(KEYWORDS.0 * 2) {
        let word = word.text().ok_or("Invalid arguments")?;
        if !word.starts_with('\\') {
            if word.len() <= KEYWORDS.1 && !keywords.contains(&word) {
                keywords.push(word);
            }
            continue;
        }
        let known = Flags::NAMES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&word));
        let (_, flag) = known.ok_or_else(|| format!("Invalid system flag {}", word.to_ascii_uppercase()))?;
        flags = flags.with(flag);
    }
    Ok((flags, keywords))
}

impl Store {
    /// Reads what stands behind the set of mails.
    ///
    /// # Errors
    /// What Dovecot says.
    pub(super) fn read(arguments: &[Argument]) -> Result<Self, String> {
        let word = arguments.first().and_then(Argument::keyword).ok_or("Invalid arguments")?;
        let (sign, name) = match word.strip_prefix(['+', '-']) {
            Some(name) if word.starts_with('+') => ('+', name),
            Some(name) => ('-', name),
            None => ('=', word.as_str()),
        };
        let silent = match name {
            "FLAGS" => false,
            "FLAGS.SILENT" => true,
            _ => return Err("Invalid arguments".to_owned()),
        };
        let rest = arguments.get(1..).unwrap_or_default();
        let list = match rest {
            [Argument::List(list)] => list,
            _ => rest,
        };
        let (flags, keywords) = flags(list)?;
        Ok(Store { sign, silent, flags, keywords })
    }

    /// Changes the mails with these numbers.
    pub(super) fn apply(&self, folder: &mut Folder, uids: &[u32]) {
        if self.sign != '-' {
            learn(folder, &self.keywords);
        }
        for uid in uids {
            let Some(mail) = folder.mail(*uid) else { continue };
            let mut keywords = mail.keywords.clone();
            let named = |word: &String| self.keywords.iter().any(|known| known.eq_ignore_ascii_case(word));
            let flags = match self.sign {
                '+' => mail.flags.with(self.flags),
                '-' => mail.flags.without(self.flags),
                _ => self.flags,
            };
            match self.sign {
                '-' => keywords.retain(|word| !named(word)),
                _ => {
                    keywords.retain(|word| self.sign == '+' && !named(word));
                    keywords.extend(known(folder, &self.keywords));
                }
            }
            folder.set_flags(*uid, flags, keywords);
        }
    }
}

/// Adds keywords to those of the folder, as far as there is room.
pub(super) fn learn(folder: &mut Folder, keywords: &[String]) {
    for word in keywords {
        let new = folder.keywords.iter().all(|known| !known.eq_ignore_ascii_case(word));
        if new && folder.keywords.len() < KEYWORDS.0 {
            folder.keywords.push(word.clone());
        }
    }
}

/// The keywords as the folder writes them; without those that it has no room for.
pub(super) fn known(folder: &Folder, keywords: &[String]) -> Vec<String> {
    let find = |word: &String| folder.keywords.iter().find(|known| known.eq_ignore_ascii_case(word)).cloned();
    keywords.iter().filter_map(find).collect()
}

/// What became of a copy: UIDVALIDITY there, the numbers here and there.
pub(super) struct Copied {
    pub(super) code: String,
    pub(super) count: usize,
}

/// Copies mails of the selected folder into `to`, which is there.
pub(super) fn copy(
    mailbox: &mut Mailbox,
    selected: &Selected,
    uids: &[u32],
    to: &str,
    now: i64,
) -> Result<Copied, Full> {
    let Some(folder) = selected.folder(mailbox) else { return Ok(Copied { code: String::new(), count: 0 }) };
    let sizes = uids.iter().filter_map(|uid| folder.mail(*uid)).map(|mail| mail.content.len());
    let (count, bytes) = sizes.fold((0_usize, 0_usize), |(count, bytes), size| (count + 1, bytes + size));
    // All or nothing (RFC 3501 §6.4.7), and nothing is done in vain.
    mailbox.reserve_mails(count, bytes)?;
    let mails: Vec<_> = match selected.folder(mailbox) {
        Some(folder) => uids.iter().filter_map(|uid| folder.mail(*uid).cloned()).collect(),
        None => Vec::new(),
    };
    let mut made = Vec::new();
    let mut validity = 0;
    for mail in &mails {
        let Some(folder) = mailbox.folders.get_mut(to) else { break };
        learn(folder, &mail.keywords);
        let keywords = known(folder, &mail.keywords);
        made.push(folder.add(mail.content.clone(), mail.received, now, mail.flags, keywords));
        validity = folder.validity;
    }
    let from: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
    let mut code = String::new();
    // Writing into a string cannot fail.
    let _ = write!(code, "[COPYUID {validity} {} {}]", sequence::written(&from), sequence::written(&made));
    Ok(Copied { code, count: made.len() })
}
