//! What has come to an account over the last weeks. Each week since the system was installed has its mails, whenever it
//! is looked at, so nothing is stored and numbers stay what they were.

use super::{
    Flags, Folder, INBOX,
    letters::{self, Letter, Party},
};
use netsvc_persona::{Letter as Posted, LetterCopy, Persona, subkey};
use netsvc_wire::stamp::DAY;
use rand_core::RngCore;
use std::{collections::BTreeMap, sync::Arc};

/// µs of a week.
const WEEK: i64 = 7 * DAY;
/// Weeks whose mail is still there; what is older was cleared away.
const WEEKS: i64 = 9;
/// Most mails of a week that are drawn here.
const WEEKLY: u32 = 3;
/// Numbers that a week has in a folder; what people write beyond them is left out.
const ROOM: u32 = 64;
/// Folders beside the inbox, as mail programs make them.
const FOLDERS: [&str; 4] = ["Drafts", "Junk", "Sent", "Trash"];
/// The place of what the account wrote among them.
const SENT: u32 = 3;

/// The folders of `own` at the time `now`, with at most `most` mails in the inbox; `posted` is what people wrote.
pub(super) fn folders(
    persona: &Persona,
    own: &Party,
    posted: &[Arc<Posted>],
    now: i64,
    most: Option<usize>,
) -> BTreeMap<String, Folder> {
    since(persona, own, posted, persona.installed_at - 2 * WEEK, now, most)
}

/// As [`folders`], with nothing that is from a week before that of `begun`.
pub(super) fn since(
    persona: &Persona,
    own: &Party,
    posted: &[Arc<Posted>],
    begun: i64,
    now: i64,
    most: Option<usize>,
) -> BTreeMap<String, Folder> {
    let installed = persona.installed_at;
    let validity = u32::try_from(installed / 1_000_000).unwrap_or(1).max(1);
    let mut inbox = Folder::new(validity);
    let mut sent = Folder::new(validity.saturating_add(SENT));
    let first = week_of(persona, installed);
    let last = week_of(persona, now);
    if most != Some(0) {
        for week in (last - WEEKS).max(first - 2).max(week_of(persona, begun))..=last {
            let (received, written) = mails(persona, own, posted, week, now);
            fill(&mut inbox, received, now, week - first + 2);
            fill(&mut sent, written, now, week - first + 2);
        }
    }
    let too_many = inbox.mails.len().saturating_sub(most.unwrap_or(usize::MAX));
    inbox.mails.drain(..too_many);
    let mut folders = BTreeMap::from([(INBOX.to_owned(), inbox)]);
    if most != Some(0) {
        for (name, number) in FOLDERS.iter().zip(1..) {
            folders.insert((*name).to_owned(), Folder::new(validity.saturating_add(number)));
        }
        folders.insert("Sent".to_owned(), sent);
    }
    folders
}

/// The week of `at` where the node stands.
fn week_of(persona: &Persona, at: i64) -> i64 {
    (at + i64::from(persona.zone.offset_minutes) * 60_000_000).div_euclid(WEEK)
}

/// A mail of a week, before it has a number: when it came or was sent, its flags by then, and its text.
type Made = (i64, Flags, Vec<u8>);

/// What the account got in a week, and what it wrote: also what is yet to come, because that has numbers too.
fn mails(
    persona: &Persona,
    own: &Party,
    posted: &[Arc<Posted>],
    week: i64,
    now: i64,
) -> (Vec<Made>, Vec<Made>) {
    let (mut received, mut written) = (Vec::new(), Vec::new());
    let this = drawn(persona, own, week);
    for (slot, (at, letter)) in this.iter().enumerate() {
        let age = (now - at) / DAY;
        let mut flags = if age < 4 && slot != 0 { Flags::default() } else { Flags::SEEN };
        if letter.answered && 4 <= age {
            flags = flags.with(Flags::ANSWERED);
        }
        received.push((*at, flags, letters::received(persona, own, letter, *at)));
    }
    // An answer may be written in the week after.
    for (at, letter) in drawn(persona, own, week - 1).iter().chain(&this) {
        let later = at + 3600 * 1_000_000 + (at.rem_euclid(5400) + 60) * 1_000_000;
        if letter.answered && week_of(persona, later) == week {
            written.push((later, Flags::SEEN, letters::answer(persona, own, letter, *at, later)));
        }
    }
    for letter in posted.iter().filter(|letter| week_of(persona, letter.at) == week) {
        for copy in letter.copies.iter().filter(|copy| copy.account == own.account) {
            let made = (letter.at, flags(copy, now), letters::posted(persona, own, letter, copy.sent));
            if copy.sent { &mut written } else { &mut received }.push(made);
        }
    }
    (received, written)
}

/// What `copy` is marked as at the time `now`.
fn flags(copy: &LetterCopy, now: i64) -> Flags {
    let seen = if copy.sent || copy.seen_at <= now { Flags::SEEN } else { Flags::default() };
    if copy.answered_at.is_some_and(|at| at <= now) { seen.with(Flags::ANSWERED) } else { seen }
}

