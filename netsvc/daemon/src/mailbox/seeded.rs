//! What has come to an account over the last weeks. Each week since the system was installed has its mails, whenever it
//! is looked at, so nothing is stored and numbers stay what they were.

use super::{
    Flags, Folder, INBOX,
    letters::{self, Letter, Party},
};
use netsvc_persona::{Persona, subkey};
use rand_core::RngCore;
use std::{collections::BTreeMap, sync::Arc};

/// µs of a week.
const WEEK: i64 = 7 * 24 * 3600 * 1_000_000;
/// Weeks whose mail is still there; what is older was cleared away.
const WEEKS: i64 = 9;
/// Most mails of a week, and so the numbers that a week has.
const WEEKLY: u32 = 3;
/// Folders beside the inbox, as mail programs make them.
const FOLDERS: [&str; 4] = ["Drafts", "Junk", "Sent", "Trash"];

/// The folders of `account` at the time `now`, with at most `most` mails in the inbox.
pub(super) fn folders(
    persona: &Persona,
    account: &[u8],
    now: i64,
    most: Option<usize>,
) -> BTreeMap<String, Folder> {
    let installed = persona.installed_at;
    let validity = u32::try_from(installed / 1_000_000).unwrap_or(1).max(1);
    let mut inbox = Folder::new(validity);
    let own = Party::account(persona, account);
    let (first, last) = (installed.div_euclid(WEEK), now.div_euclid(WEEK));
    if most != Some(0) {
        for week in (last - WEEKS).max(first - 2)..=last {
            fill(persona, &own, week, now, &mut inbox, week - first + 2);
        }
    }
    let too_many = inbox.mails.len().saturating_sub(most.unwrap_or(usize::MAX));
    inbox.mails.drain(..too_many);
    let mut folders = BTreeMap::from([(INBOX.to_owned(), inbox)]);
    if most != Some(0) {
        for (name, number) in FOLDERS.iter().zip(1..) {
            folders.insert((*name).to_owned(), Folder::new(validity.saturating_add(number)));
        }
        if let Some(sent) = folders.get_mut("Sent") {
            answers(persona, &own, first, last, now, sent);
        }
    }
    folders
}

/// Adds the mails of a week that is the `index`th since the first.
fn fill(persona: &Persona, own: &Party, week: i64, now: i64, inbox: &mut Folder, index: i64) {
    let base = u32::try_from(index.max(0)).unwrap_or_default().saturating_mul(WEEKLY);
    for (at, letter, slot) in drawn(persona, own, week) {
        if now < at {
            continue;
        }
        let age = (now - at) / (24 * 3600 * 1_000_000);
        let mut flags = if age < 4 && slot != 0 { Flags::default() } else { Flags::SEEN };
        if letter.answered && 4 <= age {
            flags = flags.with(Flags::ANSWERED);
        }
        inbox.next = base + slot + 1;
        let content = letters::received(persona, own, &letter, at);
        inbox.add(content.into(), at, at, flags, Vec::new());
    }
    inbox.mails.iter_mut().for_each(|mail| mail.recent = false);
}

/// The mails of a week in their order, with the place of each among the numbers of the week.
fn drawn(persona: &Persona, own: &Party, week: i64) -> Vec<(i64, Letter, u32)> {
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    let mut random = subkey::generator(&key, &["mailbox", &own.account, &week.to_string()]);
    let mut all = Vec::new();
    for _ in 0..1 + random.next_u32() % WEEKLY {
        // Weeks of the epoch begin on Thursdays; the days from then on, but Saturday and Sunday.
        let day = [0, 1, 4, 5, 6].get(random.next_u32() as usize % 5).copied().unwrap_or_default();
        let second = i64::from(random.next_u32() % (9 * 3600)) + 8 * 3600;
        let local = week * WEEK + (day * 24 * 3600 + second) * 1_000_000;
        let at = local - i64::from(persona.zone.offset_minutes) * 60_000_000;
        let nth = usize::try_from(week).unwrap_or_default() * WEEKLY as usize + all.len();
        all.push((at, letters::draw(persona, own, &mut random, nth), 0));
    }
    all.sort_by_key(|(at, ..)| *at);
    for (slot, mail) in (0..).zip(&mut all) {
        mail.2 = slot;
    }
    all
}

