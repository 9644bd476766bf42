//! DNS: a server that answers for the domain of its node and for the reverse zones of it, over datagrams and
//! connections.
//!
//! Sources: RFC 1034, 1035, 2308, 5936, 6891, 7766, 7873; the answers of BIND 9.18 of Debian 12, beside which ours
//! are compared; Microsoft's pages on the DNS Server role, and MS-ADTS for what controllers register.

mod active;
mod bind;
mod builtin;
mod contents;
mod cookie;
mod daemons;
mod lookup;
mod machine;
mod member;
mod message;
mod name;
mod options;
mod products;
mod record;
mod said;
mod server;
mod talks;
mod watch;
mod windows;
mod writer;
mod zone;

use machine::{Connection, Peer};
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Query, Kind::Malformed];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Nobody else is ever asked: BIND refuses names of other domains (recursion no), Windows fails after a while.",
    "There is no DNSSEC, no DNS over TLS or HTTPS, and no key: every TSIG is unknown.",
    "Nobody can change a zone: updates are recorded and refused.",
    "The content of records that a question brings along is not checked, except of OPT, TSIG and SOA.",
    "The zone files that the configuration names cannot be read at a command line of the host.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "dns",
    about: "DNS server of the domain",
    ports: &[Port::udp(53), Port::tcp(53)],
    settings: &[
        Setting {
            key: "transfers",
            kind: SettingKind::Bool,
            default: "",
            help: "whether BIND gives its zones to whoever asks (AXFR); empty: as its release is delivered",
        },
        Setting {
            key: "server_id",
            kind: SettingKind::Text,
            default: "",
            help: "what BIND says of itself as id.server and by NSID; empty: nothing, as it is delivered",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Wait),
    serve: Serve::Both(connection, peer),
};

/// `tcp-idle-timeout`, and for how long the questions of a port belong together.
const IDLE: Duration = Duration::from_secs(30);
/// `tcp-clients`.
const CONNECTIONS: usize = 150;
/// What version is shown where the persona has none.
const VERSION: &str = "9.18.28";

fn connection(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}

fn peer(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Peer::new(host, link))
}
