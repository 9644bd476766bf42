//! A response as the product puts it on the wire: which fields, in which order, with which body.

use super::{
    coding, iis,
    maker::Make,
    page,
    product::{Family, Server},
    range::{self, Part},
    request::{Fault, Request},
    response::{Content, Response, Source},
};
use crate::date;

/// What the writer must know besides request and response.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The node's clock, µs since the epoch.
    pub clock: i64,
    /// Port that the peer addressed.
    pub port: u16,
    /// Requests served on the connection before this one.
    pub served: u32,
    /// Whether the connection is kept.
    pub keep: bool,
}

/// Fields by what they are, before they are put in order.
#[derive(Default)]
struct Fields {
    kind: Option<String>,
    length: Option<usize>,
    chunked: bool,
    modified: Option<String>,
    etag: Option<String>,
    ranges: bool,
    content_range: Option<String>,
    vary: bool,
    gzip: bool,
}

/// An answer before it is framed.
#[derive(Debug)]
pub struct Composed {
    /// Status after conditions and ranges.
    pub status: u16,
    /// Fields in the order of the product.
    pub fields: Vec<(&'static str, String)>,
    /// What follows them.
    pub body: Vec<u8>,
    /// What made it.
    source: Source,
}

/// The bytes of `response` to `request`, and the status after conditions and ranges.
pub fn write(server: &Server, request: &Request, response: &Response, moment: Moment) -> (u16, Vec<u8>) {
    let composed = compose(server, request, response, moment);
    let Composed { status, fields, body, source } = composed;
    if request.version == (0, 9) {
        return (status, body);
    }
    let version = match server.family {
        Family::Lighttpd if request.version < (1, 1) => "HTTP/1.0",
        Family::Device => server.make().version(request.version),
        _ => "HTTP/1.1",
    };
    let mut head = format!("{version} {status} {}\r\n", server.reason_of(source, status));
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    (status, bytes)
}

/// What the product makes of `response` to `request`.
pub fn compose(server: &Server, request: &Request, response: &Response, moment: Moment) -> Composed {
    let mut response = response.clone();
    let mut fields = Fields::default();
    let mut body = fill(server, request, &mut response, moment, &mut fields);
    let (status, source) = (response.status, response.source);
    if request.version == (0, 9) {
        return Composed { status, fields: Vec::new(), body, source };
    }
    if !matches!(status, 206 | 304) && !fields.gzip {
        encode(server, request, status, &mut fields, &mut body);
    }
    frame(server, request, &response, moment, &mut fields, &mut body);
    let fields = ordered(server, request, &response, moment, &fields);
    if request.method == "HEAD" || status == 304 {
        body.clear();
    }
    Composed { status, fields, body, source }
}

/// Chooses the body and what is said about it.
fn fill(
    server: &Server,
    request: &Request,
    response: &mut Response,
    moment: Moment,
    fields: &mut Fields,
) -> Vec<u8> {
    match std::mem::replace(&mut response.content, Content::Empty) {
        Content::Empty => {
            fields.length = Some(0);
            Vec::new()
        }
        Content::Echo(head) => {
            fields.kind = Some("message/http".to_owned());
            fields.chunked = true;
            head
        }
        Content::Standard => standard(server, request, response, moment, fields),
        Content::Page { kind, body } => {
            fields.kind = Some(kind.to_owned());
            let measured = matches!(server.family, Family::Apache | Family::Iis | Family::Device)
                || matches!(response.source, Source::Program | Source::Tomcat);
            fields.chunked = !measured && request.version >= (1, 1);
            fields.length = (measured && !fields.chunked).then_some(body.len());
            body
        }
        Content::File { kind, body, modified } => {
            file(server, request, response, moment, fields, kind, body, modified)
        }
    }
}

fn standard(
    server: &Server,
    request: &Request,
    response: &Response,
    moment: Moment,
    fields: &mut Fields,
) -> Vec<u8> {
    if server.family == Family::Lighttpd && matches!(response.status, 301 | 302) {
        fields.length = Some(0);
        return Vec::new();
    }
    let (kind, text) = page::standard(server, request, response, moment.port);
    fields.kind = Some(kind.to_owned());
    fields.length = Some(text.len());
    text.into_bytes()
}

fn file(
    server: &Server,
    request: &Request,
    response: &mut Response,
    moment: Moment,
    fields: &mut Fields,
    kind: &str,
    mut body: Vec<u8>,
    modified: i64,
) -> Vec<u8> {
    let etag = etag(server, response.source, &body, modified);
    fields.kind = Some(kind.to_owned());
    fields.modified = Some(date::http(modified));
    fields.etag = Some(etag.clone()).filter(|etag| !etag.is_empty());
    let full = request.method != "POST" && request.version >= (1, 1);
    fields.ranges = server.family != Family::Device && (full || server.family != Family::Lighttpd);
    fields.length = Some(body.len());
    let part_of = |length| range::part(server.family, request, &etag, modified, length, moment.clock);
    let mut part = part_of(body.len());
    let sent = matches!(part, Part::Whole | Part::Ranges(_) | Part::Outside);
    if sent && coding::applies(server, request, 200, kind, body.len()) {
        encode(server, request, 200, fields, &mut body);
        if server.family == Family::Nginx {
            return body;
        }
        part = part_of(body.len());
    }
    match part {
        Part::Whole => body,
        Part::NotModified => {
            response.status = 304;
            fields.length = None;
            fields.ranges = matches!(server.family, Family::Apache | Family::Iis);
            if server.family != Family::Lighttpd {
                fields.kind = None;
            }
            Vec::new()
        }
        Part::Failed if server.family == Family::Apache => {
            response.status = 412;
            fields.length = Some(0);
            Vec::new()
        }
        Part::Failed | Part::Outside => {
            let failed = part == Part::Failed;
            response.status = if failed { 412 } else { 416 };
            *fields = Fields::default();
            if !failed && matches!(server.family, Family::Nginx | Family::Iis) {
                fields.content_range = Some(format!("bytes */{}", body.len()));
            }
            standard(server, request, response, moment, fields)
        }
        Part::Ranges(ranges) => {
            response.status = 206;
            fields.vary = coding::varies(server, 206, kind);
            fields.ranges = server.family != Family::Nginx;
            partial(server, fields, kind, &body, &ranges)
        }
    }
}

fn partial(
    server: &Server,
    fields: &mut Fields,
    kind: &str,
    body: &[u8],
    ranges: &[(usize, usize)],
) -> Vec<u8> {
    let piece = |&(first, last): &(usize, usize)| body.get(first..=last).unwrap_or_default();
    if let [only] = ranges {
        let bytes = piece(only).to_vec();
        fields.content_range = Some(format!("bytes {}-{}/{}", only.0, only.1, body.len()));
        fields.length = Some(bytes.len());
        return bytes;
    }
    let (boundary, names) = match server.family {
        Family::Nginx => ("00000000000000000001", ("Content-Type", "Content-Range")),
        _ => ("3e50c30531bbd512", ("Content-type", "Content-range")),
    };
    let mut bytes = Vec::new();
    for range in ranges {
        let head = format!(
            "\r\n--{boundary}\r\n{}: {kind}\r\n{}: bytes {}-{}/{}\r\n\r\n",
            names.0,
            names.1,
            range.0,
            range.1,
            body.len()
        );
        bytes.extend(head.into_bytes());
        bytes.extend_from_slice(piece(range));
    }
    bytes.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    fields.kind = Some(format!("multipart/byteranges; boundary={boundary}"));
    fields.length = Some(bytes.len());
    bytes
}

/// Compresses `body` where the server does.
fn encode(server: &Server, request: &Request, status: u16, fields: &mut Fields, body: &mut Vec<u8>) {
    let Some(kind) = fields.kind.as_deref() else { return };
    fields.vary = server.family == Family::Apache && coding::varies(server, status, kind);
    if !coding::applies(server, request, status, kind, body.len()) {
        return;
    }
    *body = coding::gzip(server, body);
    fields.gzip = true;
    if server.family == Family::Nginx {
        fields.etag = fields.etag.take().map(|etag| format!("W/{etag}"));
        fields.ranges = false;
        fields.length = None;
        fields.chunked = request.method != "HEAD";
    } else {
        fields.etag = fields.etag.take().map(|etag| format!("{}-gzip\"", etag.trim_end_matches('"')));
        fields.length = Some(body.len());
    }
}

/// An entity tag in the form of the product, or of the program behind it; empty: there is none.
fn etag(server: &Server, source: Source, body: &[u8], modified: i64) -> String {
    let seconds = modified / 1_000_000;
    match source {
        // Go's file server and Jenkins' resources have none.
        Source::Program => return String::new(),
        Source::Tomcat => return format!("W/\"{}-{}\"", body.len(), modified / 1000),
        Source::Server | Source::Streamed => {}
    }
    if let Some(own) = server.make().tag(body.len(), seconds) {
        return own;
    }
    match server.family {
        Family::Nginx => format!("\"{seconds:x}-{:x}\"", body.len()),
        Family::Apache => format!("\"{:x}-{:x}\"", body.len(), seconds * 1_000_000),
        Family::Iis => format!("\"{:x}:0\"", (seconds + 11_644_473_600) * 10_000_000),
        Family::Lighttpd | Family::Device => {
            format!(
                "\"{}\"",
                (seconds.unsigned_abs().wrapping_mul(2_654_435_761) ^ body.len() as u64) % 0xffff_ffff
            )
        }
    }
}

/// Decides between length, chunks and the connection's end.
fn frame(
    server: &Server,
    request: &Request,
    response: &Response,
    moment: Moment,
    fields: &mut Fields,
    body: &mut Vec<u8>,
) {
    let error = response.status >= 400;
    if server.family == Family::Apache {
        // httpd takes the length off errors of HEAD, and never has one for these two.
        if error
            && (request.method == "HEAD" && response.status != 412 || matches!(response.status, 413 | 416))
        {
            fields.length = None;
            fields.chunked = moment.keep && request.version >= (1, 1) && request.method != "HEAD";
        }
        // OPTIONS says the type of what there is, and nothing of what there is not.
        if request.method == "OPTIONS" && response.status == 200 {
            fields.kind = match request.path.as_str() {
                "/" | "/index.html" => Some("text/html".to_owned()),
                "/icons/" | "/icons/small/" => Some("httpd/unix-directory".to_owned()),
                _ => None,
            };
        }
        if response.status == 400 && request.faults.contains(&Fault::Chunk) {
            fields.length = None;
        }
        if response.status == 412 {
            fields.kind = Some("text/html".to_owned());
        }
    }
    // HTTP/2 has frames for that.
    fields.chunked &= !request.is_framed();
    if fields.chunked {
        fields.length = None;
        let mut chunk =
            if body.is_empty() { Vec::new() } else { format!("{:x}\r\n", body.len()).into_bytes() };
        if !body.is_empty() {
            chunk.append(body);
            chunk.extend_from_slice(b"\r\n");
        }
        chunk.extend_from_slice(b"0\r\n\r\n");
        *body = chunk;
    }
}

/// What can stand in a head.
#[derive(Clone, Copy)]
enum Slot {
    Server,
    Date,
    Kind,
    Length,
    Chunked,
    Modified,
    Etag,
    Ranges,
    /// `Vary` and `Content-Encoding`, where they stand before the length.
    Coding,
    /// `Vary`, where it stands behind it.
    Vary,
    /// `Content-Range`.
    Part,
    Connection,
    Location,
    Extra,
}

/// The order of each product.
fn order(server: &Server, fields: &Fields) -> [Slot; 14] {
    use Slot::{
        Chunked, Coding, Connection, Date, Etag, Extra, Kind, Length, Location, Modified, Part, Ranges,
        Server, Vary,
    };
    match server.family {
        Family::Nginx => [
            Server, Date, Kind, Length, Modified, Location, Chunked, Connection, Extra, Etag, Coding, Ranges,
            Part, Vary,
        ],
        // What compresses writes the length anew.
        Family::Apache if fields.gzip => [
            Date, Server, Extra, Location, Modified, Etag, Ranges, Coding, Part, Length, Vary, Connection,
            Chunked, Kind,
        ],
        Family::Apache => [
            Date, Server, Extra, Location, Modified, Etag, Ranges, Coding, Length, Vary, Part, Connection,
            Chunked, Kind,
        ],
        Family::Iis => [
            Chunked, Kind, Location, Modified, Ranges, Etag, Server, Extra, Part, Date, Connection, Length,
            Coding, Vary,
        ],
        Family::Lighttpd => [
            Location, Extra, Kind, Etag, Modified, Length, Chunked, Ranges, Part, Connection, Date, Server,
            Coding, Vary,
        ],
        Family::Device => order_of_device(server.make()),
    }
}

/// The order of each maker of devices.
fn order_of_device(make: Make) -> [Slot; 14] {
    use Slot::{
        Chunked, Coding, Connection, Date, Etag, Extra, Kind, Length, Location, Modified, Part, Ranges,
        Server, Vary,
    };
    let (a, b, c, d, e) = match make {
        Make::Hikvision => {
            return [
                Date, Server, Etag, Length, Kind, Connection, Modified, Location, Extra, Chunked, Ranges,
                Part, Coding, Vary,
            ];
        }
        Make::Dahua => {
            return [
                Connection, Date, Modified, Etag, Length, Location, Extra, Kind, Server, Chunked, Ranges,
                Part, Coding, Vary,
            ];
        }
        Make::TpLink => {
            return [
                Server, Connection, Kind, Location, Extra, Date, Length, Chunked, Modified, Etag, Ranges,
                Part, Coding, Vary,
            ];
        }
        Make::Boa => (Date, Server, Extra, Location, Connection),
        Make::GeoVision | Make::Other => (Server, Date, Extra, Location, Connection),
    };
    [a, b, c, d, e, Kind, Length, Chunked, Modified, Etag, Ranges, Part, Coding, Vary]
}

/// All fields in the order of the product.
fn ordered(
    server: &Server,
    request: &Request,
    response: &Response,
    moment: Moment,
    fields: &Fields,
) -> Vec<(&'static str, String)> {
    let kernel = server.family == Family::Iis && iis::by_kernel(response);
    let name = if kernel { "Microsoft-HTTPAPI/2.0" } else { &server.name };
    let make = server.make();
    let given = |location: bool| {
        // A program's fields are passed on in its order.
        let apart = response.source == Source::Server || server.family != Family::Nginx;
        let wanted = move |(name, _): &&(&'static str, String)| (apart && *name == "Location") == location;
        response.fields.iter().filter(wanted).cloned().collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for slot in order(server, fields) {
        match slot {
            Slot::Server if server.is_silent() => {}
            // TP-Link's says nothing of time and length; Dahua's gives the time of files alone.
            Slot::Date | Slot::Length | Slot::Modified | Slot::Etag if make == Make::TpLink => {}
            Slot::Date if make == Make::Dahua && fields.modified.is_none() => {}
            Slot::Kind if make == Make::Dahua && fields.length == Some(0) => {}
            Slot::Server => all.push(("Server", name.to_owned())),
            Slot::Date => all.push(("Date", date::http(moment.clock))),
            Slot::Kind => all.extend(fields.kind.clone().map(|kind| ("Content-Type", kind))),
            Slot::Length => all.extend(fields.length.map(|length| ("Content-Length", length.to_string()))),
            Slot::Chunked if fields.chunked => all.push(("Transfer-Encoding", "chunked".to_owned())),
            Slot::Modified => all.extend(fields.modified.clone().map(|at| ("Last-Modified", at))),
            Slot::Etag => all.extend(fields.etag.clone().map(|etag| ("ETag", etag))),
            Slot::Ranges if fields.ranges => all.push(("Accept-Ranges", "bytes".to_owned())),
            Slot::Coding if fields.gzip => {
                all.extend(fields.vary.then(|| ("Vary", "Accept-Encoding".to_owned())));
                all.push(("Content-Encoding", "gzip".to_owned()));
            }
            Slot::Vary if fields.vary && !fields.gzip => all.push(("Vary", "Accept-Encoding".to_owned())),
            Slot::Part => all.extend(fields.content_range.clone().map(|range| ("Content-Range", range))),
            Slot::Connection => all.extend(connection(server, request, moment)),
            Slot::Location => all.extend(given(true)),
            Slot::Extra => all.extend(given(false)),
            Slot::Chunked | Slot::Ranges | Slot::Coding | Slot::Vary => {}
        }
    }
    all.into_iter().map(|(name, value)| (make.field(name), value)).collect()
}

fn connection(server: &Server, request: &Request, moment: Moment) -> Vec<(&'static str, String)> {
    if request.is_framed() {
        return Vec::new();
    }
    let asked =
        request.field("connection").is_some_and(|value| value.to_ascii_lowercase().contains("keep-alive"));
    match (server.family, moment.keep) {
        (Family::Apache, true) if asked => vec![
            ("Keep-Alive", format!("timeout=5, max={}", 100_u32.saturating_sub(moment.served))),
            ("Connection", "Keep-Alive".to_owned()),
        ],
        (Family::Nginx, true) => vec![("Connection", "keep-alive".to_owned())],
        (Family::Device, true) if server.make() == Make::Hikvision => vec![
            ("Connection", "keep-alive".to_owned()),
            ("Keep-Alive", format!("timeout=60, max={}", 99_u32.saturating_sub(moment.served))),
        ],
        (Family::Lighttpd, true) if request.version < (1, 1) => vec![("Connection", "keep-alive".to_owned())],
        (_, true) => Vec::new(),
        (Family::Iis, false) if request.version < (1, 1) => Vec::new(),
        (_, false) => vec![("Connection", "close".to_owned())],
    }
}
