//! The personas of a fleet: the stored ones while they fit the plan, else new ones.

use crate::{
    error::{Error, document, stored},
    people, placed, planted, routine,
};
use decnet_engine::node::{NodeSpec, Nodes};
use decnet_model::{
    fleet::{Decky, Fleet},
    logins,
    persona::derive::{Request, derive},
};
use decnet_plan::{key, mutate};
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
    let mut planted = planted::files(store).await?;
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
        // What it served once it will serve again as it did; until then nobody sees anything of it.
        persona.products.retain(|slug, _| decky.services.iter().any(|service| service.slug == *slug));
        planted::lay(&mut persona, planted.remove(&name).unwrap_or_default());
        let custom = want.brought(decky).cloned().collect();
        let node = NodeSpec { persona, services: decky.services.clone(), ports: decky.ports(), custom };
        nodes.insert(name, node);
    }
    placed::lay(want, &mut nodes);
    store.personas_put(&fresh, now).await.map_err(stored("store personas"))?;
    people::lay(store, secret, &mut nodes, now).await?;
    routine::lay(store, secret, &mut nodes, now).await?;
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
    mutate::update(decky, &mut persona.products);
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
    let mut persona = stored;
    let name = persona.fqdn();
    key::settle(want, decky, fresh, &mut persona);
    mutate::update(decky, &mut persona.products);
    if name != persona.fqdn() {
        persona.certificate.rename(&name, &persona.fqdn());
    }
    Some(persona)
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_plan::{
        ini::deploy,
        key::{Scope, Settle},
    };

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

    /// A whole file that says `name` in one of its sections.
    fn file(scope: Scope, name: &str, value: &str) -> String {
        // What a persona may draw by itself is told.
        let usual = [
            (Scope::General, "runtime", "native"),
            (Scope::General, "net", "10.1.0.0/21"),
            (Scope::General, "gw", "10.1.0.1"),
            (Scope::General, "seed", "s"),
            (Scope::General, "domain", "a.example"),
            (Scope::Decky, "ip", "10.1.0.7"),
            (Scope::Decky, "distro", "debian"),
            (Scope::Decky, "hostname", "a"),
            (Scope::Decky, "mac", "00:1b:21:00:00:09"),
            (Scope::Decky, "services", "http"),
        ];
        let (mut general, mut own) = (String::new(), String::new());
        for (place, key, value) in usual.iter().filter(|(place, key, _)| *place != scope || *key != name) {
            let text = if *place == Scope::General { &mut general } else { &mut own };
            text.push_str(&format!("{key} = {value}\n"));
        }
        let said = if scope == Scope::General { &mut general } else { &mut own };
        said.push_str(&format!("{name} = {value}\n"));
        format!("[general]\n{general}[web]\n{own}")
    }

    #[test]
    fn what_a_key_says_of_a_persona_is_so_after_a_redeploy() {
        let before = file(Scope::General, "lab", "no");
        let document =
            |persona: &Persona| serde_json::to_value(persona).unwrap().as_object().unwrap().clone();
        let elsewhere =
            [("net", "10.1.0.0/22"), ("gw", "10.1.0.2"), ("ip", "10.1.0.8"), ("services", "http, ssh")];
        let mut followed = 0;
        for scope in [Scope::General, Scope::Decky] {
            // A face is looked up in a database that the test has not; a group shares nothing of all that.
            for key in key::of(scope).filter(|key| key.is_written() && key.name != "face") {
                let value = elsewhere.iter().find(|(name, _)| *name == key.name).map(|(_, value)| *value);
                let text = file(scope, key.name, value.unwrap_or(key.example));
                let want = fleet(&text);
                let (old, new) = (fresh(&fleet(&before)), fresh(&want));
                let (was, wanted) = (document(&old), document(&new));
                let now = settled(first(&want), &want, old, &new);
                match (key.settle, now) {
                    (Settle::Drawn, _) => {}
                    (_, None) => panic!("{}: another machine", key.name),
                    (_, Some(now)) => {
                        let now = document(&now);
                        let other = |name: &&String| was.get(*name) != wanted.get(*name);
                        for field in wanted.keys().filter(other) {
                            assert_eq!(now.get(field), wanted.get(field), "{}: {field}", key.name);
                            followed += 1;
                        }
                    }
                }
            }
        }
        assert!(10 < followed, "{followed}");
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
