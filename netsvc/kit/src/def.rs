//! A service as data: what it is called, where it listens, what can be set, how it is served.

use crate::{
    Full, Host, Secure, Session, datagram,
    declared::{Daemon, Limit, Products, Talks},
    secure::Open,
};
use netsvc_persona::{
    exchange::Bytes,
    service::{Look, ServiceInfo, SettingInfo},
    stage::{PortSpec, Transport},
};
use netsvc_wire::Kind;
use std::{future::Future, pin::Pin, time::Duration};

/// A service. One `static SERVICE: Def` in each file of `services/`.
#[derive(Debug)]
pub struct Def {
    /// Name, `[a-z0-9_]+`.
    pub slug: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Where it listens by default.
    pub ports: &'static [Port],
    /// What can be set.
    pub settings: &'static [Setting],
    /// What it shows on which system: where none of them is, no host serves it.
    pub products: &'static [Products],
    /// What runs it on which system, for its process list: each product of a system with a command line has one.
    pub daemons: &'static [Daemon],
    /// How peers talk to it.
    pub talks: Talks,
    /// Kinds of events that it writes, besides those of every connection.
    pub records: &'static [Kind],
    /// What the real server does and this one does not, a sentence each.
    pub limits: &'static [&'static str],
    /// What shows who the host is, beyond TLS.
    pub look: Look,
    /// Whether its logins end at a command line.
    pub command_line: bool,
    /// Time without a byte from the peer before the connection is closed.
    pub idle: Duration,
    /// Longest life of a connection.
    pub total: Duration,
    /// What the service that the host shows does when it has no place for one more connection.
    pub full: fn(&Host) -> Full,
    /// How a connection is served.
    pub serve: Serve,
}

/// A port of a service.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// TCP or UDP.
    pub transport: Transport,
    /// Number.
    pub number: u16,
    /// TLS from the first byte.
    pub tls: bool,
}

/// A setting of a service, checked before it reaches the stage.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Key.
    pub key: &'static str,
    /// What values it takes.
    pub kind: SettingKind,
    /// Default; empty: from the persona.
    pub default: &'static str,
    /// What it does, in neutral words.
    pub help: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum SettingKind {
    /// One line of text.
    Text,
    /// A text that must not be shown.
    Secret,
    /// `yes`/`no`, `true`/`false`, `on`/`off`, `1`/`0`.
    Bool,
    /// A whole number in a range, both ends included.
    Int(i64, i64),
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Password of the administrator of the system. Whoever makes the persona puts it there; the service reads
    /// the accounts of the persona.
    AdminPassword,
    /// Name of one more account of the system; put into the persona as [`SettingKind::AdminPassword`] is.
    Account,
    /// Password of that account.
    AccountPassword,
    /// A kind that cannot be honoured everywhere.
    Limited(&'static SettingKind, &'static [Limit]),
}

/// The future of an asynchronous service.
pub type ServeFuture = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// How a connection is served.
#[derive(Clone, Copy)]
pub enum Serve {
    /// By a state machine without input or output of its own.
    Machine(Open),
    /// By the machine that TLS agreed on with the peer.
    Secure(&'static Secure),
    /// Over datagrams: a machine for each peer, to which [`crate::Input::Bytes`] is one datagram.
    Datagrams(datagram::Open),
    /// By a machine over TCP, and by another over datagrams.
    Both(Open, datagram::Open),
    /// By a task that reads and writes itself, for protocols that a library drives or that need
    /// connections of their own.
    Task(fn(Session) -> ServeFuture),
}

impl std::fmt::Debug for Serve {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Serve::Machine(_) => "Machine",
            Serve::Secure(_) => "Secure",
            Serve::Datagrams(_) => "Datagrams",
            Serve::Both(..) => "Both",
            Serve::Task(_) => "Task",
        })
    }
}

impl Serve {
    /// What makes the machines that serve; none where a task does.
    pub fn machines(&self) -> Vec<Open> {
        let mut machines = self.streams();
        if let Serve::Datagrams(open) | Serve::Both(_, open) = self {
            machines.push(*open);
        }
        machines
    }

    /// What makes the machines that read a stream, however it is cut.
    pub fn streams(&self) -> Vec<Open> {
        match self {
            Serve::Machine(open) | Serve::Both(open, _) => vec![*open],
            Serve::Secure(secure) => secure.openings().collect(),
            Serve::Datagrams(_) | Serve::Task(_) => Vec::new(),
        }
    }
}

