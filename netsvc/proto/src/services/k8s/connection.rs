//! One connection in HTTP/1.1: requests, their answers, and what the connection becomes.

use super::{
    carrier::Carrier,
    deed::Deed,
    desk::Desk,
    exec::{self, Exec},
    forward::Forward,
    framed::{LOOK, lines},
    logs::{self, Log},
    reply::Reply,
    target::Target,
    upgrade::Upgrade,
    watch::Watch,
};
use crate::{date, services::http::site};
use netsvc_daemon::http::{
    form,
    request::{Fault, Request},
    stream::Requests,
};
use netsvc_kit::{Action, Out, Session};
use serde_json::Value;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Paths and missing hosts are answered as Go's server does: it reads on.
fn minds(fault: Fault) -> bool {
    fault != Fault::Outside
}

/// A connection.
pub(super) struct Connection {
    session: Session,
    requests: Requests,
    desk: Desk,
}

impl Connection {
    pub(super) fn new(session: Session) -> Self {
        let desk = Desk::new(session.host(), session.link());
        Connection { session, requests: Requests::default(), desk }
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
        let text = format!(
            "HTTP/1.1 400 Bad Request{reason}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: \
                close\r\n\r\n400 Bad \
             Request{reason}"
        );
        self.session.write_all(text.as_bytes()).await
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

    /// Answers a request; false: the connection ends.
    async fn serve(&mut self, request: &Request) -> io::Result<bool> {
        let mut out = Out::default();
        let asked = self.desk.ask(request, &mut out);
        let status = match &asked {
            Deed::Reply(reply) => reply.status,
            Deed::Exec(_) | Deed::Forward(_) => 101,
            _ => 200,
        };
        site::record(request, Some(status), &mut out);
        self.record(&mut out);
        match asked {
            Deed::Reply(reply) => self.reply(request, &reply).await,
            Deed::Run(target) => {
                let output = exec::output(&self.desk.host, &self.desk.link, &target).await?;
                let text = String::from_utf8_lossy(&output).into_owned();
                self.reply(request, &Reply::text(200, text)).await
            }
            Deed::Exec(target) => self.exec(request, target).await,
            Deed::Forward(target) => self.forward(request, target).await,
            Deed::Log(log) => self.log(request, log).await,
            Deed::Watch(watch, first) => self.watch(request, *watch, &first).await,
        }
    }

    async fn reply(&mut self, request: &Request, reply: &Reply) -> io::Result<bool> {
        let form = self.desk.form(request);
        self.session.write_all(&reply.write(request, &form)).await?;
        self.session.flush().await?;
        Ok(request.keeps_alive())
    }

    /// Runs a program whose channels the connection becomes.
    async fn exec(&mut self, request: &Request, target: Target) -> io::Result<bool> {
        let (host, link) = (self.desk.host.clone(), self.desk.link);
        let upgrade = Upgrade::of(request, self.desk.release, false, host.clock());
        let early = self.requests.rest().take_all();
        let carrier = match self.begin(&upgrade).await? {
            Some(true) => Carrier::frames(&mut self.session, &early),
            Some(false) => Carrier::streams(&mut self.session, &early, &target).await?,
            None => return Ok(false),
        };
        Exec::new(carrier, &host, &link, target).run().await?;
        Ok(false)
    }

    /// Lets the connection become that to ports of a pod.
    async fn forward(&mut self, request: &Request, target: Target) -> io::Result<bool> {
        let upgrade = Upgrade::of(request, self.desk.release, true, self.desk.host.clock());
        let early = self.requests.rest().take_all();
        let Some(framed) = self.begin(&upgrade).await? else { return Ok(false) };
        let query = form::encoded(&request.query);
        let named = query.values.iter().filter(|(name, _)| name == "ports");
        let ports: Vec<u16> = named
            .flat_map(|(_, value)| value.split(','))
            .filter_map(|port| port.trim().parse::<u16>().ok())
            .filter(|port| *port != 0)
            .collect();
        let ports = if framed { ports } else { Vec::new() };
        Forward::new(&mut self.session, target, &early, framed).run(&ports).await?;
        Ok(false)
    }

    /// Says what the connection becomes; whether that is frames of WebSockets. `None`: it ends.
    async fn begin(&mut self, upgrade: &Upgrade) -> io::Result<Option<bool>> {
        let (head, becomes) = match upgrade {
            Upgrade::Frames(head) => (head, Some(true)),
            Upgrade::Streams(head) => (head, Some(false)),
            Upgrade::Refused(answer) => (answer, None),
        };
        self.session.write_all(head).await?;
        self.session.flush().await?;
        Ok(becomes)
    }

    async fn log(&mut self, request: &Request, log: Log) -> io::Result<bool> {
        let follows = log.follows;
        let Some(text) = log.ready() else {
            let text = logs::read(&self.desk.host, &self.desk.link, &self.desk.store, log).await?;
            return self.reply(request, &Reply::text(200, text)).await;
        };
        if !follows {
            return self.reply(request, &Reply::text(200, text)).await;
        }
        self.head("text/plain").await?;
        self.chunk(text.as_bytes()).await?;
        // What there is goes on without a word.
        let mut buffer = [0; 1];
        self.session.read(&mut buffer).await.map(|_| false)
    }

    async fn head(&mut self, kind: &str) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nCache-Control: no-cache, private\r\nContent-Type: {kind}\r\nDate: {}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            date::http(self.desk.host.clock())
        );
        self.session.write_all(head.as_bytes()).await?;
        self.session.flush().await
    }

    async fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.session.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
        self.session.write_all(bytes).await?;
        self.session.write_all(b"\r\n").await?;
        self.session.flush().await
    }

    /// Tells what there is and what changes, until the peer or the time is over.
    async fn watch(&mut self, request: &Request, mut watch: Watch, first: &[Value]) -> io::Result<bool> {
        self.head("application/json").await?;
        self.chunk(&lines(first)).await?;
        let mut buffer = [0; 1];
        while !watch.is_over(self.desk.host.clock()) {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                read = self.session.read(&mut buffer) => {
                    read?;
                    return Ok(false);
                }
            }
            let bytes = {
                let store = self.desk.store.lock();
                lines(&watch.next(&store, self.desk.host.clock()))
            };
            self.chunk(&bytes).await?;
        }
        self.session.write_all(b"0\r\n\r\n").await?;
        self.session.flush().await?;
        Ok(request.keeps_alive())
    }
}
