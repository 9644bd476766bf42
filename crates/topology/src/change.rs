//! Changes of a topology, one operation each. What comes of one is checked as a whole, so that nothing broken is ever
//! stored; of a topology that is deployed some things cannot change.

use crate::{
    Decky, Lan, Rule, Topology,
    check::{self, Finding},
    draw,
    model::SYSTEM,
};
use netsvc_persona::stage::ServiceSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stands for a secret of a setting in a document that is shown.
pub const HIDDEN: &str = "***";

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A LAN comes, with the next free network unless one is named.
    AddLan {
        /// Its name.
        name: String,
        /// Its addresses.
        #[serde(default)]
        subnet: Option<String>,
        /// Where it is drawn.
        #[serde(default)]
        x: Option<i32>,
        /// As `x`.
        #[serde(default)]
        y: Option<i32>,
    },
    /// A LAN goes in which no decky has its home; bridges to it end.
    RemoveLan {
        /// Its name.
        name: String,
    },
    /// A LAN gets another name, subnet or place; its subnet only while it is a plan.
    UpdateLan {
        /// Its name.
        name: String,
        /// Another name.
        #[serde(default)]
        rename: Option<String>,
        /// Other addresses.
        #[serde(default)]
        subnet: Option<String>,
        /// Whether it is the DMZ; only while it is a plan.
        #[serde(default)]
        dmz: Option<bool>,
        /// Where it is drawn.
        #[serde(default)]
        x: Option<i32>,
        /// As `x`.
        #[serde(default)]
        y: Option<i32>,
    },
    /// A decky comes.
    AddDecky(NewDecky),
    /// A decky gets an address in one more LAN.
    AttachDecky {
        /// The decky.
        decky: String,
        /// The LAN.
        lan: String,
        /// Its address there; absent: the lowest free one.
        #[serde(default)]
        ip: Option<String>,
        /// Whether it forwards packets.
        #[serde(default)]
        forwards: bool,
    },
    /// A decky leaves a LAN that is not its home.
    DetachDecky {
        /// The decky.
        decky: String,
        /// The LAN.
        lan: String,
    },
    /// A decky goes.
    RemoveDecky {
        /// The decky.
        decky: String,
    },
    /// A decky is set in another way.
    UpdateDecky(Patch),
    /// Rules of the routers, all of them.
    SetRules {
        /// The rules.
        rules: Vec<Rule>,
    },
}

/// A decky that comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDecky {
    /// Its name.
    pub name: String,
    /// Its home.
    pub lan: String,
    /// Its services.
    #[serde(default)]
    pub services: Vec<ServiceSpec>,
    /// What kind of machine it is.
    #[serde(default)]
    pub archetype: Option<String>,
    /// Its system.
    #[serde(default = "usual_system")]
    pub system: String,
    /// Its address; absent: the lowest free one.
    #[serde(default)]
    pub ip: Option<String>,
    /// Whether it stands in front.
    #[serde(default)]
    pub front: bool,
    /// Where it is drawn.
    #[serde(default)]
    pub x: Option<i32>,
    /// As `x`.
    #[serde(default)]
    pub y: Option<i32>,
}

/// How a decky is to be; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// The decky.
    pub decky: String,
    /// Its services.
    #[serde(default)]
    pub services: Option<Vec<ServiceSpec>>,
    /// Whether it forwards packets between its LANs.
    #[serde(default)]
    pub forwards: Option<bool>,
    /// Whether it stands in front.
    #[serde(default)]
    pub front: Option<bool>,
    /// Another name; only while it is a plan, because what is recorded of it is under its name.
    #[serde(default)]
    pub rename: Option<String>,
    /// Another system; only while it is a plan, because a machine keeps its own.
    #[serde(default)]
    pub system: Option<String>,
    /// Other addresses in LANs that it is in; only while it is a plan.
    #[serde(default)]
    pub ips: BTreeMap<String, String>,
    /// Has a router come or go although connections through it break.
    #[serde(default)]
    pub force: bool,
    /// Where it is drawn.
    #[serde(default)]
    pub x: Option<i32>,
    /// As `x`.
    #[serde(default)]
    pub y: Option<i32>,
}

