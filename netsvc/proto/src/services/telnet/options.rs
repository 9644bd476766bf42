//! Telnet options (RFC 854, 855, 859, 1143): a server's requests, its answers, and what it waits for.

use super::{
    dialect::{Dialect, Framing, Move},
    numbers::{
        ABORT, ABORT_OUTPUT, AYT, BINARY, BREAK, DO, DONT, ECHO, END_OF_FILE, ERASE_CHARACTER, ERASE_LINE,
        FLOW_CONTROL, IAC, INTERRUPT, IS, LINE_MODE, NOP, SB, SE, SEND, STATUS, SUSPEND, TERMINAL_TYPE,
        TIMING_MARK, WILL, WINDOW_SIZE, WONT,
    },
    told::Told,
};
use std::collections::{BTreeMap, BTreeSet};

/// Longest subnegotiation kept (`telnetd`: `subbuffer[512]`).
const LONGEST: usize = 512;
/// Bytes of a window's size with the end of its subnegotiation.
const SIZE: usize = 6;
/// Terminal types that are asked for before the last one is taken.
const TYPES: u32 = 16;
/// Terminals that the server's database knows, as far as clients claim them.
const KNOWN: &[&str] = &[
    "ansi", "cygwin", "dumb", "linux", "putty", "rxvt", "screen", "sun", "tmux", "unknown", "vt", "wyse",
    "xterm",
];

/// An option on one side.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    /// Whether it is on, or will be if the request is agreed to.
    wanted: bool,
    /// Requests without an answer.
    pending: u8,
}

/// Takes the options out of what a client sends.
#[derive(Debug)]
pub(super) struct Options {
    dialect: &'static Dialect,
    /// The next move of the script.
    at: usize,
    state: State,
    /// Whether a CR was the last byte, so that a NUL or LF after it says nothing more.
    returned: bool,
    subnegotiation: Vec<u8>,
    ours: BTreeMap<u8, Side>,
    theirs: BTreeMap<u8, Side>,
    /// Options whose value was asked for.
    asked: BTreeSet<u8>,
    /// How many terminal types were told, and whether the list has come to its end.
    types: (u32, bool),
    /// What the client told.
    pub(super) told: Told,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Data,
    Command,
    Option(u8),
    Inside,
    InsideCommand,
    /// Inside a window's size, where commands are triples.
    Size,
}

impl Options {
    /// Before the first byte.
    pub(super) fn new(dialect: &'static Dialect) -> Self {
        Options {
            dialect,
            at: 0,
            state: State::Data,
            returned: false,
            subnegotiation: Vec::new(),
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
            asked: BTreeSet::new(),
            types: (0, false),
            told: Told::default(),
        }
    }

    /// What the server says first.
    pub(super) fn open(&mut self) -> Vec<u8> {
        let mut first = Vec::new();
        self.advance(&mut first);
        first
    }

    /// Whether the negotiation is over and the login may begin.
    pub(super) fn ready(&self) -> bool {
        self.dialect.script.len() <= self.at
    }

    /// The login name that the client told, where the server takes it. One that begins with a dash is none.
    pub(super) fn user(&self) -> Option<&[u8]> {
        let user = self.told.variable(b"USER").filter(|_| self.dialect.takes_user)?;
        user.first().is_some_and(|&first| first != b'-').then_some(user)
    }

