//! A connection: transport, messages, and what is asked in them.

use super::{
    super::{device::Site, peer::Peer},
    cotp::{self, HEAD, LONGEST, Packet},
    lists,
    pdu::{self, Fault, JOB, NO_FUNCTION, PROTECTED, Pdu, TOO_LONG, USERDATA},
    userdata::{Ask, Desk},
    variables::{self, Item},
};
use crate::bytes::Reader;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest message that a CPU 315 takes.
const MESSAGE: u16 = 240;
/// Jobs at a time.
const JOBS: u16 = 8;
/// Where the CPU is: rack and slot.
const SLOT: u8 = 2;
/// Variables of one request (what fits into a message).
const ITEMS: usize = 20;
/// Bytes of a message that a peer may send in pieces.
const PIECES: usize = 64 * 1024;

/// A connection.
struct Stream {
    peer: Peer,
    site: Arc<Site>,
    input: Gathered,
    /// Data whose last piece has not come.
    pieces: Gathered,
    connected: bool,
    /// Longest message, as agreed; 0: nothing is agreed yet.
    most: u16,
    trusted: bool,
    /// What is left of an answer that is longer than a message, and of what it answers.
    left: Option<(u8, u8, Vec<u8>)>,
}

/// A connection's machine.
pub(in super::super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(LONGEST / 4, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            peer: Peer::new(host, link),
            site: Site::of(host),
            input: Gathered::new(LONGEST),
            pieces: Gathered::new(PIECES),
            connected: false,
            most: 0,
            trusted: host.setting("s7_password").is_none(),
            left: None,
        }
    }

    /// Takes one packet; false when more bytes are needed for it.
    fn turn(&mut self, out: &mut Out) -> bool {
        let length = match cotp::whole(self.input.bytes()) {
            Ok(Some(length)) if length <= self.input.len() => length,
            Ok(_) => return false,
            Err(()) => {
                self.malformed("packet", out);
                return false;
            }
        };
        self.input.skip(HEAD);
        let body = self.input.take(length - HEAD);
        match Packet::read(&body) {
            Some(Packet::Connect { reference, calling, called, size }) if !self.connected => {
                self.connect(reference, (&calling, &called), size, out);
            }
            Some(Packet::Data(bytes, more)) if self.connected => {
                if self.pieces.push(&bytes).is_err() {
                    self.malformed("length", out);
                } else if !more {
                    let message = self.pieces.take_all();
                    self.take(&message, out);
                }
            }
            Some(Packet::Disconnect | Packet::Connect { .. } | Packet::Data(..)) => out.close(),
            Some(Packet::Other) => {}
            None => {
                Peer::malformed("packet", &body, out);
                out.close();
            }
        }
        true
    }

    fn malformed(&self, reason: &str, out: &mut Out) {
        Peer::malformed(reason, self.input.bytes(), out);
        out.close();
    }

    fn connect(&mut self, reference: u16, ends: (&[u8], &[u8]), size: u8, out: &mut Out) {
        let (calling, called) = ends;
        // The kind of connection, then rack and slot.
        let there = matches!(called, [1..=3, place] if *place == SLOT);
        let name = format!("s7 connect {} to {}", calling.escape_ascii(), called.escape_ascii());
        Peer::command(&name, there, out);
        if !there {
            out.send(cotp::refuse(reference));
            out.close();
            return;
        }
        self.connected = true;
        out.send(cotp::confirm(reference, calling, called, size));
    }

    fn take(&mut self, message: &[u8], out: &mut Out) {
        let Some(pdu) = Pdu::read(message) else {
            Peer::malformed("message", message, out);
            return out.close();
        };
        let answer = match pdu.kind {
            JOB => self.job(&pdu, out),
            USERDATA if self.most != 0 => self.userdata(&pdu, out),
            _ => None,
        };
        if let Some(answer) = answer {
            out.send(cotp::data(&answer));
        }
    }

    fn job(&mut self, pdu: &Pdu, out: &mut Out) -> Option<Vec<u8>> {
        let function = *pdu.parameters.first()?;
        if function == 0xf0 {
            return self.setup(pdu, out);
        }
        if self.most == 0 {
            return None;
        }
        let done = match function {
            4 => self.read(pdu, out),
            5 => self.write(pdu, out),
            0x28 | 0x29 => self.control(function, pdu, out),
            _ => {
                let name = name(function);
                let brought = pdu.parameters.get(1..65).or(pdu.parameters.get(1..)).unwrap_or_default();
                Peer::command(&format!("s7 {name} {}", brought.escape_ascii()), false, out);
                let guarded = matches!(function, 0x1a..=0x1f);
                Err(if guarded { PROTECTED } else { NO_FUNCTION })
            }
        };
        Some(match done {
            Ok((parameters, data)) => pdu::answer(pdu.reference, (0, 0), &parameters, &data),
            Err(fault) => pdu::answer(pdu.reference, fault, &[function], &[]),
        })
    }

    /// Size of messages, and jobs at a time.
    fn setup(&mut self, pdu: &Pdu, out: &mut Out) -> Option<Vec<u8>> {
        let mut reader = Reader::new(&pdu.parameters);
        let (_, _, calling, called, size) =
            (reader.byte()?, reader.byte()?, reader.word()?, reader.word()?, reader.word()?);
        let told = format!("message {size}, jobs {calling}/{called}");
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_VERSION, told.into_bytes())]);
        self.most = size.clamp(64, MESSAGE);
        let words = [calling.min(JOBS), called.min(JOBS), self.most].map(u16::to_be_bytes).concat();
        Some(pdu::answer(pdu.reference, (0, 0), &[&[0xf0, 0][..], &words].concat(), &[]))
    }

    fn read(&self, pdu: &Pdu, out: &mut Out) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let items = items(pdu).ok_or(TOO_LONG)?;
        let names: Vec<_> =
            items.iter().map(|item| item.as_ref().map_or_else(String::new, Item::name)).collect();
        Peer::command(&format!("s7 read {}", names.join(", ")), true, out);
        let mut data = Vec::new();
        for item in &items {
            if data.len() % 2 == 1 {
                data.push(0);
            }
            match item {
                Some(item) => data.extend(item.get(&self.peer, &self.site)),
                None => data.extend([0x0a, 0, 0, 0]),
            }
            if usize::from(self.most) < data.len() + 14 {
                return Err(TOO_LONG);
            }
        }
        Ok((vec![4, u8::try_from(items.len()).unwrap_or_default()], data))
    }

    fn write(&self, pdu: &Pdu, out: &mut Out) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let items = items(pdu).ok_or(TOO_LONG)?;
        let values = variables::values(&pdu.data, items.len()).ok_or(TOO_LONG)?;
        let names: Vec<_> = items
            .iter()
            .zip(&values)
            .map(|(item, values)| {
                let name = item.as_ref().map_or_else(String::new, Item::name);
                format!("{name} = {}", hex::encode(values))
            })
            .collect();
        Peer::command(&format!("s7 write {}", names.join(", ")), self.trusted, out);
        if !self.trusted {
            return Err(PROTECTED);
        }
        let codes = items.iter().zip(&values).map(|(item, values)| match item {
            Some(item) => item.set(&self.peer, &self.site, values),
            None => 0x0a,
        });
        let codes: Vec<u8> = codes.collect();
        Ok((vec![5, u8::try_from(items.len()).unwrap_or_default()], codes))
    }

    /// Starts and stops the CPU.
    fn control(&self, function: u8, pdu: &Pdu, out: &mut Out) -> Result<(Vec<u8>, Vec<u8>), Fault> {
        let brought = pdu.parameters.get(1..).unwrap_or_default();
        let stop = function == 0x29;
        let program = brought.windows(9).any(|window| window == b"P_PROGRAM");
        let done = program && self.trusted;
        let name = if stop { "stop" } else { "start" };
        Peer::command(&format!("s7 plc {name} {}", brought.escape_ascii()), done, out);
        if !self.trusted {
            return Err(PROTECTED);
        }
        if !program {
            return Err(NO_FUNCTION);
        }
        self.peer.act(&self.site, |plant, second, deeds| {
            deeds.stopped = stop;
            // A CPU that is stopped lets go of its outputs.
            plant.switch(second, deeds, !stop, false);
        });
        Ok((vec![function], Vec::new()))
    }

    fn userdata(&mut self, pdu: &Pdu, out: &mut Out) -> Option<Vec<u8>> {
        let ask = Ask::read(&pdu.parameters, &pdu.data)?;
        // A request that goes on says so by what it answers.
        let going_on = pdu.parameters.get(4) == Some(&0x12);
        let brought = match self.left.take() {
            Some((group, function, left)) if going_on && (group, function) == (ask.group, ask.function) => {
                Ok(left)
            }
            _ => {
                let mut desk = Desk { peer: &self.peer, site: &self.site, trusted: &mut self.trusted };
                desk.answer(&ask, out)
            }
        };
        let mut parameters = vec![0, 1, 0x12, 8, 0x12, 0x80 | ask.group, ask.function, ask.sequence];
        match brought {
            Ok(brought) => {
                let room = usize::from(self.most).saturating_sub(26);
                let (now, later) = brought.split_at_checked(room).unwrap_or((&brought, &[]));
                let sequence = if ask.sequence == 0 { 1 } else { ask.sequence };
                if !later.is_empty() {
                    self.left = Some((ask.group, ask.function, later.to_vec()));
                    if let Some(number) = parameters.last_mut() {
                        *number = sequence;
                    }
                }
                let unit = if later.is_empty() && !going_on { 0 } else { sequence };
                parameters.extend([unit, u8::from(!later.is_empty()), 0, 0]);
                let data = if now.is_empty() { vec![0x0a, 0, 0, 0] } else { lists::brought(now) };
                Some(pdu::userdata(pdu.reference, &parameters, &data))
            }
            Err((class, code)) => {
                parameters.extend([0, 0, class, code]);
                Some(pdu::userdata(pdu.reference, &parameters, &[0x0a, 0, 0, 0]))
            }
        }
    }
}

/// What a request is about; `None`: more than a request may.
fn items(pdu: &Pdu) -> Option<Vec<Option<Item>>> {
    Item::all(&pdu.parameters).filter(|items| items.len() <= ITEMS)
}

fn name(function: u8) -> &'static str {
    match function {
        0x1a => "download block",
        0x1b => "download piece",
        0x1c => "download end",
        0x1d => "upload block",
        0x1e => "upload piece",
        0x1f => "upload end",
        _ => "function",
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}
