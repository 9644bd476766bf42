//! Changes of objects: merged as JSON, with lists of things that have names merged by those (RFC 7386, and the
//! strategic merge of the API).

use serde_json::Value;

/// Deepest change, and longest list.
const DEPTH: usize = 32;
const MOST: usize = 256;

/// Deepest object that steps make, and most bytes that they put into it together: each of them may double it.
const DEEPEST: usize = 128;
const GIVEN: usize = 1 << 20;
/// What a value takes beside its text.
const NODE: usize = 32;

/// What in a strategic change says how to merge, and is no part of the object.
const DIRECTIVE: &str = "$";

/// `target` as `change` makes it; `strategic`: lists of things that have names are merged by those.
pub(super) fn merge(target: &mut Value, change: &Value, strategic: bool, depth: usize) {
    if DEPTH < depth {
        return;
    }
    match (target, change) {
        (Value::Object(known), Value::Object(changed)) => {
            for (name, value) in changed {
                if strategic && name.starts_with(DIRECTIVE) {
                    continue;
                }
                if value.is_null() {
                    known.shift_remove(name);
                } else if let Some(old) = known.get_mut(name).filter(|old| old.is_object() || old.is_array())
                {
                    merge(old, value, strategic, depth + 1);
                } else {
                    known.insert(name.clone(), value.clone());
                }
            }
        }
        (Value::Array(known), Value::Array(changed))
            if strategic && changed.iter().all(|item| item.get("name").is_some()) =>
        {
            for item in changed {
                let same = known.iter().position(|old| old.get("name") == item.get("name"));
                let gone = item.get("$patch").and_then(Value::as_str) == Some("delete");
                match same {
                    Some(place) if gone => {
                        known.remove(place);
                    }
                    Some(place) => {
                        known.get_mut(place).into_iter().for_each(|old| merge(old, item, true, depth + 1));
                    }
                    None if known.len() < MOST && !gone => known.push(item.clone()),
                    None => {}
                }
            }
        }
        (target, change) => *target = change.clone(),
    }
}

/// Steps of a change as the object that they make where there is nothing: what is written down of them.
pub(super) fn as_object(change: &Value) -> Value {
    let mut object = Value::Object(serde_json::Map::new());
    for step in change.as_array().into_iter().flatten().take(MOST) {
        let path = step.get("path").and_then(Value::as_str).unwrap_or_default();
        let Some(value) = step.get("value") else { continue };
        let parts: Vec<String> = path.split('/').skip(1).take(DEPTH).map(unescaped).collect();
        let mut whole = value.clone();
        for part in parts.iter().rev() {
            let listed = part == "-" || part.parse::<usize>().is_ok();
            whole = if listed {
                Value::Array(vec![whole])
            } else {
                Value::Object([(part.clone(), whole)].into_iter().collect())
            };
        }
        merge(&mut object, &whole, true, 0);
    }
    object
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Takes the steps of a change (RFC 6902).
///
/// # Errors
/// What the server says of one that cannot be taken.
pub(super) fn steps(object: &mut Value, change: &Value) -> Result<(), String> {
    let failed = "the server rejected our request due to an error in our request";
    let steps = change.as_array().filter(|steps| steps.len() <= MOST).ok_or(failed)?;
    let mut room = GIVEN;
    for step in steps {
        let text = |key: &str| step.get(key).and_then(Value::as_str);
        let (kind, path) = (text("op").ok_or(failed)?, text("path").ok_or(failed)?);
        let given = match kind {
            "add" | "replace" | "test" => step.get("value").cloned(),
            "copy" | "move" => object.pointer(text("from").ok_or(failed)?).cloned(),
            _ => None,
        };
        let (bytes, deep) = given.as_ref().map_or((0, 0), measure);
        room = room.checked_sub(bytes).ok_or(failed)?;
        if DEEPEST < deep + path.matches('/').count() {
            return Err(failed.to_owned());
        }
        if kind == "move" {
            remove(object, text("from").ok_or(failed)?).ok_or(failed)?;
        }
        let taken = match kind {
            "test" => (object.pointer(path) == given.as_ref()).then_some(()),
            "remove" => remove(object, path),
            "replace" => object.pointer_mut(path).zip(given).map(|(old, value)| *old = value),
            "add" | "copy" | "move" => given.and_then(|value| add(object, path, value)),
            _ => None,
        };
        taken.ok_or(failed)?;
    }
    Ok(())
}

/// Bytes that a value takes, about, and how deep it is nested.
pub(super) fn measure(value: &Value) -> (usize, usize) {
    let whole =
        |(bytes, deep): (usize, usize), (more, inner): (usize, usize)| (bytes + more, deep.max(inner + 1));
    match value {
        Value::Array(items) => items.iter().map(measure).fold((NODE, 1), whole),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let (bytes, deep) = measure(value);
                (name.len() + bytes, deep)
            };
            fields.iter().map(field).fold((NODE, 1), whole)
        }
        Value::String(text) => (NODE + text.len(), 1),
        Value::Null | Value::Bool(_) | Value::Number(_) => (NODE, 1),
    }
}