/// What the account answered.
fn answers(persona: &Persona, own: &Party, first: i64, last: i64, now: i64, sent: &mut Folder) {
    for week in (last - WEEKS).max(first)..=last {
        for (at, letter, _) in drawn(persona, own, week) {
            let later = at + 3600 * 1_000_000 + (at.rem_euclid(5400) + 60) * 1_000_000;
            if letter.answered && later < now {
                let content = letters::answer(persona, own, &letter, at, later);
                sent.add(Arc::from(content), later, later, Flags::SEEN, Vec::new());
            }
        }
    }
    sent.mails.iter_mut().for_each(|mail| mail.recent = false);
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::persona;

    const NOW: i64 = 1_795_000_000_000_000;

    #[test]
    fn mails_stay_what_they_were_and_others_come() {
        let persona = persona("mail-01");
        let look = |now| folders(&persona, b"anna", now, None).remove(INBOX).unwrap();
        let (before, after) = (look(NOW), look(NOW + 2 * WEEK));
        assert!((10..=30).contains(&before.mails.len()), "{}", before.mails.len());
        assert!(
            before.mails.is_sorted_by_key(|mail| mail.uid)
                && before.mails.is_sorted_by_key(|mail| mail.received)
        );
        let kept = before.mails.iter().filter_map(|mail| Some((mail, after.mail(mail.uid)?)));
        assert!(kept.clone().count() > 5);
        assert!(kept.clone().all(|(old, new)| old.content == new.content && old.received == new.received));
        assert!(before.next <= after.mails.last().unwrap().uid);
        assert!(before.mails.iter().all(|mail| mail.received <= NOW));
        assert!(before.mails.iter().any(|mail| !mail.flags.has(Flags::SEEN)) || before.mails.len() > 5);
    }

    #[test]
    fn nodes_and_accounts_have_mails_of_their_own() {
        let (one, mut other) = (persona("mail-01"), persona("mail-02"));
        other.subkey = netsvc_persona::Secret("44".repeat(32));
        let subjects = |persona: &Persona, account: &[u8]| -> Vec<Arc<[u8]>> {
            let inbox = folders(persona, account, NOW, None).remove(INBOX).unwrap();
            inbox.mails.iter().map(|mail| mail.content.clone()).collect()
        };
        assert_ne!(subjects(&one, b"anna"), subjects(&one, b"root"));
        assert_ne!(subjects(&one, b"anna"), subjects(&other, b"anna"));
    }

    #[test]
    fn every_mail_is_one_for_whoever_reads_it() {
        let mut persona = persona("mail-01");
        for account in ["root", "anna.berg", "x\r\nBcc: y", "\u{1f600}"] {
            for number in 0..20_u8 {
                persona.subkey = netsvc_persona::Secret(format!("{number:02x}").repeat(32));
                let all = folders(&persona, account.as_bytes(), NOW, None);
                for mail in all.values().flat_map(|folder| &folder.mails) {
                    let text = std::str::from_utf8(&mail.content).unwrap();
                    let (head, body) = text.split_once("\r\n\r\n").unwrap();
                    assert!(head.lines().all(|line| line.starts_with('\t') || line.contains(": ")), "{head}");
                    assert!(head.contains("\r\nSubject: ") && head.contains("\r\nDate: "), "{head}");
                    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '{', '}']), "{text}");
                    assert!(body.ends_with("\r\n") && text.lines().all(|line| line.len() <= 110), "{text}");
                    assert!(text.is_ascii());
                }
            }
        }
        let few = folders(&persona, b"root", NOW, Some(3));
        assert_eq!(few.get(INBOX).unwrap().mails.len(), 3);
    }
}
