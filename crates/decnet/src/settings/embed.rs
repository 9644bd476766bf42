//! Workers that live in the process of the interface: a list, and a variable for each.

use super::{BadSetting, Layer, Name, Value, flag};
use decnet_model::worker::{Process, Worker};
use std::collections::BTreeMap;

/// Workers by name, comma-separated: those that have no more rights than the interface.
pub(super) fn workers(text: &str) -> Result<Vec<Worker>, String> {
    let mut found: Vec<Worker> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let worker: Worker = name.parse().map_err(|bad| format!("{bad}"))?;
        if worker.spec().process != Process::House {
            return Err(format!("{name} cannot live in the process of the interface: it has other rights"));
        }
        if !found.contains(&worker) {
            found.push(worker);
        }
    }
    Ok(found)
}

/// Prefix of the variables that name one worker each.
const EMBED: &str = "DECNET_EMBED_";

/// The variable that has a worker live in the process of the interface.
pub(super) fn variable(worker: Worker) -> String {
    format!("{EMBED}{}", worker.name().to_ascii_uppercase().replace('-', "_"))
}

/// Adds the workers that have a variable of their own to those of the list.
pub(super) fn named(values: &mut BTreeMap<Name, Value>, layers: &[Layer], bad: &mut Vec<BadSetting>) {
    for &worker in Worker::ALL {
        let variable = variable(worker);
        let given = layers.iter().rev().flatten().find(|(name, ..)| *name == variable);
        let Some((_, text, origin)) = given else { continue };
        let wrong = |message| BadSetting { origin: origin.to_string(), key: variable.clone(), message };
        match flag(text) {
            None => bad.push(wrong(format!("{text:?} is not yes or no"))),
            Some(false) => {}
            Some(true) => match workers(worker.name()) {
                Err(message) => bad.push(wrong(message)),
                Ok(_) => {
                    let Some(value) = values.get_mut(&Name::Embed) else { continue };
                    let comma = if value.text.is_empty() { "" } else { "," };
                    value.text.push_str(&format!("{comma}{}", worker.name()));
                    value.origin = origin.clone();
                }
            },
        }
    }
}
