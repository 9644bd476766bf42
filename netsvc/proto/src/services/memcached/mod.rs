//! memcached: the classic and the meta commands in text, and the binary protocol, over a store for each
//! attacker of a node.
//!
//! Source: <https://github.com/memcached/memcached/blob/master/doc/protocol.txt> and the answers of memcached
//! 1.6.18, beside which ours are compared.

mod binary;
mod classic;
mod connection;
mod counters;
mod daemons;
mod deeds;
mod meta;
mod products;
mod seeded;
mod stats;
mod step;
mod store;
mod table;
mod talks;
mod wanted;
mod words;

use crate::{kept::Kept, room::Pool};
use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::sync::Arc;
use store::Store;

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Command, Kind::UnknownCommand, Kind::FileCaptured];
/// What it leaves out.
const LIMITS: &[&str] = &["There is no SASL and no extstore, and UDP is off, as it is since 1.5.6."];

/// The service.
pub static SERVICE: Def = Def {
    slug: "memcached",
    about: "memcached object cache",
    ports: &[Port::tcp(11_211)],
    settings: &[],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Wait),
    serve: Serve::Machine(open),
};

/// `-c`: connections that are served; one more waits until another ends.
const CONNECTIONS: usize = 1024;
/// What version is shown where the persona has none.
const VERSION: &str = "1.6.18";

/// Most attackers whose items a node keeps; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;

/// The items of a node, by attacker: all his connections share them.
#[derive(Default)]
struct Stores(Kept<Store, ATTACKERS>);

/// Bytes of the items of all nodes.
#[derive(Default)]
struct Items(Arc<Pool>);

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let fresh = || {
        let pool = host.node.stage.shared(Items::default).0.clone();
        let mut store = Store::new(pool, host.persona().booted_at);
        seeded::fill(host, &mut store);
        store
    };
    let store = host.node.shared(Stores::default).0.of(link.source(), fresh);
    Box::new(Connection::new(host, link, store))
}

fn version(host: &Host) -> String {
    host.product().map_or_else(|| VERSION.to_owned(), |product| product.version.clone())
}
