//! The meta commands: two letters, a key, and flags of one letter each.
//!
//! Source: <https://github.com/memcached/memcached/blob/master/doc/protocol.txt>, "Meta Commands".

use super::{
    deeds::{NON_NUMERIC, Outcome, add},
    stats,
    step::{ERROR, Pending, Step, Verb, say},
    store::{Refusal, Store},
    wanted::Wanted,
    words::{KEY, Words, signed},
};

const FORMAT: &[u8] = b"CLIENT_ERROR bad command line format\r\n";
const EITHER: &[u8] = b"CLIENT_ERROR invalid or duplicate flag\r\n";

/// Does `m` and `kind`.
pub(super) fn run(store: &mut Store, kind: u8, line: &[u8], words: &Words<'_>, now: i64) -> Step {
    if kind == b'n' {
        return say("MN\r\n");
    }
    if !b"gsdae".contains(&kind) || words.len() < 2 {
        return say(if kind == b'e' { FORMAT } else { ERROR });
    }
    if KEY < words.at(1).len() {
        return say(FORMAT);
    }
    store.counters.cmd_meta += 1;
    let done = match kind {
        b'g' => get(store, words, now),
        b's' => return set(words, line, now),
        b'd' => delete(store, words, now),
        b'a' => arithmetic(store, words, now),
        _ => Ok(debug(store, words, now)),
    };
    say(done.unwrap_or_else(|refusal| refusal.to_vec()))
}

type Answer = Result<Vec<u8>, &'static [u8]>;

fn line(code: &[u8], rest: &[u8]) -> Vec<u8> {
    [code, rest, b"\r\n"].concat()
}

fn get(store: &mut Store, words: &Words<'_>, now: i64) -> Answer {
    let wanted = Wanted::read(words, 2, b"bcfhklOqstvENRT")?;
    let key = wanted.real_key()?;
    let time = wanted.time(b'T', now)?;
    let made = wanted.time(b'N', now)?;
    let recache = wanted.number::<i64>(b'R')?;
    let there = store.look(&key, now).is_some();
    if let (false, Some(expires)) = (there, made) {
        let _ = store.put(&key, Vec::new(), 0, expires, now);
    }
    store.counters.cmd_get += 1;
    let Some(item) = store.look(&key, now) else {
        store.counters.get_misses += 1;
        return Ok(if wanted.quiet() { Vec::new() } else { b"EN\r\n".to_vec() });
    };
    item.expires = time.unwrap_or(item.expires);
    let due = item.expires != 0 && recache.is_some_and(|least| item.expires - now < least);
    let win = !there || (due || item.stale) && !item.won;
    let already = item.won && !win;
    item.won |= win;
    let mut told = wanted.told(Some(item), now);
    for (letter, says) in [(&b" Z"[..], already), (b" X", item.stale), (b" W", win)] {
        if says {
            told.extend_from_slice(letter);
        }
    }
    let value = wanted.has(b'v').then(|| item.value.clone());
    store.counters.get_hits += 1;
    // What is told is how it was before it was read.
    if there && (wanted.flags.is_empty() || wanted.flags.iter().any(|(letter, _)| b"hltv".contains(letter))) {
        store.fetch(&key, now);
    }
    let Some(value) = value else { return Ok(line(b"HD", &told)) };
    let head = [format!(" {}", value.len()).into_bytes(), told].concat();
    Ok([line(b"VA", &head), value, b"\r\n".to_vec()].concat())
}

fn set(words: &Words<'_>, text: &[u8], now: i64) -> Step {
    let Some(length) = signed(words.at(2)).and_then(|length| usize::try_from(length).ok()) else {
        return say(FORMAT);
    };
    match pending(words, text, length, now) {
        Ok(pending) if super::store::LONGEST < length + pending.key.len() + super::store::OVERHEAD => {
            Step::Swallow(length + 2, b"SERVER_ERROR object too large for cache\r\n".to_vec())
        }
        Ok(pending) => Step::Value(pending),
        Err(refusal) => Step::Swallow(length + 2, refusal.to_vec()),
    }
}

