//! Keys in what a terminal sends.
//!
//! Source: <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>; the line editor's keys are those of GNU Readline.

use std::{iter::Peekable, str::Chars};

/// A key, or what a terminal says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A character.
    Text(char),
    /// The end of a line.
    Enter,
    /// Takes a character back.
    Back,
    /// Takes a word or the line back.
    Kill,
    /// ^C.
    Interrupt,
    /// Completion.
    Tab,
    /// Searches the history backwards.
    Search,
    /// Another line of the history.
    Recall,
    /// Moves within the line.
    Move,
    /// Any other key.
    Other,
    /// A paste begins, as the terminal says.
    PasteBegin,
    /// A paste ends.
    PasteEnd,
    /// The terminal answers a question; nobody pressed a key.
    Report,
}

/// The keys of a text.
#[derive(Clone, Debug)]
pub(super) struct Keys<'a> {
    characters: Peekable<Chars<'a>>,
}

impl<'a> Keys<'a> {
    /// The keys of `text`. A sequence that it breaks off is a key of its own.
    pub(super) fn of(text: &'a str) -> Self {
        Keys { characters: text.chars().peekable() }
    }

    fn escape(&mut self) -> Key {
        match self.characters.next() {
            Some('[') => self.sequence(),
            Some('O') => match self.characters.next() {
                Some('A' | 'B') => Key::Recall,
                Some('C' | 'D' | 'F' | 'H') => Key::Move,
                _ => Key::Other,
            },
            Some(']' | 'P') => {
                // To BEL or ST.
                while let Some(character) = self.characters.next() {
                    if character == '\u{7}' || character == '\u{1b}' {
                        self.characters.next_if_eq(&'\\');
                        break;
                    }
                }
                Key::Report
            }
            Some('b' | 'f') => Key::Move,
            Some('d' | '\u{7f}') => Key::Kill,
            _ => Key::Other,
        }
    }

    fn sequence(&mut self) -> Key {
        let mut number: u32 = 0;
        loop {
            match self.characters.next() {
                Some(digit @ '0'..='9') => {
                    let digit = digit.to_digit(10).unwrap_or_default();
                    number = number.saturating_mul(10).saturating_add(digit);
                }
                Some(';' | '<' | '=' | '>' | '?') => number = 0,
                Some('~') if number == 200 => return Key::PasteBegin,
                Some('~') if number == 201 => return Key::PasteEnd,
                Some('~') if number == 3 => return Key::Back,
                Some('~') if matches!(number, 1 | 4 | 7 | 8) => return Key::Move,
                Some('A' | 'B') => return Key::Recall,
                Some('C' | 'D' | 'F' | 'H') => return Key::Move,
                Some('R' | 'c' | 'n' | 't' | 'y' | 'I' | 'O') => return Key::Report,
                _ => return Key::Other,
            }
        }
    }
}

impl Iterator for Keys<'_> {
    type Item = Key;

    fn next(&mut self) -> Option<Key> {
        Some(match self.characters.next()? {
            '\r' => {
                // What telnet puts behind it (RFC 854).
                self.characters.next_if(|next| matches!(next, '\n' | '\0'));
                Key::Enter
            }
            '\n' => Key::Enter,
            '\u{7f}' | '\u{8}' => Key::Back,
            '\u{b}' | '\u{15}' | '\u{17}' => Key::Kill,
            '\u{3}' => Key::Interrupt,
            '\t' => Key::Tab,
            '\u{12}' => Key::Search,
            '\u{e}' | '\u{10}' => Key::Recall,
            '\u{1}' | '\u{2}' | '\u{5}' | '\u{6}' => Key::Move,
            '\u{1b}' => self.escape(),
            other if other.is_control() => Key::Other,
            text => Key::Text(text),
        })
    }
}
