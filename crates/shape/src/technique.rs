//! Techniques of ATT&CK: what was seen, by which rules, and what would be.

use crate::{condition::moment, shown};
use decnet_model::{
    flaw::Flaw,
    record::{self, TechniqueFilter, TechniqueSeen},
};
use netsvc_wire::stamp::{self, Micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A rule by which a technique is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TechniqueRule {
    /// Its name.
    pub id: String,
    /// Id of the technique.
    pub technique: String,
    /// Name of the technique.
    pub name: String,
    /// The tactic that it is shown under.
    pub tactic: String,
    /// `enterprise-attack` or `ics-attack`.
    pub matrix: String,
    /// What it sees.
    pub title: String,
    /// How sure it is: `low`, `medium` or `high`.
    pub confidence: String,
    /// How often one address has to do it to one decky before it means anything.
    pub count: u64,
    /// Kinds of events that it looks at.
    pub kinds: Vec<String>,
    /// Services that it looks at; none: all.
    pub services: Vec<String>,
}

/// What one rule saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TechniqueBy {
    /// The rule.
    pub rule: String,
    /// What it sees; empty for a rule that there is no more.
    pub title: String,
    /// How sure it is; empty for a rule that there is no more.
    pub confidence: String,
    /// How many addresses.
    pub attackers: u64,
    /// On how many deckies.
    pub deckies: u64,
    /// How many events.
    pub events: u64,
    /// When last, RFC 3339.
    pub last_seen: String,
}

/// A technique that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Technique {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The tactic that it is shown under.
    pub tactic: String,
    /// `enterprise-attack` or `ics-attack`.
    pub matrix: String,
    /// How many addresses showed it.
    pub attackers: u64,
    /// How many events did.
    pub events: u64,
    /// When first, RFC 3339.
    pub first_seen: String,
    /// When last, RFC 3339.
    pub last_seen: String,
    /// By which rules.
    pub rules: Vec<TechniqueBy>,
}

impl Technique {
    /// The techniques in `seen`, by id, with the number of addresses that showed each.
    pub fn list(
        seen: &[TechniqueSeen],
        attackers: &[(String, u64)],
        rules: &[TechniqueRule],
    ) -> Vec<Technique> {
        let mut found: BTreeMap<&str, (Micros, Micros, Technique)> = BTreeMap::new();
        for row in seen {
            let rule = rules.iter().find(|rule| rule.id == row.rule);
            let known = rules.iter().find(|rule| rule.technique == row.technique);
            let of = |text: fn(&TechniqueRule) -> &String| known.map(text).cloned().unwrap_or_default();
            let (first, last, technique) = found.entry(&row.technique).or_insert_with(|| {
                let technique = Technique {
                    id: row.technique.clone(),
                    name: of(|rule| &rule.name),
                    tactic: of(|rule| &rule.tactic),
                    matrix: of(|rule| &rule.matrix),
                    attackers: 0,
                    events: 0,
                    first_seen: String::new(),
                    last_seen: String::new(),
                    rules: Vec::new(),
                };
                (row.first_seen, row.last_seen, technique)
            });
            (*first, *last) = ((*first).min(row.first_seen), (*last).max(row.last_seen));
            technique.events = technique.events.saturating_add(row.events);
            technique.rules.push(TechniqueBy {
                rule: row.rule.clone(),
                title: rule.map(|rule| rule.title.clone()).unwrap_or_default(),
                confidence: rule.map(|rule| rule.confidence.clone()).unwrap_or_default(),
                attackers: row.attackers,
                deckies: row.nodes,
                events: row.events,
                last_seen: stamp::format(row.last_seen),
            });
        }
        let whole = |(first, last, technique): (Micros, Micros, Technique)| {
            let attackers =
                attackers.iter().find(|(id, _)| *id == technique.id).map_or(0, |(_, count)| *count);
            let (first_seen, last_seen) = (stamp::format(first), stamp::format(last));
            Technique { attackers, first_seen, last_seen, ..technique }
        };
        found.into_values().map(whole).collect()
    }
}

