//! From the machines of a fleet to containers.

use crate::sysctl;
use decnet_model::{
    custom::{CustomService, Log, MEMORY},
    fleet::Network,
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

/// Labels by which we know containers: whose they are, of which decky, which part of it, and made from what. Only
/// the host sees labels.
pub const LABEL_SITE: &str = "decnet.site";
/// As above.
pub const LABEL_DECKY: &str = "decnet.decky";
/// As above.
pub const LABEL_PART: &str = "decnet.part";
/// As above.
pub const LABEL_SPEC: &str = "decnet.spec";

/// Where the stage binary lies in its image.
pub const STAGE_PROGRAM: &str = "/sbin/netsvcd";
/// Where the document of a node lies in the container that serves it.
const DOCUMENT: &str = "/node.json";
/// Where its spool is there.
pub const SPOOL: &str = "/spool";

/// Limits of the container that holds a decky's place: it does nothing.
const HOLD_MEMORY: u64 = 32 << 20;
/// Limits of the one that serves the built-in services.
const OWN_MEMORY: u64 = 256 << 20;
/// Processes and threads of a container, and thousandths of a processor.
const PIDS: u32 = 64;
const CUSTOM_PIDS: u32 = 128;
const MILLI_CPUS: u32 = 500;
/// Bytes of each folder that a container may write to.
const WRITABLE: u64 = 16 << 20;
/// What the daemon keeps of what a container writes: files of so many bytes, and how many of them.
pub(crate) const LOG: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "5")];
/// Seconds that a look at a container may take, and looks that find nothing before it counts as unhealthy.
pub(crate) const HEALTH_SECONDS: u32 = 10;
pub(crate) const HEALTH_RETRIES: u32 = 2;
/// Folders that every program expects to be able to write to.
const USUAL_WRITABLE: [&str; 2] = ["/tmp", "/run"];

/// What carries frames between containers and the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// A bridge of the host's own that leads nowhere else.
    Bridge,
    /// A MAC each on the segment of an interface.
    Macvlan,
    /// The MAC of the interface, for segments that let nobody else in: Wi-Fi.
    Ipvlan,
}

impl Carrier {
    /// Name of Docker's driver.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::Bridge => "bridge",
            Carrier::Macvlan => "macvlan",
            Carrier::Ipvlan => "ipvlan",
        }
    }
}

/// Where containers stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Short name of the installation: no other one of the host has it.
    pub site: String,
    /// The segment.
    pub network: Network,
    /// What carries frames.
    pub carrier: Carrier,
    /// Image of the stage.
    pub stage_image: String,
    /// User and group of the stage.
    pub stage_user: u32,
}

/// A decky as the runtime is asked to make it exist.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// Who it is.
    pub persona: &'a Persona,
    /// Its built-in services.
    pub services: &'a [ServiceSpec],
    /// Their listeners.
    pub ports: &'a [PortSpec],
    /// Services of the operator's own.
    pub custom: &'a [CustomService],
    /// Where the document of its built-in services lies on the host, and what it is made from.
    pub document: &'a str,
    /// SHA-256 of the document: what changes it changes the container.
    pub document_hash: &'a str,
    /// Spool of its built-in services, on the host.
    pub spool: &'a str,
}

/// Which part of a decky a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Owns address, MAC, host name and sysctls.
    Base,
    /// Serves the built-in services.
    Own,
    /// A service of the operator's own.
    Custom(String),
}

impl Part {
    /// Value of the label.
    pub fn label(&self) -> &str {
        match self {
            Part::Base => "base",
            Part::Own => "own",
            Part::Custom(name) => name,
        }
    }
}

/// How a container is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Attached {
    /// To the project's network.
    Network {
        /// Address.
        ip: IpAddr,
        /// MAC; `None`: that of the parent interface.
        mac: Option<String>,
        /// Who is asked for names: somebody to whom there is a way only inside.
        dns: Ipv4Addr,
    },
    /// It shares the network namespace of the container that is called so.
    To(String),
}

/// A folder or file of the host in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// On the host.
    pub source: String,
    /// In the container.
    pub target: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// How the daemon sees that a container does its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The command, run in the container.
    pub command: Vec<String>,
    /// Seconds between two looks.
    pub interval: u32,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    /// Its key in the Compose file; after the project's name its own.
    pub key: String,
    /// Its decky.
    pub decky: String,
    /// Value of [`LABEL_PART`].
    pub part: String,
    /// Image.
    pub image: String,
    /// Command; empty: the image's.
    pub command: Vec<String>,
    /// Host name, where it owns one.
    pub hostname: Option<String>,
    /// Domain.
    pub domain: Option<String>,
    /// Network.
    pub attached: Attached,
    /// Sysctls of its namespace.
    pub sysctls: BTreeMap<String, String>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// User, `UID:GID`; `None`: the image's.
    pub user: Option<String>,
    /// Capabilities given back.
    pub capabilities: Vec<String>,
    /// Folders in memory.
    pub writable: Vec<String>,
    /// Folders and files of the host.
    pub mounts: Vec<Mount>,
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Thousandths of a processor.
    pub milli_cpus: u32,
    /// How the daemon sees that it works.
    pub health: Option<Health>,
    /// What else decides whether it is the same container: hash of what it reads.
    pub reads: String,
}

impl Container {
    /// Bytes of each of its writable folders.
    pub const WRITABLE: u64 = WRITABLE;

