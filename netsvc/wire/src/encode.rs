//! Event → line.

use crate::{Event, HeaderText, MAX_LINE, WriterId, escape::escape_value, stamp};

/// Numbers events and writes them as lines. One per process start and spool.
#[derive(Debug)]
pub struct Encoder {
    sd_id: HeaderText,
    writer: WriterId,
    next: u64,
}

/// Why an event was not written; nothing was appended and no number was used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    /// The line would be longer than [`MAX_LINE`]: the caller must move a value to a blob or cut it.
    #[error("event {kind} needs {bytes} bytes, the longest line has {MAX_LINE}")]
    TooLong {
        /// MSGID of the event.
        kind: &'static str,
        /// Length the line would have.
        bytes: usize,
    },
}

impl Encoder {
    /// An encoder whose first line has number 1.
    pub fn new(sd_id: HeaderText, writer: WriterId) -> Self {
        Encoder { sd_id, writer, next: 1 }
    }

    /// An encoder whose first line follows the one with number `last`.
    pub fn after(sd_id: HeaderText, writer: WriterId, last: u64) -> Self {
        Encoder { sd_id, writer, next: last.saturating_add(1) }
    }

    /// The writer id of all lines.
    pub fn writer(&self) -> WriterId {
        self.writer
    }

    /// Number of the line that will be written next.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Gives the number of the line encoded last to the next one: for a line of which nothing was kept.
    pub fn retract(&mut self, number: u64) {
        if number + 1 == self.next {
            self.next = number;
        }
    }

    /// Appends `event` to `out` as one line with its newline, and returns its number.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] when the line would exceed [`MAX_LINE`].
    pub fn encode(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<u64, EncodeError> {
        let start = out.len();
        let number = self.next;
        let head = format!(
            "<{}>1 {} {} {} - {} [{} w=\"{}\" n=\"{}\"",
            event.kind.severity().priority(),
            stamp::format(event.at),
            event.node,
            event.app,
            event.kind.name(),
            self.sd_id,
            self.writer,
            number
        );
        out.extend_from_slice(head.as_bytes());
        for (name, value) in &event.fields {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_value(value, out);
            out.push(b'"');
        }
        out.extend_from_slice(b"]\n");
        let bytes = out.len() - start;
        if bytes > MAX_LINE {
            out.truncate(start);
            return Err(EncodeError::TooLong { kind: event.kind.name(), bytes });
        }
        self.next += 1;
        Ok(number)
    }
}
