//! What can go wrong with a fleet.

use decnet_engine::{lab::LabError, native::ClientError};
use decnet_model::{
    flaw::{self, Flaw},
    fleet::{BadNetwork, DeckyName, Network},
};
use std::{io, net::Ipv4Addr, path::PathBuf, time::Duration};

/// Why something was not done with a fleet.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("{0}")]
    Store(&'static str, #[source] decnet_store::Error),
    /// A file or process failed.
    #[error("{0}")]
    System(&'static str, #[source] io::Error),
    /// A stored document is not what this release reads, or cannot be written.
    #[error("{0}")]
    Document(&'static str, #[source] serde_json::Error),
    /// A persona cannot be derived.
    #[error("derive a persona")]
    Derive(#[source] decnet_model::persona::derive::DeriveError),
    /// A runtime does not do what it was asked to.
    #[error("{0}")]
    Runtime(&'static str, #[source] decnet_engine::plan::Error),
    /// The Docker daemon does not do what it was asked to.
    #[error("{0}")]
    Docker(&'static str, #[source] decnet_engine::docker::DockerError),
    /// `netd` does not do what it was asked to.
    #[error("{0}")]
    Netd(&'static str, #[source] ClientError),
    /// The lab cannot be started or ended.
    #[error("{0}")]
    Lab(&'static str, #[source] LabError),
    /// A lab is up that is not the one that was asked for.
    #[error(
        "a lab with network {network}/{prefix} and {attackers} attackers is up: `decnet lab down` ends it"
    )]
    OtherLab {
        /// Its network.
        network: Ipv4Addr,
        /// Its prefix length.
        prefix: u8,
        /// How many hosts to attack from it has.
        attackers: usize,
    },
    /// There is no such place for a fleet.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The install secret may be read by others.
    #[error("{} may be read by others: chmod 600 it", .0.display())]
    SecretOpen(PathBuf),
    /// The install secret is not what it was made as.
    #[error("{} is damaged: it must hold 64 hex digits", .0.display())]
    SecretDamaged(PathBuf),
    /// The setting that names the service binary is wrong.
    #[error("decnet.netsvcd: {} is no file", .0.display())]
    NoSuchBinary(PathBuf),
    /// The service binary is not where it is looked for.
    #[error(
        "netsvcd, the service binary, is neither beside this program nor on the PATH (`make build` makes it; \
         DECNET_NETSVCD names it)"
    )]
    NoBinary,
    /// A native fleet that stands nowhere.
    #[error("the fleet names no interface for the runtime native")]
    NoInterface,
    /// A persona without what all have.
    #[error("a persona without a hardware address")]
    NoMac,
    /// A thread ended early.
    #[error("derive personas: a thread panicked")]
    Panicked,
    /// Somebody works in the folder.
    #[error(transparent)]
    Claim(#[from] decnet_pipeline::runtime::ClaimError),
    /// Nothing is wanted.
    #[error("no fleet is deployed")]
    NoFleet,
    /// A name that no decky has.
    #[error("no decky is called {0}; `decnet status` lists them")]
    NoDecky(DeckyName),
    /// A decky cannot be changed like that.
    #[error("{}", flaw::told(.0, ""))]
    Edit(Vec<Flaw>),
    /// The fleet became another one each time that it was about to be changed.
    #[error("somebody else changes the fleet all the time; try again")]
    Restless,
    /// Something of a topology stands in the way.
    #[error("{0}")]
    Topology(String),
    /// Some deckies of a fleet did not come up.
    #[error("{running} of {wanted} deckies run; {} says more", log.display())]
    NotUp {
        /// How many run.
        running: usize,
        /// How many are wanted.
        wanted: usize,
        /// Names and reasons of those that failed.
        failed: Vec<(String, String)>,
        /// Where the workers' messages are.
        log: PathBuf,
    },
    /// Some deckies did not go.
    #[error("{left} deckies still run after {} s", after.as_secs())]
    NotGone {
        /// How many there are.
        left: usize,
        /// How long was waited.
        after: Duration,
    },
    /// A decky that does not become another machine.
    #[error("{0} has its old persona still; `decnet status` says what the workers do")]
    OldPersona(DeckyName),
    /// Processes that do not end when asked to.
    #[error("process {0} does not end")]
    Stubborn(i32),
    /// Whoever the state folder names as the keeper does not have the keeper's lock.
    #[error(
        "process {0} is named as the keeper of the workers and does not have their lock: nobody was ended"
    )]
    Unproven(u32),
}

/// Why there is no such place, or not for this fleet.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// Loopback with a segment.
    #[error("--runtime loopback has a segment of its own: leave out --lab and --interface")]
    LoopbackPlaced,
    /// Containers in the lab.
    #[error("--runtime docker: containers do not stand in the lab; leave out --lab, or name an --interface")]
    DockerInLab,
    /// Containers without the right to their namespaces.
    #[error(
        "--runtime docker: only root can close the way out of containers and read what they write; run it as root"
    )]
    DockerNotRoot,
    /// Native without a segment.
    #[error("--runtime native needs a segment and finds no default route: --lab, or --interface IF as root")]
    NativeUnplaced,
    /// A real segment without the right to it.
    #[error("--interface {0}: only root can put deckies on a real segment; --lab needs no root")]
    NotRoot(String),
    /// Loopback elsewhere.
    #[error("--subnet {0}: the runtime loopback needs a segment in 127.0.0.0/8")]
    NotLoopback(Network),
    /// The lab has another network.
    #[error("--subnet {asked}: a lab with network {there} is up; `decnet lab down` ends it")]
    LabElsewhere {
        /// What was asked for.
        asked: Network,
        /// What there is.
        there: Network,
    },
    /// The kernel does not say.
    #[error("list the interfaces")]
    Interfaces(#[source] io::Error),
    /// No such interface.
    #[error("--interface {name}: there is no such interface; there are: {}", there.join(", "))]
    NoInterface {
        /// What was asked for.
        name: String,
        /// What there is.
        there: Vec<String>,
    },
    /// The wrong kind of interface.
    #[error("--interface {0}: it is the loopback interface; deckies need an Ethernet segment")]
    LoopbackInterface(String),
    /// It carries nothing.
    #[error("--interface {0}: it is down")]
    Down(String),
    /// It has no network.
    #[error("--interface {0}: it has no IPv4 address; name its network with --subnet")]
    NoAddress(String),
    /// Its network cannot hold a fleet.
    #[error(transparent)]
    Network(#[from] BadNetwork),
    /// An address outside.
    #[error("{decky}: {ip} is not in {network}")]
    Outside {
        /// Whose it is.
        decky: DeckyName,
        /// The address.
        ip: Ipv4Addr,
        /// The segment.
        network: Network,
    },
    /// An address of another host.
    #[error("{decky}: {ip} is the address of another host")]
    Taken {
        /// Whose it would be.
        decky: DeckyName,
        /// The address.
        ip: Ipv4Addr,
    },
}

/// An attempt that failed on a file or process.
pub(crate) fn system(attempt: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::System(attempt, source)
}

/// An attempt that failed in the store.
pub(crate) fn stored(attempt: &'static str) -> impl Fn(decnet_store::Error) -> Error {
    move |source| Error::Store(attempt, source)
}

/// An attempt that failed on a document.
pub(crate) fn document(attempt: &'static str) -> impl Fn(serde_json::Error) -> Error {
    move |source| Error::Document(attempt, source)
}
