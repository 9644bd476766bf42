//! Deckies of topologies in a fleet: where they stand is told to the stage, what lies on them leads further in, and a
//! fleet that somebody deploys leaves them where they are.

use crate::{error::Error, planted};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_engine::node::Nodes;
use decnet_model::{
    fleet::{Decky, Fleet},
    placed::Placed,
};
use netsvc_persona::{OwnFile, Persona, User};
use std::{collections::BTreeSet, net::Ipv4Addr};

/// Tells every persona where it stands, and lays what leads on.
pub(super) fn lay(want: &Fleet, nodes: &mut Nodes) {
    let placed = |decky: &Decky| Some((decky.name.to_string(), decky.placed.clone()?));
    let all: Vec<(String, Placed)> = want.deckies.values().filter_map(placed).collect();
    for (name, placed) in all {
        let lead = |(target, ip): &(String, Ipv4Addr)| lead(&nodes.get(target)?.persona, *ip);
        let files: Vec<OwnFile> = placed.leads.iter().filter_map(lead).collect();
        let Some(node) = nodes.get_mut(&name) else { continue };
        node.persona.place = placed.place;
        planted::lay(&mut node.persona, files);
    }
}

/// A script that somebody wrote to fetch things from the machine `target` each night, with his login there.
fn lead(target: &Persona, ip: Ipv4Addr) -> Option<OwnFile> {
    let known = |user: &&User| user.password.is_some();
    let people = || target.users.iter().filter(known);
    let user = people().find(|user| user.uid >= 1000).or_else(|| people().next())?;
    let password = user.password.as_ref()?.0.replace('\'', "'\\''");
    let (name, host, home) = (&user.name, &target.hostname, &user.home);
    let text = format!(
        "#!/bin/sh\n# nightly copy of {host}, until there is a real backup\nexport SSHPASS='{password}'\n\
         sshpass -e rsync -a {name}@{ip}:{home}/ /var/backups/{host}/\n"
    );
    Some(OwnFile {
        path: format!("~/bin/pull-{host}.sh"),
        mode: 0o700,
        owner: String::new(),
        changed_at: 0,
        content: STANDARD.encode(text),
        reference: String::new(),
    })
}

/// `wanted` with the deckies of topologies that `old` has.
///
/// # Errors
/// [`Error::Topology`] where they cannot stand beside it.
pub fn kept(old: Option<&Fleet>, wanted: Fleet) -> Result<Fleet, Error> {
    let Some(old) = old else { return Ok(wanted) };
    let mut fleet = wanted;
    let same = (old.runtime, &old.network, old.lab) == (fleet.runtime, &fleet.network, fleet.lab);
    for decky in old.deckies.values() {
        let Some(placed) = &decky.placed else { continue };
        let topology = &placed.topology;
        if !same {
            let why = format!("the topology {topology} stands on another segment: tear it down first");
            return Err(Error::Topology(why));
        }
        if let Some(other) = clash(&fleet, decky) {
            let why =
                format!("{} has the name or address of {} in topology {topology}", other.name, decky.name);
            return Err(Error::Topology(why));
        }
        fleet.deckies.insert(decky.name.clone(), decky.clone());
    }
    Ok(fleet)
}

/// `current` with the deckies of `topology` as `fleet` has them, which was made of what `current` was before.
///
/// # Errors
/// [`Error::Topology`] where they cannot stand beside what has come since.
pub fn beside(current: &Fleet, fleet: &Fleet, topology: &str) -> Result<Fleet, Error> {
    if (current.runtime, &current.network, current.lab) != (fleet.runtime, &fleet.network, fleet.lab) {
        return Err(Error::Topology("the fleet was put on another segment meanwhile: try again".to_owned()));
    }
    let mut own = fleet.clone();
    own.deckies.retain(|_, decky| is_of(decky, topology));
    let mut both = without(current, topology);
    for new in both.deckies.values().filter(|decky| fleet.deckies.get(&decky.name) != Some(*decky)) {
        if let Some(other) = clash(&own, new) {
            let why =
                format!("{} has the name or address of {} in topology {topology}", new.name, other.name);
            return Err(Error::Topology(why));
        }
    }
    both.deckies.extend(own.deckies);
    Ok(both)
}

/// `fleet` without the deckies of topologies.
#[must_use]
pub fn flat(fleet: &Fleet) -> Fleet {
    let mut fleet = fleet.clone();
    fleet.deckies.retain(|_, decky| decky.placed.is_none());
    fleet
}

/// The decky of `fleet` that has the name or an address of `decky`.
pub fn clash<'a>(fleet: &'a Fleet, decky: &Decky) -> Option<&'a Decky> {
    let all = |one: &Decky| -> Vec<Ipv4Addr> {
        let further = one.placed.iter().flat_map(|placed| &placed.place.addresses);
        further.map(|attached| attached.ip).chain([one.ip]).collect()
    };
    let own = all(decky);
    fleet
        .deckies
        .values()
        .find(|other| other.name == decky.name || all(other).iter().any(|ip| own.contains(ip)))
}

/// Addresses that deckies of topologies have; others cannot get them.
pub fn addresses(fleet: &Fleet) -> BTreeSet<Ipv4Addr> {
    let placed = fleet.deckies.values().filter(|decky| decky.placed.is_some());
    placed.map(|decky| decky.ip).collect()
}

