//! One connection: messages off the stream, each to where it is answered.

use super::{
    agreed::Agreed,
    crypto::{ENCRYPTED, FRAME},
    first,
    flavour::{Family, Flavour},
    message::{MARK, Reply, Request, command, flag},
    session::{Before, Session},
    status::Status,
    waiting::Waiting,
    wire::count,
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, sync::Arc};

/// Longest message of somebody who is not in, and of somebody who is: 8 MiB and what stands around them.
const EARLY: usize = 132 * 1024;
const LONGEST: usize = (8 << 20) + (64 << 10);
/// Most requests of a chain.
const CHAIN: usize = 64;
/// The port on which a session of NetBIOS comes first (RFC 1002 §4.3).
const NETBIOS: u16 = 139;

/// A client.
pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) flavour: Flavour,
    input: Gathered,
    /// Whether a session of NetBIOS is still to come.
    unnamed: bool,
    pub(super) agreed: Option<Agreed>,
    pub(super) sessions: BTreeMap<u64, Session>,
    /// Logins that were begun.
    pub(super) logins: u64,
    /// Numbers of what was opened, and of what waits.
    pub(super) opened: u64,
    pub(super) waiting: Waiting,
    pub(super) first: first::State,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let flavour = Flavour::of(host);
        Connection {
            // Samba takes messages without such a session too.
            unnamed: link.port == NETBIOS && flavour.family == Family::Windows,
            flavour,
            host: host.clone(),
            link: *link,
            input: Gathered::new(LONGEST + 4),
            agreed: None,
            sessions: BTreeMap::new(),
            logins: 0,
            opened: 0,
            waiting: Waiting::default(),
            first: first::State::default(),
        }
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        let Some([kind, high, middle, low]) = self.input.bytes().first_chunk::<4>().copied() else {
            return false;
        };
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let inside = self.sessions.values().any(|session| session.who.is_some());
        let longest = if inside { LONGEST } else { EARLY };
        if longest < length || !matches!(kind, 0 | 0x81 | 0x85) {
            self.malformed("no message of this protocol", out);
            return false;
        }
        if self.input.len() < 4 + length {
            return false;
        }
        self.input.skip(4);
        let message = self.input.take(length);
        match kind {
            0 if self.unnamed => {
                // No session: an error that is not specified.
                out.send([0x83, 0, 0, 1, 0x8f]);
                self.hang_up(out);
            }
            0 => self.message(&message, out),
            0x81 if self.link.port == NETBIOS => self.called(&message, out),
            0x81 => self.hang_up(out),
            // Somebody asks whether we are here; he wants no answer.
            _ => {}
        }
        true
    }

    /// Ends the connection, and what is open on it.
    pub(super) fn hang_up(&mut self, out: &mut Out) {
        let ids: Vec<u64> = self.sessions.keys().copied().collect();
        ids.into_iter().for_each(|id| self.end(id, out));
        out.close();
    }

    fn malformed(&mut self, reason: &str, out: &mut Out) {
        let data: Vec<u8> = self.input.bytes().iter().copied().take(512).collect();
        out.record(Kind::Malformed, vec![(field::REASON, reason.into()), (field::DATA, data)]);
        self.input.clear();
        self.hang_up(out);
    }

    /// Answers the request for a session of NetBIOS.
    fn called(&mut self, request: &[u8], out: &mut Out) {
        let name = netbios_name(request.get(1..33)).to_uppercase();
        let caller = netbios_name(request.get(35..67));
        let own: String = self.host.persona().hostname.to_uppercase().chars().take(15).collect();
        out.record(
            Kind::ClientFingerprint,
            vec![(field::TARGET, name.clone().into_bytes()), (field::NAME, caller.into_bytes())],
        );
        let samba = self.flavour.family == Family::Samba;
        if samba || name == own || name == "*SMBSERVER" {
            self.unnamed = false;
            out.send([0x82, 0, 0, 0]);
        } else {
            // The called name is not present.
            out.send([0x83, 0, 0, 1, 0x82]);
            self.hang_up(out);
        }
    }

    fn message(&mut self, message: &[u8], out: &mut Out) {
        if message.starts_with(MARK) {
            let answer = self.chain(message, None, out);
            return send(&answer, out);
        }
        if message.starts_with(ENCRYPTED) {
            return self.encrypted(message, out);
        }
        if message.starts_with(first::MARK) && self.agreed.is_none() {
            return self.one(message, out);
        }
        let data: Vec<u8> = message.iter().copied().take(512).collect();
        out.record(Kind::Malformed, vec![(field::REASON, b"another protocol".to_vec()), (field::DATA, data)]);
        self.hang_up(out);
    }

    fn encrypted(&mut self, message: &[u8], out: &mut Out) {
        let id = message.get(44..FRAME).and_then(|id| id.try_into().ok()).map(u64::from_le_bytes);
        let keys = id.and_then(|id| self.sessions.get(&id)?.keys.clone());
        let opened =
            keys.as_ref().and_then(|keys| keys.open(message)).filter(|opened| opened.starts_with(MARK));
        let (Some(id), Some(keys), Some(opened)) = (id, keys, opened) else { return self.hang_up(out) };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sealed = true;
        }
        let answer = self.chain(&opened, Some(id), out);
        if answer.is_empty() {
            return;
        }
        let number = self.sessions.get_mut(&id).map_or(u64::MAX, |session| {
            session.closed += 1;
            session.closed
        });
        match keys.close(id, number, &answer) {
            Some(closed) => send(&closed, out),
            None => self.hang_up(out),
        }
    }

    /// Answers a chain of requests; `sealed`: the session under whose keys it came.
    fn chain(&mut self, chain: &[u8], sealed: Option<u64>, out: &mut Out) -> Vec<u8> {
        let (mut rest, mut answers) = (chain, Vec::new());
        let mut before = Before::default();
        for place in 0..CHAIN {
            let Some(mut request) = Request::parse(rest) else {
                self.hang_up(out);
                break;
            };
            rest = rest.get(request.next..).unwrap_or_default();
            let last = request.next == 0;
            if place > 0 && request.is(flag::RELATED) {
                (request.session, request.tree) = (before.session, before.tree);
            } else {
                before = Before::default();
            }
            if let Some(answer) = self.answer(&request, &mut before, sealed, last, out) {
                answers.push(answer);
            }
            if last || out.closing() {
                break;
            }
            // No chain of reads may fill the memory.
            if LONGEST < answers.iter().map(Vec::len).sum::<usize>() {
                self.hang_up(out);
                break;
            }
        }
        answers.concat()
    }

    fn answer(
        &mut self,
        request: &Request<'_>,
        before: &mut Before,
        sealed: Option<u64>,
        last: bool,
        out: &mut Out,
    ) -> Option<Vec<u8>> {
        // Whoever does not begin at the beginning is hung up on.
        if self.agreed.is_none() && request.command != command::NEGOTIATE {
            self.hang_up(out);
            return None;
        }
        let reply = match before.failed.filter(|_| request.is(flag::RELATED)) {
            Some(status) => status.into(),
            None => self.checked(request, before, sealed.is_some(), out)?,
        };
        before.failed = reply.status.is_error().then_some(reply.status);
        before.session = reply.session.unwrap_or(request.session);
        before.tree = reply.tree.unwrap_or(request.tree);
        // More than one is for those who are in.
        let early = matches!(request.command, command::NEGOTIATE | command::SESSION_SETUP);
        let granted =
            match early && (request.command == command::NEGOTIATE || reply.status != Status::SUCCESS) {
                true => 1,
                false => request.credits.clamp(1, self.flavour.credits),
            };
        let mut answer = request.answered(&reply, granted);
        if !last {
            answer.resize(answer.len().next_multiple_of(8), 0);
            let next = count(answer.len()).to_le_bytes();
            answer.iter_mut().skip(20).zip(next).for_each(|(to, from)| *to = from);
        }
        match request.command {
            command::NEGOTIATE if reply.status == Status::SUCCESS => {
                self.remember(request.bytes);
                self.remember(&answer);
            }
            command::SESSION_SETUP => self.remember_session(before.session, &answer),
            _ => {}
        }
        if sealed.is_none() {
            self.sign(request, before.session, &reply, &mut answer);
        }
        Some(answer)
    }

    /// Signs an answer where it has to be.
    fn sign(&self, request: &Request<'_>, session: u64, reply: &Reply, answer: &mut [u8]) {
        let Some(session) = self.sessions.get(&session) else { return };
        let Some(keys) = session.keys.as_ref() else { return };
        let late = self.agreed.as_ref().is_some_and(|agreed| 0x0300 <= agreed.dialect);
        let welcome = request.command == command::SESSION_SETUP && session.who.is_some();
        let must = session.signed || self.flavour.signed;
        let in_order = request.is(flag::SIGNED) || (welcome && (late || must));
        if in_order && reply.status != Status::USER_SESSION_DELETED {
            keys.sign(answer);
        }
    }

    /// Answers a request whose signature is in order.
    fn checked(
        &mut self,
        request: &Request<'_>,
        before: &mut Before,
        sealed: bool,
        out: &mut Out,
    ) -> Option<Reply> {
        if matches!(request.command, command::NEGOTIATE | command::SESSION_SETUP | command::CANCEL) {
            return self.dispatch(request, before, out);
        }
        let session = self.sessions.get(&request.session);
        let keys = session.and_then(|session| session.keys.as_ref());
        if let (Some(session), Some(keys)) = (session, keys)
            && !sealed
        {
            let must = session.signed || self.flavour.signed;
            let bad = request.is(flag::SIGNED) && !keys.verifies(request.bytes);
            if bad || must && !request.is(flag::SIGNED) && request.command != command::ECHO {
                return Some(Status::ACCESS_DENIED.into());
            }
        }
        self.dispatch(request, before, out)
    }

    /// Answers a request; nothing: it has no answer.
    fn dispatch(&mut self, request: &Request<'_>, before: &mut Before, out: &mut Out) -> Option<Reply> {
        match request.command {
            command::NEGOTIATE => return Some(self.negotiate(request, out)),
            command::SESSION_SETUP => return Some(self.set_up(request, out)),
            command::ECHO => return Some(Reply::plain()),
            command::CANCEL => {
                self.cancel(request, out);
                return None;
            }
            _ => {}
        }
        let inside = self.sessions.get(&request.session).is_some_and(|session| session.who.is_some());
        if !inside {
            return Some(Status::USER_SESSION_DELETED.into());
        }
        Some(match request.command {
            command::LOGOFF => self.log_off(request, out),
            command::TREE_CONNECT => self.connect(request, out),
            command::TREE_DISCONNECT => self.disconnect(request, out),
            command::OPLOCK_BREAK => Status::INVALID_PARAMETER.into(),
            command::CREATE..=command::SET_INFO => self.on_tree(request, before, out),
            _ => Status::INVALID_PARAMETER.into(),
        })
    }
}

/// A name of NetBIOS, without the padding and the type at its end: each byte stands there as two letters
/// (RFC 1001, 14.1).
fn netbios_name(encoded: Option<&[u8]>) -> String {
    let name = encoded.unwrap_or_default().chunks_exact(2).map(|pair| match pair {
        [high, low] => high.wrapping_sub(b'A') << 4 | low.wrapping_sub(b'A') & 15,
        _ => 0,
    });
    let name: Vec<u8> = name.take(15).collect();
    String::from_utf8_lossy(&name).trim_end().to_owned()
}

/// Sends a message in its frame.
pub(super) fn send(message: &[u8], out: &mut Out) {
    if message.is_empty() {
        return;
    }
    let [_, high, middle, low] = count(message.len()).to_be_bytes();
    out.send([0, high, middle, low]);
    out.send(message);
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => self.hang_up(out),
            Input::Bytes(bytes) => {
                if self.input.push(bytes).is_err() {
                    return self.malformed("more than may wait", out);
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}