    /// What it was made from, as one value: a container with another one is not this one.
    pub fn spec(&self) -> String {
        // A plain structure of texts and numbers can be written.
        let text = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).take(16).collect()
    }

    /// Name of the container.
    pub fn name(&self, site: &str) -> String {
        format!("{}-{}", project_name(site), self.key)
    }

    /// Its labels.
    pub fn labels(&self, site: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            (LABEL_SITE, site.to_owned()),
            (LABEL_DECKY, self.decky.clone()),
            (LABEL_PART, self.part.clone()),
            (LABEL_SPEC, self.spec()),
        ])
    }
}

/// Everything of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Where it stands.
    pub place: Place,
    /// Its containers, deckies by name, the base of each first.
    pub containers: Vec<Container>,
}

/// Name of the Compose project of an installation, with which the names of its network and containers begin. Whoever
/// is in a container hears them: the daemon's own name server tells the names of neighbours by their addresses.
pub fn project_name(site: &str) -> String {
    format!("segment-{site}")
}

/// The containers of a decky, its base first.
pub fn containers(place: &Place, machine: &Machine<'_>) -> Vec<Container> {
    let base = base(place, machine);
    let mut all = Vec::new();
    if !machine.services.is_empty() {
        all.push(own(place, machine, &base.key));
    }
    all.extend(machine.custom.iter().map(|custom| of_custom(machine, custom, &base.key)));
    all.insert(0, base);
    all
}

/// A container that may do nothing and has nothing.
fn bare(machine: &Machine<'_>, part: &Part, attached: Attached) -> Container {
    let decky = machine.persona.node.clone();
    let key = match part {
        Part::Base => decky.clone(),
        other => format!("{decky}-{}", other.label()),
    };
    Container {
        key,
        decky,
        part: part.label().to_owned(),
        image: String::new(),
        command: Vec::new(),
        hostname: None,
        domain: None,
        attached,
        sysctls: BTreeMap::new(),
        env: BTreeMap::new(),
        user: None,
        capabilities: Vec::new(),
        writable: Vec::new(),
        mounts: Vec::new(),
        memory: HOLD_MEMORY,
        pids: PIDS,
        milli_cpus: MILLI_CPUS,
        health: None,
        reads: String::new(),
    }
}

fn base(place: &Place, machine: &Machine<'_>) -> Container {
    let persona = machine.persona;
    let first = place.network.hosts().next().unwrap_or(place.network.address);
    let attached = Attached::Network {
        ip: persona.ip,
        mac: Some(persona.mac.clone()).filter(|_| place.carrier != Carrier::Ipvlan),
        dns: place.network.gateway.unwrap_or(first),
    };
    Container {
        image: place.stage_image.clone(),
        command: vec![STAGE_PROGRAM.to_owned(), "hold".to_owned()],
        hostname: Some(persona.hostname.clone()),
        domain: Some(persona.domain.clone()).filter(|domain| !domain.is_empty()),
        sysctls: sysctl::of(&persona.os.family, persona.os.ttl),
        user: Some(format!("{0}:{0}", place.stage_user)),
        ..bare(machine, &Part::Base, attached)
    }
}

fn own(place: &Place, machine: &Machine<'_>, base: &str) -> Container {
    let mount = |source: &str, target: &str, read_only| Mount {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    };
    // It reads the kernel's tables: a connection would be one more event. What an image of the operator's own checks is
    // its own matter.
    let mut command = vec![STAGE_PROGRAM.to_owned(), "check".to_owned()];
    command.extend(machine.ports.iter().map(|port| format!("{}:{}", port.transport.name(), port.port)));
    Container {
        image: place.stage_image.clone(),
        command: vec![STAGE_PROGRAM.to_owned(), "single".to_owned()],
        user: Some(format!("{0}:{0}", place.stage_user)),
        mounts: vec![mount(machine.document, DOCUMENT, true), mount(machine.spool, SPOOL, false)],
        memory: OWN_MEMORY,
        health: Some(Health { command, interval: 60 }),
        reads: machine.document_hash.to_owned(),
        ..bare(machine, &Part::Own, Attached::To(base.to_owned()))
    }
}

fn of_custom(machine: &Machine<'_>, custom: &CustomService, base: &str) -> Container {
    let mut writable: Vec<String> = USUAL_WRITABLE.iter().map(|path| (*path).to_owned()).collect();
    writable.extend(custom.writable.iter().cloned());
    if let Log::File(path) = &custom.log
        && let Some((folder, _)) = path.rsplit_once('/')
    {
        writable.push(folder.to_owned());
    }
    writable.sort();
    writable.dedup();
    let words = custom.command.as_deref().unwrap_or_default().split_whitespace();
    Container {
        image: custom.image.clone(),
        command: words.map(str::to_owned).collect(),
        env: custom.env.clone(),
        capabilities: custom.capabilities.clone(),
        writable,
        memory: u64::from(custom.memory.unwrap_or(MEMORY)) << 20,
        pids: CUSTOM_PIDS,
        // Where its lines are and what is found in them decides how the collector reads them.
        reads: format!(
            "{}\n{}\n{}",
            custom.log,
            custom.credential.as_deref().unwrap_or_default(),
            custom.source.as_deref().unwrap_or_default()
        ),
        ..bare(machine, &Part::Custom(custom.name.clone()), Attached::To(base.to_owned()))
    }
}
