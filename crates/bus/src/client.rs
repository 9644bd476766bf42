//! The client side of the socket: one task that connects, subscribes again after every reconnect, and
//! moves messages between queues.

use crate::{
    clock,
    counters::ClientCounters,
    inbox::{Inbox, Message, Slot, Subscriptions},
    queue::{CAPACITY, Queue},
    router::Router,
    stop::told,
};

use decnet_codec::{
    frame::{Decoder, Frame},
    topic::{Pattern, Topic},
    verb::{Envelope, Reply, Request},
};
use parking_lot::Mutex;
use rand_core::{OsRng, RngCore};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, watch},
};

/// First wait before another attempt to connect; doubles up to [`BACKOFF_MAX`].
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Handle on the task. The task ends when the handle is dropped.
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    name: String,
    state: Mutex<State>,
    /// The set of wanted patterns changed.
    changed: Notify,
    outgoing: Queue<(Topic, Map<String, Value>)>,
    connected: AtomicBool,
    connections: AtomicU64,
    published: AtomicU64,
    received: AtomicU64,
    dropped_in: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    router: Router<u64>,
    slots: BTreeMap<u64, (Pattern, Arc<Slot>)>,
}

impl Client {
    pub(crate) fn start(path: PathBuf, name: &str) -> Arc<Client> {
        let name: String = name.chars().filter(char::is_ascii_graphic).take(64).collect();
        let shared = Arc::new(Shared {
            path,
            name: if name.is_empty() { "-".to_owned() } else { name },
            state: Mutex::default(),
            changed: Notify::new(),
            outgoing: Queue::new(CAPACITY),
            connected: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            published: AtomicU64::new(0),
            received: AtomicU64::new(0),
            dropped_in: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let stop = watch::Sender::new(false);
        tokio::spawn(shared.clone().run(stop.subscribe()));
        Arc::new(Client { shared, stop })
    }

    /// Queues for the server and delivers to this handle's own inboxes, because the server does not
    /// send a message back to the connection it came from.
    pub(crate) fn publish(&self, topic: &Topic, payload: Map<String, Value>) {
        self.shared.published.fetch_add(1, Ordering::Relaxed);
        let envelope =
            Envelope { id: clock::message_id(), ts: clock::now(), ..Envelope::new(topic, payload.clone()) };
        self.shared.deliver(topic, envelope);
        self.shared.outgoing.push((topic.clone(), payload));
    }

    pub(crate) fn subscribe(self: &Arc<Self>, pattern: Pattern) -> Inbox {
        let slot = Slot::new(CAPACITY);
        let id = {
            let mut state = self.shared.state.lock();
            state.next += 1;
            let id = state.next;
            // One pattern per inbox is below any limit of the router.
            if state.router.subscribe(id, pattern.clone()).is_ok() {
                state.slots.insert(id, (pattern, slot.clone()));
            }
            id
        };
        self.shared.changed.notify_one();
        Inbox::new(id, slot, Arc::<Self>::downgrade(self))
    }

    pub(crate) fn counters(&self) -> ClientCounters {
        let shared = &self.shared;
        ClientCounters {
            connected: shared.connected.load(Ordering::Relaxed),
            reconnects: shared.connections.load(Ordering::Relaxed).saturating_sub(1),
            published: shared.published.load(Ordering::Relaxed),
            received: shared.received.load(Ordering::Relaxed),
            dropped_in: shared.dropped_in.load(Ordering::Relaxed),
            dropped_out: shared.outgoing.dropped(),
            refused: shared.refused.load(Ordering::Relaxed),
        }
    }
}

impl Subscriptions for Client {
    fn unsubscribe(&self, id: u64) {
        {
            let mut state = self.shared.state.lock();
            state.router.remove(id);
            state.slots.remove(&id);
        }
        self.shared.changed.notify_one();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for (_, slot) in self.shared.state.lock().slots.values() {
            slot.queue.close();
        }
    }
}

impl Shared {
    async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut wait = BACKOFF_MIN;
        loop {
            match UnixStream::connect(&self.path).await {
                Ok(stream) => {
                    wait = BACKOFF_MIN;
                    self.connections.fetch_add(1, Ordering::Relaxed);
                    self.connected.store(true, Ordering::Relaxed);
                    let ended = tokio::select! {
                        ended = self.converse(stream) => ended,
                        () = told(&mut stop) => return,
                    };
                    self.connected.store(false, Ordering::Relaxed);
                    self.nothing_is_ready();
                    // Usual at an end and after a restart; what is lost costs a tick.
                    let cause = ended.err().map(|error| error.to_string()).unwrap_or_default();
                    tracing::info!(path = %self.path.display(), cause, "bus connection ended, will reconnect");
                }
                Err(error) => tracing::debug!(path = %self.path.display(), %error, "bus is not up"),
            }
            tokio::select! {
                () = tokio::time::sleep(jittered(wait)) => {}
                () = told(&mut stop) => return,
            }
            wait = (wait * 2).min(BACKOFF_MAX);
        }
    }

    /// Reading and writing go on side by side, so that neither side's full buffer can stop both.
    async fn converse(&self, stream: UnixStream) -> io::Result<()> {
        let (reader, writer) = stream.into_split();
        tokio::select! {
            read = self.read(reader) => read,
            written = self.write(writer) => written,
        }
    }

    async fn write(&self, mut writer: OwnedWriteHalf) -> io::Result<()> {
        send(&mut writer, &Request::Hello { name: self.name.clone(), acknowledge: true }, Vec::new()).await?;
        let mut held = BTreeSet::new();
        self.agree_on_patterns(&mut held, &mut writer).await?;
        loop {
            tokio::select! {
                biased;
                () = self.changed.notified() => self.agree_on_patterns(&mut held, &mut writer).await?,
                next = self.outgoing.next() => {
                    let Some((topic, payload)) = next else { return Ok(()) };
                    let body = Envelope::new(&topic, payload).to_body();
                    send(&mut writer, &Request::Publish(topic), body).await?;
                }
            }
        }
    }

    async fn agree_on_patterns(
        &self,
        held: &mut BTreeSet<Pattern>,
        writer: &mut OwnedWriteHalf,
    ) -> io::Result<()> {
        let wanted: BTreeSet<Pattern> =
            self.state.lock().slots.values().map(|(pattern, _)| pattern.clone()).collect();
        for pattern in held.difference(&wanted) {
            send(writer, &Request::Unsubscribe(pattern.clone()), Vec::new()).await?;
        }
        // A second inbox on a held pattern asks again: the answer is what makes it ready.
        let unready: BTreeSet<Pattern> = self
            .state
            .lock()
            .slots
            .values()
            .filter(|(pattern, slot)| !held.contains(pattern) || !*slot.ready.borrow())
            .map(|(pattern, _)| pattern.clone())
            .collect();
        for pattern in unready.intersection(&wanted) {
            send(writer, &Request::Subscribe(pattern.clone()), Vec::new()).await?;
        }
        *held = wanted;
        Ok(())
    }

    async fn read(&self, mut reader: OwnedReadHalf) -> io::Result<()> {
        let mut decoder = Decoder::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let taken = reader.read(&mut buffer).await?;
            if taken == 0 {
                return Ok(());
            }
            decoder.push(buffer.get(..taken).unwrap_or_default());
            while let Some(frame) = decoder.next_frame().map_err(io::Error::other)? {
                self.take(&frame)?;
            }
        }
    }

