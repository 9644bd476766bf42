//! Threads: who writes to whom about what, when, and who answers. The same for the same day of the same world.

use crate::{
    clock::{self, MINUTE},
    grammar::{self, TOPICS},
    words,
    world::{Login, World},
};
use decnet_model::people::{Language, Person, Style};
use netsvc_persona::{LetterCopy, subkey};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use std::{borrow::Cow, collections::BTreeSet};

/// Of so many people one begins a thread on a working day.
const PEOPLE_PER_THREAD: usize = 5;
/// Attempts at a subject that nobody has used.
const ATTEMPTS: usize = 40;

/// A mail before it is written out.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// What tells it from all others.
    pub(crate) id: String,
    /// Place of the mail that it answers or forwards, among those of its thread.
    pub(crate) answers: Option<usize>,
    /// Whether it hands that one on to somebody else.
    pub(crate) forwards: bool,
    /// Who writes, who gets it, and who gets a copy: places in the pool.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) copy: Option<usize>,
    /// When it is sent.
    pub(crate) at: i64,
    /// Its own words, without greeting and name: what the writer says.
    pub(crate) text: String,
    /// The mailboxes that it lies in.
    pub(crate) copies: Vec<LetterCopy>,
}

/// A thread.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    /// Its subject, without what answers put before it.
    pub(crate) subject: String,
    /// Language of all its mails.
    pub(crate) language: Language,
    /// A login that it tells.
    pub(crate) login: Option<Login>,
    /// Its mails in their order.
    pub(crate) drafts: Vec<Draft>,
}

/// The threads that begin on `day`; their subjects are none of `used`, and are added to it.
pub(crate) fn of_day(world: &World, day: i64, used: &mut BTreeSet<String>) -> Vec<Thread> {
    if clock::is_free(day) || world.pool.people.len() < 2 {
        return Vec::new();
    }
    let mut random = subkey::generator(&world.secret, &["letters", &world.pool.domain, &day.to_string()]);
    let usual = (world.pool.people.len() / PEOPLE_PER_THREAD).max(1);
    let count = usual / 2 + 1 + random.next_u32() as usize % usual;
    (0..count).filter_map(|number| thread(world, day, number, used, &mut random)).collect()
}

fn thread(
    world: &World,
    day: i64,
    number: usize,
    used: &mut BTreeSet<String>,
    random: &mut ChaCha20Rng,
) -> Option<Thread> {
    let people = &world.pool.people;
    let from = random.next_u32() as usize % people.len();
    let to = pick(&contacts(world, from), random)?;
    let third = pick(&contacts(world, to), random).filter(|third| *third != from);
    let (writer, reader) = (people.get(from)?, people.get(to)?);
    let language = if writer.language == reader.language { writer.language } else { Language::English };
    // Days begin with another topic each, so that none has more than its share.
    let turn = usize::try_from(day).unwrap_or(0).wrapping_mul(5) + number;
    let topic = TOPICS.get(turn % TOPICS.len()).copied()?;
    let login = if topic == "access" { pick(&world.logins, random) } else { None };
    // Without a login there is nothing to tell.
    let topic = if topic == "access" && login.is_none() { "meeting" } else { topic };
    let facts =
        Facts::draw(world, language, third.and_then(|third| people.get(third)), login.as_ref(), random);
    let subject = subject(topic, language, &facts, used, random)?;
    let plan = Plan { topic, language, facts: &facts, parties: [from, to], third };
    let seed = format!("{} {day} {number}", world.pool.domain);
    let drafts = drafts(world, &plan, day, &seed, random);
    Some(Thread { subject, language, login, drafts })
}

/// Those with whom somebody writes: to whom he does, and who does to him.
fn contacts(world: &World, own: usize) -> Vec<usize> {
    let people = &world.pool.people;
    let Some(person) = people.get(own) else { return Vec::new() };
    let known = |(_, other): &(usize, &Person)| {
        person.writes_to.contains(&other.account) || other.writes_to.contains(&person.account)
    };
    people.iter().enumerate().filter(known).map(|(place, _)| place).filter(|place| *place != own).collect()
}

fn pick<T: Clone>(all: &[T], random: &mut impl RngCore) -> Option<T> {
    all.get((random.next_u32() as usize).checked_rem(all.len())?).cloned()
}

/// A subject that nobody has used.
fn subject(
    topic: &str,
    language: Language,
    facts: &Facts,
    used: &mut BTreeSet<String>,
    random: &mut impl RngCore,
) -> Option<String> {
    let part = format!("{topic}.subject");
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        last = facts.fill(&grammar::sentence(language, &part, random)?);
        if used.insert(last.clone()) {
            return Some(last);
        }
    }
    let marked = format!("{last} ({})", facts.number);
    used.insert(marked.clone()).then_some(marked)
}

