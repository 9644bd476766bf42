//! How much each part of the program says.

use std::{collections::BTreeMap, fmt, str::FromStr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Parts of the program that are not called as their crate is, and the modules that they are; the longest match
/// counts. A crate `decnet_x` that does not stand here is the part `x`.
pub(crate) const PARTS: &[(&str, &[&str])] = &[
    ("keeper", &["decnet_pipeline::runtime", "decnet_pipeline::disk", "decnet::house", "decnet::workers"]),
    ("collector", &["decnet_pipeline::collector", "decnet_pipeline::eventlog"]),
    ("ingester", &["decnet_pipeline::ingester"]),
    ("correlator", &["decnet_pipeline::correlator", "decnet_pipeline::projection", "decnet_pipeline::rules"]),
    ("api", &["decnet_web", "decnet::api"]),
    ("netd", &["decnet_engine::native"]),
    ("mutator", &["decnet_fleet::mutator"]),
    ("emailgen", &["decnet_people"]),
    ("orchestrator", &["decnet_life"]),
    ("alerter", &["decnet_alert"]),
    ("enricher", &["decnet_enrich", "decnet_outward"]),
    ("operator", &["decnet::operator"]),
    ("bus", &["decnet_bus"]),
    ("fleet", &["decnet_fleet"]),
    ("store", &["decnet_store"]),
    ("engine", &["decnet_engine"]),
    ("analysis", &["decnet_analysis"]),
    ("pipeline", &["decnet_pipeline"]),
];

/// The usual level, and those of single parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    all: LevelFilter,
    parts: BTreeMap<&'static str, LevelFilter>,
}

/// A text does not say how much is to be said.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadLevels {
    /// There is no such level.
    #[error("{0:?} is no level: off, error, warn, info, debug, trace")]
    Level(String),
    /// There is no such part.
    #[error("{0:?} is no part of the program; there are: {1}")]
    Part(String, String),
}

impl Default for Levels {
    fn default() -> Self {
        Levels { all: LevelFilter::INFO, parts: BTreeMap::new() }
    }
}

impl Levels {
    /// Errors only.
    pub(crate) fn quiet() -> Self {
        Levels { all: LevelFilter::ERROR, ..Levels::default() }
    }

    /// Our own parts at their levels; of libraries only what went wrong.
    pub(crate) fn targets(&self) -> Targets {
        let libraries =
            Targets::new().with_default(LevelFilter::WARN).with_target("sqlx", LevelFilter::ERROR);
        let ours = libraries.with_target("decnet", self.all);
        let of_part = |(part, level): (&&str, &LevelFilter)| {
            let modules = PARTS.iter().find(|(name, _)| name == part).map_or(&[][..], |(_, modules)| modules);
            modules.iter().map(|module| (*module, *level)).collect::<Vec<_>>()
        };
        ours.with_targets(self.parts.iter().flat_map(of_part))
    }
}

impl FromStr for Levels {
    type Err = BadLevels;
    fn from_str(text: &str) -> Result<Self, BadLevels> {
        let mut levels = Levels::default();
        for word in text.split(',').map(str::trim) {
            match word.split_once('=') {
                None => levels.all = level(word)?,
                Some((name, wanted)) => {
                    let name = name.trim();
                    let name = name.strip_prefix("decnet.").unwrap_or(name);
                    let part = PARTS.iter().find(|(part, _)| *part == name);
                    let names = || PARTS.iter().map(|(part, _)| *part).collect::<Vec<_>>().join(", ");
                    let (part, _) = part.ok_or_else(|| BadLevels::Part(name.to_owned(), names()))?;
                    levels.parts.insert(part, level(wanted.trim())?);
                }
            }
        }
        Ok(levels)
    }
}

fn level(text: &str) -> Result<LevelFilter, BadLevels> {
    // Numbers are levels to `tracing`; to people they are not.
    let word = text.chars().all(|c| c.is_ascii_alphabetic()).then(|| text.parse().ok()).flatten();
    word.ok_or_else(|| BadLevels::Level(text.to_owned()))
}

impl fmt::Display for Levels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.all)?;
        self.parts.iter().try_for_each(|(part, level)| write!(formatter, ",{part}={level}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn each_part_says_as_much_as_it_is_told_to() {
        let levels: Levels = "warn, collector=debug,decnet.fleet=off,mutator=info".parse().unwrap();
        assert_eq!(levels.to_string(), "warn,collector=debug,fleet=off,mutator=info");
        let targets = levels.targets();
        for (target, level, said) in [
            ("decnet_pipeline::collector::body", Level::DEBUG, true),
            ("decnet_pipeline::eventlog::writer", Level::DEBUG, true),
            ("decnet_pipeline::ingester", Level::INFO, false),
            ("decnet_web::serve", Level::WARN, true),
            ("decnet_fleet::worker", Level::ERROR, false),
            ("decnet_fleet::mutator", Level::INFO, true),
            ("decnet_alert::worker", Level::INFO, false),
            ("hyper::proto", Level::INFO, false),
            ("hyper::proto", Level::WARN, true),
        ] {
            assert_eq!(targets.would_enable(target, &level), said, "{target} {level}");
        }
        assert!(
            "info".parse::<Levels>().unwrap().targets().would_enable("decnet_alert::worker", &Level::INFO)
        );
    }

    #[test]
    fn what_is_no_level_and_no_part_is_told() {
        for (text, told) in [("loud", "no level"), ("3", "no level"), ("info,x=debug", "there are: keeper, ")]
        {
            let bad = text.parse::<Levels>().unwrap_err().to_string();
            assert!(bad.contains(told), "{text}: {bad}");
        }
    }
}
