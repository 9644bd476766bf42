//! `stats` and its kinds, and the crawler's dumps: what scanners and thieves of caches ask for.

use super::{
    step::{ERROR, Step, say},
    store::{Item, Store},
    table::{GENERAL, ITEMS, SETTINGS},
    words::{Words, unsigned},
};
use netsvc_kit::{Host, Link};
use rand_core::RngCore;
use std::{collections::BTreeMap, fmt::Write};

const BAD: &[u8] = b"CLIENT_ERROR bad command line\r\n";
/// Bytes of a page of a slab class.
const PAGE: usize = 1 << 20;
/// Smallest and largest chunk of a slab class.
const CHUNKS: (usize, usize) = (96, 524_288);
/// Seconds that an item stays among those that were just stored.
const HOT: i64 = 3;
/// Classes that the server knows at most.
const CLASSES: usize = 64;

/// Does `stats …`.
pub(super) fn run(host: &Host, link: &Link, store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    match (words.at(1), words.len()) {
        (b"detail", _) => detail(store, words),
        (b"cachedump", ..4) => say(BAD),
        (b"cachedump", _) => cachedump(store, words, now),
        (b"reset", _) => {
            store.counters = Default::default();
            say("RESET\r\n")
        }
        (kind, _) => {
            text(host, link, store, kind, now).map_or_else(|| say(ERROR), |text| say(text + "END\r\n"))
        }
    }
}

/// The lines of a kind of statistics; `None`: there is no such kind.
pub(super) fn text(host: &Host, link: &Link, store: &Store, kind: &[u8], now: i64) -> Option<String> {
    Some(match kind {
        b"" => general(host, store, now),
        b"settings" => settings(host, store),
        b"items" => items(store, now),
        b"slabs" => slabs(store),
        b"sizes" => "STAT sizes_status disabled\r\n".to_owned(),
        b"conns" => connections(link),
        _ => return None,
    })
}

/// The slab class of an item of `size` bytes.
pub(super) fn class(size: usize) -> usize {
    let mut chunk = CHUNKS.0;
    let mut class = 1;
    while chunk < size && chunk < CHUNKS.1 {
        (chunk, class) = (larger(chunk), class + 1);
    }
    class
}

/// The chunk of the class behind that of `chunk`.
fn larger(chunk: usize) -> usize {
    let next = (chunk * 5 / 4).next_multiple_of(8);
    if CHUNKS.1 * 4 / 5 < next { CHUNKS.1 } else { next }
}

fn chunk(class: usize) -> usize {
    (1..class).fold(CHUNKS.0, |chunk, _| larger(chunk))
}

fn stat(name: &str, value: impl std::fmt::Display) -> String {
    format!("STAT {name} {value}\r\n")
}

fn general(host: &Host, store: &Store, now: i64) -> String {
    GENERAL.iter().map(|(name, idle)| stat(name, value(host, store, now, name, idle))).collect()
}

fn value(host: &Host, store: &Store, now: i64, name: &str, idle: &str) -> String {
    let uptime = (now - store.begun).max(2);
    let counters = &store.counters;
    let number = match name {
        "pid" => u64::from(host.generator("pid").next_u32() % 900 + 480),
        "version" => return super::version(host),
        "time" => return now.to_string(),
        "uptime" => return uptime.to_string(),
        // An idle server uses about a minute of processor time in ten days.
        "rusage_user" => return seconds(uptime * 57, counters.bytes_read),
        "rusage_system" => return seconds(uptime * 31, counters.bytes_written),
        "curr_connections" => store.connections,
        "connection_structures" => store.connections + 1,
        // The listener is one.
        "total_connections" => counters.total_connections + 1,
        "limit_maxbytes" => store.limit,
        "lru_maintainer_juggles" => return (uptime + 36).to_string(),
        "bytes" => store.bytes() as u64,
        "curr_items" => store.len() as u64,
        _ => match counters.get(name) {
            Some(count) => count,
            None => return idle.to_owned(),
        },
    };
    number.to_string()
}

