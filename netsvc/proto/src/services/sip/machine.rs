//! What one peer says, over datagrams or a connection.

use super::{
    call::{Call, send},
    message::{BODY, HEAD, Malformed, Request, parameter},
    switchboard::{Switchboard, Verdict},
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    sync::Arc,
    task::{Context, Poll},
};

/// Calls of a peer that are set up at a time.
const CALLS: usize = 8;
/// Most bytes of headers and bodies that an event has.
const SHOWN: usize = 4096;
/// Longest answer: what a path takes whole, without the headers of IPv4 and UDP.
const LONGEST_ANSWER: usize = 1472;
const ALLOW: &str = "OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, \
    PRACK, INFO, MESSAGE, REFER";

/// The conversation with a peer.
struct Talk {
    host: Arc<Host>,
    link: Link,
    board: Arc<Switchboard>,
    datagrams: bool,
    calls: Vec<Call>,
}

impl Talk {
    fn new(host: &Arc<Host>, link: &Link, datagrams: bool) -> Self {
        let board = host.node.shared(|| Switchboard::of(host));
        Talk { host: host.clone(), link: *link, board, datagrams, calls: Vec::new() }
    }

    fn take(&mut self, request: &Request, out: &mut Out) {
        let caller = Request::user_of(request.field("from").unwrap_or_default());
        let mut fields = vec![
            (field::METHOD, request.method.clone().into_bytes()),
            (field::TARGET, request.uri.clone().into_bytes()),
            (field::PRINCIPAL, caller.as_bytes().to_vec()),
            (field::USER_AGENT, request.field("user-agent").unwrap_or_default().as_bytes().to_vec()),
            (field::HEADERS, request.lines().into_bytes()),
        ];
        if !request.body.is_empty() {
            fields.push((field::DATA, request.body.clone()));
        }
        for (_, value) in &mut fields {
            value.truncate(SHOWN);
        }
        out.record(Kind::Request, fields);
        if request.method == "ACK" || !request.is_whole() {
            // An acknowledgement is not answered, and what has no way back cannot be.
            return;
        }
        match request.method.as_str() {
            "OPTIONS" => {
                let extra = format!(
                    "Accept: application/dialog-info+xml, application/simple-message-summary, \
                     application/pidf+xml, \
                     application/sdp, message/sipfrag;version=2.0\r\nAllow: {ALLOW}\r\nSupported: 100rel, \
                     timer, \
                     replaces, norefersub\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n"
                );
                self.answer(request, "200 OK", &extra, out);
            }
            "REGISTER" => self.register(request, out),
            "INVITE" => self.invite(request, out),
            "CANCEL" => self.cancel(request, out),
            "BYE" | "UPDATE" | "INFO" | "PRACK" | "NOTIFY" => {
                self.answer(request, "481 Call/Transaction Does Not Exist", "", out);
            }
            "SUBSCRIBE" | "MESSAGE" | "PUBLISH" | "REFER" => self.challenge(request, out),
            _ => {
                let extra = format!("Allow: {ALLOW}\r\n");
                self.answer(request, "405 Method Not Allowed", &extra, out);
            }
        }
    }

    fn register(&mut self, request: &Request, out: &mut Out) {
        let verdict = request.field("authorization").map_or(Verdict::Missing, |field| {
            self.board.judge(&self.host, &self.link, &request.method, field, out)
        });
        if verdict != Verdict::Right {
            return self.challenge(request, out);
        }
        let contact = request.field("contact").unwrap_or_default();
        let address = contact.split('>').next().unwrap_or_default().trim_start_matches('<');
        let named = contact.starts_with('<') && !address.is_empty();
        let bound = if named { format!("Contact: <{address}>;expires=3599\r\n") } else { String::new() };
        let date = crate::date::http(self.host.clock());
        self.answer(request, "200 OK", &format!("Date: {date}\r\n{bound}Expires: 3600\r\n"), out);
    }

    fn challenge(&self, request: &Request, out: &mut Out) {
        let field = format!("WWW-Authenticate: {}\r\n", self.board.challenge(&self.host, &self.link));
        self.answer(request, "401 Unauthorized", &field, out);
    }

