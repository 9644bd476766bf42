//! What is wrong with rules: with how they are written, and with what they see.

use super::{
    attack::techniques,
    document::{BadRule, Example, Rule},
};
use decnet_model::{catalogue, nearest};
use netsvc_wire::{Kind, field};
use regex::RegexBuilder;
use std::collections::BTreeSet;

/// Most memory of one pattern, in bytes.
const MEMORY: usize = 1 << 20;
/// Longest name of a rule.
const NAME: usize = 64;

/// Mistakes in how rules are written.
pub(super) fn written(rules: &[(String, Rule)]) -> Vec<BadRule> {
    let mut bad = Vec::new();
    let mut names = BTreeSet::new();
    for (file, rule) in rules {
        let mut tell = |what: String| {
            bad.push(BadRule { file: file.clone(), rule: Some(rule.id.clone()), what });
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if rule.id.is_empty() || NAME < rule.id.len() || !rule.id.bytes().all(plain) {
            tell(format!("a name has 1 to {NAME} small letters, digits and -"));
        }
        if !names.insert(&rule.id) {
            tell("another rule has this name".to_owned());
        }
        let ids = || techniques().iter().map(|technique| technique.id);
        if !ids().any(|id| id == rule.technique) {
            let hint = nearest::hint(&rule.technique, ids());
            tell(format!("{:?} is no technique that is known here{hint}", rule.technique));
        }
        if rule.count == 0 {
            tell("count begins at 1".to_owned());
        }
        if rule.when.is_empty() || rule.fires.is_empty() || rule.silent.is_empty() {
            tell(
                "it needs a when, an example that it sees (fires) and one that it does not (silent)"
                    .to_owned(),
            );
        }
        let kinds = rule.when.iter().flat_map(|when| &when.kind);
        for kind in kinds.filter(|kind| Kind::from_name(kind).is_none()) {
            let hint = nearest::hint(kind, Kind::ALL.iter().map(|kind| kind.name()));
            tell(format!("{kind:?} is no kind of event{hint}"));
        }
        let services = rule.when.iter().flat_map(|when| &when.service);
        for slug in services.filter(|slug| !is_service(slug)) {
            let hint = nearest::hint(slug, catalogue::services().iter().map(|service| service.slug.as_str()));
            tell(format!("no service is called {slug:?}{hint}"));
        }
        for (name, pattern) in rule.when.iter().flat_map(|when| when.fields.iter().chain(&when.not)) {
            if field::find(name).is_none() {
                let hint = nearest::hint(name, field::ALL.iter().map(|field| field.name));
                tell(format!("no event has a field {name:?}{hint}"));
            }
            let read = RegexBuilder::new(pattern).case_insensitive(true).size_limit(MEMORY).build();
            if let Err(error) = read {
                let why = error.to_string();
                tell(format!("{name}: {}", why.lines().last().unwrap_or_default().trim()));
            }
        }
    }
    bad
}

/// A service of the catalogue, or the gate, which speaks for the node.
fn is_service(slug: &str) -> bool {
    slug == "gate" || catalogue::find(slug).is_some()
}

/// Examples that are seen and should not be, and those that are not and should; `seen` says which rules see an event.
pub(super) fn examples(
    rules: &[Rule],
    files: &[String],
    seen: impl Fn(&str, &str, &[(String, Vec<u8>)]) -> BTreeSet<usize>,
) -> Vec<BadRule> {
    let mut bad = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        let both = rule.fires.iter().map(|one| (one, true)).chain(rule.silent.iter().map(|one| (one, false)));
        for (example, wanted) in both {
            let (kind, service, fields) = event(example);
            if seen(&kind, &service, &fields).contains(&number) != wanted {
                let what = if wanted { "does not see" } else { "sees" };
                let what = format!("{what} its example {}", shown(example));
                let file = files.get(number).cloned().unwrap_or_default();
                bad.push(BadRule { file, rule: Some(rule.id.clone()), what });
            }
        }
    }
    bad
}

fn event(example: &Example) -> (String, String, Vec<(String, Vec<u8>)>) {
    let of = |name: &str| example.get(name).cloned().unwrap_or_default();
    let fields = example.iter().filter(|(name, _)| !matches!(name.as_str(), "kind" | "service"));
    let fields = fields.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    (of("kind"), of("service"), fields)
}

fn shown(example: &Example) -> String {
    example.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(" ")
}
