//! Lines of a file, plain or packed by gzip, bounded in length and number of bytes.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Most bytes of a file that are read, unpacked.
pub(crate) const BYTES: u64 = 1 << 30;
/// Longest line that is looked at.
const LONGEST: usize = 4096;
/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// What is to be done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It is used.
    Used,
    /// It is a comment, a head, or about something else.
    Skipped,
    /// It is none of the format.
    Malformed,
    /// There is no room for more.
    Full,
}

/// What came of reading a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that are used.
    pub rows: u64,
    /// Lines that are none of the format.
    pub malformed: u64,
    /// Why it is not used, or not whole; empty: all is well.
    pub problem: String,
}

/// The bytes of a file, unpacked where they are packed, which their first two say (RFC 1952).
///
/// # Errors
/// When the first bytes cannot be read.
pub(crate) fn unpacked(file: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(BUFFER, file);
    Ok(if source.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(source)))
    } else {
        Box::new(source)
    })
}

/// Gives each line without its end to `each`, and counts what it says of them.
pub(crate) fn each(source: impl BufRead, mut each: impl FnMut(&str) -> Line) -> Tally {
    let mut source = source.take(BYTES);
    let (mut tally, mut line) = (Tally::default(), Vec::new());
    loop {
        line.clear();
        let said = match read(&mut source, &mut line) {
            Ok(None) => {
                if source.limit() == 0 {
                    tally.problem = format!("only the first {} MiB are used", BYTES >> 20);
                }
                return tally;
            }
            Ok(Some(false)) => Line::Malformed,
            Ok(Some(true)) => std::str::from_utf8(&line).map_or(Line::Malformed, &mut each),
            Err(error) => {
                tally.problem = format!("only {} rows are used: {error}", tally.rows);
                return tally;
            }
        };
        match said {
            Line::Used => tally.rows += 1,
            Line::Skipped => {}
            Line::Malformed => tally.malformed += 1,
            Line::Full => {
                tally.problem = format!("only {} rows are used: there is no room for more", tally.rows);
                return tally;
            }
        }
    }
}

/// Reads a line without its end; `None` at the end of all, `Some(false)` when it is too long, and then all of it is
/// passed over.
fn read(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let (mut begun, mut fits) = (false, true);
    loop {
        let piece = match source.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if piece.is_empty() {
            return Ok(begun.then_some(fits));
        }
        begun = true;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
        fits = fits && line.len() + taken.len() <= LONGEST;
        if fits {
            line.extend_from_slice(taken);
        }
        let used = taken.len() + usize::from(end.is_some());
        source.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(fits));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn seen(bytes: Vec<u8>) -> (Vec<String>, Tally) {
        let mut lines = Vec::new();
        let tally = each(unpacked(io::Cursor::new(bytes)).unwrap(), |line| {
            lines.push(line.to_owned());
            if line == "full" { Line::Full } else { Line::Used }
        });
        (lines, tally)
    }

    #[test]
    fn lines_are_the_same_packed_or_not_and_bad_ones_are_passed_over() {
        let mut text = b"one\r\ntwo\n\xff\n".to_vec();
        text.extend(vec![b'x'; LONGEST + 1]);
        text.extend(b"\nlast");
        for bytes in [text.clone(), packed(&text)] {
            let (lines, tally) = seen(bytes);
            assert_eq!(lines, ["one", "two", "last"]);
            assert_eq!((tally.rows, tally.malformed, tally.problem.as_str()), (3, 2, ""));
        }
        assert_eq!(seen(Vec::new()).1, Tally::default());
        assert!(seen(b"a\nfull\nb".to_vec()).1.problem.contains("only 1 rows"));
    }

    #[test]
    fn a_packed_file_that_breaks_off_is_told_and_what_was_read_is_used() {
        let text = "a line\n".repeat(50_000);
        let mut bytes = packed(text.as_bytes());
        bytes.truncate(bytes.len() / 2);
        let (lines, tally) = seen(bytes);
        assert_eq!(lines.len() as u64, tally.rows);
        assert!(tally.rows < 50_000 && tally.problem.starts_with("only "), "{tally:?}");
    }
}
