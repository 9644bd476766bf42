//! What zones have for a question: the answer, or what says that there is none.

use super::{
    message::Question,
    name::Name,
    record::{Data, Record, class, code, kind},
    zone::{Found, Set, Zone, nearest},
};

/// Aliases that are followed.
const ALIASES: usize = 16;

/// What was found.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    /// The zone of the name that was looked for last.
    pub zone: &'a Zone,
    pub code: u16,
    /// Sets of records, in the order in which they were found.
    pub sets: Vec<Vec<Record>>,
    /// Whether the last name has nothing of the type.
    pub negative: bool,
}

/// Looks for `question` in `zones`; `None` where they do not have its name.
pub(super) fn look<'a>(zones: &[&'a [Zone]], question: &Question) -> Option<Lookup<'a>> {
    let all = || zones.iter().flat_map(|zones| zones.iter()).filter(|zone| zone.class == question.class);
    let mut key = question.name.key();
    let mut lookup =
        Lookup { zone: nearest(all(), &key)?, code: code::NOERROR, sets: Vec::new(), negative: false };
    for _ in 0..ALIASES {
        let sets = match lookup.zone.look(&key) {
            Found::Sets(sets) => sets,
            Found::Between => {
                lookup.negative = true;
                return Some(lookup);
            }
            Found::Nothing => {
                (lookup.negative, lookup.code) = (true, code::NXDOMAIN);
                return Some(lookup);
            }
        };
        let owner = owner(question, &Name::of_key(&key));
        let wanted = |set: &&Set| question.kind == kind::ANY || set.kind == question.kind;
        let before = lookup.sets.len();
        lookup.sets.extend(sets.iter().filter(wanted).map(|set| set.records(&owner, question.class)));
        if before < lookup.sets.len() {
            return Some(lookup);
        }
        let Some(alias) = sets.iter().find(|set| set.kind == kind::CNAME) else {
            lookup.negative = true;
            return Some(lookup);
        };
        lookup.sets.push(alias.records(&owner, question.class));
        let Some(Data::Name(target)) = alias.data.first() else { return Some(lookup) };
        key = target.key();
        match nearest(all(), &key) {
            Some(zone) => lookup.zone = zone,
            None => return Some(lookup),
        }
    }
    Some(lookup)
}

/// Names of zones that come from files keep their letters; those that are made are as they were asked for.
fn owner(question: &Question, stored: &Name) -> Name {
    let made = question.class == class::CH && question.name.is(stored);
    if made { question.name.clone() } else { stored.clone() }
}

/// The record that says for how long there is nothing (RFC 2308, 3).
pub(super) fn nothing(lookup: &Lookup<'_>, question: &Question) -> Option<Record> {
    let (soa, mut record) = lookup.zone.soa()?;
    let [.., minimum] = soa.times;
    record.ttl = record.ttl.min(minimum);
    if question.kind == kind::SOA && lookup.code == code::NXDOMAIN {
        // Whoever looks for the zone of a name asks so (`zero-no-soa-ttl`).
        record.ttl = 0;
    }
    Some(record)
}

/// Addresses of what `records` name, as far as `zones` have them and `shown` does not.
pub(super) fn addresses(zones: &[&[Zone]], records: &[Record], shown: &[Record]) -> Vec<Record> {
    let mut found: Vec<Record> = Vec::new();
    let mut targets: Vec<&Name> =
        records.iter().filter_map(|record| record.data.target(record.kind)).collect();
    targets.sort_by_key(|name| name.key());
    for target in targets {
        let key = target.key();
        let all = zones.iter().flat_map(|zones| zones.iter()).filter(|zone| zone.class == class::IN);
        let Some(zone) = nearest(all, &key) else { continue };
        let sets = [kind::A, kind::AAAA].into_iter().filter_map(|kind| zone.set(&key, kind));
        for record in sets.flat_map(|set| set.records(target, class::IN)) {
            let same = |other: &Record| other.kind == record.kind && other.owner.is(&record.owner);
            if !shown.iter().any(same) && !found.iter().any(|other| same(other) && other.data == record.data)
            {
                found.push(record);
            }
        }
    }
    found
}
