//! Kubernetes: the API server and the kubelet of a node that is its whole cluster, with namespaces, pods and secrets
//! that every attacker has for himself, and shells in the pods. Requests come in HTTP/1.1 (`connection`) or HTTP/2
//! (`framed`) to one `desk`; what is taken over speaks WebSockets or SPDY (`carrier`, `forward`).
//!
//! Source: the API reference of v1.24 to v1.30 (<https://kubernetes.io/docs/reference/kubernetes-api/>) and what
//! kubectl 1.32 expects; no server could be compared with.

mod api;
mod call;
mod carrier;
mod change;
mod connection;
mod daemons;
mod deed;
mod deeds;
mod desk;
mod discovery;
mod exec;
mod forward;
mod framed;
mod identity;
mod kubelet;
mod logs;
mod patch;
mod pods;
mod products;
mod release;
mod reply;
mod resources;
mod review;
mod seeded;
mod spdy;
mod store;
#[cfg(test)]
mod streams;
mod table;
mod talks;
mod target;
#[cfg(test)]
mod tests;
mod upgrade;
mod watch;
mod way;
mod websocket;
mod yaml;

use crate::services::http::h2;
use netsvc_kit::{
    Beyond, Def, Full, Host, Port, Serve, Session, Setting, SettingKind, def::ServeFuture, machine, recorder,
    secure::Agreed,
};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::time::Duration;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::Request,
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
    Kind::SessionRecorded,
    Kind::ForwardRequest,
    Kind::SessionStart,
    Kind::Query,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Client certificates are not asked for, and answers are JSON where a client would rather have protobuf.",
    "Objects are kept and controllers make one pod of each; nothing is scheduled, scaled or restarted.",
    "The program of a pod is run when somebody asks for its log, and to its end.",
    "Ports of pods are those of nginx, Apache httpd, PostgreSQL, Redis, MySQL and memcached; all others are closed.",
    "Manifests in YAML are read without anchors and tags, and never written.",
    "The kubelet shows the certificate of the API server.",
    "What an attacker adds is kept up to half a mebibyte; then the quota is exceeded.",
];

/// Port of the kubelet.
const KUBELET: u16 = 10_250;
/// HTTP/2 as TLS agrees on it; both daemons speak it, and HTTP/1.1.
const HTTP2: &[u8] = b"h2";
/// Connections that are served.
const CONNECTIONS: usize = 1000;

/// The service.
pub static SERVICE: Def = Def {
    slug: "k8s",
    about: "Kubernetes API server and kubelet",
    ports: &[Port::tls(6443), Port::tls(KUBELET)],
    settings: &[Setting {
        key: "anonymous",
        kind: SettingKind::Enum(&["off", "read", "admin"]),
        default: "admin",
        help: "what who gives no token may do: nothing, look, or everything, as where a role was bound to everybody",
    }],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // Who watches or has a shell may be silent for long.
    idle: Duration::from_secs(3600),
    total: Duration::from_secs(24 * 3600),
    full,
    serve: Serve::Task(serve),
};

/// What is asked first of the service on a host, before TLS begins: so this is where it is told whom to show.
fn full(host: &Host) -> Full {
    host.identify(|| identity::identity(host, recorder::now()));
    host.agree(|_, _, offered| Agreed::by_go(&[HTTP2, b"http/1.1"], offered));
    Full::of(CONNECTIONS, Beyond::Wait)
}

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move {
        if session.protocol() == Some(HTTP2) {
            let program = framed::Framed::new(session.host(), session.link());
            return machine::drive(session, Box::new(h2::Connection::new(program))).await;
        }
        connection::Connection::new(session).run().await
    })
}

/// How many frames of SPDY stand in `bytes` before what is none.
pub(crate) fn count_frames(bytes: &[u8]) -> usize {
    let (mut spdy, mut rest, mut count) = (spdy::Spdy::default(), bytes, 0);
    while let Ok(Some((_, length))) = spdy.read(rest) {
        rest = rest.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}
