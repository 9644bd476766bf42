//! The Android Debug Bridge over TCP: a set-top box that gives its shell to whoever connects (AOSP, `adb/protocol.txt`,
//! `SERVICES.TXT` and `SYNC.TXT`, as of Android 4.4 and 7.1).

mod connection;
mod daemons;
mod device;
mod packet;
mod products;
mod service;
mod shell;
mod stream;
mod sync;
mod talks;

use crate::account;
use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Port, Serve, Session, Setting, SettingKind, def::ServeFuture};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::time::Duration;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::KeyOffer,
    Kind::SessionStart,
    Kind::SessionRecorded,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ForwardRequest,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "The shell is BusyBox's: of Android's own commands, getprop, pm, am, settings and a few more answer in short.",
    "Forwarded ports, the frame buffer and jdwp are refused; what was asked for is recorded.",
    "A device that asks whether a key may debug it never says yes.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "adb",
    about: "Android Debug Bridge of a set-top box",
    ports: &[Port::tcp(5555)],
    settings: &[Setting {
        key: "auth",
        kind: SettingKind::Enum(&["open", "ask"]),
        default: "open",
        help: "whether everybody is let in, or the screen asks whether a key may",
    }],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: true,
    idle: Duration::from_secs(900),
    total: Duration::from_secs(6 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Task(serve),
};

/// Connections that a box has memory for.
const CONNECTIONS: usize = 64;

fn serve(session: Session) -> ServeFuture {
    Box::pin(async move {
        let host = session.host().clone();
        let served = Connection::new(session).run().await;
        account::save(&host);
        served
    })
}
