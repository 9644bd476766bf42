//! How a decky changes in the course of time: as a machine does that somebody looks after. A program is updated, a
//! service is installed or taken away; the machine stays the same.

use crate::coherence;
use decnet_model::{
    archetype::{ARCHETYPES, Archetype, archetype},
    catalogue,
    fleet::{Decky, Fleet, check_ports},
};
use netsvc_persona::{Product, stage::ServiceSpec};
use rand_core::RngCore;
use std::collections::{BTreeMap, BTreeSet};

/// More services than a decky gets by itself.
const MOST_SERVICES: usize = 7;
/// How often it is an update where there is one, in per cent: machines are updated more often than they are given
/// something new.
const UPDATES: u32 = 60;

/// A change of one decky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// This service comes.
    Add(String),
    /// This service goes.
    Remove(String),
    /// What serves this becomes a later release.
    Update {
        /// The service.
        slug: String,
        /// The release that it was.
        from: String,
        /// The release that it is now.
        to: String,
    },
}

/// What `decky` could do next, given what it shows (`products`) and the sets of services that it has had (each in
/// order of names). `None`: it stays as it is.
pub fn choose(
    fleet: &Fleet,
    decky: &Decky,
    products: &BTreeMap<String, Product>,
    past: &BTreeSet<Vec<String>>,
    random: &mut impl RngCore,
) -> Option<Mutation> {
    let updates = updates(decky, products);
    let others = services(fleet, decky, past);
    let first = random.next_u32() % 100 < UPDATES;
    let (first, second) = if first { (updates, others) } else { (others, updates) };
    let list = if first.is_empty() { second } else { first };
    let number = random.next_u32();
    crate::draw::at(&list, number).cloned()
}

/// `decky` after it.
pub fn mutated(decky: &Decky, mutation: &Mutation) -> Decky {
    let mut changed = decky.clone();
    match mutation {
        Mutation::Add(slug) => {
            changed.services.push(ServiceSpec { slug: slug.clone(), settings: BTreeMap::new() });
        }
        Mutation::Remove(slug) => changed.services.retain(|service| service.slug != *slug),
        Mutation::Update { slug, to, .. } => {
            changed.updates.insert(catalogue::product_of(slug).to_owned(), to.clone());
        }
    }
    changed
}

/// Later releases of the programs that it runs. Those of the base system are left alone where nothing later is drawn
/// for its system any more.
fn updates(decky: &Decky, products: &BTreeMap<String, Product>) -> Vec<Mutation> {
    let mut found = Vec::new();
    for service in &decky.services {
        if catalogue::product_of(&service.slug) != service.slug {
            continue;
        }
        let Some(shown) = products.get(&service.slug) else { continue };
        if let Some(to) = next_release(&decky.system, &service.slug, shown) {
            let from = release(&shown.version, &shown.packaging);
            found.push(Mutation::Update { slug: service.slug.clone(), from, to });
        }
    }
    found
}

/// A release as it is kept: the version, and what the packager added.
pub fn release(version: &str, packaging: &str) -> String {
    format!("{version} {packaging}").trim_end().to_owned()
}

/// The release that comes after `shown` on the system.
fn next_release(system: &str, slug: &str, shown: &Product) -> Option<String> {
    let mut later = catalogue::products(system, slug)
        .filter(|known| known.name == shown.name)
        .skip_while(|known| (&known.version, &known.packaging) != (&shown.version, &shown.packaging))
        .skip(1);
    later.find(|known| known.weight > 0).map(|known| release(&known.version, &known.packaging))
}

/// Makes `products` what `decky` was updated to. An update never leads back: what is there stays where it is the
/// later one, or where the release is not known any more.
pub fn update(decky: &Decky, products: &mut BTreeMap<String, Product>) {
    for (slug, shown) in products {
        let Some(wanted) = decky.updates.get(catalogue::product_of(slug)) else { continue };
        let mut later = catalogue::products(&decky.system, slug)
            .filter(|known| known.name == shown.name)
            .skip_while(|known| (&known.version, &known.packaging) != (&shown.version, &shown.packaging));
        if let Some(known) = later.find(|known| release(&known.version, &known.packaging) == *wanted) {
            shown.version.clone_from(&known.version);
            shown.packaging.clone_from(&known.packaging);
        }
    }
}

/// Services that can come or go so that the machine is still one of its kind, and has not been like that before.
fn services(fleet: &Fleet, decky: &Decky, past: &BTreeSet<Vec<String>>) -> Vec<Mutation> {
    let kind = decky.archetype.as_deref().and_then(archetype);
    let present: Vec<&str> = decky.services.iter().map(|service| service.slug.as_str()).collect();
    let mut found = Vec::new();
    if present.len() < MOST_SERVICES {
        let comes = candidates(decky, kind).into_iter().filter(|slug| !present.contains(slug));
        found.extend(comes.map(|slug| Mutation::Add(slug.to_owned())));
    }
    // What makes the machine what it is stays, and so does what somebody has set in his own way.
    let main = kind.and_then(|kind| kind.services.iter().find(|slug| present.contains(slug)));
    let main = main.copied().or(present.first().copied());
    let goes = decky.services.iter().filter(|service| service.settings.is_empty());
    let goes = goes.map(|service| service.slug.as_str()).filter(|slug| Some(*slug) != main);
    found.extend(goes.map(|slug| Mutation::Remove(slug.to_owned())));
    found.retain(|mutation| {
        let changed = mutated(decky, mutation);
        let mut set = changed.slugs();
        set.sort_unstable();
        !past.contains(&set)
            && check_ports(&changed.slugs()).is_ok()
            && coherence::decky(fleet, &changed).len() <= coherence::decky(fleet, decky).len()
    });
    found
}

