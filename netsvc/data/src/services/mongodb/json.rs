//! Documents as text for events: relaxed extended JSON, bounded.
//!
//! Source: "MongoDB Extended JSON (v2)".

use super::bson::{Doc, Value};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

/// What stands where a text was cut.
const CUT: &str = "…";

/// `doc` in at most about `most` bytes.
pub(super) fn shown(doc: &Doc, most: usize) -> String {
    let mut out = String::new();
    document(doc, most, &mut out);
    out
}

fn document(doc: &Doc, most: usize, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in doc.0.iter().enumerate() {
        if most <= out.len() {
            out.push_str(CUT);
            break;
        }
        out.push_str(if at == 0 { "" } else { "," });
        text(name, most, out);
        out.push(':');
        one(value, most, out);
    }
    out.push('}');
}

fn one(value: &Value, most: usize, out: &mut String) {
    match value {
        Value::Document(doc) => document(doc, most, out),
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if most <= out.len() {
                    out.push_str(CUT);
                    break;
                }
                out.push_str(if at == 0 { "" } else { "," });
                one(value, most, out);
            }
            out.push(']');
        }
        Value::Text(string) => text(string, most, out),
        Value::Code(code) => {
            out.push_str("{\"$code\":");
            text(code, most, out);
            out.push('}');
        }
        Value::Scoped(code, scope) => {
            out.push_str("{\"$code\":");
            text(code, most, out);
            out.push_str(",\"$scope\":");
            document(scope, most, out);
            out.push('}');
        }
        other => out.push_str(&simple(other).to_string()),
    }
}

fn simple(value: &Value) -> serde_json::Value {
    match value {
        Value::Double(number) if number.is_finite() => json!(number),
        Value::Double(number) => json!({ "$numberDouble": number.to_string() }),
        Value::Int(number) => json!(number),
        Value::Long(number) => json!(number),
        Value::Bool(truth) => json!(truth),
        Value::Binary(kind, bytes) => {
            let bytes = bytes.get(..1024).unwrap_or(bytes);
            json!({ "$binary": { "base64": STANDARD.encode(bytes), "subType": format!("{kind:02x}") } })
        }
        Value::Undefined => json!({ "$undefined": true }),
        Value::Id(id) => json!({ "$oid": hex::encode(id) }),
        Value::Date(at) => json!({ "$date": { "$numberLong": at.to_string() } }),
        Value::Regex(pattern, options) => {
            json!({ "$regularExpression": { "pattern": pattern, "options": options } })
        }
        Value::Symbol(symbol) => json!({ "$symbol": symbol }),
        Value::Timestamp(at) => json!({ "$timestamp": { "t": at >> 32, "i": at & 0xffff_ffff } }),
        Value::Decimal(bytes) => json!({ "$numberDecimal": hex::encode(bytes) }),
        Value::Least => json!({ "$minKey": 1 }),
        Value::Most => json!({ "$maxKey": 1 }),
        _ => json!(null),
    }
}

fn text(text: &str, most: usize, out: &mut String) {
    let room = most.saturating_sub(out.len()).max(16);
    let end = text.char_indices().map(|(at, _)| at).find(|at| room <= *at).unwrap_or(text.len());
    let kept = text.get(..end).unwrap_or_default();
    let cut = if end < text.len() { CUT } else { "" };
    out.push_str(&json!(format!("{kept}{cut}")).to_string());
}

#[cfg(test)]
mod tests {
    use super::super::bson::bson;
    use super::*;

    #[test]
    fn a_document_is_shown_and_cut() {
        let doc =
            bson! { "a" => 1, "b" => vec![Value::from("x\"y"), Value::Null], "c" => bson! { "d" => 1.5 } };
        assert_eq!(shown(&doc, 100), r#"{"a":1,"b":["x\"y",null],"c":{"d":1.5}}"#);
        assert!(shown(&bson! { "a" => "x".repeat(10_000), "b" => "y" }, 100).len() < 200);
    }
}
