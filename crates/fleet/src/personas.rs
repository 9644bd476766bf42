//! The personas of a fleet: the stored ones while they fit the plan, else new ones.

use crate::error::{Error, document, stored};
use decnet_engine::node::{NodeSpec, Nodes};
use decnet_model::{
    fleet::{Decky, Fleet},
    logins,
    persona::derive::{Request, derive},
};
use decnet_store::Store;
use netsvc_persona::Persona;
use netsvc_wire::stamp::Micros;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    thread,
};

/// What the runtime is to make exist for `want`. What has no persona yet gets one, which is stored first.
pub(super) async fn nodes(
    store: &Store,
    secret: &[u8; 32],
    want: &Fleet,
    now: Micros,
) -> Result<Nodes, Error> {
    let rows = store.decky_list().await.map_err(stored("read the deckies"))?;
    let mut known = BTreeMap::new();
    for row in rows {
        let wanted = row.name.parse().is_ok_and(|name| want.deckies.contains_key(&name));
        if let Some(text) = row.persona.filter(|_| wanted) {
            let persona: Persona = serde_json::from_str(&text).map_err(document("read a persona"))?;
            known.insert(row.name, persona);
        }
    }
    // Keys cost computing time, so it is done beside the other workers' tasks, on all processors.
    let derived = tokio::task::block_in_place(|| derive_all(want, secret, now))?;
    let mut taken = taken(want, &known);
    let mut fresh = Vec::new();
    let mut nodes = Nodes::new();
    for (decky, new) in want.deckies.values().zip(derived) {
        let name = decky.name.to_string();
        let old = known.remove(&name);
        let persona = match old.clone().and_then(|old| settled(decky, want, old, &new)) {
            Some(persona) => persona,
            None => named(decky, want, secret, now, new, &mut taken)?,
        };
        if old.as_ref() != Some(&persona) {
            if old.is_some() {
                store.persona_reset(&name, now).await.map_err(stored("store a persona"))?;
            }
            fresh.push((name.clone(), serde_json::to_string(&persona).map_err(document("write a persona"))?));
        }
        // What settings say of accounts is the plan's, not the machine's: it goes when the setting goes.
        let mut persona = persona;
        logins::apply(decky, &mut persona);
        nodes.insert(name, NodeSpec { persona, services: decky.services.clone(), ports: decky.ports() });
    }
    store.personas_put(&fresh, now).await.map_err(stored("store personas"))?;
    Ok(nodes)
}

/// The personas as they would be if none were stored, in the order of the deckies.
fn derive_all(want: &Fleet, secret: &[u8; 32], now: Micros) -> Result<Vec<Persona>, Error> {
    let deckies: Vec<&Decky> = want.deckies.values().collect();
    let parts = thread::available_parallelism().map_or(1, NonZero::get);
    let part = deckies.len().div_ceil(parts).max(1);
    let one = |decky: &&Decky| {
        let slugs = decky.slugs();
        derive(&decky.request(&want.network, &slugs, secret, want, now)).map_err(Error::Derive)
    };
    let done: Vec<Result<Vec<Persona>, Error>> = thread::scope(|scope| {
        let running: Vec<_> =
            deckies.chunks(part).map(|chunk| scope.spawn(move || chunk.iter().map(one).collect())).collect();
        let ended = |thread: thread::ScopedJoinHandle<'_, Result<Vec<Persona>, Error>>| {
            thread.join().unwrap_or_else(|_| Err(Error::Panicked))
        };
        running.into_iter().map(ended).collect()
    });
    let mut all = Vec::with_capacity(deckies.len());
    for part in done {
        all.extend(part?);
    }
    Ok(all)
}

/// What no new persona may have, because another one does.
struct Taken {
    /// Host names in lower case.
    names: BTreeSet<String>,
    /// Hardware addresses.
    macs: BTreeSet<String>,
}

/// What the stored personas have, and what the operator fixed.
fn taken(want: &Fleet, stored: &BTreeMap<String, Persona>) -> Taken {
    let fixed = want.deckies.values().filter_map(|decky| decky.hostname.as_deref());
    let known = stored.values().map(|persona| persona.hostname.as_str());
    let names = fixed.chain(known).map(str::to_ascii_lowercase).collect();
    let fixed = want.deckies.values().filter_map(|decky| decky.mac.clone());
    let macs = fixed.chain(stored.values().map(|persona| persona.mac.clone())).collect();
    Taken { names, macs }
}

