//! One connection: messages off it, commands out of them, answers onto it.

use super::{
    HTTP,
    bson::{Doc, Value, bson},
    commands,
    effort::Effort,
    fault::Fault,
    json,
    login::Login,
    server::{Ask, Server},
    techniques,
    wire::{Call, Compressor, Form, HEAD, Head, KEPT, Wrong},
};
use crate::ransom;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Sleep;

/// Longest text of a command in an event.
const SHOWN: usize = 4096;
/// Longest text of documents that is kept as an artefact.
const ARTEFACT: usize = 1 << 20;
/// Longest wait for a change of the topology (`maxAwaitTimeMS`).
const PATIENCE: i64 = 60_000;
/// Fields of a command that drivers add.
const ADDED: &[&str] = &["lsid", "$clusterTime", "$readPreference", "$db", "apiVersion", "txnNumber"];
/// First byte of a TLS record with a handshake.
const HANDSHAKE: u8 = 0x16;

/// Whether connections are by TLS (`net.tls.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    Off,
    Allowed,
    Required,
}

/// A `hello` that waits for a change, of which there is none.
struct Waiting {
    call: (i32, Form),
    name: String,
    body: Doc,
    /// Whether answers go on without being asked for.
    exhaust: bool,
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    server: Arc<Server>,
    reader: Gathered,
    login: Login,
    number: i32,
    tls: Tls,
    /// Whether bytes are those of a stream inside TLS, or need not be.
    begun: bool,
    /// Bytes of a message that is longer than is kept, and what is left of it.
    swallow: Option<(usize, i32)>,
    told: bool,
    waiting: Option<Waiting>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.end();
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(bytes) => {
                self.server.counts.bytes_in.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                if self.reader.push(bytes).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        let timer = waiting.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(waiting.time)));
        timer.as_mut().poll(context)
    }

    fn woken(&mut self, out: &mut Out) {
        let Some(mut waiting) = self.waiting.take() else { return };
        let (id, form) = waiting.call.clone();
        let call = Call { id, form, body: waiting.body.clone(), sequences: Vec::new() };
        let answer = self.run(&call, &waiting.name, out);
        self.send(&call, &answer, waiting.exhaust, None, out);
        if waiting.exhaust {
            waiting.timer = None;
            self.waiting = Some(waiting);
        }
    }
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link, server: Arc<Server>) -> Self {
        let tls = match host.setting("tls") {
            Some("allow") => Tls::Allowed,
            Some("require") => Tls::Required,
            _ => Tls::Off,
        };
        Connection {
            host: host.clone(),
            link: *link,
            number: server.begin(),
            server,
            reader: Gathered::new(KEPT + HEAD),
            login: Login::default(),
            tls,
            begun: link.tls,
            swallow: None,
            told: false,
            waiting: None,
        }
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        if !self.begun {
            let Some(first) = self.reader.bytes().first() else { return false };
            self.begun = true;
            match (self.tls, *first == HANDSHAKE) {
                (Tls::Off, _) | (Tls::Allowed, false) => {}
                (_, true) => {
                    let early = self.reader.take_all();
                    out.start_tls(early);
                    return false;
                }
                (Tls::Required, false) => {
                    out.record(Kind::Malformed, vec![(field::REASON, b"not inside TLS".to_vec())]);
                    out.close();
                    return false;
                }
            }
        }
        if let Some((left, id)) = self.swallow {
            return self.swallowed(left, id, out);
        }
        let head = match Head::read(self.reader.bytes()) {
            None => return false,
            Some(Ok(head)) => head,
            Some(Err(_)) if self.reader.bytes().starts_with(b"GET ") => {
                out.send(HTTP);
                out.close();
                return false;
            }
            Some(Err(_)) => return self.malformed(Wrong::Malformed, out),
        };
        if KEPT < head.length {
            self.swallow = Some((head.length, head.id));
            return true;
        }
        if self.reader.len() < head.length {
            return false;
        }
        let message = self.reader.take(head.length);
        self.message(head, message.get(HEAD..).unwrap_or_default(), out);
        !self.reader.is_empty()
    }

    fn swallowed(&mut self, left: usize, id: i32, out: &mut Out) -> bool {
        let count = left.min(self.reader.len());
        self.reader.skip(count);
        self.swallow = (count < left).then_some((left - count, id));
        if self.swallow.is_some() {
            return false;
        }
        out.record(Kind::Limited, vec![(field::LIMIT, b"message size".to_vec())]);
        let form = Form::Msg { silent: false, exhaust: false };
        let call = Call { id, form, body: Doc::default(), sequences: Vec::new() };
        self.send(&call, &Fault::full().reply(), false, None, out);
        !self.reader.is_empty()
    }

    fn malformed(&mut self, wrong: Wrong, out: &mut Out) -> bool {
        let bytes = self.reader.bytes();
        let data = bytes.get(..256).unwrap_or(bytes).to_vec();
        let reason: &[u8] = if wrong == Wrong::Unknown { b"operation not served" } else { b"no message" };
        out.record(Kind::Malformed, vec![(field::REASON, reason.to_vec()), (field::DATA, data)]);
        out.close();
        false
    }

    fn message(&mut self, head: Head, body: &[u8], out: &mut Out) {
        let unpacked = match head.unpacked(body) {
            Ok(unpacked) => unpacked,
            Err(wrong) => {
                if wrong == Wrong::Overstated {
                    let data = body.get(..256).unwrap_or(body).to_vec();
                    let technique = b"mongodb-cve-2025-14847".to_vec();
                    out.record(
                        Kind::ExploitAttempt,
                        vec![(field::TECHNIQUE, technique), (field::DATA, data)],
                    );
                }
                self.malformed(wrong, out);
                return;
            }
        };
        let (code, bytes, packed) = match &unpacked {
            Some((code, bytes, packed)) => (*code, bytes.as_slice(), Some(*packed)),
            None => (head.code, body, None),
        };
        match Call::read(head.id, code, bytes) {
            Ok(call) => self.call(&call, packed, out),
            Err(wrong) => {
                self.malformed(wrong, out);
            }
        }
    }

    fn call(&mut self, call: &Call<'_>, packed: Option<Compressor>, out: &mut Out) {
        let name = call.body.0.first().map(|(name, _)| name.clone()).unwrap_or_default();
        self.waiting = None;
        if let Some(waiting) = self.waits(call, &name) {
            self.waiting = Some(waiting);
            return;
        }
        let answer = match &call.form {
            Form::Query(namespace) => match self.refused(namespace, &name) {
                Some(fault) => fault.reply(),
                None => self.run(call, &name, out),
            },
            Form::Msg { .. } => self.run(call, &name, out),
        };
        if !matches!(call.form, Form::Msg { silent: true, .. }) {
            self.send(call, &answer, false, packed, out);
        }
    }

    /// Why a query of old clients is not served.
    fn refused(&self, namespace: &str, name: &str) -> Option<Fault> {
        let hello = ["hello", "isMaster", "ismaster", "buildinfo", "buildInfo", "saslStart", "saslContinue"];
        let command = namespace.ends_with(".$cmd");
        if command && (hello.contains(&name) || self.server.release.takes_queries()) {
            return None;
        }
        let text = if command {
            format!(
                "Unsupported OP_QUERY command: {name}. The client driver may require an upgrade. For more details see \
                 https://dochub.mongodb.org/core/legacy-opcode-removal"
            )
        } else {
            "OP_QUERY is no longer supported. The client driver may require an upgrade. For more details see \
             https://dochub.mongodb.org/core/legacy-opcode-removal"
                .to_owned()
        };
        Some(Fault::new(if command { 352 } else { 5_739_101 }, text))
    }

    /// A `hello` of a client that knows the topology and waits for another.
    fn waits(&self, call: &Call<'_>, name: &str) -> Option<Waiting> {
        let known = call.body.get("topologyVersion").and_then(Value::doc)?;
        let Form::Msg { exhaust, .. } = call.form else { return None };
        let time = call.body.get("maxAwaitTimeMS").and_then(Value::whole)?.clamp(0, PATIENCE);
        let hello = matches!(name, "hello" | "isMaster" | "ismaster");
        let same = known.get("processId") == Some(&Value::Id(self.server.process));
        let time = Duration::from_millis(time.unsigned_abs());
        let (name, body) = (name.to_owned(), call.body.clone());
        (hello && same).then(|| Waiting {
            call: (call.id, call.form.clone()),
            name,
            body,
            exhaust,
            time,
            timer: None,
        })
    }

    fn send(&mut self, call: &Call<'_>, answer: &Doc, more: bool, packed: Option<Compressor>, out: &mut Out) {
        let bytes = call.reply(self.server.number(), answer, more, packed);
        self.server.counts.bytes_out.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        out.send(bytes);
    }

    /// Runs the command of `call`, and writes down what it was.
    fn run(&mut self, call: &Call<'_>, name: &str, out: &mut Out) -> Doc {
        let database = match &call.form {
            Form::Query(namespace) => namespace.strip_suffix(".$cmd").map(str::to_owned),
            Form::Msg { .. } => call.body.get("$db").and_then(Value::text).map(str::to_owned),
        };
        let Some(database) = database else {
            return Fault::new(40_571, "OP_MSG requests require a $db argument").reply();
        };
        self.tell_client(call, out);
        let now = self.host.clock() / 1000;
        let (host, server) = (self.host.clone(), self.server.clone());
        let mut ask = Ask {
            host: &host,
            link: &self.link,
            server: &server,
            login: &mut self.login,
            connection: self.number,
            name,
            database: &database,
            body: &call.body,
            sequences: &call.sequences,
            now,
            effort: Effort::new(now),
            out,
        };
        let answer = commands::answer(&mut ask);
        let script = ask.effort.script;
        self.record(call, name, &database, answer.as_ref().err(), script, out);
        answer.unwrap_or_else(|fault| fault.reply())
    }

    /// What a client says of itself, once.
    fn tell_client(&mut self, call: &Call<'_>, out: &mut Out) {
        let Some(client) = call.body.get("client").and_then(Value::doc).filter(|_| !self.told) else {
            return;
        };
        self.told = true;
        let inside = |name: &str, part: &str| client.get(name)?.doc()?.get(part)?.text().map(str::to_owned);
        let driver = [inside("driver", "name"), inside("driver", "version")];
        let mut version = driver.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let more =
            bson! {}.with("os", client.get("os").cloned()).with("platform", client.get("platform").cloned());
        version.push_str(&format!(" {}", json::shown(&more, 1024)));
        let name = inside("application", "name").unwrap_or_default();
        let fields = vec![
            (field::CLIENT_NAME, name.into_bytes()),
            (field::CLIENT_VERSION, version.trim().to_owned().into_bytes()),
        ];
        out.record(Kind::ClientFingerprint, fields);
    }

    fn record(
        &self,
        call: &Call<'_>,
        name: &str,
        database: &str,
        fault: Option<&Fault>,
        script: bool,
        out: &mut Out,
    ) {
        let Some(kind) = commands::kind(name) else { return };
        let mut shown =
            Doc(call.body.0.iter().filter(|(name, _)| !ADDED.contains(&name.as_str())).cloned().collect());
        for (name, documents) in &call.sequences {
            let mut left = ARTEFACT;
            let few = documents.iter().take(100).take_while(|bytes| {
                let more = 0 < left;
                left = left.saturating_sub(bytes.len());
                more
            });
            let each = few.filter_map(|bytes| Doc::read(bytes).ok());
            shown.set(name, Value::Array(each.map(Value::from).collect()));
        }
        let text = json::shown(&shown, SHOWN);
        let place = (field::DATABASE, database.as_bytes().to_vec());
        let outcome = fault.filter(|fault| fault.code == 13).map(|_| (field::OUTCOME, b"denied".to_vec()));
        let mut fields = match kind {
            Kind::Query => vec![(field::QUERY, text.clone().into_bytes()), place],
            _ => vec![
                (field::COMMAND, text.clone().into_bytes()),
                (field::NAME, name.as_bytes().to_vec()),
                place,
            ],
        };
        fields.extend(outcome);
        out.record(kind, fields);
        if let Some(technique) = techniques::of_command(name, &shown) {
            self.exploit(technique, text.as_bytes(), out);
        }
        if script {
            self.exploit("mongodb server-side javascript", text.as_bytes(), out);
        }
        if matches!(name, "insert" | "update" | "findAndModify") {
            self.keep(name, &shown, database, out);
        }
    }

    fn exploit(&self, technique: &str, shown: &[u8], out: &mut Out) {
        let fields = vec![(field::TECHNIQUE, technique.as_bytes().to_vec()), (field::DATA, shown.to_vec())];
        out.record(Kind::ExploitAttempt, fields);
    }

    /// Keeps documents that are long, or the note of an extortion.
    fn keep(&self, name: &str, shown: &Doc, database: &str, out: &mut Out) {
        let text = json::shown(shown, ARTEFACT);
        let note = ransom::note(text.as_bytes()).map(<[u8]>::to_vec);
        if let Some(note) = &note {
            self.exploit("database ransom note", note, out);
        }
        if note.is_some() || SHOWN < text.len() {
            let collection = shown.get(name).and_then(Value::text).unwrap_or_default();
            let fields = vec![
                (field::ORIGIN, b"upload".to_vec()),
                (field::FORMAT, b"json".to_vec()),
                (field::PATH, format!("{database}.{collection}").into_bytes()),
            ];
            out.capture(Kind::FileCaptured, fields, text.into_bytes());
        }
    }
}