/// What such a machine may be given: what its kind has, or, where nobody said what it is, what machines have that
/// run its system.
fn candidates(decky: &Decky, kind: Option<&'static Archetype>) -> BTreeSet<&'static str> {
    let runs = |slug: &&&'static str| {
        catalogue::find(slug).is_some() && coherence::fits(&decky.system, None, [**slug])
    };
    let of = |archetype: &'static Archetype| archetype.services.iter().filter(runs).copied();
    match kind {
        // A device has the services that its firmware has.
        Some(kind) if kind.family == "embedded" => of(kind).collect(),
        _ => {
            let alike = |other: &&&Archetype| other.systems.contains(&decky.system.as_str());
            let all: Vec<&'static Archetype> = ARCHETYPES.iter().collect();
            kind.into_iter().chain(all.iter().filter(|other| alike(other)).copied()).flat_map(of).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{self, Request};
    use decnet_model::runtime::Runtime;
    use netsvc_persona::subkey;

    fn fleet(archetype: &str) -> Fleet {
        let network = "192.0.2.0/24".parse().unwrap();
        let request = Request::plain(1, &[], Runtime::Native, network);
        plan::fleet(&Request { archetype: Some(archetype.to_owned()), ..request }).unwrap()
    }

    fn shown(decky: &Decky) -> BTreeMap<String, Product> {
        let first = |slug: &String| {
            let known = catalogue::products(&decky.system, slug).find(|known| known.weight > 0)?;
            let (name, version) = (known.name.clone(), known.version.clone());
            Some((slug.clone(), Product { name, version, packaging: known.packaging.clone() }))
        };
        decky.slugs().iter().filter_map(first).collect()
    }

    #[test]
    fn a_machine_changes_for_years_and_stays_one_of_its_kind() {
        for kind in ARCHETYPES.iter().filter(|kind| !kind.services.is_empty()) {
            let mut fleet = fleet(kind.slug);
            let Some(name) = fleet.deckies.keys().next().cloned() else { continue };
            let start = fleet.deckies[&name].clone();
            if start.services.is_empty() {
                continue;
            }
            let mut products = shown(&start);
            let mut past = BTreeSet::new();
            let mut random = subkey::generator(kind.slug.as_bytes(), &["mutate"]);
            let (mut changes, mut before) = (0, BTreeMap::new());
            for _ in 0..60 {
                let decky = fleet.deckies[&name].clone();
                let mut set = decky.slugs();
                set.sort_unstable();
                past.insert(set);
                let Some(mutation) = choose(&fleet, &decky, &products, &past, &mut random) else { break };
                let changed = mutated(&decky, &mutation);
                assert!(!changed.services.is_empty(), "{mutation:?}");
                assert_eq!(changed.services.first(), decky.services.first(), "{}: {mutation:?}", kind.slug);
                for (slug, product) in shown(&changed) {
                    products.entry(slug).or_insert(product);
                }
                update(&changed, &mut products);
                if let Mutation::Update { slug, from, to } = &mutation {
                    let now = release(&products[slug].version, &products[slug].packaging);
                    assert_eq!(&now, to, "{}: {slug}", kind.slug);
                    assert_ne!(from, to);
                    assert!(
                        before.insert((slug.clone(), to.clone()), from.clone()).is_none(),
                        "{mutation:?} twice"
                    );
                }
                fleet.deckies.insert(name.clone(), changed);
                let wrong = coherence::fleet(&fleet);
                assert!(wrong.is_empty(), "{}: {wrong:?}", kind.slug);
                changes += 1;
            }
            assert!(changes > 0 || kind.family == "embedded", "{} never changes", kind.slug);
        }
    }

    #[test]
    fn an_update_never_leads_back() {
        let fleet = fleet("linux-server");
        let decky = fleet.deckies.values().next().unwrap();
        let releases: Vec<_> = catalogue::products(&decky.system, "ssh").collect();
        let [first, .., last] = releases.as_slice() else { panic!("{releases:?}") };
        let mut changed = decky.clone();
        changed.updates.insert("ssh".to_owned(), release(&first.version, &first.packaging));
        let product = |of: &netsvc_persona::service::ProductInfo| Product {
            name: of.name.clone(),
            version: of.version.clone(),
            packaging: of.packaging.clone(),
        };
        let mut products = BTreeMap::from([("ssh".to_owned(), product(last))]);
        update(&changed, &mut products);
        assert_eq!(products["ssh"], product(last));
        changed.updates.insert("ssh".to_owned(), release(&last.version, &last.packaging));
        let mut products = BTreeMap::from([("ssh".to_owned(), product(first))]);
        update(&changed, &mut products);
        assert_eq!(products["ssh"], product(last));
        changed.updates.insert("ssh".to_owned(), "99".to_owned());
        update(&changed, &mut products);
        assert_eq!(products["ssh"], product(last));
    }
}
