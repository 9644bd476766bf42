//! The log of slow commands.
//!
//! Source: the reference of SLOWLOG; bounds of redis-server 7.0 (`slowlog.h`).

use super::{
    Reply,
    words::{Words, float},
};
use std::{collections::VecDeque, time::Duration};

/// Most words of an entry, and most bytes of one (`SLOWLOG_ENTRY_MAX_ARGC`, `SLOWLOG_ENTRY_MAX_STRING`).
const WORDS: usize = 32;
const BYTES: usize = 128;
/// Most entries, whatever `slowlog-max-len` says.
const MOST: usize = 1024;

/// Longest time that a command of a keyspace of ours can be said to have worked: what took longer had to wait for
/// the processor, which is no property of the server that is shown. It is below the usual `slowlog-log-slower-than`.
const WORK: Duration = Duration::from_millis(5);

/// Slow commands, newest first.
#[derive(Debug, Default)]
pub(super) struct Slowlog {
    next: i64,
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: i64,
    /// When it ran, s since the epoch.
    at: i64,
    /// How long, µs.
    micros: i64,
    words: Vec<Vec<u8>>,
    peer: String,
    name: Vec<u8>,
}

impl Slowlog {
    /// Keeps a command that took `time`, by the bounds of the configuration: µs (negative: none) and entries.
    pub(super) fn note(
        &mut self,
        words: Words<'_>,
        time: Duration,
        at: i64,
        client: (String, Vec<u8>),
        (slower_than, longest): (i64, i64),
    ) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        if slower_than < 0 || micros < slower_than {
            return;
        }
        let (peer, name) = client;
        self.entries.push_front(Entry { id: self.next, at, micros, words: trimmed(words), peer, name });
        self.next += 1;
        self.entries.truncate(usize::try_from(longest).unwrap_or(0).min(MOST));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all; numbers go on.
    pub(super) fn reset(&mut self) {
        self.entries.clear();
    }

    /// The newest `count` entries.
    pub(super) fn get(&self, count: usize) -> Reply {
        let entry = |entry: &Entry| {
            Reply::Array(vec![
                Reply::Integer(entry.id),
                Reply::Integer(entry.at),
                Reply::Integer(entry.micros),
                Reply::list(&entry.words),
                Reply::bulk(&entry.peer),
                Reply::bulk(&entry.name),
            ])
        };
        Reply::Array(self.entries.iter().take(count).map(entry).collect())
    }
}

/// How long DEBUG SLEEP makes the server sleep, which is waited only after the call.
pub(super) fn asleep(words: Words<'_>) -> Option<Duration> {
    let sleeps = words.is(0, "debug") && words.is(1, "sleep");
    Duration::try_from_secs_f64(sleeps.then(|| float(words.at(2)))??).ok()
}

/// How long a command took that was at it for `elapsed` and slept beside that for `asleep`.
pub(super) fn taken(elapsed: Duration, asleep: Duration) -> Duration {
    elapsed.min(WORK) + asleep
}

/// The words as an entry keeps them.
fn trimmed(words: Words<'_>) -> Vec<Vec<u8>> {
    let count = words.len();
    let shown = if WORDS < count { WORDS - 1 } else { count };
    let short = |word: &Vec<u8>| match word.split_at_checked(BYTES) {
        Some((kept, rest)) if !rest.is_empty() => {
            [kept, format!("... ({} more bytes)", rest.len()).as_bytes()].concat()
        }
        _ => word.clone(),
    };
    let mut kept: Vec<Vec<u8>> = words.0.iter().take(shown).map(short).collect();
    if shown < count {
        kept.push(format!("... ({} more arguments)", count - shown).into_bytes());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_makes_no_command_slow() {
        let seconds = Duration::from_secs;
        assert_eq!(taken(Duration::from_micros(7), seconds(0)), Duration::from_micros(7));
        assert!(taken(seconds(1), seconds(0)) < Duration::from_millis(10));
        assert!(taken(seconds(1), seconds(2)) >= seconds(2));
    }

    #[test]
    fn long_commands_are_cut_and_old_ones_forgotten() {
        let mut log = Slowlog::default();
        let many: Vec<Vec<u8>> = (0..40).map(|_| vec![b'x'; 200]).collect();
        for _ in 0..3 {
            let client = ("192.0.2.1:1".to_owned(), Vec::new());
            log.note(Words(&many), Duration::from_micros(5), 7, client, (5, 2));
        }
        assert_eq!(log.len(), 2);
        let cut = trimmed(Words(&many));
        assert_eq!(cut.len(), 32);
        assert!(cut[0].ends_with(b"... (72 more bytes)"));
        assert_eq!(cut[31], b"... (9 more arguments)");
    }
}
