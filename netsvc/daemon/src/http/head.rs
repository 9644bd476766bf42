//! Taking heads off a connection, line by line: each byte is looked at once, and what is kept is bounded before
//! the end of a line or of the head has come.

use super::{
    apache,
    family::Family,
    nginx,
    request::{Fault, LINE, Request},
};
use netsvc_kit::Gathered;

/// Longest head of the servers that have no rule of their own here.
const HEAD: usize = 128 * 1024;
/// Longest unfinished line of the same, and of Apache, which waits for the end before it minds the length.
const UNFINISHED: usize = 64 * 1024;

/// What a piece of a line came to.
enum Step {
    /// Nothing yet.
    More,
    /// An empty line before the request.
    Skip,
    /// The head is complete.
    End,
}

/// Bytes of a connection with the place up to which heads were looked for.
#[derive(Debug)]
pub struct Reader {
    bytes: Gathered,
    progress: Progress,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { bytes: Gathered::new(2 * HEAD), progress: Progress::default() }
    }
}

#[derive(Debug, Default)]
struct Progress {
    /// Where the head begins.
    begin: usize,
    /// Where the line begins.
    start: usize,
    /// Up to where bytes were looked at.
    seen: usize,
    /// Lines of the head so far.
    lines: usize,
    /// Empty lines before it.
    blank: usize,
    line: nginx::Line,
    room: nginx::Room,
    fields: apache::Fields,
}

impl Reader {
    /// Adds bytes from the peer; whether there was room for them.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        self.bytes.push(bytes).is_ok()
    }

    /// What follows the heads that were taken; a body is taken off it. Nothing may be left of an unfinished head.
    pub fn rest(&mut self) -> &mut Gathered {
        &mut self.bytes
    }

    /// Whether there is nothing that was not taken.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the next head, or what is enough of one to refuse it as `family` does.
    pub fn take(&mut self, family: Family) -> Option<Request> {
        loop {
            let fresh = self.bytes.bytes().get(self.progress.seen..).unwrap_or_default();
            if fresh.is_empty() {
                if self.progress.begin == self.bytes.len() {
                    self.bytes.clear();
                    self.progress = Progress { blank: self.progress.blank, ..Progress::default() };
                }
                return None;
            }
            let newline = fresh.iter().position(|&byte| byte == b'\n');
            let count = newline.map_or(fresh.len(), |at| at + 1);
            let verdict = self.judge(family, count, newline.is_some());
            let progress = &mut self.progress;
            progress.seen += count;
            match verdict {
                Ok(Step::More) if newline.is_some() => {
                    progress.start = progress.seen;
                    progress.lines += 1;
                }
                Ok(Step::More) => {}
                Ok(Step::Skip) => {
                    progress.blank += 1;
                    (progress.start, progress.begin) = (progress.seen, progress.seen);
                    progress.line = nginx::Line::default();
                }
                Ok(Step::End) => return Some(self.cut(family, None)),
                Err(fault) => return Some(self.cut(family, Some(fault))),
            }
        }
    }

    /// Looks at the next `count` bytes, which end a line if it is `whole`.
    fn judge(&mut self, family: Family, count: usize, whole: bool) -> Result<Step, Fault> {
        let progress = &mut self.progress;
        let end = progress.seen + count;
        let line = self.bytes.bytes().get(progress.start..end).unwrap_or_default();
        let piece = self.bytes.bytes().get(progress.seen..end).unwrap_or_default();
        let first = progress.lines == 0;
        let plain = bare(line);
        if first && whole && plain.is_empty() && (family != Family::Apache || line == b"\r\n") {
            return if progress.blank < 100 { Ok(Step::Skip) } else { Err(Fault::Line) };
        }
        match family {
            Family::Nginx if first => {
                let simple = progress.line.take_all(piece, line)?;
                progress.room.check(line.len(), whole, Fault::LongLine)?;
                Ok(if whole && simple { Step::End } else { Step::More })
            }
            Family::Nginx => {
                nginx::has_no_zero(piece)?;
                progress.room.check(line.len(), whole, Fault::LongField)?;
                if whole && plain.is_empty() {
                    return Ok(Step::End);
                }
                if whole {
                    nginx::field(plain)?;
                }
                Ok(Step::More)
            }
            Family::Apache if !whole => unfinished(line.len(), first),
            Family::Apache if first => Ok(if apache::line(line)? { Step::End } else { Step::More }),
            Family::Apache => Ok(if progress.fields.take(line)? { Step::End } else { Step::More }),
            _ => plainly(line, end - progress.begin, first, whole),
        }
    }

    fn cut(&mut self, family: Family, fault: Option<Fault>) -> Request {
        let Progress { begin, seen, .. } = std::mem::take(&mut self.progress);
        // A refused head ends the connection: all that came of it is evidence.
        let end = if fault.is_some() { self.bytes.len() } else { seen };
        self.bytes.skip(begin);
        let head = self.bytes.take(end.saturating_sub(begin));
        let mut request = Request::read(&head);
        if family != Family::Nginx {
            // nginx alone takes a tab for part of the value.
            for (_, value) in &mut request.fields {
                *value = value.trim().to_owned();
            }
        }
        if let Some(fault) = fault {
            request.faults = vec![fault];
        } else if matches!(family, Family::Nginx | Family::Apache) {
            request.faults.retain(|fault| matches!(fault, Fault::Outside | Fault::Zero | Fault::Percent));
            let found =
                if family == Family::Nginx { nginx::check(&request) } else { apache::check(&request) };
            match found {
                // Apache looks at the fields before it uses the path.
                Some(fault) if family == Family::Apache => request.faults.insert(0, fault),
                other => request.faults.extend(other),
            }
        }
        request
    }
}

