//! Kerberos as a domain controller has it: tickets for those who prove who they are, for those who need not, and for
//! services.
//!
//! Sources: RFC 4120 (protocol), RFC 3961, RFC 3962 and RFC 4757 (encryption), [MS-KILE].

mod center;
mod crypto;
mod message;
mod reply;
mod session;
mod talks;
#[cfg(test)]
mod tests;

use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Products, Serve, Setting};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Command, Kind::ExploitAttempt];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Tickets hold no authorization data (PAC), so that no real service takes them.",
    "Certificates, armour (FAST), delegation and changes of passwords are refused or passed over.",
];
/// What is shown, by system.
const PRODUCTS: &[Products] = &[
    Products::on(&["windows_server_2012r2"], &[(1, ("Windows Kerberos", "2012 R2", ""))]),
    Products::on(&["windows_server_2016"], &[(1, ("Windows Kerberos", "2016", ""))]),
    Products::on(&["windows_server_2019"], &[(1, ("Windows Kerberos", "2019", ""))]),
    Products::on(&["windows_server_2022"], &[(1, ("Windows Kerberos", "2022", ""))]),
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "kerberos",
    about: "Kerberos key distribution centre of a domain controller",
    ports: &[Port::tcp(88), Port::udp(88)],
    settings: &[Setting::ADMIN_PASSWORD, Setting::USER, Setting::USER_PASSWORD],
    products: PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(60),
    total: Duration::from_secs(600),
    full: |_| Full::of(1000, Beyond::Displace),
    serve: Serve::Both(open_stream, open_datagrams),
};

fn open_stream(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(session::Stream::new(host, link))
}

fn open_datagrams(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(session::Datagrams::new(host, link))
}
