//! Recorded conversations: what a peer sends, what it gets, what is recorded.
//!
//! A file in `tests/it/<slug>/` has lines of these kinds; text has the escapes `\r`, `\n`, `\t`, `\0`,
//! `\\` and `\xHH`:
//!
//! ```text
//! # a comment
//! @ product=Postfix version=3.7.11 packaging=Debian/GNU family=linux port=25
//! @ system=synology vendor=Synology model=DS1515+
//! @ set KEY=VALUE
//! > sent to the service
//! < received from it; {*} stands for anything
//! = starttls
//! = close
//! ! auth_attempt principal="bob" outcome="rejected"
//! ```
//!
//! What stands after a `>` up to the next is all that the service sends for it. Events must occur in the
//! order of the `!` lines, with others between. With `UPDATE=1` the `<` lines are written anew, where
//! they differ; look at the difference before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends here"
)]

use netsvc_kit::{
    Action, Def, Host, Input, Machine, Out, Serve, Session,
    testing::{host, link, persona, records, stage},
};
use netsvc_persona::{Persona, Product};
use netsvc_wire::{Kind, Meaning};
use std::{fmt::Write, fs, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Something that a step ends with besides bytes.
const END: [&str; 2] = ["starttls", "close"];

/// One `>` with what follows it; the first has nothing to send.
#[derive(Debug, Default)]
struct Step {
    send: Option<Vec<u8>>,
    receive: Vec<u8>,
    end: Option<String>,
}

/// An expected event: its kind and some of its fields.
type Expected = (String, Vec<(String, String)>);

/// A transcript.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    product: Option<Product>,
    family: Option<String>,
    system: Option<String>,
    /// Maker and model of the machine.
    vendor: Option<String>,
    model: Option<String>,
    pub(crate) port: u16,
    settings: Vec<(String, String)>,
    steps: Vec<Step>,
    events: Vec<Expected>,
}

impl Transcript {
    /// Nothing but the port.
    pub(crate) fn at(port: u16) -> Self {
        Transcript { port, ..Transcript::default() }
    }
}

/// Checks all transcripts of the service.
pub(crate) fn check_all(def: &'static Def) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(def.slug);
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|end| end == "txt"));
    names.sort();
    assert!(!names.is_empty(), "no transcripts in {}", folder.display());
    for name in names {
        check(def, &name);
    }
}

fn check(def: &'static Def, path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let transcript = parse(&text);
    let folder = tempfile::tempdir().unwrap();
    let host = open(def, &transcript, folder.path());
    let (received, mut events) = match def.serve {
        Serve::Machine(open) => play_machine(open, &host, &transcript),
        Serve::Task(_) => play_task(def, &host, &transcript),
        other => panic!("{other:?} has no transcripts"),
    };
    if events.is_empty() {
        events = records(folder.path())
            .iter()
            .map(|record| {
                let fields = record.fields.iter().map(|(name, value)| (name.to_string(), lossy(value)));
                (record.kind.to_string(), fields.collect())
            })
            .collect();
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, updated(&text, &transcript, &received)).unwrap();
        return;
    }
    for (number, (step, (bytes, end))) in transcript.steps.iter().zip(&received).enumerate() {
        let sent = step.send.as_deref().map(escape).unwrap_or_default();
        let at = format!("{} step {number} > {sent}", path.display());
        assert!(
            fits(&step.receive, bytes),
            "{at}\n  wanted {}\n  got    {}",
            escape(&step.receive),
            escape(bytes)
        );
        assert_eq!(&step.end, end, "{at}");
    }
    assert_eq!(transcript.steps.len(), received.len(), "{} ends early", path.display());
    for (name, fields) in &events {
        let kind = Kind::from_name(name).unwrap();
        let misfits = fields.iter().filter_map(|(name, value)| kind.misfit(name, value.as_bytes()));
        assert_eq!(misfits.collect::<Vec<_>>(), Vec::<String>::new(), "{}", path.display());
        let known = kind.meaning() == Meaning::Own || def.declares(kind);
        assert!(known, "{} does not declare {name}", def.slug);
    }
    let mut rest = events.iter();
    for wanted in &transcript.events {
        assert!(rest.any(|event| occurs(wanted, event)), "{}: no {wanted:?} in {events:#?}", path.display());
    }
}

