//! Searching: hits in their order, counts, searches that go on, and what is done to all that is found.

use super::{
    aggregate::{self, Found},
    call::{Call, Outcome, line, texts},
    deeds,
    fault::Fault,
    query::{self, Query, ranked, values},
    reply::{ANSWER, Reply},
    store::{Document, Index, Scroll, approximate, matches},
    work::Work,
};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// Most hits of an answer (`index.max_result_window`).
const WINDOW: usize = 10_000;
/// Most searches of one request.
const MANY: usize = 64;

/// What is asked for.
struct Wanted {
    query: Query,
    from: usize,
    size: usize,
    /// Fields, and whether the smallest comes last.
    sort: Vec<(String, bool)>,
    /// What of the documents is shown.
    source: Shown,
    aggregations: Option<Value>,
}

/// What of a document is shown.
enum Shown {
    All,
    Nothing,
    /// Patterns of fields that are, and of those that are not.
    Some(Vec<String>, Vec<String>),
}

/// `_search` over `expression`.
pub(super) fn search(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.document()?;
    deeds::query(call, expression, &body);
    if !call.value("scroll").is_empty() {
        return scrolled(call, expression, &body);
    }
    let value = run(call, expression, &body)?;
    Ok(Reply::ok(value))
}

/// `_msearch`: lines in pairs, each answered for itself.
pub(super) fn many(call: &mut Call<'_>, expression: &str) -> Outcome {
    let text = String::from_utf8_lossy(&call.request.body).into_owned();
    let mut lines = text.lines();
    let mut answers = Vec::new();
    let mut size = 0;
    while let (Some(head), Some(body)) = (lines.next(), lines.next()) {
        if MANY <= answers.len() {
            break;
        }
        let head = line(head).unwrap_or_default();
        let index = head.get("index").map(texts).unwrap_or_default().join(",");
        let index = if index.is_empty() { expression.to_owned() } else { index };
        let outcome = match line(body) {
            Ok(_) if ANSWER < size => Err(Fault::too_large()),
            Ok(body) => {
                deeds::query(call, &index, &body);
                run(call, &index, &body)
            }
            Err(fault) => Err(fault),
        };
        answers.push(match outcome {
            Ok(Value::Object(mut fields)) => {
                size += fields.values().map(approximate).sum::<usize>();
                fields.insert("status".to_owned(), 200.into());
                Value::Object(fields)
            }
            Ok(other) => other,
            Err(fault) => json!({ "error": fault.value(), "status": fault.status }),
        });
    }
    if answers.is_empty() {
        return Err(Fault::new(
            400,
            "action_request_validation_exception",
            "Validation Failed: 1: no requests added;",
        ));
    }
    Ok(Reply::ok(json!({ "took": 1, "responses": answers })))
}

/// `_count`.
pub(super) fn count(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.document()?;
    deeds::query(call, expression, &body);
    let wanted = wanted(call, &body)?;
    let (count, shards) = {
        let indices = call.indices(expression)?;
        (fitting(&call.work, &indices, &wanted.query)?.len(), indices.len())
    };
    Ok(Reply::ok(json!({ "count": count, "_shards": shards_of(shards) })))
}

/// Takes away what a query finds.
pub(super) fn delete(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.needed()?;
    let query = query::read(body.get("query").unwrap_or(&Value::Null))?;
    let all = query == Query::All;
    let found: Vec<(String, String)> = {
        let found = fitting(&call.work, &call.indices(expression)?, &query)?;
        found.into_iter().map(|(index, document)| (index.to_owned(), document.id.clone())).collect()
    };
    deeds::command(call, &format!("DELETE BY QUERY {expression}"));
    if all {
        deeds::destruction(call);
    }
    for (index, id) in &found {
        call.store.remove(index, id);
    }
    Ok(Reply::ok(by_query("deleted", found.len())))
}

/// Rewrites what a query finds, which changes nothing but its versions.
pub(super) fn update(call: &mut Call<'_>, expression: &str) -> Outcome {
    let body = call.document()?;
    if body.contains_key("script") {
        return Err(deeds::script(call, &body));
    }
    let query = body.get("query").map_or(Ok(Query::All), query::read)?;
    let number = fitting(&call.work, &call.indices(expression)?, &query)?.len();
    deeds::command(call, &format!("UPDATE BY QUERY {expression}"));
    Ok(Reply::ok(by_query("updated", number)))
}

