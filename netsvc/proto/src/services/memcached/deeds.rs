//! What is done to the items, whichever protocol asks.

use super::{
    step::{Pending, Verb},
    store::{Item, Refusal, Store},
    words::unsigned,
};

/// The item that is asked for, counted.
pub(super) fn fetch(store: &mut Store, key: &[u8], touch: Option<i32>, now: i64) -> Option<Item> {
    let found = store.fetch(key, now).cloned();
    if let Some(time) = touch {
        store.counters.cmd_touch += 1;
        if let Some(item) = store.look(key, now) {
            item.expires = Store::expiry(time, now);
            store.counters.touch_hits += 1;
        }
    }
    store.counters.cmd_get += 1;
    match found {
        Some(_) => store.counters.get_hits += 1,
        None => store.counters.get_misses += 1,
    }
    found
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    NotStored,
    Exists,
    NotFound,
    Refused(Refusal),
}

/// Keeps `value` as the verb of `pending` says.
pub(super) fn keep(store: &mut Store, pending: &Pending, value: Vec<u8>, now: i64) -> Outcome {
    store.counters.cmd_set += 1;
    if let Some(cas) = pending.cas {
        match store.look(&pending.key, now).map(|item| item.cas) {
            None => {
                store.counters.cas_misses += 1;
                return Outcome::NotFound;
            }
            Some(there) if there == cas => store.counters.cas_hits += 1,
            Some(_) => {
                store.counters.cas_badval += 1;
                return Outcome::Exists;
            }
        }
    }
    let (mut flags, mut expires) = (pending.flags, pending.expires);
    let value = match (pending.verb, store.look(&pending.key, now)) {
        (Verb::Set | Verb::Cas, _) | (Verb::Add, None) | (Verb::Replace, Some(_)) => value,
        (Verb::Append | Verb::Prepend, Some(item)) => {
            (flags, expires) = (item.flags, item.expires);
            let (there, new) = (item.value.as_slice(), value.as_slice());
            if pending.verb == Verb::Append { [there, new].concat() } else { [new, there].concat() }
        }
        (Verb::Add | Verb::Replace | Verb::Append | Verb::Prepend, _) => return Outcome::NotStored,
    };
    match store.put(&pending.key, value, flags, expires, now) {
        Ok(_) => Outcome::Stored,
        Err(refusal) => Outcome::Refused(refusal),
    }
}

/// Why a value cannot be counted.
pub(super) const NON_NUMERIC: &str = "cannot increment or decrement non-numeric value";

/// Adds to a value that is a number, or takes from it; the new value, or that it is no number.
pub(super) fn add(store: &mut Store, key: &[u8], delta: u64, up: bool, now: i64) -> Option<Result<u64, ()>> {
    let cas = store.next_cas();
    let Some(item) = store.look(key, now) else {
        let missed = if up { &mut store.counters.incr_misses } else { &mut store.counters.decr_misses };
        *missed += 1;
        return None;
    };
    let Some(value) = unsigned::<u64>(item.value.trim_ascii_end()).filter(|_| item.value.len() <= 20) else {
        return Some(Err(()));
    };
    let value = if up { value.wrapping_add(delta) } else { value.saturating_sub(delta) };
    let mut text = value.to_string().into_bytes();
    item.cas = cas;
    if text.len() <= item.value.len() {
        // The server writes into what is there, and leaves its length when it gets shorter.
        text.resize(item.value.len(), b' ');
        item.value = text;
    } else {
        let (flags, expires) = (item.flags, item.expires);
        let _ = store.put(key, text, flags, expires, now);
    }
    let counted = if up { &mut store.counters.incr_hits } else { &mut store.counters.decr_hits };
    *counted += 1;
    Some(Ok(value))
}
