//! The binary protocol, which clients of older libraries speak.
//!
//! Source: <https://github.com/memcached/memcached/blob/master/doc/protocol-binary.txt>.

use super::{
    deeds::{self, Outcome},
    stats,
    step::{Pending, Verb},
    store::{Refusal, Store},
};
use netsvc_kit::{Credential, Gathered, Host, Link};

/// First byte of a request.
pub(super) const REQUEST: u8 = 0x80;
const RESPONSE: u8 = 0x81;
const HEADER: usize = 24;
/// Longest body that is waited for.
const BODY: usize = super::store::LONGEST + 1024;
/// Time of expiry of `incr` and `decr` that means: do not make the item.
const NEVER: u32 = u32::MAX;

const NOT_FOUND: (u16, &str) = (0x01, "Not found");
const EXISTS: (u16, &str) = (0x02, "Data exists for key.");
const TOO_LARGE: (u16, &str) = (0x03, "Too large.");
const INVALID: (u16, &str) = (0x04, "Invalid arguments");
const NOT_STORED: (u16, &str) = (0x05, "Not stored.");
const NON_NUMERIC: (u16, &str) = (0x06, "Non-numeric server-side value for incr or decr");
const UNKNOWN: (u16, &str) = (0x81, "Unknown command");
const NO_MEMORY: (u16, &str) = (0x82, "Out of memory");

/// Names of the operations, by their numbers.
const NAMES: [&str; 0x25] = [
    "get",
    "set",
    "add",
    "replace",
    "delete",
    "incr",
    "decr",
    "quit",
    "flush",
    "getq",
    "noop",
    "version",
    "getk",
    "getkq",
    "append",
    "prepend",
    "stat",
    "setq",
    "addq",
    "replaceq",
    "deleteq",
    "incrq",
    "decrq",
    "quitq",
    "flushq",
    "appendq",
    "prependq",
    "verbosity",
    "touch",
    "gat",
    "gatq",
    "",
    "sasl_mechs",
    "sasl_auth",
    "sasl_step",
    "gatk",
    "gatkq",
];

/// One request.
#[derive(Debug)]
pub(super) struct Packet {
    operation: u8,
    extras: Vec<u8>,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    opaque: [u8; 4],
    cas: u64,
}

/// An answer, and whether the connection ends with it.
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub bytes: Vec<u8>,
    pub close: bool,
}

/// Bytes that cannot be a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The next request, once all of it is there.
pub(super) fn take(reader: &mut Gathered) -> Option<Result<Packet, Malformed>> {
    let header: [u8; HEADER] = reader.bytes().get(..HEADER)?.try_into().ok()?;
    let [magic, operation, k1, k2, extras, _, _, _, b1, b2, b3, b4, o1, o2, o3, o4, cas @ ..] = header;
    let body = u32::from_be_bytes([b1, b2, b3, b4]) as usize;
    let (key, extras) = (usize::from(u16::from_be_bytes([k1, k2])), usize::from(extras));
    if magic != REQUEST || BODY < body || body < key + extras {
        return Some(Err(Malformed));
    }
    if reader.len() < HEADER + body {
        return None;
    }
    reader.skip(HEADER);
    let (extras, key) = (reader.take(extras), reader.take(key));
    let value = reader.take(body - key.len() - extras.len());
    let (opaque, cas) = ([o1, o2, o3, o4], u64::from_be_bytes(cas));
    Some(Ok(Packet { operation, extras, key, value, opaque, cas }))
}

