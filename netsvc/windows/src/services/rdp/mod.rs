//! Remote desktops of Windows: negotiation, TLS, CredSSP, and a session up to its login screen.
//!
//! Sources: [MS-RDPBCGR], [MS-CSSP], [MS-NLMP].

mod connection;
mod credssp;
mod flavour;
mod frame;
mod identity;
mod input;
mod keys;
mod logon;
mod mcs;
mod negotiation;
mod paint;
mod products;
mod protocol;
mod screen;
mod session;
mod share;
mod standard;
mod talks;
mod text;

use connection::Connection;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] =
    &[Kind::ClientFingerprint, Kind::AuthAttempt, Kind::SessionStart, Kind::Command, Kind::ExploitAttempt];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Who logs on sees a welcome that does not end; there is no desktop.",
    "Keys are read as on a keyboard of the United States, whatever layout the client tells.",
    "Kerberos is never taken for CredSSP: clients are asked for NTLM, and NTLMv1 lets nobody in.",
    "Without TLS, the method of FIPS 140-1 is agreed on and ends the connection at the exchange of keys.",
    "RDSTLS is agreed on and ends the connection after the TLS handshake.",
    "Static channels are joined, and what is sent on them is not read.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "rdp",
    about: "Remote desktop of Windows",
    ports: &[Port::tcp(3389)],
    settings: &[
        Setting {
            key: "nla",
            kind: SettingKind::Bool,
            default: "",
            help: "whether clients authenticate before they see a login screen; empty: as the system is delivered",
        },
        Setting {
            key: "security",
            kind: SettingKind::Enum(&["negotiate", "tls"]),
            default: "negotiate",
            help: "whether clients without TLS are taken, where nla is off",
        },
        Setting::ADMIN_PASSWORD,
        Setting::USER,
        Setting::USER_PASSWORD,
    ],
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_secs(600),
    total: Duration::from_secs(4 * 3600),
    full: |_| Full::of(CONNECTIONS, Beyond::Close),
    serve: Serve::Machine(open),
};

/// Connections that wait for a session at most (`MaxOutstandingConnections`, 3000 on servers, 100 on others).
const CONNECTIONS: usize = 100;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    host.identify(|| identity::identity(host, host.clock()));
    Box::new(Connection::new(host, link))
}
