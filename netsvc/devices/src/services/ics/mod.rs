//! Controllers of plants and buildings: Modbus, S7, EtherNet/IP, BACnet and DNP3, each as far as the device
//! at hand
//! speaks it, in front of one process.

mod bacnet;
mod device;
mod dnp3;
mod enip;
mod modbus;
mod peer;
mod plant;
mod products;
mod s7;
mod talks;

use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::ClientFingerprint, Kind::Command];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Programs are neither loaded nor unloaded: S7 blocks are listed and described, their code is refused.",
    "UMAS, implicit messages of EtherNet/IP and events of DNP3 are not there.",
    "A CPU that is stopped is so for who stopped it; everybody else sees it run.",
];
/// What can be set.
const SETTINGS: &[Setting] = &[
    Setting {
        key: "s7_password",
        kind: SettingKind::Secret,
        default: "",
        help: "password that protects an S7 CPU from being written to and stopped; empty: none",
    },
    Setting {
        key: "bacnet_password",
        kind: SettingKind::Secret,
        default: "",
        help: "password for restarting and silencing a BACnet device; empty: any will do",
    },
    Setting {
        key: "dnp3_address",
        kind: SettingKind::Int(0, 65_519),
        default: "",
        help: "link address of a DNP3 station; empty: from the persona",
    },
];

/// Where each protocol is spoken.
const S7: u16 = 102;
const DNP3: u16 = 20_000;
const ETHERNET_IP: u16 = 44_818;
const BACNET: u16 = 47_808;

/// The service.
pub static SERVICE: Def = Def {
    slug: "ics",
    about: "Controller of a plant or building",
    ports: &[
        Port::tcp(502),
        Port::tcp(S7),
        Port::tcp(DNP3),
        Port::tcp(ETHERNET_IP),
        Port::udp(ETHERNET_IP),
        Port::udp(BACNET),
    ],
    settings: SETTINGS,
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(120),
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Both(open, open_datagrams),
};

/// Connections that such a device has.
const CONNECTIONS: usize = 16;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    match link.port {
        S7 => s7::open(host, link),
        DNP3 => dnp3::open(host, link),
        ETHERNET_IP => enip::open(host, link),
        _ => modbus::open(host, link),
    }
}

fn open_datagrams(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    match link.port {
        BACNET => Box::new(bacnet::Datagrams::new(host, link)),
        _ => Box::new(enip::Datagrams::new(host, link)),
    }
}