/// Where a path ends: what it is in, and the last part of it.
fn place<'a>(object: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (inside, last) = path.rsplit_once('/')?;
    Some((object.pointer_mut(inside)?, unescaped(last)))
}

fn remove(object: &mut Value, path: &str) -> Option<()> {
    match place(object, path)? {
        (Value::Object(fields), last) => fields.shift_remove(&last).map(|_| ()),
        (Value::Array(list), last) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < list.len())?;
            list.remove(at);
            Some(())
        }
        _ => None,
    }
}

fn add(object: &mut Value, path: &str, value: Value) -> Option<()> {
    match place(object, path)? {
        (Value::Object(fields), last) => {
            fields.insert(last, value);
        }
        (Value::Array(list), last) if list.len() < MOST => {
            let at = if last == "-" { list.len() } else { last.parse::<usize>().ok()? };
            if list.len() < at {
                return None;
            }
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_has_a_name_is_merged_by_it() {
        let mut target = json!({ "a": 1, "b": { "c": 2 }, "list": [{ "name": "x", "v": 1 }] });
        merge(
            &mut target,
            &json!({ "a": null, "b": { "d": 3 }, "list": [{ "name": "x", "w": 2 }, { "name": "y" }] }),
            true,
            0,
        );
        let expected =
            json!({ "b": { "c": 2, "d": 3 }, "list": [{ "name": "x", "v": 1, "w": 2 }, { "name": "y" }] });
        assert_eq!(target, expected);
    }

    #[test]
    fn lists_are_merged_by_name_only_where_that_is_asked_for() {
        let known = json!({ "list": [{ "name": "x", "v": 1 }, { "name": "y" }] });
        let change = json!({
            "$setElementOrder/list": [{ "name": "x" }], "list": [{ "name": "y", "$patch": "delete" }, { "name": "z" }],
        });
        let mut strategic = known.clone();
        merge(&mut strategic, &change, true, 0);
        assert_eq!(strategic, json!({ "list": [{ "name": "x", "v": 1 }, { "name": "z" }] }));
        let mut plain = known;
        merge(&mut plain, &json!({ "list": [{ "name": "z" }] }), false, 0);
        assert_eq!(plain, json!({ "list": [{ "name": "z" }] }));
    }

    #[test]
    fn steps_are_taken_as_the_rfc_has_them() {
        let mut object = json!({ "spec": { "list": [1, 2], "a/b": 3 } });
        let change = json!([
            { "op": "test", "path": "/spec/a~1b", "value": 3 },
            { "op": "add", "path": "/spec/list/-", "value": 4 },
            { "op": "add", "path": "/spec/list/0", "value": 0 },
            { "op": "remove", "path": "/spec/list/1" },
            { "op": "replace", "path": "/spec/a~1b", "value": true },
            { "op": "move", "from": "/spec/list", "path": "/list" },
        ]);
        assert_eq!(steps(&mut object, &change), Ok(()));
        assert_eq!(object, json!({ "spec": { "a/b": true }, "list": [0, 2, 4] }));
        for step in [
            json!({ "op": "remove", "path": "/none" }),
            json!({ "op": "add", "path": "/list/9", "value": 1 }),
            json!({ "op": "test", "path": "/list", "value": 1 }),
            json!({}),
        ] {
            assert!(steps(&mut object, &json!([step])).is_err(), "{step}");
        }
        let double = |number: usize| json!({ "op": "copy", "from": "", "path": format!("/{number}") });
        let inner: Vec<Value> = (0..MOST).map(double).collect();
        assert!(steps(&mut json!({ "a": "b" }), &inner.into()).is_err(), "it would double with each step");
        let wrap = json!({ "op": "copy", "from": "/a", "path": "/a/a" });
        let deep: Vec<Value> = std::iter::repeat_n(wrap, MOST).collect();
        assert!(steps(&mut json!({ "a": {} }), &deep.into()).is_err(), "it would get as deep");
        let pod = json!([{ "op": "add", "path": "/spec/containers/-", "value": { "image": "x" } }]);
        assert_eq!(as_object(&pod), json!({ "spec": { "containers": [{ "image": "x" }] } }));
    }
}
