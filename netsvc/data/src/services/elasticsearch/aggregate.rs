//! Aggregations: what the documents that were found come to.

use super::{
    fault::Fault,
    query::{self, number, values},
    store::Document,
    work::Work,
};
use serde_json::{Map, Value, json};
use std::{cell::Cell, collections::BTreeMap};

/// Deepest aggregation, and most of one level.
const DEPTH: usize = 4;
const MOST: usize = 16;
/// Most buckets of a histogram.
const BUCKETS: usize = 1000;
/// Most buckets and values of one search (`search.max_buckets`).
const ALL: usize = 10_000;
/// Documents that cost as much as a bucket when they are looked at.
const LOOKED: usize = 16;

/// A document with the name of its index.
pub(super) type Found<'a> = (&'a str, &'a Document);

/// Where an aggregation stands, and what all of them may still come to.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    depth: usize,
    left: &'a Cell<usize>,
    work: &'a Work,
}

impl Place<'_> {
    fn below(self) -> Self {
        Place { depth: self.depth + 1, ..self }
    }

    fn spend(self, cost: usize) -> Result<(), Fault> {
        let left = self.left.get().checked_sub(cost).ok_or_else(|| {
            let text = format!("Trying to create too many buckets. Must be less than or equal to: [{ALL}].");
            Fault::new(400, "too_many_buckets_exception", text)
        })?;
        self.left.set(left);
        Ok(())
    }

    /// Pays for going through what was found so many times.
    fn look(self, times: usize, found: &[Found<'_>]) -> Result<(), Fault> {
        self.work.spend(times, found.iter().map(|(_, document)| *document))
    }
}

