//! `_bulk`: lines that say what is done, each answered for itself.

use super::{
    call::{self, Call, Outcome},
    deeds, documents,
    fault::Fault,
    reply::Reply,
};
use serde_json::{Map, Value, json};

/// Most deeds of one request.
const MOST: usize = 5000;
/// Bytes of the deeds that an event shows.
const SHOWN: usize = 4096;

/// Does what the lines of the body say; `index` where they name none.
pub(super) fn bulk(call: &mut Call<'_>, index: &str) -> Outcome {
    if call.request.body.trim_ascii().is_empty() {
        return Err(Fault::new(400, "parse_exception", "request body is required"));
    }
    if !call.request.body.ends_with(b"\n") {
        return Err(Fault::argument("The bulk request must be terminated by a newline [\\n]"));
    }
    let text = String::from_utf8_lossy(&call.request.body).into_owned();
    let shown: String = text.chars().take(SHOWN).collect();
    deeds::command(call, &format!("BULK {index} {shown}"));
    deeds::note(call, index, &Value::String(shown));
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (mut items, mut failed) = (Vec::new(), false);
    let mut number = 0;
    while let Some(line) = lines.next() {
        number += 1;
        if MOST < number {
            break;
        }
        let (deed, meta) = head(line, number)?;
        let name = meta.get("_index").and_then(Value::as_str).unwrap_or(index).to_owned();
        let id = meta.get("_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let outcome = if deed == "delete" {
            documents::take(call, &name, id.as_deref().unwrap_or_default())
        } else {
            let body = lines.next().unwrap_or_default();
            body_of(body).and_then(|body| match (deed.as_str(), id.as_deref()) {
                ("update", Some(id)) => documents::change(call, &name, id, &body),
                _ => documents::put(call, &name, id.as_deref(), Value::Object(body), deed == "create"),
            })
        };
        let mut item = match outcome {
            Ok(mut fields) => {
                let result = fields.get("result").and_then(Value::as_str).unwrap_or_default();
                let status = match result {
                    "created" => 201,
                    "not_found" => 404,
                    _ => 200,
                };
                fields.insert("status".to_owned(), status.into());
                fields
            }
            Err(fault) => {
                failed = true;
                let mut fields = super::indices::placed(call, &name, id.as_deref().unwrap_or_default());
                fields.insert("status".to_owned(), fault.status.into());
                fields.insert("error".to_owned(), fault.value());
                fields
            }
        };
        items.push(Value::Object(Map::from_iter([(deed, Value::Object(std::mem::take(&mut item)))])));
    }
    Ok(Reply::ok(json!({ "took": 1 + number / 20, "errors": failed, "items": items })))
}

fn head(line: &str, number: usize) -> Result<(String, Map<String, Value>), Fault> {
    let wrong = || {
        Fault::argument(format!(
            "Malformed action/metadata line [{number}], expected START_OBJECT or END_OBJECT but found [VALUE_STRING]"
        ))
    };
    let value = call::line(line).map_err(|_| wrong())?;
    let (deed, meta) = value.into_iter().next().ok_or_else(wrong)?;
    if !["index", "create", "update", "delete"].contains(&deed.as_str()) {
        return Err(Fault::argument(format!(
            "Malformed action/metadata line [{number}], expected field [create], [delete], [index] or [update] but \
             found [{deed}]"
        )));
    }
    let Value::Object(meta) = meta else { return Err(wrong()) };
    Ok((deed, meta))
}

fn body_of(line: &str) -> Result<Map<String, Value>, Fault> {
    call::line(line).map_err(|fault| match fault.status {
        400 => Fault::new(400, "mapper_parsing_exception", "failed to parse").because(fault),
        _ => fault,
    })
}
