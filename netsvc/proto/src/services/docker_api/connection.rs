//! One connection: requests off it, answers onto it, until it ends or becomes the stream of a process.

use super::{
    call::{self, Attach, Call, Deed},
    engine::{ENGINES, Engine},
    image::Image,
    process::Phase,
    release::Release,
    reply::{self, Form, Reply},
    route,
    run::{Runner, Target},
    seeded,
    stream::{FRAMED, Look, RAW},
};
use crate::{
    kept::Kept,
    services::http::{
        request::{Fault, Request},
        site,
    },
};
use netsvc_daemon::http::stream::Requests;
use netsvc_kit::{Action, Out, Session};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once.
const PIECE: usize = 8 * 1024;
/// Longest that one line of an answer waits.
const PAUSE: Duration = Duration::from_secs(30);

/// Time that a container has to end.
const GRACE: Duration = Duration::from_secs(10);

/// A path with more slashes or dots than it needs is answered as the one that it means.
fn minds(fault: Fault) -> bool {
    fault != Fault::Outside
}

/// The engines of a node, by attacker.
#[derive(Default)]
struct Engines(Kept<Engine, ENGINES>);

/// A connection.
pub(super) struct Connection {
    session: Session,
    requests: Requests,
    engine: Arc<Mutex<Engine>>,
    release: &'static Release,
}

impl Connection {
    pub(super) fn new(session: Session) -> Self {
        let host = session.host().clone();
        let link = *session.link();
        let fresh = || {
            let mut engine = Engine::new(&host, &link);
            seeded::fill(&host, &mut engine);
            engine
        };
        let engine = host.node.shared(Engines::default).0.of(link.source(), fresh);
        Connection { session, requests: Requests::default(), engine, release: Release::of(&host) }
    }

