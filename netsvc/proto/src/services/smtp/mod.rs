//! SMTP as Postfix, Exim and Microsoft's servers speak it (RFC 5321, 3030, 3207, 4954).
//!
//! Texts and their order were taken from Postfix 3.7.11 with Dovecot 2.3.19 SASL and from Exim 4.96, both
//! of Debian 12; the Microsoft texts from its documentation and public captures.

pub mod address;
pub mod auth;
pub(in crate::services) mod daemons;
pub mod lines;
pub mod machine;
pub mod message;
pub mod mime;
pub(in crate::services) mod products;
pub mod reply;
pub(in crate::services) mod talks;
pub mod transaction;

use machine::Duty;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use reply::{Family, Names};
use std::sync::Arc;

/// Kinds of its events.
pub(in crate::services) const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::MailFrom,
    Kind::RcptTo,
    Kind::MessageStored,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] =
    &["Mail is kept and goes nowhere: nothing is relayed, nothing comes back.", "Kerberos is not offered."];

/// What every server of mail takes.
pub(in crate::services) const SIZE_LIMIT: Setting = Setting {
    key: "size_limit",
    kind: SettingKind::Int(65_536, 26_214_400),
    default: "",
    help: "largest message in bytes; empty: what the product has",
};

/// The service.
pub static SERVICE: Def = Def {
    slug: "smtp",
    about: "Mail server (SMTP)",
    ports: &[Port::tcp(25), Port::tcp(587), Port::tls(465)],
    settings: &[
        Setting {
            key: "catch_all",
            kind: SettingKind::Bool,
            default: "no",
            help: "take mail for any user of the own domain, not only for those that exist",
        },
        Setting {
            key: "domains",
            kind: SettingKind::Text,
            default: "",
            help: "further domains that mail is taken for, separated by spaces",
        },
        SIZE_LIMIT,
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full,
    serve: Serve::Machine(open),
};

/// Postfix: the process limit, and anvil's 50 connections of one client; Exim: `smtp_accept_max`; Exchange:
/// `MaxInboundConnectionPerSource`.
pub(in crate::services) fn full(host: &Host) -> Full {
    let names = Names::of(host, String::new());
    let say = |text: &str| Beyond::Say(format!("{text}\r\n").into_bytes());
    match names.family {
        Family::Postfix => {
            let text = format!("421 4.7.0 {} Error: too many connections from {{peer}}", names.host);
            Full::of(100, Beyond::Wait).with_source(50, say(&text))
        }
        Family::Exim => {
            Full::of(20, say("421 Too many concurrent SMTP connections; please try again later."))
        }
        Family::Exchange => Full::of(1000, Beyond::Wait).with_source(
            20,
            say("421 4.3.2 The maximum number of concurrent connections has exceeded a limit, \
                 closing transmission channel"),
        ),
        Family::Iis => Full::of(1000, Beyond::Wait),
    }
}

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(machine::Smtp::new(host, link, Duty::Own))
}