/// Who was seen at a technique, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TechniqueHit {
    /// The rule that saw it.
    pub rule: String,
    /// The technique.
    pub technique: String,
    /// Whose deeds.
    pub src_ip: String,
    /// On which decky.
    pub decky: String,
    /// At which service last.
    pub service: String,
    /// How many events.
    pub events: u64,
    /// The first of them.
    pub first_event: i64,
    /// The last of them.
    pub last_event: i64,
    /// When first, RFC 3339.
    pub first_seen: String,
    /// When last, RFC 3339.
    pub last_seen: String,
}

impl From<&record::TechniqueHit> for TechniqueHit {
    fn from(row: &record::TechniqueHit) -> Self {
        TechniqueHit {
            rule: row.rule.clone(),
            technique: row.technique.clone(),
            src_ip: row.src_ip.to_string(),
            decky: shown(&row.node),
            service: shown(&row.service),
            events: row.events,
            first_event: row.first_event,
            last_event: row.last_event,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// A technique that a rule is about, and what of the fleet would notice it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TechniqueCoverage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The tactic that it is shown under.
    pub tactic: String,
    /// `enterprise-attack` or `ics-attack`.
    pub matrix: String,
    /// Rules that look for it.
    pub rules: Vec<String>,
    /// Services of the fleet at which it would be noticed; none: nobody would notice it.
    pub services: Vec<String>,
    /// How many addresses have shown it.
    pub attackers: u64,
}

/// Which techniques are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TechniqueQuery {
    /// Only what this address showed.
    pub src_ip: Option<String>,
    /// Only what was shown on this decky.
    pub decky: Option<String>,
    /// Only what was seen at or after this time: RFC 3339, a date, or a span such as 30m, 12h, 7d.
    pub since: Option<String>,
}

impl TechniqueQuery {
    /// The filter that is meant.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn filter(&self, now: Micros) -> Result<TechniqueFilter, Vec<Flaw>> {
        let mut flaws: Vec<Flaw> = Vec::new();
        let src_ip = self.src_ip.as_ref().and_then(|text| {
            let read = text.parse();
            if read.is_err() {
                flaws.push(("src_ip", format!("{text:?} is no address")));
            }
            read.ok()
        });
        let since = self.since.as_ref().and_then(|text| match moment(text, now) {
            Ok(at) => Some(at),
            Err(why) => {
                flaws.push(("since", why));
                None
            }
        });
        if flaws.is_empty() {
            Ok(TechniqueFilter { technique: None, src_ip, node: self.decky.clone(), since })
        } else {
            Err(flaws)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_one_technique_are_one_technique() {
        let seen = |rule: &str, technique: &str, at| TechniqueSeen {
            rule: rule.to_owned(),
            technique: technique.to_owned(),
            attackers: 2,
            nodes: 1,
            events: 3,
            first_seen: at,
            last_seen: at + 5,
        };
        let rule = TechniqueRule {
            id: "a".into(),
            technique: "T1".into(),
            name: "One".into(),
            tactic: "impact".into(),
            matrix: "enterprise-attack".into(),
            title: "Sees a".into(),
            confidence: "low".into(),
            count: 1,
            kinds: vec!["command".into()],
            services: Vec::new(),
        };
        let rows = [seen("a", "T1", 10), seen("gone", "T1", 0), seen("old", "T9", 0)];
        let list = Technique::list(&rows, &[("T1".to_owned(), 3)], &[rule]);
        let told: Vec<_> =
            list.iter().map(|one| (one.id.as_str(), one.name.as_str(), one.attackers, one.events)).collect();
        assert_eq!(told, [("T1", "One", 3, 6), ("T9", "", 0, 3)]);
        assert_eq!((list[0].rules[0].title.as_str(), list[0].rules[1].title.as_str()), ("Sees a", ""));
        assert_eq!(list[0].first_seen, stamp::format(0));
    }

    #[test]
    fn what_is_wrong_with_a_question_is_told() {
        let query =
            TechniqueQuery { src_ip: Some("x".into()), decky: None, since: Some("yesterweek".into()) };
        let flaws = query.filter(0).unwrap_err();
        assert_eq!(flaws.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["src_ip", "since"]);
    }
}
