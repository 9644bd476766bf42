//! The host INI with every setting in it, as comments: what `decnet init` writes and the documentation shows.

use super::{HOST_INI, Kind, Name};
use std::fmt::Write;

/// Columns of the explanations.
const WIDTH: usize = 100;

/// The file; `given` are settings that are not left as comments.
pub fn example(given: &[(Name, String)]) -> String {
    let mut text = format!(
        "; Settings of this host, {HOST_INI}. What is not set here has the value that stands behind the semicolon.\n\
         ; .env and .env.local beside this file, the environment and the command line go before it.\n\
         ; `decnet config show` says what holds and why, `decnet config check` finds mistakes.\n"
    );
    let mut sections: Vec<&str> = Vec::new();
    for name in Name::ALL {
        let section = name.knob().key.split_once('.').map_or("decnet", |(section, _)| section);
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    for section in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n[{section}]");
        for name in Name::ALL {
            let knob = name.knob();
            let Some((_, key)) = knob.key.split_once('.').filter(|(of, _)| *of == section) else { continue };
            wrapped(knob.about, &mut text);
            let value = given.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            let _ = match (value, knob.kind) {
                (Some(value), _) => writeln!(text, "{key} = {value}"),
                (None, Kind::Secret) => writeln!(text, ";{key} ="),
                (None, _) => writeln!(text, ";{key} = {}", knob.default),
            };
        }
    }
    text
}

/// Adds words as comments.
fn wrapped(words: &str, text: &mut String) {
    let mut line = String::from(";");
    for word in words.split_whitespace() {
        if WIDTH < line.len() + word.len() {
            text.push_str(&line);
            text.push('\n');
            line = String::from(";");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_every_setting_and_is_read_without_a_mistake() {
        let text = example(&[(Name::User, "decnet".to_owned())]);
        let known: Vec<_> = Name::ALL.iter().map(|name| (name.knob().key, name.knob().variable)).collect();
        let (values, errors) = decnet_plan::ini::host::values("x", text.as_bytes(), &known);
        assert_eq!(errors, []);
        let values: Vec<_> = values.iter().map(|value| (&*value.variable, &*value.value)).collect();
        assert_eq!(values, [("DECNET_USER", "decnet")]);
        // With the semicolons gone each setting has its default.
        let bare: String = text
            .lines()
            .map(|line| match line.strip_prefix(';') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let (values, errors) = decnet_plan::ini::host::values("x", bare.as_bytes(), &known);
        assert_eq!((values.len(), errors), (Name::ALL.len(), Vec::new()));
        for name in Name::ALL.iter().filter(|name| **name != Name::User) {
            let value = values.iter().find(|value| value.variable == name.knob().variable).unwrap();
            assert_eq!(value.value, name.knob().default, "{}", value.variable);
        }
    }
}
