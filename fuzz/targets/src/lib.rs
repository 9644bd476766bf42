//! One function per parser that takes any bytes and must neither panic nor use unbounded memory or time.
//!
//! cargo-fuzz runs them through `fuzz/fuzz_targets`; `tests/replay.rs` runs the corpora in `fuzz/corpus`
//! and random changes of them on a stable compiler.

mod frames;
mod session;

use decnet_analysis::jarm::{Answer, Jarm};
use decnet_plan::ini::{TEXT_LIMIT, deploy, host};
use netsvc_fingerprint::{Carrier, ClientHello};
use netsvc_kit::testing::{converse, link};
use netsvc_proto::{services, testing};
use netsvc_shell::{Terminal, text};
use std::collections::BTreeSet;

/// A name and what it runs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("wire", wire),
    ("ssh_kexinit", ssh_kexinit),
    ("ssh_packets", ssh_packets),
    ("ssh_session", ssh_session),
    ("sftp", sftp),
    ("scp", scp),
    ("telnet", telnet),
    ("http", http),
    ("ftp", ftp),
    ("smtp", smtp),
    ("redis", redis),
    ("mysql", mysql),
    ("shell", shell),
    ("shell_terminal", shell_terminal),
    ("ini", ini),
    ("face", face),
    ("frames", frames),
    ("questions", questions),
    ("jarm", jarm),
    ("client_hello", client_hello),
];

/// A line of the event log.
pub fn wire(bytes: &[u8]) {
    if let Ok(record) = netsvc_wire::parse(bytes) {
        assert!(bytes.len() >= record.fields.len(), "more fields than bytes");
    }
}

/// The payload of a KEXINIT.
pub fn ssh_kexinit(bytes: &[u8]) {
    if let Ok(offer) = netsvc_ssh::Offer::parse(bytes) {
        let _ = offer.hassh_text();
    }
}

/// A whole connection up to the keys: identification and packets in clear.
pub fn ssh_packets(bytes: &[u8]) {
    session::over_network(&services::ssh::SERVICE, bytes);
}

/// Authentication, channels, requests and programs: each message is a length of two bytes and a payload.
pub fn ssh_session(bytes: &[u8]) {
    let mut stream = Vec::new();
    for payload in session::pieces(bytes) {
        stream.extend(netsvc_ssh::testing::packet(payload));
    }
    session::ssh(&stream);
}

/// The sftp subsystem of a session that was let in: messages as in [`ssh_session`].
pub fn sftp(bytes: &[u8]) {
    let mut data = Vec::new();
    for message in session::pieces(bytes) {
        data.extend(u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
        data.extend_from_slice(message);
    }
    session::ssh(&session::program("subsystem", b"sftp", &data));
}

/// `scp -t` with what a client sends.
pub fn scp(bytes: &[u8]) {
    session::ssh(&session::program("exec", b"scp -r -p -t /tmp", bytes));
}

/// Options of Telnet, and a login with a session.
pub fn telnet(bytes: &[u8]) {
    let _ = testing::telnet_options(bytes);
    session::over_network(&services::telnet::SERVICE, bytes);
}

/// Requests on one connection.
pub fn http(bytes: &[u8]) {
    machine(&services::http::SERVICE, bytes);
}

/// A control connection.
pub fn ftp(bytes: &[u8]) {
    session::over_network(&services::ftp::SERVICE, bytes);
}

/// A mail dialogue.
pub fn smtp(bytes: &[u8]) {
    machine(&services::smtp::SERVICE, bytes);
}

/// Commands in RESP or inline.
pub fn redis(bytes: &[u8]) {
    machine(&services::redis::SERVICE, bytes);
}

/// Packets of a client.
pub fn mysql(bytes: &[u8]) {
    machine(&services::mysql::SERVICE, bytes);
}

/// A command line.
pub fn shell(bytes: &[u8]) {
    let outcome = session::shell().exec(&text::decode(bytes), Some(b"a line\n"));
    let written: usize = outcome.chunks.iter().map(|chunk| chunk.bytes.len()).sum();
    assert!(written <= 64 << 20, "a line of {} bytes wrote {written}", bytes.len());
}

/// What is typed at a terminal.
pub fn shell_terminal(bytes: &[u8]) {
    let mut terminal = Terminal::new(session::shell());
    let mut now = session::NOW;
    let _ = terminal.start(now);
    for piece in bytes.chunks(64) {
        let mut output = terminal.input(piece, now);
        for _ in 0..64 {
            let Some(due) = output.wake_at else { break };
            now = now.max(due);
            output = terminal.poll(now);
        }
        if output.closed {
            return;
        }
    }
    let _ = terminal.hangup();
}

/// A deployment INI and a host INI.
pub fn ini(bytes: &[u8]) {
    let options = deploy::Options {
        runtime: None,
        network: None,
        skipped: 0,
        taken: BTreeSet::new(),
        faces: &decnet_model::nmap::ABSENT,
        limit: TEXT_LIMIT,
    };
    if let Err(errors) = deploy::fleet("f.ini", bytes, &options) {
        assert!(!errors.is_empty(), "refused without a reason");
    }
    let _ = host::values("f.ini", bytes, &[("api.port", "DECNET_WEB_PORT")]);
}

/// A face as text, which a persona may carry.
pub fn face(bytes: &[u8]) {
    let _ = text::decode(bytes).parse::<netsvc_stack::Face>();
}

/// Frames that reach the gate.
pub fn frames(bytes: &[u8]) {
    frames::receive(bytes);
}

/// Questions for names, devices and services that go to everybody on the segment, or to one node.
pub fn questions(bytes: &[u8]) {
    frames::questions(bytes);
}

/// The first record of a TLS server, which [`Jarm`] judges.
pub fn jarm(bytes: &[u8]) {
    let answer = Answer::read(bytes);
    let jarm = Jarm(vec![answer; 10]);
    assert_eq!(jarm.hash().len(), 62, "{}", jarm.words());
}

/// Feeds a machine whole, and in two pieces, which must come to the same.
fn machine(def: &netsvc_kit::Def, bytes: &[u8]) {
    let port = def.ports.first().map_or(0, |port| port.number);
    let (left, right) = bytes.split_at(bytes.len() / 2);
    converse(def, &session::host(def.slug), &link(port), &[bytes]);
    converse(def, &session::host(def.slug), &link(port), &[left, right]);
}

/// The first bytes of a TLS client.
pub fn client_hello(bytes: &[u8]) {
    for hello in [ClientHello::read(bytes), ClientHello::message(bytes)].into_iter().flatten() {
        assert!(hello.ciphers.len() + hello.extensions.len() <= bytes.len(), "more values than bytes");
        let _ = (hello.ja3(), hello.ja4(Carrier::Tcp));
    }
}
