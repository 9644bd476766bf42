//! Elasticsearch: its REST interface over indices that every attacker has for himself.
//!
//! Source: the REST API reference of 6.8 to 8.15 (<https://www.elastic.co/guide/en/elasticsearch/reference/>), and
//! answers of public servers as issue threads show them; no server could be compared with.

mod aggregate;
mod bulk;
mod call;
mod cat;
mod cluster;
mod connection;
mod daemons;
mod deeds;
mod documents;
mod fault;
mod indices;
mod products;
mod query;
mod release;
mod reply;
mod route;
mod search;
mod seeded;
mod store;
mod talks;
#[cfg(test)]
mod tests;
mod work;

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
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "One node: shards are told of and not kept, and the transport port 9300 is closed.",
    "Relevance is a constant; analysers split words and fold case, no more.",
    "Scripts, SQL, EQL, ingest pipelines, snapshots and machine learning are answered with errors.",
    "Of aggregations there are terms, histograms, ranges, filters and the simple metrics.",
    "Answers are not compressed, and TLS is not spoken, as where it was switched off.",
    "What an attacker adds is kept up to half a mebibyte; then the disk is full.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "elasticsearch",
    about: "Elasticsearch search engine",
    ports: &[Port::tcp(9200)],
    settings: &[
        Setting {
            key: "security",
            kind: SettingKind::Enum(&["off", "on"]),
            default: "",
            help: "whether requests need a login; empty: as the release is delivered, which is on from 8.0",
        },
        Setting {
            key: "cluster",
            kind: SettingKind::Text,
            default: "elasticsearch",
            help: "name of the cluster",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // Clients keep connections, and the server never ends one for its silence.
    idle: Duration::from_secs(3600),
    total: Duration::from_secs(24 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(open),
};

/// Connections that are served; the server itself takes as many as it may open files.
const CONNECTIONS: usize = 2000;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Served::new(Connection::new(host, link)))
}