fn by_query(deed: &str, number: usize) -> Value {
    let mut value = json!({ "took": 12, "timed_out": false, "total": number });
    if let Value::Object(fields) = &mut value {
        fields.insert(deed.to_owned(), number.into());
        let rest = json!({
            "batches": number.div_ceil(1000).max(1), "version_conflicts": 0, "noops": 0,
            "retries": { "bulk": 0, "search": 0 }, "throttled_millis": 0, "requests_per_second": -1.0,
            "throttled_until_millis": 0, "failures": [],
        });
        if let Value::Object(rest) = rest {
            fields.extend(rest);
        }
    }
    value
}

/// `_search/scroll`: the next hits of a search that goes on, or its end.
pub(super) fn scroll(call: &mut Call<'_>, from_path: Option<&str>) -> Outcome {
    let body = call.document()?;
    let named = body.get("scroll_id").map(texts).unwrap_or_default();
    let asked = if call.value("scroll_id").is_empty() {
        from_path.unwrap_or_default()
    } else {
        call.value("scroll_id")
    };
    let id = named.first().map_or(asked, String::as_str).to_owned();
    if call.method() == "DELETE" {
        let before = call.store.scrolls.len();
        let all = id == "_all";
        call.store.scrolls.retain(|scroll| !all && scroll.id != id);
        let freed = before - call.store.scrolls.len();
        let value = json!({ "succeeded": true, "num_freed": freed });
        return Ok(Reply::json(if freed == 0 { 404 } else { 200 }, value));
    }
    let Some(at) = call.store.scrolls.iter().position(|scroll| scroll.id == id) else {
        if id.is_empty() {
            return Err(Fault::new(
                400,
                "action_request_validation_exception",
                "Validation Failed: 1: scrollId is missing;",
            ));
        }
        return Err(Fault::new(
            404,
            "search_context_missing_exception",
            "No search context found for id [1]",
        ));
    };
    let Some(scroll) = call.store.scrolls.get_mut(at) else { return Ok(Reply::empty(404)) };
    let next: Vec<(String, String)> = scroll.rest.drain(..scroll.size.min(scroll.rest.len())).collect();
    let (total, id) = (scroll.total, scroll.id.clone());
    let hits: Vec<Value> = next
        .iter()
        .filter_map(|(name, id)| {
            let document = call.store.indices.get(name)?.get(id)?;
            Some(hit(call, name, &document.id, &document.source))
        })
        .collect();
    let mut value = answer(call, total, hits, 1, true);
    if let Value::Object(fields) = &mut value {
        fields.shift_insert(0, "_scroll_id".to_owned(), id.into());
    }
    Ok(Reply::ok(value))
}

fn scrolled(call: &mut Call<'_>, expression: &str, body: &Map<String, Value>) -> Outcome {
    let wanted = wanted(call, body)?;
    let (all, shards) = {
        let indices = call.indices(expression)?;
        let found = find(&call.work, &indices, &wanted)?;
        let all: Vec<(String, String)> =
            found.iter().map(|(index, document)| ((*index).to_owned(), document.id.clone())).collect();
        (all, indices.len())
    };
    let total = all.len();
    let first: Vec<Value> = all
        .iter()
        .take(wanted.size)
        .filter_map(|(name, id)| {
            let document = call.store.indices.get(name)?.get(id)?;
            Some(hit(call, name, &document.id, &document.source))
        })
        .collect();
    let id = format!("FGluY2x1ZGVfY29udGV4dF91dWlkDXF1ZXJ5QW5kRmV0Y2gB{}", call.store.identifier(24));
    let rest = all.into_iter().skip(wanted.size).collect();
    call.store.keep_scroll(Scroll { id: id.clone(), rest, total, size: wanted.size });
    let mut value = answer(call, total, first, shards, true);
    if let Value::Object(fields) = &mut value {
        fields.shift_insert(0, "_scroll_id".to_owned(), id.into());
    }
    Ok(Reply::ok(value))
}

