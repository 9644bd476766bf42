//! MongoDB: its messages, SCRAM, and commands over databases that every attacker has for himself.
//!
//! Source: MongoDB manual ("MongoDB Wire Protocol", "Database Commands"), the specifications of drivers, and what
//! releases say in their logs; no server could be compared with.

mod auth;
mod bson;
mod commands;
mod connection;
mod daemons;
mod effort;
mod expression;
mod fault;
mod json;
mod login;
mod naming;
mod path;
mod pipeline;
mod products;
mod query;
mod reading;
mod release;
mod scram;
mod server;
mod snappy;
mod status;
mod story;
mod talks;
mod techniques;
#[cfg(test)]
mod tests;
mod update;
mod wire;
mod world;
mod writing;

use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use server::Server;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Query,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::ExploitAttempt,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "JavaScript of the server is off, as its configuration says.",
    "There are no replica sets, transactions, views, capped collections, time series and text indexes.",
    "Messages of before 3.6 that write documents end the connection; zstd is not agreed on.",
    "Accounts that are made can be listed, and none can log in; every name is asked for its proof.",
    "serverStatus leaves out the sections of the storage engine and of single commands.",
    "What an attacker adds is kept up to half a mebibyte; then the disk is full.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "mongodb",
    about: "MongoDB database",
    ports: &[Port::tcp(27_017)],
    settings: &[
        Setting {
            key: "auth",
            kind: SettingKind::Enum(&["off", "on"]),
            default: "off",
            help: "whether commands need a login; without one everything is open, as such servers are found",
        },
        Setting {
            key: "databases",
            kind: SettingKind::Text,
            default: "",
            help: "names of further databases with the application's collections, comma-separated",
        },
        Setting {
            key: "tls",
            kind: SettingKind::Enum(&["off", "allow", "require"]),
            default: "off",
            help: "whether connections are inside TLS",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // Drivers keep connections, and the server never ends one for its silence.
    idle: Duration::from_secs(3600),
    total: Duration::from_secs(24 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(open),
};

/// Connections that are served; the server itself takes as many as it may open files.
const CONNECTIONS: usize = 2000;
/// What is said to a browser.
const HTTP: &[u8] =
    b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 85\r\n\r\n\
    It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n";

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let server = host.node.shared(|| Server::new(host));
    Box::new(Connection::new(host, link, server))
}
