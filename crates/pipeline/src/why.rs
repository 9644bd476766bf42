//! Why two are joined, or are not: for somebody who asks.

use crate::clusterer::{ClusterError, traits};
use decnet_analysis::cluster::{Graph, Scheme};
use decnet_model::record::{ClusterLink, Level, Trait};
use decnet_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Profiles that are read at a time.
const PAGE: u32 = 2000;

/// What two addresses, or two identities, have in common, and what it weighs; `None`: there is no such.
/// It is made of all that is stored, so it takes as long as a clusterer takes to start.
///
/// # Errors
/// [`ClusterError`].
pub async fn why(
    store: &Store,
    level: Level,
    one: i64,
    two: i64,
) -> Result<Option<ClusterLink>, ClusterError> {
    let mut identities: BTreeMap<IpAddr, i64> = BTreeMap::new();
    if level == Level::Campaign {
        let members = store.cluster_members_after(Level::Identity, -1).await?;
        identities.extend(members.into_iter().map(|row| (row.src_ip, row.cluster)));
    }
    let mut nodes: BTreeMap<i64, BTreeSet<Trait>> = BTreeMap::new();
    let mut after = -1;
    loop {
        let page = store.trait_list(after, PAGE).await?;
        let Some(last) = page.last().map(|row| row.last_event) else { break };
        after = last;
        for row in &page {
            let node = match level {
                Level::Identity => Some(row.first_event),
                Level::Campaign => identities.get(&row.src_ip).copied(),
            };
            if let Some(node) = node {
                nodes.entry(node).or_default().extend(traits(row)?);
            }
        }
    }
    if !nodes.contains_key(&one) || !nodes.contains_key(&two) {
        return Ok(None);
    }
    let mut graph = Graph::new(Scheme::of(level));
    for (node, traits) in nodes {
        graph.put(node, &traits.into_iter().collect::<Vec<_>>());
    }
    graph.refresh();
    let link = graph.link(one, two);
    // What an analyst has joined has a link of its own, whatever is the same.
    let places = (store.cluster_of(level, one).await?, store.cluster_of(level, two).await?);
    let (Some(cluster), true) = (places.0, places.0 == places.1) else { return Ok(Some(link)) };
    let stored = store.cluster_links(level, cluster).await?;
    let same = |other: &ClusterLink| (other.older, other.younger) == (link.older, link.younger);
    Ok(Some(stored.into_iter().find(|other| other.is_decided() && same(other)).unwrap_or(link)))
}
