//! Peers: one over datagrams, and one over a connection with lengths before the messages (RFC 7766, 8).

use super::{said::Over, server::Server};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use std::sync::Arc;

/// Most bytes that wait on a connection: a message and its length.
const KEPT: usize = 2 + 65_535 + 16 * 1024;

/// Somebody who asks in datagrams.
pub(super) struct Peer(Client);

/// Somebody with a connection.
pub(super) struct Connection {
    client: Client,
    reader: Gathered,
}

struct Client {
    host: Arc<Host>,
    link: Link,
    server: Arc<Server>,
    /// Messages so far.
    count: u64,
}

impl Client {
    fn new(host: &Arc<Host>, link: &Link) -> Self {
        Client { host: host.clone(), link: *link, server: Server::of(host), count: 0 }
    }

    fn answer(&mut self, over: Over, message: &[u8], out: &mut Out) -> Option<Vec<Vec<u8>>> {
        self.count += 1;
        self.server.answer(&self.host, &self.link, over, (message, self.count), out)
    }
}

impl Peer {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Peer(Client::new(host, link))
    }
}

impl Machine for Peer {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(datagram) = input {
            let messages = self.0.answer(Over::Datagrams, datagram, out);
            messages.into_iter().flatten().for_each(|message| out.datagram(message));
        }
    }
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Connection { client: Client::new(host, link), reader: Gathered::new(KEPT) }
    }

    /// Answers the next message; false when it is not whole yet.
    fn turn(&mut self, out: &mut Out) -> bool {
        let Some(length) = self.reader.bytes().get(..2).and_then(|bytes| bytes.try_into().ok()) else {
            return false;
        };
        let length = usize::from(u16::from_be_bytes(length));
        if self.reader.len() < 2 + length {
            return false;
        }
        self.reader.skip(2);
        let message = self.reader.take(length);
        match self.client.answer(Over::Stream, &message, out) {
            Some(messages) => {
                for message in messages {
                    out.send(u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes());
                    out.send(message);
                }
                true
            }
            None => {
                out.close();
                false
            }
        }
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(bytes) => {
                if self.reader.push(bytes).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}
