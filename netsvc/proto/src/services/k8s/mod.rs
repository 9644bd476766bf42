//! Kubernetes: the API server and the kubelet of a node that is its whole cluster, with namespaces, pods and secrets
//! that every attacker has for himself, and shells in the pods.
//!
//! Source: the API reference of v1.24 to v1.30 (<https://kubernetes.io/docs/reference/kubernetes-api/>) and what
//! kubectl 1.32 expects; no server could be compared with.

mod api;
mod call;
mod change;
mod connection;
mod daemons;
mod deeds;
mod exec;
mod identity;
mod kubelet;
mod patch;
mod products;
mod release;
mod reply;
mod resources;
mod seeded;
mod store;
mod table;
mod talks;
#[cfg(test)]
mod tests;
mod way;
mod websocket;

use netsvc_kit::{
    Beyond, Def, Full, Host, Port, Serve, Session, Setting, SettingKind, def::ServeFuture, recorder,
};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::time::Duration;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::Request,
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::SessionRecorded,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "HTTP/2 is not agreed on, and client certificates are not asked for.",
    "exec and attach are spoken over WebSockets, as by kubectl since 1.31; over SPDY they are recorded and refused.",
    "Objects are kept and controllers make one pod of each; nothing is scheduled, scaled or restarted.",
    "Watches tell what there is and then nothing; logs are empty, and ports are not forwarded.",
    "The kubelet shows the certificate of the API server.",
    "What an attacker adds is kept up to half a mebibyte; then the quota is exceeded.",
];

/// Port of the kubelet.
const KUBELET: u16 = 10_250;
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
    Full::of(CONNECTIONS, Beyond::Wait)
}

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move { connection::Connection::new(session).run().await })
}
