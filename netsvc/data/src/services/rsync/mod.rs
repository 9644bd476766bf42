//! rsync's daemon, protocols 30 and 31: modules, logins, and copies both ways, of files that the host's shell shows.
//!
//! Sources: the man pages rsync(1) and rsyncd.conf(5), the constants and formats of rsync 3's source, and recordings of
//! its daemon with its client.

mod agree;
mod config;
mod connection;
mod daemons;
mod deflate;
mod digest;
mod files;
mod item;
mod list;
mod options;
mod products;
mod receive;
mod release;
mod send;
mod step;
mod talks;
#[cfg(test)]
mod tests;
mod wire;

use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] =
    &[Kind::ClientFingerprint, Kind::AuthAttempt, Kind::Command, Kind::FileRead, Kind::FileCaptured];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Lists of files are sent whole, never piece by piece (incremental recursion is not agreed to).",
    "Files go whole: blocks that both sides have are sent again.",
    "Filters of a client are read and do not apply; nothing is deleted.",
    "Access control lists and extended attributes are refused, and compression other than zlib's is not offered.",
    "Clients before rsync 3.0 list modules and log in, and hear then that the module's folder is gone.",
    "A file that is put there is kept up to 16 MiB.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "rsync",
    about: "rsync daemon",
    ports: &[Port::tcp(873)],
    settings: &[
        Setting {
            key: "logins",
            kind: SettingKind::Enum(&["some", "all", "none"]),
            default: "some",
            help: "which modules want a password: those of the host's configuration, all of them, or none",
        },
        Setting {
            key: "writable",
            kind: SettingKind::Enum(&["some", "all", "none"]),
            default: "some",
            help: "where files can be put: in the modules of the host's configuration, in all, or in none",
        },
        Setting {
            key: "motd",
            kind: SettingKind::Text,
            default: "",
            help: "what stands before the list of modules",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    // `timeout` of the configuration.
    idle: Duration::from_secs(600),
    total: Def::TOTAL,
    full: |_| Full::of(200, Beyond::Wait),
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}
