//! What a request asks of a collection.

use crate::Problem;
use netsvc_wire::stamp::{self, Micros};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Most objects of an answer, and as many where nobody says how many.
const MOST: usize = 1000;
/// Longest list of a condition.
const LONGEST: usize = 100;

/// Where an object stands in a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The address or file before its own, by time and event.
    pub(crate) after: (Micros, i64),
    /// The event of its own; 0: of what all refer to.
    pub(crate) of: i64,
    /// How many of the objects of its own stand before it.
    pub(crate) told: usize,
}

impl Place {
    const START: (Micros, i64) = (i64::MIN, i64::MIN);

    /// Behind an address or file.
    pub(crate) fn behind(after: (Micros, i64)) -> Self {
        // No event has this number, so nothing of what comes is left out.
        Place { after, of: -1, told: 0 }
    }

    /// Whether what all refer to comes from here on.
    pub(crate) fn is_start(self) -> bool {
        self.of == 0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { after, of, told } = self;
        write!(formatter, "{}.{}.{of}.{told}", after.0, after.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.').map(|part| part.parse::<i64>().map_err(|_| ()));
        let mut next = || parts.next().unwrap_or(Err(()));
        let (after, of, told) = ((next()?, next()?), next()?, next()?);
        if parts.next().is_some() {
            return Err(());
        }
        Ok(Place { after, of, told: usize::try_from(told).map_err(|_| ())? })
    }
}

/// What a request asks for: where it begins, how much, and of what (§3.4, §3.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) limit: usize,
    added_after: Option<Micros>,
    next: Option<Place>,
    ids: Vec<String>,
    types: Vec<String>,
    versions: Vec<String>,
    specs: Vec<String>,
}

impl Asked {
    /// What a query says; what it says beyond TAXII is nobody's business.
    pub(crate) fn read(query: &[(String, String)]) -> Result<Self, Problem> {
        let mut asked = Asked { limit: MOST, ..Asked::default() };
        for (name, value) in query {
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| 0 < *limit);
                    asked.limit = limit.ok_or_else(|| Problem::field(name, "a number from 1 on"))?;
                }
                "added_after" => {
                    let at = stamp::parse(value).ok_or_else(|| Problem::field(name, "a time (RFC 3339)"))?;
                    asked.added_after = Some(at);
                }
                "next" => {
                    let place =
                        value.parse().map_err(|()| Problem::field(name, "what `next` of an answer said"))?;
                    asked.next = Some(place);
                }
                "match[id]" => asked.ids = list(name, value)?,
                "match[type]" => asked.types = list(name, value)?,
                "match[version]" => asked.versions = list(name, value)?,
                "match[spec_version]" => asked.specs = list(name, value)?,
                _ => {}
            }
        }
        asked.limit = asked.limit.min(MOST);
        Ok(asked)
    }

    /// The same of one object.
    pub(crate) fn of(mut self, id: String) -> Self {
        self.ids = vec![id];
        self
    }

    /// Where it begins.
    pub(crate) fn from(&self) -> Place {
        match (self.next, self.added_after) {
            (Some(next), _) => next,
            // All that was seen at that very time was told.
            (None, Some(at)) => Place { after: (at, i64::MAX), of: 0, told: 0 },
            (None, None) => Place { after: Place::START, of: 0, told: 0 },
        }
    }

    /// Whether an object that was added at that time is asked for.
    pub(crate) fn matches(&self, added: Micros, object: &Value) -> bool {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits =
            |wanted: &[String], found: &str| wanted.is_empty() || wanted.iter().any(|one| one == found);
        // There is one version of each object, the last, which is also the first.
        let version = |wanted: &String| {
            matches!(wanted.as_str(), "last" | "first" | "all")
                || stamp::parse(wanted).is_some_and(|at| stamp::parse(text("modified")) == Some(at))
        };
        self.added_after.is_none_or(|at| at < added)
            && fits(&self.ids, text("id"))
            && fits(&self.types, text("type"))
            && fits(&self.specs, "2.1")
            && (self.versions.is_empty() || self.versions.iter().any(version))
    }
}

fn list(name: &str, value: &str) -> Result<Vec<String>, Problem> {
    let list: Vec<String> = value.split(',').map(str::to_owned).collect();
    if list.len() > LONGEST { Err(Problem::field(name, format!("{LONGEST} at most"))) } else { Ok(list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(query: &[(&str, &str)]) -> Result<Asked, Problem> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Asked::read(&query)
    }

    #[test]
    fn a_place_reads_back() {
        for place in [Place::behind((5, 6)), Place { after: Place::START, of: 7, told: 3 }] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "1.2.3", "1.2.3.4.5", "a.2.3.4", "1.2.3.-4"] {
            assert_eq!(bad.parse::<Place>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_what_is_unknown_is_not_ours() {
        for query in [("limit", "0"), ("limit", "x"), ("added_after", "yesterday"), ("next", "x")] {
            assert!(asked(&[query]).is_err(), "{query:?}");
        }
        assert!(asked(&[("match[id]", &",".repeat(200))]).is_err());
        assert_eq!(asked(&[("limit", "100000"), ("other", "1")]).unwrap().limit, MOST);
    }

    #[test]
    fn conditions_are_all_to_hold() {
        let object =
            json!({"type": "indicator", "id": "indicator--1", "modified": "2025-11-24T16:00:00.000Z"});
        for (query, fits) in [
            (&[][..], true),
            (&[("match[type]", "sighting,indicator")], true),
            (&[("match[type]", "sighting")], false),
            (&[("match[id]", "indicator--1"), ("match[type]", "sighting")], false),
            (&[("match[version]", "first")], true),
            (&[("match[version]", "2025-11-24T16:00:00Z")], true),
            (&[("match[version]", "2025-11-24T17:00:00Z")], false),
            (&[("match[spec_version]", "2.0")], false),
            (&[("added_after", "2025-11-24T16:00:00Z")], false),
            (&[("added_after", "2025-11-24T15:59:59.999999Z")], true),
        ] {
            assert_eq!(asked(query).unwrap().matches(1_764_000_000_000_000, &object), fits, "{query:?}");
        }
    }
}
