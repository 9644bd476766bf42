//! The parts of a mail (RFC 2045, 2046), found by their boundaries.

use std::ops::Range;

/// Deepest nesting of parts; what is deeper counts as text.
const DEPTH: usize = 10;
/// Most parts of one mail.
const PARTS: usize = 200;

/// A part; ranges are of the whole mail.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) header: Range<usize>,
    pub(super) body: Range<usize>,
    /// `text/plain` in lower case, in two.
    pub(super) kind: (String, String),
    /// Parameters of the type; names in lower case.
    pub(super) parameters: Vec<(String, String)>,
    /// Parts of a multipart; the mail within a `message/rfc822`.
    pub(super) children: Vec<Part>,
}

impl Part {
    /// The mail as its outermost part.
    pub(super) fn of(mail: &[u8]) -> Part {
        let mut left = PARTS;
        part(mail, 0..mail.len(), 0, &mut left)
    }

    /// Whether it consists of parts.
    pub(super) fn is_multipart(&self) -> bool {
        self.kind.0 == "multipart"
    }

    /// Whether it is a mail with a header of its own.
    pub(super) fn is_message(&self) -> bool {
        self.kind.0 == "message" && self.kind.1 == "rfc822" && !self.children.is_empty()
    }

    /// The part with these numbers (RFC 3501 §6.4.5); 0 counts as 1, as with Dovecot.
    pub(super) fn find(&self, path: &[u32]) -> Option<&Part> {
        let mut part = self;
        for (depth, &number) in path.iter().enumerate() {
            if depth > 0 && part.is_message() {
                part = part.children.first()?;
            } else if depth > 0 && !part.is_multipart() {
                return None;
            }
            let at = usize::try_from(number).ok()?.saturating_sub(1);
            if part.is_multipart() {
                part = part.children.get(at)?;
            } else if at > 0 {
                return None;
            }
        }
        Some(part)
    }
}

/// The value of a field in `header`, folds taken out; of the first where there are several.
pub(super) fn field(header: &[u8], name: &str) -> Option<Vec<u8>> {
    fields(header)
        .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| unfolded(value))
}

/// The fields of a header: names and raw values, with their line ends.
pub(super) fn fields(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    raw_fields(header).filter_map(|field| {
        let colon = field.iter().position(|&byte| byte == b':')?;
        let (name, value) = field.split_at_checked(colon)?;
        Some((name.trim_ascii(), value.get(1..).unwrap_or_default()))
    })
}

/// The fields of a header as they stand there, each with its folds and line ends.
pub(super) fn raw_fields(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            let line = rest.get(end..)?.iter().position(|&byte| byte == b'\n').map(|at| end + at + 1);
            end = line.unwrap_or(rest.len());
            let next = rest.get(end);
            if end == rest.len() || !matches!(next, Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, tail) = rest.split_at_checked(end)?;
        rest = tail;
        (!field.trim_ascii().is_empty()).then_some(field)
    })
}

fn unfolded(value: &[u8]) -> Vec<u8> {
    let mut flat = Vec::with_capacity(value.len());
    for &byte in value.trim_ascii() {
        match byte {
            b'\r' | b'\n' => {}
            b'\t' => flat.push(b' '),
            _ => flat.push(byte),
        }
    }
    flat
}

/// A value with parameters, such as that of Content-Type: what it begins with, and the parameters.
pub(super) fn with_parameters(value: &[u8]) -> (String, Vec<(String, String)>) {
    let text = String::from_utf8_lossy(value);
    let mut rest = text.as_ref();
    let mut pieces = Vec::new();
    while !rest.is_empty() && pieces.len() < 50 {
        let mut quoted = false;
        let mut last = ' ';
        let end = rest.find(|letter: char| {
            quoted ^= letter == '"' && last != '\\';
            last = letter;
            letter == ';' && !quoted
        });
        let (piece, tail) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        pieces.push(piece.trim());
        rest = tail.get(1..).unwrap_or_default();
    }
    let mut pieces = pieces.into_iter();
    let head = pieces.next().unwrap_or_default().to_ascii_lowercase();
    let parameter = |piece: &str| {
        let (name, value) = piece.split_once('=')?;
        let value = value.trim();
        let plain = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value =
            plain.map_or_else(|| value.to_owned(), |text| text.replace("\\\"", "\"").replace("\\\\", "\\"));
        Some((name.trim().to_ascii_lowercase(), value))
    };
    (head, pieces.filter_map(parameter).collect())
}

