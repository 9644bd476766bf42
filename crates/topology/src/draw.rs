//! Drawing a topology: the same wish and seed give the same one.

use crate::{Decky, Lan, Subnet, Topology, check, is_name, model::SYSTEM};
use decnet_model::{
    archetype::{ARCHETYPES, Archetype},
    catalogue,
    fleet::check_ports,
};
use decnet_plan::coherence;
use netsvc_persona::{LoginPolicy, stage::ServiceSpec, subkey};
use rand_core::RngCore;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Failed logins after which the machine in front lets somebody in: the way in is open, as the plan wants it.
const FRONT_ATTEMPTS: u32 = 3;
/// Pixels between what is drawn.
const GRID: (i32, i32) = (180, 160);

/// What is wished for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Name of the topology.
    pub name: String,
    /// Levels of LANs below the DMZ, 1 to 16.
    pub depth: u32,
    /// Most LANs behind one, 1 to 8.
    pub branching: u32,
    /// Fewest and most deckies of a LAN, 1 to 64.
    pub deckies: (u32, u32),
    /// How often a bridge forwards packets, too, of 1.
    pub forward: f64,
    /// How often a LAN is bridged to one that is neither before nor behind it, of 1.
    pub cross: f64,
    /// Services of the machines that are no bridges; none: drawn with their kinds.
    pub services: Vec<String>,
    /// First network; LANs follow one another from there.
    pub base: Subnet,
    /// Fixes what is drawn.
    pub seed: String,
}

/// Where LANs begin unless somebody says it.
pub const BASE: Subnet = Subnet { address: Ipv4Addr::new(172, 16, 0, 0), prefix: 24 };

/// Why nothing is drawn.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum DrawError {
    /// A number beyond its bounds.
    #[error("{0}: {1} to {2}")]
    Bounds(&'static str, f64, f64),
    /// A name that cannot be one.
    #[error("{0:?} is no name: {rule}", rule = crate::model::NAME_RULE)]
    Name(String),
    /// No such service.
    #[error("no service is called {0:?}; `decnet services` lists them")]
    Service(String),
    /// Services that cannot be together.
    #[error("{0}")]
    Clash(String),
    /// Too much of it.
    #[error("that would be more than {0} {1}: fewer levels, branches or deckies")]
    Large(usize, &'static str),
}

/// Draws a topology.
///
/// # Errors
/// [`DrawError`] with what to wish for instead.
pub fn draw(wish: &Wish) -> Result<Topology, DrawError> {
    sound(wish)?;
    let mut pen = Pen {
        wish,
        random: Box::new(subkey::generator(wish.seed.as_bytes(), &["topology"])),
        topology: Topology { name: wish.name.clone(), ..Topology::default() },
        parents: BTreeMap::new(),
    };
    let root = pen.lan(None, 0)?;
    pen.machine(&root, true)?;
    let mut level = vec![root];
    for depth in 1..=wish.depth {
        let mut next = Vec::new();
        for parent in &level {
            for _ in 0..pen.between(1, wish.branching) {
                next.push(pen.branch(parent, depth)?);
            }
        }
        level = next;
    }
    pen.cross()?;
    Ok(pen.topology)
}

fn sound(wish: &Wish) -> Result<(), DrawError> {
    let within = |what, value: f64, least: f64, most: f64| {
        if (least..=most).contains(&value) { Ok(()) } else { Err(DrawError::Bounds(what, least, most)) }
    };
    within("depth", wish.depth.into(), 1.0, 16.0)?;
    within("branching", wish.branching.into(), 1.0, 8.0)?;
    within("deckies per LAN", wish.deckies.0.into(), 1.0, 64.0)?;
    within("deckies per LAN", wish.deckies.1.into(), wish.deckies.0.into(), 64.0)?;
    within("how often bridges forward", wish.forward, 0.0, 1.0)?;
    within("how often LANs are joined across", wish.cross, 0.0, 1.0)?;
    if !is_name(&wish.name) {
        return Err(DrawError::Name(wish.name.clone()));
    }
    let unknown = wish.services.iter().find(|slug| catalogue::find(slug).is_none());
    match unknown {
        Some(slug) => Err(DrawError::Service(slug.clone())),
        None => check_ports(&wish.services).map_err(|clash| DrawError::Clash(clash.to_string())),
    }
}

struct Pen<'a> {
    wish: &'a Wish,
    random: Box<dyn RngCore>,
    topology: Topology,
    parents: BTreeMap<String, String>,
}

