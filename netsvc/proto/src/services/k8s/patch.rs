//! Changes of objects: merged as JSON, with lists of things that have names merged by those (RFC 7386, and the
//! strategic merge of the API).

use serde_json::Value;

/// Deepest change, and longest list.
const DEPTH: usize = 32;
const MOST: usize = 256;

/// `target` as `change` makes it.
pub(super) fn merge(target: &mut Value, change: &Value, depth: usize) {
    if DEPTH < depth {
        return;
    }
    match (target, change) {
        (Value::Object(known), Value::Object(changed)) => {
            for (name, value) in changed {
                if value.is_null() {
                    known.shift_remove(name);
                } else if let Some(old) = known.get_mut(name).filter(|old| old.is_object() || old.is_array())
                {
                    merge(old, value, depth + 1);
                } else {
                    known.insert(name.clone(), value.clone());
                }
            }
        }
        (Value::Array(known), Value::Array(changed))
            if changed.iter().all(|item| item.get("name").is_some()) =>
        {
            for item in changed {
                let same = known.iter().position(|old| old.get("name") == item.get("name"));
                if let Some(place) = same {
                    known.get_mut(place).into_iter().for_each(|old| merge(old, item, depth + 1));
                } else if known.len() < MOST {
                    known.push(item.clone());
                }
            }
        }
        (target, change) => *target = change.clone(),
    }
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
            0,
        );
        let expected =
            json!({ "b": { "c": 2, "d": 3 }, "list": [{ "name": "x", "v": 1, "w": 2 }, { "name": "y" }] });
        assert_eq!(target, expected);
    }
}