    /// Splits `bytes`, which came together, into what was typed and what the server answers to options. A CR with its
    /// LF or NUL becomes one CR.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut typed, mut answers) = (Vec::with_capacity(bytes.len()), Vec::new());
        for &byte in bytes {
            self.state = match self.state {
                State::Data if byte == IAC => State::Command,
                State::Data => {
                    let after = std::mem::replace(&mut self.returned, byte == b'\r');
                    if !(after && matches!(byte, b'\n' | 0)) {
                        typed.push(byte);
                    }
                    State::Data
                }
                State::Command => self.command(byte, &mut typed, &mut answers),
                State::Option(verb) => self.option(verb, byte, &mut answers),
                State::Inside if byte == IAC => State::InsideCommand,
                State::Inside => self.keep(byte),
                State::InsideCommand if byte == IAC => self.keep(byte),
                // What is not ended as it should be ends all the same, and the command counts.
                State::InsideCommand => {
                    self.subnegotiated(&mut answers);
                    if byte == SE { State::Data } else { self.command(byte, &mut typed, &mut answers) }
                }
                State::Size => {
                    self.subnegotiation.push(byte);
                    if self.subnegotiation.len() <= SIZE {
                        State::Size
                    } else {
                        self.subnegotiation.truncate(SIZE - 1);
                        self.told.take(&self.subnegotiation);
                        State::Data
                    }
                }
            };
        }
        // As daemons do: all that has come is looked at before what was awaited is.
        self.advance(&mut answers);
        (typed, answers)
    }

    fn keep(&mut self, byte: u8) -> State {
        if self.subnegotiation.len() < LONGEST {
            self.subnegotiation.push(byte);
        }
        State::Inside
    }

    fn command(&mut self, byte: u8, typed: &mut Vec<u8>, answers: &mut Vec<u8>) -> State {
        match (byte, self.dialect.framing) {
            (IAC, _) => {
                typed.push(IAC);
                return State::Data;
            }
            (WILL | WONT | DO | DONT, _) => return State::Option(byte),
            (SB, Framing::Standard) => {
                self.subnegotiation.clear();
                return State::Inside;
            }
            // NOP is the one that has always been known there.
            (NOP, Framing::Triples) => return State::Data,
            (SB, _) | (_, Framing::Triples) => return State::Option(byte),
            (AYT, _) => answers.extend_from_slice(self.dialect.here),
            _ => {}
        }
        let key = match byte {
            INTERRUPT => 3,
            BREAK | ABORT => 0x1c,
            ERASE_CHARACTER => 0x7f,
            ERASE_LINE => 0x15,
            ABORT_OUTPUT => 0x0f,
            SUSPEND => 0x1a,
            END_OF_FILE => 4,
            _ => return State::Data,
        };
        if self.dialect.keys {
            typed.push(key);
        }
        State::Data
    }

    fn option(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) -> State {
        if verb == SB && option == WINDOW_SIZE {
            self.subnegotiation = vec![WINDOW_SIZE];
            return State::Size;
        }
        if self.dialect.answers {
            self.negotiate(verb, option, answers);
        }
        State::Data
    }

    /// Answers are due to requests only, never to answers (RFC 1143).
    fn negotiate(&mut self, verb: u8, option: u8, answers: &mut Vec<u8>) {
        let (side, may, yes, no) = match verb {
            WILL | WONT => (self.theirs.entry(option), self.dialect.lets, DO, DONT),
            DO | DONT => (self.ours.entry(option), self.dialect.agrees, WILL, WONT),
            _ => return,
        };
        let side = side.or_default();
        let on = matches!(verb, WILL | DO);
        let was = std::mem::replace(&mut side.wanted, on);
        let answered = side.pending > 0;
        side.pending = side.pending.saturating_sub(1);
        if on && !answered && !was {
            side.wanted = may.contains(&option);
            let agreed = side.wanted || (verb, option) == (DO, TIMING_MARK);
            answers.extend_from_slice(&[IAC, if agreed { yes } else { no }, option]);
        } else if !on && !answered && was {
            answers.extend_from_slice(&[IAC, no, option]);
        }
        if verb == WILL && answered && option == LINE_MODE {
            // MODE EDIT|TRAPSIG, with the NUL that inetutils sends too many.
            answers.extend_from_slice(&[IAC, SB, LINE_MODE, 1, 3, IAC, SE, 0]);
        }
        if verb == WILL && self.dialect.asks.contains(&option) {
            answers.extend_from_slice(&[IAC, SB, option, SEND, IAC, SE]);
        }
    }

    fn subnegotiated(&mut self, answers: &mut Vec<u8>) {
        let subnegotiation = std::mem::take(&mut self.subnegotiation);
        let before = self.told.terminal.clone();
        self.told.take(&subnegotiation);
        match subnegotiation.as_slice() {
            [STATUS, SEND, ..] if self.is_on(STATUS) => self.tell_status(answers),
            [TERMINAL_TYPE, IS, ..] if self.asked.contains(&TERMINAL_TYPE) => {
                if self.is_last_type(&before) {
                    self.asked.remove(&TERMINAL_TYPE);
                } else {
                    answers.extend_from_slice(&[IAC, SB, TERMINAL_TYPE, SEND, IAC, SE]);
                }
            }
            [option, IS, ..] => {
                self.asked.remove(option);
            }
            _ => {}
        }
    }

    /// Whether no other terminal type is asked for: the database knows this one, or the client has come to the end of
    /// its list, which it shows by repeating the last one, and has begun it anew.
    fn is_last_type(&mut self, before: &[u8]) -> bool {
        let told = self.told.terminal.to_ascii_lowercase();
        let known = KNOWN.iter().any(|name| told.starts_with(name.as_bytes()));
        let (count, repeated) = self.types;
        self.types = (count + 1, count > 0 && before == self.told.terminal);
        known || repeated || TYPES <= count
    }

    fn is_on(&self, option: u8) -> bool {
        self.ours.get(&option).is_some_and(|side| side.wanted && side.pending == 0)
    }

    /// What is on or asked for (RFC 859).
    fn tell_status(&self, answers: &mut Vec<u8>) {
        answers.extend_from_slice(&[IAC, SB, STATUS, IS]);
        let is = |sides: &BTreeMap<u8, Side>, option| sides.get(&option).is_some_and(|side| side.wanted);
        for option in 0..SE {
            if is(&self.ours, option) {
                answers.extend_from_slice(&[WILL, option]);
            }
            if is(&self.theirs, option) {
                answers.extend_from_slice(&[DO, option]);
            }
        }
        answers.extend_from_slice(&[IAC, SE]);
    }

    /// Goes on with the script up to where an answer is awaited.
    fn advance(&mut self, out: &mut Vec<u8>) {
        while let Some(&next) = self.dialect.script.get(self.at) {
            let waits = |sides: &BTreeMap<u8, Side>, option: &u8| {
                self.dialect.answers && sides.get(option).is_some_and(|side| side.pending > 0)
            };
            match next {
                Move::Await(option) if waits(&self.theirs, &option) => return,
                Move::AwaitOurs(option) if waits(&self.ours, &option) => return,
                Move::Told if !self.asked.is_empty() => return,
                Move::Await(_) | Move::AwaitOurs(_) | Move::Told => {}
                Move::Will(option) => request(&mut self.ours, true, WILL, option, out),
                Move::Do(option) => request(&mut self.theirs, true, DO, option, out),
                Move::Send(option) if self.has(option) => {
                    self.asked.insert(option);
                    out.extend_from_slice(&[IAC, SB, option, SEND, IAC, SE]);
                }
                Move::Restart if self.has(FLOW_CONTROL) => {
                    out.extend_from_slice(&[IAC, SB, FLOW_CONTROL, 3, IAC, SE, 0]);
                }
                Move::Send(_) | Move::Restart => {}
                Move::Echo => self.settle_echo(out),
                Move::Binary if self.has(LINE_MODE) => {
                    request(&mut self.theirs, true, DO, BINARY, out);
                    request(&mut self.theirs, false, DONT, LINE_MODE, out);
                }
                Move::Binary => {
                    request(&mut self.theirs, true, DO, TIMING_MARK, out);
                    request(&mut self.theirs, true, DO, BINARY, out);
                }
            }
            self.at += 1;
        }
    }

    fn has(&self, option: u8) -> bool {
        self.theirs.get(&option).is_some_and(|side| side.wanted && side.pending == 0)
    }

    /// A client that has not answered to DO ECHO is taken for one that echoes, which its late answer corrects.
    fn settle_echo(&mut self, out: &mut Vec<u8>) {
        if self.has(ECHO) {
            request(&mut self.theirs, false, DONT, ECHO, out);
        } else if let Some(side) = self.theirs.get_mut(&ECHO) {
            side.pending = 0;
        }
        request(&mut self.ours, true, WILL, ECHO, out);
    }
}

/// Asks for a change, unless it is so already.
fn request(sides: &mut BTreeMap<u8, Side>, on: bool, verb: u8, option: u8, out: &mut Vec<u8>) {
    let side = sides.entry(option).or_default();
    if side.wanted != on {
        *side = Side { wanted: on, pending: side.pending.saturating_add(1) };
        out.extend_from_slice(&[IAC, verb, option]);
    }
}

#[cfg(test)]
mod tests;