    /// Guests may call; nobody picks up.
    fn invite(&mut self, request: &Request, out: &mut Out) {
        if let Some(field) = request.field("authorization").or_else(|| request.field("proxy-authorization")) {
            self.board.judge(&self.host, &self.link, &request.method, field, out);
        }
        let id = identity(request);
        self.answer(request, "100 Trying", "", out);
        let ringing = |call: &Call| call.id == id;
        if self.calls.iter().any(ringing) {
            return;
        }
        if CALLS <= self.calls.len() {
            return self.answer(request, "503 Service Unavailable", "", out);
        }
        let contact =
            format!("Contact: <sip:{}:{}>\r\nAllow: {ALLOW}\r\n", self.link.local.ip(), self.link.port);
        let calls = [
            self.message(request, "180 Ringing", &contact),
            self.message(request, "486 Busy Here", "Reason: Q.850;cause=17\r\n"),
            self.message(request, "487 Request Terminated", ""),
        ];
        let [ringing, busy, cancelled] = calls;
        self.calls.push(Call::new(id, ringing, busy, cancelled));
    }

    fn cancel(&mut self, request: &Request, out: &mut Out) {
        let id = identity(request);
        let Some(place) = self.calls.iter().position(|call| call.id == id) else {
            return self.answer(request, "481 Call/Transaction Does Not Exist", "", out);
        };
        self.answer(request, "200 OK", "", out);
        send(self.calls.swap_remove(place).cancelled, self.datagrams, out);
    }

    fn answer(&self, request: &Request, status: &str, extra: &str, out: &mut Out) {
        let mut message = self.message(request, status, extra);
        if self.datagrams && LONGEST_ANSWER < message.len() {
            // Nobody's ways back are so many.
            message = self.message(request, "513 Message Too Large", "");
            message.truncate(LONGEST_ANSWER);
        }
        send(message, self.datagrams, out);
    }

    /// A response as PJSIP writes it: the way back, who and what, then its own.
    fn message(&self, request: &Request, status: &str, extra: &str) -> Vec<u8> {
        let mut text = format!("SIP/2.0 {status}\r\n");
        let (peer, port) = (self.link.peer.ip(), self.link.peer.port());
        for (index, via) in request.all("via").enumerate() {
            if index == 0 {
                text.push_str(&format!("Via: {}\r\n", way_back(via, &peer.to_string(), port)));
            } else {
                text.push_str(&format!("Via: {via}\r\n"));
            }
        }
        let get = |name: &str| request.field(name).unwrap_or_default();
        let (from, to) = (bracketed(get("from")), bracketed(get("to")));
        let branch = parameter(get("via"), "branch").unwrap_or("z9hG4bK");
        let tagged = status.starts_with("100") || parameter(&to, "tag").is_some();
        let tag = if tagged { String::new() } else { format!(";tag={branch}") };
        text.push_str(&format!(
            "Call-ID: {}\r\nFrom: {from}\r\nTo: {to}{tag}\r\nCSeq: {}\r\n{extra}Server: {}\r\nContent-Length:  \
             0\r\n\r\n",
            get("call-id"),
            get("cseq"),
            self.board.server
        ));
        text.into_bytes()
    }

    fn malformed(reason: Malformed, bytes: &[u8], out: &mut Out) {
        let data = bytes.get(..256).unwrap_or(bytes).to_vec();
        out.record(
            Kind::Malformed,
            vec![(field::REASON, reason.to_string().into_bytes()), (field::DATA, data)],
        );
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let due = self.calls.iter_mut().any(|call| call.poll(context).is_ready());
        if due { Poll::Ready(()) } else { Poll::Pending }
    }

    fn go_on(&mut self, out: &mut Out) {
        let datagrams = self.datagrams;
        self.calls.retain_mut(|call| call.go_on(datagrams, out));
    }
}

/// What a call and its cancellation have in common.
fn identity(request: &Request) -> (String, String) {
    let get = |name: &str| request.field(name).unwrap_or_default();
    let number = get("cseq").split_whitespace().next().unwrap_or_default();
    (get("call-id").to_owned(), number.to_owned())
}

/// A sender or a receiver, whose address PJSIP writes in brackets however it came.
fn bracketed(value: &str) -> String {
    if value.contains('<') {
        return value.to_owned();
    }
    let (address, parameters) =
        value.split_at_checked(value.find(';').unwrap_or(value.len())).unwrap_or((value, ""));
    format!("<{}>{parameters}", address.trim_end())
}

