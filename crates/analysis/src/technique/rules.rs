//! Rules made ready: which of them see an event.

use super::{
    check,
    document::{self, BadRule, Rule, When},
    library::LIBRARY,
};
use crate::touch::Touch;
use decnet_model::record::{EventRow, TechniqueHit};
use netsvc_wire::escape::printable;
use regex::{RegexSet, RegexSetBuilder};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// Bytes of a field that patterns are looked for in.
const LOOKED_AT: usize = 4096;
/// Most memory of the patterns of one field, in bytes.
const MEMORY: usize = 32 << 20;

/// Every rule, ready to be asked; none by default.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Patterns by the field that they are looked for in.
    patterns: BTreeMap<String, RegexSet>,
    /// What rules look for, by the kind of event.
    kinds: BTreeMap<String, Vec<Looked>>,
    /// What they were made of.
    version: String,
}

/// One `when` of a rule.
#[derive(Debug)]
struct Looked {
    rule: usize,
    services: Vec<String>,
    /// Field and number of its pattern, and whether it has to be there.
    fields: Vec<(String, usize, bool)>,
}

impl Rules {
    /// The rules of this release, and those in `more`: names of files and what is in them.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(more: &[(String, String)]) -> Result<Rules, Vec<BadRule>> {
        let own = LIBRARY.iter().map(|(file, text)| (*file, *text));
        let files: Vec<(&str, &str)> =
            own.chain(more.iter().map(|(file, text)| (file.as_str(), text.as_str()))).collect();
        let mut rules: Vec<(String, Rule)> = Vec::new();
        let mut bad = Vec::new();
        for (file, text) in &files {
            match document::read(file, text) {
                Ok(read) => rules.extend(read.into_iter().map(|rule| ((*file).to_owned(), rule))),
                Err(error) => bad.push(error),
            }
        }
        bad.extend(check::written(&rules));
        if !bad.is_empty() {
            return Err(bad);
        }
        let mut digest = Sha256::new();
        files.iter().for_each(|(_, text)| digest.update(text.as_bytes()));
        let version = hex::encode(digest.finalize());
        let files: Vec<String> = rules.iter().map(|(file, _)| file.clone()).collect();
        let ready = Rules::ready(rules.into_iter().map(|(_, rule)| rule).collect(), version)
            .map_err(|(rule, what)| vec![BadRule { file: String::new(), rule, what }])?;
        let wrong =
            check::examples(&ready.rules, &files, |kind, service, fields| ready.seen(kind, service, fields));
        if wrong.is_empty() { Ok(ready) } else { Err(wrong) }
    }

    fn ready(rules: Vec<Rule>, version: String) -> Result<Rules, (Option<String>, String)> {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut kinds: BTreeMap<String, Vec<Looked>> = BTreeMap::new();
        for (number, rule) in rules.iter().enumerate() {
            for when in &rule.when {
                for kind in &when.kind {
                    let fields = looked(when, &mut texts);
                    let looked = Looked { rule: number, services: when.service.clone(), fields };
                    kinds.entry(kind.clone()).or_default().push(looked);
                }
            }
        }
        let mut patterns = BTreeMap::new();
        for (field, texts) in texts {
            let mut set = RegexSetBuilder::new(&texts);
            set.case_insensitive(true).size_limit(MEMORY).dfa_size_limit(MEMORY);
            let set = set.build().map_err(|error| (None, format!("patterns of {field}: {error}")))?;
            patterns.insert(field, set);
        }
        Ok(Rules { rules, patterns, kinds, version })
    }

    /// Every rule.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// What they were made of: another text where anything of them is another.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Kinds of events that the rule `number` looks at, with the services that they must be of; none: any.
    pub(super) fn looks_at(&self, number: usize) -> impl Iterator<Item = (&str, &[String])> {
        self.kinds.iter().flat_map(move |(kind, all)| {
            all.iter()
                .filter(move |looked| looked.rule == number)
                .map(move |looked| (kind.as_str(), looked.services.as_slice()))
        })
    }

    /// Numbers of the rules that see an event of this kind and service with these fields.
    pub(super) fn seen(&self, kind: &str, service: &str, fields: &[(String, Vec<u8>)]) -> BTreeSet<usize> {
        let Some(looked) = self.kinds.get(kind) else { return BTreeSet::new() };
        let mut found: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (name, value) in fields {
            let Some(set) = self.patterns.get(name.as_str()) else { continue };
            let text = printable(value.get(..LOOKED_AT).unwrap_or(value));
            found.entry(name.as_str()).or_default().extend(set.matches(text.as_str()).iter());
        }
        let has = |name: &String, pattern: &usize| {
            found.get(name.as_str()).is_some_and(|patterns| patterns.contains(pattern))
        };
        let fits = |looked: &&Looked| {
            (looked.services.is_empty() || looked.services.iter().any(|slug| slug == service))
                && looked.fields.iter().all(|(name, pattern, there)| has(name, pattern) == *there)
        };
        looked.iter().filter(fits).map(|looked| looked.rule).collect()
    }

    /// What `rows`, in the order of their ids, show. Probes of our own show nothing.
    pub fn hits(&self, rows: &[EventRow]) -> Vec<TechniqueHit> {
        let mut hits: BTreeMap<(usize, IpAddr, &str), TechniqueHit> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.probe) {
            let Some(touch) = Touch::of_row(row) else { continue };
            for number in self.seen(touch.kind, &row.service, &row.fields) {
                let Some(rule) = self.rules.get(number) else { continue };
                let hit = hits
                    .entry((number, touch.src_ip, row.node.as_str()))
                    .or_insert_with(|| begun(rule, row, &touch));
                hit.events = hit.events.saturating_add(touch.count);
                hit.last_event = row.id;
                hit.first_seen = hit.first_seen.min(touch.at);
                hit.last_seen = hit.last_seen.max(touch.at);
                hit.service.clone_from(&row.service);
            }
        }
        hits.into_values().collect()
    }
}

fn begun(rule: &Rule, row: &EventRow, touch: &Touch<'_>) -> TechniqueHit {
    TechniqueHit {
        rule: rule.id.clone(),
        technique: rule.technique.clone(),
        src_ip: touch.src_ip,
        node: row.node.clone(),
        service: row.service.clone(),
        needs: rule.count,
        events: 0,
        first_event: row.id,
        last_event: row.id,
        first_seen: touch.at,
        last_seen: touch.at,
    }
}

/// The fields that `when` looks at; its patterns are put with the others of their field.
fn looked(when: &When, texts: &mut BTreeMap<String, Vec<String>>) -> Vec<(String, usize, bool)> {
    let there = when.fields.iter().map(|(field, text)| (field, text, true));
    let absent = when.not.iter().map(|(field, text)| (field, text, false));
    let mut looked = Vec::new();
    for (field, text, wanted) in there.chain(absent) {
        let known = texts.entry(field.clone()).or_default();
        let number = known.iter().position(|other| other == text).unwrap_or_else(|| {
            known.push(text.clone());
            known.len() - 1
        });
        looked.push((field.clone(), number, wanted));
    }
    looked
}

#[cfg(test)]
mod tests;
