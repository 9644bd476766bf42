//! Queries: what of the query language is read, and which documents it matches.

use super::{
    fault::Fault,
    store::{Document, matches},
};
use serde_json::{Map, Value};
use std::{cmp::Ordering, collections::HashSet};

/// Deepest query that is read.
const DEPTH: usize = 20;
/// Most clauses (`indices.query.bool.max_clause_count`).
const CLAUSES: usize = 1024;

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Query {
    All,
    Nothing,
    /// Words of which one, or all, stand in one of the fields.
    Words {
        fields: Vec<String>,
        words: Vec<String>,
        all: bool,
    },
    /// A phrase in one of the fields.
    Phrase {
        fields: Vec<String>,
        text: String,
    },
    /// One of the values.
    Terms {
        field: String,
        values: Vec<Value>,
    },
    /// Identifiers.
    Ids(Vec<String>),
    Exists(String),
    Prefix {
        field: String,
        text: String,
    },
    Wildcard {
        field: String,
        pattern: String,
    },
    Range {
        field: String,
        bounds: Vec<(Bound, Value)>,
    },
    Bool {
        must: Vec<Query>,
        should: Vec<Query>,
        not: Vec<Query>,
    },
}

/// A side of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Above,
    From,
    Below,
    To,
}

/// Reads queries and counts their clauses.
struct Reader {
    left: usize,
}

/// The query that `value` holds.
///
/// # Errors
/// The server's words for what is no query.
pub(super) fn read(value: &Value) -> Result<Query, Fault> {
    Reader { left: CLAUSES }.read(value, 0)
}

impl Reader {
    fn read(&mut self, value: &Value, depth: usize) -> Result<Query, Fault> {
        let Value::Object(fields) = value else {
            return Err(Fault::parsing("[_na] query malformed, must start with start_object"));
        };
        let Some((name, body)) = fields.iter().next() else {
            return Err(Fault::argument("query malformed, empty clause found"));
        };
        if 1 < fields.len() {
            return Err(Fault::parsing(format!(
                "[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"
            )));
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || DEPTH < depth {
            return Err(Fault::argument("too many clauses: maxClauseCount is set to 1024"));
        }
        let query = match name.as_str() {
            "match_all" => Ok(Query::All),
            "match_none" => Ok(Query::Nothing),
            "match" | "match_bool_prefix" => words(body),
            "match_phrase" | "match_phrase_prefix" => phrase(body),
            "multi_match" | "query_string" | "simple_query_string" => text(name, body),
            "term" | "terms" => terms(body),
            "ids" => Ok(Query::Ids(body.get("values").map(strings).unwrap_or_default())),
            "exists" => Ok(Query::Exists(of(body, "field"))),
            "prefix" => single(body, "value").map(|(field, text)| Query::Prefix { field, text }),
            "wildcard" => single(body, "value").map(|(field, pattern)| Query::Wildcard { field, pattern }),
            "regexp" => single(body, "value").map(|(field, text)| Query::Wildcard {
                field,
                pattern: text.replace(".*", "*").replace('.', "?"),
            }),
            "range" => range(body),
            // What stands in these has been counted.
            "bool" => return self.all(body, depth),
            "constant_score" => return self.inner(body.get("filter"), depth),
            "nested" | "function_score" | "boosting" | "has_child" => {
                return self.inner(body.get("query").or_else(|| body.get("positive")), depth);
            }
            "dis_max" => {
                let should = self.list(body.get("queries"), depth)?;
                return Ok(Query::Bool { must: Vec::new(), should, not: Vec::new() });
            }
            unknown => Err(Fault::parsing(format!("unknown query [{unknown}]")).because(Fault::new(
                400,
                "named_object_not_found_exception",
                format!("[1:{}] unknown field [{unknown}]", 12 + unknown.len()),
            ))),
        }?;
        self.left = self.left.saturating_sub(query.weight());
        if self.left == 0 {
            return Err(Fault::argument("too many clauses: maxClauseCount is set to 1024"));
        }
        Ok(query)
    }

    fn inner(&mut self, value: Option<&Value>, depth: usize) -> Result<Query, Fault> {
        value.map_or(Ok(Query::All), |value| self.read(value, depth + 1))
    }

    fn list(&mut self, value: Option<&Value>, depth: usize) -> Result<Vec<Query>, Fault> {
        match value {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(|value| self.read(value, depth + 1)).collect(),
            Some(one) => Ok(vec![self.read(one, depth + 1)?]),
        }
    }

    fn all(&mut self, body: &Value, depth: usize) -> Result<Query, Fault> {
        let known = ["must", "filter", "should", "must_not", "minimum_should_match", "boost", "_name"];
        let unknown =
            body.as_object().and_then(|fields| fields.keys().find(|key| !known.contains(&key.as_str())));
        if let Some(key) = unknown {
            return Err(Fault::parsing(format!("[bool] query does not support [{key}]")));
        }
        let mut must = self.list(body.get("must"), depth)?;
        must.extend(self.list(body.get("filter"), depth)?);
        let should = self.list(body.get("should"), depth)?;
        let not = self.list(body.get("must_not"), depth)?;
        Ok(Query::Bool { must, should, not })
    }
}

fn of(body: &Value, key: &str) -> String {
    body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(plain).collect(),
        other => vec![plain(other)],
    }
}

