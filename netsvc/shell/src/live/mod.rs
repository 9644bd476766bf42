//! What changes while a session runs: the clock, the session's own facts, processes, and files made from them.

pub(crate) mod accounts;
pub(crate) mod activity;
mod calendar;
mod daemon;
mod journal;
mod kernel;
mod log;
mod network;
mod past;
pub(crate) mod presence;
mod process;
mod release;
mod seats;
mod versions;

pub(crate) use calendar::strftime;
pub use daemon::Service;
pub(crate) use log::{Login, logins, present};
pub(crate) use network::{listeners, netmask, network_address, network_of, next_card};
pub(crate) use process::Process;
pub(crate) use release::motd;
pub(crate) use seats::there;
pub(crate) use versions::Versions;

use crate::{flavour::Flavour, reach::Near};
use netsvc_persona::{Persona, subkey};
use parking_lot::Mutex;
use presence::{Presence, Seat};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

/// Number below which the processes of the system's start are.
const FIRST_PID: u32 = 1_800;

/// Source of the time: µs since the epoch, UTC, of the host. The persona's offset is added here.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now(&self) -> i64 {
        self()
    }
}

/// What a session knows of its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Address of the peer.
    pub peer_ip: IpAddr,
    /// Port of the peer.
    pub peer_port: u16,
    /// Port of the node that the peer is connected to.
    pub local_port: u16,
    /// Terminal without `/dev/`: `pts/0`. `None`: there is none (exec, file transfer).
    pub tty: Option<String>,
    /// Slug of the service that the peer is connected to.
    pub service: String,
    /// How it came in.
    pub arrival: Arrival,
}

/// How a peer comes to a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Through the secure shell's daemon, which tells the shell of the connection.
    Ssh,
    /// Through `login`, which tells nothing of it.
    Login,
    /// As a program in a container, where nobody logs in.
    Container,
}

/// Everything that the files of `/proc`, `/etc` and the status commands are made from.
pub(crate) struct Live {
    pub(crate) persona: Arc<Persona>,
    pub(crate) flavour: Flavour,
    pub(crate) facts: SessionFacts,
    pub(crate) services: Arc<[Service]>,
    pub(crate) user: String,
    pub(crate) shell_pid: u32,
    pub(crate) login_at: i64,
    clock: Arc<dyn Clock>,
    /// Processes that the sessions of the node have started.
    spawned: Arc<AtomicU32>,
    /// µs by which commands of the running line have moved the session's clock.
    ahead: AtomicI64,
    generator: Mutex<ChaCha20Rng>,
    /// Logins of the source, and its own as long as it lasts.
    presence: Arc<Presence>,
    source: String,
    seat: Mutex<Option<Seat>>,
    /// Hosts of the networks that the node is in, and those that the session has talked to.
    near: Mutex<Vec<Near>>,
    met: Mutex<Vec<Ipv4Addr>>,
    pub(crate) started: Mutex<Vec<Process>>,
    pub(crate) killed: Mutex<Vec<u32>>,
}

/// A file that is made when it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dynamic {
    Passwd,
    Shadow,
    Group,
    GroupShadow,
    OsRelease,
    Release,
    LsbRelease,
    Version,
    Hostname,
    Hosts,
    Resolv,
    Issue,
    Motd,
    MachineId,
    Fstab,
    Interfaces,
    SshdConfig,
    History,
    AuthLog,
    SystemLog,
    AccessLog,
    Kept,
    Kernel(kernel::Item),
    Network(network::Item),
    Process(u32, process::Item),
}

pub(crate) use kernel::Item as KernelItem;
pub(crate) use network::Item as NetworkItem;
pub(crate) use process::Item as ProcessItem;

impl Live {
    pub(crate) fn new(
        persona: Arc<Persona>,
        facts: SessionFacts,
        services: Arc<[Service]>,
        user: &str,
        clock: Arc<dyn Clock>,
        spawned: Arc<AtomicU32>,
        (presence, source): (Arc<Presence>, String),
    ) -> Live {
        let login_at = persona.clock(clock.now());
        let session = format!("{} {} {login_at}", facts.peer_ip, facts.peer_port);
        let generator =
            subkey::generator(&persona.subkey.hex_bytes().unwrap_or_default(), &["shell", &session]);
        let mut live = Live {
            flavour: Flavour::of(&persona),
            persona,
            facts,
            services,
            user: user.to_owned(),
            shell_pid: 0,
            login_at,
            clock,
            spawned,
            ahead: AtomicI64::new(0),
            generator: Mutex::new(generator),
            presence,
            source,
            seat: Mutex::default(),
            near: Mutex::default(),
            met: Mutex::default(),
            started: Mutex::default(),
            killed: Mutex::default(),
        };
        // The daemon, its child that logs in, and what the login runs.
        live.spawned.fetch_add(14, Ordering::Relaxed);
        live.shell_pid = live.last_pid();
        live
    }

