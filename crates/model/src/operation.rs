//! What operators ask for through the interface and another process does: as data, so that what is done is what
//! these types can say, whoever wrote the request.

use crate::{fleet::DeckyName, record::OperationKind, swarm::Labels, tarpit::Tarpit, worker::Action};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A request for a piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "with", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// See what deploying this would do.
    Plan(FleetRequest),
    /// Deploy this.
    Deploy {
        /// What.
        fleet: FleetRequest,
        /// Whether deckies that run may go.
        take_away: bool,
    },
    /// Take this decky down, or all.
    Teardown(Option<DeckyName>),
    /// Touch every port.
    Firedrill,
    /// Start what does not run of workers and fleet.
    Redeploy,
    /// Give this decky another persona.
    Persona(DeckyName),
    /// Judge these deckies, or all.
    Audit(Vec<DeckyName>),
    /// Have these deckies change, or all.
    Mutate(Vec<DeckyName>),
    /// Deploy over the hosts of the swarm, or see what that would do.
    SwarmDeploy {
        /// What.
        fleet: FleetRequest,
        /// Only on hosts with these labels.
        on: Labels,
        /// Whether deckies that run may go or move.
        take_away: bool,
        /// Whether only to see.
        plan: bool,
    },
    /// Work on the hosts of the swarm.
    Swarm(SwarmWork),
    /// Change a service of this decky.
    Decky {
        /// The decky.
        decky: DeckyName,
        /// What changes.
        edit: ServiceEdit,
    },
    /// Work on a topology.
    Topology(TopologyWork),
    /// See what a segment is like, and propose a fleet for it.
    Learn(LearnWork),
    /// Make the images that containers run.
    Image {
        /// Whether nothing is taken from what was made before.
        no_cache: bool,
    },
    /// Have a worker start, stop or start again.
    Worker {
        /// Its name.
        worker: String,
        /// What it is to do.
        action: Action,
    },
}

/// Work on a topology, which is named first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TopologyWork {
    /// Draw one.
    Generate {
        /// Its name.
        name: String,
        /// What is wished for.
        wish: TopologyWish,
    },
    /// Read one from its document.
    Import {
        /// Its name.
        name: String,
        /// JSON.
        document: String,
    },
    /// Deploy it.
    Deploy(String),
    /// Take it down.
    Teardown(String),
    /// Forget it.
    Delete(String),
    /// Change it.
    Mutate {
        /// Its name.
        name: String,
        /// The operation.
        op: String,
        /// What it is told, as JSON.
        payload: String,
        /// The version that was seen.
        expected_version: Option<i64>,
    },
    /// Change several things of it at once.
    Edit {
        /// Its name.
        name: String,
        /// The changes, a JSON list of objects with `op` and what each is told.
        changes: String,
        /// The version that was seen.
        expected_version: i64,
    },
}

/// Where what is learned of a segment comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnWork {
    /// What is listened to.
    pub from: LearnFrom,
    /// How many deckies are proposed; `None`: as many as fit the segment.
    pub deckies: Option<u16>,
    /// Fixes what is drawn.
    pub seed: Option<String>,
}

/// What tells of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LearnFrom {
    /// A capture that was handed in: the name of its file in the folder of what was handed in.
    Upload(String),
    /// An interface, for so many seconds.
    Interface {
        /// Its name.
        name: String,
        /// How long.
        seconds: u32,
    },
}

/// What is wished of a topology that is drawn; absent: as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopologyWish {
    /// Levels of LANs below the DMZ.
    pub depth: Option<u32>,
    /// Most LANs behind one.
    pub branching: Option<u32>,
    /// Fewest and most deckies of a LAN: `1-3`.
    pub deckies_per_lan: Option<String>,
    /// Fixes what is drawn.
    pub seed: Option<String>,
}

/// Work on hosts of the swarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SwarmWork {
    /// Ask all hosts whether they are there.
    Check,
    /// End the membership of the host with this id.
    Decommission(String),
    /// Move the deckies of the host with this id to others.
    Drain(String),
    /// Give the host with this id deckies again.
    Undrain(String),
    /// Take this decky down, or all of the swarm.
    Teardown(Option<DeckyName>),
    /// Roll out a release that is kept on the master.
    Update {
        /// SHA-256 of its bundle.
        sha256: String,
        /// Hosts by id; none: all.
        hosts: Vec<String>,
        /// So many of them first.
        canaries: u32,
    },
}

/// A change of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ServiceEdit {
    /// It comes.
    Add {
        /// Its slug.
        service: String,
        /// How it is set.
        settings: BTreeMap<String, String>,
    },
    /// It goes.
    Remove {
        /// Its slug.
        service: String,
    },
    /// It is set in another way.
    Set {
        /// Its slug.
        service: String,
        /// How it is set; what is not named stays, an empty value takes a setting back.
        settings: BTreeMap<String, String>,
    },
    /// It is about none: whom the decky keeps waiting.
    Tarpit(Tarpit),
}

impl Request {
    /// Its kind.
    pub fn kind(&self) -> OperationKind {
        match self {
            Request::Plan(_) => OperationKind::Plan,
            Request::Deploy { .. } => OperationKind::Deploy,
            Request::Teardown(_) => OperationKind::Teardown,
            Request::Firedrill => OperationKind::Firedrill,
            Request::Redeploy => OperationKind::Redeploy,
            Request::Persona(_) => OperationKind::Persona,
            Request::Audit(_) => OperationKind::Audit,
            Request::SwarmDeploy { plan: true, .. } => OperationKind::Plan,
            Request::SwarmDeploy { .. } => OperationKind::Deploy,
            Request::Swarm(_) => OperationKind::Swarm,
            Request::Mutate(_) => OperationKind::Mutate,
            Request::Decky { .. } => OperationKind::Decky,
            Request::Topology(_) => OperationKind::Topology,
            Request::Learn(_) => OperationKind::Learn,
            Request::Image { .. } => OperationKind::Image,
            Request::Worker { .. } => OperationKind::Worker,
        }
    }
}

/// A fleet that is wanted, where the present one stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FleetRequest {
    /// A deployment INI.
    Ini(String),
    /// So many of a kind.
    Kind {
        /// How many.
        deckies: u32,
        /// What kind of machine; `None`: the services say it.
        archetype: Option<String>,
        /// Services; none: those of the archetype.
        services: Vec<String>,
        /// Distributions, taken in turn; none: those of the archetype.
        distros: Vec<String>,
        /// Fixes what is drawn.
        seed: Option<String>,
    },
}
