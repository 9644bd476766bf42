//! One transfer: a request, and then blocks and their acknowledgements in turn.

use super::{
    files::Files,
    packet::{self, Agreed, DISK_FULL, Packet, Refused, Request},
};
use netsvc_kit::{Charge, Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Times that a packet is sent again, each after twice the time.
const AGAIN: u32 = 5;
/// Longest file that is taken.
const LONGEST: usize = 32 << 20;
/// Most bytes of a datagram that its event has.
const SHOWN: usize = 256;

/// What a transfer does.
#[derive(Debug)]
enum State {
    Begin,
    Reading(Reading),
    Writing(Writing),
    Over,
}

/// A file on its way to the peer.
#[derive(Debug)]
struct Reading {
    content: Vec<u8>,
    _charge: Charge,
    block: usize,
    /// Blocks that have arrived; the one after them is on its way. `None`: the options are.
    arrived: Option<usize>,
}

/// A file on its way from the peer.
#[derive(Debug)]
struct Writing {
    request: Request,
    content: Gathered,
    block: usize,
    /// Number of the last block that has come.
    last: u16,
    over: bool,
}

/// The packet that was sent last, and when it is sent again.
#[derive(Debug)]
struct Sent {
    packet: Vec<u8>,
    wait: Duration,
    left: u32,
    deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A transfer.
pub(super) struct Transfer {
    host: Arc<Host>,
    link: Link,
    state: State,
    again: Duration,
    sent: Option<Sent>,
}

impl Transfer {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let again = Duration::from_secs(1);
        Transfer { host: host.clone(), link: *link, state: State::Begin, again, sent: None }
    }

    /// Sends a packet, and again until the peer goes on.
    fn send(&mut self, packet: Vec<u8>, out: &mut Out) {
        out.datagram(packet.clone());
        let (wait, left) = (self.again, AGAIN);
        self.sent = Some(Sent { packet, wait, left, deadline: Instant::now() + wait, timer: None });
    }

    /// Sends the last packet of all.
    fn end(&mut self, packet: Vec<u8>, out: &mut Out) {
        (self.state, self.sent) = (State::Over, None);
        out.datagram(packet);
        out.close();
    }

    fn files(&self) -> Arc<Files> {
        self.host.node.shared(|| Files::of(&self.host))
    }

    fn begin(&mut self, writes: bool, rest: &[u8], out: &mut Out) {
        // The answer and all that follows come from a port of the transfer (RFC 1350, 4).
        out.own_port();
        let request = match packet::request(writes, rest) {
            Ok(request) => request,
            Err(refused) => return self.refuse(rest, refused, out),
        };
        let outcome = if writes { self.write(&request, out) } else { self.read(&request, out) };
        let status = outcome.map_or_else(|(code, _)| code.to_string(), |()| "0".to_owned());
        let line = request.line();
        out.record(Kind::Command, vec![(field::COMMAND, line), (field::STATUS, status.into_bytes())]);
        if let Err(refused) = outcome {
            self.end(packet::error(refused), out);
        }
    }

    fn refuse(&mut self, rest: &[u8], refused: Refused, out: &mut Out) {
        let data = rest.get(..SHOWN).unwrap_or(rest).to_vec();
        out.record(
            Kind::Malformed,
            vec![(field::REASON, refused.1.as_bytes().to_vec()), (field::DATA, data)],
        );
        self.end(packet::error(refused), out);
    }

    fn read(&mut self, request: &Request, out: &mut Out) -> Result<(), Refused> {
        let content = self.files().read(&request.name, self.link.source())?;
        let agreed = request.agree(Some(content.len() as u64))?;
        let content = if request.text { packet::to_network(&content) } else { content };
        out.record(Kind::FileRead, vec![(field::PATH, request.name.clone())]);
        let charge = Charge::current(content.len());
        let Agreed { block, again, told } = agreed;
        self.again = again;
        let mut reading = Reading { content, _charge: charge, block, arrived: None };
        if told.is_empty() {
            reading.arrived = Some(0);
            self.send(reading.next(0), out);
        } else {
            self.send(packet::options(&told), out);
        }
        self.state = State::Reading(reading);
        Ok(())
    }

    fn write(&mut self, request: &Request, out: &mut Out) -> Result<(), Refused> {
        self.files().may_write(&request.name)?;
        let Agreed { block, again, told } = request.agree(None)?;
        self.again = again;
        let content = Gathered::new(LONGEST);
        self.state =
            State::Writing(Writing { request: request.clone(), content, block, last: 0, over: false });
        let packet = if told.is_empty() { packet::acknowledgement(0) } else { packet::options(&told) };
        self.send(packet, out);
        Ok(())
    }

    /// The peer has `number`; only the block that is on its way counts, whatever comes twice (RFC 1123,
    /// 4.2.3.1).
    fn acknowledged(&mut self, number: u16, out: &mut Out) {
        let State::Reading(reading) = &mut self.state else { return };
        let awaited = reading.arrived.map_or(0, |arrived| arrived + 1);
        if number != (awaited & 0xffff) as u16 {
            return;
        }
        reading.arrived = Some(awaited);
        if reading.is_over(awaited) {
            (self.state, self.sent) = (State::Over, None);
            return out.close();
        }
        let packet = reading.next(awaited);
        self.send(packet, out);
    }

    fn data(&mut self, number: u16, content: &[u8], out: &mut Out) {
        let State::Writing(writing) = &mut self.state else { return };
        if number == writing.last && number != 0 {
            // Our acknowledgement was lost.
            return out.datagram(packet::acknowledgement(number));
        }
        if number != writing.last.wrapping_add(1) || writing.over {
            return;
        }
        if writing.content.push(content.get(..writing.block).unwrap_or(content)).is_err() {
            self.keep(out);
            return self.end(packet::error((DISK_FULL, "No space left on device")), out);
        }
        (writing.last, writing.over) = (number, content.len() < writing.block);
        let over = writing.over;
        self.send(packet::acknowledgement(number), out);
        if over {
            // The peer may ask for the acknowledgement again, but nothing is sent of our own accord.
            self.sent = None;
            self.keep(out);
        }
    }

    /// Keeps what was written so far.
    fn keep(&mut self, out: &mut Out) {
        let State::Writing(writing) = &mut self.state else { return };
        let mut content = writing.content.take_all();
        if content.is_empty() && !writing.over {
            return;
        }
        if writing.request.text {
            content = packet::from_network(&content);
        }
        let name = writing.request.name.clone();
        if writing.over {
            let files = self.host.node.shared(|| Files::of(&self.host));
            files.write(&name, self.link.source(), &content);
        }
        let fields = vec![(field::PATH, name), (field::ORIGIN, b"upload".to_vec())];
        out.capture(Kind::FileCaptured, fields, content);
    }
}

impl Reading {
    /// The packet with the block behind `arrived` ones.
    fn next(&self, arrived: usize) -> Vec<u8> {
        let from = arrived * self.block;
        let to = self.content.len().min(from + self.block);
        packet::data(((arrived + 1) & 0xffff) as u16, self.content.get(from..to).unwrap_or_default())
    }

    /// Whether the last block is among `arrived` ones: it is a short one, or an empty one.
    fn is_over(&self, arrived: usize) -> bool {
        self.content.len() / self.block < arrived
    }
}

impl Machine for Transfer {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            // A transfer that broke off.
            Input::Eof => self.keep(out),
            Input::Bytes(datagram) => match (packet::read(datagram), &self.state) {
                (Some(Packet::Request { writes, rest }), State::Begin) => self.begin(writes, rest, out),
                (Some(Packet::Acknowledged(number)), State::Reading(_)) => self.acknowledged(number, out),
                (Some(Packet::Data(number, content)), State::Writing(_)) => self.data(number, content, out),
                (Some(Packet::Error(code, text)), State::Reading(_) | State::Writing(_)) => {
                    let reason =
                        format!("error {code}: {}", String::from_utf8_lossy(text).trim_end_matches('\0'));
                    out.record(Kind::Malformed, vec![(field::REASON, reason.into_bytes())]);
                    self.keep(out);
                    out.close();
                }
                // Whatever is no request has no transfer, and is not answered.
                (_, State::Begin) => {
                    let data = datagram.get(..SHOWN).unwrap_or(datagram).to_vec();
                    let reason = b"no request".to_vec();
                    out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, data)]);
                    out.close();
                }
                _ => {}
            },
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(sent) = &mut self.sent else { return Poll::Pending };
        let timer = sent.timer.get_or_insert_with(|| Box::pin(sleep_until(sent.deadline)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(())
    }

    fn woken(&mut self, out: &mut Out) {
        let Some(sent) = &mut self.sent else { return };
        if sent.left == 0 {
            self.sent = None;
            self.keep(out);
            return out.close();
        }
        out.datagram(sent.packet.clone());
        (sent.left, sent.wait, sent.timer) = (sent.left - 1, sent.wait * 2, None);
        sent.deadline = Instant::now() + sent.wait;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::tftp::packet::BLOCK;
    use netsvc_kit::{Action, testing};

    fn transfer(folder: &std::path::Path) -> Transfer {
        let stage = testing::stage(folder);
        let persona = testing::persona_with(&super::super::SERVICE, "web-01");
        Transfer::new(&testing::host(&stage, persona, "tftp", &[]), &testing::link(69))
    }

    fn said(transfer: &mut Transfer, datagram: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut out = Out::default();
        transfer.step(Input::Bytes(datagram), &mut out);
        let actions = out.take();
        let closed = actions.contains(&Action::Close);
        let sent = actions.into_iter().filter_map(|action| match action {
            Action::Datagram(bytes) => Some(bytes),
            _ => None,
        });
        (sent.collect(), closed)
    }

    #[test]
    fn what_was_written_is_read_back_block_by_block_whatever_comes_twice() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..=255).cycle().take(2 * BLOCK).collect();
        let mut writing = transfer(folder.path());
        assert_eq!(said(&mut writing, b"\0\x02up\0octet\0").0, [packet::acknowledgement(0)]);
        for (number, block) in (1..).zip(content.chunks(BLOCK).chain([&[][..]])) {
            for _ in 0..2 {
                let (sent, _) = said(&mut writing, &packet::data(number, block));
                assert_eq!(sent, [packet::acknowledgement(number)]);
            }
        }
        let host = writing.host.clone();
        let mut reading = Transfer::new(&host, &testing::link(69));
        let mut got = Vec::new();
        let mut answer = said(&mut reading, b"\0\x01up\0octet\0tsize\x000\0");
        assert_eq!(answer.0, [packet::options(b"tsize\x001024\0")]);
        for number in 0..4 {
            assert!(said(&mut reading, &packet::acknowledgement(number + 7)).0.is_empty());
            answer = said(&mut reading, &packet::acknowledgement(number));
            for packet in &answer.0 {
                let Some(Packet::Data(came, block)) = packet::read(packet) else { unreachable!() };
                assert_eq!(came, number + 1);
                got.extend_from_slice(block);
            }
        }
        assert_eq!((got, answer), (content, (Vec::new(), true)));
    }

    #[test]
    fn another_source_does_not_see_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut writing = transfer(folder.path());
        said(&mut writing, b"\0\x02up\0octet\0");
        said(&mut writing, b"\0\x03\0\x01short");
        let mut link = testing::link(69);
        link.peer.set_ip([192, 0, 2, 8].into());
        let mut other = Transfer::new(&writing.host, &link);
        let (sent, closed) = said(&mut other, b"\0\x01up\0octet\0");
        assert_eq!((sent, closed), (vec![b"\0\x05\0\x01File not found\0".to_vec()], true));
    }
}
