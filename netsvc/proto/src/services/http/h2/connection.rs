//! A connection: frames in, requests out of them, answers.

mod answer;
mod control;

use super::{
    dialect::Dialect,
    fields,
    frame::{Code, HEAD, Head, PREFACE, flag, frame, kind},
    hpack::{Decoder, Encoder, LIMIT, Trouble},
    program::{Came, Program},
    seen::Seen,
    stream::Stream,
};
use crate::services::http::{request::Fault, site};
use netsvc_kit::{Gathered, Input, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    collections::BTreeMap,
    task::{Context, Poll},
};

/// Longest frame that is read as a whole: all but those with the body of a request.
const FRAME: usize = 64 * 1024;
/// Most bytes of a head before it is unpacked, and most frames that bring it.
const PACKED: usize = 64 * 1024;
const FRAMES: u32 = 64;
/// Window of the connection that is used up before it is opened again.
const REFILL: u64 = 1 << 19;
/// Bytes of frames without a payload that nginx bears, beyond eight times the payload.
const IDLE: u64 = 1 << 20;

/// What is read next.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Preface,
    Frame,
    /// The rest of a frame with a piece of a body: bytes of it, and of padding.
    Body {
        stream: u32,
        left: usize,
        padding: usize,
        end: bool,
    },
}

/// A head of which more is to come.
struct Block {
    stream: u32,
    end: bool,
    frames: u32,
    packed: Gathered,
}

