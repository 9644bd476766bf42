//! What a recording says of how it was typed, in one pass.
//!
//! Source: <https://docs.asciinema.org/manual/asciicast/v2/>.

use super::{
    key::{Key, Keys},
    pauses::Pauses,
};
use serde::de::IgnoredAny;

/// Bytes of a recording that are read.
const READ: usize = 4 << 20;
/// Keys that arrive together from which on nobody pressed them one by one.
const BURST: usize = 4;
/// Longest pause within what arrives together, in milliseconds. Keys that repeat come some 30 ms apart.
const TOGETHER: u64 = 5;
/// Longest pause between a line that was sent and its end, if both were sent, in milliseconds.
const SOON: u64 = 60;
/// Pause within a line from which on it is thinking and no cadence, in milliseconds.
const THINKING: u64 = 1500;
/// Characters of a line's first word that are looked at.
const WORD: usize = 8;

/// Programs that edit files on a terminal.
const EDITORS: [&str; 6] = ["vi", "vim", "nvim", "nano", "emacs", "ed"];

/// A line that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    /// In how many pieces it came so far.
    pieces: u64,
    /// The piece that came last.
    piece: u64,
    /// Keys of it that came one by one.
    typed: u64,
    /// The beginning of its first word.
    word: String,
    /// Whether the word is over.
    over: bool,
    /// Whether it has a pipe.
    pipe: bool,
}

/// What is counted of one recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typing {
    /// Whether the recording is longer than what was read.
    pub(super) cut: bool,
    /// Keys that came one by one.
    pub(super) typed: u64,
    /// Keys that came with others at once.
    pub(super) sent: u64,
    /// Pastes that the terminal has announced.
    pub(super) pastes: u64,
    /// Lines that were entered, without empty ones.
    pub(super) lines: u64,
    /// Lines that came at once with their ends.
    pub(super) whole: u64,
    /// Characters taken back.
    pub(super) back: u64,
    /// Words and lines taken back.
    pub(super) kills: u64,
    /// ^C.
    pub(super) interrupts: u64,
    /// Completions.
    pub(super) tabs: u64,
    /// Searches of the history.
    pub(super) searches: u64,
    /// Lines of the history that were called up.
    pub(super) recalls: u64,
    /// Movements within lines.
    pub(super) moves: u64,
    /// Editors that were begun.
    pub(super) editors: u64,
    /// Lines with a pipe that came key by key.
    pub(super) pipes: u64,
    /// Pauses between keys that came one by one.
    pub(super) cadence: Pauses,
    /// Pauses between the last output, or the last line, and the beginning of a line.
    pub(super) waits: Pauses,
    /// When the last key came.
    last: Option<u64>,
    /// Whether the last key came alone.
    alone: bool,
    /// When something was shown last.
    shown: u64,
    /// When a line was entered last.
    entered: u64,
    /// The time so far: it never goes back.
    now: u64,
    /// Pieces so far.
    pieces: u64,
    /// Whether a paste that the terminal has announced goes on.
    pasting: bool,
    line: Option<Line>,
}

impl Typing {
    /// What is in an asciicast v2. What is no entry of one is passed over.
    pub(super) fn of(recording: &[u8]) -> Typing {
        let read = recording.get(..READ).unwrap_or(recording);
        let mut typing = Typing { cut: read.len() < recording.len(), ..Typing::default() };
        for line in read.split(|&byte| byte == b'\n').skip(1) {
            let Ok((at, stream, _)) = serde_json::from_slice::<(f64, &str, IgnoredAny)>(line) else {
                continue;
            };
            // The cast saturates: a time that cannot be is the first or the last.
            typing.now = typing.now.max((at * 1000.0) as u64);
            match stream {
                "o" => typing.shown = typing.now,
                "i" => {
                    if let Ok((_, _, text)) = serde_json::from_slice::<(f64, IgnoredAny, String)>(line) {
                        typing.piece(&text);
                    }
                }
                _ => {}
            }
        }
        typing
    }

    /// All keys.
    pub(super) fn keys(&self) -> u64 {
        self.typed + self.sent
    }

    /// Keys that arrived together.
    fn piece(&mut self, text: &str) {
        self.pieces += 1;
        let (mut keys, mut texts, mut ends) = (0_usize, false, false);
        for key in Keys::of(text) {
            match key {
                Key::Report | Key::PasteBegin | Key::PasteEnd => continue,
                Key::Text(_) => texts = true,
                Key::Enter => ends = true,
                _ => {}
            }
            keys += 1;
        }
        let close = self.last.is_some_and(|last| self.now - last <= TOGETHER);
        let once = BURST <= keys || texts && ends || close;
        for key in Keys::of(text) {
            match key {
                Key::Report => {}
                Key::PasteBegin => {
                    self.pasting = true;
                    self.pastes += 1;
                }
                Key::PasteEnd => self.pasting = false,
                key => self.key(key, once || self.pasting),
            }
        }
    }

    fn key(&mut self, key: Key, once: bool) {
        let since = self.last.map(|last| self.now - last);
        if key == Key::Enter {
            self.enter(once, since);
        } else {
            let begun = self.line.is_some();
            if !begun && since.is_none_or(|since| TOGETHER < since) {
                self.waits.add(self.now - self.shown.max(self.entered));
            }
            let mut line = self.line.take().unwrap_or_default();
            line.learn(key, self.pieces, once);
            self.line = Some(line);
            if once {
                self.sent += 1;
            } else {
                self.typed += 1;
                self.count(key);
                if begun {
                    self.gap(since);
                }
            }
        }
        self.last = Some(self.now);
        self.alone = !once;
    }

    fn enter(&mut self, once: bool, since: Option<u64>) {
        let soon = since.is_none_or(|since| since <= SOON);
        if let Some(line) = self.line.take() {
            self.lines += 1;
            self.whole += u64::from(soon && (line.typed == 0 || line.pieces == 1));
            self.editors += u64::from(EDITORS.contains(&line.word.as_str()));
            self.pipes += u64::from(line.pipe && 0 < line.typed);
        }
        if !once {
            self.typed += u64::from(!soon);
            self.gap(since);
        }
        self.entered = self.now;
    }

    /// Counts a pause before a key that came alone.
    fn gap(&mut self, since: Option<u64>) {
        if let Some(since) = since.filter(|since| self.alone && *since < THINKING) {
            self.cadence.add(since);
        }
    }

    fn count(&mut self, key: Key) {
        let counted = match key {
            Key::Back => &mut self.back,
            Key::Kill => &mut self.kills,
            Key::Interrupt => &mut self.interrupts,
            Key::Tab => &mut self.tabs,
            Key::Search => &mut self.searches,
            Key::Recall => &mut self.recalls,
            Key::Move => &mut self.moves,
            _ => return,
        };
        *counted += 1;
    }
}

impl Line {
    fn learn(&mut self, key: Key, piece: u64, once: bool) {
        if self.piece != piece {
            self.piece = piece;
            self.pieces += 1;
        }
        self.typed += u64::from(!once);
        match key {
            Key::Text(' ') => self.over |= !self.word.is_empty(),
            Key::Text(text) => {
                self.pipe |= text == '|';
                if !self.over && self.word.len() < WORD {
                    self.word.push(text);
                }
            }
            Key::Back if !self.over => {
                self.word.pop();
            }
            Key::Kill | Key::Interrupt => {
                self.word.clear();
                self.over = false;
            }
            _ => {}
        }
    }
}