pub(crate) fn open(def: &Def, transcript: &Transcript, folder: &Path) -> Arc<Host> {
    let mut persona: Persona = persona("web-01");
    persona.passive_ports = (41_000, 49_000);
    if let Some(product) = &transcript.product {
        persona.products.insert(def.slug.to_owned(), product.clone());
    }
    if let Some(system) = &transcript.system {
        persona.os.id.clone_from(system);
    }
    if let Some(family) = &transcript.family {
        persona.os.family.clone_from(family);
    }
    if let Some(vendor) = &transcript.vendor {
        persona.hardware.vendor.clone_from(vendor);
    }
    if let Some(model) = &transcript.model {
        persona.hardware.product.clone_from(model);
    }
    let settings: Vec<(&str, &str)> =
        transcript.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    host(&stage(folder), persona, def.slug, &settings)
}

type Played = (Vec<(Vec<u8>, Option<String>)>, Vec<Expected>);

fn play_machine(
    open: fn(&Arc<Host>, &netsvc_kit::Link) -> Box<dyn Machine>,
    host: &Arc<Host>,
    transcript: &Transcript,
) -> Played {
    let mut machine = open(host, &link(transcript.port));
    let mut out = Out::default();
    let (mut received, mut events) = (Vec::new(), Vec::new());
    for step in &transcript.steps {
        match &step.send {
            Some(bytes) => machine.step(Input::Bytes(bytes), &mut out),
            None => machine.step(Input::Open, &mut out),
        }
        let (mut bytes, mut end) = (Vec::new(), None);
        for action in out.take() {
            match action {
                Action::Send(more) | Action::Datagram(more) => bytes.extend(more),
                Action::Wait(_) | Action::OwnPort => {}
                Action::Record(kind, fields) | Action::Capture(kind, fields, _) => {
                    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), lossy(value)));
                    events.push((kind.name().to_owned(), fields.collect()));
                }
                Action::StartTls(_) => end = Some("starttls".to_owned()),
                Action::Close => end = Some("close".to_owned()),
            }
        }
        if end.as_deref() == Some("starttls") {
            machine.step(Input::Open, &mut out);
        }
        let closed = end.as_deref() == Some("close");
        received.push((bytes, end));
        if closed {
            break;
        }
    }
    (received, events)
}

fn play_task(def: &'static Def, host: &Arc<Host>, transcript: &Transcript) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let received = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, from) = listener.accept().await.unwrap();
        let mut link = link(transcript.port);
        (link.peer, link.local) = (from, stream.local_addr().unwrap());
        let session = Session::begin(stream, host.clone(), link, def.idle, None);
        let Serve::Task(task) = def.serve else { unreachable!() };
        let serving = tokio::spawn(task(session));
        let mut received = Vec::new();
        for step in &transcript.steps {
            if let Some(bytes) = &step.send {
                peer.write_all(bytes).await.unwrap();
            }
            received.push(read_step(&mut peer, step).await);
        }
        drop(peer);
        let _ = serving.await;
        received
    });
    (received, Vec::new())
}

/// Reads until what came is what was expected, the peer closes, or nothing more comes.
async fn read_step(peer: &mut TcpStream, step: &Step) -> (Vec<u8>, Option<String>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let closes = step.end.as_deref() == Some("close");
    while closes || !fits(&step.receive, &bytes) {
        match tokio::time::timeout(Duration::from_secs(3), peer.read(&mut piece)).await {
            Ok(Ok(0)) => return (bytes, Some("close".to_owned())),
            Ok(Ok(count)) => bytes.extend_from_slice(&piece[..count]),
            _ => break,
        }
    }
    (bytes, None)
}

fn parse(text: &str) -> Transcript {
    let mut transcript = Transcript::at(80);
    transcript.steps.push(Step::default());
    for line in text.lines() {
        let (mark, rest) = line.split_at_checked(2).unwrap_or((line, ""));
        let step = transcript.steps.last_mut().unwrap();
        match mark.trim() {
            ">" => transcript.steps.push(Step { send: Some(unescape(rest)), ..Step::default() }),
            "<" => step.receive.extend(unescape(rest)),
            "=" => {
                assert!(END.contains(&rest), "unknown end {rest}");
                step.end = Some(rest.to_owned());
            }
            "!" => transcript.events.push(parse_event(rest)),
            "@" => parse_setup(rest, &mut transcript),
            "#" | "" => {}
            other => panic!("a line begins with {other:?}"),
        }
    }
    transcript
}