/// Why a connection ends, and the words that nghttp2 has for it.
struct Failure(Code, &'static str);

/// A connection to a program.
pub struct Connection<P> {
    program: P,
    dialect: Dialect,
    input: Gathered,
    reading: Reading,
    /// Whether the peer's settings have come.
    set: bool,
    block: Option<Block>,
    decoder: Decoder,
    encoder: Encoder,
    streams: BTreeMap<u32, Stream>,
    /// Number of the last stream that the peer opened.
    last: u32,
    /// Bytes that the peer takes on the connection, on a new stream, and in a frame.
    window: i64,
    initial: i64,
    most: usize,
    /// Bytes of bodies since the window of the connection was opened.
    taken: u64,
    seen: Seen,
    total: u64,
    payload: u64,
    served: u32,
}

impl<P: Program> Connection<P> {
    /// A fresh connection to `program`.
    pub fn new(program: P) -> Self {
        let dialect = program.dialect();
        Connection {
            program,
            dialect,
            input: Gathered::new(FRAME + HEAD + FRAME),
            reading: Reading::Preface,
            set: false,
            block: None,
            decoder: Decoder::default(),
            encoder: Encoder::new(dialect.manner),
            streams: BTreeMap::new(),
            last: 0,
            window: 65_535,
            initial: 65_535,
            most: 16_384,
            taken: 0,
            seen: Seen::default(),
            total: 0,
            payload: 0,
            served: 0,
        }
    }

    fn greet(&self, out: &mut Out) {
        let pairs = self.dialect.settings.iter();
        let settings: Vec<u8> = pairs
            .flat_map(|(number, value)| [&number.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        out.send(frame(kind::SETTINGS, 0, 0, &settings));
        out.send(frame(kind::WINDOW_UPDATE, 0, 0, &self.dialect.window.to_be_bytes()));
    }

    /// Takes one unit of input; `false` when there is not enough.
    fn advance(&mut self, out: &mut Out) -> bool {
        let before = self.input.len();
        let taken = match self.reading {
            Reading::Preface => self.preface(),
            Reading::Frame => self.frame(out),
            Reading::Body { stream, left, padding, end } => Ok(self.body(stream, left, padding, end, out)),
        };
        self.total += (before - self.input.len()) as u64;
        let flooded = self.payload + IDLE < self.total / 8;
        match taken {
            Ok(_) if flooded => self.fail(&Failure(Code::None, ""), out),
            Ok(more) => return more,
            Err(failure) => self.fail(&failure, out),
        }
        false
    }

    fn fail(&mut self, failure: &Failure, out: &mut Out) {
        let reason = format!("{:?}", failure.0).to_lowercase();
        out.record(Kind::Malformed, vec![(field::REASON, reason.into_bytes())]);
        self.go_away(failure.0 as u32, failure.1, out);
    }

    fn go_away(&mut self, code: u32, words: &str, out: &mut Out) {
        let words = if self.dialect.tells { words } else { "" };
        let payload = [&self.last.to_be_bytes()[..], &code.to_be_bytes(), words.as_bytes()].concat();
        out.send(frame(kind::GOAWAY, 0, 0, &payload));
        out.close();
    }

    fn preface(&mut self) -> Result<bool, Failure> {
        let came = self.input.bytes();
        let count = came.len().min(PREFACE.len());
        if came.get(..count) != PREFACE.get(..count) {
            return Err(Failure(Code::Protocol, "Received bad client magic byte string"));
        }
        if count < PREFACE.len() {
            return Ok(false);
        }
        self.input.skip(count);
        self.reading = Reading::Frame;
        Ok(true)
    }

    fn frame(&mut self, out: &mut Out) -> Result<bool, Failure> {
        let Some(head) = Head::read(self.input.bytes()) else { return Ok(false) };
        let nghttp2 = !self.dialect.nginx;
        if self.dialect.frame < head.length || FRAME < head.length && head.kind != kind::DATA {
            return Err(Failure(Code::FrameSize, "too large frame size"));
        }
        if nghttp2 && !self.set && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Failure(Code::Protocol, "SETTINGS expected"));
        }
        let goes_on = |block: &Block| head.kind == kind::CONTINUATION && head.stream == block.stream;
        if self.block.as_ref().is_some_and(|block| !goes_on(block)) {
            let words = "unexpected non-CONTINUATION frame or stream_id is invalid";
            return Err(Failure(Code::Protocol, words));
        }
        if head.kind == kind::DATA {
            return self.begin_body(head);
        }
        if self.input.len() < HEAD + head.length {
            return Ok(false);
        }
        self.input.skip(HEAD);
        let payload = self.input.take(head.length);
        match head.kind {
            kind::HEADERS => self.headers(head, &payload, out)?,
            kind::CONTINUATION => self.continuation(head, &payload, out)?,
            kind::PRIORITY => self.priority(head, &payload)?,
            kind::RST_STREAM => self.reset(head, &payload, out)?,
            kind::SETTINGS => self.settings(head, &payload, out)?,
            kind::PUSH_PROMISE => return Err(Failure(Code::Protocol, "PUSH_PROMISE: push disabled")),
            kind::PING if head.stream != 0 => {
                return Err(Failure(Code::Protocol, "PING: stream_id != 0"));
            }
            kind::PING if payload.len() != 8 => return Err(Failure(Code::FrameSize, "")),
            kind::PING if !head.has(flag::ACK) => out.send(frame(kind::PING, flag::ACK, 0, &payload)),
            kind::GOAWAY if nghttp2 => self.go_away(Code::None as u32, "", out),
            kind::WINDOW_UPDATE => self.open_window(head, &payload, out)?,
            _ => {}
        }
        Ok(true)
    }

    fn begin_body(&mut self, head: Head) -> Result<bool, Failure> {
        let padded = usize::from(head.has(flag::PADDED));
        if self.input.len() < HEAD + padded.min(head.length) {
            return Ok(false);
        }
        if head.stream == 0 {
            return Err(Failure(Code::Protocol, "DATA: stream_id == 0"));
        }
        if !self.dialect.nginx && (self.last < head.stream || head.stream.is_multiple_of(2)) {
            return Err(Failure(Code::Protocol, "DATA: stream in idle"));
        }
        self.input.skip(HEAD);
        let padding = match padded.min(head.length) {
            0 => 0,
            _ => self.input.take(1).first().copied().map_or(0, usize::from),
        };
        let Some(left) = head.length.checked_sub(padded).and_then(|rest| rest.checked_sub(padding)) else {
            return Err(Failure(Code::Protocol, "DATA: insufficient padding"));
        };
        let end = head.has(flag::END_STREAM);
        self.reading = Reading::Body { stream: head.stream, left, padding, end };
        Ok(true)
    }

    /// Takes what has come of a piece of a body, and of the padding behind it; whether that was all of it.
    fn body(&mut self, number: u32, left: usize, padding: usize, end: bool, out: &mut Out) -> bool {
        let piece = self.input.take(left.min(self.input.len()));
        let left = left - piece.len();
        let skipped = if left == 0 { padding.min(self.input.len()) } else { 0 };
        self.input.skip(skipped);
        let padding = padding - skipped;
        let limit = self.program.body_limit();
        let mut large = false;
        if let Some(stream) = self.streams.get_mut(&number).filter(|stream| !stream.ended) {
            self.payload += piece.len() as u64;
            if let Some(more) = stream.take(&piece) {
                out.send(frame(kind::WINDOW_UPDATE, 0, number, &more.to_be_bytes()));
            }
            large = limit < stream.size && stream.answered.is_none();
        }
        self.taken += piece.len() as u64;
        if REFILL <= self.taken {
            let more = u32::try_from(std::mem::take(&mut self.taken)).unwrap_or_default();
            out.send(frame(kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes()));
        }
        if large {
            self.refuse(number, Fault::Large, out);
        }
        if left == 0 && padding == 0 {
            self.reading = Reading::Frame;
            if end {
                self.complete(number, out);
            }
            return true;
        }
        self.reading = Reading::Body { stream: number, left, padding, end };
        false
    }

    fn headers(&mut self, head: Head, payload: &[u8], out: &mut Out) -> Result<(), Failure> {
        if head.stream.is_multiple_of(2) {
            return Err(Failure(Code::Protocol, "request HEADERS: invalid stream_id"));
        }
        let open = self.streams.get(&head.stream).is_some_and(|stream| !stream.ended);
        if head.stream <= self.last && (self.dialect.nginx || !open) {
            return Err(Failure(Code::Protocol, "HEADERS: stream closed"));
        }
        let broken = || Failure(Code::Protocol, "HEADERS: insufficient padding");
        let mut rest = head.unpadded(payload).ok_or_else(broken)?;
        if head.has(flag::PRIORITY) {
            let (priority, after) = rest.split_at_checked(5).ok_or(Failure(Code::FrameSize, ""))?;
            self.depend(head.stream, priority)?;
            rest = after;
        }
        let mut packed = Gathered::new(PACKED);
        packed.push(rest).map_err(|_| Failure(Code::Calm, ""))?;
        let block = Block { stream: head.stream, end: head.has(flag::END_STREAM), frames: 0, packed };
        self.last = self.last.max(head.stream);
        if head.has(flag::END_HEADERS) {
            return self.unpack(block, out);
        }
        self.block = Some(block);
        Ok(())
    }

    fn continuation(&mut self, head: Head, payload: &[u8], out: &mut Out) -> Result<(), Failure> {
        let Some(mut block) = self.block.take() else {
            return Err(Failure(Code::Protocol, "CONTINUATION: unexpected"));
        };
        block.frames += 1;
        if block.packed.push(payload).is_err() || FRAMES < block.frames {
            return Err(Failure(Code::Calm, ""));
        }
        if head.has(flag::END_HEADERS) {
            return self.unpack(block, out);
        }
        self.block = Some(block);
        Ok(())
    }

    fn unpack(&mut self, block: Block, out: &mut Out) -> Result<(), Failure> {
        let read = self.decoder.decode(block.packed.bytes()).map_err(|trouble| match trouble {
            Trouble::Broken => Failure(Code::Compression, ""),
            Trouble::Endless => Failure(Code::Calm, ""),
        })?;
        self.payload += read.size as u64;
        if self.streams.contains_key(&block.stream) {
            // What follows a body.
            if block.end {
                self.complete(block.stream, out);
            }
            return Ok(());
        }
        self.seen.tell(read.fields.iter().map(|(name, _)| name.as_slice()), out);
        let (request, verdict) = fields::read(self.program.family(), &read.fields, LIMIT < read.size);
        if self.dialect.streams <= self.streams.len() && !self.forget_one(out) {
            out.send(frame(kind::RST_STREAM, 0, block.stream, &(Code::Refused as u32).to_be_bytes()));
            site::record(&request, None, out);
            return Ok(());
        }
        self.begin(block.stream, request, verdict, block.end, out);
        Ok(())
    }
}

impl<P: Program> Machine for Connection<P> {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.greet(out),
            Input::Bytes(bytes) => {
                if self.input.push(bytes).is_err() {
                    return out.close();
                }
                self.flush(out);
                while !out.closing() && !out.full() && self.advance(out) {
                    self.flush(out);
                }
            }
            Input::Eof => {
                for (number, mut stream) in std::mem::take(&mut self.streams) {
                    self.abandon(number, &mut stream, out);
                }
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.program.poll(context)
    }

    fn woken(&mut self, out: &mut Out) {
        for (number, came) in self.program.came(out) {
            match came {
                Came::Answer(answer) if self.streams.contains_key(&number) => {
                    self.send(number, answer, out);
                }
                Came::Answer(_) => {}
                Came::Piece { bytes, end } => self.add(number, &bytes, end, out),
            }
        }
    }
}
