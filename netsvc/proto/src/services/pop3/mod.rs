//! POP3 as Dovecot speaks it (RFC 1939, 2449, 2595, 5034), over the mailboxes that imap shows, too.
//!
//! What is answered was taken from Dovecot 2.3.19 of Debian 12.

mod argument;
mod capability;
mod machine;
mod session;
mod talks;

use crate::dovecot;
use netsvc_kit::{Def, Host, Link, Machine, Port, Serve};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::AuthAttempt, Kind::Command, Kind::UnknownCommand, Kind::FileRead];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Only Dovecot is shown: Windows has no POP3 server of its own, and Exchange and Courier are not there.",
    "DIGEST-MD5, SCRAM and Kerberos are not offered.",
    "What a peer deletes is gone for that peer until the node is started anew.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "pop3",
    about: "Mailboxes (POP3)",
    ports: &[Port::tcp(110), Port::tls(995)],
    settings: dovecot::SETTINGS,
    products: dovecot::PRODUCTS,
    daemons: dovecot::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // `CLIENT_IDLE_TIMEOUT_MSECS` of Dovecot's pop3.
    idle: Duration::from_secs(600),
    total: Def::TOTAL,
    full: dovecot::full,
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(machine::Pop3::new(host, link))
}
