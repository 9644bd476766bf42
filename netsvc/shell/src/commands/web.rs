//! Pages that a way of the node leads to: one request, and the real answer to it.

use super::{options::Options, url::Url};
use crate::{
    event::Origin,
    fs::Errno,
    interpret::{Flow, Shell, Socket},
    reach::NoWay,
};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of an answer.
const HEAD: usize = 64 << 10;

/// An answer.
pub(super) struct Page {
    /// The lines of the head with their ends, and the empty one.
    pub(super) head: Vec<u8>,
    pub(super) status: u16,
    /// What follows the version in the first line: `404 Not Found`.
    pub(super) reason: String,
    /// `Content-Type` without its parameters.
    pub(super) kind: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    NoWay(NoWay),
    /// The other end closed the connection, or said nothing.
    Empty,
    /// What it says is no HTTP.
    Strange,
    /// It speaks no TLS.
    Clear,
    /// Its certificate is nobody's that the system knows.
    Unknown,
}

/// Whether a way leads to the host of an address that can be asked.
pub(super) fn reaches(url: &Url) -> bool {
    url.found.is_some() && matches!(url.scheme.as_str(), "http" | "https") && url.number().is_some()
}

/// What wget gets from `url`.
pub(super) fn page(shell: &mut Shell, url: &Url, options: &Options) -> Result<Result<Page, Failure>, Flow> {
    let agent = match options.value('U') {
        Some(agent) => agent.to_owned(),
        None if shell.flavour().busybox() => "Wget".to_owned(),
        None => format!("Wget/{}", shell.live.versions().wget),
    };
    let (path, authority) = (url.path(), url.authority());
    let request = if shell.flavour().busybox() {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
        )
    } else {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
             Accept-Encoding: identity\r\nConnection: Keep-Alive\r\n\r\n"
        )
    };
    // BusyBox looks at no certificate.
    let lax = options.has('_') || shell.flavour().busybox();
    ask(shell, url, &crate::text::encode(&request), false, lax, None)
}

/// Sends a request to the host of `url`; `bare`: its answer has a head only; `lax`: any certificate will do.
pub(super) fn ask(
    shell: &mut Shell,
    url: &Url,
    request: &[u8],
    bare: bool,
    lax: bool,
    patience: Option<Duration>,
) -> Result<Result<Page, Failure>, Flow> {
    let port = url.number().unwrap_or(80);
    let connected = if url.scheme == "https" {
        shell.secure(&url.host, port, patience)?
    } else {
        shell.connect(&url.host, port, patience)?.map_err(Some)
    };
    let socket = match connected {
        Ok(_) if url.scheme == "https" && !lax => return Ok(Err(Failure::Unknown)),
        Ok(wire) => Socket::new(wire),
        Err(why) => return Ok(Err(why.map_or(Failure::Clear, Failure::NoWay))),
    };
    if !socket.send(request) {
        return Ok(Err(Failure::Empty));
    }
    let patience = patience.unwrap_or(PATIENCE).min(PATIENCE);
    let mut bytes = shell.receive(&socket, patience, |bytes| is_whole(bytes, bare))?;
    // What the other end says first of all may be that it goes on.
    while let Some(end) = head_end(&bytes).filter(|_| bytes.starts_with(b"HTTP/1.1 1")) {
        bytes.drain(..end);
        bytes.extend(shell.receive(&socket, patience, |more| is_whole(more, bare))?);
    }
    Ok(parse(&bytes, bare))
}

/// Where the head ends, with the empty line.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or_default();
    head.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// A line of the head by its name in small letters.
fn line<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// How the body ends.
enum Body {
    None,
    Length(usize),
    Chunks,
    Close,
}

fn body(head: &str, bare: bool) -> Body {
    let status = status(head).unwrap_or(0);
    if bare || status < 200 || matches!(status, 204 | 304) {
        return Body::None;
    }
    if line(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Body::Chunks;
    }
    line(head, "content-length").and_then(|value| value.parse().ok()).map_or(Body::Close, Body::Length)
}

fn status(head: &str) -> Option<u16> {
    head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()
}

fn is_whole(bytes: &[u8], bare: bool) -> bool {
    let Some(end) = head_end(bytes) else { return !b"HTTP/1.".starts_with(bytes.get(..7).unwrap_or(bytes)) };
    let (head, rest) = bytes.split_at_checked(end).unwrap_or_default();
    match body(&String::from_utf8_lossy(head), bare) {
        Body::None => true,
        Body::Length(length) => length <= rest.len(),
        Body::Chunks => chunks(rest).1,
        Body::Close => false,
    }
}

