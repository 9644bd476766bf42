//! Selectors of `_find`, as far as they compare fields with values.

use serde_json::Value;
use std::{cell::Cell, cmp::Ordering};

/// Deepest selector.
const DEPTH: usize = 16;
/// Comparisons of one search: a selector is asked of each document, as long as it is.
const WORK: usize = 1_000_000;

/// The work that one search may still do.
#[derive(Debug)]
pub(super) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Work(Cell::new(WORK))
    }
}

impl Work {
    /// Whether it was too much.
    pub(super) fn is_over(&self) -> bool {
        self.0.get() == 0
    }

    /// Spends so much of it; false: there is less.
    fn spend(&self, count: usize) -> bool {
        self.0.set(self.0.get().saturating_sub(count));
        !self.is_over()
    }
}

/// Whether `selector` fits `document`; whatever is said when the work is over means nothing.
pub(super) fn fits(selector: &Value, document: &Value, depth: usize, work: &Work) -> bool {
    let Value::Object(parts) = selector else { return same(selector, document) };
    if DEPTH < depth {
        return false;
    }
    parts.iter().all(|(name, wanted)| {
        let list = || wanted.as_array().map(Vec::as_slice).unwrap_or_default();
        if !work.spend(1 + list().len()) {
            return false;
        }
        match name.as_str() {
            "$and" => list().iter().all(|one| fits(one, document, depth + 1, work)),
            "$or" => list().iter().any(|one| fits(one, document, depth + 1, work)),
            "$nor" => !list().iter().any(|one| fits(one, document, depth + 1, work)),
            "$not" => !fits(wanted, document, depth + 1, work),
            "$eq" => same(wanted, document),
            "$ne" => !same(wanted, document),
            "$gt" => order(document, wanted) == Some(Ordering::Greater),
            "$gte" => matches!(order(document, wanted), Some(Ordering::Greater | Ordering::Equal)),
            "$lt" => order(document, wanted) == Some(Ordering::Less),
            "$lte" => matches!(order(document, wanted), Some(Ordering::Less | Ordering::Equal)),
            "$in" => list().iter().any(|one| same(one, document)),
            "$nin" => !list().iter().any(|one| same(one, document)),
            "$exists" => document.is_null() != (wanted == &Value::Bool(true)),
            "$regex" => {
                let text = wanted.as_str().unwrap_or_default().trim_matches(['^', '$', '.', '*']);
                document.as_str().is_some_and(|known| known.contains(text))
            }
            operator if operator.starts_with('$') => false,
            path => fits(wanted, at(document, path), depth + 1, work),
        }
    })
}

fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    let found = document.get(path).or_else(|| document.pointer(&format!("/{}", path.replace('.', "/"))));
    found.unwrap_or(&Value::Null)
}

fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => left == right,
    }
}

/// How values follow each other: nothing, truths, numbers, texts, the rest.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let kind = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        _ => 4,
    };
    match (left, right) {
        (Value::Null, _) if !right.is_null() => None,
        (Value::Number(left), Value::Number(right)) => Some(left.as_f64()?.total_cmp(&right.as_f64()?)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => Some(kind(left).cmp(&kind(right))),
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_compare_fields() {
        let document = json!({ "a": 5, "b": { "c": "x" }, "d": [1] });
        for (selector, fit) in [
            (json!({}), true),
            (json!({ "a": 5 }), true),
            (json!({ "a": { "$gt": 4, "$lte": 5 } }), true),
            (json!({ "b.c": "x" }), true),
            (json!({ "$or": [{ "a": 1 }, { "b": { "c": { "$in": ["x", "y"] } } }] }), true),
            (json!({ "z": { "$exists": false } }), true),
            (json!({ "z": { "$gt": null } }), false),
            (json!({ "a": { "$ne": 5 } }), false),
            (json!({ "_id": { "$gt": null } }), false),
        ] {
            assert_eq!(fits(&selector, &document, 0, &Work::default()), fit, "{selector}");
        }
        assert!(fits(&json!({ "_id": { "$gt": null } }), &json!({ "_id": "a" }), 0, &Work::default()));
    }

    #[test]
    fn a_search_ends_when_it_has_compared_enough() {
        let many = vec![json!({ "a": 1 }); 10_000];
        for selector in [json!({ "$or": many }), json!({ "$nor": many }), json!({ "a": { "$in": many } })] {
            let work = Work::default();
            let document = json!({ "a": 2 });
            let mut looked = 0;
            while looked <= 100 && !work.is_over() {
                let _ = fits(&selector, &document, 0, &work);
                looked += 1;
            }
            assert!(looked <= 100 && work.is_over(), "{selector:.20}");
        }
    }
}
