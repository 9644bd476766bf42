//! `telnet`: a connection to where a way of the node leads, and the options that its two ends agree on (RFC 854).

use super::{
    Run,
    nc::port,
    network::{attempt, connect},
    options::options,
};
use crate::{
    interpret::{Shell, Socket, Status},
    reach::{NoWay, Received, Wire},
};
use std::{collections::BTreeSet, net::Ipv4Addr, time::Duration};

pub(super) const COMMANDS: &[(&str, Run)] = &[("telnet", telnet)];

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;
const ECHO: u8 = 1;
const GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;
/// `^]`.
const ESCAPE: u8 = 29;
/// Longest parameters of an option that are read.
const PARAMETERS: usize = 256;

fn telnet(shell: &mut Shell, arguments: &[String]) -> Status {
    if !shell.outward.way.leads() {
        return connect(shell, arguments);
    }
    let busybox = shell.flavour().busybox();
    let short = if busybox { "al:" } else { "468EFKLacde:fk:l:n:rxb:X:S:" };
    let Some(options) = options(shell, arguments, short, &[])? else { return Ok(1) };
    let host = options.operands.first().cloned().unwrap_or_default();
    let service = options.operands.get(1).map_or("23", String::as_str);
    let (Some(found), Some(number)) = (shell.outward.way.find(&host), port(service)) else {
        return connect(shell, arguments);
    };
    let handed = shell.at_terminal();
    let target = format!("telnet {host}:{number}");
    let known = if handed { shell.relayed_to(&target) } else { None };
    if known.is_none() {
        attempt(shell, format!("tcp://{host}:{service}"), arguments.join(" "));
    }
    if !busybox {
        shell.out(&format!("Trying {}...\n", found.address))?;
    }
    // It may be asked for again once it is there, so it comes before the connection.
    let input = if handed { Vec::new() } else { shell.read_all()? };
    let connected = format!("Connected to {host}.\nEscape character is '^]'.\n");
    let made = match known {
        Some(Ok(status)) => {
            return if busybox { Ok(status) } else { shell.out(&connected).map(|()| status) };
        }
        Some(Err(why)) => Err(why),
        None => {
            let made = shell.connect(&host, number, None)?;
            if handed {
                shell.note_relay(target, made.as_ref().err().copied());
            }
            made
        }
    };
    let wire = match made {
        Ok(wire) => wire,
        Err(why) => return failed(shell, found.address, why),
    };
    if !busybox {
        shell.out(&connected)?;
    }
    let name = shell.variable("TERM").unwrap_or("unknown").to_owned();
    let wire = Telnet { name, size: shell.tty.window, escapes: !busybox, ..Telnet::over(wire) };
    if handed {
        return shell.relay(Box::new(wire));
    }
    let socket = Socket::new(Box::new(wire));
    if !input.is_empty() {
        socket.send(&input);
    }
    shell.show_rest(&socket, Some(Duration::from_secs(2)))?;
    shell.err("Connection closed by foreign host.\n").map(|()| 1)
}

/// What it says of a connection that there is not.
fn failed(shell: &mut Shell, address: Ipv4Addr, why: NoWay) -> Status {
    let reason = why.text();
    let text = if shell.flavour().busybox() {
        format!("telnet: can't connect to remote host ({address}): {reason}\n")
    } else {
        format!("telnet: Unable to connect to remote host: {reason}\n")
    };
    shell.err(&text).map(|()| 1)
}

/// Where in the stream from the other end we are.
enum Place {
    Text,
    /// After IAC.
    Command,
    /// After IAC and a verb about an option.
    Option(u8),
    /// In the parameters of an option; whether IAC came last.
    Parameters(Vec<u8>, bool),
}

/// A connection that telnet's commands are taken out of.
struct Telnet {
    wire: Box<dyn Wire>,
    place: Place,
    /// Options that are on at the other end, and here.
    theirs: BTreeSet<u8>,
    ours: BTreeSet<u8>,
    name: String,
    size: (u32, u32),
    /// Whether its user may ask it for something.
    escapes: bool,
}

impl Telnet {
    fn over(wire: Box<dyn Wire>) -> Telnet {
        let (theirs, ours) = (BTreeSet::new(), BTreeSet::new());
        Telnet { wire, place: Place::Text, theirs, ours, name: String::new(), size: (0, 0), escapes: false }
    }

