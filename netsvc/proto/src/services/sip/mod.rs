//! SIP: a telephone system that registers phones, tells what it can and rings.
//!
//! Sources: RFC 3261 (messages, transactions), and the messages of Asterisk 18 and 21 with PJSIP as
//! FreePBX sets it up, with guests let in.

mod call;
mod daemons;
mod machine;
mod message;
mod products;
mod switchboard;
mod talks;

use machine::{Datagrams, Stream};
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Pieces, Port, Serve};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Request];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Calls ring and nobody answers: there is no sound.",
    "There is no SIP over TLS or WebSocket, and nothing is forwarded to other telephones.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "sip",
    about: "SIP telephone system",
    ports: &[Port::udp(5060), Port::tcp(5060)],
    settings: &[],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(180),
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Both(open, open_datagrams),
};

/// Connections over TCP at a time.
const CONNECTIONS: usize = 512;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(message::HEAD / 4, Stream::new(host, link)))
}

fn open_datagrams(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Datagrams::new(host, link))
}