/// What chunks hold (RFC 9112, section 7.1), and whether the last one is there.
fn chunks(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).take(64).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16);
        let rest = bytes.get(end + 2..).unwrap_or_default();
        match size {
            Ok(0) => return (out, true),
            Ok(size) if size.saturating_add(2) <= rest.len() => {
                out.extend_from_slice(rest.get(..size).unwrap_or_default());
                bytes = rest.get(size + 2..).unwrap_or_default();
            }
            Ok(size) => {
                out.extend_from_slice(rest.get(..size.min(rest.len())).unwrap_or_default());
                return (out, false);
            }
            Err(_) => return (out, true),
        }
    }
    (out, false)
}

fn parse(bytes: &[u8], bare: bool) -> Result<Page, Failure> {
    if bytes.is_empty() {
        return Err(Failure::Empty);
    }
    let (head, rest) = head_end(bytes).and_then(|end| bytes.split_at_checked(end)).ok_or(Failure::Strange)?;
    let text = crate::text::decode(head);
    let status = status(&text).ok_or(Failure::Strange)?;
    let first = text.lines().next().unwrap_or_default();
    let kind = line(&text, "content-type").map(|kind| kind.split(';').next().unwrap_or(kind).to_owned());
    Ok(Page {
        head: head.to_vec(),
        status,
        reason: first.split_once(' ').map_or_else(String::new, |(_, reason)| reason.trim().to_owned()),
        kind,
        location: line(&text, "location").map(str::to_owned),
        body: match body(&text, bare) {
            Body::None => Vec::new(),
            Body::Length(length) => rest.get(..length.min(rest.len())).unwrap_or_default().to_vec(),
            Body::Chunks => chunks(rest).0,
            Body::Close => rest.to_vec(),
        },
    })
}

/// Writes a fetched file and gives its error, if any.
pub(super) fn store(shell: &mut Shell, path: &str, content: &[u8]) -> Result<(), Errno> {
    shell.fs.set_origin(Origin::Download);
    let result = shell.fs.write_file(path, content, 0o666);
    shell.fs.set_origin(Origin::Drop);
    result
}

/// The progress meter of curl, as it stands at the end.
pub(super) fn progress(shell: &mut Shell, length: usize) -> Result<(), Flow> {
    let speed = length.saturating_mul(3);
    shell.err(concat!(
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n",
        "                                 Dload  Upload   Total   Spent    Left  Speed\n",
        "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\r",
    ))?;
    shell.err(&format!(
        "100 {length:>5}  100 {length:>5}    0     0  {speed:>5}      0 --:--:-- --:--:-- --:--:-- {speed:>5}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(
            tail in proptest::collection::vec(any::<u8>(), 0..200),
            chunked in any::<bool>(),
            bare in any::<bool>(),
        ) {
            let head: &[u8] = if chunked {
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            } else {
                b"HTTP/1."
            };
            let bytes = [head, &tail].concat();
            is_whole(&bytes, bare);
            let body = parse(&bytes, bare).map_or(0, |page| page.body.len());
            prop_assert!(body <= bytes.len());
            is_whole(&tail, bare);
        }
    }

    #[test]
    fn an_answer_is_whole_when_its_own_words_say_so() {
        for (bytes, bare, whole, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, true, "hi"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", false, false, "hi"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, true, ""),
            ("HTTP/1.0 200 OK\r\n\r\nhi", false, false, "hi"),
            ("HTTP/1.1 304 Not Modified\r\n\r\n", false, true, ""),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x\r\n!\r\n0\r\n\r\n",
                false,
                true,
                "hi!",
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhi", false, false, "hi"),
        ] {
            assert_eq!(is_whole(bytes.as_bytes(), bare), whole, "{bytes}");
            let page = parse(bytes.as_bytes(), bare).unwrap_or_else(|why| panic!("{why:?}: {bytes}"));
            assert_eq!(String::from_utf8_lossy(&page.body), body, "{bytes}");
        }
        assert_eq!(parse(b"SSH-2.0-x\r\n", false).err(), Some(Failure::Strange));
        assert!(is_whole(b"SSH-2.0-x\r\n", false) && !is_whole(b"HTT", false));
        assert_eq!(parse(b"", false).err(), Some(Failure::Empty));
    }
}
