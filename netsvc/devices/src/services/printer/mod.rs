//! A network printer: PJL and raw jobs at 9100, LPD at 515, IPP at 631.
//!
//! Sources: HP, Printer Job Language Technical Reference Manual; RFC 1179 (LPD); RFC 8010 and 8011
//! (IPP/1.1), PWG
//! 5100.12 (IPP/2.0); answers of such printers that driver projects keep.

mod file_system;
mod ipp;
mod job;
mod lpd;
mod machine;
mod model;
mod panel;
mod pjl;
mod products;
mod raw;
mod talks;

use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::Command, Kind::FileCaptured, Kind::FileRead, Kind::Request];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Jobs are kept and not run: PostScript and PCL that ask for an answer get none.",
    "The counter of pages is not that which snmp tells.",
    "There is no IPP over TLS.",
];
/// What can be set: nothing.
const SETTINGS: &[Setting] = &[];

const LPD: u16 = 515;
const IPP: u16 = 631;

/// The service.
pub static SERVICE: Def = Def {
    slug: "printer",
    about: "Network printer",
    ports: &[Port::tcp(9100), Port::tcp(LPD), Port::tcp(IPP)],
    settings: SETTINGS,
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(270),
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Wait),
    serve: Serve::Machine(open),
};

/// Connections that a printer serves at a time.
const CONNECTIONS: usize = 12;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    match link.port {
        LPD => lpd::open(host, link),
        IPP => machine::open(host, link),
        _ => raw::open(host, link),
    }
}