impl Packet {
    /// The operation in words.
    pub(super) fn name(&self) -> &'static str {
        NAMES.get(usize::from(self.operation)).copied().unwrap_or_default()
    }

    /// Name and password of a SASL PLAIN login.
    pub(super) fn credential(&self) -> Option<Credential> {
        if self.name() != "sasl_auth" || self.key != b"PLAIN" {
            return None;
        }
        let mut parts = self.value.splitn(3, |byte| *byte == 0).skip(1);
        Some(Credential::plaintext(parts.next()?, parts.next()?, "PLAIN", false))
    }

    /// The operation without what makes it quiet, and whether it is.
    fn plain(&self) -> (&'static str, bool) {
        let name = self.name();
        match name.strip_suffix('q') {
            Some(plain) => (plain, true),
            None => (name, false),
        }
    }

    fn number(&self, at: usize) -> u32 {
        let bytes = self.extras.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    }

    fn long(&self, at: usize) -> u64 {
        u64::from(self.number(at)) << 32 | u64::from(self.number(at + 4))
    }

    fn done(&self, extras: &[u8], key: &[u8], value: &[u8], cas: u64) -> Vec<u8> {
        self.response(0, extras, key, value, cas)
    }

    fn refuse(&self, (status, text): (u16, &str)) -> Vec<u8> {
        self.response(status, b"", b"", text.as_bytes(), 0)
    }

    fn response(&self, status: u16, extras: &[u8], key: &[u8], value: &[u8], cas: u64) -> Vec<u8> {
        let body = u32::try_from(extras.len() + key.len() + value.len()).unwrap_or_default();
        let key_length = u16::try_from(key.len()).unwrap_or_default();
        let mut bytes = vec![RESPONSE, self.operation];
        bytes.extend(key_length.to_be_bytes());
        bytes.extend([u8::try_from(extras.len()).unwrap_or_default(), 0]);
        bytes.extend(status.to_be_bytes());
        bytes.extend(body.to_be_bytes());
        bytes.extend(self.opaque);
        bytes.extend(cas.to_be_bytes());
        [&bytes, extras, key, value].concat()
    }

    /// Lengths of extras, and whether there must be a key and may be a value; `None`: no such operation.
    fn shape(&self) -> Option<(&'static [usize], bool, bool)> {
        Some(match self.plain().0 {
            "get" | "getk" | "delete" => (&[0], true, false),
            "set" | "add" | "replace" => (&[8], true, true),
            "append" | "prepend" => (&[0], true, true),
            "incr" | "decr" => (&[20], true, false),
            "flush" => (&[0, 4], false, false),
            "quit" | "noop" | "version" => (&[0], false, false),
            "touch" | "gat" | "gatk" => (&[4], true, false),
            _ => return None,
        })
    }
}

/// Answers `packet`.
pub(super) fn answer(host: &Host, link: &Link, store: &mut Store, packet: &Packet, now: i64) -> Answered {
    let (name, quiet) = packet.plain();
    if name == "stat" {
        return Answered { bytes: statistics(host, link, store, packet, now), close: false };
    }
    let Some((extras, keyed, valued)) = packet.shape() else {
        return Answered { bytes: packet.refuse(UNKNOWN), close: false };
    };
    let fits = extras.contains(&packet.extras.len())
        && keyed != packet.key.is_empty()
        && packet.key.len() <= super::words::KEY
        && (valued || packet.value.is_empty());
    if !fits {
        return Answered { bytes: packet.refuse(INVALID), close: true };
    }
    let (bytes, good) = match name {
        "get" | "getk" | "gat" | "gatk" => return get(store, packet, quiet, now),
        "set" | "add" | "replace" | "append" | "prepend" => update(store, packet, name, now),
        "delete" => delete(store, packet, now),
        "incr" | "decr" => count(store, packet, name == "incr", now),
        "touch" => touch(store, packet, now),
        "flush" => {
            store.counters.cmd_flush += 1;
            store.flush(None);
            (packet.done(b"", b"", b"", 0), true)
        }
        "version" => (packet.done(b"", b"", super::version(host).as_bytes(), 0), false),
        "quit" => (packet.done(b"", b"", b"", 0), true),
        _ => (packet.done(b"", b"", b"", 0), false),
    };
    // A quiet operation tells only what went wrong.
    Answered { bytes: if quiet && good { Vec::new() } else { bytes }, close: name == "quit" }
}

fn get(store: &mut Store, packet: &Packet, quiet: bool, now: i64) -> Answered {
    let name = packet.plain().0;
    let time = name.starts_with("gat").then(|| packet.number(0).cast_signed());
    let key: &[u8] = if name.ends_with('k') { &packet.key } else { b"" };
    let bytes = match deeds::fetch(store, &packet.key, time, now) {
        Some(item) => packet.done(&item.flags.to_be_bytes(), key, &item.value, item.cas),
        None if quiet => Vec::new(),
        None if key.is_empty() => packet.refuse(NOT_FOUND),
        None => packet.response(NOT_FOUND.0, b"", key, b"", 0),
    };
    Answered { bytes, close: false }
}

