//! CouchDB: its HTTP interface over databases that every attacker has for himself.
//!
//! Source: the API reference of 2.3 to 3.3 (<https://docs.couchdb.org/>), and answers of public servers as issue
//! threads show them; no server could be compared with.

mod api;
mod call;
mod connection;
mod daemons;
mod database;
mod deeds;
mod find;
mod info;
mod products;
mod release;
mod reply;
mod seeded;
mod server;
mod store;
mod talks;
#[cfg(test)]
mod tests;

use connection::Connection;
use netsvc_daemon::http::serve::Served;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::Request,
    Kind::AuthAttempt,
    Kind::Query,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Views, show and list functions are kept and not run; replication is told of and fetches nothing.",
    "Revisions are counted, and only the last one of a document is kept.",
    "Attachments are captured and not given back; changes are told once and not waited for.",
    "One node; the ports of Erlang are closed.",
    "What an attacker adds is kept up to half a mebibyte; then the disk is full.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "couchdb",
    about: "CouchDB document database",
    ports: &[Port::tcp(5984)],
    settings: &[Setting {
        key: "auth",
        kind: SettingKind::Enum(&["off", "on"]),
        default: "",
        help: "whether requests need a login; empty: as the release is delivered, which is on from 3.0",
    }],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(300),
    total: Duration::from_secs(24 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Wait),
    serve: Serve::Machine(open),
};

/// Connections that are served (`max_connections` of `[chttpd]`).
const CONNECTIONS: usize = 2048;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Served::new(Connection::new(host, link)))
}
