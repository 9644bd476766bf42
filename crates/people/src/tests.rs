//! A thousand letters, looked at as a reader of mailboxes would.

use crate::{
    Login, Machine, World, clock, grammar,
    render::letters,
    thread::{self, Thread},
};
use decnet_model::{
    people::{Language, derive, projects},
    record::LetterRow,
};
use std::collections::{BTreeMap, BTreeSet};

/// 2026-09-28, a Monday.
const FROM: i64 = 20_724;

fn world(secret: u8) -> World {
    let secret = vec![secret; 32];
    let machine = |name: &str| Machine { name: name.to_owned(), fqdn: format!("{name}.corp.example") };
    let machines: Vec<Machine> = ["srv-files-03", "web-01", "mail-02", "db-01"].map(machine).to_vec();
    let login = |machine: &Machine| Login {
        machine: machine.clone(),
        account: "aweber".to_owned(),
        password: "Greta-office004211".to_owned(),
    };
    let mut pool = derive(&secret, "corp.example", &[]);
    pool.zone_minutes = 60;
    World {
        logins: machines.iter().take(2).map(login).collect(),
        machines,
        projects: projects(&secret, "corp.example"),
        files: Some("srv-files-03".to_owned()),
        pool,
        secret,
    }
}

/// At least a thousand letters of working days.
fn many(world: &World) -> (Vec<Thread>, Vec<LetterRow>) {
    let (mut used, mut threads, mut rows) = (BTreeSet::new(), Vec::new(), Vec::new());
    for day in FROM.. {
        for thread in thread::of_day(world, day, &mut used) {
            rows.extend(letters(world, &thread, "template"));
            threads.push(thread);
        }
        if 1000 <= rows.len() {
            return (threads, rows);
        }
    }
    unreachable!()
}

#[test]
fn of_a_thousand_letters_no_subject_comes_twice_and_no_sentence_often() {
    for secret in 1..=3 {
        let world = world(secret);
        let (threads, rows) = many(&world);
        let subjects: BTreeSet<&str> = threads.iter().map(|thread| thread.subject.as_str()).collect();
        assert_eq!(subjects.len(), threads.len(), "subjects of threads are unique");
        for language in Language::ALL {
            let share = rows.iter().filter(|row| row.language == language.name()).count();
            assert!(50 < share, "{language:?}: {share} of {}", rows.len());
        }
        let texts: BTreeSet<&str> = rows.iter().map(|row| row.content.as_str()).collect();
        assert_eq!(texts.len(), rows.len());
        // Sentences as they are written, in how many letters each stands by itself and not in a quotation.
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let drafts = threads.iter().flat_map(|thread| &thread.drafts);
        for draft in drafts {
            let broken = draft.text.replace(". ", ".\n").replace("? ", "?\n");
            // A login stands in lines of its own, indented.
            let sentences: BTreeSet<&str> = broken.lines().filter(|line| !line.starts_with("  ")).collect();
            for sentence in sentences.into_iter().filter(|sentence| 12 < sentence.len()) {
                *counts.entry(sentence.to_owned()).or_default() += 1;
            }
        }
        let (sentence, most) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
        assert!(most * 50 <= rows.len(), "{most} of {}: {sentence}", rows.len());
    }
}

#[test]
fn what_tells_a_letter_from_others_comes_of_the_secret() {
    let ids = |secret: u8| -> BTreeSet<String> {
        let (_, rows) = many(&world(secret));
        rows.into_iter().map(|row| row.id).collect()
    };
    assert!(ids(1).is_disjoint(&ids(2)), "of the same days of the same domain");
}

#[test]
fn no_template_is_drawn_often_whatever_fills_it() {
    // As often as threads of that length draw them: each part, a thousand times its share of letters.
    let mut random = netsvc_persona::subkey::generator(b"x", &["templates"]);
    for language in Language::ALL {
        for topic in grammar::TOPICS {
            for part in ["open", "detail", "ask", "answer", "more", "close"] {
                let mut counts: BTreeMap<String, usize> = BTreeMap::new();
                // Of a thousand letters half is in one language, a sixth of that of one topic, half of that has a part.
                for _ in 0..42 {
                    let drawn =
                        grammar::sentence(*language, &format!("{topic}.{part}"), &mut random).unwrap();
                    *counts.entry(drawn).or_default() += 1;
                }
                let (sentence, most) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap();
                assert!(most <= 20, "{language:?}: {most} times {sentence}");
            }
        }
    }
}

