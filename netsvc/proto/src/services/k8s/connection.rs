//! One connection: who asks, what is answered, and what the connection becomes.

use super::{
    KUBELET,
    api::{self, Deed},
    call::{self, Call, Rights, Who},
    exec::{self, Exec},
    kubelet::{self, Asked},
    release::Release,
    reply::{self, Form, Reply},
    seeded,
    store::{STORES, Store, uuid},
    websocket,
};
use crate::{date, kept::Kept, services::http::site};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::http::{
    request::{Fault, Request},
    stream::Requests,
};
use netsvc_kit::{Action, Credential, Host, Out, Session};
use netsvc_persona::subkey;
use parking_lot::Mutex;
use serde_json::Value;
use std::{io, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest that a watch goes on.
const WATCH: Duration = Duration::from_secs(1800);

/// The clusters of a node, by attacker.
#[derive(Default)]
struct Stores(Kept<Store, STORES>);

/// Paths and missing hosts are answered as Go's server does: it reads on.
fn minds(fault: Fault) -> bool {
    fault != Fault::Outside
}

/// A connection.
pub(super) struct Connection {
    session: Session,
    requests: Requests,
    store: Arc<Mutex<Store>>,
    release: &'static Release,
    /// Number of the request.
    count: u64,
}

impl Connection {
    pub(super) fn new(session: Session) -> Self {
        let host = session.host().clone();
        let release = Release::of(&host);
        let fresh = || seeded::store(&host, release);
        let store = host.node.shared(Stores::default).0.of(session.link().source(), fresh);
        Connection { session, requests: Requests::default(), store, release, count: 0 }
    }

    fn is_kubelet(&self) -> bool {
        self.session.link().port == KUBELET
    }

    /// Serves it to its end.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        while let Some(request) = self.requests.next(&mut self.session, minds).await? {
            self.count += 1;
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
        let host = self.session.host().clone();
        let who = who(&host, request, &mut out);
        let asked = {
            let mut store = self.store.lock();
            match &who {
                None if self.is_kubelet() => Asked::Deed(Deed::Reply(Reply::text(401, "Unauthorized"))),
                None => Asked::Deed(Deed::Reply(Reply::unauthorized())),
                Some(who) => {
                    let mut call = Call {
                        host: &host,
                        store: &mut store,
                        release: self.release,
                        request,
                        who,
                        query: call::query(request),
                        now: host.clock(),
                        out: &mut out,
                    };
                    if self.is_kubelet() {
                        kubelet::answer(&mut call)
                    } else {
                        Asked::Deed(api::answer(&mut call))
                    }
                }
            }
        };
        let status = match &asked {
            Asked::Deed(Deed::Reply(reply)) => reply.status,
            Asked::Deed(Deed::Exec(_)) => 101,
            _ => 200,
        };
        site::record(request, Some(status), &mut out);
        self.record(&mut out);
        match asked {
            Asked::Deed(Deed::Reply(reply)) => self.reply(request, &reply).await,
            Asked::Run(target) => {
                let link = *self.session.link();
                let output = exec::output(&host, &link, &target).await?;
                let text = String::from_utf8_lossy(&output).into_owned();
                self.reply(request, &Reply::text(200, text)).await
            }
            Asked::Deed(Deed::Exec(target)) => {
                let Some((head, _)) = websocket::upgrade(request) else {
                    let reply = Reply::bad("unable to upgrade: no supported protocol was offered");
                    return self.reply(request, &reply).await;
                };
                self.session.write_all(&head).await?;
                self.session.flush().await?;
                let early = self.requests.rest().take_all();
                Exec::new(&mut self.session, target, &early).run().await?;
                Ok(false)
            }
            Asked::Deed(Deed::Watch(lines)) => self.watch(request, &lines).await,
        }
    }

    async fn reply(&mut self, request: &Request, reply: &Reply) -> io::Result<bool> {
        let form = self.form(request);
        self.session.write_all(&reply.write(request, &form)).await?;
        self.session.flush().await?;
        Ok(request.keeps_alive())
    }

    fn form(&self, request: &Request) -> Form {
        let host = self.session.host();
        let agent = request.field("user-agent").unwrap_or_default();
        let person = ["curl", "Wget", "Mozilla"].iter().any(|begin| agent.starts_with(begin));
        let asked = request.query.split('&').find(|pair| pair.starts_with("pretty"));
        let pretty = asked.map_or(person, |pair| pair != "pretty=false" && pair != "pretty=0");
        let drawn = (!self.is_kubelet()).then(|| {
            let key = host.persona().subkey.hex_bytes().unwrap_or_default();
            let of = |labels: &[&str]| uuid(&hex::encode(subkey::bytes(&key, labels)));
            let (session, count) = (self.session.link().session.to_string(), self.count.to_string());
            [
                of(&["k8s", "audit", &session, &count]),
                of(&["k8s", "flow schema", &request.method]),
                of(&["k8s", "priority level"]),
            ]
        });
        Form { clock: host.clock(), pretty: pretty && !self.is_kubelet(), drawn }
    }

    /// Tells what there is, and waits until the peer or the time is over.
    async fn watch(&mut self, request: &Request, lines: &[Value]) -> io::Result<bool> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nCache-Control: no-cache, private\r\nContent-Type: application/json\r\nDate: {}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            date::http(self.session.host().clock())
        );
        self.session.write_all(head.as_bytes()).await?;
        for line in lines {
            let body = reply::document(line, false);
            self.session.write_all(format!("{:x}\r\n", body.len()).as_bytes()).await?;
            self.session.write_all(&body).await?;
            self.session.write_all(b"\r\n").await?;
        }
        self.session.flush().await?;
        let asked =
            request.query.split('&').find_map(|pair| pair.strip_prefix("timeoutSeconds=")?.parse().ok());
        let time = asked.map_or(WATCH, Duration::from_secs).min(WATCH);
        let mut buffer = [0; 1];
        tokio::select! {
            () = tokio::time::sleep(time) => {
                self.session.write_all(b"0\r\n\r\n").await?;
                self.session.flush().await?;
                Ok(request.keeps_alive())
            }
            read = self.session.read(&mut buffer) => {
                read?;
                Ok(false)
            }
        }
    }
}

