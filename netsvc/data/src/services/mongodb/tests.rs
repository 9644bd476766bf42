//! Conversations: commands in, answers and events out.

use super::{
    SERVICE,
    bson::{Doc, Value, bson},
};
use netsvc_kit::{
    Action,
    testing::{converse, host, link, persona_with, sent, stage},
};
use netsvc_wire::{Kind, field};

/// `body` as a message.
fn message(body: &Doc) -> Vec<u8> {
    let body = body.bytes();
    let length = i32::try_from(21 + body.len()).unwrap().to_le_bytes();
    [&length[..], &[1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0], &body].concat()
}

/// The documents of the answers in `bytes`.
fn answers(mut bytes: &[u8]) -> Vec<Doc> {
    let mut all = Vec::new();
    while let Some(four) = bytes.first_chunk() {
        let (whole, rest) = bytes.split_at(usize::try_from(i32::from_le_bytes(*four)).unwrap());
        all.push(Doc::read(whole.get(21..).unwrap()).unwrap());
        bytes = rest;
    }
    all
}

/// Gives `commands` to a server set as `settings`; the answers and what was done.
fn said(settings: &[(&str, &str)], commands: &[Doc]) -> (Vec<Doc>, Vec<Action>) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let host = host(&stage, persona_with(&SERVICE, "db-01"), "mongodb", settings);
    let bytes: Vec<u8> = commands.iter().flat_map(message).collect();
    let actions = converse(&SERVICE, &host, &link(27_017), &[&bytes]);
    (answers(&sent(&actions)), actions)
}

