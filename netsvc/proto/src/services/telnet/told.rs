//! What a client tells of itself in subnegotiations (RFC 1073, 1079, 1091, 1096, 1572).

use super::numbers::{ENVIRONMENT, IS, OLD_ENVIRONMENT, SPEED, TERMINAL_TYPE, WINDOW_SIZE, X_DISPLAY};
use netsvc_kit::Fields;
use netsvc_shell::{Flavour, text};
use netsvc_wire::field;

/// Longest name or value kept.
const LONGEST: usize = 256;
/// Most variables kept.
const VARIABLES: usize = 32;

const INFO: u8 = 2;
const VARIABLE: u8 = 0;
const VALUE: u8 = 1;
const ESCAPE: u8 = 2;
const USER_VARIABLE: u8 = 3;

/// What was told so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Terminal type.
    pub(super) terminal: Vec<u8>,
    /// Columns and rows.
    pub(super) size: Option<(u16, u16)>,
    speed: Vec<u8>,
    display: Vec<u8>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Told {
    /// Takes what stands between SB and SE.
    pub(super) fn take(&mut self, subnegotiation: &[u8]) {
        match subnegotiation {
            [TERMINAL_TYPE, IS, name @ ..] => self.terminal = bounded(name),
            [SPEED, IS, speed @ ..] => self.speed = bounded(speed),
            [X_DISPLAY, IS, display @ ..] => self.display = bounded(display),
            [WINDOW_SIZE, a, b, c, d] => {
                self.size = Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])));
            }
            [ENVIRONMENT | OLD_ENVIRONMENT, IS | INFO, rest @ ..] => self.environment(rest),
            _ => {}
        }
    }

    /// The terminal type of a session: in small letters as it was told, or what the daemons, or init before BusyBox's,
    /// set where it was not.
    pub(super) fn terminal_type(&self, flavour: Flavour) -> String {
        match flavour {
            Flavour::Busybox => "vt102".to_owned(),
            Flavour::Alpine => "linux".to_owned(),
            _ if self.terminal.is_empty() => "network".to_owned(),
            _ => text::decode(&self.terminal.to_ascii_lowercase()),
        }
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// As fields of an event; empty when nothing but a window's size was told.
    pub(super) fn fields(&self) -> Fields {
        let mut fields = Fields::new();
        if !self.terminal.is_empty() {
            fields.push((field::TERMINAL, self.terminal.clone()));
        }
        if !self.speed.is_empty() {
            fields.push((field::TERMINAL_SPEED, self.speed.clone()));
        }
        if !self.display.is_empty() {
            fields.push((field::DISPLAY, self.display.clone()));
        }
        if !self.variables.is_empty() {
            let lines: Vec<Vec<u8>> =
                self.variables.iter().map(|(name, value)| [name.as_slice(), b"=", value].concat()).collect();
            fields.push((field::ENVIRONMENT, lines.join(&b'\n')));
        }
        fields
    }

    fn environment(&mut self, bytes: &[u8]) {
        let mut rest = bytes.iter().copied();
        // Name and value of the variable that is being read, and which of them.
        let (mut name, mut value, mut in_value) = (Vec::new(), Vec::new(), false);
        while let Some(byte) = rest.next() {
            match byte {
                VARIABLE | USER_VARIABLE => {
                    self.set(std::mem::take(&mut name), std::mem::take(&mut value));
                    in_value = false;
                }
                VALUE => in_value = true,
                _ => {
                    let byte = if byte == ESCAPE { rest.next().unwrap_or_default() } else { byte };
                    if in_value { &mut value } else { &mut name }.push(byte);
                }
            }
        }
        self.set(name, value);
    }

    fn set(&mut self, name: Vec<u8>, value: Vec<u8>) {
        if name.is_empty() {
            return;
        }
        let (name, value) = (bounded(&name), bounded(&value));
        if let Some(known) = self.variables.iter_mut().find(|(known, _)| *known == name) {
            known.1 = value;
        } else if self.variables.len() < VARIABLES {
            self.variables.push((name, value));
        }
    }
}

fn bounded(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..LONGEST).unwrap_or(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_the_terminal_type_that_was_told_or_that_of_its_daemon() {
        let mut told = Told::default();
        assert_eq!(told.terminal_type(Flavour::Debian), "network");
        assert_eq!(told.terminal_type(Flavour::Busybox), "vt102");
        told.take(b"\x18\x00XTERM-256COLOR");
        assert_eq!(told.terminal_type(Flavour::Debian), "xterm-256color");
        assert_eq!(told.terminal_type(Flavour::Busybox), "vt102");
    }

    #[test]
    fn variables_are_told_apart_and_bounded() {
        let mut told = Told::default();
        told.take(b"\x27\x00\x00USER\x01-f root\x03FOO\x01b\x02\x01r\x00EMPTY\x03USER\x01bob");
        assert_eq!(told.variable(b"USER"), Some(&b"bob"[..]));
        assert_eq!(told.fields(), [(field::ENVIRONMENT, b"USER=bob\nFOO=b\x01r\nEMPTY=".to_vec())]);
        for number in 0..100 {
            told.take(format!("\x27\x02\x00N{number}\x01{}", "x".repeat(400)).as_bytes());
        }
        assert_eq!(told.variables.len(), VARIABLES);
        assert!(told.variables.iter().all(|(_, value)| value.len() <= LONGEST));
        told.take(b"\x20\x0038400,38400");
        told.take(b"\x23\x00host:0");
        assert_eq!(told.fields().len(), 3);
    }
}
