//! BODY and BODYSTRUCTURE (RFC 3501 §7.4.2).

use super::{
    envelope::{envelope, nstring, string},
    part::{self, Part},
};

/// The structure of `part`; `extended` says whether with the fields that BODYSTRUCTURE adds. Parts are as deep as they
/// were read, which is bounded.
pub(super) fn structure(mail: &[u8], part: &Part, extended: bool) -> Vec<u8> {
    let header = mail.get(part.header.clone()).unwrap_or_default();
    let mut fields: Vec<Vec<u8>> = Vec::new();
    if part.is_multipart() {
        let children: Vec<u8> =
            part.children.iter().flat_map(|child| structure(mail, child, extended)).collect();
        fields.push(if children.is_empty() { b"NIL".to_vec() } else { children });
        fields.push(string(part.kind.1.as_bytes()));
        if extended {
            fields.push(pairs(&part.parameters));
        }
    } else {
        basic(mail, part, header, &mut fields, extended);
    }
    if extended {
        fields.push(disposition(header));
        fields.push(language(header));
        fields.push(nstring(part::field(header, "Content-Location").as_deref()));
    }
    [b"(", fields.join(&b' ').as_slice(), b")"].concat()
}

fn basic(mail: &[u8], part: &Part, header: &[u8], fields: &mut Vec<Vec<u8>>, extended: bool) {
    let body = mail.get(part.body.clone()).unwrap_or_default();
    let lines = body.iter().filter(|&&byte| byte == b'\n').count();
    let mut parameters = part.parameters.clone();
    let text = part.kind.0 == "text";
    if text && parameters.iter().all(|(name, _)| name != "charset") {
        parameters.push(("charset".to_owned(), "us-ascii".to_owned()));
    }
    let encoding = part::field(header, "Content-Transfer-Encoding").map(|value| value.to_ascii_lowercase());
    fields.push(string(part.kind.0.as_bytes()));
    fields.push(string(part.kind.1.as_bytes()));
    fields.push(pairs(&parameters));
    fields.push(nstring(part::field(header, "Content-ID").as_deref()));
    fields.push(nstring(part::field(header, "Content-Description").as_deref()));
    fields.push(string(encoding.as_deref().unwrap_or(b"7bit")));
    fields.push(body.len().to_string().into_bytes());
    if let Some(inner) = part.children.first().filter(|_| part.is_message()) {
        fields.push(envelope(mail.get(inner.header.clone()).unwrap_or_default()));
        fields.push(structure(mail, inner, extended));
        fields.push(lines.to_string().into_bytes());
    } else if text {
        fields.push(lines.to_string().into_bytes());
    }
    if extended {
        fields.push(nstring(part::field(header, "Content-MD5").as_deref()));
    }
}

fn pairs(parameters: &[(String, String)]) -> Vec<u8> {
    if parameters.is_empty() {
        return b"NIL".to_vec();
    }
    let words =
        parameters.iter().flat_map(|(name, value)| [string(name.as_bytes()), string(value.as_bytes())]);
    [b"(", words.collect::<Vec<_>>().join(&b' ').as_slice(), b")"].concat()
}

fn disposition(header: &[u8]) -> Vec<u8> {
    let Some(value) = part::field(header, "Content-Disposition") else { return b"NIL".to_vec() };
    let (kind, parameters) = part::with_parameters(&value);
    [b"(", string(kind.as_bytes()).as_slice(), b" ", &pairs(&parameters), b")"].concat()
}

fn language(header: &[u8]) -> Vec<u8> {
    let Some(value) = part::field(header, "Content-Language") else { return b"NIL".to_vec() };
    let words = value.split(|&byte| byte == b',').map(|word| string(word.trim_ascii()));
    [b"(", words.collect::<Vec<_>>().join(&b' ').as_slice(), b")"].concat()
}