    fn take(&self, frame: &Frame) -> io::Result<()> {
        match Reply::parse(&frame.header).map_err(io::Error::other)? {
            Reply::Event(topic) => {
                self.deliver(&topic, Envelope::parse(&frame.body).map_err(io::Error::other)?);
            }
            Reply::Done { verb, argument } if verb == "SUB" => {
                for (pattern, slot) in self.state.lock().slots.values() {
                    if pattern.as_str() == argument {
                        slot.ready.send_replace(true);
                    }
                }
            }
            Reply::Done { .. } => {}
            Reply::Refused { verb, argument } => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(verb, argument, "bus server refused a request");
            }
        }
        Ok(())
    }

    fn deliver(&self, topic: &Topic, envelope: Envelope) {
        let message = Arc::new(Message {
            topic: topic.clone(),
            id: envelope.id,
            kind: envelope.kind.unwrap_or_default(),
            ts: envelope.ts,
            payload: envelope.payload,
        });
        let state = self.state.lock();
        for (_, slot) in state.router.route(topic).iter().filter_map(|id| state.slots.get(id)) {
            self.received.fetch_add(1, Ordering::Relaxed);
            if slot.queue.push(message.clone()) {
                self.dropped_in.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn nothing_is_ready(&self) {
        for (_, slot) in self.state.lock().slots.values() {
            slot.ready.send_replace(false);
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, request: &Request, body: Vec<u8>) -> io::Result<()> {
    let mut bytes = Vec::new();
    match (Frame { header: request.to_string(), body }).encode(&mut bytes) {
        Ok(()) => writer.write_all(&bytes).await,
        Err(error) => {
            tracing::error!(%request, %error, "bus message was not sent");
            Ok(())
        }
    }
}

/// Three quarters to five quarters of `wait`, so that many clients do not return at one moment.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without a random source every client waits the shortest time; they only arrive together.
    let _ = OsRng.try_fill_bytes(&mut byte);
    wait * 3 / 4 + wait * u32::from(byte[0]) / 510
}