fn pending(words: &Words<'_>, text: &[u8], length: usize, now: i64) -> Result<Pending, &'static [u8]> {
    let wanted = Wanted::read(words, 3, b"bcCFIkMNOqsT")?;
    let verb = match wanted.token(b'M').map(<[u8]>::to_ascii_uppercase).as_deref() {
        None | Some(b"S" | b"SET") => Verb::Set,
        Some(b"E" | b"ADD") => Verb::Add,
        Some(b"A" | b"APPEND") => Verb::Append,
        Some(b"P" | b"PREPEND") => Verb::Prepend,
        Some(b"R" | b"REPLACE") => Verb::Replace,
        Some(_) => return Err(b"CLIENT_ERROR invalid mode for ms M token\r\n"),
    };
    Ok(Pending {
        verb,
        key: wanted.real_key()?,
        flags: wanted.number(b'F')?.unwrap_or_default(),
        expires: wanted.time(b'T', now)?.unwrap_or_default(),
        length,
        cas: wanted.number(b'C')?,
        quiet: false,
        meta: Some(wanted),
        line: text.to_vec(),
    })
}

/// The answer to `ms`.
pub(super) fn stored(store: &mut Store, wanted: &Wanted, key: &[u8], outcome: Outcome) -> Vec<u8> {
    let code: &[u8] = match outcome {
        Outcome::Stored if wanted.quiet() => return Vec::new(),
        Outcome::Stored => b"HD",
        Outcome::NotStored => b"NS",
        Outcome::Exists => b"EX",
        Outcome::NotFound => b"NF",
        Outcome::Refused(Refusal::TooLarge) => {
            return b"SERVER_ERROR object too large for cache\r\n".to_vec();
        }
        Outcome::Refused(Refusal::NoMemory) => {
            return b"SERVER_ERROR out of memory storing object\r\n".to_vec();
        }
    };
    let item = store.look(key, i64::MIN).cloned();
    line(code, &wanted.told(item.as_ref(), 0))
}

fn delete(store: &mut Store, words: &Words<'_>, now: i64) -> Answer {
    let wanted = Wanted::read(words, 2, b"bCIkOqTx").map_err(|_| EITHER)?;
    let key = wanted.real_key()?;
    let (cas, time) = (wanted.number::<u64>(b'C')?, wanted.time(b'T', now)?);
    let next = store.next_cas();
    let Some(item) = store.look(&key, now) else {
        store.counters.delete_misses += 1;
        return Ok(line(b"NF", &wanted.told(None, now)));
    };
    if cas.is_some_and(|cas| cas != item.cas) {
        return Ok(line(b"EX", &wanted.told(None, now)));
    }
    if wanted.has(b'I') {
        (item.stale, item.won, item.cas) = (true, false, next);
        item.expires = time.unwrap_or(item.expires);
    } else {
        store.remove(&key);
        store.counters.delete_hits += 1;
    }
    Ok(if wanted.quiet() { Vec::new() } else { line(b"HD", &wanted.told(None, now)) })
}

fn arithmetic(store: &mut Store, words: &Words<'_>, now: i64) -> Answer {
    let wanted = Wanted::read(words, 2, b"bcCDJkMNOqtTv").map_err(|_| EITHER)?;
    let key = wanted.real_key()?;
    let up = match wanted.token(b'M') {
        None | Some(b"I" | b"i" | b"+" | b"INCR" | b"incr") => true,
        Some(b"D" | b"d" | b"-" | b"DECR" | b"decr") => false,
        Some(_) => return Err(b"CLIENT_ERROR invalid mode for ma M token\r\n"),
    };
    let delta = wanted.number(b'D').map_err(|_| EITHER)?.unwrap_or(1);
    let (made, time) = (wanted.time(b'N', now)?, wanted.time(b'T', now)?);
    let initial: u64 = wanted.number(b'J')?.unwrap_or_default();
    match add(store, &key, delta, up, now) {
        Some(Ok(_)) => {}
        Some(Err(())) => return Ok(format!("CLIENT_ERROR {NON_NUMERIC}\r\n").into_bytes()),
        None => match made {
            Some(expires) => {
                let _ = store.put(&key, initial.to_string().into_bytes(), 0, expires, now);
            }
            None if wanted.quiet() => return Ok(Vec::new()),
            None => return Ok(line(b"NF", &wanted.told(None, now))),
        },
    }
    let Some(item) = store.look(&key, now) else { return Ok(b"NF\r\n".to_vec()) };
    item.expires = time.unwrap_or(item.expires);
    let told = wanted.told(Some(item), now);
    if wanted.has(b'v') {
        let value = item.value.trim_ascii_end();
        let head = [format!(" {}", value.len()).into_bytes(), told].concat();
        return Ok([line(b"VA", &head), value.to_vec(), b"\r\n".to_vec()].concat());
    }
    Ok(if wanted.quiet() { Vec::new() } else { line(b"HD", &told) })
}

/// `me`: what the server knows of an item.
fn debug(store: &mut Store, words: &Words<'_>, now: i64) -> Vec<u8> {
    let key = words.at(1).to_vec();
    let Some(item) = store.look(&key, now) else { return b"EN\r\n".to_vec() };
    let expires = if item.expires == 0 { -1 } else { item.expires - now };
    let size = item.size(&key);
    let rest = format!(
        " exp={expires} la={} cas={} fetch={} cls={} size={size}",
        now - item.used,
        item.cas,
        if item.fetched { "yes" } else { "no" },
        stats::class(size),
    );
    line(b"ME ", &[&key, rest.as_bytes()].concat())
}
