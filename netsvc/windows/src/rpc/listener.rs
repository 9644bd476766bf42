//! DCE/RPC over a connection ([MS-RPCE] §2.1.1.1): the endpoint mapper's port and those that it leads to.

use super::{Conversation, Fault, HEAD, Interface, kind, length, mapper};
use crate::wire::{Put, short};
use netsvc_daemon::{
    ntlm::{self, Authenticate},
    spnego::{self, Progress, Token},
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Port of the endpoint mapper.
pub(crate) const MAPPER: u16 = 135;
/// Longest message that Windows takes.
const LONGEST: usize = 5840;
/// Ways to authenticate: SPNEGO and NTLM.
const SPNEGO: u8 = 9;
const NTLM: u8 = 10;
/// The third leg of a login.
const AUTH3: u8 = 16;

/// A connection.
pub(crate) struct Listener {
    host: Arc<Host>,
    link: Link,
    bytes: Gathered,
    conversation: Conversation,
    nonce: Option<[u8; 8]>,
}

/// What a message ends with to say who sends it.
struct Trailer {
    service: u8,
    /// The eight bytes before the token.
    head: Vec<u8>,
    token: Vec<u8>,
}

impl Listener {
    /// A fresh connection to a port that speaks DCE/RPC.
    pub(crate) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let interfaces: Vec<&'static Interface> = match link.port {
            MAPPER => vec![&mapper::INTERFACE, &mapper::OBJECTS, &mapper::ACTIVATOR, &mapper::ACTIVATION],
            port => mapper::interfaces_at(port).collect(),
        };
        Listener {
            host: host.clone(),
            link: *link,
            bytes: Gathered::new(2 * LONGEST + 16 * 1024),
            conversation: Conversation::new(link.port.to_string(), interfaces),
            nonce: None,
        }
    }

    /// Takes one message; false when there is not a whole one.
    fn advance(&mut self, out: &mut Out) -> bool {
        let bytes = self.bytes.bytes();
        let Some(long) = length(bytes).filter(|_| HEAD <= bytes.len()) else { return false };
        if bytes.first() != Some(&5) || !(HEAD..=LONGEST).contains(&long) {
            self.refuse(long, out);
            return false;
        }
        if bytes.len() < long {
            return false;
        }
        let message = self.bytes.take(long);
        self.answer(message, out);
        true
    }

    /// What is no message of ours: another version is told of ours, and nobody is answered at length.
    fn refuse(&mut self, long: usize, out: &mut Out) {
        let bytes = self.bytes.bytes();
        let shown = bytes.get(..bytes.len().min(64)).unwrap_or_default().to_vec();
        if (HEAD..=LONGEST).contains(&long) {
            let call = bytes.get(12..16).unwrap_or_default();
            let mut nak = vec![5, 0, 13, 3, 0x10, 0, 0, 0];
            nak.u16(24).u16(0).bytes(call).u16(4).bytes(&[1, 5, 0, 0, 0, 0]);
            out.send(nak);
        }
        out.record(Kind::Malformed, vec![(field::REASON, b"version".to_vec()), (field::DATA, shown)]);
        out.close();
    }

    fn answer(&mut self, message: Vec<u8>, out: &mut Out) {
        let trailer = trailer(&message);
        let own = trailer.as_ref().and_then(|trailer| self.prove(trailer, out));
        if message.get(2) == Some(&AUTH3) {
            return;
        }
        let bare = match &trailer {
            Some(trailer) => without(message, trailer),
            None => message,
        };
        let host = self.host.clone();
        let call = |interface: &Interface, operation: u16, content: &[u8], out: &mut Out| {
            if interface.id == mapper::INTERFACE.id {
                return mapper::call(&host, operation, content, out);
            }
            if interface.id == mapper::OBJECTS.id {
                return mapper::objects(&host, operation, out);
            }
            let line = format!("RPC {} {operation}", interface.name).into_bytes();
            out.record(Kind::Command, vec![(field::COMMAND, line), (field::NAME, interface.name.into())]);
            Err(Fault::Denied)
        };
        let Some((_, mut answer)) = self.conversation.take(&bare, call, out) else { return out.close() };
        if let (Some(own), Some(trailer)) = (own, &trailer) {
            let binds = matches!(answer.get(2), Some(&(kind::BIND_ACK | kind::ALTER_ACK)));
            if binds {
                answer.pad(4).bytes(&trailer.head).bytes(&own);
                let whole = short(answer.len()).to_le_bytes();
                answer.patch(8, &whole);
                answer.patch(10, &short(own.len()).to_le_bytes());
            }
        }
        out.send(answer);
    }

    /// Takes the next token of a login; what is said to it.
    fn prove(&mut self, trailer: &Trailer, out: &mut Out) -> Option<Vec<u8>> {
        let wrapped = trailer.service == SPNEGO;
        let token = match wrapped {
            true => Token::read(&trailer.token).map(|token| token.inner).unwrap_or_default(),
            false => trailer.token.clone(),
        };
        if ntlm::message_type(&token) == Some(1) {
            let nonce = *self.nonce.get_or_insert_with(|| nonce(&self.host, &self.link));
            let challenge = ntlm::challenge_to(self.host.persona(), &token, nonce, self.host.clock());
            return Some(match wrapped {
                true => spnego::answer(Progress::Incomplete, true, &challenge, &[]),
                false => challenge,
            });
        }
        let answer = Authenticate::parse(&token)?;
        let nonce = self.nonce.take()?;
        if !answer.user.is_empty() {
            out.credential(answer.judge(&self.host, &self.link, nonce).credential);
        }
        wrapped.then(|| spnego::answer(Progress::Completed, false, &[], &[]))
    }
}

/// A challenge of NTLM for this connection.
fn nonce(host: &Host, link: &Link) -> [u8; 8] {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let drawn = subkey::bytes(&key, &["endpoint mapper", "challenge", &link.session.to_string()]);
    drawn.first_chunk().copied().unwrap_or_default()
}

fn trailer(message: &[u8]) -> Option<Trailer> {
    let size = usize::from(u16::from_le_bytes(message.get(10..12)?.try_into().ok()?));
    let begin = message.len().checked_sub(size + 8).filter(|begin| HEAD <= *begin && 0 < size)?;
    let (head, token) = message.get(begin..)?.split_at_checked(8)?;
    let service = *head.first()?;
    if ![SPNEGO, NTLM].contains(&service) {
        return None;
    }
    let mut head = head.to_vec();
    // Nothing is added before our own.
    head.patch(2, &[0, 0]);
    Some(Trailer { service, head, token: token.to_vec() })
}

/// The message without what it ends with.
fn without(mut message: Vec<u8>, trailer: &Trailer) -> Vec<u8> {
    message.truncate(message.len().saturating_sub(trailer.token.len() + 8));
    let whole = short(message.len()).to_le_bytes();
    message.patch(8, &whole);
    message.patch(10, &[0, 0]);
    message
}

impl Machine for Listener {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(bytes) = input else { return };
        if self.bytes.push(bytes).is_err() {
            return out.close();
        }
        while !out.closing() && !out.full() && self.advance(out) {}
    }
}
