//! Who is logged in, as one source sees it: its own sessions, with a terminal each, and those that were.

use super::past::Past;
use netsvc_persona::{Persona, routine::Routine};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

/// Sessions of one source that are remembered.
const MOST: usize = 64;
/// Pasts of nodes that are kept for who asks next.
const PASTS: usize = 32;
/// Sources that are; of more, those without a session are forgotten.
const SOURCES: usize = 4_096;

/// A login with a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    number: u64,
    pub(crate) user: String,
    pub(crate) tty: String,
    /// The other end of its connection: a source may come over other hosts.
    pub(crate) from: SocketAddr,
    /// Process of its shell.
    pub(crate) pid: u32,
    /// Times of the node's clock in µs; no end: it is there.
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
}

/// The logins of every source at every node, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    sources: Mutex<BTreeMap<String, Vec<Present>>>,
    /// What was done on nodes, with what it was made of: the routine, the start of the system, and the day.
    pasts: Mutex<VecDeque<(Routine, i64, i64, Arc<Past>)>>,
}

/// A session that is there; it has left when this is dropped.
pub(crate) struct Seat {
    presence: Arc<Presence>,
    source: String,
    number: u64,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Presence {
    /// The sessions of `source`, oldest first.
    pub(crate) fn of(&self, source: &str) -> Vec<Present> {
        self.sources.lock().get(source).cloned().unwrap_or_default()
    }

    /// The terminal that the next session of `source` gets: the first that none has, and none of `others`.
    pub(crate) fn free(&self, source: &str, others: &[String]) -> String {
        let taken = self.of(source);
        let is_free = |tty: &String| {
            !others.contains(tty) && !taken.iter().any(|one| one.end.is_none() && one.tty == *tty)
        };
        let names = (0..=MOST).map(|number| format!("pts/{number}"));
        names.into_iter().find(is_free).unwrap_or_else(|| "pts/0".to_owned())
    }

    /// What was done on the node of `persona` until the end of `day`.
    pub(super) fn past(&self, persona: &Persona, day: i64, make: impl FnOnce() -> Past) -> Arc<Past> {
        let is_it = |known: &&(Routine, i64, i64, Arc<Past>)| {
            (known.2, known.1) == (day, persona.booted_at) && known.0 == persona.routine
        };
        let known = self.pasts.lock().iter().find(is_it).map(|known| Arc::clone(&known.3));
        if let Some(known) = known {
            return known;
        }
        // Others need not wait for it.
        let past = Arc::new(make());
        let mut pasts = self.pasts.lock();
        if PASTS <= pasts.len() {
            pasts.pop_front();
        }
        pasts.push_back((persona.routine.clone(), persona.booted_at, day, Arc::clone(&past)));
        past
    }

    /// A session of `source` begins; `clock` is the node's.
    pub(crate) fn enter(
        self: &Arc<Self>,
        source: &str,
        user: &str,
        tty: &str,
        pid: u32,
        from: SocketAddr,
        clock: Box<dyn Fn() -> i64 + Send + Sync>,
    ) -> Seat {
        let mut sources = self.sources.lock();
        if SOURCES <= sources.len() && !sources.contains_key(source) {
            sources.retain(|_, all| all.iter().any(|one| one.end.is_none()));
        }
        let all = sources.entry(source.to_owned()).or_default();
        if MOST <= all.len()
            && let Some(oldest) = all.iter().position(|one| one.end.is_some())
        {
            all.remove(oldest);
        }
        let number = all.iter().map(|one| one.number).max().unwrap_or(0) + 1;
        if all.len() < MOST {
            let (user, tty) = (user.to_owned(), tty.to_owned());
            all.push(Present { number, user, tty, from, pid, start: clock(), end: None });
        }
        Seat { presence: Arc::clone(self), source: source.to_owned(), number, clock }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = (self.clock)();
        let mut sources = self.presence.sources.lock();
        let all = sources.get_mut(&self.source).into_iter().flatten();
        for one in all.filter(|one| one.number == self.number) {
            one.end = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_has_a_terminal_of_its_own_until_it_leaves() {
        let presence = Arc::new(Presence::default());
        let from = SocketAddr::from(([192, 0, 2, 9], 4711));
        let enter = |tty: &str| presence.enter("a", "root", tty, 9, from, Box::new(|| 7));
        let first = enter(&presence.free("a", &[]));
        let second = enter(&presence.free("a", &[]));
        assert_eq!(presence.free("a", &[]), "pts/2");
        assert_eq!(presence.free("a", &["pts/2".to_owned()]), "pts/3");
        assert_eq!(presence.free("b", &[]), "pts/0", "others are not seen");
        drop(first);
        assert_eq!(presence.free("a", &[]), "pts/0");
        let ends: Vec<_> = presence.of("a").iter().map(|one| one.end).collect();
        assert_eq!(ends, [Some(7), None]);
        drop(second);
        for _ in 0..3 * MOST {
            drop(enter("pts/0"));
        }
        assert!(presence.of("a").len() <= MOST);
    }
}
