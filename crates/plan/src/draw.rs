//! What is drawn for deckies of which nobody said what they are or serve.

use crate::coherence;
use decnet_model::{
    archetype::{ARCHETYPES, Archetype},
    catalogue,
    fleet::check_ports,
};
use netsvc_persona::{service::ServiceInfo, subkey};
use rand_core::RngCore;
use std::collections::BTreeMap;

/// Draws at one that nobody had before, of which the rarest is taken.
const ATTEMPTS: u32 = 32;

/// What deckies have drawn so far: how often each set of services, in order of their names.
#[derive(Default)]
pub(crate) struct Drawn(BTreeMap<Vec<String>, u32>);

impl Drawn {
    /// Services for a machine of `system` that no other decky has together, as long as there are such.
    pub(crate) fn services(&mut self, system: &str, random: &mut impl RngCore) -> Vec<String> {
        let mut best: Option<(u32, Vec<String>)> = None;
        for _ in 0..ATTEMPTS {
            let drawn = drawn_services(system, random);
            let count = self.0.get(&sorted(&drawn)).copied().unwrap_or_default();
            if best.as_ref().is_none_or(|(least, _)| count < *least) {
                best = Some((count, drawn));
            }
            if count == 0 {
                break;
            }
        }
        let services = best.map(|(_, services)| services).unwrap_or_default();
        *self.0.entry(sorted(&services)).or_default() += 1;
        services
    }
}

/// All kinds of machine in an order that is drawn: deckies take them in turn, each before one comes again. The same
/// seed and labels give the same order.
pub(crate) fn kinds(seed: Option<&str>, labels: &[&str]) -> Vec<&'static Archetype> {
    let mut random = subkey::generator(seed.unwrap_or("decnet").as_bytes(), labels);
    let mut left: Vec<&'static Archetype> = ARCHETYPES.iter().collect();
    let mut kinds = Vec::new();
    loop {
        let number = usize::try_from(random.next_u32()).unwrap_or_default();
        let Some(index) = number.checked_rem(left.len()) else { return kinds };
        kinds.push(left.swap_remove(index));
    }
}

pub(crate) fn sorted(services: &[String]) -> Vec<String> {
    let mut sorted = services.to_vec();
    sorted.sort_unstable();
    sorted
}

/// One to three services that `system` has and that do not claim the same port.
fn drawn_services(system: &str, random: &mut impl RngCore) -> Vec<String> {
    let count = 1 + random.next_u32() % 3;
    let runs = |service: &&ServiceInfo| coherence::fits(system, None, [service.slug.as_str()]);
    let known: Vec<_> = catalogue::services().iter().filter(runs).collect();
    let mut drawn: Vec<String> = Vec::new();
    for _ in 0..16 {
        if let Some(service) = at(&known, random.next_u32())
            && !drawn.contains(&service.slug)
        {
            drawn.push(service.slug.clone());
            if check_ports(&drawn).is_err() {
                drawn.pop();
            }
        }
        if usize::try_from(count).is_ok_and(|count| count <= drawn.len()) {
            break;
        }
    }
    drawn
}

pub(crate) fn at<T>(list: &[T], number: u32) -> Option<&T> {
    let index = usize::try_from(number).ok()?.checked_rem(list.len())?;
    list.get(index)
}