/// Finds and shows.
fn run(call: &mut Call<'_>, expression: &str, body: &Map<String, Value>) -> Result<Value, Fault> {
    if body.contains_key("script_fields") {
        return Err(deeds::script(call, body));
    }
    let wanted = wanted(call, body)?;
    let indices = call.indices(expression)?;
    let found = find(&call.work, &indices, &wanted)?;
    if let Shown::Some(takes, leaves) = &wanted.source {
        let shown = found.iter().skip(wanted.from).take(wanted.size).map(|(_, document)| *document);
        call.work.spend((takes.len() + leaves.len()) / 2, shown)?;
    }
    let hits: Vec<Value> = found
        .iter()
        .skip(wanted.from)
        .take(wanted.size)
        .map(|(index, document)| {
            let mut value = match &wanted.source {
                Shown::All => hit(call, index, &document.id, &document.source),
                Shown::Nothing => bare(call, index, &document.id),
                Shown::Some(takes, leaves) => {
                    hit(call, index, &document.id, &filtered(&document.source, takes, leaves))
                }
            };
            if let (Value::Object(fields), false) = (&mut value, wanted.sort.is_empty()) {
                let keys: Vec<Value> = wanted
                    .sort
                    .iter()
                    .map(|(field, _)| {
                        values(&document.source, field).first().map_or(Value::Null, |value| (*value).clone())
                    })
                    .collect();
                fields.insert("sort".to_owned(), keys.into());
                fields.insert("_score".to_owned(), Value::Null);
            }
            value
        })
        .collect();
    let told = wanted
        .aggregations
        .as_ref()
        .map(|wanted| aggregate::aggregate(wanted, &found, &call.work))
        .transpose()?;
    let mut value = answer(call, found.len(), hits, indices.len(), wanted.sort.is_empty());
    if let (Value::Object(fields), Some(told)) = (&mut value, told) {
        fields.insert("aggregations".to_owned(), told);
    }
    Ok(value)
}

/// The documents of `indices` that `query` finds.
fn fitting<'a>(work: &Work, indices: &[&'a Index], query: &Query) -> Result<Vec<Found<'a>>, Fault> {
    let mut found: Vec<Found<'a>> = Vec::new();
    for index in indices {
        let all = index.documents();
        work.spend(query.times(), all.iter().copied())?;
        let all = all.into_iter().filter(|document| query.fits(&index.name, document));
        found.extend(all.map(|document| (index.name.as_str(), document)));
    }
    Ok(found)
}

fn find<'a>(work: &Work, indices: &[&'a Index], wanted: &Wanted) -> Result<Vec<Found<'a>>, Fault> {
    let open: Vec<&'a Index> = indices.iter().copied().filter(|index| !index.closed).collect();
    let found = fitting(work, &open, &wanted.query)?;
    if wanted.sort.is_empty() {
        return Ok(found);
    }
    work.spend(wanted.sort.len(), found.iter().map(|(_, document)| *document))?;
    let keys = |document: &'a Document| -> Vec<Option<&'a Value>> {
        wanted.sort.iter().map(|(field, _)| values(&document.source, field).first().copied()).collect()
    };
    let mut rows: Vec<(Vec<Option<&'a Value>>, Found<'a>)> =
        found.into_iter().map(|(index, document)| (keys(document), (index, document))).collect();
    rows.sort_by(|(left, _), (right, _)| {
        let pairs = left.iter().zip(right).zip(&wanted.sort);
        pairs.fold(Ordering::Equal, |so_far, ((left, right), (_, down))| {
            so_far.then_with(|| match (left, right) {
                (Some(left), Some(right)) if *down => ranked(right, left),
                (Some(left), Some(right)) => ranked(left, right),
                (left, right) => right.is_some().cmp(&left.is_some()),
            })
        })
    });
    Ok(rows.into_iter().map(|(_, found)| found).collect())
}

/// Keys that a search may have.
const KNOWN: &[&str] = &[
    "query",
    "from",
    "size",
    "sort",
    "_source",
    "aggs",
    "aggregations",
    "track_total_hits",
    "highlight",
    "version",
    "explain",
    "timeout",
    "stored_fields",
    "docvalue_fields",
    "fields",
    "min_score",
    "post_filter",
    "search_after",
    "seq_no_primary_term",
    "track_scores",
    "terminate_after",
    "suggest",
    "collapse",
    "pit",
    "scroll_id",
    "rescore",
    "slice",
    "script_fields",
    "indices_boost",
    "profile",
    "runtime_mappings",
];