#[test]
fn letters_come_in_order_when_their_writers_work_and_lead_back_to_what_they_answer() {
    let world = world(5);
    let (threads, rows) = many(&world);
    let by_id: BTreeMap<&str, &LetterRow> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    assert_eq!(by_id.len(), rows.len());
    let header = |row: &LetterRow, name: &str| -> Option<String> {
        let head = row.content.split("\n\n").next()?.replace("\n\t", " ").replace("\n ", " ");
        head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
    };
    let (mut answers, mut forwards) = (0, 0);
    for thread in &threads {
        let mut ids: Vec<String> = Vec::new();
        let mut last = i64::MIN;
        for draft in &thread.drafts {
            let row = by_id.get(draft.id.as_str()).unwrap();
            let writer = world.pool.people.get(draft.from).unwrap();
            assert!(last < row.at, "a letter is later than what it answers");
            last = row.at;
            let local = clock::civil(row.at, 60);
            let minute = u16::from(local.hour()) * 60 + u16::from(local.minute());
            assert!((writer.hours.from..writer.hours.to).contains(&minute), "{local} {:?}", writer.hours);
            assert!(!clock::is_free(clock::day_of(row.at, 60)), "{local}");
            let date = header(row, "Date").unwrap();
            assert!(
                date.ends_with(" +0100")
                    && date.contains(&format!(" {:02}:{:02}:", local.hour(), local.minute()))
            );
            assert!(header(row, "From").unwrap().ends_with(&format!("<{}@corp.example>", writer.mail)));
            let subject = header(row, "Subject").unwrap();
            match draft.answers {
                None => assert!(header(row, "In-Reply-To").is_none() && header(row, "References").is_none()),
                Some(_) => {
                    assert_eq!(header(row, "In-Reply-To").as_ref(), ids.last());
                    assert_eq!(header(row, "References").unwrap(), ids.join(" "));
                    let starts = ["Re: ", "RE: ", "AW: ", "WG: ", "FW: ", "Fwd: ", "=?UTF-8?Q?"];
                    assert!(starts.iter().any(|start| subject.starts_with(start)), "{subject}");
                    assert!(row.content.contains("\n> ") || row.content.contains("____"), "{}", row.content);
                    if draft.forwards { forwards += 1 } else { answers += 1 }
                }
            }
            ids.push(header(row, "Message-ID").unwrap());
            assert!(
                row.content.lines().all(|line| line.len() <= 200) && row.content.is_ascii(),
                "{}",
                row.content
            );
            assert!(!row.content.contains(['{', '}', '[', ']', '|', '\r']), "{}", row.content);
            assert!(row.copies().iter().any(|copy| copy.sent && copy.account == writer.account));
            assert!(row.copies().iter().all(|copy| row.at <= copy.seen_at));
        }
    }
    assert!(300 < answers && 5 < forwards, "{answers} {forwards}");
}

#[test]
fn who_answers_a_letter_or_hands_it_on_has_read_it() {
    let mut forwards = 0;
    for thread in many(&world(6)).0 {
        for draft in &thread.drafts {
            let Some(before) = draft.answers.and_then(|place| thread.drafts.get(place)) else { continue };
            let own = draft.copies.iter().find(|copy| copy.sent).unwrap();
            let read = before.copies.iter().find(|copy| !copy.sent && copy.account == own.account).unwrap();
            assert!(read.seen_at <= draft.at, "{draft:?}");
            assert_eq!(read.answered_at, (!draft.forwards).then_some(draft.at));
            forwards += usize::from(draft.forwards);
        }
    }
    assert!(forwards > 0);
}

#[test]
fn letters_speak_of_what_there_is_and_tell_logins_that_work() {
    let world = world(7);
    let (threads, rows) = many(&world);
    let with = |text: &str| rows.iter().filter(|row| row.content.contains(text)).count();
    assert!(world.projects.iter().all(|project| with(&project.name) > 0));
    assert!(world.machines.iter().all(|machine| with(&machine.name) > 0));
    assert!(with("srv-files-03:/srv/projects/") > 20 && with("Greta-office004211") > 10);
    for thread in threads.iter().filter(|thread| thread.login.is_some()) {
        let login = thread.login.as_ref().unwrap();
        let first = thread.drafts.first().unwrap();
        assert!(
            first.text.contains(&login.machine.fqdn) && first.text.contains(&login.password),
            "{}",
            first.text
        );
    }
    let again = many(&world);
    assert_eq!(again.1, rows, "the same world writes the same");
}