fn usual_system() -> String {
    SYSTEM.to_owned()
}

/// Why an operation is not carried out.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChangeError {
    /// Nothing is called so.
    #[error("no {0} is called {1:?}")]
    Unknown(&'static str, String),
    /// Something is called so already.
    #[error("there is a {0} called {1:?} already")]
    Known(&'static str, String),
    /// It cannot be done.
    #[error("{0}")]
    Refused(String),
    /// What came of it would be broken.
    #[error("{}", told(.0))]
    Broken(Vec<Finding>),
}

/// Findings as one line.
fn told(findings: &[Finding]) -> String {
    let one = |one: &Finding| format!("{} {}: {}", one.code.name(), one.subject, one.detail);
    findings.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl Change {
    /// Name of the operation.
    pub fn op(&self) -> &'static str {
        match self {
            Change::AddLan { .. } => "add_lan",
            Change::RemoveLan { .. } => "remove_lan",
            Change::UpdateLan { .. } => "update_lan",
            Change::AddDecky(_) => "add_decky",
            Change::AttachDecky { .. } => "attach_decky",
            Change::DetachDecky { .. } => "detach_decky",
            Change::RemoveDecky { .. } => "remove_decky",
            Change::UpdateDecky(_) => "update_decky",
            Change::SetRules { .. } => "set_rules",
        }
    }

    /// Reads an operation with what it is told.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(op: &str, payload: &str) -> Result<Change, String> {
        let mut value: serde_json::Value =
            serde_json::from_str(payload).map_err(|error| error.to_string())?;
        let fields = value.as_object_mut().ok_or("the payload is a JSON object")?;
        fields.insert("op".to_owned(), op.into());
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

/// `topology` after `change`. `live`: it is deployed.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn apply(topology: &Topology, change: &Change, live: bool) -> Result<Topology, ChangeError> {
    apply_all(topology, std::slice::from_ref(change), live)
}

/// `topology` after all of `changes`, one after the other. Only what comes of them together is checked: a LAN may come
/// before the bridge that leads to it.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub fn apply_all(topology: &Topology, changes: &[Change], live: bool) -> Result<Topology, ChangeError> {
    let mut next = topology.clone();
    for change in changes {
        step(&mut next, change, live)?;
    }
    // What was broken before may stay so, or nobody could mend one thing after the other.
    let before = check::check(topology);
    let found: Vec<Finding> = check::check(&next).into_iter().filter(|one| !before.contains(one)).collect();
    if check::is_sound(&found) { Ok(next) } else { Err(ChangeError::Broken(found)) }
}

