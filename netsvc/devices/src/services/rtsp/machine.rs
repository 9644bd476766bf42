//! A connection: requests, logins, sessions.

use super::brand::{Brand, Camera};
use crate::head::{HEAD, Head};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::digest::Answer;
use netsvc_kit::{Accounts, Credential, Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest body of a request; it is not looked at.
const BODY: usize = 8 * 1024;

/// A connection.
struct Stream {
    host: Arc<Host>,
    link: Link,
    camera: Camera,
    input: Gathered,
    /// Bytes of a body that are to come.
    body: usize,
    /// The nonce of the latest challenge, and how many there were.
    nonce: String,
    challenged: u32,
    /// The session, once there is one, and whether it is played.
    session: Option<String>,
}

/// An answer: its status, fields beside those of every answer, body.
struct Reply {
    status: &'static str,
    fields: String,
    body: String,
}

impl Reply {
    fn of(status: &'static str) -> Reply {
        Reply { status, fields: String::new(), body: String::new() }
    }

    fn with(fields: String) -> Reply {
        Reply { status: "200 OK", fields, body: String::new() }
    }
}

/// A connection's machine.
pub(super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(1024, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            host: host.clone(),
            link: *link,
            camera: Camera::of(host),
            input: Gathered::new(HEAD + 1024),
            body: 0,
            nonce: String::new(),
            challenged: 0,
            session: None,
        }
    }

    fn turn(&mut self, out: &mut Out) -> bool {
        if self.body > 0 {
            let count = self.input.len().min(self.body);
            self.input.skip(count);
            self.body -= count;
            return count > 0;
        }
        // Pieces of a stream that the peer sends (RFC 2326, 10.12).
        if let [b'$', _, high, low, ..] = self.input.bytes() {
            self.body = 4 + usize::from(u16::from_be_bytes([*high, *low]));
            return true;
        }
        if self.input.bytes().starts_with(b"$") {
            return false;
        }
        while self.input.bytes().starts_with(b"\r\n") {
            self.input.skip(2);
        }
        let Some(end) = self.input.find(b"\r\n\r\n") else {
            if HEAD < self.input.len() {
                self.malformed(out);
            }
            return false;
        };
        let bytes = self.input.take(end + 4);
        let head = Head::read(bytes.get(..end).unwrap_or_default());
        match head.filter(|head| head.version.starts_with("RTSP/")) {
            Some(head) => self.take(&head, out),
            None => {
                let data = bytes.get(..512).unwrap_or(&bytes).to_vec();
                out.record(Kind::Malformed, vec![(field::REASON, b"request".to_vec()), (field::DATA, data)]);
                out.send(format!(
                    "RTSP/1.0 400 Bad Request\r\n{}\r\n",
                    self.camera.fields(self.host.clock())
                ));
                out.close();
            }
        }
        true
    }

    fn malformed(&self, out: &mut Out) {
        let data = self.input.bytes();
        let data = data.get(..512).unwrap_or(data).to_vec();
        out.record(Kind::Malformed, vec![(field::REASON, b"request".to_vec()), (field::DATA, data)]);
        out.close();
    }

    fn take(&mut self, head: &Head, out: &mut Out) {
        self.body = head.field("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        if BODY < self.body {
            return self.malformed(out);
        }
        let reply = self.reply(head, out);
        let own = |text: &str| text.as_bytes().to_vec();
        let code = reply.status.split(' ').next().unwrap_or_default();
        let lines = head.lines();
        out.record(
            Kind::Request,
            vec![
                (field::METHOD, own(&head.method)),
                (field::TARGET, own(&head.target)),
                (field::STATUS, own(code)),
                (field::USER_AGENT, own(head.field("user-agent").unwrap_or_default())),
                (field::HEADERS, own(lines.get(..4096).unwrap_or(&lines))),
            ],
        );
        let sequence = head.field("cseq").map(|number| format!("CSeq: {number}\r\n")).unwrap_or_default();
        let Reply { status, fields, body } = reply;
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let usual = self.camera.fields(self.host.clock());
        // The order is the maker's.
        let fields = match self.camera.brand {
            Brand::Hikvision => format!("{sequence}{fields}{length}{usual}"),
            Brand::Dahua | Brand::Other => format!("{sequence}{usual}{fields}{length}"),
        };
        out.send(format!("RTSP/1.0 {status}\r\n{fields}\r\n{body}"));
    }

    fn reply(&mut self, head: &Head, out: &mut Out) -> Reply {
        if head.field("cseq").is_none() {
            return Reply::of("400 Bad Request");
        }
        let method = head.method.as_str();
        if method == "OPTIONS" {
            return Reply::with(format!("Public: {}\r\n", self.camera.methods()));
        }
        if !self.camera.methods().split(", ").any(|known| known == method) {
            return Reply::of(if self.camera.brand == Brand::Hikvision {
                "501 Not Implemented"
            } else {
                "405 Method Not Allowed"
            });
        }
        if !self.lets_in(head, out) {
            self.nonce = self.fresh();
            let fields = self.camera.challenges(&self.nonce);
            return Reply { fields, ..Reply::of("401 Unauthorized") };
        }
        let same = |session: &String| {
            head.field("session").is_some_and(|given| given.split(';').next() == Some(session))
        };
        let known = self.session.as_ref().is_some_and(same);
        match method {
            "DESCRIBE" => self.describe(&head.target),
            "SETUP" => self.set_up(head),
            "PLAY" | "PAUSE" | "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER"
                if !known && method != "GET_PARAMETER" =>
            {
                Reply::of("454 Session Not Found")
            }
            "PLAY" => {
                let session = self.session.clone().unwrap_or_default();
                let url = head.target.trim_end_matches('/');
                Reply::with(format!(
                    "Session: {session}\r\nRange: npt=0.000-\r\nRTP-Info: url={url}/trackID=1;seq=1;rtptime=0\r\n"
                ))
            }
            "TEARDOWN" => {
                let session = self.session.take().unwrap_or_default();
                Reply::with(format!("Session: {session}\r\n"))
            }
            _ => Reply::with(
                self.session.as_ref().map(|session| format!("Session: {session}\r\n")).unwrap_or_default(),
            ),
        }
    }

    /// A nonce that no peer can foresee, and that is the same however a request comes in pieces.
    fn fresh(&mut self) -> String {
        self.challenged += 1;
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let (session, count) = (self.link.session.to_string(), self.challenged.to_string());
        let drawn = subkey::bytes(&key, &["rtsp nonce", &session, &count]);
        hex::encode(drawn.get(..16).unwrap_or_default())
    }

    fn describe(&self, url: &str) -> Reply {
        if !self.camera.shows(path(url)) {
            return Reply::of("404 Not Found");
        }
        let url = url.trim_end_matches('/');
        let fields = format!("Content-Type: application/sdp\r\nContent-Base: {url}/\r\n");
        Reply { fields, body: self.camera.description(&self.host, url), ..Reply::of("200 OK") }
    }

    /// A way for the stream is agreed on (RFC 2326, 12.39).
    fn set_up(&mut self, head: &Head) -> Reply {
        if !self.camera.shows(path(&head.target)) {
            return Reply::of("404 Not Found");
        }
        let asked = head.field("transport").unwrap_or_default().split(',').next().unwrap_or_default();
        let number = self.link.session.to_string();
        let secret = number.get(8..).unwrap_or(&number);
        let way = if asked.starts_with("RTP/AVP/TCP") {
            let channels =
                asked.split(';').find_map(|part| part.strip_prefix("interleaved=")).unwrap_or("0-1");
            let channels: String =
                channels.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(9).collect();
            format!("RTP/AVP/TCP;unicast;interleaved={channels};ssrc={secret};mode=\"play\"")
        } else if let Some(ports) = asked.split(';').find_map(|part| part.strip_prefix("client_port=")) {
            let ports: String = ports.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(11).collect();
            format!("RTP/AVP;unicast;client_port={ports};server_port=8200-8201;ssrc={secret};mode=\"play\"")
        } else {
            return Reply::of("461 Unsupported Transport");
        };
        let decimal = u32::from_str_radix(secret, 16).unwrap_or(1);
        let session = self.session.get_or_insert_with(|| decimal.to_string());
        let fields = format!("Session: {session};timeout=60\r\nTransport: {way}\r\n");
        Reply::with(fields)
    }

    /// Whether who asks has shown that he may; what he shows is written down.
    fn lets_in(&self, head: &Head, out: &mut Out) -> bool {
        let Some((scheme, rest)) = head.field("authorization").and_then(|value| value.split_once(' ')) else {
            return false;
        };
        let (host, link) = (&self.host, &self.link);
        if scheme.eq_ignore_ascii_case("basic") {
            let Ok(pair) = STANDARD.decode(rest.trim()) else { return false };
            let colon = pair.iter().position(|byte| *byte == b':').unwrap_or(pair.len());
            let (user, password) = pair.split_at_checked(colon).unwrap_or((&pair, &[]));
            let password = password.strip_prefix(b":").unwrap_or(password);
            let accepted = host.login(link, Accounts::Application, user, password);
            out.credential(Credential::plaintext(user, password, "Basic", accepted));
            return accepted;
        }
        if !scheme.eq_ignore_ascii_case("digest") {
            return false;
        }
        let answer = Answer::read(rest);
        let fits = |password: &[u8]| answer.is_of(&head.method, &String::from_utf8_lossy(password));
        let user = answer.user.as_bytes();
        let known =
            host.password_of(link, Accounts::Application, user, fits).filter(|_| answer.nonce == self.nonce);
        let accepted = known.is_some_and(|password| host.login(link, Accounts::Application, user, &password));
        out.credential(answer.credential(link, &head.method, "http_digest_md5", accepted));
        accepted
    }
}