/// A way back with what the peer could not know of itself (RFC 3261, 18.2.1; RFC 3581).
fn way_back(via: &str, peer: &str, port: u16) -> String {
    let mut parts = via.split(';');
    let mut out = parts.next().unwrap_or_default().trim().to_owned();
    let rport = parameter(via, "rport").is_some();
    let sent_by = out.rsplit(' ').next().unwrap_or_default();
    let known = sent_by.split(':').next() == Some(peer);
    if rport {
        out.push_str(&format!(";rport={port}"));
    }
    if rport || !known {
        out.push_str(&format!(";received={peer}"));
    }
    for part in
        parts.map(str::trim).filter(|part| !part.starts_with("rport") && !part.starts_with("received"))
    {
        out.push(';');
        out.push_str(part);
    }
    out
}

/// Over datagrams, one message each.
pub(super) struct Datagrams(Talk);

impl Datagrams {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Datagrams(Talk::new(host, link, true))
    }
}

impl Machine for Datagrams {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(datagram) = input else { return };
        // Phones keep their way open by empty lines.
        if datagram.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let end = datagram.windows(4).take(HEAD).position(|window| window == b"\r\n\r\n");
        let (head, body) = end.map_or((datagram, &[][..]), |end| {
            (datagram.get(..end).unwrap_or_default(), datagram.get(end + 4..).unwrap_or_default())
        });
        match Request::read(head.get(..HEAD).unwrap_or(head)) {
            Ok(mut request) => {
                let length = request.length().unwrap_or(body.len()).min(body.len()).min(BODY);
                request.body = body.get(..length).unwrap_or_default().to_vec();
                self.0.take(&request, out);
            }
            Err(reason) => Talk::malformed(reason, datagram, out),
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }

    fn woken(&mut self, out: &mut Out) {
        self.0.go_on(out);
    }
}

/// Over a connection: messages one after the other.
pub(super) struct Stream {
    talk: Talk,
    reader: Gathered,
    /// A request whose body has not come yet, and its length.
    waiting: Option<(Request, usize)>,
}

