//! Directories: Active Directory as its domain controllers answer, and OpenLDAP's slapd.
//!
//! Sources: RFC 4511 (protocol), RFC 4515 (filters), RFC 2696 (pages), [MS-ADTS]; answers of slapd 2.5.13, beside which
//! ours are compared. What is in them is the organisation that all nodes of a domain belong to.

mod active;
mod daemons;
mod dn;
mod entry;
mod filter;
mod message;
mod open;
mod ping;
mod products;
mod reply;
mod server;
mod session;
mod talks;
mod technique;
#[cfg(test)]
mod tests;

use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Query, Kind::Command, Kind::ExploitAttempt];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Of SASL, NTLM, SPNEGO and CRAM-MD5 are spoken; tickets of Kerberos are refused, and nothing is signed or sealed.",
    "Changes are seen by the source that made them; entries keep their names, and no schema is checked.",
    "Active Directory lists no schema, nor entries of DNS and of most of the configuration.",
    "Over datagrams there are only answers that fit into one packet.",
    "Of DIGEST-MD5 only the name is known.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "ldap",
    about: "Directory server (Active Directory or OpenLDAP)",
    ports: &[Port::tcp(389), Port::udp(389), Port::tls(636)],
    settings: &[Setting::ADMIN_PASSWORD, Setting::USER, Setting::USER_PASSWORD],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // MaxConnIdleTime of Active Directory; slapd has no limit of its own.
    idle: Duration::from_secs(900),
    total: Def::TOTAL,
    full,
    serve: Serve::Both(open_stream, open_datagrams),
};

/// MaxConnections of Active Directory, which ends another one for one more; slapd's descriptors.
fn full(host: &Host) -> Full {
    match active::release(host) {
        Some(_) => Full::of(5000, Beyond::Displace),
        None => Full::of(1000, Beyond::Wait),
    }
}

fn open_stream(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(session::Session::new(host, link))
}

fn open_datagrams(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(ping::Pinged::new(host, link))
}
