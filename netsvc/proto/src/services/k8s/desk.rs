//! Where the requests of a connection are answered, in whatever frames they came.

use super::{
    KUBELET, api,
    call::{self, Call, Rights, Who},
    deed::Deed,
    kubelet,
    release::Release,
    reply::{Form, Reply},
    seeded,
    store::{STORES, Store, uuid},
};
use crate::kept::Kept;
use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::http::request::Request;
use netsvc_kit::{Credential, Host, Link, Out};
use netsvc_persona::subkey;
use parking_lot::Mutex;
use std::sync::Arc;

/// The clusters of a node, by attacker.
#[derive(Default)]
struct Stores(Kept<Store, STORES>);

/// The API server or the kubelet, as one connection sees it.
pub(super) struct Desk {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) release: &'static Release,
    /// The attacker's cluster.
    pub(super) store: Arc<Mutex<Store>>,
    /// Number of the request.
    count: u64,
}

impl Desk {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let release = Release::of(host);
        let fresh = || seeded::store(host, release);
        let store = host.node.shared(Stores::default).0.of(link.source(), fresh);
        Desk { host: host.clone(), link: *link, release, store, count: 0 }
    }

    pub(super) fn is_kubelet(&self) -> bool {
        self.link.port == KUBELET
    }

    /// What a request comes to.
    pub(super) fn ask(&mut self, request: &Request, out: &mut Out) -> Deed {
        self.count += 1;
        let Some(who) = who(&self.host, request, out) else {
            let reply =
                if self.is_kubelet() { Reply::text(401, "Unauthorized") } else { Reply::unauthorized() };
            return Deed::Reply(reply);
        };
        let mut store = self.store.lock();
        let mut call = Call {
            host: &self.host,
            store: &mut store,
            release: self.release,
            request,
            who: &who,
            query: call::query(request),
            now: self.host.clock(),
            out,
        };
        if self.link.port == KUBELET {
            kubelet::answer(&mut call, &request.path)
        } else {
            api::answer(&mut call)
        }
    }

    /// How the answer to `request` is written.
    pub(super) fn form(&self, request: &Request) -> Form {
        let agent = request.field("user-agent").unwrap_or_default();
        let person = ["curl", "Wget", "Mozilla"].iter().any(|begin| agent.starts_with(begin));
        let asked = request.query.split('&').find(|pair| pair.starts_with("pretty"));
        let pretty = asked.map_or(person, |pair| pair != "pretty=false" && pair != "pretty=0");
        let drawn = (!self.is_kubelet()).then(|| {
            let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
            let of = |labels: &[&str]| uuid(&hex::encode(subkey::bytes(&key, labels)));
            let (session, count) = (self.link.session.to_string(), self.count.to_string());
            [
                of(&["k8s", "audit", &session, &count]),
                of(&["k8s", "flow schema", &request.method]),
                of(&["k8s", "priority level"]),
            ]
        });
        Form { clock: self.host.clock(), pretty: pretty && !self.is_kubelet(), drawn }
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
    let name = if same {
        Some(format!("system:serviceaccount:{}:deployer", seeded::space(host)))
    } else {
        seeded::bearer(host, rest, host.clock())
    };
    let principal = name.as_deref().unwrap_or_default();
    let mut credential =
        Credential::plaintext(principal.as_bytes(), rest.as_bytes(), "Bearer", name.is_some());
    credential.kind = "http_bearer";
    out.credential(credential);
    name.map(|name| Who { name, rights: Rights::Everything })
}
