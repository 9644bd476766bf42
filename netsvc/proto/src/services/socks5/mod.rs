//! SOCKS proxies that anybody may use: what is asked for is told, and what is beyond is played, never connected to.
//!
//! Sources: RFC 1928 and 1929, Ying-Da Lee's notes on SOCKS 4 and 4A, and the answers of Dante and microsocks.

mod beyond;
mod connection;
mod daemons;
mod flavour;
mod products;
mod request;
mod talks;

use connection::Connection;
use netsvc_kit::{Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events; most of them are of what is beyond.
const RECORDS: &[Kind] = &[
    Kind::ForwardRequest,
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::Request,
    Kind::Query,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
    Kind::MailFrom,
    Kind::RcptTo,
    Kind::MessageStored,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::SessionStart,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Nothing is connected to: a peer who asks a site of his own for his address sees that it never came.",
    "Mail, web and mailbox servers beyond are played; of SSH there is a banner; other ports are closed or silent.",
    "TLS beyond shows the certificate of the proxy's own host.",
    "BIND and UDP ASSOCIATE are refused, as the daemons here are set up to do.",
    "GSSAPI is not offered.",
    "microsocks takes each packet for a message; here messages end where they end.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "socks5",
    about: "SOCKS proxy",
    ports: &[Port::tcp(1080)],
    settings: &[
        Setting {
            key: "login",
            kind: SettingKind::Enum(&["none", "password"]),
            default: "none",
            help: "whether a name and a password are wanted",
        },
        Setting {
            key: "targets",
            kind: SettingKind::Enum(&["answer", "refuse", "silent"]),
            default: "answer",
            help: "what is beyond: hosts that answer where such hosts would, closed ports, or nobody",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(600),
    total: Def::TOTAL,
    full: |_| Full::of(512, netsvc_kit::Beyond::Wait),
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}
