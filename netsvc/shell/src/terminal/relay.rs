//! A connection that has the terminal: keys go there, what comes from there is shown.

use super::Terminal;
use crate::reach::{Received, Wire};
use std::time::Duration;

/// Time between two looks at the connection, in µs: short while something happens, long when nothing does.
const SHORT: i64 = 8_000;
const LONG: i64 = 100_000;
/// Pieces that are shown at a time.
const PIECES: usize = 32;
/// Longest line that is typed.
const LINE: usize = 4_095;

const INTERRUPT: u8 = 3;
const END: u8 = 4;
const KILL: u8 = 21;

/// See the module.
pub(super) struct Relay {
    wire: Box<dyn Wire>,
    /// The line that is being typed, where the terminal here makes lines.
    line: Vec<u8>,
    /// What is being typed to the program here, which has asked what to do.
    command: Option<Vec<u8>>,
    pause: i64,
}

impl Relay {
    /// When to look again.
    pub(super) fn due(&self, now: i64) -> i64 {
        now.saturating_add(self.pause)
    }
}

impl Terminal {
    /// Takes the connection that the running program has handed over.
    pub(super) fn begin_relay(&mut self) {
        if let Some(wire) = self.shell.take_carried() {
            self.relay = Some(Relay { wire, line: Vec::new(), command: None, pause: SHORT });
        }
    }

    /// Tells the other end of a new size.
    pub(super) fn tell_relay(&mut self) {
        let (columns, rows) = self.shell.tty.window;
        if let Some(relay) = &mut self.relay {
            relay.wire.resize(columns, rows);
        }
    }

    /// Lets keys and output pass; whether the connection has ended, and the line goes on.
    pub(super) fn carry(&mut self, now: i64) -> bool {
        let Some(mut relay) = self.relay.take() else { return false };
        relay.pause = relay.pause.saturating_mul(2).min(LONG);
        // What the other end does not take yet is typed ahead.
        let room = if relay.wire.takes() { self.ahead.len() } else { 0 };
        let typed: Vec<u8> = self.ahead.drain(..room).collect();
        if !typed.is_empty() {
            relay.pause = SHORT;
        }
        let (typed, left) = self.ask(&mut relay, typed);
        let mut over = if left {
            Some(0)
        } else if relay.wire.is_raw() {
            let sent = typed.is_empty() || relay.wire.send(&typed);
            (!sent).then_some(255)
        } else {
            self.cook(&mut relay, &typed)
        };
        for _ in 0..PIECES {
            if over.is_some() || relay.command.is_some() {
                break;
            }
            match relay.wire.receive(Duration::ZERO) {
                Received::Bytes(bytes) if relay.wire.is_raw() => self.output.bytes.extend(bytes),
                Received::Bytes(bytes) => self.show(&bytes),
                Received::Nothing => break,
                Received::Closed => over = Some(relay.wire.status().unwrap_or(0)),
            }
            relay.pause = SHORT;
        }
        let Some(status) = over else {
            self.relay = Some(relay);
            return false;
        };
        if !left {
            let last = relay.wire.farewell();
            self.show(&last);
        }
        drop(relay);
        self.waits = None;
        let outcome = self.shell.end_relay(status);
        self.play(outcome, now);
        true
    }

    /// Takes out of `keys` what is for the program here: the rest, and whether its user has left the connection.
    fn ask(&mut self, relay: &mut Relay, keys: Vec<u8>) -> (Vec<u8>, bool) {
        let Some(escape) = relay.wire.escape() else { return (keys, false) };
        let mut rest = Vec::new();
        for key in keys {
            match (&mut relay.command, key) {
                (None, key) if key == escape => {
                    relay.command = Some(Vec::new());
                    self.show(b"\ntelnet> ");
                }
                (None, key) => rest.push(key),
                (Some(command), b'\r' | b'\n') => {
                    let command = String::from_utf8_lossy(command).trim().to_owned();
                    relay.command = None;
                    self.show(b"\n");
                    if command.is_empty() {
                        continue;
                    }
                    if ["quit", "close"].iter().any(|known| known.starts_with(&command)) {
                        self.show(b"Connection closed.\n");
                        return (rest, true);
                    }
                    relay.command = Some(Vec::new());
                    self.show(b"?Invalid command\ntelnet> ");
                }
                (Some(command), 8 | 127) => {
                    if command.pop().is_some() {
                        self.show(b"\x08 \x08");
                    }
                }
                (Some(command), key) if command.len() < LINE => {
                    command.push(key);
                    self.show(&[key]);
                }
                (Some(_), _) => {}
            }
        }
        (rest, false)
    }

    /// What the terminal makes of keys that it makes lines of; the status when one of them ends the program.
    fn cook(&mut self, relay: &mut Relay, keys: &[u8]) -> Option<i32> {
        for key in keys {
            let sent = match *key {
                INTERRUPT => {
                    self.show(b"^C\n");
                    return Some(130);
                }
                END if relay.line.is_empty() => {
                    relay.wire.end();
                    true
                }
                END => relay.wire.send(&std::mem::take(&mut relay.line)),
                b'\r' | b'\n' => {
                    self.show(b"\n");
                    relay.line.push(b'\n');
                    relay.wire.send(&std::mem::take(&mut relay.line))
                }
                8 | 127 => {
                    if relay.line.pop().is_some() {
                        self.show(b"\x08 \x08");
                    }
                    true
                }
                KILL => {
                    let erased = b"\x08 \x08".repeat(relay.line.len());
                    self.show(&erased);
                    relay.line.clear();
                    true
                }
                key => {
                    if relay.line.len() < LINE {
                        relay.line.push(key);
                        self.show(&[key]);
                    }
                    true
                }
            };
            if !sent {
                return Some(1);
            }
        }
        None
    }
}
