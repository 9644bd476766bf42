//! A day of a node, and any stretch of time out of days.

use super::{
    DAYS, Day, Edit, Fetch, Routine, Session,
    hours::{below, choose, day_of, is_free, moment, visits},
    jobs::jobs,
    texts, typed,
};
use crate::subkey;
use std::net::IpAddr;

/// What is done on a node on a day, counted from the epoch. A day begins and ends where those are who do it; a login
/// belongs to the day on which it is made, though it may begin some minutes before or end some after.
pub fn day(routine: &Routine, day: i64) -> Day {
    let mut sessions = of_day(routine, day);
    sort(&mut sessions);
    Day {
        sessions,
        jobs: jobs(routine, day),
        fetches: fetches(routine, day),
        shared: shared_on(routine, day),
    }
}

/// What is begun at `from` or later and before `to`, both in µs since the epoch: of at most [`DAYS`] days, the last
/// ones.
pub fn between(routine: &Routine, from: i64, to: i64) -> Day {
    let days = days(routine, from, to);
    let within = |at: i64| from <= at && at < to;
    Day {
        sessions: sessions(routine, from, to),
        jobs: days.clone().flat_map(|day| jobs(routine, day)).filter(|job| within(job.at)).collect(),
        fetches: days.flat_map(|day| fetches(routine, day)).filter(|fetch| within(fetch.at)).collect(),
        shared: shared(routine, from, to),
    }
}

/// Who came at `from` or later and before `to`, as [`between`] says it.
pub fn sessions(routine: &Routine, from: i64, to: i64) -> Vec<Session> {
    let all = days(routine, from, to).flat_map(|day| of_day(routine, day));
    let mut all: Vec<Session> = all.filter(|session| from <= session.start && session.start < to).collect();
    // Days of people in another zone overlap those of the node.
    sort(&mut all);
    all
}

/// What colleagues changed over the network at `from` or later and before `to`, as [`between`] says it.
pub fn shared(routine: &Routine, from: i64, to: i64) -> Vec<Edit> {
    let all = days(routine, from, to).flat_map(|day| shared_on(routine, day));
    all.filter(|edit| from <= edit.at && edit.at < to).collect()
}

/// The days that something between two moments can belong to.
fn days(routine: &Routine, from: i64, to: i64) -> std::ops::RangeInclusive<i64> {
    let last = day_of(to, routine.zone_minutes) + 1;
    (day_of(from, routine.zone_minutes) - 1).max(last - DAYS - 2)..=last
}

fn of_day(routine: &Routine, day: i64) -> Vec<Session> {
    let mut out = Vec::new();
    for way in &routine.ways {
        out.extend(visits(way, day).into_iter().map(|visit| typed::session(routine, way, day, visit)));
    }
    out
}

fn sort(sessions: &mut [Session]) {
    sessions.sort_by(|left, right| (left.start, &left.account).cmp(&(right.start, &right.account)));
}

fn shared_on(routine: &Routine, day: i64) -> Vec<Edit> {
    typed::shared(routine, day, is_free(day))
}

/// The pages that colleagues ask for on a day, in the order of time: few on days on which nobody works, and fewer
/// while they eat.
fn fetches(routine: &Routine, day: i64) -> Vec<Fetch> {
    let key = routine.key.hex_bytes().unwrap_or_default();
    let mut random = subkey::generator(&key, &["fetches", &day.to_string()]);
    let (from, to) = (i64::from(routine.hours.from), i64::from(routine.hours.to));
    let span = u32::try_from(to - from).unwrap_or(1);
    let whole = routine.pages.saturating_mul(span) / 60;
    let whole = if is_free(day) { whole / 20 } else { whole };
    // Between three and five quarters of what is usual.
    let count = i64::from(whole) * (75 + below(&mut random, 50)) / 100;
    // A machine has one browser.
    let agent = |reader: &IpAddr| {
        choose(&mut subkey::generator(&key, &["agent", &reader.to_string()]), texts::AGENTS)
    };
    let readers: Vec<(IpAddr, &'static str)> =
        routine.readers.iter().filter_map(|reader| Some((*reader, agent(reader)?))).collect();
    let mut out = Vec::new();
    for _ in 0..count {
        let minute = from + below(&mut random, span);
        let eats = (12 * 60..13 * 60).contains(&minute) && below(&mut random, 3) > 0;
        let at = moment(day, routine.zone_minutes, minute, &mut random);
        let page = choose(&mut random, texts::PAGES);
        let Some((from, agent)) = choose(&mut random, &readers) else { break };
        if let (false, Some(path)) = (eats, page) {
            out.push(Fetch { at, from, path, agent });
        }
    }
    out.sort_by_key(|fetch| fetch.at);
    out
}