fn update(store: &mut Store, packet: &Packet, name: &str, now: i64) -> (Vec<u8>, bool) {
    let verb = match name {
        "set" => Verb::Set,
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "append" => Verb::Append,
        _ => Verb::Prepend,
    };
    let pending = Pending {
        verb,
        key: packet.key.clone(),
        flags: packet.number(0),
        expires: Store::expiry(packet.number(4).cast_signed(), now),
        length: packet.value.len(),
        cas: Some(packet.cas).filter(|cas| *cas != 0),
        quiet: false,
        meta: None,
        line: Vec::new(),
    };
    let refused = match deeds::keep(store, &pending, packet.value.clone(), now) {
        Outcome::Stored => {
            let cas = store.look(&packet.key, now).map_or(0, |item| item.cas);
            return (packet.done(b"", b"", b"", cas), true);
        }
        Outcome::NotStored if verb == Verb::Add => EXISTS,
        Outcome::NotStored if verb == Verb::Replace => NOT_FOUND,
        Outcome::NotStored => NOT_STORED,
        Outcome::Exists => EXISTS,
        Outcome::NotFound => NOT_FOUND,
        Outcome::Refused(Refusal::TooLarge) => TOO_LARGE,
        Outcome::Refused(Refusal::NoMemory) => NO_MEMORY,
    };
    (packet.refuse(refused), false)
}

fn delete(store: &mut Store, packet: &Packet, now: i64) -> (Vec<u8>, bool) {
    let Some(cas) = store.look(&packet.key, now).map(|item| item.cas) else {
        store.counters.delete_misses += 1;
        return (packet.refuse(NOT_FOUND), false);
    };
    if packet.cas != 0 && packet.cas != cas {
        return (packet.refuse(EXISTS), false);
    }
    store.remove(&packet.key);
    store.counters.delete_hits += 1;
    (packet.done(b"", b"", b"", 0), true)
}

fn count(store: &mut Store, packet: &Packet, up: bool, now: i64) -> (Vec<u8>, bool) {
    let (delta, initial, time) = (packet.long(0), packet.long(8), packet.number(16));
    let value = match deeds::add(store, &packet.key, delta, up, now) {
        Some(Ok(value)) => value,
        Some(Err(())) => return (packet.refuse(NON_NUMERIC), false),
        None if time == NEVER => return (packet.refuse(NOT_FOUND), false),
        None => {
            let expires = Store::expiry(time.cast_signed(), now);
            let _ = store.put(&packet.key, initial.to_string().into_bytes(), 0, expires, now);
            initial
        }
    };
    let cas = store.look(&packet.key, now).map_or(0, |item| item.cas);
    (packet.done(b"", b"", &value.to_be_bytes(), cas), true)
}

fn touch(store: &mut Store, packet: &Packet, now: i64) -> (Vec<u8>, bool) {
    store.counters.cmd_touch += 1;
    match store.look(&packet.key, now) {
        Some(item) => {
            item.expires = Store::expiry(packet.number(0).cast_signed(), now);
            store.counters.touch_hits += 1;
            (packet.done(b"", b"", b"", 0), true)
        }
        None => {
            store.counters.touch_misses += 1;
            (packet.refuse(NOT_FOUND), false)
        }
    }
}

/// `stat`: one answer for each name, and an empty one.
fn statistics(host: &Host, link: &Link, store: &mut Store, packet: &Packet, now: i64) -> Vec<u8> {
    let Some(text) = stats::text(host, link, store, &packet.key, now) else {
        return packet.refuse(NOT_FOUND);
    };
    let mut bytes = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("STAT ")) {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        bytes.extend(packet.done(b"", name.as_bytes(), value.as_bytes(), 0));
    }
    bytes.extend(packet.done(b"", b"", b"", 0));
    bytes
}
