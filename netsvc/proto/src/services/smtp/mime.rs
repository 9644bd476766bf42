//! A bounded walk over a mail: subject and attachments (RFC 5322, RFC 2045–2047), as lenient as readers are.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Most parts that are looked at.
const PARTS: usize = 64;
/// Most bytes of headers of one part.
const HEADERS: usize = 64 * 1024;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a mail is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Subject, unfolded, as written.
    pub subject: String,
    /// Attached files.
    pub attachments: Vec<Attachment>,
}

/// An attached file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// File name as given; may be empty.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Decoded content.
    pub content: Vec<u8>,
}

struct Part<'a> {
    headers: Vec<(String, String)>,
    body: &'a [u8],
}

/// Subject and attachments of `mail`.
pub fn summarize(mail: &[u8]) -> Summary {
    let root = Part::parse(mail);
    let subject = root.header("subject").unwrap_or_default().to_owned();
    let mut attachments = Vec::new();
    let mut waiting = vec![root];
    let mut seen = 0;
    while let Some(part) = waiting.pop() {
        seen += 1;
        if seen > PARTS {
            break;
        }
        let kind = part.header("content-type").unwrap_or("text/plain").to_owned();
        let media_type = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match parameter(&kind, "boundary") {
            Some(boundary) if media_type.starts_with("multipart/") => {
                let mut pieces = split(part.body, &boundary);
                pieces.truncate(PARTS);
                waiting.extend(pieces.into_iter().rev().map(Part::parse));
            }
            _ => attachments.extend(part.attachment(&kind, media_type)),
        }
    }
    Summary { subject, attachments }
}

impl<'a> Part<'a> {
    fn parse(bytes: &'a [u8]) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut rest = bytes;
        let mut used = 0;
        while let Some((line, after)) = next_line(rest) {
            rest = after;
            used += line.len();
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() || used > HEADERS {
                break;
            }
            if text.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(text.trim());
                }
            } else if let Some((name, value)) = text.split_once(':') {
                headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Part { headers, body: rest }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn attachment(&self, kind: &str, media_type: String) -> Option<Attachment> {
        let disposition = self.header("content-disposition").unwrap_or_default();
        let name = parameter(disposition, "filename").or_else(|| parameter(kind, "name"));
        let attached = disposition.trim_start().to_ascii_lowercase().starts_with("attachment");
        if name.is_none() && !attached {
            return None;
        }
        let encoding = self.header("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        let content = match encoding.trim() {
            "base64" => {
                let clean: Vec<u8> = self
                    .body
                    .iter()
                    .copied()
                    .filter(|&b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
                    .collect();
                LENIENT.decode(&clean).unwrap_or_else(|_| self.body.to_vec())
            }
            "quoted-printable" => unquoted(self.body),
            _ => self.body.to_vec(),
        };
        Some(Attachment { name: name.unwrap_or_default(), media_type, content })
    }
}

fn next_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.is_empty() {
        return None;
    }
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    bytes.split_at_checked(end)
}

/// The parts between the lines `--boundary`, up to `--boundary--`.
fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = [b"--", boundary.as_bytes()].concat();
    let mut parts = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    let mut rest = body;
    while let Some((line, after)) = next_line(rest) {
        if let Some(tail) = line.strip_prefix(mark.as_slice()) {
            if let Some(start) = start {
                // The line end before a boundary belongs to the boundary.
                let part = body.get(start..at).unwrap_or_default();
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            if tail.starts_with(b"--") || parts.len() > PARTS {
                return parts;
            }
            start = Some(at + line.len());
        }
        at += line.len();
        rest = after;
    }
    parts.extend(start.and_then(|start| body.get(start..)));
    parts
}

/// A parameter of a header: `name=value`, quoted or not, also `name*=charset''value`.
fn parameter(header: &str, name: &str) -> Option<String> {
    for piece in header.split(';').skip(1) {
        let Some((key, value)) = piece.split_once('=') else { continue };
        let key = key.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        if key == name {
            return Some(value.to_owned());
        }
        if key.strip_suffix('*') == Some(name) {
            return Some(value.rsplit('\'').next().unwrap_or(value).to_owned());
        }
    }
    None
}

fn unquoted(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            decoded.push(byte);
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
            continue;
        }
        match rest.get(..2).and_then(|digits| hex::decode(digits).ok()) {
            Some(bytes) => {
                decoded.extend(bytes);
                rest = rest.get(2..).unwrap_or_default();
            }
            None => decoded.push(byte),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAIL: &[u8] = b"Subject: two\r\n words\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n\
        preamble\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--=_b\r\n\
        Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\
        Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsD\r\nBA==\r\n\
        --in--\r\n--=_b\r\nContent-Disposition: attachment; filename=\"b c.txt\"\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--=_b--\r\n";

    #[test]
    fn attachments_are_found_and_decoded_at_any_depth() {
        let summary = summarize(MAIL);
        assert_eq!(summary.subject, "two words");
        let found: Vec<_> =
            summary.attachments.iter().map(|file| (file.name.as_str(), file.content.as_slice())).collect();
        assert_eq!(found, [("a.zip", &b"PK\x03\x04"[..]), ("b c.txt", b"a=bc")]);
    }

    proptest! {
        #[test]
        fn any_mail_is_walked_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            summarize(&bytes);
            summarize(&[MAIL.get(..200).unwrap_or_default(), &bytes].concat());
        }
    }
}
