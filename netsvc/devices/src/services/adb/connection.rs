//! One connection: who is let in, and the streams that are opened over it.

use super::{
    device::Device,
    packet::{HEADER, Header, Message, kind, sum},
    service::{self, Service},
    shell::Run,
    stream::{Stream, Waiting},
    sync::Files,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_kit::{Charge, Gathered, Session, budget::Account};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

/// Version that both releases speak.
const VERSION: u32 = 0x0100_0000;
/// Most bytes of data before a peer has connected.
const FIRST: u32 = 4096;
/// Streams of one connection.
const STREAMS: usize = 8;
/// Messages that wait to be sent.
const OUTPUT: usize = 4;
/// Messages that a stream may be written ahead: its peer waits for an answer to each.
const AHEAD: usize = 2;
/// Bytes of the token that a key has to sign.
const TOKEN: usize = 20;
/// How long what runs may go on without its peer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Kinds of `AUTH`.
const IS_TOKEN: u32 = 1;
const IS_KEY: u32 = 3;

/// What the connection knows of a stream.
struct Open {
    input: mpsc::Sender<Waiting>,
    ready: Arc<Semaphore>,
}

/// A peer.
pub(super) struct Connection {
    session: Session,
    device: Device,
    input: Gathered,
    connected: bool,
    /// Most bytes of data, as agreed.
    most: u32,
    streams: BTreeMap<u32, Open>,
    next: u32,
    output: (mpsc::Sender<Message>, mpsc::Receiver<Message>),
    tasks: JoinSet<()>,
}

impl Connection {
    /// One that begins.
    pub(super) fn new(session: Session) -> Connection {
        let device = Device::of(session.host());
        let most = usize::try_from(device.most()).unwrap_or_default();
        Connection {
            input: Gathered::on(Account::current(), HEADER + most + 32 * 1024),
            session,
            device,
            connected: false,
            most: FIRST,
            streams: BTreeMap::new(),
            next: 1,
            output: mpsc::channel(OUTPUT),
            tasks: JoinSet::new(),
        }
    }

    /// Serves the peer to the end.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let served = self.converse().await;
        self.finish().await;
        served?;
        self.session.shutdown().await
    }

    async fn converse(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            while let Some(message) = self.next() {
                match message {
                    Ok(message) => {
                        if !self.take(message).await? {
                            return Ok(());
                        }
                    }
                    Err(reason) => {
                        let fields = vec![(field::REASON, reason.as_bytes().to_vec())];
                        self.session.record(Kind::Malformed, fields);
                        return Ok(());
                    }
                }
            }
            tokio::select! {
                count = self.session.read(&mut buffer) => {
                    let count = count?;
                    if count == 0 || self.input.push(buffer.get(..count).unwrap_or_default()).is_err() {
                        return Ok(());
                    }
                }
                Some(message) = self.output.1.recv() => self.pass(message).await?,
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Lets what was begun come to its end, so that it is told; nobody reads what it says.
    async fn finish(&mut self) {
        self.output.1.close();
        self.streams.values().for_each(|stream| stream.ready.close());
        self.streams.clear();
        let over = async { while self.tasks.join_next().await.is_some() {} };
        // What takes longer is given up.
        let _ = tokio::time::timeout(PATIENCE, over).await;
    }

    /// Passes on what a stream says.
    async fn pass(&mut self, message: Message) -> io::Result<()> {
        if message.kind == kind::CLOSE {
            self.streams.remove(&message.first);
        }
        self.session.write_all(&message.write()).await
    }

    /// The next whole message, or why there is none.
    fn next(&mut self) -> Option<Result<Message, &'static str>> {
        if self.input.len() < HEADER {
            return None;
        }
        let Some(header) = Header::read(self.input.bytes()) else { return Some(Err("header")) };
        if self.most.max(FIRST) < header.length {
            return Some(Err("length"));
        }
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if self.input.len() < HEADER + length {
            return None;
        }
        self.input.skip(HEADER);
        let data = self.input.take(length);
        // Until both have told their versions, a peer may be one that leaves the sum out.
        if self.connected && header.check != sum(&data) {
            return Some(Err("sum"));
        }
        Some(Ok(Message { kind: header.kind, first: header.first, second: header.second, data }))
    }

    /// Takes a message; false at the end.
    async fn take(&mut self, message: Message) -> io::Result<bool> {
        match message.kind {
            kind::CONNECT => self.connect(&message).await?,
            kind::AUTH => self.authenticate(&message).await?,
            _ if !self.connected => {}
            kind::OPEN => return self.open(&message).await,
            kind::OKAY => {
                let stream = self.streams.get(&message.second);
                if let Some(stream) = stream.filter(|stream| stream.ready.available_permits() == 0) {
                    stream.ready.add_permits(1);
                }
            }
            kind::WRITE => {
                let stream = self.streams.get(&message.second);
                // Who writes on without waiting breaks the protocol.
                let charge = Charge::new(self.session.account().clone(), message.data.len());
                let waiting = (message.data, charge);
                if stream.is_some_and(|stream| stream.input.try_send(waiting).is_err()) {
                    self.close(message.second);
                }
            }
            kind::CLOSE => self.close(message.second),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Forgets a stream; what serves it learns so.
    fn close(&mut self, local: u32) {
        if let Some(stream) = self.streams.remove(&local) {
            stream.ready.close();
        }
    }

    async fn connect(&mut self, message: &Message) -> io::Result<()> {
        let told = format!("version {:08x}, {} bytes", message.first, message.second);
        let banner = message.data.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        let fields = vec![(field::CLIENT_NAME, banner), (field::CLIENT_VERSION, told.into_bytes())];
        self.session.record(Kind::ClientFingerprint, fields);
        self.streams.values().for_each(|stream| stream.ready.close());
        self.streams.clear();
        self.most = message.second.clamp(1, self.device.most());
        if self.session.host().setting("auth") == Some("ask") {
            return self.ask().await;
        }
        self.connected = true;
        self.session.record(Kind::SessionStart, vec![(field::PRINCIPAL, b"root".to_vec())]);
        let (second, data) = (self.most, self.device.banner());
        let answer = Message { kind: kind::CONNECT, first: VERSION, second, data };
        self.session.write_all(&answer.write()).await
    }

    /// Gives a token to sign.
    async fn ask(&mut self) -> io::Result<()> {
        let key = self.session.host().persona().subkey.hex_bytes().unwrap_or_default();
        let drawn = subkey::bytes(&key, &["adb token", &self.session.link().session.to_string()]);
        let data = drawn.get(..TOKEN).unwrap_or_default().to_vec();
        let token = Message { kind: kind::AUTH, first: IS_TOKEN, second: 0, data };
        self.session.write_all(&token.write()).await
    }

    /// A signature is none that is known here; a key is shown on the screen, and nobody looks.
    async fn authenticate(&mut self, message: &Message) -> io::Result<()> {
        if self.connected {
            return Ok(());
        }
        if message.first != IS_KEY {
            return self.ask().await;
        }
        let text = message.data.split(|byte| *byte == 0).next().unwrap_or_default();
        let (key, name) = match text.iter().position(|byte| *byte == b' ') {
            Some(at) => text.split_at_checked(at).unwrap_or((text, &[])),
            None => (text, &[][..]),
        };
        let bytes = STANDARD.decode(key).unwrap_or_else(|_| key.to_vec());
        let hash = STANDARD.encode(Sha256::digest(&bytes));
        let fields = vec![
            (field::PRINCIPAL, name.trim_ascii().to_vec()),
            (field::KEY_TYPE, b"adb-rsa".to_vec()),
            (field::KEY_SHA256, format!("SHA256:{}", hash.trim_end_matches('=')).into_bytes()),
            (field::OUTCOME, b"rejected".to_vec()),
        ];
        self.session.record(Kind::KeyOffer, fields);
        Ok(())
    }

    /// Opens a stream; false where the connection ends with it.
    async fn open(&mut self, message: &Message) -> io::Result<bool> {
        let name = message.data.split(|byte| *byte == 0).next().unwrap_or_default();
        let service = service::named(&netsvc_shell::text::decode(name));
        if STREAMS <= self.streams.len() || self.tasks.len() > 2 * STREAMS {
            return self.refuse(message.first).await;
        }
        let plain = |outcome: &str| {
            vec![(field::COMMAND, name.to_vec()), (field::OUTCOME, outcome.as_bytes().to_vec())]
        };
        match service {
            Service::Forward(target) => {
                let fields = vec![(field::TARGET, target.into_bytes()), (field::OUTCOME, b"denied".to_vec())];
                self.session.record(Kind::ForwardRequest, fields);
                self.refuse(message.first).await
            }
            Service::Unknown => {
                self.session.record(Kind::Command, plain("rejected"));
                self.refuse(message.first).await
            }
            Service::Told(text, ends) => {
                self.session.record(Kind::Command, plain("accepted"));
                let (first, second) = (self.number(), message.first);
                self.say(Message::bare(kind::OKAY, first, second)).await?;
                if !text.is_empty() {
                    self.say(Message { kind: kind::WRITE, first, second, data: text.into_bytes() }).await?;
                }
                self.say(Message::bare(kind::CLOSE, first, second)).await?;
                Ok(!ends)
            }
            Service::Shell(call) => {
                let (host, link) = (self.session.host().clone(), *self.session.link());
                let stream = self.stream(message.first).await?;
                let run = Run { host, link, call, stream, pending: Vec::new() };
                self.tasks.spawn(Account::current().within(run.serve()));
                Ok(true)
            }
            Service::Sync => {
                let (host, link) = (self.session.host().clone(), *self.session.link());
                let files = Files::new(host, link, self.stream(message.first).await?);
                self.tasks.spawn(Account::current().within(files.serve()));
                Ok(true)
            }
        }
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1).max(1);
        number
    }

    async fn stream(&mut self, remote: u32) -> io::Result<Stream> {
        let local = self.number();
        let (sender, input) = mpsc::channel(AHEAD);
        let ready = Arc::new(Semaphore::new(1));
        self.streams.insert(local, Open { input: sender, ready: ready.clone() });
        self.say(Message::bare(kind::OKAY, local, remote)).await?;
        let most = usize::try_from(self.most).unwrap_or(1);
        Ok(Stream { local, remote, most, input, output: self.output.0.clone(), ready })
    }

    async fn refuse(&mut self, remote: u32) -> io::Result<bool> {
        self.say(Message::bare(kind::CLOSE, 0, remote)).await?;
        Ok(true)
    }

    async fn say(&mut self, message: Message) -> io::Result<()> {
        self.session.write_all(&message.write()).await
    }
}
