//! A zone: names, what they have, and what is found there.

use super::{
    name::{Key, Name},
    record::{Data, Record, Soa, kind},
};
use std::collections::BTreeMap;

/// All records of a type that a name has.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub kind: u16,
    pub ttl: u32,
    pub data: Vec<Data>,
}

/// A zone.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub apex: Name,
    pub class: u16,
    key: Key,
    names: BTreeMap<Key, Vec<Set>>,
}

/// What a zone has at a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    Sets(&'a [Set]),
    /// Only names below it have something.
    Between,
    Nothing,
}

impl Set {
    /// Its records, of `owner`.
    pub(super) fn records(&self, owner: &Name, class: u16) -> Vec<Record> {
        let record = |data: &Data| Record {
            owner: owner.clone(),
            kind: self.kind,
            class,
            ttl: self.ttl,
            data: data.clone(),
        };
        self.data.iter().map(record).collect()
    }
}

impl Zone {
    /// A zone that begins with `soa`, whose record lives for `ttl`.
    pub(super) fn new(apex: Name, class: u16, ttl: u32, soa: Soa) -> Self {
        let key = apex.key();
        let first = Set { kind: kind::SOA, ttl, data: vec![Data::Soa(soa)] };
        Zone { names: BTreeMap::from([(key.clone(), vec![first])]), apex, class, key }
    }

    /// Adds a record of `owner`.
    pub(super) fn add(&mut self, owner: &Name, kind: u16, ttl: u32, data: Data) {
        let sets = self.names.entry(owner.key()).or_default();
        match sets.iter_mut().find(|set| set.kind == kind) {
            Some(set) => set.data.push(data),
            None => sets.push(Set { kind, ttl, data: vec![data] }),
        }
    }

    /// Lists the records of a type before the others of the apex.
    pub(super) fn lead_with(&mut self, kind: u16) {
        if let Some(sets) = self.names.get_mut(&self.key) {
            sets.sort_by_key(|set| set.kind != kind);
        }
    }

    /// Whether `owner` has something.
    pub(super) fn has(&self, owner: &Name) -> bool {
        self.names.contains_key(&owner.key())
    }

    /// Labels of its name, if `key` stands in it.
    pub(super) fn holds(&self, key: &Key) -> Option<usize> {
        key.starts_with(&self.key).then_some(self.key.len())
    }

    pub(super) fn look(&self, key: &Key) -> Found<'_> {
        match self.names.get(key) {
            Some(sets) => Found::Sets(sets),
            None => {
                let next = self.names.range(key.clone()..).next();
                if next.is_some_and(|(name, _)| name.starts_with(key)) {
                    Found::Between
                } else {
                    Found::Nothing
                }
            }
        }
    }

    /// The set of a type that a name has.
    pub(super) fn set(&self, key: &Key, kind: u16) -> Option<&Set> {
        self.names.get(key)?.iter().find(|set| set.kind == kind)
    }

    /// What names the servers.
    pub(super) fn servers(&self) -> Option<&Set> {
        self.set(&self.key, kind::NS)
    }

    pub(super) fn soa(&self) -> Option<(&Soa, Record)> {
        let set = self.set(&self.key, kind::SOA)?;
        match set.data.first()? {
            Data::Soa(soa) => Some((soa, set.records(&self.apex, self.class).pop()?)),
            _ => None,
        }
    }

    /// All of it, as a transfer has it: from SOA to SOA.
    pub(super) fn whole(&self) -> Vec<Record> {
        let mut all = Vec::new();
        for (key, sets) in &self.names {
            let owner = Name::of_key(key);
            all.extend(sets.iter().flat_map(|set| set.records(&owner, self.class)));
        }
        all.extend(self.soa().map(|(_, record)| record));
        all
    }
}

/// The zone among `zones` that `key` stands in: the one that begins nearest to it.
pub(super) fn nearest<'a>(zones: impl Iterator<Item = &'a Zone>, key: &Key) -> Option<&'a Zone> {
    zones
        .filter_map(|zone| Some((zone.holds(key)?, zone)))
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, zone)| zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        let apex = Name::of("corp.example");
        let soa = Soa {
            primary: apex.below("ns"),
            mailbox: apex.below("hostmaster"),
            serial: 1,
            times: [1, 2, 3, 4],
        };
        let mut zone = Zone::new(apex.clone(), 1, 60, soa);
        zone.add(&apex, kind::NS, 60, Data::Name(apex.below("ns")));
        zone.add(&apex.below("b.a"), kind::A, 60, Data::Bytes(vec![10, 0, 0, 1]));
        zone
    }

    #[test]
    fn names_between_others_are_there_and_have_nothing() {
        let zone = zone();
        let look = |name: &str| match zone.look(&Name::of(name).key()) {
            Found::Sets(sets) => sets.len(),
            Found::Between => 100,
            Found::Nothing => 200,
        };
        for (name, found) in [
            ("corp.example", 2),
            ("b.a.corp.example", 1),
            ("B.A.Corp.Example", 1),
            ("a.corp.example", 100),
            ("ab.corp.example", 200),
            ("x.b.a.corp.example", 200),
            ("c.a.corp.example", 200),
        ] {
            assert_eq!(look(name), found, "{name}");
        }
    }

    #[test]
    fn the_nearest_zone_answers() {
        let (near, far) = (zone(), Zone::new(Name::of("example"), 1, 1, zone().soa().unwrap().0.clone()));
        let zones = [far, near];
        let apex = |name: &str| nearest(zones.iter(), &Name::of(name).key()).map(|zone| zone.apex.text());
        assert_eq!(apex("x.corp.example").as_deref(), Some("corp.example"));
        assert_eq!(apex("xcorp.example").as_deref(), Some("example"));
        assert_eq!(apex("example.com"), None);
    }

    #[test]
    fn a_transfer_goes_from_soa_to_soa() {
        let kinds: Vec<u16> = zone().whole().iter().map(|record| record.kind).collect();
        assert_eq!(kinds, [kind::SOA, kind::NS, kind::A, kind::SOA]);
    }
}