/// Who sends `request`; `None`: nobody whom the server knows. What is offered is written down.
fn who(host: &Host, request: &Request, out: &mut Out) -> Option<Who> {
    let anonymous = || {
        let rights = match host.setting("anonymous") {
            Some("off") => Rights::Nothing,
            Some("read") => Rights::Looking,
            _ => Rights::Everything,
        };
        Some(Who { name: "system:anonymous".to_owned(), rights })
    };
    let Some(value) = request.field("authorization") else { return anonymous() };
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD.decode(rest).unwrap_or_default();
        let colon = pair.iter().position(|byte| *byte == b':').unwrap_or(pair.len());
        let (user, password) = pair.split_at_checked(colon).unwrap_or((&pair, &[]));
        let password = password.strip_prefix(b":").unwrap_or(password);
        out.credential(Credential::plaintext(user, password, "Basic", false));
        // Since 1.19 nothing looks at such a pair, so whoever sends one is nobody, as who sends none: kubectl asks
        // people for one.
        return anonymous();
    }
    let token = seeded::token(host);
    let same = token.len() == rest.len()
        && token.bytes().zip(rest.bytes()).fold(0, |sum, (left, right)| sum | (left ^ right)) == 0;
    let name = format!("system:serviceaccount:{}:deployer", seeded::space(host));
    let principal = if same { name.as_bytes() } else { b"" };
    let mut credential = Credential::plaintext(principal, rest.as_bytes(), "Bearer", same);
    credential.kind = "http_bearer";
    out.credential(credential);
    same.then_some(Who { name, rights: Rights::Everything })
}