/// `fleet` without the deckies of a topology.
#[must_use]
pub fn without(fleet: &Fleet, topology: &str) -> Fleet {
    let mut fleet = fleet.clone();
    fleet.deckies.retain(|_, decky| !is_of(decky, topology));
    fleet
}

/// Whether a decky is of a topology.
pub fn is_of(decky: &Decky, topology: &str) -> bool {
    decky.placed.as_ref().is_some_and(|placed| placed.topology == topology)
}

/// The deckies that whoever is on the segment sees.
#[must_use]
pub fn seen(fleet: &Fleet) -> Fleet {
    let mut fleet = fleet.clone();
    let is_inner = |decky: &Decky| decky.placed.as_ref().is_some_and(|placed| placed.place.inner);
    fleet.deckies.retain(|_, decky| !is_inner(decky));
    fleet
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::runtime::Runtime;
    use netsvc_persona::{Place, Secret};

    fn decky(name: &str, ip: [u8; 4], placed: bool) -> Decky {
        let inner = Place { inner: true, ..Place::default() };
        let place = Placed {
            topology: "corp".to_owned(),
            lan: "LAN-01".to_owned(),
            prefix: 24,
            gateway: None,
            place: inner,
            leads: Vec::new(),
        };
        let plain = Decky::of(name.parse().unwrap(), ip.into(), "debian12");
        Decky { placed: placed.then_some(place), ..plain }
    }

    fn fleet(deckies: &[Decky]) -> Fleet {
        let mut fleet = Fleet::of(Runtime::Native, "10.66.0.0/21".parse().unwrap());
        fleet.deckies = deckies.iter().map(|decky| (decky.name.clone(), decky.clone())).collect();
        fleet
    }

    #[test]
    fn a_fleet_that_is_deployed_leaves_topologies_where_they_are() {
        let inner = decky("corp.a", [172, 16, 1, 2], true);
        let old = fleet(&[decky("old", [10, 66, 0, 9], false), inner.clone()]);
        let new = fleet(&[decky("new", [10, 66, 0, 9], false)]);
        let names = |fleet: &Fleet| fleet.deckies.keys().map(ToString::to_string).collect::<Vec<_>>();
        let both = kept(Some(&old), new.clone()).unwrap();
        assert_eq!(names(&both), ["corp.a", "new"]);
        assert_eq!(addresses(&both), BTreeSet::from([Ipv4Addr::new(172, 16, 1, 2)]));
        assert_eq!(names(&without(&both, "corp")), ["new"]);
        assert_eq!(names(&seen(&both)), ["new"]);
        assert_eq!(kept(None, new.clone()).unwrap(), new);
        let elsewhere = Fleet { runtime: Runtime::Loopback, ..new };
        assert!(matches!(kept(Some(&old), elsewhere), Err(Error::Topology(_))));
        let clash = fleet(&[decky("corp.a", [10, 66, 0, 8], false)]);
        assert!(matches!(kept(Some(&old), clash), Err(Error::Topology(_))));
    }

    #[test]
    fn a_topology_comes_beside_what_the_fleet_has_become_meanwhile() {
        let inner = decky("corp.a", [172, 16, 1, 2], true);
        let (web, db) = (decky("web", [10, 66, 0, 9], false), decky("db", [10, 66, 0, 8], false));
        let made = fleet(&[web.clone(), inner.clone()]);
        let names = |fleet: &Fleet| fleet.deckies.keys().map(ToString::to_string).collect::<Vec<_>>();
        // Meanwhile one has changed and one has come.
        let changed = Decky { generation: 3, ..web.clone() };
        let both = beside(&fleet(&[changed.clone(), db.clone()]), &made, "corp").unwrap();
        assert_eq!(names(&both), ["corp.a", "db", "web"]);
        assert_eq!(both.deckies[&web.name], changed);
        assert_eq!(names(&flat(&both)), ["db", "web"]);
        // It goes in the same way.
        assert_eq!(names(&beside(&both, &fleet(&[web]), "corp").unwrap()), ["db", "web"]);
        let taken = fleet(&[decky("other", [172, 16, 1, 2], false)]);
        assert!(matches!(beside(&taken, &made, "corp"), Err(Error::Topology(_))));
        let elsewhere = Fleet { lab: true, ..fleet(&[db]) };
        assert!(matches!(beside(&elsewhere, &made, "corp"), Err(Error::Topology(_))));
    }

    #[test]
    fn what_lies_on_a_machine_leads_to_the_next_one() {
        let text = include_str!("../../engine/tests/persona.json");
        let mut target: Persona = serde_json::from_str(text).unwrap();
        target.users.iter_mut().for_each(|user| user.password = None);
        assert!(lead(&target, [172, 16, 1, 2].into()).is_none());
        target.users.iter_mut().for_each(|user| user.password = Some(Secret("it's".to_owned())));
        let file = lead(&target, [172, 16, 1, 2].into()).unwrap();
        let content = String::from_utf8(file.bytes()).unwrap();
        assert!(content.contains("SSHPASS='it'\\''s'") && content.contains("@172.16.1.2:"), "{content}");
    }
}