fn texts(actions: &[Action], wanted: Kind, name: &str) -> Vec<String> {
    let fields = actions.iter().filter_map(|action| match action {
        Action::Record(kind, fields) | Action::Capture(kind, fields, _) if *kind == wanted => Some(fields),
        _ => None,
    });
    let values = fields.flatten().filter(|(known, _)| *known == name);
    values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

fn batch(answer: &Doc) -> Vec<Doc> {
    let cursor = answer.get("cursor").and_then(Value::doc).unwrap();
    let batch = cursor.get("firstBatch").or_else(|| cursor.get("nextBatch")).and_then(Value::array).unwrap();
    batch.iter().filter_map(Value::doc).cloned().collect()
}

#[test]
fn the_application_is_found_read_dropped_and_held_for_ransom() {
    let (found, _) = said(&[], &[bson! { "listDatabases" => 1, "$db" => "admin" }]);
    let databases = found.first().and_then(|answer| answer.get("databases")).and_then(Value::array).unwrap();
    let names: Vec<&str> = databases.iter().filter_map(|one| one.doc()?.get("name")?.text()).collect();
    let own = *names.iter().find(|name| !["admin", "config", "local"].contains(*name)).unwrap();
    let note = bson! { "content" => "All your data is backed up. You must pay 0.01 BTC to recover it." };
    let (found, actions) = said(
        &[],
        &[
            bson! { "find" => "users", "filter" => bson! { "role" => "admin" }, "$db" => own },
            bson! { "dropDatabase" => 1, "$db" => own },
            bson! { "insert" => "README", "documents" => vec![Value::from(note.clone())], "$db" => "READ__ME" },
            bson! { "find" => "users", "$db" => own },
            bson! { "find" => "README", "projection" => bson! { "_id" => 0 }, "$db" => "READ__ME" },
        ],
    );
    let [admin, dropped, inserted, gone, kept] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(batch(admin).len(), 1);
    assert_eq!(*dropped, bson! { "dropped" => own, "ok" => 1.0 });
    assert_eq!(*inserted, bson! { "n" => 1, "ok" => 1.0 });
    assert_eq!((batch(gone), batch(kept)), (Vec::new(), vec![note]));
    let techniques = texts(&actions, Kind::ExploitAttempt, field::TECHNIQUE);
    assert_eq!(techniques, ["mongodb data destruction", "database ransom note"]);
    assert_eq!(texts(&actions, Kind::FileCaptured, field::PATH), ["READ__ME.README"]);
    assert_eq!(texts(&actions, Kind::Query, field::QUERY).len(), 5);
}

#[test]
fn commands_need_a_login_where_it_is_asked_for() {
    let commands = [bson! { "find" => "a", "$db" => "b" }, bson! { "buildInfo" => 1, "$db" => "admin" }];
    let (found, actions) = said(&[("auth", "on")], &commands);
    let [refused, built] = found.as_slice() else { panic!("{found:?}") };
    let wanted = bson! {
        "ok" => 0.0, "errmsg" => "command find requires authentication", "code" => 13, "codeName" => "Unauthorized",
    };
    assert_eq!(*refused, wanted);
    assert_eq!(built.get("bits"), Some(&Value::Int(64)));
    assert_eq!(texts(&actions, Kind::Query, field::OUTCOME), ["denied"]);
}

#[test]
fn cursors_give_everything_once() {
    let first = bson! { "find" => "users", "batchSize" => 20, "$db" => "x" };
    let (found, _) = said(&[("databases", "x")], std::slice::from_ref(&first));
    let id = found.first().and_then(|answer| answer.get("cursor")?.doc()?.get("id")?.whole()).unwrap();
    assert_ne!(id, 0);
    let more = || bson! { "getMore" => id, "collection" => "users", "batchSize" => 20, "$db" => "x" };
    let (found, _) = said(&[("databases", "x")], &[first, more(), more(), more()]);
    let sizes: Vec<usize> = found.iter().take(3).map(|answer| batch(answer).len()).collect();
    assert_eq!(sizes, [20, 20, 8]);
    assert_eq!(found.last().and_then(|answer| answer.get("code")), Some(&Value::Int(43)));
}

#[test]
fn documents_beside_a_body_are_read_one_by_one_and_no_more_than_there_is_memory_for() {
    let nothing = (0..18_000).map(|_| ("a".to_owned(), Value::Null));
    let wide = Doc(std::iter::once(("_id".to_owned(), Value::from(1))).chain(nothing).collect()).bytes();
    let body = bson! { "insert" => "a", "ordered" => false, "$db" => "b" }.bytes();
    let count = 60;
    let size = i32::try_from(4 + 10 + wide.len() * count).unwrap().to_le_bytes();
    let parts = [&[0; 5][..], &body, &[1], &size, b"documents\0", &wide.repeat(count)].concat();
    let length = i32::try_from(16 + parts.len()).unwrap().to_le_bytes();
    let message = [&length[..], &[1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0], &parts].concat();
    let folder = tempfile::tempdir().unwrap();
    let host = host(&stage(folder.path()), persona_with(&SERVICE, "db-01"), "mongodb", &[]);
    let actions = converse(&SERVICE, &host, &link(27_017), &[&message]);
    let found = answers(&sent(&actions));
    assert_eq!(found.first().and_then(|answer| answer.get("n")), Some(&Value::Int(1)));
    let errors = found.first().and_then(|answer| answer.get("writeErrors")?.array()).unwrap();
    let codes: Vec<i64> = errors.iter().filter_map(|error| error.doc()?.get("code")?.whole()).collect();
    assert_eq!((codes.first(), codes.last()), (Some(&11_000), Some(&14_031)), "{codes:?}");
}

#[test]
fn what_is_no_command_is_told_and_written_down() {
    let (found, actions) = said(&[], &[bson! { "frobnicate" => 1, "$db" => "admin" }]);
    let wanted = bson! {
        "ok" => 0.0, "errmsg" => "no such command: 'frobnicate'", "code" => 59, "codeName" => "CommandNotFound",
    };
    assert_eq!(found, [wanted]);
    assert_eq!(texts(&actions, Kind::UnknownCommand, field::NAME), ["frobnicate"]);
}

#[test]
fn a_proof_of_a_listed_password_lets_in_and_every_other_is_kept() {
    use super::scram::Mechanism;
    for mechanism in [Mechanism::Sha1, Mechanism::Sha256] {
        let payload = |text: &str| Value::Binary(0, text.as_bytes().to_vec());
        let start = bson! {
            "saslStart" => 1, "mechanism" => mechanism.name(), "payload" => payload("n,,n=root,r=abcd"),
            "$db" => "admin",
        };
        let (found, _) = said(&[("auth", "on")], std::slice::from_ref(&start));
        let Some(Value::Binary(_, first)) = found.first().and_then(|answer| answer.get("payload")) else {
            panic!("{found:?}")
        };
        let first = String::from_utf8(first.clone()).unwrap();
        let nonce = first.strip_prefix("r=").and_then(|rest| rest.split_once(",s=")).unwrap().0;
        let end = format!("c=biws,r={nonce},p={}", "A".repeat(mechanism.name().len() * 4));
        let end = bson! { "saslContinue" => 1, "conversationId" => 1, "payload" => payload(&end), "$db" => "admin" };
        let (found, actions) = said(&[("auth", "on")], &[start, end]);
        assert_eq!(found.last().and_then(|answer| answer.get("code")), Some(&Value::Int(18)));
        assert_eq!(texts(&actions, Kind::AuthAttempt, field::METHOD_NAME), [mechanism.name()]);
        assert_eq!(texts(&actions, Kind::AuthAttempt, field::PRINCIPAL), ["root"]);
    }
}
