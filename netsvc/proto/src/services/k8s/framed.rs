//! The API server and the kubelet as what answers over HTTP/2.

use super::{
    deed::Deed,
    desk::Desk,
    exec,
    logs::{self, Log},
    reply::{self, Form, Reply},
    watch::Watch,
};
use crate::services::http::{
    h2::{
        dialect::Dialect,
        program::{Answer, Came, Given, Program},
    },
    product::Family,
    request::{Fault, Request},
};
use netsvc_kit::{Host, Link, Out, budget::Account};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, Sleep},
};

/// Longest body (`MaxRequestBodyBytes`).
const LONGEST: u64 = 3 << 20;
/// Programs that a connection has run at a time.
const RUNNING: usize = 16;
/// Time between two looks at what watches may tell.
pub(super) const LOOK: Duration = Duration::from_millis(300);

/// A connection.
pub(super) struct Framed {
    desk: Desk,
    watches: BTreeMap<u32, Watch>,
    /// Programs in pods whose output is an answer.
    running: JoinSet<(u32, Answer)>,
    ready: Vec<(u32, Came)>,
    look: Pin<Box<Sleep>>,
}

impl Framed {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Framed {
            desk: Desk::new(host, link),
            watches: BTreeMap::new(),
            running: JoinSet::new(),
            ready: Vec::new(),
            look: Box::pin(tokio::time::sleep(LOOK)),
        }
    }

    /// Looks what watches have to tell.
    fn look(&mut self) {
        let now = self.desk.host.clock();
        let store = self.desk.store.lock();
        for (stream, watch) in &mut self.watches {
            let bytes = lines(&watch.next(&store, now));
            let end = watch.is_over(now);
            if end || !bytes.is_empty() {
                self.ready.push((*stream, Came::Piece { bytes, end }));
            }
        }
    }

    /// Lets what comes of `work` be the answer of `stream`.
    fn run(
        &mut self,
        stream: u32,
        request: &Request,
        work: impl Future<Output = Reply> + Send + 'static,
    ) -> Given {
        if RUNNING <= self.running.len() {
            let reply = Reply::failure(
                429,
                "TooManyRequests",
                "Too many requests, please try again later.",
                Value::Null,
            );
            return Given::Now(self.answered(request, &reply));
        }
        let (form, headless) = (self.desk.form(request), request.method == "HEAD");
        let answered = async move { (stream, answer(&work.await, &form, headless)) };
        self.running.spawn(Account::current().within(answered));
        Given::Later(200)
    }

    fn log(&mut self, stream: u32, request: &Request, log: Log) -> Given {
        let Some(text) = log.ready() else {
            let (host, link, store) = (self.desk.host.clone(), self.desk.link, self.desk.store.clone());
            return self.run(stream, request, async move {
                match logs::read(&host, &link, &store, log).await {
                    Ok(text) => Reply::text(200, text),
                    Err(_) => Reply::failure(500, "InternalError", "unexpected EOF", Value::Null),
                }
            });
        };
        let mut given = self.answered(request, &Reply::text(200, text));
        if log.follows && request.method != "HEAD" {
            given.open = true;
            given.fields.retain(|(name, _)| name != "content-length");
        }
        Given::Now(given)
    }

    fn answered(&self, request: &Request, reply: &Reply) -> Answer {
        answer(reply, &self.desk.form(request), request.method == "HEAD")
    }
}

/// Lines of a stream of events.
pub(super) fn lines(values: &[Value]) -> Vec<u8> {
    values.iter().flat_map(|value| reply::document(value, false)).collect()
}

/// An answer as Go frames it: what handlers set in the order of the alphabet, then what the server adds.
fn answer(reply: &Reply, form: &Form, headless: bool) -> Answer {
    let written = reply.written(form);
    let mut fields = vec![(":status".to_owned(), reply.status.to_string())];
    fields.extend(written.set.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)));
    if let Some(kind) = written.guessed {
        fields.push(("content-type".to_owned(), kind.to_owned()));
    }
    fields.push(("content-length".to_owned(), written.body.len().to_string()));
    fields.push(("date".to_owned(), written.date));
    let body = if headless { Vec::new() } else { written.body };
    Answer { status: reply.status, fields, body, open: false }
}

impl Program for Framed {
    fn dialect(&self) -> Dialect {
        self.desk.release.dialect(self.desk.is_kubelet())
    }

    /// Heads are judged as by who minds the least.
    fn family(&self) -> Family {
        Family::Device
    }

    fn body_limit(&self) -> u64 {
        LONGEST
    }

    fn answer(&mut self, stream: u32, request: &Request, _whole: bool, out: &mut Out) -> Given {
        match self.desk.ask(request, out) {
            Deed::Reply(reply) => Given::Now(self.answered(request, &reply)),
            // Connections are taken over in HTTP/1.1 alone.
            Deed::Exec(_) | Deed::Forward(_) => Given::Now(self.answered(request, &Reply::not_upgraded())),
            Deed::Watch(watch, first) => {
                let mut given = self.answered(request, &Reply::ok(Value::Null));
                given.fields.retain(|(name, _)| name != "content-length");
                let over = watch.is_over(self.desk.host.clock());
                (given.body, given.open) = (lines(&first), !over);
                if !over {
                    self.watches.insert(stream, *watch);
                }
                Given::Now(given)
            }
            Deed::Log(log) => self.log(stream, request, log),
            Deed::Run(target) => {
                let (host, link) = (self.desk.host.clone(), self.desk.link);
                self.run(stream, request, async move {
                    let output = exec::output(&host, &link, &target).await.unwrap_or_default();
                    Reply::text(200, String::from_utf8_lossy(&output).into_owned())
                })
            }
        }
    }

    fn refuse(&mut self, request: &Request, fault: Fault) -> Answer {
        let reply = match fault {
            Fault::Large => Reply::failure(
                413,
                "RequestEntityTooLarge",
                "Request entity too large: limit is 3145728",
                Value::Null,
            ),
            Fault::LongHead | Fault::LongField | Fault::LongLine | Fault::ManyFields => {
                Reply::text(431, "Request Header Fields Too Large")
            }
            _ => Reply::text(400, "400 Bad Request"),
        };
        self.answered(request, &reply)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Some(done)) = self.running.poll_join_next(context) {
            // A worker that failed leaves its stream waiting, as a container runtime does that hangs.
            self.ready.extend(done.ok().map(|(stream, answer)| (stream, Came::Answer(answer))));
        }
        if !self.watches.is_empty() && self.look.as_mut().poll(context).is_ready() {
            self.look();
            self.look.as_mut().reset(Instant::now() + LOOK);
            // So that it wakes this task again.
            let _ = self.look.as_mut().poll(context);
        }
        if self.ready.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }

    fn came(&mut self, _out: &mut Out) -> Vec<(u32, Came)> {
        std::mem::take(&mut self.ready)
    }

    fn gone(&mut self, stream: u32) {
        self.watches.remove(&stream);
    }
}