/// What a thread is to be.
struct Plan<'a> {
    topic: &'a str,
    language: Language,
    facts: &'a Facts,
    parties: [usize; 2],
    third: Option<usize>,
}

/// The mails of a thread that begins on `day`.
fn drafts(world: &World, plan: &Plan<'_>, day: i64, seed: &str, random: &mut ChaCha20Rng) -> Vec<Draft> {
    let zone = world.pool.zone_minutes;
    let length = match random.next_u32() % 20 {
        0..3 => 1,
        3..9 => 2,
        9..15 => 3,
        15..18 => 4,
        _ => 5,
    };
    let copy = plan.third.filter(|_| random.next_u32().is_multiple_of(4));
    let mut drafts: Vec<Draft> = Vec::new();
    for place in 0..length {
        let [one, other] = plan.parties;
        let (from, to) = if place % 2 == 0 { (one, other) } else { (other, one) };
        let Some(writer) = world.pool.people.get(from) else { break };
        let at = match drafts.last() {
            None => clock::within(writer, day, zone, random),
            Some(before) => clock::next(writer, before.at + delay(random), zone, random),
        };
        let text = words_of(writer, plan, place, random);
        drafts.push(Draft {
            id: id(world, seed, place),
            answers: place.checked_sub(1),
            forwards: false,
            from,
            to,
            copy,
            at,
            text,
            copies: Vec::new(),
        });
    }
    forward(world, plan, seed, &mut drafts, random);
    mark(world, &mut drafts, random);
    drafts
}

/// In some threads the last mail goes on to somebody else.
fn forward(world: &World, plan: &Plan<'_>, seed: &str, drafts: &mut Vec<Draft>, random: &mut ChaCha20Rng) {
    let (Some(third), Some(last)) = (plan.third, drafts.last()) else { return };
    if !random.next_u32().is_multiple_of(7) || last.copy == Some(third) {
        return;
    }
    let (from, place) = (last.to, drafts.len());
    let Some(writer) = world.pool.people.get(from) else { return };
    let at = clock::next(writer, last.at + delay(random), world.pool.zone_minutes, random);
    let said = grammar::sentence(plan.language, "forward", random).unwrap_or_default();
    drafts.push(Draft {
        id: id(world, seed, place),
        answers: Some(place - 1),
        forwards: true,
        from,
        to: third,
        copy: None,
        at,
        text: words::joined(plan.language, &[plan.facts.fill(&said)]),
        copies: Vec::new(),
    });
}

/// How long somebody takes to answer, in µs: mostly minutes, sometimes a day.
fn delay(random: &mut impl RngCore) -> i64 {
    let minutes = match random.next_u32() % 10 {
        0..4 => 3 + random.next_u32() % 40,
        4..8 => 40 + random.next_u32() % 260,
        _ => 300 + random.next_u32() % 1500,
    };
    i64::from(minutes) * MINUTE + i64::from(random.next_u32() % 60) * 1_000_000
}

/// It stands in the mail for everybody to read: without the secret, nobody can tell what it is made of.
fn id(world: &World, seed: &str, place: usize) -> String {
    let drawn = subkey::bytes(&world.secret, &["letter", seed, &place.to_string()]);
    hex::encode(drawn.get(..12).unwrap_or_default())
}

/// Who has which mail, when each reads it, and when it is answered.
fn mark(world: &World, drafts: &mut [Draft], random: &mut impl RngCore) {
    // Who hands a mail on has read it as well as who answers it.
    let followed: Vec<Option<(i64, bool)>> = (0..drafts.len())
        .map(|place| {
            let next = drafts.iter().find(|other| other.answers == Some(place));
            next.map(|other| (other.at, other.forwards))
        })
        .collect();
    for (draft, followed) in drafts.iter_mut().zip(followed) {
        let handled_at = followed.map(|(at, _)| at);
        let answered_at = followed.filter(|(_, forwards)| !forwards).map(|(at, _)| at);
        let name = |place: usize| world.pool.people.get(place).map(|one| one.account.clone());
        let mut copies = Vec::new();
        copies.extend(name(draft.from).map(|account| LetterCopy {
            account,
            sent: true,
            seen_at: draft.at,
            answered_at: None,
        }));
        for (to, handled, answers) in [(Some(draft.to), handled_at, answered_at), (draft.copy, None, None)] {
            let Some(account) = to.filter(|to| *to != draft.from).and_then(name) else { continue };
            let slow = draft.at + i64::from(random.next_u32() % 1800) * MINUTE;
            let seen_at = handled.map_or(slow, |at| at.min(slow).max(draft.at));
            copies.push(LetterCopy { account, sent: false, seen_at, answered_at: answers });
        }
        draft.copies = copies;
    }
}

