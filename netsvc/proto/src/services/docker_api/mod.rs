//! The Docker Engine's API as dockerd serves it: containers, images, volumes and networks of each attacker, whose
//! commands run in the node's shell.
//!
//! Source: Docker Engine API v1.41 to v1.44 (<https://docs.docker.com/engine/api/>); answers, errors and the order of
//! fields were taken from dockerd 20.10.24 of Debian 12.

mod build;
mod call;
mod connection;
mod containers;
mod daemons;
mod engine;
mod image;
mod images;
mod info;
mod names;
mod process;
mod products;
mod programs;
mod release;
mod reply;
mod route;
mod run;
mod seeded;
mod spec;
mod stream;
mod talks;
mod view;
mod volumes;

use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Port, Serve, Session, def::ServeFuture, secure::Agreed};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::time::Duration;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::Request,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::AuthAttempt,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "BuildKit is off, so that builds are those of the classic builder; what a step prints is not shown.",
    "Files that are copied into a container are kept and not seen there; none can be copied out.",
    "Networks between containers, swarm, plugins and restart policies are told of and do nothing.",
    "TLS asks nobody for a certificate.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "docker_api",
    about: "Docker Engine API",
    ports: &[Port::tcp(2375), Port::tls(2376)],
    settings: &[],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // Who waits for a container or looks at its output may be silent for long.
    idle: Duration::from_secs(3600),
    total: Duration::from_secs(24 * 3600),
    full,
    serve: Serve::Task(serve),
};

/// Connections that are served: the engine has no limit but its descriptors, of which its unit leaves it a million.
const CONNECTIONS: usize = 2000;

/// What is asked first, before TLS begins: there the engine speaks HTTP/1.1 alone (go-connections, `NewTCPSocket`).
fn full(host: &Host) -> Full {
    host.agree(|_, _, offered| Agreed::by_go(&[b"http/1.1"], offered));
    Full::of(CONNECTIONS, Beyond::Wait)
}

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move { Connection::new(session).run().await })
}
