//! Time servers: ntpd, chrony, the time service of Windows, and those of routers and devices.
//!
//! Sources: RFC 5905 (time), RFC 9327 (control messages), `ntp_request.h` of ntpd 4.2.6 (private
//! messages), and the answers of ntpd 4.2.8, ntpsec 1.2.2 and chrony 4.3.

mod clock;
mod control;
mod daemons;
mod machine;
mod private;
mod products;
mod talks;

use machine::Peer;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Command];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Keys are not known, nor NTS; a server is no peer of others and sends no broadcasts.",
    "An ntpd that tells of itself gives no list of those who asked, but for old ones their short one.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "ntp",
    about: "NTP time server",
    ports: &[Port::udp(123)],
    settings: &[Setting {
        key: "queries",
        kind: SettingKind::Bool,
        default: "",
        help: "whether an ntpd tells strangers of itself; empty: as its system sets it up",
    }],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(60),
    total: Def::TOTAL,
    full: |_| Full::of(PEERS, Beyond::Displace),
    serve: Serve::Datagrams(open),
};

/// Peers at a time. A server remembers more; this bounds what is recorded as one session.
const PEERS: usize = 256;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Peer::new(host, link))
}
