//! SNMP agents: v1, v2c and the discovery of v3, over a tree of objects that agrees with what else the node
//! shows.
//!
//! Sources: RFC 1157, RFC 3416 (operations), RFC 3412 and 3414 (v3 and its users), RFC 1213, 2863, 2790, 3805
//! (objects), and the answers of net-snmp 5.9, beside which ours are compared.

mod agent;
mod ber;
mod daemons;
mod device;
mod devices;
mod interfaces;
mod message;
mod objects;
mod operations;
mod printer;
mod products;
mod refusal;
mod talks;
mod tree;
mod usm;

use agent::Session;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Command];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Users of version 3 are known, and no digest of theirs is right: nothing is read as one of them.",
    "What is set is seen by the source that set it, and only texts of the system group can be.",
    "The tree has the groups that managers ask for first, and no list of processes or packages.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "snmp",
    about: "SNMP agent",
    ports: &[Port::udp(161)],
    settings: &[
        Setting {
            key: "community",
            kind: SettingKind::Secret,
            default: "",
            help: "community that reads; empty: public",
        },
        Setting {
            key: "write_community",
            kind: SettingKind::Secret,
            default: "",
            help: "community that writes; empty: private on devices, none on servers",
        },
        Setting {
            key: "user",
            kind: SettingKind::Text,
            default: "",
            help: "user of version 3, who must authenticate; empty: from the persona",
        },
    ],
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

/// Peers at a time. An agent knows none; this bounds what is remembered of them.
const PEERS: usize = 256;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Session::new(host, link))
}
