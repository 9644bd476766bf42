//! Paths into documents: names with dots between.

use super::{
    bson::{DEEPEST, Doc, Value},
    effort::Effort,
    fault::Fault,
};
use std::{collections::HashSet, ptr};

/// The values that `path` leads to, through documents and the documents of arrays; each of them once, though a number
/// may lead to it as a place in an array and as a name in a document of it: the ways would be twice as many with each.
pub(super) fn reach<'a>(doc: &'a Doc, path: &str) -> Vec<&'a Value> {
    walk(doc, path, &mut 0)
}

/// As [`reach`], in the time that a command has.
pub(super) fn reach_within<'a>(
    doc: &'a Doc,
    path: &str,
    effort: &mut Effort,
) -> Result<Vec<&'a Value>, Fault> {
    let mut names = 0;
    let found = walk(doc, path, &mut names);
    effort.look(names)?;
    Ok(found)
}

/// As [`reach`]; `names` counts the names that were compared.
fn walk<'a>(doc: &'a Doc, path: &str, names: &mut usize) -> Vec<&'a Value> {
    let mut parts = path.split('.');
    let mut found: Vec<&Value> = parts.next().and_then(|name| named(doc, name, names)).into_iter().collect();
    for part in parts {
        let mut next: Vec<&Value> = Vec::new();
        for value in found {
            match value {
                Value::Document(doc) => next.extend(named(doc, part, names)),
                Value::Array(values) => {
                    next.extend(part.parse::<usize>().ok().and_then(|at| values.get(at)));
                    next.extend(values.iter().filter_map(|value| named(value.doc()?, part, names)));
                }
                _ => {}
            }
        }
        if part.parse::<usize>().is_ok() {
            let mut seen = HashSet::new();
            next.retain(|value| seen.insert(ptr::from_ref::<Value>(value)));
        }
        found = next;
    }
    found
}

fn named<'a>(doc: &'a Doc, name: &str, names: &mut usize) -> Option<&'a Value> {
    *names += doc.0.len();
    doc.get(name)
}

/// Puts `value` where `path` leads, and documents on the way there. A peer writes paths as long as he likes, and what
/// copies, writes and drops the document goes as deep as it is: deeper than documents are read it is refused.
pub(super) fn place(doc: &mut Doc, path: &str, value: Value) -> Result<(), Fault> {
    if DEEPEST < path.split('.').take(DEEPEST + 1).count() + value.depth() {
        return Err(Fault::deep());
    }
    let (way, last) = path.rsplit_once('.').map_or(("", path), |(way, last)| (way, last));
    let mut at = doc;
    for part in way.split('.').filter(|part| !part.is_empty()) {
        if at.get(part).is_none() {
            at.set(part, Value::Document(Doc::default()));
        }
        let next = at.0.iter_mut().find(|(name, _)| name == part).map(|(_, value)| value);
        match next {
            Some(Value::Document(next)) => at = next,
            _ => {
                let text = format!("Cannot create field '{last}' in element {{{part}: ...}}");
                return Err(Fault::new(28, text));
            }
        }
    }
    at.set(last, value);
    Ok(())
}

/// Removes what `path` leads to.
pub(super) fn remove(doc: &mut Doc, path: &str) {
    let (way, last) = path.rsplit_once('.').map_or(("", path), |(way, last)| (way, last));
    let mut at = doc;
    for part in way.split('.').filter(|part| !part.is_empty()) {
        match at.0.iter_mut().find(|(name, _)| name == part).map(|(_, value)| value) {
            Some(Value::Document(next)) => at = next,
            _ => return,
        }
    }
    at.0.retain(|(name, _)| name != last);
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    #[test]
    fn a_value_is_reached_once_however_many_ways_lead_to_it() {
        let mut value = Value::from(7);
        for _ in 0..24 {
            value = vec![Value::from(bson! { "0" => value })].into();
        }
        let doc = bson! { "x" => value };
        for steps in [24, 48, 90] {
            assert!(reach(&doc, &format!("x{}", ".0".repeat(steps))).len() < 50, "{steps}");
        }
        assert_eq!(reach(&doc, &format!("x{}", ".0".repeat(48))), [&Value::from(7)]);
    }

    #[test]
    fn nothing_is_put_deeper_than_documents_are_read() {
        let mut doc = Doc::default();
        let deep = |levels: usize| vec!["a"; levels].join(".");
        assert_eq!(place(&mut doc, &deep(200_000), 1.into()), Err(Fault::deep()));
        assert_eq!(place(&mut doc, &deep(DEEPEST), 1.into()), Ok(()));
        assert_eq!(Doc::read(&doc.bytes()), Ok(doc.clone()));
        // A value that is deep itself, moved down, would be as deep as both.
        let moved = doc.get("a").cloned().unwrap();
        assert_eq!(place(&mut doc, "b.c", moved), Err(Fault::deep()));
        assert_eq!(place(&mut doc, "b", bson! { "c" => bson! {} }.into()), Ok(()));
    }
}
