//! The personas of a fleet: the stored ones while they fit the plan, else new ones.

use crate::commands::Context;
use anyhow::{Context as _, Result};
use decnet_engine::node::{NodeSpec, Nodes};
use decnet_model::fleet::{Decky, Fleet};
use decnet_store::Store;
use netsvc_persona::{Persona, derive::derive};
use std::{collections::BTreeMap, num::NonZero, thread};

/// What the runtime is to make exist for `want`. What has no persona yet gets one, which is stored first.
pub(super) async fn nodes(
    context: &Context,
    store: &Store,
    secret: &[u8; 32],
    want: &Fleet,
) -> Result<Nodes> {
    let now = context.now();
    let rows = store.decky_list().await.context("read the deckies")?;
    let stored: BTreeMap<String, String> =
        rows.into_iter().filter_map(|row| Some((row.name, row.persona?))).collect();
    // Keys cost computing time, so it is done beside the other workers' tasks, on all processors.
    let derived = tokio::task::block_in_place(|| derive_all(want, secret, now))?;
    let mut fresh = Vec::new();
    let mut nodes = Nodes::new();
    for (decky, new) in want.deckies.values().zip(derived) {
        let name = decky.name.to_string();
        let (persona, replaces) = match stored.get(&name) {
            Some(text) => settled(serde_json::from_str(text).context("read a persona")?, new),
            None => (new, true),
        };
        if replaces {
            if stored.contains_key(&name) {
                store.persona_reset(&name, now).await.context("store a persona")?;
            }
            fresh.push((name.clone(), serde_json::to_string(&persona).context("write a persona")?));
        }
        nodes.insert(name, NodeSpec { persona, services: decky.services.clone(), ports: decky.ports() });
    }
    store.personas_put(&fresh, now).await.context("store personas")?;
    Ok(nodes)
}

/// The personas as they would be if none were stored, in the order of the deckies.
fn derive_all(want: &Fleet, secret: &[u8; 32], now: i64) -> Result<Vec<Persona>> {
    let deckies: Vec<&Decky> = want.deckies.values().collect();
    let parts = thread::available_parallelism().map_or(1, NonZero::get);
    let part = deckies.len().div_ceil(parts).max(1);
    let one = |decky: &&Decky| {
        let slugs = decky.slugs();
        derive(&decky.request(&want.network, &slugs, secret, want, now)).context("derive a persona")
    };
    let done: Vec<Result<Vec<Persona>>> = thread::scope(|scope| {
        let running: Vec<_> =
            deckies.chunks(part).map(|chunk| scope.spawn(move || chunk.iter().map(one).collect())).collect();
        let ended = |thread: thread::ScopedJoinHandle<'_, Result<Vec<Persona>>>| {
            thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("derive personas: a thread panicked")))
        };
        running.into_iter().map(ended).collect()
    });
    let mut all = Vec::with_capacity(deckies.len());
    for part in done {
        all.extend(part?);
    }
    Ok(all)
}

/// The persona to use, and whether it replaces the stored one.
fn settled(mut persona: Persona, fresh: Persona) -> (Persona, bool) {
    if persona.os.id != fresh.os.id {
        return (fresh, true);
    }
    // What the plan says goes before what was stored; what only the persona knows stays as it was.
    persona.ip = fresh.ip;
    persona.prefix = fresh.prefix;
    persona.gateway = fresh.gateway;
    persona.login = fresh.login;
    for (slug, product) in fresh.products {
        persona.products.entry(slug).or_insert(product);
    }
    (persona, false)
}
