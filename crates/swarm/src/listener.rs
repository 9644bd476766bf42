//! The listener: RFC 5425 on 6514. What agents send is on the medium here before they are told so; the collector
//! takes it into the event log as it takes the spools of this host, and from there it goes the same way.
//!
//! Each host has one connection: a new one ends the one before, which is half dead or forged.

use crate::{
    Error,
    error::{network, stored},
    files::Files,
    frame::{self, Heard, Said},
    inbox::{Inbox, Piece},
    refusal::Refusal,
    tls,
    watch::{Watched, begun, watched},
};
use decnet_model::{paths::Paths, swarm::Role};
use decnet_pipeline::runtime::{Running, WorkerContext, chain};
use decnet_store::Store;
use netsvc_wire::{MAX_LINE, stamp};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex as Turn, OwnedMutexGuard, Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Connections at once.
const CONNECTIONS: usize = 4096;
/// Longest time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Silence after which a connection is taken for dead. Agents say something each ten seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// Lines are appended in pieces of about this many bytes.
const BATCH: usize = 256 * 1024;
/// Silence after which lines of a sender that does not wait for our word are brought to the medium.
const SETTLE: Duration = Duration::from_millis(500);
/// Time between two looks whether the collector has made room.
const WAIT: Duration = Duration::from_millis(100);

/// How the listener works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub host: String,
    /// On which port.
    pub port: u16,
}

#[derive(Debug, Default)]
struct Counters {
    lines: AtomicU64,
    bytes: AtomicU64,
    artefacts: AtomicU64,
    connections: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    fn add(of: &AtomicU64, count: usize) {
        of.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }
}

/// The turn of a host, and the word that ends whose turn it is.
#[derive(Default)]
struct Door {
    turn: Arc<Turn<()>>,
    leave: watch::Sender<u64>,
}

#[derive(Clone)]
struct Listener {
    paths: Paths,
    store: Store,
    watched: Watched,
    doors: Arc<Mutex<BTreeMap<String, Door>>>,
    counters: Arc<Counters>,
}

/// Runs the listener until the worker is told to stop; it waits until there is a swarm.
///
/// # Errors
/// When it cannot listen.
pub fn run(worker: WorkerContext, store: Store, settings: Settings) -> Running<Error> {
    Box::pin(work(worker, store, settings))
}

async fn work(mut worker: WorkerContext, store: Store, settings: Settings) -> Result<(), Error> {
    let files = Files::new(&worker.paths);
    if !begun(&mut worker, &files).await {
        return Ok(());
    }
    let place = format!("{}:{}", settings.host, settings.port);
    let socket = TcpListener::bind(&place).await.map_err(network(format!("listen on {place}")))?;
    let watched = watched(&store, &files, false, false).await?;
    tracing::info!(place, "the listener listens");
    let counters = Arc::new(Counters::default());
    let listener = Listener {
        paths: worker.paths.clone(),
        store,
        watched,
        doors: Arc::default(),
        counters: Arc::clone(&counters),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = worker.stopped() => break,
            accepted = socket.accept() => accepted,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => continue,
            _ = tick.tick() => {
                let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
                worker.status.report(&serde_json::json!({
                    "lines": count(&counters.lines), "bytes": count(&counters.bytes),
                    "artefacts": count(&counters.artefacts), "connections": count(&counters.connections),
                    "refused": count(&counters.refused),
                }));
                continue;
            }
        };
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(WAIT).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let listener = listener.clone();
        sessions.spawn(async move {
            let _place = place;
            if let Err(error) = listener.serve(stream, from).await {
                let reason = chain(&error);
                if matches!(error, Error::Refused(_)) {
                    Counters::add(&listener.counters.refused, 1);
                    tracing::warn!(peer = %from.ip(), reason, "a connection to the listener is refused");
                } else {
                    tracing::warn!(peer = %from.ip(), reason, "a connection to the listener ended");
                }
            }
        });
    }
    // Who was told to stop takes nothing more; and the next to listen knows nothing of what still goes on here.
    sessions.shutdown().await;
    listener.closed().await;
    Ok(())
}

