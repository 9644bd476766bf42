//! What requests of v1 and v2c get (RFC 3416, 4.2), in the words of net-snmp.

use super::{
    ber,
    device::Device,
    message::{Asked, GET, GET_BULK, GET_NEXT, LONGEST_ANSWER, Message, Reply, SET, put_variable},
    tree::{Entry, Source, Value},
};
use std::net::IpAddr;

/// Variables that a bulk request gets at most (`maxGetbulkResponses`).
const BULK: usize = 100;
/// What stands around the variables of an answer, without the community.
const AROUND: usize = 48;
/// Longest text that is set (RFC 3418, DisplayString).
const LONGEST_TEXT: usize = 255;

/// Errors (RFC 3416, 3), those of v1 first.
const TOO_BIG: i64 = 1;
const NO_SUCH_NAME: i64 = 2;
const BAD_VALUE: i64 = 3;
const NO_ACCESS: i64 = 6;
const WRONG_TYPE: i64 = 7;
const WRONG_LENGTH: i64 = 8;
const NOT_WRITABLE: i64 = 17;

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) source: IpAddr,
    /// Whether the community writes.
    pub(super) writes: bool,
    /// The node's clock, µs since the epoch.
    pub(super) now: i64,
}

/// The answer to `message`; `None`: silence.
pub(super) fn answer(device: &Device, message: &Message, asker: Asker) -> Option<Reply> {
    let old = message.version == 0;
    let reply = match message.pdu.kind {
        GET => get(device, message, asker),
        GET_NEXT => get_next(device, message, asker),
        GET_BULK => Ok(get_bulk(device, message, asker)),
        SET => set(device, message, asker),
        _ => return None,
    };
    let reply = reply.unwrap_or_else(|(status, index)| {
        let status = if old { older(status) } else { status };
        failed(message, status, index)
    });
    if LONGEST_ANSWER < reply.variables.len() + message.community.len() + AROUND {
        // There is no room for what was asked either.
        return Some(Reply { status: TOO_BIG, index: 0, variables: Vec::new() });
    }
    Some(reply)
}

/// What v1 says in place of an error that it does not know (RFC 2576, 4.3).
fn older(status: i64) -> i64 {
    match status {
        WRONG_TYPE | WRONG_LENGTH => BAD_VALUE,
        NO_ACCESS | NOT_WRITABLE => NO_SUCH_NAME,
        other => other,
    }
}

/// The request as it came, with an error.
fn failed(message: &Message, status: i64, index: usize) -> Reply {
    let mut variables = Vec::new();
    for asked in &message.pdu.variables {
        asked.put(&mut variables);
    }
    Reply { status, index: i64::try_from(index).unwrap_or(0), variables }
}

type Outcome = Result<Reply, (i64, usize)>;

fn done(variables: Vec<u8>) -> Reply {
    Reply { status: 0, index: 0, variables }
}

fn room(message: &Message) -> usize {
    LONGEST_ANSWER.saturating_sub(message.community.len() + AROUND)
}

fn get(device: &Device, message: &Message, asker: Asker) -> Outcome {
    let mut variables = Vec::new();
    for (index, asked) in (1..).zip(&message.pdu.variables) {
        let found = device.tree().get(&asked.name);
        let value = match found {
            Ok(entry) if message.version == 0 && entry.is_wide() => Value::NoInstance,
            Ok(entry) => device.value(entry, asker.source, asker.now),
            Err(missing) => missing,
        };
        if message.version == 0 && matches!(value, Value::NoObject | Value::NoInstance) {
            return Err((NO_SUCH_NAME, index));
        }
        put_variable(&mut variables, &asked.name, &value);
        if room(message) < variables.len() {
            break;
        }
    }
    Ok(done(variables))
}

/// The instance behind `name` that the version of `message` knows.
fn behind<'a>(device: &'a Device, message: &Message, name: &[u32]) -> Option<&'a Entry> {
    let mut entry = device.tree().next(name)?;
    while message.version == 0 && entry.is_wide() {
        entry = device.tree().next(&entry.name)?;
    }
    Some(entry)
}

fn get_next(device: &Device, message: &Message, asker: Asker) -> Outcome {
    let mut variables = Vec::new();
    for (index, asked) in (1..).zip(&message.pdu.variables) {
        match behind(device, message, &asked.name) {
            Some(entry) => {
                let value = device.value(entry, asker.source, asker.now);
                put_variable(&mut variables, &entry.name, &value);
            }
            None if message.version == 0 => return Err((NO_SUCH_NAME, index)),
            None => put_variable(&mut variables, &asked.name, &Value::End),
        }
        if room(message) < variables.len() {
            break;
        }
    }
    Ok(done(variables))
}

/// As many variables as there is room for: the first ones once, the others over and over.
fn get_bulk(device: &Device, message: &Message, asker: Asker) -> Reply {
    let asked: Vec<&[u32]> = message.pdu.variables.iter().map(|asked| asked.name.as_slice()).collect();
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let (once, repeated) = asked.split_at(count(message.pdu.first).min(asked.len()));
    let mut out = Bulk { device, message, asker, variables: Vec::new(), left: BULK };
    for name in once {
        if out.next(name).is_none() {
            return done(out.variables);
        }
    }
    let mut names = repeated.to_vec();
    for _ in 0..count(message.pdu.second).min(BULK) {
        let mut over = true;
        for name in &mut names {
            let Some(next) = out.next(name) else { return done(out.variables) };
            over &= next.is_none();
            *name = next.unwrap_or(name);
        }
        if over {
            break;
        }
    }
    done(out.variables)
}

/// An answer to a bulk request in the making.
struct Bulk<'a> {
    device: &'a Device,
    message: &'a Message,
    asker: Asker,
    variables: Vec<u8>,
    left: usize,
}

impl<'a> Bulk<'a> {
    /// Adds what is behind `name`, and tells its name, or that there is nothing; `None` when there is no
    /// room.
    fn next(&mut self, name: &[u32]) -> Option<Option<&'a [u32]>> {
        self.left = self.left.checked_sub(1)?;
        let before = self.variables.len();
        let entry = behind(self.device, self.message, name);
        match entry {
            Some(entry) => {
                let value = self.device.value(entry, self.asker.source, self.asker.now);
                put_variable(&mut self.variables, &entry.name, &value);
            }
            None => put_variable(&mut self.variables, name, &Value::End),
        }
        if room(self.message) < self.variables.len() {
            self.variables.truncate(before);
            return None;
        }
        Some(entry.map(|entry| entry.name.as_slice()))
    }
}

/// All variables are set, or none.
fn set(device: &Device, message: &Message, asker: Asker) -> Outcome {
    let mut texts = Vec::new();
    for (index, asked) in (1..).zip(&message.pdu.variables) {
        let fits = if asker.writes { fitting(device, asked) } else { Err(NO_ACCESS) };
        fits.map_err(|status| (status, index))?;
        texts.push((asked.name.clone(), asked.content.clone()));
    }
    device.set(asker.source, texts);
    Ok(failed(message, 0, 0))
}

/// Whether what is asked for may be set.
fn fitting(device: &Device, asked: &Asked) -> Result<(), i64> {
    let entry = device.tree().get(&asked.name).map_err(|_| NOT_WRITABLE)?;
    if !matches!(entry.source, Source::Set(_)) {
        return Err(NOT_WRITABLE);
    }
    if asked.tag != ber::TEXT {
        return Err(WRONG_TYPE);
    }
    if LONGEST_TEXT < asked.content.len() {
        return Err(WRONG_LENGTH);
    }
    Ok(())
}
