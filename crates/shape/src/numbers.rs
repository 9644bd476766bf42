//! Numbers of events over time, and what was seen most.

use crate::{Texts, condition::moment};
use decnet_model::{
    flaw::Flaw,
    record::{self, By, Span, Subject, TimelineFilter},
};
use netsvc_wire::stamp::{self, Micros};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The time that is told of when nothing else is asked for.
const USUAL: Micros = 24 * 3_600_000_000;
/// Longest time that is told of by the minute.
const BY_MINUTE: Micros = 36 * 3_600_000_000;
/// Up to this long it is by the minute unless something else is asked for.
const SHORT: Micros = 6 * 3_600_000_000;
/// Values of a ranking when nothing else is asked for.
const FEW: u32 = 10;
/// Most values of a ranking.
const MANY: u32 = 500;

/// How many events there were in one span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// When the span began, RFC 3339.
    pub at: String,
    /// Kind, class or decky; empty where they are not told apart.
    pub name: String,
    /// How many.
    pub events: u64,
}

impl From<&record::Bucket> for Bucket {
    fn from(row: &record::Bucket) -> Self {
        Bucket { at: stamp::format(row.at), name: crate::shown(&row.name), events: row.events }
    }
}

/// Numbers of events over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Timeline {
    /// Length of the spans: `minute` or `hour`.
    pub span: &'static str,
    /// From when on, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339.
    pub until: String,
    /// The spans with events in them, oldest first, at most 10,000; probes of our own are not counted.
    pub items: Vec<Bucket>,
    /// Whether there are more than that.
    pub cut: bool,
}

impl Timeline {
    /// What `filter` found.
    pub fn new(filter: &TimelineFilter, rows: &[record::Bucket]) -> Self {
        Timeline {
            span: filter.span.name(),
            since: stamp::format(filter.since),
            until: stamp::format(filter.until),
            items: rows.iter().map(Bucket::from).collect(),
            cut: record::BUCKETS <= rows.len(),
        }
    }
}

/// Which numbers over time are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// Length of the spans: `minute` (of the last week, 36 hours at most) or `hour`.
    #[param(pattern = "^(minute|hour)$")]
    pub span: Option<String>,
    /// What is told apart: `all` (nothing), `kind`, `class` or `decky`.
    #[param(pattern = "^(all|kind|class|decky)$")]
    pub by: Option<String>,
    /// From this time on: RFC 3339, a date, or a span such as 30m, 12h, 7d; a day ago without it.
    pub since: Option<String>,
    /// Until this time; now without it.
    pub until: Option<String>,
    /// Only of this decky.
    pub decky: Option<String>,
    /// Only of this kind of event.
    pub kind: Option<String>,
}

impl TimelineQuery {
    /// The numbers that are meant.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn filter(&self, now: Micros) -> Result<TimelineFilter, Vec<Flaw>> {
        let mut flaws = Vec::new();
        let until = time("until", self.until.as_deref(), now, &mut flaws).unwrap_or(now);
        let since =
            time("since", self.since.as_deref(), now, &mut flaws).unwrap_or(until.saturating_sub(USUAL));
        let length = until.saturating_sub(since);
        let usual = if length <= SHORT { Span::Minute } else { Span::Hour };
        let span = word("span", self.span.as_deref(), Span::ALL, Span::name, &mut flaws).unwrap_or(usual);
        let by = word("by", self.by.as_deref(), By::ALL, By::name, &mut flaws).unwrap_or_default();
        if flaws.is_empty() && length < 0 {
            flaws.push(("since", "later than until".to_owned()));
        }
        if span == Span::Minute && BY_MINUTE < length {
            flaws.push((
                "span",
                "36 hours at most are told by the minute; take hour, or a shorter time".to_owned(),
            ));
        }
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let (node, kind) = (self.decky.clone(), self.kind.clone());
        Ok(TimelineFilter { span, since: span.begin(since), until: until.saturating_add(1), node, kind, by })
    }
}

