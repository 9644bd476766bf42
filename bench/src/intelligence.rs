//! Profiles and clusters, on corpora whose truth is known: how fast, and how right.

use crate::table::Row;
use anyhow::{Context as _, Result};
use decnet_analysis::{
    cluster::{Graph, Scheme},
    profile::{self, Profile},
};
use decnet_corpus::{Corpus, Found, Score, score};
use decnet_model::record::{Level, Trait};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

/// Actors of each size; weights were never chosen by this seed.
const SIZES: [usize; 3] = [5_000, 20_000, 80_000];
const SEED: u64 = 4242;
/// Seeds by which weights were chosen, and actors of each.
const CHOSEN_BY: [(u64, usize); 5] = [(1, 2_000), (2, 2_000), (3, 2_000), (4, 400), (5, 8_000)];
/// Passes after one more address each.
const TICKS: u32 = 200;

/// An address, its node and its traits.
type Traits = (IpAddr, i64, Vec<Trait>);

/// Measures every size.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for size in SIZES {
        rows.extend(of_size(size)?);
    }
    Ok(rows)
}

/// How right clusters are where weights were chosen: to choose others by.
pub(crate) fn weigh() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (seed, size) in CHOSEN_BY {
        let corpus = Corpus::new(seed, size);
        let (profiles, ..) = fold(&corpus);
        let traits = traits(&profiles);
        let identities = identified(&traits);
        let (campaigns, _) = joined(&identities, &traits)?;
        let (identity, campaign, kinds) = score(&corpus.truth(), &found(&traits, &identities, &campaigns));
        let name = format!("weights, seed {seed}, {size} actors");
        rows.extend(right(&name, identity, campaign));
        let of_kind = |(kind, score): (&str, Score)| {
            Row::rate(format!("{name}: {kind} found"), "recall", score.recall()).note("pairs of addresses")
        };
        rows.extend(kinds.into_iter().map(of_kind));
    }
    Ok(rows)
}

fn of_size(size: usize) -> Result<Vec<Row>> {
    let corpus = Corpus::new(SEED, size);
    let (profiles, events, time) = fold(&corpus);
    let name = format!("intelligence, {} k addresses", profiles.len() / 1000);
    let mut rows = vec![
        Row::rate(format!("{name}: profiler"), "events/s", f64::from(events) / time.as_secs_f64())
            .note("one core, without the store"),
    ];
    let traits = traits(&profiles);
    let begun = Instant::now();
    let mut identities = identified(&traits);
    let note = "all at once, one core";
    rows.push(Row::cost(format!("{name}: identities"), "s", begun.elapsed().as_secs_f64()).note(note));
    let (campaigns, time) = joined(&identities, &traits)?;
    rows.push(Row::cost(format!("{name}: campaigns"), "s", time.as_secs_f64()).note(note));
    let (identity, campaign, _) = score(&corpus.truth(), &found(&traits, &identities, &campaigns));
    rows.extend(right(&name, identity, campaign));
    rows.push(
        Row::cost(
            format!("{name}: one more address"),
            "ms",
            tick(&mut identities, &traits).as_secs_f64() * 1000.0,
        )
        .note("the mean of 200 passes"),
    );
    Ok(rows)
}

/// Profiles of a corpus, how many events it had, and the time without that of making them.
fn fold(corpus: &Corpus) -> (BTreeMap<IpAddr, Profile>, u32, Duration) {
    let mut profiles: BTreeMap<IpAddr, Profile> = BTreeMap::new();
    let (mut events, mut time) = (0, Duration::ZERO);
    let mut rows = corpus.events();
    loop {
        let batch: Vec<_> = rows.by_ref().take(10_000).collect();
        if batch.is_empty() {
            return (profiles, events, time);
        }
        let begun = Instant::now();
        for row in &batch {
            if let Some(address) = profile::key(row) {
                profiles.entry(address).or_default().add(row);
                events += 1;
            }
        }
        time += begun.elapsed();
    }
}

/// Each address with its node and its traits.
fn traits(profiles: &BTreeMap<IpAddr, Profile>) -> Vec<Traits> {
    profiles.iter().map(|(address, profile)| (*address, profile.first_event, profile.traits())).collect()
}

/// All addresses, joined at once.
fn identified(traits: &[Traits]) -> Graph {
    let mut identities = Graph::new(Scheme::of(Level::Identity));
    for (_, node, traits) in traits {
        identities.put(*node, traits);
    }
    identities.refresh();
    identities
}

/// Where each address is.
fn found(traits: &[Traits], identities: &Graph, campaigns: &Graph) -> BTreeMap<IpAddr, Found> {
    let of = |(address, node, _): &Traits| {
        let identity = identities.place(*node)?;
        Some((*address, Found { identity, campaign: campaigns.place(identity)? }))
    };
    traits.iter().filter_map(of).collect()
}

fn right(name: &str, identity: Score, campaign: Score) -> [Row; 2] {
    [("identities", identity), ("campaigns", campaign)].map(|(what, score)| {
        Row::rate(format!("{name}: {what} right"), "F1", score.f1())
            .note(format!("pairs of addresses; false merges {:.2} %", 100.0 * score.false_merges()))
    })
}

fn joined(identities: &Graph, traits: &[Traits]) -> Result<(Graph, Duration)> {
    let mut members: BTreeMap<i64, BTreeSet<Trait>> = BTreeMap::new();
    for (_, node, traits) in traits {
        let identity = identities.place(*node).context("every address is in an identity")?;
        members.entry(identity).or_default().extend(traits.iter().cloned());
    }
    let begun = Instant::now();
    let mut campaigns = Graph::new(Scheme::of(Level::Campaign));
    for (identity, traits) in members {
        campaigns.put(identity, &traits.into_iter().collect::<Vec<_>>());
    }
    campaigns.refresh();
    Ok((campaigns, begun.elapsed()))
}

/// How long a pass takes after one address more, which has what another has.
fn tick(graph: &mut Graph, traits: &[Traits]) -> Duration {
    let step = (traits.len() / TICKS as usize).max(1);
    let begun = Instant::now();
    let last = traits.iter().map(|(_, node, _)| *node).max().unwrap_or_default();
    let mut count = 0;
    for ((_, _, traits), next) in traits.iter().step_by(step).take(TICKS as usize).zip(last + 1..) {
        graph.put(next, traits);
        graph.refresh();
        count += 1;
    }
    begun.elapsed() / count.max(1)
}
