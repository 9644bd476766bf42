//! What a deploy says of a fleet.

use crate::output;
use decnet_model::fleet::Fleet;
use decnet_plan::changes::Changes;
use serde::Serialize;

/// What `plan --json` prints.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    pub(super) fleet: &'a Fleet,
    pub(super) changes: &'a Changes,
    pub(super) notices: &'a [String],
}

/// Prints a fleet.
pub fn show(fleet: &Fleet, json: bool) {
    if json {
        return output::json(fleet);
    }
    let rows: Vec<_> = fleet.deckies.values().collect();
    output::table(&["DECKY", "ADDRESS", "SYSTEM", "SERVICES", "ABSENT"], &rows, |decky| {
        vec![
            decky.name.to_string(),
            decky.ip.to_string(),
            decky.system.clone(),
            decky
                .slugs()
                .into_iter()
                .chain(fleet.brought(decky).map(|own| own.name.clone()))
                .collect::<Vec<_>>()
                .join(" "),
            fleet.absent(decky).collect::<Vec<_>>().join(" "),
        ]
    });
}

/// Says what changes and what is odd.
pub(super) fn tell(changes: &Changes, notices: &[String]) {
    changes.lines().iter().for_each(|line| output::note(line));
    notices.iter().for_each(|line| output::note(&format!("note: {line}")));
}
