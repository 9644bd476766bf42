//! One function per parser that takes any bytes and must neither panic nor use unbounded memory or time.
//!
//! cargo-fuzz runs them through `fuzz/fuzz_targets`; `tests/replay.rs` runs the corpora in `fuzz/corpus`
//! and random changes of them on a stable compiler.

mod frames;
mod intel;
mod release;
mod sensors;
mod session;
mod topology;

use decnet_analysis::jarm::{Answer, Jarm};
use decnet_plan::ini::{TEXT_LIMIT, deploy, host};
use netsvc_fingerprint::{Carrier, ClientHello};
use netsvc_kit::Def;
use netsvc_proto::{services, testing};
use netsvc_shell::{Terminal, text};
use std::collections::BTreeSet;

/// A name and what it runs.
#[derive(Clone, Copy)]
pub struct Target {
    /// Name: of its folder in `corpus` too.
    pub name: &'static str,
    run: Run,
}

#[derive(Clone, Copy)]
enum Run {
    Parser(fn(&[u8])),
    Service(&'static Def),
}

impl Target {
    /// Runs it on `bytes`.
    pub fn run(&self, bytes: &[u8]) {
        match self.run {
            Run::Parser(parser) => parser(bytes),
            Run::Service(def) => session::service(def, bytes),
        }
    }

    /// Whether it is a service, which needs no file here: it declares what is said to it.
    pub fn is_service(&self) -> bool {
        matches!(self.run, Run::Service(_))
    }