/// Depth and count are bounded, so that no mail makes this deep or long.
fn part(mail: &[u8], range: Range<usize>, depth: usize, left: &mut usize) -> Part {
    let whole = mail.get(range.clone()).unwrap_or_default();
    let body_at = if whole.starts_with(b"\r\n") {
        2
    } else {
        whole.windows(4).position(|window| window == b"\r\n\r\n").map_or(whole.len(), |at| at + 4)
    };
    let header = range.start..range.start + body_at;
    let body = header.end..range.end;
    let told = field(mail.get(header.clone()).unwrap_or_default(), "Content-Type").unwrap_or_default();
    let (kind, parameters) = with_parameters(&told);
    let kind = match kind.split_once('/') {
        Some((kind, sub)) if !kind.is_empty() && !sub.is_empty() => {
            (kind.trim().to_owned(), sub.trim().to_owned())
        }
        _ => ("text".to_owned(), "plain".to_owned()),
    };
    let mut made = Part { header, body, kind, parameters, children: Vec::new() };
    if DEPTH <= depth || *left == 0 {
        made.kind = ("text".to_owned(), "plain".to_owned());
        return made;
    }
    *left -= 1;
    let boundary =
        made.parameters.iter().find(|(name, _)| name == "boundary").map(|(_, value)| value.clone());
    match (made.kind.0.as_str(), made.kind.1.as_str(), boundary) {
        ("multipart", _, Some(boundary)) => {
            for range in between(mail, made.body.clone(), boundary.as_bytes(), *left) {
                let mut child = part(mail, range, depth + 1, left);
                // The line end before a boundary is part of it; after the last boundary of a multipart it is not.
                let end = mail.get(child.body.clone()).unwrap_or_default();
                if !child.is_multipart() && end.ends_with(b"\r\n") {
                    child.body.end -= 2;
                    if let Some(inner) = child.children.first_mut().filter(|_| child.kind.0 == "message") {
                        inner.body.end = inner.body.end.min(child.body.end).max(inner.body.start);
                    }
                }
                made.children.push(child);
            }
        }
        ("multipart", ..) => made.kind = ("text".to_owned(), "plain".to_owned()),
        ("message", "rfc822", _) => {
            let inner = part(mail, made.body.clone(), depth + 1, left);
            made.children.push(inner);
        }
        _ => {}
    }
    made
}

/// What stands between the lines of a boundary, with the line end before the next.
fn between(mail: &[u8], body: Range<usize>, boundary: &[u8], most: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut begun = None;
    let mut at = body.start;
    for line in mail.get(body.clone()).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        let rest = rest.map(<[u8]>::trim_ascii_end);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(b"--")) {
            if let Some(from) = begun.take() {
                found.push(from..at);
            }
            if rest.starts_with(b"--") || most <= found.len() {
                return found;
            }
            begun = Some(at + line.len());
        }
        at += line.len();
    }
    found.extend(begun.map(|from| from..body.end));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_found_by_their_numbers() {
        let mail = b"Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\nx\r\n--a\r\n\r\none\r\n--a\r\nContent-Type: \
                     message/rfc822\r\n\r\nSubject: s\r\n\r\nin\r\n\r\n--a--\r\n";
        let whole = Part::of(mail);
        let body = |path: &[u32]| whole.find(path).and_then(|part| mail.get(part.body.clone()));
        assert_eq!(body(&[1]), Some(&b"one"[..]));
        assert_eq!(body(&[2]), Some(&b"Subject: s\r\n\r\nin\r\n"[..]));
        assert_eq!(body(&[2, 1]), Some(&b"in\r\n"[..]));
        assert_eq!((body(&[3]), body(&[1, 1])), (None, None));
        let plain = b"Subject: x\r\n\r\nbody";
        let whole = Part::of(plain);
        assert!(whole.find(&[1]).is_some() && whole.find(&[2]).is_none() && whole.find(&[1, 1]).is_none());
    }

    proptest! {
        #[test]
        fn any_mail_is_read_without_panic(
            mail in "(Content-Type: (multipart/x; boundary=a|message/rfc822)\r\n|\r\n|--a(--)?\r\n|b|:){0,40}"
        ) {
            let whole = Part::of(mail.as_bytes());
            let _ = (whole.find(&[1]), whole.find(&[1, 2]), fields(mail.as_bytes()).count());
        }
    }
}
