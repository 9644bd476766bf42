//! Days of many nodes: nobody keeps step, activity follows hours, and a part is a part of the whole.

use super::*;
use crate::subkey;
use std::collections::BTreeSet;

/// 2026-11-30, a Monday.
const MONDAY: i64 = 20_787;
const ZONE: i32 = 60;

fn key(labels: &[&str]) -> Secret {
    Secret(hex::encode(subkey::bytes(b"test", labels)))
}

/// The node at `place` of a fleet; its second visitor comes over the node before it.
fn routine(place: u8) -> Routine {
    let (node, next) = (place.to_string(), (place + 1).to_string());
    let way = |key: Secret, account: &str, onward: Option<String>| Way {
        key,
        account: account.to_owned(),
        home: format!("/home/{account}"),
        from: IpAddr::from([10, 0, 1, place]),
        onward,
        hours: Hours { from: 8 * 60, to: 17 * 60 },
        zone_minutes: ZONE,
        often: 150,
        weekend: 10,
    };
    Routine {
        key: key(&["node", &node]),
        duty: Duty::Web,
        system: Family::Debian,
        unit: "nginx".to_owned(),
        hours: Hours::default(),
        zone_minutes: ZONE,
        ways: vec![
            way(key(&["way", &node, "own"]), "anna", None),
            way(key(&["way", &node]), "anna", None),
            way(key(&["way", &next]), "bob", Some(format!("srv{next}"))),
        ],
        readers: vec![IpAddr::from([10, 0, 2, 1]), IpAddr::from([10, 0, 2, 2])],
        pages: 10,
        share: "/srv/share".to_owned(),
        sharer: "anna".to_owned(),
    }
}

#[test]
fn no_two_nodes_and_no_two_days_are_the_same() {
    let mut seen = BTreeSet::new();
    let mut moments = 0_usize;
    for place in 0..50 {
        let routine = routine(place);
        for number in MONDAY..MONDAY + 10 {
            let one = day(&routine, number);
            assert_eq!(one, day(&routine, number), "the same whenever it is asked for");
            let own = one.jobs.iter().filter(|job| !job.about.is_empty()).map(|job| job.at);
            let all: Vec<i64> = own
                .chain(one.fetches.iter().map(|fetch| fetch.at))
                .chain(one.shared.iter().map(|edit| edit.at))
                .chain(one.sessions.iter().map(|session| session.start))
                .collect();
            moments += all.len();
            seen.extend(all);
        }
    }
    assert!(moments > 20_000, "{moments}");
    // Who comes and goes on does so at moments of his own at each end.
    assert!(seen.len() * 1000 > moments * 999, "{} of {moments}", seen.len());
}

#[test]
fn activity_follows_hours() {
    let (mut worked, mut free, mut fetched) = (0, 0, [0_u32; 24]);
    for place in 0..50 {
        let routine = routine(place);
        for number in MONDAY..MONDAY + 14 {
            let one = day(&routine, number);
            for session in &one.sessions {
                let minute = (session.start + i64::from(ZONE) * MINUTE).rem_euclid(DAY) / MINUTE;
                assert!((7 * 60 + 45..17 * 60 + 5).contains(&minute), "{minute}");
                assert!(session.start < session.end && session.end < session.start + 150 * MINUTE);
            }
            *(if is_free(number) { &mut free } else { &mut worked }) += one.sessions.len();
            for fetch in &one.fetches {
                let hour = (fetch.at + i64::from(ZONE) * MINUTE).rem_euclid(DAY) / (60 * MINUTE);
                fetched[usize::try_from(hour).unwrap()] += 1;
            }
        }
    }
    assert!(worked > 1_000 && free * 10 < worked, "{worked} on ten days, {free} on four");
    assert!(fetched[..8].iter().chain(&fetched[17..]).all(|count| *count == 0), "{fetched:?}");
    assert!(fetched[12] * 3 < fetched[10] * 2, "they eat at noon: {fetched:?}");
}

#[test]
fn a_part_of_some_days_is_a_part_of_the_whole() {
    for place in 0..5 {
        let routine = routine(place);
        let (from, to) = (MONDAY * DAY, (MONDAY + 10) * DAY);
        let whole = between(&routine, from, to);
        let mut parts = Day::default();
        let mut at = from;
        let mut step = 17 * MINUTE;
        while at < to {
            let end = (at + step).min(to);
            let part = between(&routine, at, end);
            parts.sessions.extend(part.sessions);
            parts.jobs.extend(part.jobs);
            parts.fetches.extend(part.fetches);
            parts.shared.extend(part.shared);
            (at, step) = (end, step * 2 % (3 * DAY) + MINUTE);
        }
        assert_eq!(parts, whole);
        assert!(whole.jobs.is_sorted_by_key(|job| job.at));
        assert!(whole.sessions.is_sorted_by_key(|session| session.start));
        assert!(whole.fetches.is_sorted_by_key(|fetch| fetch.at));
        assert!(whole.shared.is_sorted_by_key(|edit| edit.at));
    }
}

#[test]
fn both_ends_of_a_way_tell_of_the_same_login() {
    let (mut found, from, to) = (0, MONDAY * DAY, (MONDAY + 10) * DAY);
    for place in 0..20_u8 {
        let (near, far) = (routine(place), routine(place + 1));
        let target = format!("ssh srv{}", place + 1);
        let came = sessions(&far, from, to);
        for session in sessions(&near, from, to) {
            for line in session.lines.iter().filter(|line| line.text == target) {
                found += 1;
                let fits = |other: &&Session| {
                    (line.at..line.at + 20_000_000).contains(&other.start) && other.end == line.until
                };
                assert_eq!(came.iter().filter(fits).count(), 1, "{line:?}");
                assert!(session.start <= line.at && line.until <= session.end);
            }
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn lines_are_typed_one_after_the_other_between_login_and_logout() {
    let (mut edits, from, to) = (0, MONDAY * DAY, (MONDAY + 10) * DAY);
    for place in 0..50 {
        for session in sessions(&routine(place), from, to) {
            let mut free = session.start;
            for line in &session.lines {
                assert!(free <= line.at && line.at <= line.until && line.until <= session.end, "{session:?}");
                free = line.until;
                if let Some(edit) = &line.edit {
                    edits += 1;
                    assert!(line.at < edit.at && edit.at <= line.until, "{line:?}");
                    assert!(edit.path.starts_with(&session.home) && edit.text.ends_with('\n'));
                    assert!(!edit.text.contains('{') && !line.text.contains('{'), "{line:?}");
                }
            }
        }
    }
    assert!(edits > 200, "{edits}");
}
