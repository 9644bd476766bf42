//! IMAP4rev1 as Dovecot speaks it (RFC 3501 with its extensions), over the mailboxes that pop3 shows, too.
//!
//! What is answered was taken from Dovecot 2.3.19 of Debian 12, beside which it is compared.

mod address;
mod append;
mod argument;
mod change;
mod envelope;
mod fetch;
mod folders;
mod listing;
mod machine;
mod mails;
mod part;
mod reader;
mod search;
mod section;
mod selected;
mod sequence;
mod session;
mod structure;
mod talks;

use crate::dovecot;
use netsvc_kit::{Def, Host, Link, Machine, Port, Serve};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::FileRead,
    Kind::MessageStored,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Only Dovecot is shown: Windows has no IMAP server of its own, and Exchange and Courier are not there.",
    "DIGEST-MD5, SCRAM and Kerberos are not offered.",
    "SORT, THREAD, CONDSTORE, QRESYNC, CATENATE, BINARY, PREVIEW, NOTIFY and URLAUTH are neither offered nor there.",
    "What a peer changes holds for that peer until the node is started anew; IDLE tells of changes when it ends.",
    "A mail of more than 512 KiB is not taken, and a mailbox holds 512 mails and 2 MiB.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "imap",
    about: "Mailboxes (IMAP)",
    ports: &[Port::tcp(143), Port::tls(993)],
    settings: dovecot::SETTINGS,
    products: dovecot::PRODUCTS,
    daemons: dovecot::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // `CLIENT_IDLE_TIMEOUT_MSECS` of Dovecot's imap.
    idle: Duration::from_secs(1800),
    total: Duration::from_secs(6 * 3600),
    full: dovecot::full,
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(machine::Imap::new(host, link))
}
