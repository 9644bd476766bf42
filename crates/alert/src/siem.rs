//! A message as SIEMs read it: the Elastic Common Schema 8 (JSON), and ArcSight's Common Event Format 0 (a line).

use decnet_shape::message::Body;
use netsvc_wire::stamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Who says it.
const VENDOR: &str = "DECNET";
/// Release of the schema.
const SCHEMA: &str = "8.11.0";
/// Longest value, in characters: a line of syslog stays below what servers take.
const LONGEST: usize = 1000;

/// A severity by name: that of Elastic's rules (1 to 99), and that of the event format (0 to 10).
const SEVERITIES: &[(&str, u8, u8)] =
    &[("info", 1, 1), ("low", 21, 3), ("medium", 47, 5), ("high", 73, 8), ("critical", 99, 10)];

/// In the Elastic Common Schema.
pub(crate) fn ecs(body: &Body) -> Value {
    let mut event = json!({
        "kind": "alert", "category": ["intrusion_detection"], "type": ["info"], "module": "decnet",
        "dataset": "decnet.alert", "action": body.kind, "id": body.token, "severity": severity(body).0,
    });
    if let (Some(link), Some(event)) = (&body.link, event.as_object_mut()) {
        event.insert("url".to_owned(), json!(link));
    }
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("@timestamp", json!(body.at));
    put("ecs", json!({ "version": SCHEMA }));
    put("event", event);
    put("message", json!(cut(&body.title)));
    put("rule", json!({ "name": body.rule }));
    put("observer", json!({ "vendor": VENDOR, "product": VENDOR, "version": env!("CARGO_PKG_VERSION") }));
    if let Some(address) = address(body) {
        put("source", json!({ "address": address.to_string(), "ip": address.to_string() }));
        put("related", json!({ "ip": [address.to_string()] }));
    }
    if let Some(decky) = of(body, "decky") {
        put("host", json!({ "name": decky }));
    }
    if let Some(service) = of(body, "service") {
        put("network", json!({ "protocol": service }));
    }
    if let Some(name) = of(body, "principal") {
        put("user", json!({ "name": cut(name) }));
    }
    if let Some(stage) = of(body, "stage") {
        put("labels", json!({ "stage": stage }));
    }
    Value::Object(all)
}

/// In the Common Event Format.
pub(crate) fn cef(body: &Body) -> String {
    let (stage, title) = (of(body, "stage").unwrap_or(&body.kind), cut(&body.title));
    let head = [VENDOR, "decnet", env!("CARGO_PKG_VERSION"), stage, title.as_str()]
        .map(|text| text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('|', "\\|"));
    let mut fields: Vec<String> = Vec::new();
    let mut add = |key: &str, text: &str| {
        let text = cut(text).replace('\\', "\\\\").replace('=', "\\=").replace(['\n', '\r'], " ");
        fields.push(format!("{key}={text}"));
    };
    if let Some(at) = stamp::parse(&body.at) {
        add("rt", &(at / 1000).to_string());
    }
    add("externalId", &body.token);
    add("cs1Label", "rule");
    add("cs1", &body.rule);
    match address(body) {
        Some(IpAddr::V4(address)) => add("src", &address.to_string()),
        Some(IpAddr::V6(address)) => {
            add("c6a2Label", "Source IPv6 Address");
            add("c6a2", &address.to_string());
        }
        None => {}
    }
    for (key, name) in [("dhost", "decky"), ("app", "service"), ("suser", "principal")] {
        if let Some(text) = of(body, name) {
            add(key, text);
        }
    }
    if let Some(link) = &body.link {
        add("request", link);
    }
    add("msg", &body.lines.join("; "));
    format!("CEF:0|{}|{}|{}", head.join("|"), severity(body).1, fields.join(" "))
}

fn severity(body: &Body) -> (u8, u8) {
    let row = SEVERITIES.iter().find(|(name, ..)| *name == body.severity);
    row.map_or((1, 1), |(_, elastic, event)| (*elastic, *event))
}

/// A text of the incident.
fn of<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    body.incident.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn address(body: &Body) -> Option<IpAddr> {
    of(body, "src_ip")?.parse().ok()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(address: &str, title: &str) -> Body {
        let body = json!({
            "kind": "alert", "token": "t1", "rule": "siem|a=b", "at": "2025-11-24T16:00:00.000000Z",
            "severity": "high", "title": title, "lines": ["logged-in · 9 events", "a=b\nc"],
            "link": "https://decnet.lan/incidents/7",
            "incident": {
                "src_ip": address, "decky": "web-01", "service": "ssh", "stage": "logged-in", "principal": "ro=ot",
            },
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_line_of_the_event_format_is_one_and_its_fields_are_apart() {
        assert_eq!(
            cef(&message("192.0.2.7", "in | as\\x0a root\nCEF:0|x")),
            format!(
                "CEF:0|DECNET|decnet|{}|logged-in|in \\| as\\\\x0a root CEF:0\\|x|8|rt=1764000000000 externalId=t1 \
                 cs1Label=rule cs1=siem|a\\=b src=192.0.2.7 dhost=web-01 app=ssh suser=ro\\=ot \
                 request=https://decnet.lan/incidents/7 msg=logged-in · 9 events; a\\=b c",
                env!("CARGO_PKG_VERSION")
            )
        );
        let six = cef(&message("2001:db8::7", "x"));
        assert!(
            six.contains(" c6a2Label=Source IPv6 Address c6a2=2001:db8::7 ") && !six.contains(" src="),
            "{six}"
        );
    }

    #[test]
    fn a_document_of_the_schema_says_who_where_and_what() {
        let document = ecs(&message("192.0.2.7", "in"));
        for (pointer, value) in [
            ("/@timestamp", json!("2025-11-24T16:00:00.000000Z")),
            ("/event/kind", json!("alert")),
            ("/event/severity", json!(73)),
            ("/event/url", json!("https://decnet.lan/incidents/7")),
            ("/source/ip", json!("192.0.2.7")),
            ("/host/name", json!("web-01")),
            ("/user/name", json!("ro=ot")),
            ("/rule/name", json!("siem|a=b")),
            ("/labels/stage", json!("logged-in")),
            ("/message", json!("in")),
        ] {
            assert_eq!(document.pointer(pointer), Some(&value), "{pointer}");
        }
        let bare = Body { incident: None, link: None, ..message("", &"x".repeat(5000)) };
        let document = ecs(&bare);
        assert!(document.get("source").is_none() && document.pointer("/event/url").is_none(), "{document}");
        assert!(document.to_string().len() < 2000 && cef(&bare).len() < 2000);
    }
}
