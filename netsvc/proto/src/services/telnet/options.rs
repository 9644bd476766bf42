//! Telnet options (RFC 854, 855): what the server asks for at first, and how it answers.

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const AYT: u8 = 246;
const SE: u8 = 240;

const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;
const SPEED: u8 = 32;
const X_DISPLAY: u8 = 35;
const ENVIRONMENT: u8 = 39;

/// Longest subnegotiation kept.
const LONGEST: usize = 512;

/// The opening bytes of netkit telnetd: DO for what the client may tell.
pub(super) const NETKIT: &[u8] =
    &[IAC, DO, TERMINAL_TYPE, IAC, DO, SPEED, IAC, DO, X_DISPLAY, IAC, DO, ENVIRONMENT];

/// What netkit telnetd sends once the client has answered: it will echo.
pub(super) const NETKIT_SECOND: &[u8] =
    &[IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, ECHO, IAC, DO, WINDOW_SIZE, IAC, WILL, 5, IAC, DO, 33];

/// The opening bytes of BusyBox telnetd (`telnetd.c`: DO ECHO, DO NAWS, WILL ECHO, WILL SGA).
pub(super) const BUSYBOX: &[u8] =
    &[IAC, DO, ECHO, IAC, DO, WINDOW_SIZE, IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD];

/// The opening bytes of Cisco IOS.
pub(super) const IOS: &[u8] =
    &[IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, TERMINAL_TYPE, IAC, DO, WINDOW_SIZE];

/// The opening bytes of VxWorks.
pub(super) const VXWORKS: &[u8] = &[IAC, WILL, ECHO];

/// Takes the options out of what a client sends.
#[derive(Debug, Default)]
pub(super) struct Options {
    state: State,
    /// Whether a CR was the last byte, so that a NUL or LF after it says nothing more.
    returned: bool,
    subnegotiation: Vec<u8>,
    /// Terminal type as told.
    pub terminal: Vec<u8>,
    /// Columns and rows as told.
    pub size: Option<(u16, u16)>,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Data,
    Command,
    Option(u8),
    Inside,
    InsideCommand,
}

impl Options {
    /// Splits `bytes` into what was typed and what the server answers to options. A CR with its LF or NUL
    /// becomes one CR.
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
                State::Option(verb) => {
                    answer(verb, byte, &mut answers);
                    State::Data
                }
                State::Inside if byte == IAC => State::InsideCommand,
                State::Inside => {
                    if self.subnegotiation.len() < LONGEST {
                        self.subnegotiation.push(byte);
                    }
                    State::Inside
                }
                State::InsideCommand if byte == SE => {
                    self.told();
                    State::Data
                }
                State::InsideCommand => {
                    if self.subnegotiation.len() < LONGEST {
                        self.subnegotiation.push(byte);
                    }
                    State::Inside
                }
            };
        }
        (typed, answers)
    }

    fn command(&mut self, byte: u8, typed: &mut Vec<u8>, answers: &mut Vec<u8>) -> State {
        match byte {
            IAC => {
                typed.push(IAC);
                State::Data
            }
            WILL | WONT | DO | DONT => State::Option(byte),
            SB => {
                self.subnegotiation.clear();
                State::Inside
            }
            AYT => {
                answers.extend_from_slice(b"\r\n[Yes]\r\n");
                State::Data
            }
            _ => State::Data,
        }
    }

    fn told(&mut self) {
        match self.subnegotiation.as_slice() {
            [TERMINAL_TYPE, 0, name @ ..] => {
                self.terminal = name.get(..name.len().min(40)).unwrap_or(name).to_vec()
            }
            [WINDOW_SIZE, a, b, c, d] => {
                self.size = Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])));
            }
            _ => {}
        }
    }
}

/// What the server says to an option. Answers to its own requests need none (RFC 854: no loops).
fn answer(verb: u8, option: u8, answers: &mut Vec<u8>) {
    let ours = matches!(option, ECHO | SUPPRESS_GO_AHEAD);
    let theirs =
        matches!(option, TERMINAL_TYPE | WINDOW_SIZE | SPEED | X_DISPLAY | ENVIRONMENT | SUPPRESS_GO_AHEAD);
    match (verb, option) {
        (WILL, TERMINAL_TYPE) => answers.extend_from_slice(&[IAC, SB, TERMINAL_TYPE, 1, IAC, SE]),
        (DO, _) if !ours => answers.extend_from_slice(&[IAC, WONT, option]),
        (WILL, _) if !theirs => answers.extend_from_slice(&[IAC, DONT, option]),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn options_are_taken_out_and_answered() {
        let mut options = Options::default();
        let (typed, answers) =
            options.take(b"ro\xff\xfb\x18ot\r\0\xff\xfd\x2a\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0x\r\n");
        assert_eq!(typed, b"root\rx\r");
        assert_eq!(answers, [IAC, SB, TERMINAL_TYPE, 1, IAC, SE, IAC, WONT, 42]);
        assert_eq!(options.size, Some((80, 24)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_pieces_make_no_difference(bytes: Vec<u8>, cut in 0_usize..64) {
            let (mut whole, mut parts) = (Options::default(), Options::default());
            let cut = cut.min(bytes.len());
            let (left, right) = (parts.take(&bytes[..cut]), parts.take(&bytes[cut..]));
            let all = whole.take(&bytes);
            prop_assert_eq!(all.0, [left.0, right.0].concat());
            prop_assert_eq!(all.1, [left.1, right.1].concat());
        }
    }
}
