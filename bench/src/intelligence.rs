//! Profiles and clusters, on corpora whose truth is known: how fast, and how right.

use crate::table::Row;
use anyhow::{Context as _, Result};
use decnet_analysis::{
    cluster::{Graph, Scheme},
    profile::{self, Profile},
};
use decnet_corpus::{Corpus, Found, score};
use decnet_model::record::{Level, Trait};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::{Duration, Instant},
};

/// Actors of each size; weights were never chosen by this seed.
const SIZES: [usize; 3] = [5_000, 20_000, 80_000];
const SEED: u64 = 4242;
/// Passes after one more address each.
const TICKS: u32 = 200;

/// Measures every size.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for size in SIZES {
        rows.extend(of_size(size)?);
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
    let mut identities = Graph::new(Scheme::of(Level::Identity));
    let traits: Vec<(IpAddr, i64, Vec<Trait>)> =
        profiles.iter().map(|(address, profile)| (*address, profile.first_event, profile.traits())).collect();
    let begun = Instant::now();
    for (_, node, traits) in &traits {
        identities.put(*node, traits);
    }
    identities.refresh();
    let note = "all at once, one core";
    rows.push(Row::cost(format!("{name}: identities"), "s", begun.elapsed().as_secs_f64()).note(note));
    let (campaigns, time) = joined(&identities, &traits)?;
    rows.push(Row::cost(format!("{name}: campaigns"), "s", time.as_secs_f64()).note(note));
    let of = |(address, node, _): &(IpAddr, i64, Vec<Trait>)| {
        let identity = identities.place(*node)?;
        Some((*address, Found { identity, campaign: campaigns.place(identity)? }))
    };
    let found: BTreeMap<IpAddr, Found> = traits.iter().filter_map(of).collect();
    let (identity, campaign, _) = score(&corpus.truth(), &found);
    for (what, score) in [("identities", identity), ("campaigns", campaign)] {
        rows.push(
            Row::rate(format!("{name}: {what} right"), "F1", score.f1())
                .note(format!("pairs of addresses; false merges {:.2} %", 100.0 * score.false_merges())),
        );
    }
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

fn joined(identities: &Graph, traits: &[(IpAddr, i64, Vec<Trait>)]) -> Result<(Graph, Duration)> {
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
fn tick(graph: &mut Graph, traits: &[(IpAddr, i64, Vec<Trait>)]) -> Duration {
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