/// Adds those mails of a week, the `index`th since the first, that are there by `now`.
fn fill(folder: &mut Folder, mut mails: Vec<Made>, now: i64, index: i64) {
    let base = u32::try_from(index.max(0)).unwrap_or_default().saturating_mul(ROOM);
    mails.sort_by(|left, right| (left.0, &left.2).cmp(&(right.0, &right.2)));
    for (slot, (at, flags, content)) in (0..ROOM).zip(mails) {
        if now < at {
            break;
        }
        folder.next = base.saturating_add(slot).saturating_add(1);
        folder.add(content.into(), at, at, flags, Vec::new());
    }
    folder.mails.iter_mut().for_each(|mail| mail.recent = false);
}

/// The mails of a week in their order.
fn drawn(persona: &Persona, own: &Party, week: i64) -> Vec<(i64, Letter)> {
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
        all.push((at, letters::draw(persona, own, &mut random, nth)));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::persona;
    use netsvc_persona::Colleague;

    const NOW: i64 = 1_795_000_000_000_000;

    fn look(persona: &Persona, account: &[u8], now: i64, most: Option<usize>) -> BTreeMap<String, Folder> {
        folders(persona, &Party::account(persona, account), &[], now, most)
    }

    fn colleague(account: &str, given: &str, family: &str) -> Colleague {
        Colleague {
            account: account.to_owned(),
            given: given.to_owned(),
            family: family.to_owned(),
            mail: format!("{given}.{family}").to_lowercase(),
            department: "IT".to_owned(),
            title: "System Administrator".to_owned(),
        }
    }

    #[test]
    fn what_people_write_comes_when_its_time_is_there_and_keeps_its_number() {
        let mut persona = persona("mail-01");
        persona.people = vec![colleague("aweber", "Anna", "Weber"), colleague("bkoch", "Ben", "Koch")];
        let letter = |number: i64, from: &str, to: &str| {
            let at = NOW + (number - 3) * DAY;
            let copy = |account: &str, sent| LetterCopy {
                account: account.to_owned(),
                sent,
                seen_at: at + DAY,
                answered_at: (number == 1).then_some(at + DAY),
            };
            Arc::new(Posted {
                id: format!("m{number}"),
                from: format!("{from}@corp.example"),
                at,
                content: format!("Subject: letter {number}\n\ntext\n"),
                copies: vec![copy(from, true), copy(to, false)],
            })
        };
        let mut posted: Vec<_> = (0..6).map(|number| letter(number, "bkoch", "aweber")).collect();
        posted.push(letter(1, "aweber", "bkoch"));
        // By address or by login name it is one mailbox.
        let own = Party::account(&persona, b"Anna.Weber@corp.example");
        assert_eq!(own.key(b"Anna.Weber@corp.example"), b"aweber");
        let look = |now| folders(&persona, &own, &posted, now, None);
        let of = |folder: &Folder| -> Vec<(u32, String, Flags)> {
            let texts = folder
                .mails
                .iter()
                .map(|mail| (mail.uid, String::from_utf8(mail.content.to_vec()).unwrap(), mail.flags));
            texts.filter(|(_, text, _)| text.contains("Subject: letter")).collect()
        };
        let (now, later) = (look(NOW), look(NOW + 2 * DAY));
        let (before, after) = (of(now.get(INBOX).unwrap()), of(later.get(INBOX).unwrap()));
        assert_eq!((before.len(), after.len(), of(now.get("Sent").unwrap()).len()), (4, 6, 1));
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((old.0, &old.1), (new.0, &new.1), "a mail keeps its number and text");
        }
        assert!(before.first().unwrap().1.starts_with("Return-Path: <bkoch@corp.example>\r\n"));
        assert!(of(now.get("Sent").unwrap()).first().unwrap().1.starts_with("Subject: letter 1\r\n"));
        let flags: Vec<Flags> = before.iter().map(|(.., flags)| *flags).collect();
        let seen = Flags::SEEN;
        assert_eq!(flags, [seen, seen.with(Flags::ANSWERED), seen, Flags::default()]);
        let drawn = String::from_utf8(
            now.get(INBOX).unwrap().mails.iter().flat_map(|m| m.content.to_vec()).collect(),
        );
        assert!(!drawn.unwrap().contains("laura.stein"), "colleagues are those of the organisation");
    }

    #[test]
    fn mails_stay_what_they_were_and_others_come() {
        let persona = persona("mail-01");
        let look = |now| look(&persona, b"anna", now, None).remove(INBOX).unwrap();
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
            let inbox = look(persona, account, NOW, None).remove(INBOX).unwrap();
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
                let all = look(&persona, account.as_bytes(), NOW, None);
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
        let few = look(&persona, b"root", NOW, Some(3));
        assert_eq!(few.get(INBOX).unwrap().mails.len(), 3);
    }
}
