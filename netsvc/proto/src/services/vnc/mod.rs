//! VNC: the remote framebuffer protocol 3.3, 3.7 and 3.8 with a login screen that is drawn from the persona (RFC 6143).
//!
//! Handshakes, texts and parameters were taken from tightvncserver 1.3.10, tigervnc-standalone-server 1.12.0 and x11vnc
//! 0.9.16 of Debian 12; those of TightVNC 2.8, RealVNC 4 and macOS from what scanners tell of them and from Apple's
//! and TightVNC's descriptions (rfbproto, `Apple Remote Desktop`).

mod apple;
mod auth;
mod connection;
mod daemons;
mod failures;
mod flavour;
mod handshake;
mod keys;
mod messages;
mod pace;
mod paint;
mod pixel;
mod products;
mod talks;

use connection::Connection;
use netsvc_daemon::picture;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[Kind::ClientFingerprint, Kind::AuthAttempt, Kind::SessionStart, Kind::Command];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Nobody gets past the screen that is drawn: a password typed there is recorded and refused.",
    "The picture is sent raw or in hextile, whatever else a client takes, and without a cursor.",
    "Of macOS, the kinds of authentication 33, 35 and 36 are offered, and end the connection when chosen.",
    "TigerVNC's TLS is with a certificate (X509Vnc); anonymous TLS is not offered.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "vnc",
    about: "VNC remote desktop",
    ports: &[Port::tcp(5900)],
    settings: &[
        Setting {
            key: "auth",
            kind: SettingKind::Enum(&["password", "none"]),
            default: "",
            help: "whether a password is asked for; empty: from the persona",
        },
        Setting::ADMIN_PASSWORD,
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(900),
    total: Duration::from_secs(4 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(open),
};

/// Descriptors that a server has by default, without those of its own.
const CONNECTIONS: usize = 240;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}