    /// The text of what came; commands are answered.
    fn read(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes.len());
        let mut answer = Vec::new();
        for byte in bytes {
            self.place = match (std::mem::replace(&mut self.place, Place::Text), *byte) {
                (Place::Text, IAC) => Place::Command,
                (Place::Text, byte) => {
                    text.push(byte);
                    Place::Text
                }
                (Place::Command, IAC) => {
                    text.push(IAC);
                    Place::Text
                }
                (Place::Command, verb @ (WILL | WONT | DO | DONT)) => Place::Option(verb),
                (Place::Command, SB) => Place::Parameters(Vec::new(), false),
                (Place::Command, _) => Place::Text,
                (Place::Option(verb), option) => {
                    self.agree(verb, option, &mut answer);
                    Place::Text
                }
                (Place::Parameters(all, true), SE) => {
                    self.parameters(&all, &mut answer);
                    Place::Text
                }
                (Place::Parameters(all, false), IAC) => Place::Parameters(all, true),
                (Place::Parameters(mut all, _), byte) => {
                    if all.len() < PARAMETERS {
                        all.push(byte);
                    }
                    Place::Parameters(all, false)
                }
            };
        }
        if !answer.is_empty() {
            self.wire.send(&answer);
        }
        text
    }

    fn agree(&mut self, verb: u8, option: u8, answer: &mut Vec<u8>) {
        let said = match verb {
            WILL if matches!(option, ECHO | GO_AHEAD) => self.theirs.insert(option).then_some(DO),
            WILL => Some(DONT),
            WONT => self.theirs.remove(&option).then_some(DONT),
            DO if matches!(option, GO_AHEAD | TERMINAL_TYPE | WINDOW_SIZE) => {
                self.ours.insert(option).then_some(WILL)
            }
            DO => Some(WONT),
            _ => self.ours.remove(&option).then_some(WONT),
        };
        let Some(said) = said else { return };
        answer.extend([IAC, said, option]);
        if said == WILL && option == WINDOW_SIZE {
            answer.extend(self.window());
        }
    }

    fn window(&self) -> Vec<u8> {
        let (columns, rows) = self.size;
        let mut out = vec![IAC, SB, WINDOW_SIZE];
        for value in [columns, rows] {
            let value = u16::try_from(value).unwrap_or(0);
            out.extend(escaped(&value.to_be_bytes()));
        }
        out.extend([IAC, SE]);
        out
    }

    fn parameters(&mut self, all: &[u8], answer: &mut Vec<u8>) {
        // SEND (RFC 1091).
        if all == [TERMINAL_TYPE, 1] {
            answer.extend([IAC, SB, TERMINAL_TYPE, 0]);
            answer.extend(escaped(self.name.to_ascii_uppercase().as_bytes()));
            answer.extend([IAC, SE]);
        }
    }
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == IAC { 2 } else { 1 })).collect()
}

impl Wire for Telnet {
    fn send(&mut self, bytes: &[u8]) -> bool {
        let mut out = Vec::with_capacity(bytes.len() + 8);
        let raw = self.is_raw();
        for byte in bytes {
            match *byte {
                b'\r' if raw => out.extend(b"\r\0"),
                b'\n' if !raw => out.extend(b"\r\n"),
                IAC => out.extend([IAC, IAC]),
                byte => out.push(byte),
            }
        }
        self.wire.send(&out)
    }

    fn takes(&self) -> bool {
        self.wire.takes()
    }

    fn end(&mut self) {
        self.wire.end();
    }

    fn receive(&mut self, wait: Duration) -> Received {
        loop {
            match self.wire.receive(wait) {
                Received::Bytes(bytes) => {
                    let text = self.read(&bytes);
                    if !text.is_empty() {
                        return Received::Bytes(text);
                    }
                }
                other => return other,
            }
        }
    }

    fn is_raw(&self) -> bool {
        self.theirs.contains(&ECHO)
    }

    fn escape(&self) -> Option<u8> {
        self.escapes.then_some(ESCAPE)
    }

    fn farewell(&self) -> Vec<u8> {
        b"Connection closed by foreign host.\n".to_vec()
    }

    fn resize(&mut self, columns: u32, rows: u32) {
        self.size = (columns, rows);
        if self.ours.contains(&WINDOW_SIZE) {
            let told = self.window();
            self.wire.send(&told);
        }
    }

    fn status(&self) -> Option<i32> {
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_give_no_more_text_than_there_is(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut telnet = Telnet::over(Box::new(Sent(std::sync::Arc::default())));
            prop_assert!(telnet.read(&bytes).len() <= bytes.len());
        }
    }

    /// Keeps what is sent.
    struct Sent(std::sync::Arc<parking_lot::Mutex<Vec<u8>>>);

    impl Wire for Sent {
        fn send(&mut self, bytes: &[u8]) -> bool {
            self.0.lock().extend_from_slice(bytes);
            true
        }

        fn end(&mut self) {}

        fn receive(&mut self, _wait: Duration) -> Received {
            Received::Closed
        }
    }

    #[test]
    fn options_are_agreed_on_once_and_text_comes_through() {
        let sent = std::sync::Arc::default();
        let wire = Box::new(Sent(std::sync::Arc::clone(&sent)));
        let mut telnet = Telnet { name: "xterm".to_owned(), size: (255, 24), ..Telnet::over(wire) };
        let mut check = |bytes: &[u8], text: &[u8], answer: &[u8]| {
            assert_eq!(telnet.read(bytes), text, "{bytes:?}");
            assert_eq!(std::mem::take(&mut *sent.lock()), answer, "{bytes:?}");
        };
        check(&[b'a', IAC, IAC, b'b', IAC], &[b'a', IAC, b'b'], &[]);
        check(&[WILL, ECHO, IAC, WILL, ECHO, IAC, WILL, 99], b"", &[IAC, DO, ECHO, IAC, DONT, 99]);
        let size = [IAC, WILL, WINDOW_SIZE, IAC, SB, WINDOW_SIZE, 0, IAC, IAC, 0, 24, IAC, SE];
        check(&[IAC, DO, WINDOW_SIZE, IAC, DO, 36], b"", &[&size[..], &[IAC, WONT, 36]].concat());
        let kind = [&[IAC, SB, TERMINAL_TYPE, 0][..], b"XTERM", &[IAC, SE]].concat();
        check(&[IAC, SB, TERMINAL_TYPE, 1, IAC, SE, b'x'], b"x", &kind);
        assert!(telnet.is_raw());
    }
}
