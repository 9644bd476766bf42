//! Rules and what they cover as operators see them.

use super::{attack::technique, coverage::Covered, rules::Rules};
use decnet_shape::{TechniqueCoverage, TechniqueRule};
use std::collections::{BTreeMap, BTreeSet};

/// Every rule.
pub fn rules(rules: &Rules) -> Vec<TechniqueRule> {
    let one = |rule: &super::Rule| {
        let known = technique(&rule.technique)?;
        let kinds: BTreeSet<&String> = rule.when.iter().flat_map(|when| &when.kind).collect();
        let any = rule.when.iter().any(|when| when.service.is_empty());
        let services: BTreeSet<&String> = rule.when.iter().flat_map(|when| &when.service).collect();
        Some(TechniqueRule {
            id: rule.id.clone(),
            technique: rule.technique.clone(),
            name: known.name.to_owned(),
            tactic: known.tactic.to_owned(),
            matrix: known.matrix.domain().to_owned(),
            title: rule.title.clone(),
            confidence: rule.confidence.name().to_owned(),
            count: rule.count,
            kinds: kinds.into_iter().cloned().collect(),
            services: if any { Vec::new() } else { services.into_iter().cloned().collect() },
        })
    };
    rules.all().iter().filter_map(one).collect()
}

/// What is covered, with the number of addresses that showed each technique.
pub fn coverage(covered: &[Covered], seen: &BTreeMap<String, u64>) -> Vec<TechniqueCoverage> {
    let one = |covered: &Covered| TechniqueCoverage {
        id: covered.technique.id.to_owned(),
        name: covered.technique.name.to_owned(),
        tactic: covered.technique.tactic.to_owned(),
        matrix: covered.technique.matrix.domain().to_owned(),
        rules: covered.rules.clone(),
        services: covered.services.iter().cloned().collect(),
        attackers: seen.get(covered.technique.id).copied().unwrap_or_default(),
    };
    covered.iter().map(one).collect()
}
