//! What is written down of requests, by what they do.

use super::call::Call;
use crate::ransom;
use netsvc_wire::{Kind, field};
use serde_json::Value;

/// Most bytes of a line in an event.
const SHOWN: usize = 4096;

fn cut(text: &str) -> Vec<u8> {
    text.chars().take(SHOWN).collect::<String>().into_bytes()
}

/// Something that changes what is there.
pub(super) fn command(call: &mut Call<'_>, line: &str) {
    call.out.record(Kind::Command, vec![(field::COMMAND, cut(line))]);
}

/// Something that is looked for.
pub(super) fn query(call: &mut Call<'_>, database: &str, text: &str) {
    call.out.record(Kind::Query, vec![(field::QUERY, cut(text)), (field::DATABASE, cut(database))]);
}

/// Something that is known of intruders.
pub(super) fn technique(call: &mut Call<'_>, technique: &str, data: &str) {
    let fields = vec![(field::TECHNIQUE, technique.as_bytes().to_vec()), (field::DATA, cut(data))];
    call.out.record(Kind::ExploitAttempt, fields);
}

/// Data were thrown away.
pub(super) fn destruction(call: &mut Call<'_>, what: &str) {
    technique(call, "couchdb data destruction", what);
}

/// A document or a name that may be a demand for money.
pub(super) fn note(call: &mut Call<'_>, database: &str, source: &Value) {
    let text = format!("{database} {source}");
    if let Some(found) =
        ransom::note(text.as_bytes()).map(|found| String::from_utf8_lossy(found).into_owned())
    {
        technique(call, "database ransom note", &found);
        let fields = vec![(field::PATH, cut(database)), (field::ORIGIN, b"body".to_vec())];
        call.out.capture(Kind::FileCaptured, fields, source.to_string().into_bytes());
    }
}

/// An account that is written, with the password in it; `text` is the document as it was sent.
pub(super) fn account(call: &mut Call<'_>, text: &str, document: &Value) {
    let of = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, password) = (of("name"), of("password"));
    if !password.is_empty() {
        let mut credential =
            netsvc_kit::Credential::plaintext(name.as_bytes(), password.as_bytes(), "_users", true);
        credential.kind = "password_set";
        call.out.credential(credential);
    }
    // Two parsers that disagree on which of two roles counts (CVE-2017-12635).
    if 1 < text.matches("\"roles\"").count() {
        technique(call, "couchdb privilege escalation (CVE-2017-12635)", text);
    } else if text.contains("_admin") {
        technique(call, "couchdb account manipulation", text);
    }
}

/// A setting that is changed.
pub(super) fn setting(call: &mut Call<'_>, section: &str, name: &str, value: &str) {
    let line = format!("{section}/{name} = {value}");
    command(call, &format!("CONFIG {line}"));
    match section {
        "query_servers" | "native_query_servers" | "os_daemons" => {
            technique(call, "couchdb command execution (CVE-2017-12636)", &line);
        }
        "admins" => technique(call, "couchdb account manipulation", &line),
        _ => {}
    }
    for url in value.split(|letter: char| letter.is_whitespace() || "'\"`()|;".contains(letter)) {
        if url.starts_with("http://") || url.starts_with("https://") {
            let fields = vec![(field::URL, cut(url)), (field::COMMAND, cut(value))];
            call.out.record(Kind::DownloadAttempt, fields);
        }
    }
}
