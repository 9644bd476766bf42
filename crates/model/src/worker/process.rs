//! Processes that workers live in, and what each may do.

/// The process that a worker lives in when all run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// Starts the others, and what has more rights than they.
    Keeper,
    /// Everything that works on what was recorded.
    House,
    /// What speaks to the other hosts of a swarm.
    Swarm,
    /// What speaks to operators.
    Api,
    /// What answers those who have taken a canary along.
    Canary,
    /// What reads the frames that deckies get: bytes of anybody, so by itself.
    Sniffer,
    /// What speaks to attackers, where that is allowed.
    Prober,
}

/// A place that a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The state folder.
    State,
    /// The file of the program's own messages.
    Messages,
    /// What names are resolved with, and the time zone.
    System,
    /// Folders of the certificates that the operator has named.
    Certificates,
}

/// What a process may do.
#[derive(Clone, Copy, Debug)]
pub struct Grants {
    /// Whether it stays what it was started as, root if that is who starts it. All others become the
    /// house's own user.
    pub starter: bool,
    /// Whether it is confined: no capability, no new privileges, system calls and places by a list.
    pub confined: bool,
    /// Places that it may read.
    pub read: &'static [Place],
    /// Places that it may change.
    pub write: &'static [Place],
    /// Most open files, where that is less than the machine allows.
    pub open_files: Option<u64>,
    /// Capabilities that it works with, by the names of capabilities(7).
    pub capabilities: &'static [&'static str],
    /// Families of sockets that it opens, by the names of address_families(7).
    pub families: &'static [&'static str],
    /// Most bytes of memory; `None`: what the fleet needs.
    pub memory: Option<u64>,
    /// Whether it may listen on ports below 1024, if who starts it may.
    pub low_ports: bool,
}

/// What netd and those who start it cannot do without: devices, namespaces and raw sockets of the segment, ports
/// below 1024 in their namespaces, other users' processes and files.
const KEEPER_CAPABILITIES: &[&str] = &[
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_KILL",
    "CAP_NET_ADMIN",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RESOURCE",
];
/// What talks to the other workers and to nobody else.
pub(super) const LOCAL: &[&str] = &["AF_UNIX"];
/// What talks to a database, to targets of alerts or to operators, too.
const NETWORK: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6"];
/// What makes networks, too.
const SEGMENT: &[&str] = &["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"];

impl Process {
    /// All processes, the one that starts the others first.
    pub const ALL: &'static [Process] = &[
        Process::Keeper,
        Process::House,
        Process::Swarm,
        Process::Api,
        Process::Canary,
        Process::Sniffer,
        Process::Prober,
    ];

    /// Those that the keeper starts.
    pub const PARTS: &'static [Process] =
        &[Process::House, Process::Swarm, Process::Api, Process::Canary, Process::Sniffer, Process::Prober];

    /// Name in `status` and of the process's note.
    pub fn name(self) -> &'static str {
        match self {
            Process::Keeper => "keeper",
            Process::House => "house",
            Process::Swarm => "swarm",
            Process::Api => "api",
            Process::Canary => "canary",
            Process::Sniffer => "sniffer",
            Process::Prober => "prober",
        }
    }

    /// What it may do.
    pub fn grants(self) -> Grants {
        let (read, write) = (&[Place::System][..], &[Place::State, Place::Messages][..]);
        match self {
            // It starts netd, the lab and service processes, each as another user or with more rights.
            Process::Keeper => Grants {
                starter: true,
                confined: false,
                read: &[],
                write,
                open_files: None,
                capabilities: KEEPER_CAPABILITIES,
                families: SEGMENT,
                memory: None,
                low_ports: false,
            },
            Process::House | Process::Swarm => Grants {
                starter: false,
                confined: true,
                read,
                write,
                open_files: None,
                capabilities: &[],
                families: NETWORK,
                memory: Some(1 << 30),
                low_ports: false,
            },
            // 1024 connections of the interface and as many of the dashboard, one more for each that is handed on,
            // the store, and some to spare: what hangs on it starves nobody else.
            Process::Api => Grants {
                read: &[Place::System, Place::Certificates],
                open_files: Some(4096),
                ..Process::House.grants()
            },
            Process::Canary => Grants {
                open_files: Some(1024),
                capabilities: &["CAP_NET_BIND_SERVICE"],
                low_ports: true,
                ..Process::House.grants()
            },
            // It is handed copies of frames and has no right to any; 512 MiB hold all its tables, full.
            Process::Sniffer => {
                Grants { open_files: Some(256), memory: Some(512 << 20), ..Process::House.grants() }
            }
            Process::Prober => {
                Grants { open_files: Some(512), memory: Some(256 << 20), ..Process::House.grants() }
            }
        }
    }
}