impl Def {
    /// Kinds of events of every connection, whatever the service.
    pub const OF_ANY: &[Kind] = &[
        Kind::Connect,
        Kind::FirstBytes,
        Kind::Disconnect,
        Kind::TlsHandshake,
        Kind::Malformed,
        Kind::Limited,
        Kind::Flood,
        Kind::Fault,
    ];
    /// Idle time that suits interactive protocols.
    pub const IDLE: Duration = Duration::from_secs(300);
    /// Longest life of an ordinary connection.
    pub const TOTAL: Duration = Duration::from_secs(3600);

    /// Whether it says that it writes events of this kind, or every service does.
    pub fn declares(&self, kind: Kind) -> bool {
        self.records.contains(&kind) || Self::OF_ANY.contains(&kind)
    }

    /// Its ports on `system`: those that its products there have.
    pub fn ports_on(&self, system: &str) -> impl Iterator<Item = &'static Port> {
        let info = self.info();
        let there: Vec<_> = info.ports_on(system).map(|port| (port.transport, port.port)).collect();
        self.ports.iter().filter(move |port| there.contains(&(port.transport, port.number)))
    }

    /// The catalogue entry of this service.
    pub fn info(&self) -> ServiceInfo {
        ServiceInfo {
            slug: self.slug.to_owned(),
            about: self.about.to_owned(),
            ports: self
                .ports
                .iter()
                .map(|port| PortSpec {
                    slug: self.slug.to_owned(),
                    transport: port.transport,
                    port: port.number,
                    tls: port.tls,
                })
                .collect(),
            settings: self.settings.iter().map(Setting::info).collect(),
            products: self.products.iter().flat_map(Products::rows).collect(),
            records: self.records.iter().map(|kind| kind.name().to_owned()).collect(),
            limits: self.limits.iter().map(|limit| (*limit).to_owned()).collect(),
            command_line: self.command_line,
            look: self.look,
            client: self.talks.client.to_owned(),
            exchanges: self.talks.exchanges(),
            login: self.talks.login(),
            visit: self.talks.visit.iter().map(|bytes| Bytes::from(*bytes)).collect(),
            apart: self.talks.apart(),
        }
    }
}

impl Port {
    /// A plain TCP port.
    pub const fn tcp(number: u16) -> Self {
        Port { transport: Transport::Tcp, number, tls: false }
    }

    /// A UDP port.
    pub const fn udp(number: u16) -> Self {
        Port { transport: Transport::Udp, number, tls: false }
    }

    /// A TCP port with TLS from the first byte.
    pub const fn tls(number: u16) -> Self {
        Port { transport: Transport::Tcp, number, tls: true }
    }
}

impl Setting {
    /// What can be set of the accounts of a system, at each service that logs in to it.
    pub const ADMIN_PASSWORD: Setting = Setting {
        key: "password",
        kind: SettingKind::AdminPassword,
        default: "",
        help: "password of root or of the administrator; empty: from the persona",
    };
    /// See [`Setting::ADMIN_PASSWORD`].
    pub const USER: Setting =
        Setting { key: "user", kind: SettingKind::Account, default: "", help: "an account that logs in too" };
    /// See [`Setting::ADMIN_PASSWORD`].
    pub const USER_PASSWORD: Setting = Setting {
        key: "user_password",
        kind: SettingKind::AccountPassword,
        default: "",
        help: "password of user; empty: that of password, or from the persona",
    };

    fn info(&self) -> SettingInfo {
        let (own, limits) = match self.kind {
            SettingKind::Limited(kind, limits) => (*kind, limits),
            kind => (kind, &[][..]),
        };
        let (kind, range) = match own {
            // There is one layer of limits.
            SettingKind::Limited(..) => ("text", String::new()),
            SettingKind::Text => ("text", String::new()),
            SettingKind::Secret => ("secret", String::new()),
            SettingKind::Bool => ("bool", String::new()),
            SettingKind::Int(low, high) => ("int", format!("{low}..{high}")),
            SettingKind::Enum(words) => ("enum", words.join("|")),
            SettingKind::AdminPassword => ("admin_password", String::new()),
            SettingKind::Account => ("account", String::new()),
            SettingKind::AccountPassword => ("account_password", String::new()),
        };
        SettingInfo {
            key: self.key.to_owned(),
            kind: kind.to_owned(),
            default: self.default.to_owned(),
            range,
            help: self.help.to_owned(),
            limits: limits.iter().map(Limit::info).collect(),
        }
    }
}