/// `fresh`, or if another decky has its host name or hardware address, the like with another.
fn named(
    decky: &Decky,
    want: &Fleet,
    secret: &[u8; 32],
    now: Micros,
    fresh: Persona,
    taken: &mut Taken,
) -> Result<Persona, Error> {
    let mut persona = fresh;
    if decky.hostname.is_none() && taken.names.contains(&persona.hostname.to_ascii_lowercase()) {
        let slugs = decky.slugs();
        let request = decky.request(&want.network, &slugs, secret, want, now);
        persona = derive(&Request { taken: &taken.names, ..request }).map_err(Error::Derive)?;
    }
    // Among a thousand cards of one vendor two draw the same number now and then.
    while decky.mac.is_none() && taken.macs.contains(&persona.mac) {
        persona.mac = next_mac(&persona).ok_or(Error::NoMac)?;
    }
    taken.names.insert(persona.hostname.to_ascii_lowercase());
    taken.macs.insert(persona.mac.clone());
    Ok(persona)
}

/// The hardware address that the same vendor gave out next.
fn next_mac(persona: &Persona) -> Option<String> {
    let [a, b, c, high, middle, low] = persona.mac_bytes()?;
    let number = u32::from_be_bytes([0, high, middle, low]).wrapping_add(1);
    let [_, high, middle, low] = number.to_be_bytes();
    Some([a, b, c, high, middle, low].map(|byte| format!("{byte:02x}")).join(":"))
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
        face: fresh.face.clone(),
        life: fresh.life.clone(),
        firewall: fresh.firewall,
        ..stored
    };
    persona.os.ttl = fresh.os.ttl;
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

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::ini::deploy;

    const SECRET: [u8; 32] = [3; 32];

    fn fleet(text: &str) -> Fleet {
        let options = deploy::Options {
            runtime: None,
            network: None,
            skipped: 0,
            taken: BTreeSet::new(),
            faces: &decnet_model::nmap::ABSENT,
            limit: deploy::FILE_LIMIT,
        };
        deploy::fleet("f", text.as_bytes(), &options).unwrap()
    }

    fn first(want: &Fleet) -> &Decky {
        want.deckies.values().next().unwrap()
    }

    fn fresh(want: &Fleet) -> Persona {
        derive_all(want, &SECRET, 1_764_000_000_000_000).unwrap().remove(0)
    }

    /// The persona that `text` makes of one that `before` made.
    fn redeployed(before: &str, text: &str, change: fn(&mut Decky)) -> (Persona, Option<Persona>) {
        let (old, mut want) = (fresh(&fleet(before)), fleet(text));
        want.deckies.values_mut().for_each(change);
        let new = fresh(&want);
        (old.clone(), settled(first(&want), &want, old, &new))
    }

    #[test]
    fn a_decky_that_is_deployed_again_is_the_same_machine_as_far_as_the_plan_lets_it() {
        let before = "[general]\nseed = a\n[web]\ndistro = debian\nservices = ssh\n";
        let (old, now) = redeployed(before, &before.replace("= a", "= b"), |_| ());
        assert_eq!(now.as_ref(), Some(&old));
        let named = before.replace("[web]", "[web]\nhostname = fixed\nip = 127.66.0.77");
        let now = redeployed(before, &named, |_| ()).1.unwrap();
        assert_eq!((now.hostname.as_str(), now.ip.to_string().as_str()), ("fixed", "127.66.0.77"));
        assert_eq!((now.certificate.common_name, now.subkey), (format!("fixed.{}", old.domain), old.subkey));
        let more = before.replace("ssh", "ssh, redis");
        assert!(redeployed(before, &more, |_| ()).1.unwrap().products.contains_key("redis"));
    }

    #[test]
    fn another_system_or_a_reset_makes_another_machine() {
        let before = "[web]\ndistro = debian\nservices = ssh\n";
        assert_eq!(redeployed(before, &before.replace("debian", "kali"), |_| ()).1, None);
        assert_eq!(redeployed(before, before, |decky| decky.generation = 1).1, None);
    }

    #[test]
    fn a_host_name_and_a_hardware_address_are_given_once() {
        let want = fleet("[general]\nseed = a\n[web]\ndistro = debian\nservices = ssh\n");
        let new = fresh(&want);
        let mut taken = Taken {
            names: BTreeSet::from([new.hostname.clone()]),
            macs: BTreeSet::from([new.mac.clone(), next_mac(&new).unwrap()]),
        };
        let now = 1_764_000_000_000_000;
        let other = named(first(&want), &want, &SECRET, now, new.clone(), &mut taken).unwrap();
        assert!(other.hostname != new.hostname && taken.names.len() == 2);
        assert_eq!(other.subkey, new.subkey);
        assert_eq!((other.mac[..8] == new.mac[..8], taken.macs.len()), (true, 3));
    }
}
