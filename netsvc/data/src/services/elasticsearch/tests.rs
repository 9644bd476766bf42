//! What clients and intruders do, from the first request to the note.

use super::SERVICE;
use netsvc_kit::{
    Action,
    testing::{converse, host, link, persona_with, sent, stage},
};
use netsvc_wire::{Kind, field};

/// What the service says to `said` as `version`, and the kinds of what it wrote down with their telling field.
fn talk(version: &str, settings: &[(&str, &str)], said: &[&str]) -> (String, Vec<(Kind, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let mut persona = persona_with(&SERVICE, "search-01");
    persona.products.get_mut("elasticsearch").unwrap().version = version.to_owned();
    let host = host(&stage, persona, SERVICE.slug, settings);
    let pieces: Vec<&[u8]> = said.iter().map(|piece| piece.as_bytes()).collect();
    let actions = converse(&SERVICE, &host, &link(9200), &pieces);
    let told = actions.iter().filter_map(|action| match action {
        Action::Record(kind, fields) | Action::Capture(kind, fields, _) => {
            let names = [field::TECHNIQUE, field::COMMAND, field::QUERY, field::PRINCIPAL, field::TARGET];
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

fn post(target: &str, body: &str) -> String {
    with_body("POST", target, body)
}

fn with_body(method: &str, target: &str, body: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

#[test]
fn each_release_says_what_it_is() {
    let (old, _) = talk("7.10.2", &[], &[&get("/")]);
    assert!(
        old.starts_with(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: "
        ),
        "{old}"
    );
    assert!(
        old.contains("\r\n\r\n{\n  \"name\" : \"srv-files-03\",\n  \"cluster_name\" : \"elasticsearch\","),
        "{old}"
    );
    assert!(old.ends_with("  \"tagline\" : \"You Know, for Search\"\n}\n"), "{old}");
    let (late, _) = talk("7.17.12", &[], &[&get("/_cat/health")]);
    assert!(
        late.contains("Warning: 299 Elasticsearch-7.17.12-e3b0") && late.contains("X-elastic-product: Elast"),
        "{late}"
    );
    let (closed, events) =
        talk("8.12.2", &[], &["GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ZWxhc3RpYzphOmI=\r\n\r\n"]);
    assert!(closed.starts_with(
        "HTTP/1.1 401 Unauthorized\r\nX-elastic-product: Elasticsearch\r\nWWW-Authenticate: Basic"
    ));
    assert!(closed.contains("unable to authenticate user [elastic] for REST request [/]"), "{closed}");
    assert!(events.contains(&(Kind::AuthAttempt, "elastic".to_owned())), "{events:?}");
}

#[test]
fn no_document_is_longer_than_its_tree_may_be_wherever_it_stands() {
    let long = format!("{{\"a\":[{}0]}}", "{\"\":0},".repeat(100_000));
    let search = format!("{{}}\n{{\"query\":{{\"terms\":{long}}}}}\n");
    let bulk = format!("{{\"index\":{{\"_index\":\"x\"}}}}\n{long}\n");
    for (target, body) in [("/_msearch", &search), ("/_bulk", &bulk), ("/x/_doc/my_bulk", &long)] {
        let (said, _) = talk("7.10.2", &[], &[&post(target, body)]);
        assert!(said.contains("circuit_breaking_exception"), "{target}: {said:.300}");
    }
}

#[test]
fn documents_are_gone_through_only_so_often() {
    let fields = vec!["\"*\""; 100_000].join(",");
    let query = format!("{{\"multi_match\":{{\"query\":\"\",\"fields\":[{fields}]}}}}");
    let search = format!("{{\"query\":{query}}}");
    let counted = format!("{{\"size\":0,\"aggs\":{{\"a\":{{\"filter\":{query}}}}}}}");
    let values = vec!["\"1e9\""; 16_000].join(",");
    let lines = format!("{{}}\n{{\"query\":{{\"terms\":{{\"response\":[{values}]}}}}}}\n").repeat(8);
    let shown = format!("{{\"size\":180,\"_source\":[{fields}]}}");
    for (target, body) in [
        ("/logstash-*/_search", &search),
        ("/logstash-*/_count", &search),
        ("/logstash-*/_delete_by_query", &search),
        ("/logstash-*/_update_by_query", &search),
        ("/logstash-*/_search", &counted),
        ("/logstash-*/_search", &shown),
        ("/logstash-*/_msearch", &lines),
    ] {
        let (said, _) = talk("7.10.2", &[], &[&post(target, body)]);
        assert!(said.contains("circuit_breaking_exception"), "{target}: {said:.300}");
    }
    let usual = "{\"query\":{\"bool\":{\"must\":[{\"match\":{\"verb\":\"GET\"}},{\"range\":{\"bytes\":{\"gte\":0}}}]}},\
        \"sort\":[{\"bytes\":\"desc\"}],\"_source\":[\"bytes\"],\"aggs\":{\"a\":{\"terms\":{\"field\":\"response\"}}}}";
    let (said, _) = talk("7.10.2", &[], &[&post("/logstash-*/_search", usual)]);
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.contains("\"value\":180"), "{said:.600}");
}

#[test]
fn the_application_is_found_read_dropped_and_held_for_ransom() {
    let note = "{\"message\":\"All your indices have been backed up. Send 0.02 BTC to recover your data\"}";
    let (said, events) = talk(
        "7.17.3",
        &[],
        &[
            &get("/_cat/indices?h=index,docs.count"),
            &get("/customers/_search?size=1&filter_path=x"),
            "DELETE /customers HTTP/1.1\r\nHost: h\r\n\r\n",
            &get("/customers/_search"),
            &post("/read_me/_doc", note),
            &get("/_cat/indices?h=index,docs.count"),
        ],
    );
    assert!(said.contains("customers") && said.contains("48\n"), "{said}");
    assert!(
        said.contains("\"hits\":{\"total\":{\"value\":48,\"relation\":\"eq\"},\"max_score\":1.0,"),
        "{said}"
    );
    assert!(said.contains("{\"acknowledged\":true}") && said.contains("no such index [customers]"), "{said}");
    let techniques: Vec<&str> = events
        .iter()
        .filter(|(kind, _)| *kind == Kind::ExploitAttempt)
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(techniques, ["elasticsearch data destruction", "database ransom note"]);
    assert!(events.iter().any(|(kind, _)| *kind == Kind::FileCaptured));
}

#[test]
fn queries_find_what_they_mean() {
    let count = |query: &str| {
        let (said, _) = talk("7.17.3", &[], &[&post("/customers/_count", &format!("{{\"query\":{query}}}"))]);
        let (_, rest) = said.split_once("{\"count\":").unwrap_or_else(|| panic!("{query}: {said}"));
        rest.split(',').next().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(count("{\"match_all\":{}}"), 48);
    assert_eq!(count("{\"range\":{\"id\":{\"gt\":10,\"lte\":20}}}"), 10);
    assert_eq!(count("{\"ids\":{\"values\":[\"1\",\"99\"]}}"), 1);
    assert_eq!(count("{\"term\":{\"id\":7}}"), 1);
    assert_eq!(count("{\"bool\":{\"must_not\":[{\"exists\":{\"field\":\"email\"}}]}}"), 0);
    let city = count("{\"match\":{\"city\":\"Berlin\"}}");
    assert_eq!(city, count("{\"query_string\":{\"query\":\"city:berlin\"}}"));
    assert_eq!(city + count("{\"bool\":{\"must_not\":{\"match\":{\"city\":\"berlin\"}}}}"), 48);
}

#[test]
fn what_is_wrong_is_said_as_the_server_does() {
    for (said, status, part) in [
        (get("/nothing/_search"), 404, "\"type\":\"index_not_found_exception\""),
        (get("/_nothing"), 400, "no handler found for uri [/_nothing] and method [GET]"),
        (post("/_search", "{\"query\":{\"a\":{}}}"), 400, "unknown query [a]"),
        (post("/_search", "{\"query\""), 400, "json_parse_exception"),
        (with_body("PUT", "/Big", "{}"), 400, "must be lowercase"),
        (post("/customers/_search?size=20000", "{}"), 400, "Result window is too large"),
        (
            "POST /a/_doc HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"
                .to_owned(),
            406,
            "is not supported",
        ),
        (
            post("/_search", "{\"script_fields\":{\"a\":{\"script\":\"java.lang.Runtime\"}}}"),
            400,
            "script_exception",
        ),
    ] {
        let (answer, _) = talk("7.17.3", &[], &[&said]);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(part),
            "{said}\n{answer}"
        );
    }
}

#[test]
fn documents_are_written_changed_and_counted() {
    let bulk = "{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"x\":{\"y\":[1,2]},\"z\":\"one two\"}\n\
                {\"update\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"doc\":{\"z\":\"three\"}}\n\
                {\"delete\":{\"_index\":\"a\",\"_id\":\"2\"}}\n";
    let aggregation =
        "{\"size\":0,\"aggs\":{\"cities\":{\"terms\":{\"field\":\"city.keyword\",\"size\":2}}}}";
    let (said, _) = talk(
        "8.12.2",
        &[("security", "off")],
        &[
            &post("/_bulk", bulk),
            &get("/a/_doc/1"),
            &get("/a/_mapping"),
            &post("/customers/_search", aggregation),
            &post("/logstash-*/_search?scroll=1m&size=100", "{}"),
        ],
    );
    assert!(said.contains("\"errors\":false") && said.contains("\"result\":\"not_found\""), "{said}");
    assert!(
        said.contains(
            "\"_version\":2,\"_seq_no\":1,\"_primary_term\":1,\"found\":true,\"_source\":{\"x\":{\"\
        y\":[1,2]},\"z\":\"three\"}"
        ),
        "{said}"
    );
    assert!(
        said.contains(
            "{\"a\":{\"mappings\":{\"properties\":{\"x\":{\"properties\":{\"y\":{\"type\":\"long\"}}}"
        ),
        "{said}"
    );
    assert!(said.contains("\"aggregations\":{\"cities\":{\"doc_count_error_upper_bound\":0"), "{said}");
    assert!(said.contains("{\"_scroll_id\":\"FGluY2x1ZG") && said.contains("\"value\":180"), "{said}");
}