impl Pen<'_> {
    fn between(&mut self, least: u32, most: u32) -> u32 {
        let span = most.saturating_sub(least).saturating_add(1);
        least + self.random.next_u32() % span.max(1)
    }

    fn chance(&mut self, of: f64) -> bool {
        f64::from(self.random.next_u32()) < of * f64::from(u32::MAX)
    }

    fn lan(&mut self, parent: Option<&str>, depth: u32) -> Result<String, DrawError> {
        let number = self.topology.lans.len();
        if check::MOST_LANS <= number {
            return Err(DrawError::Large(check::MOST_LANS, "LANs"));
        }
        let name = format!("LAN-{number:02}");
        let Some(subnet) = self.wish.base.further(number) else {
            return Err(DrawError::Large(number, "LANs in the private addresses from the first network on"));
        };
        let on_level = self.topology.lans.iter().filter(|lan| lan.y == Some(grid(depth, GRID.1))).count();
        self.topology.lans.push(Lan {
            name: name.clone(),
            subnet: subnet.to_string(),
            dmz: parent.is_none(),
            x: Some(grid(u32::try_from(on_level).unwrap_or_default(), GRID.0)),
            y: Some(grid(depth, GRID.1)),
        });
        self.parents.extend(parent.map(|parent| (name.clone(), parent.to_owned())));
        Ok(name)
    }

    /// A LAN behind `parent` with its machines, of which the first joins the two.
    fn branch(&mut self, parent: &str, depth: u32) -> Result<String, DrawError> {
        let lan = self.lan(Some(parent), depth)?;
        let count = self.between(self.wish.deckies.0, self.wish.deckies.1);
        let bridge = self.machine(&lan, true)?;
        for _ in 1..count {
            self.machine(&lan, false)?;
        }
        let forwards = self.chance(self.wish.forward);
        self.join(&bridge, parent, forwards)?;
        Ok(lan)
    }

    /// Bridges across the tree.
    fn cross(&mut self) -> Result<(), DrawError> {
        let lans: Vec<String> = self.topology.lans.iter().map(|lan| lan.name.clone()).collect();
        for lan in &lans {
            if !self.parents.contains_key(lan) || !self.chance(self.wish.cross) {
                continue;
            }
            let number = self.random.next_u32();
            let near = |a: &str, b: &str| self.parents.get(a).is_some_and(|parent| parent == b);
            let dmz = |other: &str| !self.parents.contains_key(other);
            let others: Vec<&String> = lans
                .iter()
                .filter(|other| *other != lan && !near(lan, other) && !near(other, lan) && !dmz(other))
                .collect();
            let other = pick(&others, number).map(|other| (*other).clone());
            let bridge = self.topology.edges.iter().find(|edge| edge.lan == *lan && !edge.bridge);
            let bridge = bridge.map(|edge| edge.decky.clone());
            if let (Some(other), Some(bridge)) = (other, bridge) {
                self.join(&bridge, &other, false)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, decky: &str, lan: &str, forwards: bool) -> Result<(), DrawError> {
        if self.topology.edges_of(decky).any(|edge| edge.lan == lan) {
            return Ok(());
        }
        let ip = self.free(lan)?;
        self.topology.join(decky, lan, &ip.to_string(), forwards);
        Ok(())
    }

    fn free(&self, lan: &str) -> Result<Ipv4Addr, DrawError> {
        let full = || DrawError::Large(self.topology.deckies.len(), "deckies of a LAN");
        free(&self.topology, lan).ok_or_else(full)
    }

    fn machine(&mut self, lan: &str, bridge: bool) -> Result<String, DrawError> {
        let number = self.topology.deckies.len() + 1;
        if check::MOST_DECKIES < number {
            return Err(DrawError::Large(check::MOST_DECKIES, "deckies"));
        }
        let name = format!("decky-{number:03}");
        let front = number == 1;
        let mut machine = if bridge { self.host() } else { self.inhabitant() };
        machine.name.clone_from(&name);
        machine.ips.insert(lan.to_owned(), self.free(lan)?.to_string());
        machine.front = front;
        machine.login = front.then_some(LoginPolicy::AcceptAfter(FRONT_ATTEMPTS));
        self.topology.settle(machine, lan);
        Ok(name)
    }

    /// A machine that people log in at to get further.
    fn host(&mut self) -> Decky {
        let number = self.random.next_u32();
        let kinds = ["linux-server", "web-server", "database-server", "devops-host"];
        let slug = pick(&kinds, number).copied().unwrap_or("linux-server");
        let archetype = ARCHETYPES.iter().find(|archetype| archetype.slug == slug);
        let mut machine = self.of(archetype);
        if !machine.services.iter().any(|service| service.slug == "ssh") {
            machine.services.insert(0, spec("ssh"));
        }
        machine
    }

    fn inhabitant(&mut self) -> Decky {
        let number = self.random.next_u32();
        let served = |archetype: &&Archetype| {
            archetype.slug != "deaddeck"
                && archetype.services.iter().any(|slug| catalogue::find(slug).is_some())
        };
        let kinds: Vec<&Archetype> = ARCHETYPES.iter().filter(served).collect();
        let mut machine = self.of(pick(&kinds, number).copied());
        let wished: Vec<_> = self.wish.services.iter().map(|slug| spec(slug)).collect();
        if !wished.is_empty() {
            let fits = coherence::fits(&machine.system, None, wished.iter().map(|spec| spec.slug.as_str()));
            if !fits {
                (machine.archetype, machine.system) = (None, SYSTEM.to_owned());
            }
            machine.services = wished;
        }
        machine
    }

    fn of(&mut self, archetype: Option<&Archetype>) -> Decky {
        let number = self.random.next_u32();
        let systems = archetype.map_or(&[SYSTEM][..], |archetype| archetype.systems);
        let system = pick(systems, number).copied().unwrap_or(SYSTEM);
        let slugs = archetype.map_or(&["ssh"][..], |archetype| archetype.services);
        let has = |slug: &&&str| {
            catalogue::find(slug).is_some() && coherence::fits(system, None, std::iter::once(**slug))
        };
        Decky {
            archetype: archetype.map(|archetype| archetype.slug.to_owned()),
            services: slugs.iter().filter(has).map(|slug| spec(slug)).collect(),
            ..Decky::of("", system)
        }
    }
}

/// The lowest address of a LAN that nobody has.
pub(crate) fn free(topology: &Topology, lan: &str) -> Option<Ipv4Addr> {
    let subnet = crate::ways::subnet(topology, lan)?;
    let all = topology.deckies.iter().flat_map(|machine| machine.ips.values());
    let taken: BTreeSet<Ipv4Addr> = all.filter_map(|ip| ip.parse().ok()).collect();
    subnet.hosts().find(|ip| !taken.contains(ip))
}

fn spec(slug: &str) -> ServiceSpec {
    ServiceSpec { slug: slug.to_owned(), settings: BTreeMap::new() }
}

fn grid(number: u32, step: i32) -> i32 {
    i32::try_from(number).unwrap_or_default().saturating_mul(step)
}

fn pick<T>(list: &[T], number: u32) -> Option<&T> {
    let index = usize::try_from(number).ok()?.checked_rem(list.len())?;
    list.get(index)
}
