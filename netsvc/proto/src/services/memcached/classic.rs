//! The classic commands in text.

use super::{
    deeds::{NON_NUMERIC, Outcome, add, keep},
    meta, stats,
    step::{Asked, ERROR, Pending, Step, Verb, say},
    store::{Refusal, Store},
    words::{KEY, Words, signed, unsigned},
};
use netsvc_kit::{Host, Link};

const FORMAT: &[u8] = b"CLIENT_ERROR bad command line format\r\n";
const EXPTIME: &[u8] = b"CLIENT_ERROR invalid exptime argument\r\n";

/// Does what `line` says.
pub(super) fn run(host: &Host, link: &Link, store: &mut Store, line: &[u8], now: i64) -> Step {
    let words = Words::of(line);
    let name = words.at(0);
    if words.len() == 0 || name.len() < 2 {
        return say(ERROR);
    }
    if let [b'm', kind] = name {
        return meta::run(store, *kind, line, &words, now);
    }
    match (name, words.len()) {
        (b"get" | b"gets", 2..) => get(&words, 1, name == b"gets", None),
        (b"gat" | b"gats", 2..) => match signed(words.at(1)) {
            Some(time) => get(&words, 2, name == b"gats", Some(time)),
            None => say(EXPTIME),
        },
        (b"set", 5 | 6) => update(store, Verb::Set, line, &words, now),
        (b"add", 5 | 6) => update(store, Verb::Add, line, &words, now),
        (b"replace", 5 | 6) => update(store, Verb::Replace, line, &words, now),
        (b"append", 5 | 6) => update(store, Verb::Append, line, &words, now),
        (b"prepend", 5 | 6) => update(store, Verb::Prepend, line, &words, now),
        (b"cas", 6 | 7) => update(store, Verb::Cas, line, &words, now),
        (b"incr" | b"decr", 3 | 4) => count(store, &words, now),
        (b"touch", 3 | 4) => touch(store, &words, now),
        (b"delete", 2..=4) => delete(store, &words, now),
        (b"flush_all", 1..=3) => flush(store, &words, now),
        (b"version", _) => say(format!("VERSION {}\r\n", super::version(host))),
        (b"quit", _) => Step::Close,
        (b"stats", _) => stats::run(host, link, store, &words, now),
        (b"shutdown", _) => say("ERROR: shutdown not enabled\r\n"),
        (b"verbosity", 2 | 3) => {
            store.verbosity = unsigned(words.at(1)).unwrap_or_default();
            quietly(&words, b"OK\r\n")
        }
        (b"cache_memlimit", 2 | 3) => memory_limit(store, &words),
        (b"slabs", _) => slabs(&words),
        (b"lru", _) => lru(&words),
        (b"lru_crawler", _) => stats::crawler(store, &words, now),
        (b"watch", _) => say("OK\r\n"),
        _ if words.last().starts_with(b"HTTP/") => Step::Close,
        _ => say(ERROR),
    }
}

/// The answer, unless the last word says that none is wanted.
fn quietly(words: &Words<'_>, answer: &[u8]) -> Step {
    if words.last() == b"noreply" { Step::Say(Vec::new()) } else { say(answer) }
}

fn get(words: &Words<'_>, first: usize, cas: bool, touch: Option<i32>) -> Step {
    let keys = words.from(first);
    if keys.iter().any(|key| KEY < key.len()) {
        return say(FORMAT);
    }
    let keys = keys.iter().map(|key| key.to_vec()).collect();
    Step::Get(Asked { keys, next: 0, cas, touch })
}

fn update(store: &mut Store, verb: Verb, line: &[u8], words: &Words<'_>, now: i64) -> Step {
    let key = words.at(1);
    let quiet = words.last() == b"noreply";
    let numbers = (unsigned::<u64>(words.at(2)), signed(words.at(3)), signed(words.at(4)));
    let cas = if verb == Verb::Cas { unsigned::<u64>(words.at(5)).map(Some) } else { Some(None) };
    let (Some(flags), Some(time), Some(length), Some(cas)) = (numbers.0, numbers.1, numbers.2, cas) else {
        return quietly(words, FORMAT);
    };
    let length = usize::try_from(length).ok().filter(|length| *length <= i32::MAX as usize - 2);
    let Some(length) = length.filter(|_| key.len() <= KEY) else { return quietly(words, FORMAT) };
    if super::store::LONGEST < length + key.len() + super::store::OVERHEAD {
        store.counters.store_too_large += 1;
        // What was there is older than what the client wanted to have there.
        store.remove(key);
        let answer = if quiet { Vec::new() } else { b"SERVER_ERROR object too large for cache\r\n".to_vec() };
        return Step::Swallow(length + 2, answer);
    }
    let expires = Store::expiry(time, now);
    let key = key.to_vec();
    // The server reads a longer number and keeps its lower half.
    let flags = (flags & u64::from(u32::MAX)) as u32;
    Step::Value(Pending { verb, key, flags, expires, length, cas, quiet, meta: None, line: line.to_vec() })
}

