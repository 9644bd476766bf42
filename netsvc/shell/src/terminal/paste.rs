//! Bracketed paste: the terminal is asked to put brackets around text that is pasted, so that it is edited before it is
//! run (readline 8.1 and newer, xterm's "Bracketed Paste Mode").

use super::{MAX_LINE, Terminal};

/// Asks the terminal for brackets.
pub(super) const BEGIN_BRACKETS: &[u8] = b"\x1b[?2004h";
/// The line is taken: no more brackets.
pub(super) const END_BRACKETS: &[u8] = b"\x1b[?2004l\r";
/// What ends the pasted text.
const CLOSING: &[u8] = b"\x1b[201~";

/// Text that is being pasted.
#[derive(Default)]
pub(super) struct Pasted {
    bytes: Vec<u8>,
    after_return: bool,
}

impl Terminal {
    /// Whether the shell reads lines with brackets around what is pasted.
    pub(super) fn brackets(&self) -> bool {
        let shell = &self.shell;
        shell.dialect().is_bash()
            && shell.live.versions().bash_number() >= (5, 1)
            && shell.variable("TERM").is_some_and(crate::commands::is_screen)
    }

    /// Shows the end of a line that the shell takes.
    pub(super) fn end_line(&mut self) {
        let silent = !self.shell.tty.has("echo");
        match (self.brackets(), silent) {
            // Without echo readline ends the line when it gives the terminal back.
            (true, true) => {
                self.show(END_BRACKETS);
                self.show_line_end();
            }
            (true, false) => {
                self.show_line_end();
                self.show(END_BRACKETS);
            }
            (false, _) => self.show(b"\n"),
        }
    }

    /// The line end of readline, which does not leave it to the terminal's settings.
    fn show_line_end(&mut self) {
        self.output.bytes.extend_from_slice(b"\r\n");
    }

    pub(super) fn begin_paste(&mut self) {
        if self.waits.is_none() && self.brackets() {
            self.pasted = Some(Pasted::default());
        }
    }

    /// Takes a byte of the pasted text.
    pub(super) fn paste(&mut self, byte: u8) {
        let Some(pasted) = &mut self.pasted else { return };
        let after_return = std::mem::replace(&mut pasted.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => return,
            b'\r' => pasted.bytes.push(b'\n'),
            other => pasted.bytes.push(other),
        }
        if let Some(bytes) = pasted.bytes.strip_suffix(CLOSING) {
            let text = crate::text::decode(bytes);
            self.pasted = None;
            self.insert_pasted(&text);
        } else if pasted.bytes.len() > MAX_LINE * 2 {
            // More than a line can hold: the rest is dropped, only its end is waited for.
            let end = pasted.bytes.split_off(pasted.bytes.len().saturating_sub(CLOSING.len()));
            pasted.bytes.truncate(MAX_LINE);
            pasted.bytes.extend(end);
        }
    }

    /// Puts the text into the line and marks it, as readline does until the next key.
    fn insert_pasted(&mut self, text: &str) {
        let room = MAX_LINE.saturating_sub(self.line.len());
        let text: Vec<char> = text.chars().take(room).collect();
        if text.is_empty() {
            return;
        }
        let at = self.cursor.min(self.line.len());
        let tail = self.line.len() - at;
        self.line.splice(at..at, text.iter().copied());
        self.cursor = at + text.len();
        if tail > 0 {
            self.echo(&format!("\x1b[{}@", text.len()));
        }
        let shown: String = text.iter().collect();
        for (index, part) in shown.split('\n').enumerate() {
            if index > 0 {
                self.echo("\n\r");
            }
            if !part.is_empty() {
                self.echo(&format!("\x1b[7m{part}\x1b[27m"));
            }
        }
        self.marked = Some((at, self.cursor));
    }

    /// Shows the marked text as it is.
    pub(super) fn unmark(&mut self) {
        let Some((start, end)) = self.marked.take() else { return };
        let text: String = self.line.iter().skip(start).take(end.saturating_sub(start)).collect();
        if end < self.line.len() && !text.contains('\n') {
            let back = "\x08".repeat(text.chars().count());
            self.echo(&format!("{back}{text}"));
            return;
        }
        let whole: String = self.line.iter().collect();
        let above = "\x1b[A".repeat(whole.matches('\n').count());
        let column = if whole.ends_with('\n') { "" } else { "\r" };
        let prompt = self.shell.prompt(!self.pending.is_empty());
        let prompt = prompt.rsplit('\n').next().unwrap_or("");
        self.echo(&format!("{above}{column}{prompt}{}", whole.replace('\n', "\n\r")));
    }
}