/// A value as words are taken of it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The field of a query on one, and the value under `key` or in its place.
fn field<'a>(
    body: &'a Value,
    key: &str,
) -> Result<(String, &'a Value, Option<&'a Map<String, Value>>), Fault> {
    let Some((name, value)) =
        body.as_object().and_then(|fields| fields.iter().find(|(name, _)| *name != "boost"))
    else {
        return Err(Fault::argument("query malformed, empty clause found"));
    };
    match value {
        Value::Object(more) => Ok((name.clone(), more.get(key).unwrap_or(&Value::Null), Some(more))),
        other => Ok((name.clone(), other, None)),
    }
}

fn single(body: &Value, key: &str) -> Result<(String, String), Fault> {
    let (name, value, more) = field(body, key)?;
    let value =
        if value.is_null() { more.and_then(|more| more.values().next()).unwrap_or(value) } else { value };
    Ok((name, plain(value)))
}

fn words(body: &Value) -> Result<Query, Fault> {
    let (name, value, more) = field(body, "query")?;
    let all = more.and_then(|more| more.get("operator")).and_then(Value::as_str);
    let all = all.is_some_and(|operator| operator.eq_ignore_ascii_case("and"));
    Ok(Query::Words { fields: vec![name], words: split(&plain(value)), all })
}

fn phrase(body: &Value) -> Result<Query, Fault> {
    let (name, value, _) = field(body, "query")?;
    Ok(Query::Phrase { fields: vec![name], text: plain(value).to_lowercase() })
}

fn text(name: &str, body: &Value) -> Result<Query, Fault> {
    let Some(query) = body.get("query").and_then(Value::as_str) else {
        return Err(Fault::parsing(format!("[{name}] must be provided with a [query]")));
    };
    let mut fields = body.get("fields").map(strings).unwrap_or_default();
    fields.extend(body.get("default_field").map(plain));
    if name == "multi_match" {
        return Ok(Query::Words { fields, words: split(query), all: false });
    }
    Ok(of_line(query, fields))
}

/// A query as a line: `*`, `field:word`, words.
pub(super) fn of_line(line: &str, fields: Vec<String>) -> Query {
    let line = line.trim();
    if line == "*" || line == "*:*" || line.is_empty() {
        return Query::All;
    }
    let mut must = Vec::new();
    let mut words = Vec::new();
    for part in line.split_whitespace().take(64).filter(|part| !["AND", "OR", "NOT"].contains(part)) {
        match part.split_once(':') {
            Some(("_exists_", name)) => must.push(Query::Exists(name.to_owned())),
            Some((name, "*")) => must.push(Query::Exists(name.to_owned())),
            Some((name, value)) if value.contains(['*', '?']) => {
                let pattern = value.to_lowercase();
                must.push(Query::Wildcard { field: name.to_owned(), pattern });
            }
            Some((name, value)) => {
                let words = split(value.trim_matches('"'));
                must.push(Query::Words { fields: vec![name.to_owned()], words, all: true });
            }
            None if part.contains(['*', '?']) => {
                must.push(Query::Wildcard { field: "*".to_owned(), pattern: part.to_lowercase() });
            }
            None => words.extend(split(part)),
        }
    }
    if !words.is_empty() {
        must.push(Query::Words { fields, words, all: false });
    }
    Query::Bool { must, should: Vec::new(), not: Vec::new() }
}