impl Listener {
    async fn serve(&self, stream: TcpStream, from: SocketAddr) -> Result<(), Error> {
        stream.set_nodelay(true).map_err(network("set up a connection"))?;
        let acceptor = TlsAcceptor::from(self.watched.config());
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        let accepted = timeout(HANDSHAKE, acceptor.accept(stream)).await.map_err(late).and_then(|done| done);
        let stream = accepted.map_err(network("a handshake"))?;
        let host = self.agent(&stream).await?;
        Counters::add(&self.counters.connections, 1);
        let (turn, mut leave) = self.door(&host);
        let turn = turn.lock_owned().await;
        tracing::info!(host, peer = %from.ip(), "an agent forwards its log");
        let (paths, name) = (self.paths.clone(), host.clone());
        let inbox = tokio::task::spawn_blocking(move || Inbox::open(&paths, &name)).await??;
        let mut wishes = self.watched.wishes.clone();
        let there = host.clone();
        let gone = async move {
            // Whoever is decommissioned is in it no more. An end of the watch is an end of the listener.
            let _ = wishes.wait_for(|wishes| !wishes.contains_key(&there)).await.is_ok();
        };
        let acknowledged = stream.get_ref().1.alpn_protocol() == Some(tls::ACKNOWLEDGED);
        let (inbox, counters) = (Some((inbox, turn)), Arc::clone(&self.counters));
        let mut session = Session { stream, inbox, acknowledged, host, counters };
        tokio::select! {
            done = session.run() => done,
            () = gone => Err(Error::Refused(Refusal::Revoked)),
            _ = leave.changed() => Ok(()),
        }
    }

    /// The id of the host at the other end, which belongs to the swarm.
    async fn agent(&self, stream: &TlsStream<TcpStream>) -> Result<String, Error> {
        let refused = |refusal| Err(Error::Refused(refusal));
        let Some((identity, certificate)) = tls::peer(stream.get_ref().1)? else {
            return refused(Refusal::NoCertificate);
        };
        if identity.role != Role::Agent {
            return refused(Refusal::Role);
        }
        let known = self.store.swarm_certificate(&certificate.fingerprint).await;
        match known.map_err(stored("read a certificate"))? {
            None => return refused(Refusal::Unknown),
            Some(known) if known.revoked_at.is_some() => return refused(Refusal::Revoked),
            Some(known) if known.host != identity.host => return refused(Refusal::OtherHost),
            Some(_) if certificate.expires_at < stamp::now() => return refused(Refusal::Expired),
            Some(_) => {}
        }
        let host = self.store.swarm_host(&identity.host).await.map_err(stored("read a host"))?;
        match host.filter(|host| host.left_at.is_none()) {
            Some(_) => Ok(identity.host),
            None => refused(Refusal::Revoked),
        }
    }

    /// Waits until no thread for slow work has an inbox any more.
    async fn closed(&self) {
        let turns: Vec<_> = self.doors.lock().values().map(|door| Arc::clone(&door.turn)).collect();
        for turn in turns {
            drop(turn.lock().await);
        }
    }

    /// Takes the door of a host: whoever stands in it is to leave.
    fn door(&self, host: &str) -> (Arc<Turn<()>>, watch::Receiver<u64>) {
        let mut doors = self.doors.lock();
        let door = doors.entry(host.to_owned()).or_default();
        door.leave.send_modify(|count| *count += 1);
        (Arc::clone(&door.turn), door.leave.subscribe())
    }
}

/// One connection of one host.
struct Session {
    stream: TlsStream<TcpStream>,
    /// Away only while a thread for slow work has it. The turn goes with it: such a thread outlives a connection that
    /// is ended, and nobody else opens the inbox before it is done.
    inbox: Option<(Inbox, OwnedMutexGuard<()>)>,
    acknowledged: bool,
    host: String,
    counters: Arc<Counters>,
}