    /// What a service declares that peers say to it.
    pub fn declared(&self) -> Vec<Vec<u8>> {
        match self.run {
            Run::Parser(_) => Vec::new(),
            Run::Service(def) => netsvc_kit::testing::dialogues(def),
        }
    }
}

/// Every target: the parsers, and each service.
pub fn targets() -> impl Iterator<Item = Target> {
    let parsers = PARSERS.iter().map(|(name, parser)| Target { name, run: Run::Parser(*parser) });
    parsers.chain(netsvc_catalogue::ALL.iter().map(|def| Target { name: def.slug, run: Run::Service(def) }))
}

/// Runs the target called `name`; for cargo-fuzz, whose programs know a name.
pub fn run(name: &str, bytes: &[u8]) {
    if let Some(target) = targets().find(|target| target.name == name) {
        target.run(bytes);
    }
}

/// A parser and its name.
type Parser = (&'static str, fn(&[u8]));

const PARSERS: &[Parser] = &[
    ("wire", wire),
    ("release", release::release),
    ("ssh_kexinit", ssh_kexinit),
    ("ssh_packets", ssh_packets),
    ("ssh_session", ssh_session),
    ("sftp", sftp),
    ("scp", scp),
    ("telnet_options", telnet_options),
    ("k8s_streams", k8s_streams),
    ("remote_powershell", remote_powershell),
    ("shell", shell),
    ("shell_terminal", shell_terminal),
    ("ini", ini),
    ("topology", topology::text),
    ("face", face),
    ("frames", frames),
    ("questions", questions),
    ("jarm", jarm),
    ("client_hello", client_hello),
    ("relay", relay),
    ("container_log", container_log),
    ("keystrokes", keystrokes),
    ("certificate", certificate),
    ("canary_http", canary_http),
    ("canary_dns", canary_dns),
    ("survey", survey),
    ("phrasing", phrasing),
    ("intel_networks", intel::networks),
    ("intel_countries", intel::countries),
    ("intel_routes", intel::routes),
    ("intel_list", intel::list),
    ("intel_database", intel::database),
    ("intel_answers", intel::answers),
    ("capture", sensors::capture),
    ("sensor_frames", sensors::frames),
    ("server_hello", sensors::server_hello),
    ("ssh_greeting", sensors::ssh_greeting),
];

/// A request to the pages of canaries.
pub fn canary_http(bytes: &[u8]) {
    use decnet_canary::serve::{book::Book, http};
    if let Ok(request) = http::Request::read(bytes) {
        assert!(request.head <= bytes.len(), "a head is longer than what there is");
        let (noise, fields) = (http::noise_of(&request), http::fields(&request));
        assert!(noise.is_none_or(|noise| !noise.is_empty()) && fields.len() == 6, "{request:?}");
        let answer =
            http::answer(&request, http::subject(&request, &Book::default()).map(|(id, _)| id).as_deref());
        assert!(answer.bytes(0, request.stays(), false).len() < 2048, "an answer is small");
    }
}

/// A question to the name server of canaries.
pub fn canary_dns(bytes: &[u8]) {
    use decnet_canary::serve::dns::{Zone, answer};
    let zone = Zone { name: "z.example".to_owned(), address: Some([192, 0, 2, 1].into()) };
    let done = answer(bytes, &zone);
    assert!(done.answer.is_none_or(|answer| answer.len() <= 512 + bytes.len()), "an answer is small");
}

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
    session::service(&services::ssh::SERVICE, bytes);
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

/// Options of Telnet.
pub fn telnet_options(bytes: &[u8]) {
    let _ = testing::telnet_options(bytes);
}

/// Frames of SPDY as the API of Kubernetes takes them.
pub fn k8s_streams(bytes: &[u8]) {
    assert!(testing::k8s_streams(bytes) <= bytes.len(), "more frames than bytes");
}

/// Fragments of remote PowerShell, and the scripts in them.
pub fn remote_powershell(bytes: &[u8]) {
    netsvc_windows::testing::remote_powershell(bytes);
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

/// A capture of a segment, and what is proposed of it.
pub fn survey(bytes: &[u8]) {
    let mut survey = decnet_learn::Survey::new();
    if let Ok(mut capture) = decnet_sensors::capture::Capture::open(bytes) {
        while let Ok(Some(frame)) = capture.next_frame() {
            survey.add(frame.bytes);
        }
    }
    survey.add(bytes);
    if let Some(proposal) = decnet_learn::propose(&survey, &decnet_learn::Wish::default()) {
        assert!(proposal.deckies.len() <= proposal.free, "more deckies than addresses");
    }
}

/// What a language model says, in place of a text.
pub fn phrasing(bytes: &[u8]) {
    let said = text::decode(bytes);
    let known = "Please restart srv-02 at 9:30.";
    for language in decnet_model::people::Language::ALL {
        if let decnet_people::Spoken::Text(taken) = decnet_people::judged(*language, known, &said) {
            assert!(taken.contains("srv-02") && taken.contains("9:30") && !taken.contains('\n'), "{taken}");
        }
    }
}

/// What an agent sends to the listener and hears from it: frames of RFC 5425, and a token.
pub fn relay(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((message, length))) = decnet_swarm::frame::first(rest) {
        assert!(message.len() < length && length <= rest.len(), "a frame of more than there is");
        let _ = (decnet_swarm::frame::Said::read(message), decnet_swarm::frame::Heard::read(message));
        rest = rest.get(length..).unwrap_or_default();
    }
    let text = text::decode(bytes);
    let _ = (text.parse::<decnet_model::swarm::Token>(), text.parse::<decnet_model::swarm::Identity>());
}

/// A recording of a terminal.
pub fn keystrokes(bytes: &[u8]) {
    if let Some(found) = decnet_analysis::keystroke::keystrokes(bytes) {
        assert!(found.lines <= found.keys && found.features.len() <= 6, "more lines than keys");
        assert!(found.features.iter().all(|one| one.confidence <= 95), "nothing is that sure");
    }
}

/// What a container's program wrote, as Docker's log driver keeps it.
pub fn container_log(bytes: &[u8]) {
    let (mut joiner, mut kept) = (decnet_pipeline::collector::Joiner::default(), 0);
    for line in bytes.split(|&byte| byte == b'\n') {
        joiner.entry(line, &mut |said| kept += said.text.len());
    }
    joiner.flush(None, &mut |said| kept += said.text.len());
    assert!(kept <= bytes.len(), "more text than there is");
}

/// A certificate and a request for one, as DER and as PEM.
pub fn certificate(bytes: &[u8]) {
    let _ = decnet_swarm::authority::Certificate::read(bytes);
    let text = text::decode(bytes);
    let _ =
        (decnet_swarm::authority::Certificate::read_pem(&text), decnet_swarm::authority::request_key(&text));
}

/// The first bytes of a TLS client.
pub fn client_hello(bytes: &[u8]) {
    for hello in [ClientHello::read(bytes), ClientHello::message(bytes)].into_iter().flatten() {
        assert!(hello.ciphers.len() + hello.extensions.len() <= bytes.len(), "more values than bytes");
        let _ = (hello.ja3(), hello.ja4(Carrier::Tcp));
    }
}
