//! Windows Remote Management: WS-Management over HTTP.sys with NTLM, remote shells, and what belongs to such a host,
//! the endpoint mapper of DCE/RPC and the first ports that it leads to.
//!
//! Source: [MS-WSMV], [MS-WSMAN], [MS-PSRP], [MS-RPCE]; public captures of Windows 10 and Server 2016 to 2022, and
//! what pywinrm, pypsrp, impacket and nmap expect.

mod connection;
mod envelope;
mod fault;
mod login;
mod pipeline;
mod products;
mod psrp;
mod remote;
mod run;
mod sealed;
mod shells;
mod talks;
#[cfg(test)]
mod tests;

use crate::rpc::listener::Listener;
use connection::Connection;
use netsvc_daemon::http::serve::Served;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use std::{sync::Arc, time::Duration};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::Request,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::ExploitAttempt,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Remote PowerShell (PSRP) takes scripts and gives lines; it makes no objects and asks the client's host nothing.",
    "Programs answer what they are asked about the host itself; others say nothing.",
    "NTLM is judged, Kerberos and CredSSP are not taken; NTLMv1 proves nothing.",
    "Of WMI there is nothing but the version that Identify tells.",
    "Behind the ports that the endpoint mapper names every call is denied.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "winrm",
    about: "Windows Remote Management and RPC endpoint mapper",
    ports: &[
        Port::tcp(connection::HTTP),
        Port::tls(5986),
        Port::tcp(135),
        Port::tcp(49_664),
        Port::tcp(49_665),
        Port::tcp(49_666),
        Port::tcp(49_667),
        Port::tcp(49_152),
        Port::tcp(49_153),
        Port::tcp(49_154),
        Port::tcp(49_155),
    ],
    settings: &[
        Setting::ADMIN_PASSWORD,
        Setting::USER,
        Setting::USER_PASSWORD,
        Setting {
            key: "basic",
            kind: SettingKind::Bool,
            default: "no",
            help: "whether passwords in clear are taken, as quick guides tell to switch on",
        },
    ],
    products: products::PRODUCTS,
    daemons: &[],
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Http,
    command_line: false,
    idle: Duration::from_secs(120),
    total: Def::TOTAL,
    full: |_| Full::of(1000, Beyond::Wait),
    serve: Serve::Machine(open),
};

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    match link.port {
        connection::HTTP | connection::HTTPS => Box::new(Served::new(Connection::new(host, link))),
        _ => Box::new(Listener::new(host, link)),
    }
}

/// The scripts of pipelines in fragments of remote PowerShell.
pub(crate) fn scripts(fragments: &[u8]) -> Vec<String> {
    let messages = psrp::Fragments::default().take(fragments).unwrap_or_default();
    messages.iter().map(|message| pipeline::script(&message.data)).collect()
}
