//! The personas of a fleet: the stored ones while they fit the plan, else new ones.

use crate::commands::Context;
use anyhow::{Context as _, Result};
use decnet_engine::node::{NodeSpec, Nodes};
use decnet_model::fleet::{Decky, Fleet};
use decnet_store::Store;
use netsvc_persona::{
    Persona,
    derive::{Request, derive},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    thread,
};

/// What the runtime is to make exist for `want`. What has no persona yet gets one, which is stored first.
pub(super) async fn nodes(
    context: &Context,
    store: &Store,
    secret: &[u8; 32],
    want: &Fleet,
) -> Result<Nodes> {
    let now = context.now();
    let rows = store.decky_list().await.context("read the deckies")?;
    let mut stored = BTreeMap::new();
    for row in rows {
        let wanted = row.name.parse().is_ok_and(|name| want.deckies.contains_key(&name));
        if let Some(text) = row.persona.filter(|_| wanted) {
            let persona: Persona = serde_json::from_str(&text).context("read a persona")?;
            stored.insert(row.name, persona);
        }
    }
    // Keys cost computing time, so it is done beside the other workers' tasks, on all processors.
    let derived = tokio::task::block_in_place(|| derive_all(want, secret, now))?;
    let mut taken = taken(want, &stored);
    let mut fresh = Vec::new();
    let mut nodes = Nodes::new();
    for (decky, new) in want.deckies.values().zip(derived) {
        let name = decky.name.to_string();
        let old = stored.remove(&name);
        let persona = match old.clone().and_then(|old| settled(decky, want, old, &new)) {
            Some(persona) => persona,
            None => named(decky, want, secret, now, new, &mut taken)?,
        };
        if old.as_ref() != Some(&persona) {
            if old.is_some() {
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

/// Host names that no new persona may have, in lower case: stored ones, and those that the operator fixed.
fn taken(want: &Fleet, stored: &BTreeMap<String, Persona>) -> BTreeSet<String> {
    let fixed = want.deckies.values().filter_map(|decky| decky.hostname.as_deref());
    let known = stored.values().map(|persona| persona.hostname.as_str());
    fixed.chain(known).map(str::to_ascii_lowercase).collect()
}

/// `fresh`, or if another decky has its host name, the like with another name.
fn named(
    decky: &Decky,
    want: &Fleet,
    secret: &[u8; 32],
    now: i64,
    fresh: Persona,
    taken: &mut BTreeSet<String>,
) -> Result<Persona> {
    let mut persona = fresh;
    if decky.hostname.is_none() && taken.contains(&persona.hostname.to_ascii_lowercase()) {
        let slugs = decky.slugs();
        let request = decky.request(&want.network, &slugs, secret, want, now);
        persona = derive(&Request { taken, ..request }).context("derive a persona")?;
    }
    taken.insert(persona.hostname.to_ascii_lowercase());
    Ok(persona)
}

/// The stored persona as the plan has it now; `None`: the plan asks for another machine.
fn settled(decky: &Decky, want: &Fleet, stored: Persona, fresh: &Persona) -> Option<Persona> {
    if stored.os.id != fresh.os.id || stored.generation < fresh.generation {
        return None;
    }
    // What the plan says goes before what was stored; what only the persona knows stays as it was.
    let mut persona = Persona {
        ip: fresh.ip,
        prefix: fresh.prefix,
        gateway: fresh.gateway,
        login: fresh.login.clone(),
        ..stored
    };
    let name = persona.fqdn();
    if decky.hostname.is_some() {
        persona.hostname.clone_from(&fresh.hostname);
    }
    if want.domain.is_some() {
        persona.domain.clone_from(&fresh.domain);
    }
    if name != persona.fqdn() {
        persona.certificate.rename(&name, &persona.fqdn());
    }
    if decky.mac.is_some() && persona.mac != fresh.mac {
        persona.mac.clone_from(&fresh.mac);
        persona.mac_vendor.clone_from(&fresh.mac_vendor);
        persona.hardware = fresh.hardware.clone();
    }
    for (slug, product) in &fresh.products {
        persona.products.entry(slug.clone()).or_insert_with(|| product.clone());
    }
    Some(persona)
}
