//! The table of keys is what the reader takes and the writer gives.

use crate::ini_errors::OPTIONS;
use decnet_plan::{
    ini::{deploy, write},
    key::{self, Scope},
};

/// A file that says `line` where `scope` wants it.
fn file(scope: Scope, name: &str, value: &str) -> String {
    let mut general = String::new();
    for (base, usual) in [("runtime", "native"), ("net", "192.0.2.0/24"), ("gw", "192.0.2.1")] {
        if scope != Scope::General || base != name {
            general.push_str(&format!("{base} = {usual}\n"));
        }
    }
    if scope == Scope::General {
        general.push_str(&format!("{name} = {value}\n"));
    }
    let own = if scope == Scope::Decky { format!("{name} = {value}\n") } else { String::new() };
    let services = if matches!(name, "services" | "archetype") { "" } else { "services = http\n" };
    format!("[general]\n{general}[a]\n{services}{own}")
}

#[test]
fn every_key_is_read_and_written_where_the_table_says() {
    for scope in [Scope::General, Scope::Decky] {
        for key in key::of(scope) {
            let text = file(scope, key.name, key.example);
            let refused = |errors: &[decnet_plan::ini::SpecError]| {
                errors.iter().any(|error| error.to_string().contains("has no key"))
            };
            match deploy::fleet("f", text.as_bytes(), &OPTIONS) {
                Ok(fleet) => {
                    let back = write::ini(&fleet).unwrap();
                    let there = back.lines().any(|line| line.starts_with(&format!("{} = ", key.name)));
                    assert_eq!(there, key.is_written(), "{text}\n{back}");
                }
                // A face is looked up in a database that the test has not.
                Err(errors) => {
                    assert!(key.name == "face" && !refused(&errors), "{text}: {errors:?}");
                }
            }
            assert!(!key.help.is_empty());
        }
    }
}

#[test]
fn a_key_stands_in_the_other_section_only_when_the_table_says_so() {
    for key in key::KEYS {
        for scope in [Scope::General, Scope::Decky].into_iter().filter(|scope| !key.stands_in(*scope)) {
            let errors = deploy::fleet("f", file(scope, key.name, key.example).as_bytes(), &OPTIONS);
            let errors = errors.err().unwrap_or_default();
            assert!(errors.iter().any(|error| error.to_string().contains("has no key")), "{}", key.name);
        }
    }
}