impl Session {
    async fn run(&mut self) -> Result<(), Error> {
        if self.acknowledged {
            let kept = self.inbox.as_ref().map(|(inbox, _)| inbox.kept()).unwrap_or_default();
            self.say(&Heard::Kept(kept)).await?;
        }
        let (mut bytes, mut lines): (Vec<u8>, Vec<u8>) = (Vec::with_capacity(BATCH), Vec::new());
        loop {
            let mut used = 0;
            while let Some((message, length)) = frame::first(bytes.get(used..).unwrap_or_default())
                .map_err(|error| Error::Garbled(error.to_string()))?
            {
                let said = Said::read(message).map_err(|error| Error::Garbled(error.to_string()))?;
                self.hear(said, &mut lines).await?;
                used += length;
            }
            bytes.drain(..used);
            if BATCH <= lines.len() {
                self.append(&mut lines).await?;
                self.wait_for_room().await?;
            }
            let patience = if lines.is_empty() || self.acknowledged { SILENCE } else { SETTLE };
            let read = match timeout(patience, self.stream.read_buf(&mut bytes)).await {
                Ok(read) => read.map_err(network("read what an agent sends"))?,
                Err(_) if patience == SETTLE => {
                    self.settle(&mut lines).await?;
                    continue;
                }
                Err(_) => return Err(Error::Garbled("nothing was said for a minute".to_owned())),
            };
            if read == 0 {
                return if self.acknowledged { Ok(()) } else { self.settle(&mut lines).await };
            }
        }
    }

    async fn hear(&mut self, said: Said<'_>, lines: &mut Vec<u8>) -> Result<(), Error> {
        match said {
            Said::Line(line) if MAX_LINE <= line.len() => {
                return Err(Error::Garbled("a line that is too long".to_owned()));
            }
            Said::Line(line) => {
                Counters::add(&self.counters.lines, 1);
                Counters::add(&self.counters.bytes, line.len());
                lines.extend_from_slice(line);
                lines.push(b'\n');
            }
            _ if !self.acknowledged => {
                return Err(Error::Garbled("a message that was not agreed on".to_owned()));
            }
            Said::Sent(place) => {
                self.append(lines).await?;
                self.with(move |inbox| inbox.keep(place)).await?;
                self.say(&Heard::Kept(place)).await?;
                self.wait_for_room().await?;
            }
            Said::Have(name) => {
                let of = name.to_owned();
                let wanted = self.with(move |inbox| inbox.wants(&of)).await?;
                let name = name.to_owned();
                let answer = wanted.map_or(Heard::Has(name.clone()), |from| Heard::Wants(name, from));
                self.say(&answer).await?;
            }
            Said::Piece(name, offset, last, bytes) => {
                let (of, bytes) = (name.to_owned(), bytes.to_vec());
                match self.with(move |inbox| inbox.piece(&of, offset, last, &bytes)).await? {
                    Piece::More => {}
                    Piece::Whole => {
                        Counters::add(&self.counters.artefacts, 1);
                        self.say(&Heard::Has(name.to_owned())).await?;
                    }
                    Piece::Again => {
                        tracing::warn!(host = self.host, artefact = name, "an artefact has to come again");
                        self.say(&Heard::Wants(name.to_owned(), 0)).await?;
                    }
                    Piece::Refused => {
                        tracing::warn!(
                            host = self.host,
                            artefact = name,
                            "an artefact is not what it is called"
                        );
                        self.say(&Heard::Has(name.to_owned())).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn append(&mut self, lines: &mut Vec<u8>) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(lines);
        self.with(move |inbox| inbox.append(&lines)).await
    }

    /// Brings the lines of a sender that does not wait for our word to the medium.
    async fn settle(&mut self, lines: &mut Vec<u8>) -> Result<(), Error> {
        self.append(lines).await?;
        self.with(|inbox| inbox.keep(inbox.kept())).await?;
        self.wait_for_room().await
    }

    /// Takes no more while the collector is far behind: what waits, waits with the agent.
    async fn wait_for_room(&mut self) -> Result<(), Error> {
        while self.with(|inbox| inbox.is_full()).await? {
            tokio::time::sleep(WAIT).await;
        }
        Ok(())
    }

    async fn say(&mut self, heard: &Heard) -> Result<(), Error> {
        let mut out = Vec::new();
        heard.put(&mut out);
        let said = async {
            self.stream.write_all(&out).await?;
            self.stream.flush().await
        };
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        timeout(SILENCE, said).await.map_err(late).and_then(|done| done).map_err(network("answer an agent"))
    }

    /// Works on the inbox where waiting for the disk holds nobody up.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Inbox) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Some((mut inbox, turn)) = self.inbox.take() else {
            return Err(Error::Garbled("the inbox is away".to_owned()));
        };
        let (inbox, turn, done) = tokio::task::spawn_blocking(move || {
            let done = work(&mut inbox);
            (inbox, turn, done)
        })
        .await?;
        self.inbox = Some((inbox, turn));
        done
    }
}
