//! SMB as Windows and Samba serve it: 2.0.2 to 3.1.1 with signing and encryption, SMB 1 where a system still has it,
//! shares with the node's files, and named pipes ([MS-SMB2], [MS-SMB], [MS-NLMP], [MS-RPCE]).
//!
//! Values of Samba were taken from 4.17.12 of Debian 12; those of Windows from Microsoft's specifications with their
//! notes on what each release does, and from public captures.

mod agreed;
mod change;
mod connection;
mod control;
mod create;
mod crypto;
mod daemons;
mod directory;
mod drive;
mod entry;
mod file;
mod first;
mod flavour;
mod info;
mod login;
mod message;
mod negotiate;
mod notify;
mod one;
mod open;
mod pipe;
mod products;
mod requests;
mod rpc;
mod session;
mod setup;
mod share;
mod status;
mod talks;
mod transfer;
mod tree;
mod unix;
mod volume;
mod waiting;
mod world;

use crate::wire;

use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Command,
    Kind::FileRead,
    Kind::FileCaptured,
    Kind::ExploitAttempt,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Kerberos is offered by domain members, and whoever chooses it is asked for NTLM.",
    "Over SMB 1 one can log in, connect to shares and look for MS17-010; files are served over SMB 2 and 3 \
    only.",
    "Nothing is compressed, no lease or oplock is granted, and no handle outlives its connection.",
    "NTLM proves a password; one that is neither listed nor common is unknown, so it is refused on any \
    attempt.",
    "An answer of NTLMv1 is recorded and refused.",
    "Files have one stream, and rights that are set are recorded and not kept.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "smb",
    about: "Windows file sharing (SMB)",
    ports: &[Port::tcp(445), Port::tcp(139)],
    settings: &[
        Setting {
            key: "strangers",
            kind: SettingKind::Enum(&["guests", "nameless", "nobody"]),
            default: "",
            help: "who gets in without an account: unknown names as guests, null sessions only, or nobody; \
                   empty: as the system is delivered",
        },
        Setting {
            key: "signing",
            kind: SettingKind::Enum(&["enabled", "required"]),
            default: "",
            help: "whether messages must be signed; empty: as the system is delivered",
        },
        Setting {
            key: "smb1",
            kind: SettingKind::Bool,
            default: "",
            help: "whether SMB 1 is spoken; empty: as the system is delivered",
        },
        Setting::ADMIN_PASSWORD,
        Setting::USER,
        Setting::USER_PASSWORD,
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
    full: |_| Full::of(CONNECTIONS, Beyond::Wait),
    serve: Serve::Machine(open),
};

/// Connections that wait for one that is accepted at a time: Windows has no limit of its own that comes first.
const CONNECTIONS: usize = 1000;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}
