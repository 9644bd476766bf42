//! Deckies that change while they run: asked for, or because it is time.

use crate::{
    Config,
    error::{Error, document, stored},
    intent,
};
use decnet_model::{
    fleet::{Decky, DeckyName, Fleet},
    record::{Filter, Mutation, MutationCause, MutationKind, Page, PageFrom},
    tarpit,
};
use decnet_plan::{
    edit::{self, Edit},
    mutate,
};
use decnet_store::{ChangedFleet, Store};
use netsvc_persona::Persona;
use netsvc_wire::stamp::Micros;
use rand_core::OsRng;
use std::collections::{BTreeMap, BTreeSet};

/// Changes of a decky that are looked at, so that it is not what it was before.
const REMEMBERED: u32 = 64;

/// Who changes something, and why.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// Why.
    pub cause: MutationCause,
    /// Who asked; empty where it was time.
    pub by: &'a str,
    /// When.
    pub now: Micros,
}

/// Changes a decky as an operator says.
///
/// # Errors
/// [`Error::Edit`] when it cannot be, [`Error::NoDecky`], or when the store fails.
pub async fn edit(
    config: &Config,
    store: &Store,
    name: &DeckyName,
    edit: &Edit,
    wish: &Wish<'_>,
) -> Result<Mutation, Error> {
    let done = change(config, store, wish, std::slice::from_ref(name), |fleet, decky| {
        let changed = edit::edited(fleet, decky, edit).map_err(Error::Edit)?;
        Ok(Some((edit_row(fleet, decky, &changed, edit, wish), changed)))
    });
    done.await?.pop().ok_or_else(|| Error::NoDecky(name.clone()))
}

fn edit_row(fleet: &Fleet, before: &Decky, after: &Decky, edit: &Edit, wish: &Wish<'_>) -> Mutation {
    let settings = |decky: &Decky| {
        let own = decky.services.iter().find(|service| service.slug == edit.slug());
        own.map(|service| edit::shown(&service.slug, &service.settings)).unwrap_or_default()
    };
    let waiting = |decky: &Decky| tarpit::brief(decky.tarpit.of(&fleet.tarpit).as_ref());
    let (kind, was, is) = match edit {
        Edit::Tarpit(_) => (MutationKind::Set, waiting(before), waiting(after)),
        Edit::Add(_) => (MutationKind::Added, before.slugs().join(" "), after.slugs().join(" ")),
        Edit::Remove(_) => (MutationKind::Removed, before.slugs().join(" "), after.slugs().join(" ")),
        Edit::Set(_) => (MutationKind::Set, settings(before), settings(after)),
    };
    row(before, kind, edit.slug(), was, is, wish)
}

fn row(decky: &Decky, kind: MutationKind, slug: &str, was: String, is: String, wish: &Wish<'_>) -> Mutation {
    Mutation {
        id: 0,
        node: decky.name.to_string(),
        at: wish.now,
        kind,
        service: slug.to_owned(),
        before: was,
        after: is,
        cause: wish.cause,
        by: wish.by.to_owned(),
    }
}

/// Changes deckies as machines change in the course of time; one that cannot change any more stays. Returns what
/// changed.
///
/// # Errors
/// [`Error::NoDecky`], or when the store fails.
pub async fn mutate(
    config: &Config,
    store: &Store,
    names: &[DeckyName],
    wish: &Wish<'_>,
) -> Result<Vec<Mutation>, Error> {
    let mut known: BTreeMap<&DeckyName, (Persona, BTreeSet<Vec<String>>)> = BTreeMap::new();
    for name in names {
        // Without a persona it has not run yet.
        let Some(persona) = intent::persona(store, name).await? else { continue };
        known.insert(name, (persona, past(store, name).await?));
    }
    let done = change(config, store, wish, names, |fleet, decky| {
        let Some((persona, past)) = known.get(&decky.name) else { return Ok(None) };
        let mut past = past.clone();
        past.insert(sorted(decky.slugs()));
        let chosen = mutate::choose(fleet, decky, &persona.products, &past, &mut OsRng);
        Ok(chosen.map(|mutation| {
            let changed = mutate::mutated(decky, &mutation);
            (mutation_row(decky, &changed, mutation, wish), changed)
        }))
    });
    done.await
}

fn mutation_row(before: &Decky, after: &Decky, mutation: mutate::Mutation, wish: &Wish<'_>) -> Mutation {
    let services = || (before.slugs().join(" "), after.slugs().join(" "));
    let (kind, slug, (was, is)) = match mutation {
        mutate::Mutation::Add(slug) => (MutationKind::Added, slug, services()),
        mutate::Mutation::Remove(slug) => (MutationKind::Removed, slug, services()),
        mutate::Mutation::Update { slug, from, to } => (MutationKind::Updated, slug, (from, to)),
    };
    row(before, kind, &slug, was, is, wish)
}

fn sorted(mut slugs: Vec<String>) -> Vec<String> {
    slugs.sort_unstable();
    slugs
}

/// Sets of services that the decky has had.
async fn past(store: &Store, name: &DeckyName) -> Result<BTreeSet<Vec<String>>, Error> {
    let filter = Filter { node: Some(name.to_string()), ..Filter::default() };
    let page = Page { from: PageFrom::Newest, limit: REMEMBERED };
    let rows = store.mutation_list(&filter, page).await.map_err(stored("read what changed"))?;
    let services = rows.iter().filter(|row| matches!(row.kind, MutationKind::Added | MutationKind::Removed));
    let set = |text: &String| sorted(text.split(' ').map(str::to_owned).collect());
    Ok(services.flat_map(|row| [set(&row.before), set(&row.after)]).collect())
}

/// Reads the fleet, has `one` change each of `names`, and stores what came of it with what changed: both or nothing,
/// and not over what somebody else wants by now.
async fn change(
    config: &Config,
    store: &Store,
    wish: &Wish<'_>,
    names: &[DeckyName],
    mut one: impl FnMut(&Fleet, &Decky) -> Result<Option<(Mutation, Decky)>, Error>,
) -> Result<Vec<Mutation>, Error> {
    const ATTEMPT: &str = "change the fleet";
    for _ in 0..intent::ATTEMPTS {
        let was = store.fleet_get().await.map_err(stored(ATTEMPT))?.ok_or(Error::NoFleet)?;
        let mut fleet: Fleet = serde_json::from_str(&was).map_err(document(ATTEMPT))?;
        let (mut mutations, mut deckies) = (Vec::new(), Vec::new());
        for name in names {
            let decky = fleet.deckies.get(name).ok_or_else(|| Error::NoDecky(name.clone()))?;
            if decky.placed.is_some() {
                let why = format!("{name} is of a topology: `decnet topology mutate` changes it");
                return Err(Error::Topology(why));
            }
            if let Some((mutation, changed)) = one(&fleet, decky)? {
                deckies.push(intent::row(&fleet, &changed)?);
                mutations.push(mutation);
                fleet.deckies.insert(name.clone(), changed);
            }
        }
        if mutations.is_empty() {
            return Ok(mutations);
        }
        let becomes = serde_json::to_string(&fleet).map_err(document(ATTEMPT))?;
        let changed = ChangedFleet { was: &was, becomes: &becomes, deckies: &deckies, mutations: &mutations };
        if store.fleet_change(&changed, wish.now).await.map_err(stored(ATTEMPT))? {
            intent::export(config, &fleet)?;
            return Ok(mutations);
        }
    }
    Err(Error::Restless)
}
