//! Identities and campaigns on corpora whose seeds nobody looked at while weights were chosen.

use decnet_analysis::{
    cluster::{Graph, Scheme},
    profile::{self, Profile},
};
use decnet_corpus::{Corpus, Found, score};
use decnet_model::record::{Level, Trait};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// What is held, of identities and of campaigns: the aim of an F1 of 0.9 with some margin. Weights were chosen on the
/// seeds 1 to 20; those below were looked at once, and gave 0.963 to 0.982 and at most 0.05 in a hundred.
const LEAST: f64 = 0.94;
/// Of the joined pairs, so many do not belong together at most.
const FALSE: f64 = 0.01;

/// What comes of a corpus.
fn found(corpus: &Corpus) -> BTreeMap<IpAddr, Found> {
    let mut profiles: BTreeMap<IpAddr, Profile> = BTreeMap::new();
    for row in corpus.events() {
        profiles.entry(profile::key(&row).unwrap()).or_default().add(&row);
    }
    let mut identities = Graph::new(Scheme::of(Level::Identity));
    for profile in profiles.values() {
        identities.put(profile.first_event, &profile.traits());
    }
    identities.refresh();
    let mut members: BTreeMap<i64, BTreeSet<Trait>> = BTreeMap::new();
    for profile in profiles.values() {
        let identity = identities.place(profile.first_event).unwrap();
        members.entry(identity).or_default().extend(profile.traits());
    }
    let mut campaigns = Graph::new(Scheme::of(Level::Campaign));
    for (identity, traits) in &members {
        campaigns.put(*identity, &traits.iter().cloned().collect::<Vec<_>>());
    }
    campaigns.refresh();
    let of = |profile: &Profile| {
        let identity = identities.place(profile.first_event).unwrap();
        Found { identity, campaign: campaigns.place(identity).unwrap() }
    };
    profiles.iter().map(|(address, profile)| (*address, of(profile))).collect()
}

fn judge(seed: u64, actors: usize) {
    let corpus = Corpus::new(seed, actors);
    let (identities, campaigns, kinds) = score(&corpus.truth(), &found(&corpus));
    let told = kinds.iter().map(|(kind, score)| format!("{kind} {:.3}", score.recall())).collect::<Vec<_>>();
    let told = format!(
        "seed {seed}, {actors} actors: identities F1 {:.3} (false {:.4}), campaigns F1 {:.3} (false {:.4}); recall {}",
        identities.f1(),
        identities.false_merges(),
        campaigns.f1(),
        campaigns.false_merges(),
        told.join(", ")
    );
    println!("{told}");
    for score in [identities, campaigns] {
        assert!(LEAST <= score.f1() && score.false_merges() <= FALSE, "{told}");
    }
}

#[test]
fn addresses_are_joined_as_they_belong_together() {
    for seed in 9101..=9104 {
        judge(seed, 2000);
    }
}

#[test]
fn few_and_many_are_joined_alike() {
    judge(9106, 400);
    judge(9105, 5000);
}