fn step(next: &mut Topology, change: &Change, live: bool) -> Result<(), ChangeError> {
    match change {
        Change::AddLan { name, subnet, x, y } => add_lan(next, name, subnet.clone(), (*x, *y)),
        Change::RemoveLan { name } => remove_lan(next, name),
        Change::UpdateLan { name, rename, subnet, dmz, x, y } => {
            if live && (subnet.is_some() || dmz.is_some()) {
                return refused("the subnet of a LAN that is deployed stays, and so does the DMZ");
            }
            update_lan(next, name, (rename.as_deref(), subnet.as_deref(), *dmz), (*x, *y))
        }
        Change::AddDecky(new) => add_decky(next, new),
        Change::AttachDecky { decky, lan, ip, forwards } => attach(next, decky, lan, ip.clone(), *forwards),
        Change::DetachDecky { decky, lan } => detach(next, decky, lan),
        Change::RemoveDecky { decky } => {
            has_decky(next, decky)?;
            next.deckies.retain(|known| known.name != *decky);
            next.edges.retain(|edge| edge.decky != *decky);
            Ok(())
        }
        Change::UpdateDecky(patch) => update_decky(next, patch, live),
        Change::SetRules { rules } => {
            next.rules.clone_from(rules);
            Ok(())
        }
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, ChangeError> {
    Err(ChangeError::Refused(why.into()))
}

fn has_lan(topology: &Topology, name: &str) -> Result<(), ChangeError> {
    topology.lan(name).map(drop).ok_or_else(|| ChangeError::Unknown("LAN", name.to_owned()))
}

fn has_decky(topology: &Topology, name: &str) -> Result<(), ChangeError> {
    topology.decky(name).map(drop).ok_or_else(|| ChangeError::Unknown("decky", name.to_owned()))
}

type Spot = (Option<i32>, Option<i32>);

fn add_lan(next: &mut Topology, name: &str, subnet: Option<String>, at: Spot) -> Result<(), ChangeError> {
    if next.lan(name).is_some() {
        return Err(ChangeError::Known("LAN", name.to_owned()));
    }
    let subnet = match subnet {
        Some(subnet) => subnet,
        None => free_subnet(next).ok_or_else(|| ChangeError::Refused("no network is free".to_owned()))?,
    };
    next.lans.push(Lan { name: name.to_owned(), subnet, dmz: false, x: at.0, y: at.1 });
    Ok(())
}

/// The first network of the usual ones that no LAN overlaps.
fn free_subnet(topology: &Topology) -> Option<String> {
    let taken: Vec<crate::Subnet> = topology.lans.iter().filter_map(|lan| lan.subnet.parse().ok()).collect();
    let free = |subnet: &crate::Subnet| !taken.iter().any(|other| subnet.overlaps(*other));
    let mut all = (0..).map_while(|number| draw::BASE.further(number));
    all.find(free).map(|subnet| subnet.to_string())
}

fn remove_lan(next: &mut Topology, name: &str) -> Result<(), ChangeError> {
    has_lan(next, name)?;
    if let Some(edge) = next.edges.iter().find(|edge| edge.lan == name && !edge.bridge) {
        return refused(format!("{} has its home in {name}", edge.decky));
    }
    next.lans.retain(|lan| lan.name != name);
    next.edges.retain(|edge| edge.lan != name);
    next.rules.retain(|rule| rule.from != name && rule.to != name);
    for decky in &mut next.deckies {
        decky.ips.remove(name);
    }
    Ok(())
}

fn update_lan(
    next: &mut Topology,
    name: &str,
    (rename, subnet, dmz): (Option<&str>, Option<&str>, Option<bool>),
    at: Spot,
) -> Result<(), ChangeError> {
    has_lan(next, name)?;
    if let Some(known) = rename.filter(|new| *new != name && next.lan(new).is_some()) {
        return Err(ChangeError::Known("LAN", known.to_owned()));
    }
    for lan in next.lans.iter_mut().filter(|lan| lan.name == name) {
        if let Some(subnet) = subnet {
            subnet.clone_into(&mut lan.subnet);
        }
        lan.dmz = dmz.unwrap_or(lan.dmz);
        (lan.x, lan.y) = (at.0.or(lan.x), at.1.or(lan.y));
        lan.name = rename.unwrap_or(name).to_owned();
    }
    let Some(new) = rename else { return Ok(()) };
    let called = |text: &mut String| {
        if text == name {
            new.clone_into(text);
        }
    };
    next.edges.iter_mut().for_each(|edge| called(&mut edge.lan));
    next.rules.iter_mut().flat_map(|rule| [&mut rule.from, &mut rule.to]).for_each(called);
    for decky in &mut next.deckies {
        if let Some(ip) = decky.ips.remove(name) {
            decky.ips.insert(new.to_owned(), ip);
        }
    }
    Ok(())
}

fn address(next: &Topology, lan: &str, wanted: Option<String>) -> Result<String, ChangeError> {
    let free = || draw::free(next, lan).map(|ip| ip.to_string());
    wanted.or_else(free).ok_or_else(|| ChangeError::Refused(format!("{lan} has no free address")))
}

fn add_decky(next: &mut Topology, new: &NewDecky) -> Result<(), ChangeError> {
    if next.decky(&new.name).is_some() {
        return Err(ChangeError::Known("decky", new.name.clone()));
    }
    has_lan(next, &new.lan)?;
    let ip = address(next, &new.lan, new.ip.clone())?;
    let decky = Decky {
        archetype: new.archetype.clone(),
        services: new.services.clone(),
        ips: BTreeMap::from([(new.lan.clone(), ip)]),
        front: new.front,
        x: new.x,
        y: new.y,
        ..Decky::of(&new.name, &new.system)
    };
    next.settle(decky, &new.lan);
    Ok(())
}

fn attach(
    next: &mut Topology,
    decky: &str,
    lan: &str,
    ip: Option<String>,
    forwards: bool,
) -> Result<(), ChangeError> {
    has_decky(next, decky)?;
    has_lan(next, lan)?;
    if next.edges_of(decky).any(|edge| edge.lan == lan) {
        return refused(format!("{decky} is in {lan} already"));
    }
    let ip = address(next, lan, ip)?;
    next.join(decky, lan, &ip, forwards);
    Ok(())
}

fn detach(next: &mut Topology, decky: &str, lan: &str) -> Result<(), ChangeError> {
    has_decky(next, decky)?;
    match next.edges_of(decky).find(|edge| edge.lan == lan) {
        None => return refused(format!("{decky} is not in {lan}")),
        Some(edge) if !edge.bridge => return refused(format!("{decky} has its home in {lan}")),
        Some(_) => {}
    }
    next.edges.retain(|edge| edge.decky != decky || edge.lan != lan);
    for machine in next.deckies.iter_mut().filter(|machine| machine.name == decky) {
        machine.ips.remove(lan);
    }
    Ok(())
}

fn update_decky(next: &mut Topology, patch: &Patch, live: bool) -> Result<(), ChangeError> {
    has_decky(next, &patch.decky)?;
    let routes = next.edges_of(&patch.decky).any(|edge| edge.forwards);
    if live && !patch.force && patch.forwards.is_some_and(|forwards| forwards != routes) {
        return refused(format!(
            "{} would {} forwarding, and connections break: say force",
            patch.decky,
            if routes { "stop" } else { "begin" }
        ));
    }
    if live && (patch.rename.is_some() || patch.system.is_some() || !patch.ips.is_empty()) {
        return refused(format!("{} is deployed: its name, its system and its addresses stay", patch.decky));
    }
    if let Some(lan) = patch.ips.keys().find(|lan| !next.edges_of(&patch.decky).any(|edge| edge.lan == **lan))
    {
        return refused(format!("{} is not in {lan}", patch.decky));
    }
    for machine in next.deckies.iter_mut().filter(|machine| machine.name == patch.decky) {
        if let Some(services) = &patch.services {
            machine.services = kept_secrets(&machine.services, services);
        }
        machine.system = patch.system.clone().unwrap_or_else(|| machine.system.clone());
        machine.ips.extend(patch.ips.clone());
        machine.front = patch.front.unwrap_or(machine.front);
        (machine.x, machine.y) = (patch.x.or(machine.x), patch.y.or(machine.y));
    }
    if let Some(forwards) = patch.forwards {
        for edge in next.edges.iter_mut().filter(|edge| edge.decky == patch.decky) {
            edge.forwards = forwards;
        }
    }
    match patch.rename.as_deref() {
        Some(new) => rename_decky(next, &patch.decky, new),
        None => Ok(()),
    }
}

fn rename_decky(next: &mut Topology, name: &str, new: &str) -> Result<(), ChangeError> {
    if new != name && next.decky(new).is_some() {
        return Err(ChangeError::Known("decky", new.to_owned()));
    }
    for machine in next.deckies.iter_mut().filter(|machine| machine.name == name) {
        new.clone_into(&mut machine.name);
    }
    for edge in next.edges.iter_mut().filter(|edge| edge.decky == name) {
        new.clone_into(&mut edge.decky);
    }
    Ok(())
}

/// `wanted` with the secrets that `present` has wherever only [`HIDDEN`] stands: whoever was shown a document without
/// them sends it back so.
fn kept_secrets(present: &[ServiceSpec], wanted: &[ServiceSpec]) -> Vec<ServiceSpec> {
    let mut all = wanted.to_vec();
    for spec in &mut all {
        let Some(old) = present.iter().find(|old| old.slug == spec.slug) else { continue };
        for (key, value) in spec.settings.iter_mut().filter(|(_, value)| value.as_str() == HIDDEN) {
            if let Some(known) = old.settings.get(key) {
                value.clone_from(known);
            }
        }
    }
    all
}
