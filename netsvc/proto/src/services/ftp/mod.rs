//! FTP as vsftpd, ProFTPD, Pure-FTPd, IIS and print servers speak it (RFC 959, 2228, 2389, 2428, 3659, 4217).
//!
//! Texts were taken from vsftpd 3.0.3, ProFTPD 1.3.8 and Pure-FTPd 1.0.50 of Debian 12; those of IIS and
//! JetDirect from documentation and public captures.

pub mod bait;
pub mod control;
mod daemons;
pub mod data;
pub mod files;
pub mod listing;
pub mod login;
pub mod node;
mod products;
pub mod say;
mod talks;
pub mod transfer;
pub mod tree;

use netsvc_kit::{Beyond, Def, Full, Host, Port, Serve, Session, Setting, SettingKind, def::ServeFuture};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
];
/// What it leaves out.
const LIMITS: &[&str] = &["Transfers between two servers (FXP) are refused."];

/// The service.
pub static SERVICE: Def = Def {
    slug: "ftp",
    about: "File server (FTP)",
    ports: &[Port::tcp(21), Port::tls(990)],
    settings: &[Setting {
        key: "anonymous",
        kind: SettingKind::Bool,
        default: "no",
        help: "let anonymous in, to read /srv/ftp and to write into its folder incoming",
    }],
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
    serve: Serve::Task(serve),
};

/// vsftpd: `max_clients` and `max_per_ip` as built in; ProFTPD: `MaxInstances` of Debian; Pure-FTPd: 50 users as
/// built in.
fn full(host: &Host) -> Full {
    let name = host.product().map_or("vsftpd", |product| product.name.as_str());
    let say = |text: &str| Beyond::Say(format!("{text}\r\n").into_bytes());
    match say::Family::of(name) {
        say::Family::Vsftpd => {
            Full::of(2000, say("421 There are too many connected users, please try later."))
                .with_source(50, say("421 There are too many connections from your internet address."))
        }
        say::Family::ProFtpd => Full::of(30, Beyond::Close),
        say::Family::PureFtpd => Full::of(50, say("421 50 users (the maximum) are already logged in, sorry")),
        say::Family::Microsoft => Full::of(1000, Beyond::Wait),
        say::Family::JetDirect => Full::of(8, Beyond::Close),
    }
}

fn serve(session: Session) -> ServeFuture {
    let host = session.host().clone();
    Box::pin(async move {
        let served = control::Control::new(session).run().await;
        crate::account::save(&host);
        served
    })
}