/// Processor time: so many microseconds of an idle life, and some for what was done.
fn seconds(idle: i64, bytes: u64) -> String {
    let micros = u64::try_from(idle).unwrap_or_default() + 4753 + bytes / 8;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn settings(host: &Host, store: &Store) -> String {
    let mut shown = String::new();
    for (name, fixed) in SETTINGS {
        let value = match *name {
            "maxbytes" => store.limit.to_string(),
            "verbosity" => store.verbosity.to_string(),
            "inter" => host.persona().ip.to_string(),
            "detail_enabled" => if store.detail { "yes" } else { "no" }.to_owned(),
            _ => (*fixed).to_owned(),
        };
        shown += &stat(name, value);
    }
    shown
}

/// What is there, by slab class.
fn classes(store: &Store) -> BTreeMap<usize, Vec<(&[u8], &Item)>> {
    let mut classes: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for (key, item) in store.all() {
        classes.entry(class(item.size(key))).or_default().push((key, item));
    }
    classes
}

fn items(store: &Store, now: i64) -> String {
    let mut shown = String::new();
    for (class, items) in classes(store) {
        let hot = items.iter().filter(|(_, item)| now - item.used < HOT).count();
        let oldest = items.first().map_or(0, |(_, item)| (now - item.used).max(0));
        shown += &stat(&format!("items:{class}:number"), items.len());
        for name in ITEMS {
            let value = match *name {
                "number_hot" => hot,
                "number_cold" => items.len() - hot,
                "age" if hot < items.len() => usize::try_from(oldest).unwrap_or_default(),
                "mem_requested" => items.iter().map(|(key, item)| item.size(key)).sum(),
                _ => 0,
            };
            shown += &stat(&format!("items:{class}:{name}"), value);
        }
    }
    shown
}

fn slabs(store: &Store) -> String {
    let (mut shown, mut pages) = (String::new(), 0);
    let classes = classes(store);
    for (class, items) in &classes {
        let size = chunk(*class);
        let each = PAGE / size;
        let own = items.len().div_ceil(each).max(1);
        pages += own;
        let counters = &store.counters;
        for (name, value) in [
            ("chunk_size", size as u64),
            ("chunks_per_page", each as u64),
            ("total_pages", own as u64),
            ("total_chunks", (own * each) as u64),
            ("used_chunks", items.len() as u64),
            ("free_chunks", (own * each).saturating_sub(items.len()) as u64),
            ("free_chunks_end", 0),
            ("get_hits", if classes.len() == 1 { counters.get_hits } else { 0 }),
            ("cmd_set", if classes.len() == 1 { counters.cmd_set } else { items.len() as u64 }),
            ("delete_hits", 0),
            ("incr_hits", 0),
            ("decr_hits", 0),
            ("cas_hits", 0),
            ("cas_badval", 0),
            ("touch_hits", 0),
        ] {
            shown += &stat(&format!("{class}:{name}"), value);
        }
    }
    shown + &stat("active_slabs", classes.len()) + &stat("total_malloced", pages * PAGE)
}

fn connections(link: &Link) -> String {
    let (local, peer) = (link.local, link.peer);
    [
        stat("23:addr", format!("tcp:0.0.0.0:{}", local.port())),
        stat("23:state", "conn_listening"),
        stat("23:secs_since_last_cmd", 2),
        stat("24:addr", format!("tcp:{peer}")),
        stat("24:listen_addr", format!("tcp:{local}")),
        stat("24:state", "conn_parse_cmd"),
        stat("24:secs_since_last_cmd", 0),
    ]
    .concat()
}

fn detail(store: &mut Store, words: &Words<'_>) -> Step {
    match words.at(2) {
        b"on" => store.detail = true,
        b"off" => store.detail = false,
        b"dump" => return say("END\r\n"),
        _ => return say("CLIENT_ERROR usage: stats detail on|off|dump\r\n"),
    }
    say("OK\r\n")
}

/// `stats cachedump CLASS MOST`: keys, lengths and times, as those who empty caches ask for them.
fn cachedump(store: &Store, words: &Words<'_>, now: i64) -> Step {
    let (Some(wanted), Some(most)) = (unsigned::<usize>(words.at(2)), unsigned::<usize>(words.at(3))) else {
        return say("CLIENT_ERROR bad command line format\r\n");
    };
    if CLASSES <= wanted {
        return say("CLIENT_ERROR Illegal slab id\r\n");
    }
    let mut shown = Vec::new();
    let most = if most == 0 { usize::MAX } else { most };
    let cold = classes(store).remove(&wanted).unwrap_or_default();
    for (key, item) in cold.into_iter().filter(|(_, item)| HOT <= now - item.used).take(most) {
        shown.extend_from_slice(b"ITEM ");
        shown.extend_from_slice(key);
        shown.extend(format!(" [{} b; {} s]\r\n", item.value.len(), item.expires).into_bytes());
    }
    shown.extend_from_slice(b"END\r\n");
    Step::Say(shown)
}

/// `lru_crawler …`.
pub(super) fn crawler(store: &mut Store, words: &Words<'_>, now: i64) -> Step {
    match (words.at(1), words.len()) {
        (b"enable", 2) if store.crawler => say("ERROR failed to start lru crawler thread\r\n"),
        (b"enable" | b"disable", 2) => {
            store.crawler = words.at(1) == b"enable";
            say("OK\r\n")
        }
        (b"sleep" | b"tocrawl", 3) => match unsigned::<u32>(words.at(2)) {
            Some(_) => say("OK\r\n"),
            None => say("CLIENT_ERROR bad command line format\r\n"),
        },
        (b"crawl" | b"metadump" | b"mgdump", 3) if !store.crawler => {
            say("CLIENT_ERROR lru crawler disabled\r\n")
        }
        (b"crawl", 3) => say("OK\r\n"),
        (b"metadump" | b"mgdump", 3) => dump(store, words, now),
        _ => say(ERROR),
    }
}

fn dump(store: &Store, words: &Words<'_>, now: i64) -> Step {
    let wanted = match words.at(2) {
        b"all" | b"hash" => None,
        word => match unsigned::<usize>(word).filter(|class| (1..CLASSES).contains(class)) {
            Some(class) => Some(class),
            None => return say("BADCLASS invalid class id\r\n"),
        },
    };
    let meta = words.at(1) == b"metadump";
    let mut shown = String::new();
    for (key, item) in store.all() {
        let size = item.size(key);
        let gone = item.expires != 0 && item.expires <= now;
        if gone || wanted.is_some_and(|wanted| wanted != class(size)) {
            continue;
        }
        let key = encoded(key);
        if meta {
            let expires = if item.expires == 0 { -1 } else { item.expires };
            let fetched = if item.fetched { "yes" } else { "no" };
            let (used, cas, class) = (item.used, item.cas, class(size));
            let _ = writeln!(
                shown,
                "key={key} exp={expires} la={used} cas={cas} fetch={fetched} cls={class} size={size}"
            );
        } else {
            let _ = write!(shown, "mg {key}\r\n");
        }
    }
    say(shown + if meta { "END\r\n" } else { "EN\r\n" })
}

/// A key as in a URI.
fn encoded(key: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    key.iter().fold(String::new(), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_server() {
        // `memcached -vv` prints them: 96, 120, 152, 192, 240, 304, …
        let sizes: Vec<usize> = (1..=6).map(chunk).collect();
        assert_eq!(sizes, [96, 120, 152, 192, 240, 304]);
        assert_eq!((class(63), class(96), class(97), class(LARGE)), (1, 1, 2, 39));
    }

    const LARGE: usize = 900_000;
}