/// The path of a URL, with what is behind it.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return self.malformed(out);
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::{Action, testing};

    fn camera(vendor: &str) -> (tempfile::TempDir, Box<dyn Machine>) {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = testing::persona("cam-01");
        persona.os.id = "ip_camera".to_owned();
        persona.hardware.vendor = vendor.to_owned();
        let persona = testing::with_product(&super::super::SERVICE, persona);
        let host = testing::host(&testing::stage(folder.path()), persona, "rtsp", &[]);
        (folder, open(&host, &testing::link(554)))
    }

    fn say(stream: &mut Box<dyn Machine>, start: &str, extra: &str) -> (String, Vec<Action>) {
        let mut out = Out::default();
        stream.step(Input::Bytes(format!("{start} RTSP/1.0\r\nCSeq: 7\r\n{extra}\r\n").as_bytes()), &mut out);
        let actions = out.take();
        (String::from_utf8(testing::sent(&actions)).unwrap(), actions)
    }

    #[test]
    fn a_stream_is_described_to_who_logs_in() {
        for vendor in ["Hikvision", "Dahua", "GeoVision"] {
            let (_folder, mut stream) = camera(vendor);
            let url =
                if vendor == "Dahua" { "rtsp://h/cam/realmonitor?channel=1" } else { "rtsp://h/ch1/main" };
            let (options, _) = say(&mut stream, "OPTIONS *", "");
            assert!(options.starts_with("RTSP/1.0 200 OK\r\nCSeq: 7\r\n") && options.contains("DESCRIBE"));
            let (refused, _) = say(&mut stream, &format!("DESCRIBE {url}"), "");
            assert!(refused.starts_with("RTSP/1.0 401 ") && refused.contains("WWW-Authenticate: Digest"));
            let login = format!("Authorization: Basic {}\r\n", STANDARD.encode("root:toor"));
            let (told, actions) = say(&mut stream, &format!("DESCRIBE {url}"), &login);
            assert!(told.starts_with("RTSP/1.0 200 OK\r\n") && told.contains("m=video 0"), "{told}");
            assert!(actions.iter().any(|action| matches!(action, Action::Record(Kind::AuthAttempt, _))));
            let (length, body) =
                (told.split("Content-Length: ").nth(1).unwrap(), told.split("\r\n\r\n").nth(1).unwrap());
            assert!(length.starts_with(&body.len().to_string()));
            let way = format!("{login}Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
            let (set, _) = say(&mut stream, &format!("SETUP {url}/trackID=1"), &way);
            let session = set.split("Session: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
            let session = format!("{login}Session: {session}\r\n");
            assert!(say(&mut stream, &format!("PLAY {url}"), &session).0.starts_with("RTSP/1.0 200 "));
            assert!(say(&mut stream, &format!("PLAY {url}"), &login).0.starts_with("RTSP/1.0 454 "));
            assert!(say(&mut stream, &format!("TEARDOWN {url}"), &session).0.starts_with("RTSP/1.0 200 "));
            let (unknown, _) = say(&mut stream, "DESCRIBE rtsp://h/nothing", &login);
            assert!(unknown.starts_with("RTSP/1.0 404 "), "{unknown}");
        }
    }
}
