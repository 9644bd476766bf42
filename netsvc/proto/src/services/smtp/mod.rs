//! SMTP as Postfix, Exim and Microsoft's servers speak it (RFC 5321, 3030, 3207, 4954).
//!
//! Texts and their order were taken from Postfix 3.7.11 with Dovecot 2.3.19 SASL and from Exim 4.96, both
//! of Debian 12; the Microsoft texts from its documentation and public captures.

pub mod address;
pub mod auth;
pub mod exim;
pub mod lines;
pub mod machine;
pub mod message;
pub mod microsoft;
pub mod mime;
pub mod postfix;
pub mod reply;
pub mod transaction;

use netsvc_kit::{Def, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use std::sync::Arc;

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
        Setting {
            key: "size_limit",
            kind: SettingKind::Int(65_536, 26_214_400),
            default: "",
            help: "largest message in bytes; empty: what the product has",
        },
    ],
    idle: Def::IDLE,
    total: Def::TOTAL,
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(machine::Smtp::new(host, link))
}
