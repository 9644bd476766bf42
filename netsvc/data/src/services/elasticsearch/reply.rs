//! An answer as the server writes it: fields in Netty's order, documents plain or spread over lines.

use super::release::Release;
use netsvc_daemon::http::request::Request;
use serde::Serialize;
use serde_json::{Value, ser::Formatter};
use std::{borrow::Cow, fmt::Write, io};

/// Most bytes of the documents of one answer: who asks for one a thousand times would get it as often.
pub(super) const ANSWER: usize = 4 << 20;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Body,
    /// Further fields, which come first.
    pub(super) fields: Vec<(&'static str, String)>,
}

/// Room for the fields before a body, and for a usual document.
const FIELDS: usize = 256;
const USUAL: usize = 640;

/// What is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Nothing.
    Empty,
    /// A document.
    Json(Value),
    /// A text.
    Text(String),
}

impl Reply {
    /// A document.
    pub(super) fn json(status: u16, value: Value) -> Self {
        Reply { status, body: Body::Json(value), fields: Vec::new() }
    }

    /// A document that is as it should be.
    pub(super) fn ok(value: Value) -> Self {
        Reply::json(200, value)
    }

    /// A text.
    pub(super) fn text(text: String) -> Self {
        Reply { status: 200, body: Body::Text(text), fields: Vec::new() }
    }

    /// A status alone.
    pub(super) fn empty(status: u16) -> Self {
        Reply { status, body: Body::Empty, fields: Vec::new() }
    }

    /// With one more field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The bytes of it.
    pub(super) fn write(&self, release: &Release, request: &Request, form: &Form) -> Vec<u8> {
        let (kind, body) = match &self.body {
            Body::Empty => (String::new(), Cow::Borrowed(b"".as_slice())),
            Body::Text(text) => ("text/plain; charset=UTF-8".to_owned(), Cow::Borrowed(text.as_bytes())),
            Body::Json(value) => (self.kind(release, request), Cow::Owned(document(value, form.pretty))),
        };
        let version = if request.version < (1, 1) && !request.version.eq(&(0, 0)) { "1.0" } else { "1.1" };
        let mut text = String::with_capacity(FIELDS + body.len());
        let _ = write!(text, "HTTP/{version} {} {}\r\n", self.status, reason(self.status));
        if form.warns {
            let _ = write!(text, "Warning: {}\r\n", release.warning());
        }
        if release.names_itself() {
            text.push_str("X-elastic-product: Elasticsearch\r\n");
        }
        for (name, value) in &self.fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if !kind.is_empty() {
            let _ = write!(text, "content-type: {kind}\r\n");
        }
        let _ = write!(text, "content-length: {}\r\n", body.len());
        if request.version < (1, 1) && request.keeps_alive() {
            text.push_str("connection: keep-alive\r\n");
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if request.method != "HEAD" {
            bytes.extend_from_slice(&body);
        }
        bytes
    }

    fn kind(&self, release: &Release, request: &Request) -> String {
        let asked = request.field("accept").unwrap_or_default();
        if let Some((_, number)) = asked.split_once("compatible-with=").filter(|_| (7, 11) <= release.line) {
            let number: String = number.chars().take_while(char::is_ascii_digit).take(2).collect();
            return format!("application/vnd.elasticsearch+json;compatible-with={number}");
        }
        let kind = if 8 <= release.major() { "application/json" } else { "application/json; charset=UTF-8" };
        kind.to_owned()
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Form {
    /// Whether it is spread over lines.
    pub(super) pretty: bool,
    /// Whether it warns of the server's openness.
    pub(super) warns: bool,
}

/// A document as it is sent.
pub(super) fn document(value: &Value, pretty: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    if pretty {
        // A vector takes everything.
        let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Spread::default()));
        bytes.push(b'\n');
    } else {
        let _ = serde_json::to_writer(&mut bytes, value);
    }
    bytes
}

/// Lines as Jackson's pretty printer makes them.
#[derive(Default)]
struct Spread {
    depth: usize,
    filled: bool,
}

impl Spread {
    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }

    fn end<W: ?Sized + io::Write>(&mut self, writer: &mut W, mark: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.filled {
            self.line(writer)?;
        } else {
            writer.write_all(b" ")?;
        }
        self.filled = true;
        writer.write_all(mark)
    }

    fn next<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.filled = true;
        self.line(writer)
    }
}

impl Formatter for Spread {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        (self.depth, self.filled) = (self.depth + 1, false);
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        (self.depth, self.filled) = (self.depth + 1, false);
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        201 => "Created",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        _ => "OK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_spread_as_jackson_does() {
        let value = json!({ "a": { "b": [1, { "c": {} }], "d": [] }, "e": "x" });
        let text = String::from_utf8(document(&value, true)).unwrap();
        let expected = "{\n  \"a\" : {\n    \"b\" : [\n      1,\n      {\n        \"c\" : { }\n      }\n    ],\n    \
                        \"d\" : [ ]\n  },\n  \"e\" : \"x\"\n}\n";
        assert_eq!(text, expected);
    }
}