/// Keeps the value of `pending`, and answers.
pub(super) fn store(store: &mut Store, pending: &Pending, value: Vec<u8>, now: i64) -> Vec<u8> {
    let outcome = keep(store, pending, value, now);
    if let Some(wanted) = &pending.meta {
        return meta::stored(store, wanted, &pending.key, outcome);
    }
    let answer: &[u8] = match outcome {
        Outcome::Stored => b"STORED\r\n",
        Outcome::NotStored => b"NOT_STORED\r\n",
        Outcome::Exists => b"EXISTS\r\n",
        Outcome::NotFound => b"NOT_FOUND\r\n",
        Outcome::Refused(Refusal::TooLarge) => b"SERVER_ERROR object too large for cache\r\n",
        Outcome::Refused(Refusal::NoMemory) => b"SERVER_ERROR out of memory storing object\r\n",
    };
    answer.to_vec()
}

fn count(store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    if KEY < words.at(1).len() {
        return quietly(words, FORMAT);
    }
    let Some(delta) = unsigned::<u64>(words.at(2)) else {
        return quietly(words, b"CLIENT_ERROR invalid numeric delta argument\r\n");
    };
    let answer = match add(store, words.at(1), delta, words.at(0) == b"incr", now) {
        Some(Ok(value)) => format!("{value}\r\n"),
        Some(Err(())) => format!("CLIENT_ERROR {NON_NUMERIC}\r\n"),
        None => "NOT_FOUND\r\n".to_owned(),
    };
    quietly(words, answer.as_bytes())
}

fn touch(store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    if KEY < words.at(1).len() {
        return quietly(words, FORMAT);
    }
    let Some(time) = signed(words.at(2)) else { return quietly(words, EXPTIME) };
    store.counters.cmd_touch += 1;
    match store.look(words.at(1), now) {
        Some(item) => {
            item.expires = Store::expiry(time, now);
            store.counters.touch_hits += 1;
            quietly(words, b"TOUCHED\r\n")
        }
        None => {
            store.counters.touch_misses += 1;
            quietly(words, b"NOT_FOUND\r\n")
        }
    }
}

fn delete(store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    let (zero, quiet) = (words.at(2) == b"0", words.last() == b"noreply");
    let fine = match words.len() {
        3 => zero || quiet,
        4 => zero && quiet,
        _ => true,
    };
    if !fine {
        return quietly(words, b"CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n");
    }
    if KEY < words.at(1).len() {
        return quietly(words, FORMAT);
    }
    if store.look(words.at(1), now).is_some() {
        store.remove(words.at(1));
        store.counters.delete_hits += 1;
        return quietly(words, b"DELETED\r\n");
    }
    store.counters.delete_misses += 1;
    quietly(words, b"NOT_FOUND\r\n")
}

fn flush(store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    store.counters.cmd_flush += 1;
    let quiet = words.last() == b"noreply";
    let plain = words.len() == if quiet { 2 } else { 1 };
    let time = if plain { Some(0) } else { signed(words.at(1)) };
    match time {
        None => return quietly(words, EXPTIME),
        Some(time) if time <= 0 => store.flush(None),
        Some(time) => store.flush(Some(Store::expiry(time, now) - 1)),
    }
    quietly(words, b"OK\r\n")
}

fn memory_limit(store: &mut Store, words: &Words<'_>) -> Step {
    match unsigned::<u64>(words.at(1)) {
        None => quietly(words, ERROR),
        Some(megabytes) if megabytes < 8 => {
            quietly(words, b"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n")
        }
        Some(megabytes) => {
            store.limit = megabytes.saturating_mul(1 << 20);
            quietly(words, b"OK\r\n")
        }
    }
}

fn slabs(words: &Words<'_>) -> Step {
    match (words.at(1), words.len()) {
        (b"reassign", 4) => match (signed(words.at(2)), signed(words.at(3))) {
            (Some(from), Some(to)) if from == to => say("SAME src and dst class are identical\r\n"),
            (Some(-1..=63), Some(1..=63)) => say("NOSPARE source class has no spare pages\r\n"),
            (Some(_), Some(_)) => say("BADCLASS invalid src or dst class id\r\n"),
            _ => say(FORMAT),
        },
        (b"automove", 3 | 4) => say("OK\r\n"),
        _ => say(ERROR),
    }
}

fn lru(words: &Words<'_>) -> Step {
    match (words.at(1), words.len()) {
        (b"tune", 5..) | (b"mode", 3..) | (b"temp_ttl", 3..) => say("OK\r\n"),
        _ => say(ERROR),
    }
}
