//! MQTT 3.1, 3.1.1 and 5 as mosquitto speaks it: one broker for each attacker of a node, with what the devices of
//! the place publish (OASIS MQTT 3.1.1 and 5.0).
//!
//! What is answered to good and broken packets was taken from mosquitto 2.0.11 of Debian 12.

mod broker;
mod connect;
mod connection;
mod daemons;
mod flow;
mod mailbox;
mod message;
mod packet;
mod products;
mod properties;
mod publish;
mod status;
mod subscribe;
mod talks;
mod telemetry;
mod tell;
mod topic;

use crate::{kept::Kept, room::Pool};
use broker::Broker;
use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{sync::Arc, time::Duration};
use telemetry::Device;

/// Kinds of its events.
const RECORDS: &[Kind] =
    &[Kind::ClientFingerprint, Kind::AuthAttempt, Kind::SessionStart, Kind::Command, Kind::FileCaptured];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "A packet of more than 1 MiB is thrown away, and the connection ends with it.",
    "There are no access control lists, bridges or WebSockets, and no method of extended authentication.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "mqtt",
    about: "MQTT broker",
    ports: &[Port::tcp(1883), Port::tls(8883)],
    settings: &[
        Setting {
            key: "anonymous",
            kind: SettingKind::Bool,
            default: "",
            help: "whether clients are let in without a password; empty: from the persona",
        },
        Setting {
            key: "place",
            kind: SettingKind::Enum(telemetry::PLACES),
            default: "",
            help: "what the devices that publish belong to; empty: from the persona",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // The broker itself ends who is silent for longer than he said he would be.
    idle: Duration::from_secs(6 * 3600),
    total: Duration::from_secs(24 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(open),
};

/// Descriptors that Debian's unit leaves the broker (`LimitNOFILE` is not raised), without those of its own.
const CONNECTIONS: usize = 1000;

/// Most attackers whose sessions and messages a node keeps; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;

/// What a connection is served by.
struct Server {
    /// What all connections of one attacker share.
    broker: Arc<Mutex<Broker>>,
    /// What publishes there by itself, the same for everybody.
    devices: Arc<Vec<Device>>,
}

/// The brokers of a node, by attacker.
#[derive(Default)]
struct Brokers(Kept<Broker, ATTACKERS>);

/// Bytes of what the brokers of all nodes keep.
#[derive(Default)]
struct Messages(Arc<Pool>);

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let fresh = || Broker::new(host.node.stage.shared(Messages::default).0.clone());
    let broker = host.node.shared(Brokers::default).0.of(link.source(), fresh);
    let devices = host.node.shared(|| telemetry::devices(host));
    Box::new(Connection::new(host, link, Server { broker, devices }))
}

/// Whether clients are let in without a password: as set, and on two of three nodes.
fn is_open(host: &Host) -> bool {
    let drawn = !host.generator("anonymous").next_u32().is_multiple_of(3);
    host.flag("anonymous", drawn)
}
