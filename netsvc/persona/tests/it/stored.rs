//! Personas that an earlier release stored.

use netsvc_persona::{PERSONA_VERSION, Persona};

/// A persona as the first release stored it. This file never changes: other versions get other files.
const FIRST: &str = include_str!("persona-1.json");

#[test]
fn a_persona_of_version_1_loads_and_is_written_as_it_was_for_ever() {
    let persona: Persona = serde_json::from_str(FIRST).unwrap();
    assert_eq!((persona.persona_version, PERSONA_VERSION), (1, 1));
    assert_eq!(serde_json::to_string(&persona).unwrap(), FIRST);
}

#[test]
fn a_field_that_a_later_release_adds_is_no_error() {
    let text = FIRST.replacen('{', "{\"added_later\":7,", 1);
    assert!(serde_json::from_str::<Persona>(&text).is_ok());
}