pub(crate) fn parse_setup(rest: &str, transcript: &mut Transcript) {
    if let Some((key, value)) = rest.strip_prefix("set ").and_then(|pair| pair.split_once('=')) {
        transcript.settings.push((key.to_owned(), value.to_owned()));
        return;
    }
    let mut product = Product { name: String::new(), version: String::new(), packaging: String::new() };
    for pair in rest.split(' ') {
        let (key, value) = pair.split_once('=').unwrap();
        let value = value.replace('_', " ");
        match key {
            "product" => product.name = value,
            "version" => product.version = value,
            "packaging" => product.packaging = value,
            "family" => transcript.family = Some(value),
            "system" => transcript.system = Some(value.replace(' ', "_")),
            "vendor" => transcript.vendor = Some(value),
            "model" => transcript.model = Some(value),
            "port" => transcript.port = value.parse().unwrap(),
            other => panic!("unknown set-up {other:?}"),
        }
    }
    if !product.name.is_empty() {
        transcript.product = Some(product);
    }
}

fn parse_event(text: &str) -> Expected {
    let (kind, mut rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut fields = Vec::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        fields.push((name.trim().to_owned(), String::from_utf8_lossy(&unescape(value)).into_owned()));
        rest = after;
    }
    (kind.to_owned(), fields)
}

fn occurs(wanted: &Expected, event: &Expected) -> bool {
    let has = |(name, value): &(String, String)| {
        event.1.iter().any(|(known, found)| known == name && fits(value.as_bytes(), found.as_bytes()))
    };
    wanted.0 == event.0 && wanted.1.iter().all(has)
}

/// Whether `bytes` is `pattern`, in which `{*}` stands for anything.
fn fits(pattern: &[u8], bytes: &[u8]) -> bool {
    let text: Vec<&[u8]> = split(pattern);
    let mut rest = bytes;
    for (index, piece) in text.iter().enumerate() {
        let last = index + 1 == text.len();
        if index == 0 {
            match rest.strip_prefix(*piece) {
                Some(after) => rest = after,
                None => return false,
            }
            if last {
                return rest.is_empty();
            }
        } else if last {
            return rest.ends_with(piece);
        } else {
            match rest.windows(piece.len()).position(|window| window == *piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
    }
    rest.is_empty()
}

fn split(pattern: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.windows(3).position(|window| window == b"{*}") {
        pieces.push(&rest[..at]);
        rest = &rest[at + 3..];
    }
    pieces.push(rest);
    pieces
}

fn updated(text: &str, transcript: &Transcript, received: &[(Vec<u8>, Option<String>)]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut number = 0;
    let flush = |number: usize, lines: &mut Vec<String>| {
        let Some((bytes, end)) = received.get(number) else { return };
        let step = &transcript.steps[number];
        let shown = if fits(&step.receive, bytes) { &step.receive } else { bytes };
        for line in shown.split_inclusive(|&byte| byte == b'\n') {
            lines.push(format!("< {}", escape(line)));
        }
        lines.extend(end.iter().map(|end| format!("= {end}")));
    };
    let mut begun = false;
    for line in text.lines() {
        match line.get(..1) {
            Some("<" | "=") => {}
            Some(">") => {
                flush(number, &mut lines);
                number += usize::from(begun) + usize::from(!begun);
                begun = true;
                lines.push(line.to_owned());
            }
            Some("!") if number < transcript.steps.len() => {
                flush(number, &mut lines);
                number = transcript.steps.len();
                lines.push(line.to_owned());
            }
            _ => lines.push(line.to_owned()),
        }
    }
    flush(number, &mut lines);
    lines.join("\n") + "\n"
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(byte)),
            other => write!(text, "\\x{other:02x}").unwrap(),
        }
    }
    text
}

pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'r') => bytes.push(b'\r'),
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'0') => bytes.push(0),
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            other => bytes.extend(other),
        }
    }
    bytes
}
