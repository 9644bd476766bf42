//! Lines out of a stream: how RFC 6587 puts syslog messages one after the other.
//!
//! Both ways may alternate in one stream, told apart by the first byte (§3.4): *octet counting* begins with
//! the length in decimal, *non-transparent framing* with the `<` of the message and ends with LF, CR LF or
//! NUL. What begins otherwise is one malformed line up to the next end.

use crate::MAX_LINE;
use std::io::{BufRead, ErrorKind, Result};

/// Reads the next message into `frame`, without what frames it; false at the end of the stream. Of a
/// message that is longer than [`MAX_LINE`] as much is kept as shows that; the rest is read past. Empty
/// lines are left out.
///
/// # Errors
/// What the reader fails with.
pub fn next_frame(reader: &mut impl BufRead, frame: &mut Vec<u8>) -> Result<bool> {
    loop {
        frame.clear();
        let Some(first) = peek(reader)? else { return Ok(false) };
        if first.is_ascii_digit() && first != b'0' {
            match count(reader, frame)? {
                Some(length) => counted(reader, frame, length)?,
                None => line(reader, frame)?,
            }
        } else {
            line(reader, frame)?;
        }
        if !frame.is_empty() {
            return Ok(true);
        }
    }
}

/// The next byte, left where it is.
fn peek(reader: &mut impl BufRead) -> Result<Option<u8>> {
    loop {
        match reader.fill_buf() {
            Ok(buffer) => return Ok(buffer.first().copied()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The length before a counted message, which is read; else the digits are left in `frame`. A length that
/// no line has is none: believed, it would hide what follows.
fn count(reader: &mut impl BufRead, frame: &mut Vec<u8>) -> Result<Option<usize>> {
    let mut length = 0_usize;
    while let Some(byte) = peek(reader)? {
        match byte {
            b'0'..=b'9' if length <= MAX_LINE => length = length * 10 + usize::from(byte - b'0'),
            b' ' if (1..=MAX_LINE).contains(&length) => {
                reader.consume(1);
                frame.clear();
                return Ok(Some(length));
            }
            _ => return Ok(None),
        }
        frame.push(byte);
        reader.consume(1);
    }
    Ok(None)
}

/// Reads `length` bytes, fewer at the end of the stream.
fn counted(reader: &mut impl BufRead, frame: &mut Vec<u8>, length: usize) -> Result<()> {
    while frame.len() < length {
        if peek(reader)?.is_none() {
            return Ok(());
        }
        let buffer = reader.fill_buf()?;
        let taken = buffer.len().min(length - frame.len());
        frame.extend_from_slice(buffer.get(..taken).unwrap_or_default());
        reader.consume(taken);
    }
    Ok(())
}

/// Reads up to an end of a line, which is read past.
fn line(reader: &mut impl BufRead, frame: &mut Vec<u8>) -> Result<()> {
    while peek(reader)?.is_some() {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| matches!(byte, b'\n' | 0));
        let text = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = (MAX_LINE + 1).saturating_sub(frame.len());
        frame.extend_from_slice(text.get(..text.len().min(room)).unwrap_or_default());
        let read = text.len() + usize::from(end.is_some());
        reader.consume(read);
        if end.is_some() {
            break;
        }
    }
    if frame.last() == Some(&b'\r') {
        frame.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::io::BufReader;

    /// All frames of a stream that comes `step` bytes at a time.
    fn frames(stream: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut reader = BufReader::with_capacity(step, stream);
        let (mut all, mut frame) = (Vec::new(), Vec::new());
        while next_frame(&mut reader, &mut frame).unwrap() {
            all.push(frame.clone());
        }
        all
    }

    #[test]
    fn both_framings_and_every_trailer_are_read() {
        for (stream, expected) in [
            ("<1>1 a\n<1>1 b\n", vec!["<1>1 a", "<1>1 b"]),
            ("<1>1 a\r\n<1>1 b\0<1>1 c", vec!["<1>1 a", "<1>1 b", "<1>1 c"]),
            ("6 <1>1 a6 <1>1 b", vec!["<1>1 a", "<1>1 b"]),
            ("8 <1>1 a\nb6 <1>1 c\n<1>1 d\n6 <1>1 e", vec!["<1>1 a\nb", "<1>1 c", "<1>1 d", "<1>1 e"]),
            ("\n\n<1>1 a\n\r\n", vec!["<1>1 a"]),
            ("06 <1>1 a\n<1>1 b", vec!["06 <1>1 a", "<1>1 b"]),
            ("0 \n<1>1 b", vec!["0 ", "<1>1 b"]),
            ("99999999999999999999 <1>1 a\n<1>1 b", vec!["99999999999999999999 <1>1 a", "<1>1 b"]),
            ("12x\n<1>1 b", vec!["12x", "<1>1 b"]),
            ("100 <1>1 a", vec!["<1>1 a"]),
            ("", vec![]),
        ] {
            for step in [1, 2, 7, 4096] {
                let found = frames(stream.as_bytes(), step);
                let found: Vec<_> = found.iter().map(|frame| String::from_utf8_lossy(frame)).collect();
                assert_eq!(found, expected, "{stream:?} by {step}");
            }
        }
    }

    #[test]
    fn an_endless_line_is_one_frame_and_costs_no_memory() {
        let mut stream = vec![b'<'; MAX_LINE * 3];
        stream.extend_from_slice(b"\n<1>1 a\n");
        let found = frames(&stream, 4096);
        assert_eq!((found.len(), found[0].len()), (2, MAX_LINE + 1));
        assert_eq!(found[1], b"<1>1 a");
    }

    proptest! {
        #[test]
        fn no_stream_panics_or_grows(stream: Vec<u8>, step in 1_usize..40) {
            let read: usize = frames(&stream, step).iter().map(Vec::len).sum();
            prop_assert!(read <= stream.len());
        }

        #[test]
        fn counted_frames_come_back(messages in vec(vec(any::<u8>(), 1..50), 0..8)) {
            let mut stream = Vec::new();
            for message in &messages {
                stream.extend_from_slice(format!("{} ", message.len()).as_bytes());
                stream.extend_from_slice(message);
            }
            prop_assert_eq!(frames(&stream, 16), messages);
        }
    }
}
