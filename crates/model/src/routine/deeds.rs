//! What was done, as it is written down: fewer and shorter lines than the machine itself has.

use crate::record::{LifeDeed, LifeKind, RoutineRow};
use netsvc_persona::{
    routine::{self, DAY, Day, Edit, MINUTE, Routine},
    subkey,
};
use netsvc_wire::stamp::Micros;
use std::{collections::BTreeMap, net::IpAddr};

/// µs of an hour, by which pages are counted.
const HOUR: i64 = 60 * MINUTE;

/// What of `day` was done on `node` at `from` or later and before `to`, in the order of time.
pub fn deeds(node: &str, day: &Day, from: Micros, to: Micros) -> Vec<LifeDeed> {
    let mut all = Vec::new();
    let mut add = |at: Micros, kind: LifeKind, account: &str, source: &str, what: String| {
        if from <= at && at < to {
            let id = subkey::bytes(node.as_bytes(), &[kind.name(), &at.to_string(), account, &what]);
            let id = hex::encode(id.get(..12).unwrap_or_default());
            let (account, source) = (account.to_owned(), source.to_owned());
            all.push(LifeDeed { id, node: node.to_owned(), at, kind, account, source, what });
        }
    };
    for session in &day.sessions {
        let (account, source) = (session.account.as_str(), session.from.to_string());
        add(session.start, LifeKind::Login, account, &source, String::new());
        let minutes = (session.end - session.start) / MINUTE;
        let text = format!("{} commands in {minutes} min", session.lines.len());
        add(session.end, LifeKind::Logout, account, &source, text);
        for edit in session.lines.iter().filter_map(|line| line.edit.as_ref()) {
            add(edit.at, LifeKind::Edit, account, "", edit.path.clone());
        }
    }
    for Edit { at, owner, path, .. } in &day.shared {
        add(*at, LifeKind::Share, owner, "", path.clone());
    }
    for job in day.jobs.iter().filter(|job| job.notable) {
        add(job.at, LifeKind::Job, "", "", job.name.to_owned());
    }
    // Pages of an hour are one deed, told when the hour is over.
    let mut pages: BTreeMap<(i64, IpAddr), u32> = BTreeMap::new();
    for fetch in &day.fetches {
        *pages.entry((fetch.at.div_euclid(HOUR), fetch.from)).or_default() += 1;
    }
    for ((hour, reader), count) in pages {
        add((hour + 1) * HOUR, LifeKind::Pages, "", &reader.to_string(), format!("{count} pages"));
    }
    all.sort_by(|left, right| (left.at, &left.id).cmp(&(right.at, &right.id)));
    all
}

/// What is done on a decky on a day, counted from the epoch, where its people are; also of a day that is yet to come.
///
/// # Errors
/// When the routine is not one that this release reads.
pub fn preview(row: &RoutineRow, day: i64) -> Result<Vec<LifeDeed>, serde_json::Error> {
    let routine: Routine = serde_json::from_str(&row.document)?;
    let whole = routine::day(&routine, day);
    // Logins of the day may end, and pages be counted, after it.
    let begin = day * DAY - i64::from(routine.zone_minutes) * MINUTE;
    Ok(deeds(&row.node, &whole, begin - DAY, begin + 2 * DAY))
}
