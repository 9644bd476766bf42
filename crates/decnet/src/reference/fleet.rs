//! What a fleet is made of.

use super::{cell, code, codes, table};
use decnet_model::archetype::{ARCHETYPES, DISTROS};
use decnet_plan::{
    ini::CUSTOM_KEYS,
    key::{Flag, KEYS, Settle},
};

pub(super) fn keys() -> String {
    let rows = KEYS.iter().map(|key| {
        let option = match key.flag {
            Flag::None => String::new(),
            Flag::Instead(name) | Flag::Before(name) => code(&format!("--{name}")),
        };
        let later = match key.settle {
            Settle::Nothing => "does not concern the machine",
            Settle::Drawn => "another machine takes its place",
            Settle::Follows(_) => "the machine changes",
        };
        vec![code(key.name), code(key.example), cell(key.help), option, later.to_owned()]
    });
    format!(
        "# Fleet file\n\nAn INI file: `[general]` speaks of the fleet, each other section of one decky or, with \
         `amount`, of a group. `decnet plan --config FILE` says what it comes to and names mistakes by line.\n\n{}",
        table(&["Key", "For example", "What it says", "Option of `deploy`", "When it changes"], rows)
    ) + &custom()
}

/// Keys of a section that brings a service along.
fn custom() -> String {
    let rows = CUSTOM_KEYS.iter().map(|key| vec![code(key.name), code(key.example), cell(key.help)]);
    format!(
        "\n## Services of your own\n\n`[custom-NAME]` brings a service along, which deckies name in `services`; the \
         runtime docker serves it. See [Containers](../docker.md).\n\n{}",
        table(&["Key", "For example", "What it says"], rows)
    )
}

pub(super) fn machines() -> String {
    let archetypes = ARCHETYPES.iter().map(|archetype| {
        vec![code(archetype.slug), cell(archetype.about), codes(archetype.services), codes(archetype.systems)]
    });
    let distros =
        DISTROS.iter().map(|distro| vec![code(distro.slug), cell(distro.name), code(distro.system)]);
    format!(
        "# Machines\n\n## Archetypes\n\n{}\n## Distributions\n\n{}",
        table(&["Archetype", "What it is", "Services", "Systems"], archetypes),
        table(&["Distribution", "Name", "System"], distros)
    )
}
