//! Requests over a connection, each after its length, and in datagrams (RFC 4120 §7.2).

use super::{center::Center, message::Request};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest request; a ticket with many groups has some tens of thousands of bytes.
const LONGEST: usize = 64 * 1024;
/// Longest answer in a datagram (MaxDatagramReplySize of Windows).
const LONGEST_DATAGRAM: usize = 1465;
/// The answer would be longer (KRB_ERR_RESPONSE_TOO_BIG).
const TOO_BIG: i64 = 52;
/// Bytes of what is no request that its event has.
const KEPT: usize = 256;

/// A peer with a connection.
pub(super) struct Stream {
    host: Arc<Host>,
    link: Link,
    buffer: Gathered,
}

/// A peer who sends datagrams.
pub(super) struct Datagrams {
    host: Arc<Host>,
    link: Link,
}

impl Stream {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Stream { host: host.clone(), link: *link, buffer: Gathered::new(LONGEST + 4) }
    }

    fn work(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() {
            let head = self.buffer.bytes().get(..4).and_then(|head| <[u8; 4]>::try_from(head).ok());
            let Some(head) = head else { return };
            let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
            if LONGEST < length {
                let bytes = self.buffer.take_all();
                malformed("a request longer than is read", &bytes, out);
                return out.close();
            }
            if self.buffer.len() < length + 4 {
                return;
            }
            self.buffer.skip(4);
            let bytes = self.buffer.take(length);
            match Request::read(&bytes) {
                Ok(request) => {
                    let answer = Center::new(&self.host, &self.link).answer(&request, out);
                    out.send(u32::try_from(answer.len()).unwrap_or(0).to_be_bytes());
                    out.send(answer);
                }
                Err(error) => {
                    malformed(&error.to_string(), &bytes, out);
                    out.close();
                }
            }
        }
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(mut rest) = input else { return };
        loop {
            let room = (LONGEST + 4).saturating_sub(self.buffer.len()).min(rest.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            // There is room for it.
            let _ = self.buffer.push(now);
            self.work(out);
            if later.is_empty() || now.is_empty() || out.closing() {
                return;
            }
            rest = later;
        }
    }
}

impl Datagrams {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Datagrams { host: host.clone(), link: *link }
    }
}

impl Machine for Datagrams {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(datagram) = input else { return };
        let request = match Request::read(datagram) {
            Ok(request) => request,
            Err(error) => return malformed(&error.to_string(), datagram, out),
        };
        let answer = Center::new(&self.host, &self.link).answer(&request, out);
        if answer.len() <= LONGEST_DATAGRAM {
            return out.datagram(answer);
        }
        let refusal = Center::new(&self.host, &self.link).refusal(&request, TOO_BIG, &[]);
        if refusal.len() <= LONGEST_DATAGRAM {
            out.datagram(refusal);
        }
    }
}

fn malformed(reason: &str, bytes: &[u8], out: &mut Out) {
    let data = bytes.get(..KEPT).unwrap_or(bytes).to_vec();
    out.record(Kind::Malformed, vec![(field::REASON, reason.as_bytes().to_vec()), (field::DATA, data)]);
}