/// `line` without its end.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn unfinished(length: usize, first: bool) -> Result<Step, Fault> {
    match length {
        ..=UNFINISHED => Ok(Step::More),
        _ if first => Err(Fault::LongLine),
        _ => Err(Fault::LongField),
    }
}

/// The servers without a reader of their own.
fn plainly(line: &[u8], length: usize, first: bool, whole: bool) -> Result<Step, Fault> {
    let plain = bare(line);
    if first && plain.len() > LINE {
        return Err(Fault::LongLine);
    }
    if length > HEAD || !whole && line.len() > UNFINISHED {
        return Err(Fault::LongField);
    }
    let simple = plain.trim_ascii().split(|&byte| byte == b' ').count() == 2 && plain.starts_with(b"GET /");
    let end = whole && (plain.is_empty() || first && simple);
    Ok(if end { Step::End } else { Step::More })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    const FAMILIES: [Family; 5] =
        [Family::Nginx, Family::Apache, Family::Iis, Family::Lighttpd, Family::Device];

    fn take(family: Family, pieces: &[&[u8]]) -> Vec<Request> {
        let mut reader = Reader::default();
        let mut heads = Vec::new();
        for piece in pieces {
            assert!(reader.push(piece));
            while let Some(head) = reader.take(family) {
                heads.push(head);
            }
        }
        heads
    }

    #[test]
    fn an_unfinished_line_is_bounded_and_looked_at_once() {
        for start in [&b"GET /"[..], b"GET / HTTP/1.1\r\nX-A: "] {
            for family in FAMILIES {
                let mut reader = Reader::default();
                assert!(reader.push(start));
                let mut came = 0;
                let begun = Instant::now();
                while reader.take(family).is_none() {
                    assert!(reader.push(&[b'a'; 16]));
                    came += 16;
                    assert!(came < 200_000, "{family:?} keeps {came} bytes");
                }
                assert!(begun.elapsed() < Duration::from_secs(2), "{family:?} scans anew");
            }
        }
    }

    #[test]
    fn a_head_of_many_lines_is_bounded() {
        for family in FAMILIES {
            let mut reader = Reader::default();
            assert!(reader.push(b"GET / HTTP/1.1\r\nHost: a\r\n"));
            let refused = (0..40_000).any(|_| {
                assert!(reader.push(b"X-A: b\r\n"));
                reader.take(family).is_some()
            });
            assert!(refused, "{family:?}");
        }
    }

    #[test]
    fn pieces_give_the_same_heads() {
        let text = b"\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
        for family in FAMILIES {
            let pieces: Vec<&[u8]> = text.chunks(1).collect();
            let whole = take(family, &[text]);
            assert_eq!(whole, take(family, &pieces), "{family:?}");
            assert_eq!(whole.len(), 2, "{family:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for family in FAMILIES {
                take(family, &[&bytes]);
                take(family, &[b"GET / HTTP/1.1\r\n", &bytes, b"\r\n\r\n"]);
            }
        }
    }
}
