//! The forwarder of an agent: its event log and artefacts go to the master, which says what it has on its medium. Only
//! that may be deleted here. A receiver that does not say (RFC 5425 without our word for it) is believed to have what
//! was written to it.

use crate::{
    Error,
    error::network,
    files::{Files, Membership},
    frame::{self, Heard, PIECE, Place, Said},
    http,
    tls::{self, Revoked},
};
use decnet_model::{paths::Paths, swarm::Lag};
use decnet_pipeline::{
    disk::Disk,
    eventlog::{Durable, LogReader, Position, segment_list, segment_path},
    runtime::{Running, WorkerContext, chain},
};
use netsvc_wire::{field, parse};
use rand_core::{OsRng, RngCore};
use std::{
    collections::VecDeque,
    fs::File,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

/// Most lines between two places that are to be acknowledged.
const LINES: usize = 512;
/// Most places that wait to be acknowledged: with [`LINES`], the bound of what is on its way.
const WINDOW: usize = 8;
/// How often an artefact is sent that the master wants again.
const ATTEMPTS: u32 = 2;
/// Time between two looks at a log that has no more.
const TICK: Duration = Duration::from_millis(200);
/// Time after which something is said in any case.
const ALIVE: Duration = Duration::from_secs(10);
/// Longest wait for a word of the master.
const PATIENCE: Duration = Duration::from_secs(90);
/// Waits between attempts: the first, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A connection that lasted as long was a good one.
const STEADY: Duration = Duration::from_secs(30);

type Out = WriteHalf<TlsStream<TcpStream>>;

/// How the forwarder works.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The master, where it is not the one that was joined by this name.
    pub master: Option<String>,
    /// Its port, where it is not the one that the master said.
    pub port: Option<u16>,
}

/// Forwards until the worker is told to stop. While the master is away it tries again, after growing waits.
///
/// # Errors
/// When this host has joined no swarm, or its log cannot be read.
pub fn run(worker: WorkerContext, settings: Settings) -> Running<Error> {
    Box::pin(work(worker, settings))
}