fn wanted(call: &Call<'_>, body: &Map<String, Value>) -> Result<Wanted, Fault> {
    if let Some(key) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Fault::parsing(format!("unknown key for a VALUE_STRING in [{key}].")));
    }
    let number = |key: &str, usual: usize| -> Result<usize, Fault> {
        let named = body.get(key).cloned().unwrap_or_else(|| Value::String(call.value(key).to_owned()));
        match &named {
            Value::String(text) if text.is_empty() => Ok(usual),
            Value::String(text) => text.parse().map_err(|_| {
                Fault::argument(format!("Failed to parse int parameter [{key}] with value [{text}]"))
            }),
            Value::Number(number) => {
                number.as_u64().and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
                    Fault::argument(format!("[{key}] parameter cannot be negative, found [{number}]"))
                })
            }
            _ => Err(Fault::parsing(format!("[{key}] is no number"))),
        }
    };
    let (from, size) = (number("from", 0)?, number("size", 10)?);
    if WINDOW < from.saturating_add(size) {
        let reason = format!(
            "Result window is too large, from + size must be less than or equal to: [{WINDOW}] but was [{}]. See the \
             scroll api for a more efficient way to request large data sets. This limit can be set by changing the \
             [index.max_result_window] index level setting.",
            from.saturating_add(size)
        );
        return Err(Fault::argument(reason));
    }
    let query = match body.get("query") {
        Some(value) => query::read(value)?,
        None => query::of_line(call.value("q"), Vec::new()),
    };
    Ok(Wanted {
        query,
        from,
        size,
        sort: sort(body.get("sort"), call.value("sort")),
        source: shown(body.get("_source"), call.value("_source")),
        aggregations: body.get("aggs").or_else(|| body.get("aggregations")).cloned(),
    })
}

fn sort(value: Option<&Value>, line: &str) -> Vec<(String, bool)> {
    let one = |value: &Value| -> Option<(String, bool)> {
        match value {
            Value::String(name) => Some((name.clone(), false)),
            Value::Object(fields) => {
                let (name, how) = fields.iter().next()?;
                let how = how.get("order").unwrap_or(how).as_str().unwrap_or_default();
                Some((name.clone(), how == "desc"))
            }
            _ => None,
        }
    };
    let mut all: Vec<(String, bool)> = match value {
        Some(Value::Array(list)) => list.iter().take(8).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => line
            .split(',')
            .filter(|part| !part.is_empty())
            .take(8)
            .map(|part| {
                let (name, how) = part.split_once(':').unwrap_or((part, "asc"));
                (name.to_owned(), how == "desc")
            })
            .collect(),
    };
    all.retain(|(name, _)| !["_score", "_doc"].contains(&name.as_str()));
    all
}

fn shown(value: Option<&Value>, line: &str) -> Shown {
    match value {
        Some(Value::Bool(false)) => Shown::Nothing,
        Some(Value::Object(fields)) => {
            let list =
                |keys: [&str; 2]| keys.iter().find_map(|key| fields.get(*key)).map(texts).unwrap_or_default();
            Shown::Some(list(["includes", "include"]), list(["excludes", "exclude"]))
        }
        Some(value @ (Value::String(_) | Value::Array(_))) => Shown::Some(texts(value), Vec::new()),
        _ if line == "false" => Shown::Nothing,
        _ if !line.is_empty() && line != "true" => {
            Shown::Some(line.split(',').map(str::to_owned).collect(), Vec::new())
        }
        _ => Shown::All,
    }
}

fn filtered(source: &Value, takes: &[String], leaves: &[String]) -> Value {
    let Value::Object(fields) = source else { return source.clone() };
    let fits = |list: &[String], name: &str| {
        list.iter().any(|pattern| matches(pattern, name) || pattern.starts_with(&format!("{name}.")))
    };
    let kept =
        fields.iter().filter(|(name, _)| (takes.is_empty() || fits(takes, name)) && !fits(leaves, name));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Name of the type of a document, where releases have types.
pub(super) fn typed(call: &Call<'_>) -> Option<&'static str> {
    (call.release.major() < 8).then_some("_doc")
}

fn bare(call: &Call<'_>, index: &str, id: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("_index".to_owned(), index.into());
    fields.extend(typed(call).map(|kind| ("_type".to_owned(), kind.into())));
    fields.insert("_id".to_owned(), id.into());
    fields.insert("_score".to_owned(), json!(1.0));
    Value::Object(fields)
}

fn hit(call: &Call<'_>, index: &str, id: &str, source: &Value) -> Value {
    let mut value = bare(call, index, id);
    if let Value::Object(fields) = &mut value {
        fields.insert("_source".to_owned(), source.clone());
    }
    value
}

/// What is said of shards.
pub(super) fn shards_of(number: usize) -> Value {
    json!({ "total": number, "successful": number, "skipped": 0, "failed": 0 })
}

fn answer(call: &Call<'_>, total: usize, hits: Vec<Value>, shards: usize, scored: bool) -> Value {
    let total_told = if call.release.major() < 7 || call.flag("rest_total_hits_as_int") {
        json!(total)
    } else {
        json!({ "value": total, "relation": "eq" })
    };
    let best = if total == 0 || !scored { Value::Null } else { json!(1.0) };
    json!({
        "took": 1 + total / 100, "timed_out": false, "_shards": shards_of(shards),
        "hits": { "total": total_told, "max_score": best, "hits": hits },
    })
}
