//! One connection: requests in, replies and messages out, transactions, and waiting for a key.

use super::{
    Reply, Server,
    context::Context,
    hub::{Mailbox, Peer},
    line, memory, modes, monitor,
    on::lists::timeout,
    request::{Reader, Request},
    slowlog,
    table::Command,
    words::Words,
};
use netsvc_kit::{Charge, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};
use tokio::time::Sleep;

/// Most commands between MULTI and EXEC, and their bytes.
const QUEUED: usize = 10_000;
const QUEUED_BYTES: usize = 4 << 20;
/// Bytes of replies after which they are sent, though more requests wait.
const WAITING: usize = 64 * 1024;
/// Most keys of WATCH.
const WATCHED: usize = 10_000;

/// What the server remembers of a connection.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub id: u64,
    pub name: Vec<u8>,
    pub authenticated: bool,
    /// The user that it is.
    pub user: String,
    /// RESP3 was asked for.
    pub third: bool,
    pub database: usize,
    /// Commands between MULTI and EXEC; `None` outside.
    pub queue: Option<Vec<Vec<Vec<u8>>>>,
    /// Bytes in `queue`.
    pub queued: usize,
    /// A command between MULTI and EXEC was refused.
    pub spoiled: bool,
    /// Channels and patterns that the connection listens to.
    pub subscribed: usize,
    /// Keys of WATCH: database, key, number of their last change.
    pub watched: Vec<(usize, Vec<u8>, Option<u64>)>,
    /// Bytes that the command that runs may still copy.
    pub room: usize,
}

/// A command that waits for a key.
struct Blocked {
    words: Vec<Vec<u8>>,
    /// How long it waits; `None`: for ever.
    time: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    over: bool,
}

pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    server: Arc<Server>,
    reader: Reader,
    /// What the reader holds.
    held: Charge,
    client: Client,
    mailbox: Mailbox,
    blocked: Option<Blocked>,
    monitors: bool,
    /// Replies that are not sent yet.
    pending: Vec<u8>,
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Bytes(bytes) => {
                self.server.data.lock().1.counters.bytes_in += bytes.len() as u64;
                self.reader.push(bytes);
                self.requests(out);
                self.held.set(self.reader.waiting());
            }
            Input::Eof => out.close(),
        }
    }

    fn poll_woken(&mut self, context: &mut std::task::Context<'_>) -> Poll<()> {
        if self.waits(context.waker()) {
            return Poll::Ready(());
        }
        let Some(blocked) = &mut self.blocked else { return Poll::Pending };
        let Some(time) = blocked.time else { return Poll::Pending };
        let timer = blocked.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        if Future::poll(timer.as_mut(), context).is_ready() {
            blocked.over = true;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn woken(&mut self, out: &mut Out) {
        let arrived = self.mailbox.take();
        for reply in arrived.replies {
            self.pending.extend(reply.encode(self.client.third));
        }
        if arrived.killed {
            self.flush(out);
            return out.close();
        }
        if let Some(blocked) = self.blocked.take() {
            let refusal = match arrived.unblocked {
                Some(true) => Some(Reply::error("UNBLOCKED client unblocked via CLIENT UNBLOCK")),
                Some(false) => Some(nothing(&blocked.words)),
                None if blocked.over => Some(nothing(&blocked.words)),
                None => None,
            };
            match refusal {
                Some(reply) => self.reply(&reply),
                None => {
                    let reply = self.call(&blocked.words, out, false);
                    if reply == nothing(&blocked.words) {
                        self.blocked = Some(blocked);
                    } else {
                        self.reply(&reply);
                    }
                }
            }
            self.tell();
        }
        self.requests(out);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.hub.leave(self.client.id);
    }
}

/// What a blocking command answers when nothing came.
fn nothing(words: &[Vec<u8>]) -> Reply {
    match Words(words).lower(0).as_str() {
        "blmove" | "brpoplpush" => Reply::Null,
        _ => Reply::NullArray,
    }
}

/// How long a command waits for a key when there is none; `None`: it does not wait.
fn patience(words: Words<'_>) -> Option<Option<Duration>> {
    let name = words.lower(0);
    let seconds = match name.as_str() {
        "blpop" | "brpop" | "blmove" | "brpoplpush" | "bzpopmin" | "bzpopmax" => {
            timeout(words.at(words.len().checked_sub(1)?)).ok()?
        }
        "blmpop" | "bzmpop" => timeout(words.at(1)).ok()?,
        "xread" | "xreadgroup" => {
            let at = (1..words.len()).find(|index| words.is(*index, "block"))?;
            timeout(words.at(at + 1)).ok()? / 1000.0
        }
        _ => return None,
    };
    Some((seconds > 0.0).then(|| Duration::from_secs_f64(seconds)))
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link, server: Arc<Server>, id: u64) -> Self {
        let mailbox = Mailbox::default();
        let now = host.clock();
        server.hub.enter(Peer {
            id,
            address: link.peer,
            local: link.local,
            name: Vec::new(),
            database: 0,
            begun: now,
            used: now,
            command: "NULL".to_owned(),
            queued: None,
            third: false,
            blocked: false,
            monitors: false,
            channels: Default::default(),
            patterns: Default::default(),
            shards: Default::default(),
            mailbox: mailbox.clone(),
        });
        let authenticated = host.setting("password").is_none();
        Connection {
            host: host.clone(),
            link: *link,
            server,
            reader: Reader::default(),
            held: Charge::default(),
            client: Client { id, authenticated, user: "default".to_owned(), ..Client::default() },
            mailbox,
            blocked: None,
            monitors: false,
            pending: Vec::new(),
        }
    }

    fn waits(&self, waker: &Waker) -> bool {
        self.mailbox.waits(waker)
    }

    fn requests(&mut self, out: &mut Out) {
        while !out.closing() && self.blocked.is_none() {
            if WAITING < self.pending.len() {
                self.flush(out);
            }
            if out.full() {
                return self.flush(out);
            }
            match self.reader.next(self.client.authenticated) {
                Ok(Some(Request(words))) if words.is_empty() => {}
                Ok(Some(Request(words))) => self.request(words, out),
                Ok(None) => break,
                Err(reason) => {
                    out.record(Kind::Malformed, vec![(field::REASON, reason.as_bytes().to_vec())]);
                    self.reply(&Reply::error(format!("ERR Protocol error: {reason}")));
                    self.flush(out);
                    out.close();
                }
            }
        }
        self.flush(out);
    }

    fn flush(&mut self, out: &mut Out) {
        self.server.data.lock().1.counters.bytes_out += self.pending.len() as u64;
        out.send(std::mem::take(&mut self.pending));
    }

    fn reply(&mut self, reply: &Reply) {
        self.pending.extend(reply.encode(self.client.third));
    }

    fn request(&mut self, words: Vec<Vec<u8>>, out: &mut Out) {
        let name = Words(&words).lower(0);
        let secret = matches!(name.as_str(), "auth" | "hello");
        if !secret {
            out.record(Kind::Command, vec![(field::COMMAND, line(&words))]);
        }
        // A cross-protocol request: the real server hangs up, and what it has not sent yet is lost.
        if name == "post" || name == "host:" {
            self.pending.clear();
            return out.close();
        }
        let reply = self.run(&words, out);
        if let Some(reply) = reply {
            self.reply(&reply);
        }
        self.tell();
        if name == "quit" && Words(&words).len() >= 1 {
            self.flush(out);
            out.close();
        }
    }

    /// Keeps what others see of the connection.
    fn tell(&self) {
        let (client, blocked, monitors) = (&self.client, self.blocked.is_some(), self.monitors);
        let now = self.host.clock();
        self.server.hub.update(client.id, |peer| {
            peer.database = client.database;
            peer.queued = client.queue.as_ref().map(Vec::len);
            peer.third = client.third;
            peer.blocked = blocked;
            peer.monitors = monitors;
            peer.used = now;
        });
    }

    /// The reply to a request; `None` when it comes later.
    fn run(&mut self, words: &[Vec<u8>], out: &mut Out) -> Option<Reply> {
        let version = self.server.data.lock().1.version;
        let command = match modes::resolve(Words(words), version) {
            Ok(command) => command,
            Err(refusal) => {
                let name = words.first().cloned().unwrap_or_default();
                let fields = vec![(field::NAME, name), (field::COMMAND, line(words))];
                out.record(Kind::UnknownCommand, fields);
                return Some(self.refused(None, refusal));
            }
        };
        self.server.hub.update(self.client.id, |peer| peer.command.clone_from(&command.name));
        if let Some(refusal) = modes::refuse(command, &self.client, Words(words), version) {
            if let Some(attempt) = monitor::attempt(words) {
                out.record(attempt.0, attempt.1);
            }
            return Some(self.refused(Some(command), refusal));
        }
        if let Some(refusal) = self.denied(command, Words(words)) {
            return Some(self.refused(Some(command), refusal));
        }
        if self.client.queue.is_some() && !modes::immediate(command) {
            return Some(self.queue(words.to_vec()));
        }
        Some(match command.name.as_str() {
            "multi" if self.client.queue.is_some() => Reply::error("ERR MULTI calls can not be nested"),
            "multi" => {
                self.client.queue = Some(Vec::new());
                Reply::ok()
            }
            "exec" => self.commit(out),
            "discard" => self.discard(),
            "watch" => self.watch(words),
            "unwatch" => {
                self.client.watched.clear();
                Reply::ok()
            }
            "monitor" => {
                self.monitors = true;
                Reply::ok()
            }
            "reset" => self.reset(),
            _ => {
                let reply = self.call(words, out, false);
                if reply == nothing(words)
                    && let Some(time) = patience(Words(words))
                {
                    self.blocked = Some(Blocked { words: words.to_vec(), time, timer: None, over: false });
                    return None;
                }
                reply
            }
        })
    }

    /// The refusal of a command that the user may not run.
    fn denied(&self, command: &Command, words: Words<'_>) -> Option<Reply> {
        let state = &mut self.server.data.lock().1;
        let denied = state.users.get(&self.client.user)?.may(command, words).err()?;
        let (reason, object) = denied.logged();
        let line = format!("id={} addr={} user={}", self.client.id, self.link.peer, self.client.user);
        state.refused(reason, object, &self.client.user, line, self.host.clock());
        Some(Reply::error(denied.refusal()))
    }

    /// A refusal spoils the transaction that it falls into, and ends it when EXEC itself is refused.
    fn refused(&mut self, command: Option<&Command>, refusal: Reply) -> Reply {
        self.client.spoiled |= self.client.queue.is_some();
        let mut data = self.server.data.lock();
        if let Reply::Error(text) = &refusal {
            data.1.failed(text);
        }
        if let Some(command) = command {
            data.1.counters.by_command.entry(command.name.clone()).or_default().1 += 1;
        }
        match (command, &refusal) {
            (Some(command), Reply::Error(text)) if command.name == "exec" => {
                let reason = text.strip_prefix("ERR ").unwrap_or(text);
                self.client.queue = None;
                self.client.spoiled = false;
                self.client.watched.clear();
                Reply::error(format!("EXECABORT Transaction discarded because of: {reason}"))
            }
            _ => refusal,
        }
    }

    fn call(&mut self, words: &[Vec<u8>], out: &mut Out, nested: bool) -> Reply {
        let words = Words(words);
        let mut data = self.server.data.lock();
        let (keys, state, life) = &mut *data;
        let now = self.host.clock();
        life.advance(keys, now);
        let before = keys.changes;
        state.counters.commands += 1;
        let hub = &self.server.hub;
        let mut context = Context {
            host: &self.host,
            link: &self.link,
            keys,
            state,
            hub,
            client: &mut self.client,
            now,
            out,
            nested,
        };
        let version = context.state.version;
        let begun = Instant::now();
        let command = modes::resolve(words, version);
        let reply = match &command {
            Ok(command) => {
                modes::refuse_write(command, &context).unwrap_or_else(|| super::execute(&mut context, words))
            }
            Err(refusal) => refusal.clone(),
        };
        if let Ok(command) = command {
            if !command.has("skip_monitor") {
                hub.show(|| monitor::line(&context, words));
            }
            let entry = context.state.counters.by_command.entry(command.name.clone()).or_default();
            entry.0 += 1;
            entry.2 += u64::from(reply.is_error());
            if !command.has("skip_slowlog") {
                let number = |name| context.state.number(name);
                let bounds = (
                    number("slowlog-log-slower-than").unwrap_or(10_000),
                    number("slowlog-max-len").unwrap_or(128),
                );
                let asleep = slowlog::asleep(words).filter(|_| !reply.is_error()).unwrap_or_default();
                let client = (context.link.peer.to_string(), context.client.name.clone());
                let time = slowlog::taken(begun.elapsed(), asleep);
                context.state.slow.note(words, time, now / 1_000_000, client, bounds);
            }
        }
        if let Reply::Error(text) = &reply {
            context.state.failed(text);
        }
        if context.keys.changes != before {
            hub.changed(context.client.id);
        }
        reply
    }

    fn queue(&mut self, words: Vec<Vec<u8>>) -> Reply {
        let size: usize = words.iter().map(Vec::len).sum();
        let Some(queue) = &mut self.client.queue else { return Reply::ok() };
        if QUEUED <= queue.len() || QUEUED_BYTES < self.client.queued + size {
            self.client.spoiled = true;
            return Reply::out_of_memory();
        }
        self.client.queued += size;
        queue.push(words);
        Reply::simple("QUEUED")
    }

    fn discard(&mut self) -> Reply {
        if self.client.queue.take().is_none() {
            return Reply::error("ERR DISCARD without MULTI");
        }
        self.client.spoiled = false;
        self.client.queued = 0;
        self.client.watched.clear();
        Reply::ok()
    }

    fn commit(&mut self, out: &mut Out) -> Reply {
        let Some(queue) = self.client.queue.take() else { return Reply::error("ERR EXEC without MULTI") };
        let watched = std::mem::take(&mut self.client.watched);
        self.client.queued = 0;
        if std::mem::take(&mut self.client.spoiled) {
            return Reply::error("EXECABORT Transaction discarded because of previous errors.");
        }
        let now = self.host.clock();
        let dirty = {
            let keys = &mut self.server.data.lock().0;
            watched.iter().any(|(database, key, seen)| keys.changed(*database, key, now) != *seen)
        };
        if dirty {
            return Reply::NullArray;
        }
        self.client.room = memory::COPIED;
        let replies = queue.iter().map(|words| {
            let name = Words(words).lower(0);
            if name == "monitor" || name == "unwatch" { Reply::ok() } else { self.call(words, out, true) }
        });
        Reply::Array(replies.collect())
    }

    fn watch(&mut self, words: &[Vec<u8>]) -> Reply {
        if self.client.queue.is_some() {
            return Reply::error("ERR WATCH inside MULTI is not allowed");
        }
        let (now, database) = (self.host.clock(), self.client.database);
        let keys = &mut self.server.data.lock().0;
        for key in words.iter().skip(1) {
            if self.client.watched.len() < WATCHED {
                let seen = keys.changed(database, key, now);
                self.client.watched.push((database, key.clone(), seen));
            }
        }
        Reply::ok()
    }

    fn reset(&mut self) -> Reply {
        let authenticated = self.host.setting("password").is_none();
        self.client =
            Client { id: self.client.id, authenticated, user: "default".to_owned(), ..Client::default() };
        self.monitors = false;
        self.server.hub.update(self.client.id, |peer| {
            peer.name.clear();
            peer.channels.clear();
            peer.patterns.clear();
            peer.shards.clear();
        });
        Reply::simple("RESET")
    }
}