impl Stream {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Stream { talk: Talk::new(host, link, false), reader: Gathered::new(HEAD + BODY), waiting: None }
    }

    /// Takes one message; false when more bytes are needed for it.
    fn turn(&mut self, out: &mut Out) -> bool {
        if let Some((mut request, length)) = self.waiting.take() {
            if self.reader.len() < length {
                self.waiting = Some((request, length));
                return false;
            }
            request.body = self.reader.take(length);
            self.talk.take(&request, out);
            return true;
        }
        while self.reader.bytes().starts_with(b"\r\n") {
            self.reader.skip(2);
        }
        let Some(end) = self.reader.find(b"\r\n\r\n") else {
            if HEAD < self.reader.len() {
                self.close(Malformed::Fields, out);
            }
            return false;
        };
        let head = self.reader.take(end + 4);
        match Request::read(head.get(..end).unwrap_or_default()) {
            Ok(request) => match request.length().unwrap_or(0) {
                length if length <= BODY => self.waiting = Some((request, length)),
                _ => {
                    self.close(Malformed::Fields, out);
                    return false;
                }
            },
            Err(Malformed::Response) => {}
            Err(reason) => {
                Talk::malformed(reason, &head, out);
                out.close();
                return false;
            }
        }
        true
    }

    fn close(&mut self, reason: Malformed, out: &mut Out) {
        Talk::malformed(reason, self.reader.bytes(), out);
        out.close();
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(bytes) => {
                if self.reader.push(bytes).is_err() {
                    return self.close(Malformed::Fields, out);
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.talk.poll(context)
    }

    fn woken(&mut self, out: &mut Out) {
        self.talk.go_on(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::{Digest, Md5};
    use netsvc_kit::{Action, testing};

    fn peer() -> (tempfile::TempDir, Datagrams) {
        let folder = tempfile::tempdir().unwrap();
        let persona = testing::persona_with(&super::super::SERVICE, "pbx-01");
        let host = testing::host(&testing::stage(folder.path()), persona, "sip", &[]);
        (folder, Datagrams::new(&host, &testing::link(5060)))
    }

    fn said(peer: &mut Datagrams, start: &str, extra: &str) -> (String, Vec<Action>) {
        let number = start.len();
        let method = start.split(' ').next().unwrap();
        let text = format!(
            "{start} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bKx;rport\r\nFrom: \
             <sip:100@h>;tag=1\r\n\
             To: <sip:100@h>\r\nCall-ID: a\r\nCSeq: {number} {method}\r\n{extra}\r\n"
        );
        let mut out = Out::default();
        peer.step(Input::Bytes(text.as_bytes()), &mut out);
        let actions = out.take();
        (String::from_utf8(testing::sent(&actions)).unwrap(), actions)
    }

    #[test]
    fn what_the_peer_cannot_know_of_itself_comes_back() {
        let (_folder, mut peer) = peer();
        let (answer, _) = said(&mut peer, "OPTIONS sip:h", "");
        let lines: Vec<_> = answer.lines().collect();
        assert_eq!(lines[0], "SIP/2.0 200 OK");
        assert_eq!(lines[1], "Via: SIP/2.0/UDP 10.0.0.9:5062;rport=40000;received=192.0.2.7;branch=z9hG4bKx");
        assert!(
            answer.contains("To: <sip:100@h>;tag=z9hG4bKx\r\n") && answer.contains("CSeq: 13 OPTIONS\r\n")
        );
        assert!(
            answer.contains("Server: FPBX-17") && answer.ends_with("Content-Length:  0\r\n\r\n"),
            "{answer}"
        );
    }

    #[test]
    fn addresses_are_answered_in_brackets() {
        for (came, answered) in [
            ("sip:a@h;tag=1", "<sip:a@h>;tag=1"),
            ("sip:a@h", "<sip:a@h>"),
            ("<sip:a@h;x=y>;tag=1", "<sip:a@h;x=y>;tag=1"),
            ("\"A\" <sip:a@h>", "\"A\" <sip:a@h>"),
            ("", "<>"),
        ] {
            assert_eq!(bracketed(came), answered);
        }
    }

    #[test]
    fn an_extension_with_itself_for_a_password_registers_and_every_digest_is_kept() {
        let (_folder, mut peer) = peer();
        let hash = |text: String| hex::encode(Md5::digest(text));
        for (user, password, answered) in
            [(0, "x", "401 "), (0, "", "200 "), (1, "", "200 "), (5, "", "401 ")]
        {
            let (challenge, _) = said(&mut peer, "REGISTER sip:h", "");
            let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
            let first = peer.0.board.first_extension() + user;
            let password = if password.is_empty() { first.to_string() } else { password.to_owned() };
            let ha1 = hash(format!("{first}:asterisk:{password}"));
            let response = hash(format!("{ha1}:{nonce}:{}", hash("REGISTER:sip:h".to_owned())));
            let field = format!(
                "Authorization: Digest username=\"{first}\", realm=\"asterisk\", nonce=\"{nonce}\", \
                 uri=\"sip:h\", \
                 response=\"{response}\"\r\n"
            );
            let (answer, actions) = said(&mut peer, "REGISTER sip:h", &field);
            assert!(answer.starts_with(&format!("SIP/2.0 {answered}")), "{answer}");
            let kept = actions.iter().any(|action| {
                matches!(action, Action::Record(Kind::AuthAttempt, fields)
                    if fields.iter().any(|(name, value)| *name == field::CRACK_LINE && value.starts_with(b"$sip$*")))
            });
            assert!(kept);
        }
    }

    #[tokio::test]
    async fn a_call_rings_until_it_is_cancelled() {
        let (_folder, mut peer) = peer();
        let (answer, _) = said(&mut peer, "INVITE sip:9011@h", "");
        assert!(answer.starts_with("SIP/2.0 100 "), "{answer}");
        std::future::poll_fn(|context| peer.poll_woken(context)).await;
        let mut out = Out::default();
        peer.woken(&mut out);
        let rung = String::from_utf8(testing::sent(&out.take())).unwrap();
        assert!(rung.starts_with("SIP/2.0 180 Ringing\r\n"), "{rung}");
        let (answer, _) = said(&mut peer, "CANCEL sip:9011@h", "");
        assert!(answer.starts_with("SIP/2.0 200 ") && answer.contains("SIP/2.0 487 "), "{answer}");
    }
}
