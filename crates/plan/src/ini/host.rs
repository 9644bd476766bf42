//! The host INI (`/etc/decnet/decnet.ini`): settings of this host, as the environment variables that
//! they stand for.
//!
//! `[decnet]` and the section of the mode (`[master]`, `[agent]`) take every setting by its variable:
//! `a-b` is `DECNET_A_B`. The other sections are those of the table of settings.

use super::syntax::{self, Entry, Errors, Section, SpecError, TEXT_LIMIT};
use decnet_model::nearest;
use std::collections::BTreeMap;

/// Modes of a host; the first is the default.
const MODES: [&str; 2] = ["master", "agent"];
/// The mode of a host that finds out by itself.
const AUTO: &str = "auto";

/// A setting that the file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostValue {
    /// Environment variable that it stands for.
    pub variable: String,
    /// Value.
    pub value: String,
    /// Line.
    pub line: usize,
}

/// Reads the settings of a host INI. `known` are the settings that exist: `section.key` and variable.
/// The section of the mode that this host does not have is checked and not used.
///
/// Beside the settings that can be read come all errors: syntax, sections and keys that do not exist,
/// a setting that is given twice.
pub fn values(file: &str, text: &[u8], known: &[(&str, &str)]) -> (Vec<HostValue>, Vec<SpecError>) {
    let mut errors = Errors::new(file);
    let sections = syntax::sections(text, TEXT_LIMIT, &mut errors);
    let mode = mode(&sections, &mut errors);
    let mut values = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for section in sections.iter().filter(|section| !section.name.is_empty()) {
        if !section_exists(&section.name, known) {
            let message = format!(
                "there is no section [{}]{}; there are: {}",
                section.name,
                nearest::hint(&section.name, names(known)),
                names(known).join(", ")
            );
            errors.add(section.line, message);
            continue;
        }
        let used = !MODES.contains(&section.name.as_str()) || section.name == mode;
        for entry in &section.entries {
            let Some(variable) = variable(&section.name, &entry.key, known) else {
                if !is_mode(section, entry) {
                    errors.add(entry.line, unknown(&section.name, &entry.given, known));
                }
                continue;
            };
            // What is the section's own means nothing to a host of the other mode.
            let own = known.iter().any(|(name, _)| name.split_once('.') == Some((&section.name, &entry.key)));
            if !used && !own {
                continue;
            }
            if let Some(first) = lines.insert(variable.to_owned(), entry.line) {
                errors.add(
                    entry.line,
                    format!("{variable} is given in line {first} already; remove one of the two"),
                );
            }
            values.push(HostValue {
                variable: variable.to_owned(),
                value: entry.value.clone(),
                line: entry.line,
            });
        }
    }
    (values, errors.sorted())
}

fn is_mode(section: &Section, entry: &Entry) -> bool {
    section.name == "decnet" && entry.key == "mode"
}

fn mode(sections: &[Section], errors: &mut Errors) -> &'static str {
    let decnet = sections.iter().find(|section| section.name == "decnet");
    let given = decnet.and_then(|section| section.entries.iter().find(|entry| entry.key == "mode"));
    let Some(entry) = given else { return MODES[0] };
    let found = MODES.iter().find(|mode| mode.eq_ignore_ascii_case(&entry.value)).copied();
    found.unwrap_or_else(|| {
        if !entry.value.eq_ignore_ascii_case(AUTO) {
            let known = MODES.join(", ");
            let message =
                format!("{}: {:?} is no mode; there are: {AUTO}, {known}", entry.given, entry.value);
            errors.add(entry.line, message);
        }
        MODES[0]
    })
}

/// Whether every setting can be given by its variable in the section.
fn takes_all(section: &str) -> bool {
    section == "decnet" || MODES.contains(&section)
}

fn section_exists(name: &str, known: &[(&str, &str)]) -> bool {
    takes_all(name)
        || known.iter().any(|(key, _)| key.split_once('.').is_some_and(|(section, _)| section == name))
}

fn variable<'a>(section: &str, key: &str, known: &[(&str, &'a str)]) -> Option<&'a str> {
    let full = format!("{section}.{key}");
    let by_variable = format!("DECNET_{}", key.to_ascii_uppercase().replace('-', "_"));
    let fits =
        |(name, variable): &&(&str, &str)| *name == full || (takes_all(section) && *variable == by_variable);
    known.iter().find(fits).map(|(_, variable)| *variable)
}

fn names<'a>(known: &[(&'a str, &str)]) -> Vec<&'a str> {
    let mut names = vec!["decnet", "master", "agent"];
    for (section, _) in known.iter().filter_map(|(key, _)| key.split_once('.')) {
        if !names.contains(&section) {
            names.push(section);
        }
    }
    names
}

fn unknown(section: &str, key: &str, known: &[(&str, &str)]) -> String {
    if takes_all(section) {
        return format!("[{section}] has no key {key:?}; `decnet config show` lists the settings");
    }
    let keys = known.iter().filter_map(|(name, _)| name.split_once('.'));
    let keys: Vec<_> = keys.filter(|(name, _)| *name == section).map(|(_, key)| key).collect();
    let near = nearest::hint(&syntax::key_of(key), keys.iter().copied());
    format!("[{section}] has no key {key:?}{near}; it has: {}", keys.join(", "))
}