    /// Serves it to its end.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        while let Some(request) = self.requests.next(&mut self.session, minds).await? {
            if let Some(fault) = request.faults.first().copied() {
                self.refuse(&request, fault).await?;
                break;
            }
            if !self.serve(&request).await? {
                break;
            }
        }
        self.session.shutdown().await
    }

    async fn refuse(&mut self, request: &Request, fault: Fault) -> io::Result<()> {
        let mut out = Out::default();
        site::record(request, Some(400), &mut out);
        self.record(&mut out);
        let missing = fault == Fault::Host && request.field("host").is_none();
        let reason = if missing { ": missing required Host header" } else { "" };
        self.session.write_all(&reply::refusal(reason)).await
    }

    /// Answers a request; false: the connection ends.
    async fn serve(&mut self, request: &Request) -> io::Result<bool> {
        let (version, path) = route::versioned(&request.path);
        let mut out = Out::default();
        let host = self.session.host().clone();
        let link = *self.session.link();
        let refused = version.and_then(|version| route::refusal(self.release, version));
        let api = version.unwrap_or(self.release.api);
        let deed = match refused {
            Some(reply) => Deed::Reply(reply),
            None => {
                let mut call = Call {
                    host: &host,
                    link: &link,
                    engine: &self.engine,
                    release: self.release,
                    request,
                    query: call::query(request),
                    now: host.clock(),
                    out: &mut out,
                };
                route::answer(&mut call, path)
            }
        };
        let status = if let Deed::Reply(reply) = &deed { reply.status } else { 200 };
        site::record(request, Some(status), &mut out);
        self.record(&mut out);
        self.perform(request, api, deed).await
    }

    /// Writes down what was seen.
    fn record(&self, out: &mut Out) {
        for action in out.take() {
            match action {
                Action::Record(kind, fields) => self.session.record(kind, fields),
                Action::Capture(kind, fields, content) => self.session.capture(kind, fields, &content),
                _ => {}
            }
        }
    }

    async fn perform(&mut self, request: &Request, api: (u32, u32), deed: Deed) -> io::Result<bool> {
        match deed {
            Deed::Start(target, then) => match self.start(target).await {
                Ok(()) => Box::pin(self.perform(request, api, *then)).await,
                Err(reply) => self.reply(request, &reply).await,
            },
            Deed::Restart(target) => {
                target.process().stop(137);
                // What does not end in time is started all the same.
                let _ = tokio::time::timeout(GRACE, target.process().idle()).await;
                let reply = self.start(target).await.err().unwrap_or_else(|| Reply::empty(204));
                self.reply(request, &reply).await
            }
            Deed::Reply(reply) => self.reply(request, &reply).await,
            Deed::Lines(lines, image) => self.lines(request, lines, image).await,
            Deed::Attach(target, attach) => {
                self.attach(request, api, &target, attach).await?;
                Ok(false)
            }
            Deed::Wait(target, next) => self.wait(&target, next).await,
            Deed::Logs(target, look, follows, last) => self.logs(api, &target, look, follows, last).await,
            Deed::Events(time) => {
                self.head(Some("application/json")).await?;
                self.idle(time).await?;
                self.chunk(b"").await
            }
        }
    }

    async fn start(&self, target: Target) -> Result<(), Reply> {
        let runner = Runner {
            host: self.session.host().clone(),
            link: *self.session.link(),
            engine: Arc::downgrade(&self.engine),
        };
        let program = matches!(target, Target::Program(_));
        let started = runner.start(target).await;
        started.map_err(|text| {
            Reply::error(if program || text.contains("temporarily") { 500 } else { 400 }, text)
        })
    }

    async fn reply(&mut self, request: &Request, reply: &Reply) -> io::Result<bool> {
        let keep = request.keeps_alive();
        let form = Form { version: request.version, head: request.method == "HEAD", keep };
        let bytes = reply.write(self.release, self.session.host().clock(), form);
        self.session.write_all(&bytes).await?;
        Ok(keep)
    }

    async fn head(&mut self, kind: Option<&str>) -> io::Result<()> {
        let bytes = reply::streaming(self.release, self.session.host().clock(), kind);
        self.session.write_all(&bytes).await?;
        self.session.flush().await
    }

    /// A piece of an answer; none is its end. True: the connection goes on.
    async fn chunk(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.session.write_all(&reply::chunk(bytes)).await?;
        self.session.flush().await?;
        Ok(true)
    }

    async fn lines(
        &mut self,
        request: &Request,
        lines: Vec<(Duration, Value)>,
        image: Option<Image>,
    ) -> io::Result<bool> {
        self.head(Some("application/json")).await?;
        let slow = self.session.host().natural_delays();
        for (pause, line) in lines {
            if slow && !pause.is_zero() {
                tokio::time::sleep(pause.min(PAUSE)).await;
            }
            self.chunk(&reply::line(&line, "\r\n")).await?;
        }
        if let Some(image) = image {
            let added = self.engine.lock().add_image(image);
            if added.is_err() {
                let text = "write /var/lib/docker/tmp/GetImageBlob: no space left on device";
                let line = json!({ "errorDetail": { "message": text }, "error": text });
                self.chunk(&reply::line(&line, "\r\n")).await?;
            }
        }
        self.chunk(b"").await?;
        Ok(request.keeps_alive())
    }

    /// Waits for the end of a process, and for its next one if it does not run.
    async fn wait(&mut self, target: &Target, next: bool) -> io::Result<bool> {
        self.head(Some("application/json")).await?;
        let process = target.process();
        let mut changes = process.watch();
        let first = process.standing();
        let attempts = first.attempts + u64::from(next && first.phase != Phase::Running);
        let mut buffer = [0; 1];
        let status = loop {
            changes.mark_unchanged();
            let standing = process.standing();
            if attempts <= standing.attempts && standing.phase != Phase::Running {
                break standing.status;
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { break 137 },
                read = self.session.read(&mut buffer) => {
                    read?;
                    return Ok(false);
                }
            }
        };
        let line = if (1, 42) <= self.release.api {
            json!({ "StatusCode": status })
        } else {
            json!({ "Error": null, "StatusCode": status })
        };
        self.chunk(&reply::line(&line, "\n")).await?;
        self.chunk(b"").await
    }

    async fn logs(
        &mut self,
        api: (u32, u32),
        target: &Target,
        look: Look,
        follows: bool,
        last: Option<usize>,
    ) -> io::Result<bool> {
        let kind = if look.terminal { RAW } else { FRAMED };
        self.head(((1, 42) <= api).then_some(kind)).await?;
        let process = target.process();
        let mut changes = process.watch();
        let from = last.map_or(0, |last| process.next().saturating_sub(last));
        let mut from = from;
        let mut buffer = [0; 1];
        loop {
            changes.mark_unchanged();
            let running = process.is_running();
            let (pieces, next) = process.output(from);
            from = next;
            for bytes in pieces.iter().filter_map(|piece| look.write(piece)) {
                self.chunk(&bytes).await?;
            }
            if !follows || !running {
                return self.chunk(b"").await;
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return self.chunk(b"").await },
                read = self.session.read(&mut buffer) => {
                    read?;
                    return Ok(false);
                }
            }
        }
    }

    /// Lets time pass; a peer who says something or goes ends the connection.
    async fn idle(&mut self, time: Duration) -> io::Result<()> {
        let mut buffer = [0; 1];
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            read = self.session.read(&mut buffer) => {
                read?;
                Err(io::Error::from(io::ErrorKind::UnexpectedEof))
            }
        }
    }

    /// Makes the connection the input and output of a process, to its end or that of the peer.
    async fn attach(
        &mut self,
        request: &Request,
        api: (u32, u32),
        target: &Target,
        attach: Attach,
    ) -> io::Result<()> {
        let upgraded = request.field("upgrade").is_some();
        let kind = if attach.look.terminal || api < (1, 42) { RAW } else { FRAMED };
        let bytes = reply::hijacked(self.release, upgraded, kind);
        self.session.write_all(&bytes).await?;
        self.session.flush().await?;
        let process = target.process();
        let early = self.requests.rest().take_all();
        if attach.input {
            process.feed(&early);
        }
        let mut from = if attach.past { 0 } else { process.next() };
        let mut changes = process.watch();
        let mut buffer = [0; PIECE];
        let mut reads = true;
        loop {
            changes.mark_unchanged();
            let over = process.standing().phase == Phase::Ended;
            let (pieces, next) = process.output(from);
            from = next;
            for bytes in pieces
                .iter()
                .filter(|_| attach.stream || attach.past)
                .filter_map(|piece| attach.look.write(piece))
            {
                self.session.write_all(&bytes).await?;
            }
            self.session.flush().await?;
            if over || !attach.stream {
                return Ok(());
            }
            let room = reads && process.has_room(PIECE);
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
                read = self.session.read(&mut buffer), if room => {
                    let count = read?;
                    let typed = buffer.get(..count).unwrap_or_default();
                    match (count, attach.input) {
                        (0, true) => process.close_input(),
                        (_, true) => process.feed(typed),
                        _ => {}
                    }
                    reads = 0 < count;
                }
            }
        }
    }
}
