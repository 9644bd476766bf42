//! Reads the sections of a deployment INI by the table of keys.

use super::{
    desired::{Brought, Desired, Reading},
    general::{General, is_empty},
    key::{self, KEYS, Scope},
    options::Options,
    syntax::{Entry, Errors, Section},
};
use decnet_model::nearest;

/// Why a section names no interface.
const ONE_SEGMENT: &str = "a fleet stands on one segment; write it in [general], or give the deckies of another \
    interface a fleet and a --state-dir of their own";

/// Reads `[general]`, if there is one.
pub(super) fn general<'a>(
    section: Option<&'a Section>,
    options: &Options<'_>,
    errors: &mut Errors,
) -> General<'a> {
    let mut general = General::new();
    for entry in section.map(|section| section.entries.as_slice()).unwrap_or_default() {
        if is_empty(entry, errors) {
            continue;
        }
        match key::find(Scope::General, entry) {
            Some(key) => {
                general.note(key.name, entry);
                key.read_general(&mut general, entry, errors);
            }
            None => unknown("general", entry, Scope::General, "it has", errors),
        }
    }
    general.settle(options, section.map_or(1, |section| section.line), errors);
    general
}

/// Reads the section of a decky or a group.
pub(super) fn decky(
    section: &Section,
    options: &Options<'_>,
    brought: Brought<'_>,
    errors: &mut Errors,
) -> Desired {
    let mut reading = Reading::new(&section.name, section.line, options.faces);
    for entry in &section.entries {
        let key = key::find(Scope::Decky, entry);
        if let Some(key) = key {
            reading.note(key.name, entry);
        }
        match key {
            _ if is_empty(entry, errors) => {}
            Some(key) => key.read_decky(&mut reading, entry, errors),
            None => unknown(&section.name, entry, Scope::Decky, "a decky has", errors),
        }
    }
    let mut desired = reading.settle(brought, errors);
    only_one(&mut desired, errors);
    desired
}

fn unknown(section: &str, entry: &Entry, scope: Scope, has: &str, errors: &mut Errors) {
    let elsewhere = match scope {
        Scope::General => {
            key::find(Scope::Decky, entry).map(|_| "it is a decky's own; write it in a section")
        }
        Scope::Decky => key::find(Scope::General, entry).map(|key| match key.name {
            "interface" => ONE_SEGMENT,
            _ => "it holds for the whole fleet; write it in [general]",
        }),
    };
    if let Some(why) = elsewhere {
        return errors.add(entry.line, format!("[{section}] has no key {:?}: {why}", entry.given));
    }
    let near = nearest::hint(&entry.key.replace('-', "_"), key::of(scope).map(|key| key.name));
    let message = format!("[{section}] has no key {:?}{near}; {has}: {}", entry.given, key::names(scope));
    errors.add(entry.line, message);
}

/// What only one decky can have is none of a group's.
fn only_one(desired: &mut Desired, errors: &mut Errors) {
    if !desired.is_group {
        return;
    }
    for key in KEYS {
        if key.take_alone(desired) {
            let message = format!(
                "{}: {} deckies cannot share one; remove the line or give each a section",
                key.name, desired.amount
            );
            errors.add(desired.line_of(key.name), message);
        }
    }
}