/// What `writer` says in the mail at `place` of its thread.
fn words_of(writer: &Person, plan: &Plan<'_>, place: usize, random: &mut ChaCha20Rng) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut say = |part: &str, random: &mut ChaCha20Rng| {
        for _ in 0..4 {
            let Some(sentence) = grammar::sentence(plan.language, part, random) else { return };
            let sentence = plan.facts.fill(&sentence);
            if !said.contains(&sentence) {
                said.push(sentence);
                return;
            }
        }
    };
    let part = |name: &str| format!("{}.{name}", plan.topic);
    if place == 0 {
        if writer.style == Style::Warm && random.next_u32().is_multiple_of(2) {
            say("warm", random);
        }
        say(&part("open"), random);
        if plan.topic == "access" {
            // The login follows; what is said of it comes after.
            let login = plan.facts.login_block(plan.language);
            let head = words::joined(plan.language, &said);
            let mut rest: Vec<String> = Vec::new();
            for name in ["detail", "ask"] {
                let sentence = grammar::sentence(plan.language, &part(name), random).unwrap_or_default();
                rest.push(plan.facts.fill(&sentence));
            }
            return format!("{head}\n\n{login}\n\n{}", words::capitalised(plan.language, &rest));
        }
        let details = match writer.style {
            Style::Brief => random.next_u32() % 2,
            Style::Plain => 1,
            Style::Warm => 1 + random.next_u32() % 2,
        };
        for _ in 0..details {
            say(&part("detail"), random);
        }
        say(&part("ask"), random);
        return words::joined(plan.language, &said);
    }
    if random.next_u32() % 10 < 3 {
        say("thanks", random);
    }
    say(&part(["answer", "more", "close"].get(place.min(3) - 1).copied().unwrap_or("close")), random);
    if place < 3 && writer.style != Style::Brief && random.next_u32().is_multiple_of(3) {
        say(&part("detail"), random);
    }
    words::joined(plan.language, &said)
}

/// What a thread is about: the same in all its mails.
struct Facts {
    values: Vec<(&'static str, String)>,
    number: String,
    login: Option<Login>,
}

impl Facts {
    fn draw(
        world: &World,
        language: Language,
        third: Option<&Person>,
        login: Option<&Login>,
        random: &mut ChaCha20Rng,
    ) -> Self {
        let project = pick(&world.projects, random);
        let file = project.as_ref().and_then(|project| pick(&project.files, random)).map(|(name, _)| name);
        let machine = match login {
            Some(login) => Some(login.machine.clone()),
            None => pick(&world.machines, random),
        };
        let number = (100_000 + random.next_u32() % 900_000).to_string();
        let euros = 40 + random.next_u32() % 19_000;
        let hour = 8 + random.next_u32() % 9;
        let minute = [0, 15, 30, 45].get(random.next_u32() as usize % 4).copied().unwrap_or(0);
        let third = third
            .or_else(|| world.pool.people.get(random.next_u32() as usize % world.pool.people.len().max(1)));
        let values = vec![
            ("host", machine.as_ref().map_or_else(|| "fs01".to_owned(), |machine| machine.name.clone())),
            ("fqdn", machine.map_or_else(|| format!("fs01.{}", world.pool.domain), |machine| machine.fqdn)),
            ("share", project.as_ref().map(|project| world.share(project)).unwrap_or_default()),
            ("project", project.map(|project| project.name).unwrap_or_default()),
            ("file", file.unwrap_or_default()),
            ("number", number.clone()),
            ("amount", words::amount(language, euros, random.next_u32() % 100)),
            ("day", words::day(language, random.next_u32() as usize).to_owned()),
            ("time", words::time(language, hour, minute)),
            ("room", format!("{}.{:02}", 1 + random.next_u32() % 4, 1 + random.next_u32() % 30)),
            ("third", third.map(|one| one.given.clone()).unwrap_or_default()),
            ("percent", (88 + random.next_u32() % 11).to_string()),
            ("month", words::month(language, random.next_u32() as usize).to_owned()),
            ("count", (2 + random.next_u32() % 7).to_string()),
        ];
        Facts { values, number, login: login.cloned() }
    }

    fn fill(&self, text: &str) -> String {
        let value = |name: &str| {
            self.values.iter().find(|(slot, _)| *slot == name).map(|(_, value)| Cow::Borrowed(value.as_str()))
        };
        grammar::fill(text, value)
    }

    /// The login that is told, in lines.
    fn login_block(&self, language: Language) -> String {
        let Some(login) = &self.login else { return String::new() };
        let [host, user, password] = words::login(language);
        format!("  {host}{}\n  {user}{}\n  {password}{}", login.machine.fqdn, login.account, login.password)
    }
}
