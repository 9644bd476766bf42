//! A fleet as a deployment INI that reads as the same fleet.

use super::{
    custom,
    desired::{follows, is_service},
    key::{self, Scope},
    syntax::written,
};
use decnet_model::fleet::{Decky, Fleet};
use std::fmt::Write as _;

/// Why a fleet cannot be written down.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WriteError {
    /// The value has control characters.
    #[error("write {key} of [{section}]: control characters have no place in an INI file")]
    Value {
        /// Section.
        section: String,
        /// Key.
        key: String,
    },
    /// The section of that name is something else.
    #[error("write [{0}]: a decky of this name cannot stand in an INI file")]
    Name(String),
    /// Nothing would say what the decky is.
    #[error("write [{0}]: it has neither services nor an archetype")]
    Nothing(String),
}

/// Writes `fleet`, a section for each decky. What reads it knows the same services; which services an
/// archetype lacks is not written, because it follows from those.
///
/// # Errors
/// [`WriteError`] for what an INI file cannot hold; a fleet that was planned or read has nothing of it.
pub fn ini(fleet: &Fleet) -> Result<String, WriteError> {
    let mut text = Text::default();
    text.section("general");
    for key in key::of(Scope::General) {
        text.optional(key.name, key.write_general(fleet))?;
    }
    for custom in &fleet.custom {
        text.section(&format!("custom-{}", custom.name));
        for (key, value) in custom::written(custom) {
            text.entry(key, &value)?;
        }
    }
    for decky in fleet.deckies.values() {
        text.decky(fleet, decky)?;
    }
    Ok(text.lines)
}

/// The text so far.
#[derive(Default)]
struct Text {
    lines: String,
    section: String,
}

impl Text {
    fn section(&mut self, name: &str) {
        let gap = if self.lines.is_empty() { "" } else { "\n" };
        name.clone_into(&mut self.section);
        // Writing to a string does not fail.
        let _ = writeln!(self.lines, "{gap}[{name}]");
    }

    fn entry(&mut self, key: &str, value: &str) -> Result<(), WriteError> {
        let Some(value) = written(value) else {
            return Err(WriteError::Value { section: self.section.clone(), key: key.to_owned() });
        };
        let _ = writeln!(self.lines, "{key} = {value}");
        Ok(())
    }

    fn optional(&mut self, key: &str, value: Option<String>) -> Result<(), WriteError> {
        value.map_or(Ok(()), |value| self.entry(key, &value))
    }

    fn decky(&mut self, fleet: &Fleet, decky: &Decky) -> Result<(), WriteError> {
        let name = decky.name.as_str();
        let of_service = name.rsplit_once('.').is_some_and(|(_, slug)| is_service(slug));
        if name == "general" || name.starts_with("custom-") || of_service {
            return Err(WriteError::Name(name.to_owned()));
        }
        self.section(name);
        if decky.services.is_empty() && fleet.brought(decky).next().is_none() && !follows(decky) {
            return Err(WriteError::Nothing(name.to_owned()));
        }
        for key in key::of(Scope::Decky) {
            self.optional(key.name, key.write_decky(fleet, decky))?;
        }
        for service in decky.services.iter().filter(|service| !service.settings.is_empty()) {
            self.section(&format!("{name}.{}", service.slug));
            for (key, value) in &service.settings {
                self.entry(key, value)?;
            }
        }
        Ok(())
    }
}