/// One value that was seen often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ranked {
    /// The value; captured text is escaped.
    pub value: String,
    /// How often: offers of a name or a secret, else events.
    pub events: u64,
    /// When last, RFC 3339.
    pub last_seen: String,
    /// The exact bytes of what is shown escaped, as base64.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&record::Ranked> for Ranked {
    fn from(row: &record::Ranked) -> Self {
        let mut exact = Texts::default();
        let value = exact.show("value", &row.value);
        Ranked { value, events: row.events, last_seen: stamp::format(row.last_seen), exact }
    }
}

/// Which ranking is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RankingQuery {
    /// What is ranked: `attacker`, `username`, `password`, `service` or `decky`.
    #[param(pattern = "^(attacker|username|password|service|decky)$")]
    pub of: Option<String>,
    /// Since the beginning of the day (UTC) of this time: RFC 3339, a date, or a span such as 7d; ever without it.
    pub since: Option<String>,
    /// How many: 1 to 500, 10 by default.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
}

impl RankingQuery {
    /// The subject, from when on, and how many.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(&self, now: Micros) -> Result<(Subject, Option<Micros>, u32), Vec<Flaw>> {
        let mut flaws = Vec::new();
        let subject = word("of", self.of.as_deref(), Subject::ALL, Subject::name, &mut flaws);
        if self.of.is_none() {
            flaws.push(("of", format!("say what: {}", names(Subject::ALL, Subject::name))));
        }
        let since = time("since", self.since.as_deref(), now, &mut flaws);
        let limit = self.limit.unwrap_or(FEW);
        if !(1..=MANY).contains(&limit) {
            flaws.push(("limit", format!("not 1 to {MANY}")));
        }
        match subject {
            Some(subject) if flaws.is_empty() => Ok((subject, since, limit)),
            _ => Err(flaws),
        }
    }
}

fn time(field: &'static str, text: Option<&str>, now: Micros, flaws: &mut Vec<Flaw>) -> Option<Micros> {
    match moment(text?, now) {
        Ok(at) => Some(at),
        Err(message) => {
            flaws.push((field, message));
            None
        }
    }
}

fn word<T: Copy>(
    field: &'static str,
    text: Option<&str>,
    all: &[T],
    name: fn(T) -> &'static str,
    flaws: &mut Vec<Flaw>,
) -> Option<T> {
    let text = text?;
    let found = all.iter().copied().find(|one| name(*one) == text);
    if found.is_none() {
        flaws.push((field, format!("{text:?} is none of {}", names(all, name))));
    }
    found
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_764_000_030_000_000;

    #[test]
    fn a_timeline_is_of_a_day_by_the_hour_unless_it_is_short() {
        let filter = TimelineQuery::default().filter(NOW).unwrap();
        assert_eq!((filter.span, filter.by), (Span::Hour, By::All));
        assert_eq!(filter.since, Span::Hour.begin(NOW - USUAL));
        let ask = |since: &str, span: Option<&str>| TimelineQuery {
            since: Some(since.to_owned()),
            span: span.map(str::to_owned),
            ..TimelineQuery::default()
        };
        assert_eq!(ask("1h", None).filter(NOW).unwrap().span, Span::Minute);
        assert_eq!(ask("7d", None).filter(NOW).unwrap().span, Span::Hour);
        assert_eq!(ask("7d", Some("minute")).filter(NOW).unwrap_err()[0].0, "span");
        assert_eq!(
            ask("2030-01-01", None).filter(NOW).unwrap_err(),
            [("since", "later than until".to_owned())]
        );
        let wrong =
            TimelineQuery { by: Some("x".into()), ..ask("soon", Some("year")) }.filter(NOW).unwrap_err();
        assert_eq!(wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["since", "span", "by"]);
    }

    #[test]
    fn a_ranking_is_of_something() {
        let ask = |of: Option<&str>, limit| RankingQuery { of: of.map(str::to_owned), since: None, limit };
        assert_eq!(ask(Some("password"), None).read(NOW), Ok((Subject::Password, None, FEW)));
        assert_eq!(ask(None, Some(0)).read(NOW).unwrap_err().len(), 2);
        assert!(
            ask(Some("passwords"), None).read(NOW).unwrap_err()[0].1.contains("attacker, username, password")
        );
    }
}
