//! Which terminal each of those has who are logged in.

use super::{past::sessions, presence::Present};
use netsvc_persona::{Persona, routine::DAY};

/// µs that are looked back for who is there: in some night nobody is.
const NIGHTS: i64 = 2 * DAY;

/// A login that has its terminal, or gets one.
pub(crate) trait Seated {
    /// When it begins and, unless it is there, ends.
    fn span(&self) -> (i64, Option<i64>);
    /// Its terminal; empty: it has none yet.
    fn tty(&self) -> &str;
    /// Gives it one.
    fn seat(&mut self, tty: String);
}

/// Gives each of `all` that has no terminal the first one that is free when it begins, and puts them in the order of
/// time.
pub(crate) fn seat<T: Seated>(all: &mut [T]) {
    all.sort_by_key(|one| one.span().0);
    let mut taken: Vec<(String, Option<i64>)> = Vec::new();
    for one in all {
        let (start, end) = one.span();
        taken.retain(|(_, end)| end.is_none_or(|end| start <= end));
        if one.tty().is_empty() {
            let is_free = |tty: &String| !taken.iter().any(|(other, _)| other == tty);
            let free = (0..1000).map(|number| format!("pts/{number}")).find(is_free);
            one.seat(free.unwrap_or_else(|| "pts/0".to_owned()));
        }
        taken.push((one.tty().to_owned(), end));
    }
}

/// The span of a login and its terminal.
struct Place(i64, Option<i64>, String);

impl Seated for Place {
    fn span(&self) -> (i64, Option<i64>) {
        (self.0, self.1)
    }

    fn tty(&self) -> &str {
        &self.2
    }

    fn seat(&mut self, tty: String) {
        self.2 = tty;
    }
}

/// The terminals of those who work on a node now, where the logins of who asks are `own`.
pub(crate) fn there(persona: &Persona, now: i64, own: &[Present]) -> Vec<String> {
    if persona.routine.is_unknown() {
        return Vec::new();
    }
    let people = sessions(persona, now - NIGHTS, now.saturating_add(1));
    let people = people.into_iter().map(|session| Place(session.start, Some(session.end), String::new()));
    let own = own.iter().map(|one| Place(one.start, one.end, one.tty.clone()));
    let mut all: Vec<Place> = people.chain(own).collect();
    seat(&mut all);
    let is_there = |place: &Place| place.1.is_none_or(|end| now < end);
    all.into_iter().filter(is_there).map(|place| place.2).collect()
}
