//! TFTP servers: files of phones and routers to read, and whatever is written is kept.
//!
//! Sources: RFC 1350, RFC 2347 to 2349 (options), and the answers of tftpd-hpa 5.2, beside which ours are
//! compared.

mod daemons;
mod files;
mod packet;
mod products;
mod talks;
mod transfer;

use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};
use transfer::Transfer;

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Command, Kind::FileRead, Kind::FileCaptured];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Blocks are at most 1428 bytes, which a path takes whole; the real server agrees to 65464.",
    "What is written is read by its source alone, and kept up to 32 MiB a file.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "tftp",
    about: "TFTP server",
    ports: &[Port::udp(69)],
    settings: &[],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // The transfer gives up by itself; this bounds what a peer of a hundred small blocks may take.
    idle: Duration::from_secs(70),
    total: Def::TOTAL,
    full: |_| Full::of(TRANSFERS, Beyond::Displace),
    serve: Serve::Datagrams(open),
};

/// Transfers at a time.
const TRANSFERS: usize = 256;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Transfer::new(host, link))
}
