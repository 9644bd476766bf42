//! One connection: who asks, what is answered, and how.

use super::{
    call::{self, Call, DOCUMENT},
    fault::Fault,
    release::Release,
    reply::{Form, Reply},
    route, seeded,
    store::{STORES, Store},
    work::Work,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::{
    http::{
        record,
        request::{Fault as Broken, Request},
        serve::Program,
    },
    kept::Kept,
};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use parking_lot::Mutex;
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Longest body (`http.max_content_length`).
const LONGEST: u64 = 100 << 20;
/// What checking a password costs: its hash is slow by intent.
const CHECK: Duration = Duration::from_millis(70);
/// How a login is asked for, in the order of the fields.
const SCHEMES: [&str; 2] = ["Basic realm=\"security\" charset=\"UTF-8\"", "ApiKey"];

/// The indices of a node, by attacker.
#[derive(Default)]
struct Stores(Kept<Store, STORES>);

/// A connection.
pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    release: &'static Release,
    store: Arc<Mutex<Store>>,
    /// Whether requests need a login.
    secured: bool,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let release = Release::of(host);
        let store = host.node.shared(Stores::default).0.of(link.source(), || seeded::store(host));
        let secured = match host.setting("security") {
            Some(value) => value == "on",
            None => 8 <= release.major(),
        };
        Connection { host: host.clone(), link: *link, release, store, secured }
    }

    /// Whether the request may be answered; the answer if not.
    fn refused(&self, request: &Request, out: &mut Out) -> Option<Reply> {
        let offered = request.field("authorization").and_then(|value| value.split_once(' '));
        let Some((scheme, rest)) = offered else {
            let reason = format!("missing authentication credentials for REST request [{}]", request.target);
            return self.secured.then(|| denied(&reason));
        };
        let (user, accepted) = self.judge(scheme, rest.trim(), out);
        if accepted || !self.secured {
            return None;
        }
        if self.host.natural_delays() {
            out.wait(CHECK);
        }
        Some(denied(&match user {
            Some(user) => {
                format!("unable to authenticate user [{user}] for REST request [{}]", request.target)
            }
            None => format!("missing authentication credentials for REST request [{}]", request.target),
        }))
    }

    /// Who it is, and whether that is so; recorded.
    fn judge(&self, scheme: &str, text: &str, out: &mut Out) -> (Option<String>, bool) {
        let decoded = STANDARD.decode(text).unwrap_or_default();
        let colon = decoded.iter().position(|byte| *byte == b':').unwrap_or(decoded.len());
        let (user, secret) = decoded.split_at_checked(colon).unwrap_or((&decoded, &[]));
        let secret = secret.strip_prefix(b":").unwrap_or(secret);
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => {
                let accepted =
                    self.secured && self.host.login(&self.link, Accounts::Application, user, secret);
                out.credential(Credential::plaintext(user, secret, "Basic", accepted));
                (Some(String::from_utf8_lossy(user).into_owned()), accepted)
            }
            "apikey" => {
                let mut credential = Credential::plaintext(user, secret, "ApiKey", false);
                credential.kind = "http_bearer";
                out.credential(credential);
                (None, false)
            }
            "bearer" => {
                let mut credential = Credential::plaintext(b"", text.as_bytes(), "Bearer", false);
                credential.kind = "http_bearer";
                out.credential(credential);
                (None, false)
            }
            _ => (None, false),
        }
    }

    fn reply(&self, request: &Request, out: &mut Out) -> Reply {
        if let Some(reply) = self.refused(request, out) {
            return reply;
        }
        if let Some(reply) = unsupported(self.release, request) {
            return reply;
        }
        let lines = request.path.ends_with("_bulk") || request.path.ends_with("_msearch");
        if DOCUMENT < request.body.len() && !lines {
            let text = format!(
                "[parent] Data too large, data for [<http_request>] would be [{}/{}kb], which is larger than the \
                    limit of \
                 [{}/{}kb]",
                request.body.len(),
                request.body.len() >> 10,
                DOCUMENT,
                DOCUMENT >> 10
            );
            return Fault::new(429, "circuit_breaking_exception", text).reply();
        }
        let mut store = self.store.lock();
        let mut call = Call {
            host: &self.host,
            store: &mut store,
            release: self.release,
            request,
            query: call::query(request),
            work: Work::default(),
            now: self.host.clock(),
            out,
        };
        route::answer(&mut call).unwrap_or_else(|fault| fault.reply())
    }
}

/// What is answered to who is nobody.
fn denied(reason: &str) -> Reply {
    let fault =
        Fault::new(401, "security_exception", reason).with("header", json!({ "WWW-Authenticate": SCHEMES }));
    SCHEMES.iter().fold(fault.reply(), |reply, scheme| reply.with("WWW-Authenticate", *scheme))
}

/// What is answered to a body of a kind that is none.
fn unsupported(release: &Release, request: &Request) -> Option<Reply> {
    if request.body.is_empty() {
        return None;
    }
    let kind = request.field("content-type").unwrap_or_default();
    let plain = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = [
        "application/json",
        "application/x-ndjson",
        "application/yaml",
        "application/cbor",
        "application/smile",
    ];
    let versioned = plain.starts_with("application/vnd.elasticsearch+") && (7, 11) <= release.line;
    // A body without a kind is one of curl's forms, which are refused like texts.
    if known.contains(&plain.as_str()) || versioned {
        return None;
    }
    let text = if kind.is_empty() {
        "Content-Type header is missing".to_owned()
    } else {
        format!("Content-Type header [{kind}] is not supported")
    };
    Some(Reply::json(406, json!({ "error": text, "status": 406 })))
}

impl Program for Connection {
    fn longest(&self) -> u64 {
        LONGEST
    }

    fn minds(&self, fault: Broken) -> bool {
        // Netty reads requests without a host, and leaves paths as they are.
        !matches!(fault, Broken::Host | Broken::Outside | Broken::Method)
    }

    fn answer(&mut self, request: &Request, out: &mut Out) -> bool {
        let reply = self.reply(request, out);
        record::record(request, Some(reply.status), out);
        let pretty = request.path == "/" && reply.status == 200
            || request.query.split('&').any(|pair| matches!(pair, "pretty" | "pretty=" | "pretty=true"));
        let warns =
            self.release.warns() && self.host.setting("security").is_none() && request.method != "OPTIONS";
        out.send(reply.write(self.release, request, &Form { pretty, warns }));
        request.keeps_alive()
    }

    fn refuse(&mut self, request: &Request, fault: Broken, out: &mut Out) {
        let reply = match fault {
            Broken::Large => Reply::empty(413),
            Broken::LongLine | Broken::LongField | Broken::LongHead | Broken::ManyFields => {
                Fault::new(400, "too_long_http_line_exception", "An HTTP line is larger than 4096 bytes.")
                    .reply()
            }
            _ => Fault::argument(format!("text is empty (possibly HTTP/0.9): [{}]", request.target)).reply(),
        };
        record::record(request, Some(reply.status), out);
        out.send(reply.write(self.release, request, &Form::default()));
    }
}