async fn work(mut worker: WorkerContext, settings: Settings) -> Result<(), Error> {
    let files = Files::new(&worker.paths);
    let mut wait = WAITS.0;
    let mut lag = Lag::default();
    loop {
        let member = files.membership()?;
        if member.ended_at.is_some() {
            worker.stopped().await;
            return Ok(());
        }
        let begun = Instant::now();
        let stopping = worker.clone();
        let mut stop = worker.clone();
        let outcome = tokio::select! {
            () = stop.stopped() => return Ok(()),
            outcome = connection(stopping, &files, &member, &settings, &mut lag) => outcome,
        };
        let reason = match outcome {
            Ok(()) => "the master ended the connection".to_owned(),
            Err(error @ (Error::Log(_) | Error::Unfit(_))) => return Err(error),
            Err(error) => chain(&error),
        };
        worker.status.set_trouble(Some(format!("nothing is forwarded: {reason}")));
        tracing::warn!(reason, ?wait, "nothing is forwarded; it will be tried again");
        if STEADY <= begun.elapsed() {
            wait = WAITS.0;
        }
        // Some chance, so that a thousand agents do not come back in the same moment.
        let chance = u64::from(OsRng.next_u32() % 1000);
        let pause =
            wait + Duration::from_millis(chance * u64::try_from(wait.as_millis()).unwrap_or(0) / 4000);
        tokio::select! {
            () = worker.stopped() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        wait = (wait * 2).min(WAITS.1);
    }
}

/// One connection, until it ends.
async fn connection(
    worker: WorkerContext,
    files: &Files,
    member: &Membership,
    settings: &Settings,
    lag: &mut Lag,
) -> Result<(), Error> {
    let master = settings.master.as_deref().unwrap_or(&member.master);
    let address = format!("{master}:{}", settings.port.unwrap_or(member.syslog_port));
    let revoked = Revoked::new(member.revoked.iter().cloned());
    let own = files.own("agent")?;
    let config = tls::client(Some(&own), &member.authority, &revoked, Some(tls::ACKNOWLEDGED))?;
    let stream = http::connect(&address, config).await?;
    let acknowledged = stream.get_ref().1.alpn_protocol() == Some(tls::ACKNOWLEDGED);
    let (input, output) = tokio::io::split(stream);
    let (sender, heard) = mpsc::channel(WINDOW * 4);
    // It ends with this connection, however that ends.
    let mut reader = JoinSet::new();
    reader.spawn(listen(input, sender));
    let folder = worker.paths.event_log();
    let durable = Durable::new(&folder, Disk::default());
    let mut sending = Sending {
        output,
        heard,
        acknowledged,
        reader: LogReader::new(&folder, durable.read().unwrap_or_default()),
        waiting: VecDeque::new(),
        kept: durable.read().unwrap_or_default(),
        durable,
        paths: worker.paths.clone(),
        lines: 0,
    };
    let done = sending.run(&worker, lag).await;
    // The reader knows why the other side broke off.
    let told = match &done {
        Err(Error::Network(..)) => timeout(TICK, reader.join_next()).await.ok().flatten(),
        _ => None,
    };
    match told {
        Some(Ok(Err(told))) => Err(told),
        _ => done,
    }
}

/// Reads what the master says.
async fn listen(mut input: ReadHalf<TlsStream<TcpStream>>, heard: mpsc::Sender<Heard>) -> Result<(), Error> {
    let mut bytes = Vec::new();
    loop {
        let mut used = 0;
        while let Some((message, length)) = frame::first(bytes.get(used..).unwrap_or_default())
            .map_err(|error| Error::Garbled(error.to_string()))?
        {
            let word = Heard::read(message).map_err(|error| Error::Garbled(error.to_string()))?;
            used += length;
            if heard.send(word).await.is_err() {
                return Ok(());
            }
        }
        bytes.drain(..used);
        let read = input.read_buf(&mut bytes).await.map_err(network("hear the master"))?;
        if read == 0 {
            return Ok(());
        }
    }
}

/// A connection that is up.
struct Sending {
    output: Out,
    heard: mpsc::Receiver<Heard>,
    acknowledged: bool,
    reader: LogReader,
    /// Places that were told and not acknowledged, with the lines before each.
    waiting: VecDeque<(Place, u64)>,
    kept: Position,
    durable: Durable,
    paths: Paths,
    /// Lines acknowledged since the last look at the clock.
    lines: u64,
}

impl Sending {
    async fn run(&mut self, worker: &WorkerContext, lag: &mut Lag) -> Result<(), Error> {
        if self.acknowledged {
            self.begin().await?;
        }
        worker.status.set_trouble(None);
        let (mut said, mut looked) = (Instant::now(), Instant::now());
        loop {
            let batch = self.reader.read(LINES)?;
            let sent = !batch.is_empty();
            if sent {
                self.send(&batch.lines().collect::<Vec<_>>(), batch.after).await?;
            } else if ALIVE <= said.elapsed() && self.acknowledged {
                // Something is said, so that both know that the other is there.
                self.tell(place(self.reader.position()), 0).await?;
            }
            if sent || ALIVE <= said.elapsed() {
                said = Instant::now();
            }
            while let Ok(word) = self.heard.try_recv() {
                self.note(&word)?;
            }
            while WINDOW <= self.waiting.len() {
                self.hear().await?;
            }
            if Duration::from_secs(1) <= looked.elapsed() {
                looked = Instant::now();
                self.report(worker, lag);
            }
            if !sent {
                // What is on its way is heard of as it comes.
                match timeout(TICK, self.heard.recv()).await {
                    Ok(Some(word)) => self.note(&word)?,
                    Ok(None) => {
                        return Err(network("hear the master")(std::io::ErrorKind::UnexpectedEof.into()));
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Goes on where the master says that it stands; one that knows nothing gets everything that there is.
    async fn begin(&mut self) -> Result<(), Error> {
        let word = timeout(PATIENCE, self.heard.recv()).await;
        let Ok(Some(Heard::Kept(at))) = word else {
            return Err(network("hear where the master stands")(std::io::ErrorKind::UnexpectedEof.into()));
        };
        let at = Position { segment: at.segment, offset: at.offset };
        if at < self.kept {
            tracing::warn!("the master stands behind what it has said: it gets again what is still here");
        }
        self.kept = at;
        self.reader = LogReader::new(&self.paths.event_log(), at);
        Ok(())
    }

    async fn send(&mut self, lines: &[&[u8]], after: Position) -> Result<(), Error> {
        let mut out = Vec::with_capacity(PIECE);
        for line in lines {
            if self.acknowledged {
                for name in artefacts(line) {
                    self.artefact(&name).await?;
                }
            }
            Said::Line(line.strip_suffix(b"\n").unwrap_or(line)).put(&mut out);
            if PIECE <= out.len() {
                self.write(&out).await?;
                out.clear();
            }
        }
        self.write(&out).await?;
        let count = u64::try_from(lines.len()).unwrap_or(0);
        if self.acknowledged {
            return self.tell(place(after), count).await;
        }
        self.flush().await?;
        self.keep(after, count)
    }

    /// Says that all before `at` was sent.
    async fn tell(&mut self, at: Place, lines: u64) -> Result<(), Error> {
        let mut out = Vec::new();
        Said::Sent(at).put(&mut out);
        self.waiting.push_back((at, lines));
        self.write(&out).await?;
        self.flush().await
    }

    /// Sends an artefact that the master does not have.
    async fn artefact(&mut self, name: &str) -> Result<(), Error> {
        let Ok(file) = File::open(self.paths.artefact(name)) else { return Ok(()) };
        let mut out = Vec::new();
        Said::Have(name).put(&mut out);
        self.write(&out).await?;
        self.flush().await?;
        let size = file.metadata().map_or(0, |data| data.len());
        for _ in 0..ATTEMPTS {
            // Behind all of it the master may still want it: from the beginning, where what it had was damaged.
            let Some(from) = self.answer(name).await? else { return Ok(()) };
            self.pieces(name, &file, from, size).await?;
        }
        self.answer(name).await.map(drop)
    }

    /// Sends what there is of an artefact of `size` bytes behind `offset`.
    async fn pieces(&mut self, name: &str, file: &File, mut offset: u64, size: u64) -> Result<(), Error> {
        let (mut out, mut buffer) = (Vec::new(), vec![0; PIECE]);
        loop {
            let read = file.read_at(&mut buffer, offset).map_err(network("read an artefact"))?;
            let next = offset + u64::try_from(read).unwrap_or(0);
            let (bytes, last) = (buffer.get(..read).unwrap_or_default(), read == 0 || size <= next);
            out.clear();
            Said::Piece(name, offset, last, bytes).put(&mut out);
            self.write(&out).await?;
            if last {
                return self.flush().await;
            }
            offset = next;
        }
    }

    /// What the master says of an artefact: where it wants it from; `None`: it has it.
    async fn answer(&mut self, name: &str) -> Result<Option<u64>, Error> {
        loop {
            match timeout(PATIENCE, self.heard.recv()).await {
                Ok(Some(Heard::Has(of))) if of == name => return Ok(None),
                Ok(Some(Heard::Wants(of, from))) if of == name => return Ok(Some(from)),
                Ok(Some(word)) => self.note(&word)?,
                _ => return Err(network("hear the master")(std::io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    async fn hear(&mut self) -> Result<(), Error> {
        match timeout(PATIENCE, self.heard.recv()).await {
            Ok(Some(word)) => self.note(&word),
            _ => Err(network("hear the master")(std::io::ErrorKind::TimedOut.into())),
        }
    }

    fn note(&mut self, word: &Heard) -> Result<(), Error> {
        let Heard::Kept(at) = word else { return Ok(()) };
        let Some(index) = self.waiting.iter().position(|(waiting, _)| waiting == at) else {
            return Err(Error::Garbled("a place that nobody has told of".to_owned()));
        };
        let lines = self.waiting.drain(..=index).map(|(_, lines)| lines).sum();
        self.keep(Position { segment: at.segment, offset: at.offset }, lines)
    }

    /// What lies before `at` may be deleted here.
    fn keep(&mut self, at: Position, lines: u64) -> Result<(), Error> {
        self.lines += lines;
        if self.kept < at || self.durable.read() != Some(at) {
            self.durable.write(at)?;
        }
        self.kept = at;
        Ok(())
    }

    fn report(&mut self, worker: &WorkerContext, lag: &mut Lag) {
        lag.lines += self.lines;
        lag.rate = std::mem::take(&mut self.lines);
        lag.bytes = behind(&self.paths, self.kept);
        worker.status.report(lag);
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        let written =
            timeout(PATIENCE, self.output.write_all(bytes)).await.map_err(late).and_then(|done| done);
        written.map_err(network("send to the master"))
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.output.flush().await.map_err(network("send to the master"))
    }
}

fn place(at: Position) -> Place {
    Place { segment: at.segment, offset: at.offset }
}

/// Bytes of the log behind `at`.
pub(crate) fn behind(paths: &Paths, at: Position) -> u64 {
    let folder = paths.event_log();
    let size = |number: u64| std::fs::metadata(segment_path(&folder, number)).map_or(0, |data| data.len());
    let segments = segment_list(&folder).unwrap_or_default();
    let rest = segments.into_iter().filter(|number| at.segment <= *number);
    rest.map(
        |number| if number == at.segment { size(number).saturating_sub(at.offset) } else { size(number) },
    )
    .sum()
}

/// Artefacts that a line names.
fn artefacts(line: &[u8]) -> Vec<String> {
    // Few lines name one, and to read a line costs more than to look for the word.
    if !line.windows(field::SHA256.len()).any(|part| part == field::SHA256.as_bytes()) {
        return Vec::new();
    }
    let Ok(record) = parse(line) else { return Vec::new() };
    let fits =
        |name: &&str| name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let values = record.fields.iter().filter(|(name, _)| name == field::SHA256);
    values.filter_map(|(_, value)| std::str::from_utf8(value).ok()).filter(fits).map(str::to_owned).collect()
}