fn terms(body: &Value) -> Result<Query, Fault> {
    let (name, value, _) = field(body, "value")?;
    let values = match value {
        Value::Array(list) => list.clone(),
        Value::Null => return Err(Fault::argument("value cannot be null")),
        other => vec![other.clone()],
    };
    Ok(Query::Terms { field: name, values })
}

fn range(body: &Value) -> Result<Query, Fault> {
    let (name, _, more) = field(body, "")?;
    let Some(more) = more else {
        return Err(Fault::parsing("[range] query malformed, no start_object after query name"));
    };
    let mut bounds = Vec::new();
    for (key, value) in more {
        let bound = match key.as_str() {
            "gt" => Bound::Above,
            "gte" | "from" => Bound::From,
            "lt" => Bound::Below,
            "lte" | "to" => Bound::To,
            "format" | "time_zone" | "boost" | "relation" | "include_lower" | "include_upper" => continue,
            other => return Err(Fault::parsing(format!("[range] query does not support [{other}]"))),
        };
        // Sums of dates are not worked out: such a side is open.
        if !value.is_null() && !value.as_str().is_some_and(|text| text.starts_with("now")) {
            bounds.push((bound, value.clone()));
        }
    }
    Ok(Query::Range { field: name, bounds })
}

/// Words as the standard analyser makes them.
fn split(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    parts.filter(|part| !part.is_empty()).map(str::to_lowercase).take(CLAUSES).collect()
}

/// Every value under `path`; all there are under `*` and nothing.
pub(super) fn values<'a>(source: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    if path.is_empty() || path == "*" || path == "_all" {
        let mut rest = vec![source];
        while let Some(value) = rest.pop() {
            match value {
                Value::Object(fields) => rest.extend(fields.values()),
                Value::Array(list) => rest.extend(list),
                other => found.push(other),
            }
        }
        return found;
    }
    let path = path.strip_suffix(".keyword").unwrap_or(path);
    let path = path.split('^').next().unwrap_or(path);
    let mut at = vec![source];
    if let Some(whole) = source.get(path) {
        at = vec![whole];
    } else {
        for name in path.split('.') {
            let items = at
                .into_iter()
                .flat_map(|value| value.as_array().map_or(vec![value], |list| list.iter().collect()));
            at = items.filter_map(|value| value.get(name)).collect();
        }
    }
    for value in at {
        match value {
            Value::Array(list) => found.extend(list),
            Value::Null => {}
            other => found.push(other),
        }
    }
    found
}

impl Query {
    /// How many clauses its words and values count for.
    fn weight(&self) -> usize {
        match self {
            Query::Words { fields, words, .. } => words.len().saturating_mul(fields.len().max(1)),
            Query::Terms { values, .. } => values.len() / 16,
            Query::Ids(ids) => ids.len() / 16,
            Query::Wildcard { pattern, .. } => pattern.len(),
            Query::Bool { must, .. } => must.iter().map(Query::weight).sum(),
            _ => 0,
        }
    }

    /// How often it goes through a document, or does what takes as long.
    pub(super) fn times(&self) -> usize {
        match self {
            Query::All | Query::Nothing => 0,
            Query::Words { fields, words, .. } => fields.len().max(1) + words.len() / 256,
            Query::Phrase { fields, .. } => fields.len().max(1),
            Query::Terms { values, .. } => 1 + values.len() / 32,
            Query::Ids(ids) => 1 + ids.len() / 64,
            Query::Exists(_) | Query::Prefix { .. } => 1,
            Query::Wildcard { pattern, .. } => 1 + pattern.len() / 8,
            Query::Range { bounds, .. } => 1 + bounds.len(),
            Query::Bool { must, should, not } => {
                [must, should, not].into_iter().flatten().map(Query::times).sum()
            }
        }
    }