/// What `wanted` comes to over `found`.
///
/// # Errors
/// The server's words for what is no aggregation.
pub(super) fn aggregate(wanted: &Value, found: &[Found<'_>], work: &Work) -> Result<Value, Fault> {
    all(wanted, found, Place { depth: 0, left: &Cell::new(ALL), work })
}

fn all(wanted: &Value, found: &[Found<'_>], place: Place<'_>) -> Result<Value, Fault> {
    let Value::Object(wanted) = wanted else { return Ok(json!({})) };
    if DEPTH < place.depth || MOST < wanted.len() {
        return Err(Fault::argument("too many aggregations"));
    }
    let mut told = Map::new();
    for (name, body) in wanted {
        let inner = body.get("aggs").or_else(|| body.get("aggregations"));
        let kind = body.as_object().and_then(|body| {
            body.iter().find(|(key, _)| !["aggs", "aggregations", "meta"].contains(&key.as_str()))
        });
        let Some((kind, body)) = kind else {
            return Err(Fault::parsing(format!("Missing definition for aggregation [{name}]")));
        };
        place.spend(1 + found.len() / LOOKED)?;
        place.look(1, found)?;
        let value = one(kind, body, inner, found, place)?;
        told.insert(name.clone(), value);
    }
    Ok(Value::Object(told))
}

fn one(
    kind: &str,
    body: &Value,
    inner: Option<&Value>,
    found: &[Found<'_>],
    place: Place<'_>,
) -> Result<Value, Fault> {
    let field = body.get("field").and_then(Value::as_str).unwrap_or_default();
    let numbers = || -> Vec<f64> {
        found.iter().flat_map(|(_, document)| values(&document.source, field)).filter_map(number).collect()
    };
    Ok(match kind {
        "terms" | "significant_terms" => terms(field, body, inner, found, place)?,
        "histogram" | "date_histogram" => histogram(kind, field, body, inner, found, place)?,
        "filter" => {
            let query = query::read(body)?;
            place.look(query.times(), found)?;
            let kept: Vec<Found<'_>> =
                found.iter().filter(|(index, document)| query.fits(index, document)).copied().collect();
            bucket(Map::new(), inner, &kept, place)?
        }
        "global" => bucket(Map::new(), inner, found, place)?,
        "value_count" => {
            let count: usize = found.iter().map(|(_, document)| values(&document.source, field).len()).sum();
            json!({ "value": count })
        }
        "cardinality" => json!({ "value": keys(field, found).len() }),
        "sum" => json!({ "value": numbers().iter().sum::<f64>() }),
        "min" => json!({ "value": numbers().into_iter().reduce(f64::min) }),
        "max" => json!({ "value": numbers().into_iter().reduce(f64::max) }),
        "avg" => json!({ "value": average(&numbers()) }),
        "stats" | "extended_stats" => {
            let numbers = numbers();
            json!({
                "count": numbers.len(), "min": numbers.iter().copied().reduce(f64::min),
                "max": numbers.iter().copied().reduce(f64::max), "avg": average(&numbers),
                "sum": numbers.iter().sum::<f64>(),
            })
        }
        "missing" => {
            let kept: Vec<Found<'_>> = found
                .iter()
                .filter(|(_, document)| values(&document.source, field).is_empty())
                .copied()
                .collect();
            bucket(Map::new(), inner, &kept, place)?
        }
        unknown => {
            return Err(Fault::parsing(format!("Unknown aggregation type [{unknown}]")).because(Fault::new(
                400,
                "named_object_not_found_exception",
                format!("[1:1] unknown field [{unknown}]"),
            )));
        }
    })
}

fn average(numbers: &[f64]) -> Option<f64> {
    let count = u32::try_from(numbers.len()).ok().filter(|count| 0 < *count)?;
    Some(numbers.iter().sum::<f64>() / f64::from(count))
}

/// Values of a field, as keys, with the documents that have them.
fn keys<'a>(field: &str, found: &[Found<'a>]) -> BTreeMap<String, (Value, Vec<Found<'a>>)> {
    let mut all: BTreeMap<String, (Value, Vec<Found<'a>>)> = BTreeMap::new();
    for (index, document) in found {
        let own = Value::String((*index).to_owned());
        let known = if field == "_index" { vec![&own] } else { values(&document.source, field) };
        for value in known {
            let entry = all.entry(value.to_string()).or_insert_with(|| (value.clone(), Vec::new()));
            entry.1.push((index, document));
        }
    }
    all
}

fn bucket(
    mut head: Map<String, Value>,
    inner: Option<&Value>,
    kept: &[Found<'_>],
    place: Place<'_>,
) -> Result<Value, Fault> {
    place.spend(1)?;
    head.insert("doc_count".to_owned(), kept.len().into());
    if let Some(inner) = inner
        && let Value::Object(more) = all(inner, kept, place.below())?
    {
        head.extend(more);
    }
    Ok(Value::Object(head))
}

fn terms(
    field: &str,
    body: &Value,
    inner: Option<&Value>,
    found: &[Found<'_>],
    place: Place<'_>,
) -> Result<Value, Fault> {
    let size =
        body.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok()).unwrap_or(10);
    let mut all: Vec<(Value, Vec<Found<'_>>)> = keys(field, found).into_values().collect();
    all.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.len()));
    let other: usize = all.iter().skip(size).map(|(_, kept)| kept.len()).sum();
    let mut buckets = Vec::new();
    for (value, kept) in all.into_iter().take(size.min(BUCKETS)) {
        buckets.push(bucket(Map::from_iter([("key".to_owned(), value)]), inner, &kept, place)?);
    }
    Ok(json!({ "doc_count_error_upper_bound": 0, "sum_other_doc_count": other, "buckets": buckets }))
}

fn histogram(
    kind: &str,
    field: &str,
    body: &Value,
    inner: Option<&Value>,
    found: &[Found<'_>],
    place: Place<'_>,
) -> Result<Value, Fault> {
    let mut all: BTreeMap<String, (Value, Vec<Found<'_>>)> = BTreeMap::new();
    let step = body.get("interval").and_then(number).filter(|step| 0.0 < *step).unwrap_or(1.0);
    let length = match ["calendar_interval", "fixed_interval", "interval"]
        .iter()
        .find_map(|key| body.get(*key).and_then(Value::as_str))
    {
        Some("year" | "1y") => 4,
        Some("month" | "1M") => 7,
        Some("hour" | "1h") => 13,
        _ => 10,
    };
    for (index, document) in found {
        for value in values(&document.source, field) {
            let (sorted, key) = if kind == "date_histogram" {
                let text = value.as_str().and_then(|text| text.get(..length)).unwrap_or_default().to_owned();
                (text.clone(), json!(text))
            } else {
                let Some(number) = number(value) else { continue };
                let place = (number / step).floor() * step;
                (format!("{:024.3}", place + 1e15), json!(place))
            };
            all.entry(sorted).or_insert_with(|| (key, Vec::new())).1.push((index, document));
        }
    }
    let mut buckets = Vec::new();
    for (key, kept) in all.into_values().take(BUCKETS) {
        let name = if kind == "date_histogram" { "key_as_string" } else { "key" };
        buckets.push(bucket(Map::from_iter([(name.to_owned(), key)]), inner, &kept, place)?);
    }
    Ok(json!({ "buckets": buckets }))
}
