//! What is written down of requests, by what they do.

use super::{call::Call, fault::Fault, reply::Reply, store::Document};
use crate::ransom;
use netsvc_wire::{Kind, field};
use serde_json::{Map, Value, json};

/// Most bytes of a query or document in an event.
const SHOWN: usize = 4096;

fn cut(text: String) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    bytes.truncate(SHOWN);
    bytes
}

/// A search.
pub(super) fn query(call: &mut Call<'_>, expression: &str, body: &Map<String, Value>) {
    let text =
        if body.is_empty() { call.request.query.clone() } else { Value::Object(body.clone()).to_string() };
    let fields = vec![(field::QUERY, cut(text)), (field::DATABASE, cut(expression.to_owned()))];
    call.out.record(Kind::Query, fields);
}

/// Something that changes what is there.
pub(super) fn command(call: &mut Call<'_>, line: &str) {
    call.out.record(Kind::Command, vec![(field::COMMAND, cut(line.to_owned()))]);
}

/// Something that is known of intruders.
pub(super) fn technique(call: &mut Call<'_>, technique: &str, data: Vec<u8>) {
    let mut fields = vec![(field::TECHNIQUE, technique.as_bytes().to_vec())];
    if !data.is_empty() {
        fields.push((field::DATA, data));
    }
    call.out.record(Kind::ExploitAttempt, fields);
}

/// Data were thrown away.
pub(super) fn destruction(call: &mut Call<'_>) {
    let line = format!("{} {}", call.request.method, call.request.target);
    technique(call, "elasticsearch data destruction", cut(line));
}

/// A document or a name that may be a demand for money.
pub(super) fn note(call: &mut Call<'_>, index: &str, source: &Value) {
    let text = format!("{index} {source}");
    let found = ransom::note(text.as_bytes()).map(<[u8]>::to_vec);
    if let Some(found) = found {
        technique(call, "database ransom note", found);
        let fields = vec![(field::PATH, index.as_bytes().to_vec()), (field::ORIGIN, b"body".to_vec())];
        call.out.capture(Kind::FileCaptured, fields, source.to_string().into_bytes());
    }
}

/// A script, which is told of and not run: as since 5.0 such scripts are refused.
pub(super) fn script(call: &mut Call<'_>, body: &Map<String, Value>) -> Fault {
    let text = Value::Object(body.clone()).to_string();
    let lower = text.to_lowercase();
    let known = ["runtime", "exec(", "processbuilder", "java.lang", "getclass", "forname"];
    if known.iter().any(|word| lower.contains(word)) {
        technique(call, "elasticsearch script execution", cut(text));
    } else {
        command(call, &text);
    }
    let groovy =
        ["\"groovy\"", "\"mvel\"", "\"javascript\"", "\"python\""].iter().any(|lang| lower.contains(lang));
    if groovy {
        let lang = ["groovy", "mvel", "javascript", "python"].iter().find(|lang| lower.contains(**lang));
        return Fault::argument(format!("script_lang not supported [{}]", lang.unwrap_or(&"groovy")));
    }
    Fault::new(400, "script_exception", "compile error")
        .with("script_stack", Vec::<String>::new())
        .with("lang", "painless")
}

/// Nothing answers there.
pub(super) fn unrouted(call: &mut Call<'_>) -> Reply {
    let line = format!("{} {}", call.request.method, call.request.target);
    let fields =
        vec![(field::NAME, call.request.path.clone().into_bytes()), (field::COMMAND, line.into_bytes())];
    call.out.record(Kind::UnknownCommand, fields);
    let text =
        format!("no handler found for uri [{}] and method [{}]", call.request.target, call.request.method);
    Reply::json(400, json!({ "error": text }))
}

/// Whether taking `document` away empties its index.
pub(super) fn is_last(index: &super::store::Index, document: &Document) -> bool {
    index.len() == 1 && index.get(&document.id).is_some()
}