    /// Whether it matches `document` of `index`.
    pub(super) fn fits(&self, index: &str, document: &Document) -> bool {
        let source = &document.source;
        match self {
            Query::All => true,
            Query::Nothing => false,
            Query::Words { fields, words, all } => has_words(source, fields, words, *all),
            Query::Phrase { fields, text } => {
                any(source, fields, |value| plain(value).to_lowercase().contains(text.as_str()))
            }
            Query::Terms { field, values } if field == "_id" => {
                values.iter().any(|value| plain(value) == document.id)
            }
            Query::Terms { field, values } if field == "_index" => {
                values.iter().any(|value| plain(value) == index)
            }
            Query::Terms { field, values } => {
                let exact = field.ends_with(".keyword");
                any(source, std::slice::from_ref(field), |known| {
                    let words: HashSet<String> = match known {
                        Value::String(text) if !exact => split(text).into_iter().collect(),
                        _ => HashSet::new(),
                    };
                    values.iter().any(|value| same(known, value, &words))
                })
            }
            Query::Ids(ids) => ids.contains(&document.id),
            Query::Exists(field) => !values(source, field).is_empty(),
            Query::Prefix { field, text } => any(source, std::slice::from_ref(field), |value| {
                let value = plain(value);
                value.starts_with(text) || split(&value).iter().any(|word| word.starts_with(text))
            }),
            Query::Wildcard { field, pattern } => any(source, std::slice::from_ref(field), |value| {
                let value = plain(value);
                matches(pattern, &value) || split(&value).iter().any(|word| matches(pattern, word))
            }),
            Query::Range { field, bounds } => any(source, std::slice::from_ref(field), |value| {
                bounds.iter().all(|(bound, side)| {
                    let order = order(value, side);
                    match bound {
                        Bound::Above => order == Ordering::Greater,
                        Bound::From => order != Ordering::Less,
                        Bound::Below => order == Ordering::Less,
                        Bound::To => order != Ordering::Greater,
                    }
                })
            }),
            Query::Bool { must, should, not } => {
                let fits = |query: &Query| query.fits(index, document);
                let some = !must.is_empty() || should.is_empty() || should.iter().any(fits);
                must.iter().all(fits) && some && !not.iter().any(fits)
            }
        }
    }
}

/// Whether `fields` have one of `words`, or `all` of them.
fn has_words(source: &Value, fields: &[String], words: &[String], all: bool) -> bool {
    let mut known = HashSet::new();
    any(source, fields, |value| {
        known.extend(split(&plain(value)));
        false
    });
    let has = |word: &String| known.contains(word);
    !words.is_empty() && if all { words.iter().all(has) } else { words.iter().any(has) }
}

fn any(source: &Value, fields: &[String], mut test: impl FnMut(&Value) -> bool) -> bool {
    if fields.is_empty() {
        return values(source, "*").into_iter().any(test);
    }
    fields.iter().any(|field| values(source, field).into_iter().any(&mut test))
}

/// Whether a value is the one that is asked for: as it stands, or one of its `words`.
fn same(known: &Value, asked: &Value, words: &HashSet<String>) -> bool {
    match (known, asked) {
        (Value::String(text), Value::String(word)) => text == word || words.contains(word),
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            number(known).is_some() && number(known) == number(asked)
        }
        _ => plain(known) == plain(asked),
    }
}

/// A value as a number, if it is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// How two values follow each other: as numbers where both are, else as texts.
fn order(left: &Value, right: &Value) -> Ordering {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => plain(left).cmp(&plain(right)),
    }
}

/// As [`order`], for sorting: a number stands before every text, so that there is one order of all values.
pub(super) fn ranked(left: &Value, right: &Value) -> Ordering {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        (None, None) => plain(left).cmp(&plain(right)),
        (left, right) => right.is_some().cmp(&left.is_some()),
    }
}
