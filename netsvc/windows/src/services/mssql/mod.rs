//! SQL Server: the tabular data stream 7.0 to 7.4, TLS within it, logins, Transact-SQL, and the browser of instances.
//!
//! Sources: [MS-TDS], [MC-SQLR], texts of `sys.messages`.

mod batch;
mod browser;
mod catalogue;
mod connection;
mod entry;
mod faults;
mod login;
mod packet;
mod prelogin;
mod procedure;
mod products;
mod release;
mod reply;
mod rows;
mod rpc;
mod server;
mod settings;
mod talks;
mod techniques;
mod tokens;
mod worlds;

use browser::Browser;
use connection::Connection;
use netsvc_kit::{
    Beyond, Def, Full, Host, Link, Machine, Pieces, Port, Serve, Setting, SettingKind,
    tls::{Form, Identity},
};
use netsvc_persona::{Certificate, service::Look};
use netsvc_wire::Kind;
use rand_core::RngCore;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Query,
    Kind::Command,
    Kind::ExploitAttempt,
    Kind::DownloadAttempt,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "There are no IF, WHILE, TRY, cursors, views, triggers, window functions or common table expressions.",
    "Of a message with several calls of procedures, the first is run.",
    "xp_cmdshell answers a few programs about the host itself; others say nothing.",
    "Kerberos is never taken: clients are asked for NTLM, and NTLMv1 lets nobody in.",
    "Nobody has fewer rights than another: every login is an administrator of the server.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "mssql",
    about: "Microsoft SQL Server",
    ports: &[Port::tcp(1433), Port::udp(1434)],
    settings: &[
        Setting {
            key: "instance",
            kind: SettingKind::Text,
            default: "",
            help: "name of its instance; empty: the one without a name",
        },
        Setting {
            key: "databases",
            kind: SettingKind::Text,
            default: "",
            help: "names of further databases that a login sees, comma-separated",
        },
        Setting {
            key: "encrypt",
            kind: SettingKind::Bool,
            default: "no",
            help: "whether every client has to encrypt everything",
        },
        Setting::ADMIN_PASSWORD,
    ],
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(900),
    total: Duration::from_secs(4 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Both(open, browse),
};

/// Connections that a server here takes, long before its own limit of 32,767.
const CONNECTIONS: usize = 512;
/// Years for which the certificate holds that a server makes for itself.
const YEARS: i64 = 30;
const YEAR: i64 = 365 * 86_400 * 1_000_000;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    host.identify(|| identity(host));
    // What is used up is gone before more comes.
    Box::new(Pieces::of(connection::PIECE, Connection::new(host, link)))
}

fn browse(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Browser::new(host, link))
}

/// The certificate that a server makes for itself when it starts.
fn identity(host: &Host) -> Identity {
    let name = "SSL_Self_Signed_Fallback".to_owned();
    let mut serial = [0; 16];
    host.generator("certificate").fill_bytes(&mut serial);
    if let Some(first) = serial.first_mut() {
        *first = 0x10 | *first & 0x7f;
    }
    let started = host.persona().booted_at;
    Identity {
        certificate: Certificate {
            common_name: name.clone(),
            organization: String::new(),
            issuer: name,
            names: Vec::new(),
            not_before: started,
            not_after: started.saturating_add(YEARS * YEAR),
            serial: hex::encode(serial),
            key: "rsa2048".to_owned(),
        },
        key: "database",
        form: Form::Plain,
        sha1: false,
    }
}

/// What Windows' clients are asked with.
fn nonce(mut random: impl RngCore) -> [u8; 8] {
    let mut nonce = [0; 8];
    random.fill_bytes(&mut nonce);
    nonce
}