    /// The login is written down, where its system does so and it has a terminal: until this is dropped it is there.
    pub(crate) fn sit_down(&self) {
        let Some(tty) = self.facts.tty.as_deref().filter(|_| self.keeps_logins()) else { return };
        let (clock, persona) = (Arc::clone(&self.clock), Arc::clone(&self.persona));
        let clock = Box::new(move || persona.clock(clock.now()));
        let from = (self.facts.peer_ip, self.facts.peer_port).into();
        let seat = self.presence.enter(&self.source, &self.user, tty, self.shell_pid, from, clock);
        *self.seat.lock() = Some(seat);
    }

    /// Whether the system writes down who logs in: musl has no utmp, routers are built without, containers have none.
    fn keeps_logins(&self) -> bool {
        !self.flavour.busybox() && self.facts.arrival != Arrival::Container
    }

    /// The node's clock, µs since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.persona.clock(self.clock.now()).saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Moves the session's clock by what commands took; back to the true time with 0.
    pub(crate) fn set_ahead(&self, microseconds: i64) {
        self.ahead.store(microseconds, Ordering::Relaxed);
    }

    /// Seconds since boot.
    pub(crate) fn uptime(&self) -> i64 {
        (self.now().saturating_sub(self.persona.clock(self.persona.booted_at)) / 1_000_000).max(60)
    }

    pub(crate) fn random_number(&self) -> u32 {
        self.generator.lock().next_u32()
    }

    pub(crate) fn random(&self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.generator.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// The number of a process that is started now.
    pub(crate) fn new_pid(&self) -> u32 {
        self.spawned.fetch_add(1 + self.random_number() % 3, Ordering::Relaxed);
        self.last_pid()
    }

    /// The number of the process that was started last. Numbers follow the count of processes since boot.
    pub(crate) fn last_pid(&self) -> u32 {
        self.numbered(self.forks())
    }

    /// The number of a process that the node started at a moment.
    pub(crate) fn pid_at(&self, moment: i64) -> u32 {
        self.numbered(self.forks_at(moment))
    }

    /// The number of the process that is so many after those of the start.
    fn numbered(&self, forks: u64) -> u32 {
        let most = if self.versions().pid_width() == 7 { 4_194_304 } else { 32_768 };
        FIRST_PID + u32::try_from(forks % u64::from(most - FIRST_PID)).unwrap_or(0)
    }

    /// A value that stays the same for this node and `labels`.
    pub(crate) fn fixed(&self, labels: &[&str]) -> u64 {
        let mut all = vec![self.persona.hardware.machine_id.as_str()];
        all.extend_from_slice(labels);
        crate::text::hash(&all)
    }

    /// Content of a dynamic file.
    pub(crate) fn render(&self, dynamic: Dynamic, path: &str) -> String {
        match dynamic {
            Dynamic::Passwd => self.passwd(),
            Dynamic::Shadow => self.shadow(),
            Dynamic::Group => self.group(),
            Dynamic::GroupShadow => self.group_shadow(),
            Dynamic::OsRelease => self.os_release(),
            Dynamic::Release => format!("{}\n", self.persona.os.pretty_name),
            Dynamic::LsbRelease => self.lsb_release(),
            Dynamic::Version => self.version_file(),
            Dynamic::Hostname => format!("{}\n", self.persona.hostname),
            Dynamic::Hosts => self.hosts(),
            Dynamic::Resolv => self.resolv(),
            Dynamic::Issue => self.issue(path),
            Dynamic::Motd => release::motd_file(self),
            Dynamic::MachineId => format!("{}\n", self.persona.hardware.machine_id),
            Dynamic::Fstab => self.fstab(),
            Dynamic::Interfaces => self.interfaces(),
            Dynamic::SshdConfig => self.sshd_config(),
            Dynamic::History => self.history_file(path),
            Dynamic::AuthLog | Dynamic::SystemLog if !self.persona.routine.is_unknown() => {
                self.journal(dynamic == Dynamic::AuthLog, path)
            }
            Dynamic::AuthLog => self.auth_log(),
            Dynamic::SystemLog => self.system_log(),
            Dynamic::AccessLog => self.access_log(path),
            Dynamic::Kept => self.kept(path),
            Dynamic::Kernel(item) => self.kernel_file(item),
            Dynamic::Network(item) => self.network_file(item),
            Dynamic::Process(pid, item) => self.process_file(pid, item),
        }
    }
}
