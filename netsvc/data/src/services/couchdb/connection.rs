//! One connection: who asks, what is answered, and how.

use super::{
    api,
    call::{self, Call},
    release::Release,
    reply::Reply,
    seeded, server,
    store::{STORES, Store},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::{
    http::{
        record,
        request::{Fault, Request},
        serve::Program,
    },
    kept::Kept,
};
use netsvc_kit::{Accounts, Credential, Host, Link, Out};
use netsvc_persona::subkey;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Longest body (`max_http_request_size` of 3.x is larger; what is longer than a document may be is refused too).
const LONGEST: u64 = 64 << 20;
/// What checking a password costs: PBKDF2 with ten rounds, as the packages set it.
const CHECK: Duration = Duration::from_millis(3);

/// The databases of a node, by attacker.
#[derive(Default)]
struct Stores(Kept<Store, STORES>);

/// A connection.
pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    release: &'static Release,
    store: Arc<Mutex<Store>>,
    /// Whether everybody is an administrator.
    party: bool,
    count: u64,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let release = Release::of(host);
        let store = host.node.shared(Stores::default).0.of(link.source(), || seeded::store(host));
        let party = match host.setting("auth") {
            Some(value) => value == "off",
            None => release.major < 3,
        };
        Connection { host: host.clone(), link: *link, release, store, party, count: 0 }
    }

    /// Whom Basic shows; an error where it shows nobody.
    fn basic(&self, request: &Request, out: &mut Out) -> Result<Option<String>, Reply> {
        let offered = request.field("authorization").and_then(|value| value.split_once(' '));
        let Some((scheme, rest)) = offered else { return Ok(None) };
        if !scheme.eq_ignore_ascii_case("basic") {
            let mut credential = Credential::plaintext(b"", rest.as_bytes(), "Bearer", false);
            credential.kind = "http_bearer";
            out.credential(credential);
            return Ok(None);
        }
        let pair = STANDARD.decode(rest.trim()).unwrap_or_default();
        let colon = pair.iter().position(|byte| *byte == b':').unwrap_or(pair.len());
        let (user, password) = pair.split_at_checked(colon).unwrap_or((&pair, &[]));
        let password = password.strip_prefix(b":").unwrap_or(password);
        let accepted = !self.party && self.host.login(&self.link, Accounts::Application, user, password);
        out.credential(Credential::plaintext(user, password, "Basic", accepted));
        if !accepted {
            if self.host.natural_delays() {
                out.wait(CHECK);
            }
            return Err(call::unauthorized("Name or password is incorrect."));
        }
        Ok(Some(String::from_utf8_lossy(user).into_owned()))
    }

    fn reply(&self, request: &Request, out: &mut Out) -> Reply {
        let who = match self.basic(request, out) {
            Ok(who) => who,
            Err(reply) => return reply,
        };
        let mut store = self.store.lock();
        let mut call = Call {
            host: &self.host,
            link: &self.link,
            store: &mut store,
            release: self.release,
            request,
            query: call::query(request),
            who: None,
            party: self.party,
            now: self.host.clock(),
            out,
        };
        let who = who.or_else(|| server::shown_by(&call, request.cookie("AuthSession")?));
        call.who = who.as_deref();
        api::answer(&mut call)
    }

    /// The identifier of a request.
    fn identifier(&mut self) -> String {
        self.count += 1;
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let labels = ["couchdb", "request", &self.link.session.to_string(), &self.count.to_string()];
        hex::encode(subkey::bytes(&key, &labels).get(..5).unwrap_or_default())
    }
}

impl Program for Connection {
    fn longest(&self) -> u64 {
        LONGEST
    }

    fn minds(&self, fault: Fault) -> bool {
        !matches!(fault, Fault::Host | Fault::Outside)
    }

    fn answer(&mut self, request: &Request, out: &mut Out) -> bool {
        let reply = self.reply(request, out);
        record::record(request, Some(reply.status), out);
        let id = self.identifier();
        out.send(reply.write(self.release, request, self.host.clock(), &id));
        request.keeps_alive()
    }

    fn refuse(&mut self, request: &Request, fault: Fault, out: &mut Out) {
        let reply = match fault {
            Fault::Large => Reply::error(413, "too_large", "the request entity is too large"),
            _ => Reply::error(400, "bad_request", "invalid request"),
        };
        record::record(request, Some(reply.status), out);
        let id = self.identifier();
        out.send(reply.write(self.release, request, self.host.clock(), &id));
    }
}
