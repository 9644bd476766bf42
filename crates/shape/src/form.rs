//! Events for other programs, a line each: JSON as everywhere here, comma-separated values, documents of the Elastic
//! Common Schema 8.

use crate::{Event, csv};
use decnet_model::record::EventRow;
use serde_json::{Map, Value, json};

/// Release of the schema.
const SCHEMA: &str = "8.11.0";
/// Columns of comma-separated values.
const COLUMNS: [&str; 12] = [
    "id", "at", "decky", "service", "kind", "class", "src_ip", "src_port", "dst_port", "session", "host",
    "fields",
];
/// Fields of events and where they belong in the schema.
const PLACES: &[(&str, &str)] = &[
    ("transport", "network.transport"),
    ("principal", "user.name"),
    ("command", "process.command_line"),
    ("sha256", "file.hash.sha256"),
    ("path", "file.path"),
    ("url", "url.original"),
    ("method", "http.request.method"),
    ("user_agent", "user_agent.original"),
    ("ja3", "tls.client.ja3"),
    ("sni", "tls.client.server_name"),
    ("cipher", "tls.cipher"),
    ("subject", "email.subject"),
    ("mail_from", "email.from.address"),
    ("rcpt_to", "email.to.address"),
    ("src_mac", "source.mac"),
];
/// Kinds of events and their category in the schema; all others are of the network.
const CATEGORIES: &[(&str, &str)] = &[
    ("auth_attempt", "authentication"),
    ("key_offer", "authentication"),
    ("session_start", "session"),
    ("session_recorded", "session"),
    ("command", "process"),
    ("unknown_command", "process"),
    ("request", "web"),
    ("query", "database"),
    ("file_read", "file"),
    ("file_captured", "file"),
    ("download_attempt", "file"),
    ("message_stored", "email"),
    ("exploit_attempt", "intrusion_detection"),
];

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventForm {
    /// The event as JSON.
    Json,
    /// Comma-separated values; no cell begins a formula.
    Csv,
    /// A document of the Elastic Common Schema.
    Ecs,
}

impl EventForm {
    /// All of them with their names.
    pub const ALL: &'static [(&'static str, EventForm)] =
        &[("json", EventForm::Json), ("csv", EventForm::Csv), ("ecs", EventForm::Ecs)];

    /// The form called `name`.
    pub fn named(name: &str) -> Option<Self> {
        EventForm::ALL.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// What such lines are.
    pub fn media(self) -> &'static str {
        match self {
            EventForm::Csv => "text/csv; charset=utf-8",
            EventForm::Json | EventForm::Ecs => "application/x-ndjson",
        }
    }

    /// What stands above the lines, with its end; mostly nothing.
    pub fn head(self) -> String {
        if self == EventForm::Csv { csv::line(COLUMNS) } else { String::new() }
    }

    /// The line of an event, with its end.
    pub fn line(self, row: &EventRow) -> String {
        let event = Event::from(row);
        match self {
            // Structs of texts and numbers always become JSON.
            EventForm::Json => serde_json::to_string(&event).unwrap_or_default() + "\n",
            EventForm::Ecs => format!("{}\n", document(&event)),
            EventForm::Csv => cells(&event),
        }
    }
}

fn cells(event: &Event) -> String {
    let number = |port: Option<u16>| port.map(|port| port.to_string()).unwrap_or_default();
    let (id, source, destination) = (event.id.to_string(), number(event.src_port), number(event.dst_port));
    let fields = serde_json::to_string(&event.fields).unwrap_or_default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (address, session, host) = (text(&event.src_ip), text(&event.session), text(&event.host));
    let cells: [&str; 12] = [
        &id,
        &event.at,
        &event.decky,
        &event.service,
        &event.kind,
        event.class,
        &address,
        &source,
        &destination,
        &session,
        &host,
        &fields,
    ];
    csv::line(cells)
}

fn document(event: &Event) -> Value {
    let category =
        CATEGORIES.iter().find(|(kind, _)| *kind == event.kind).map_or("network", |(_, name)| *name);
    let mut all = Map::new();
    let mut put = |path: &str, value: Value| place(&mut all, path, value);
    put("@timestamp", json!(event.at));
    put("ecs.version", json!(SCHEMA));
    put("event.kind", json!("event"));
    put("event.category", json!([category]));
    put("event.type", json!(["info"]));
    put("event.module", json!("decnet"));
    put("event.dataset", json!("decnet.event"));
    put("event.action", json!(event.kind));
    put("event.id", json!(format!("{}-{}", event.writer, event.number)));
    put("event.sequence", json!(event.number));
    put("host.name", json!(event.decky));
    put("network.protocol", json!(event.service));
    put("labels.class", json!(event.class));
    if let Some(outcome) = event.fields.get("outcome").and_then(outcome) {
        put("event.outcome", json!(outcome));
    }
    for (path, value) in [
        ("source.ip", &event.src_ip),
        ("source.address", &event.src_ip),
        ("labels.session", &event.session),
        ("labels.host", &event.host),
    ] {
        if let Some(text) = value {
            put(path, json!(text));
        }
    }
    for (path, port) in [("source.port", event.src_port), ("destination.port", event.dst_port)] {
        if let Some(port) = port {
            put(path, json!(port));
        }
    }
    for &(field, path) in PLACES {
        if let Some(text) = event.fields.get(field) {
            put(path, json!(text));
        }
    }
    put("decnet.fields", json!(event.fields));
    Value::Object(all)
}

/// What the schema calls an outcome.
fn outcome(text: &str) -> Option<&'static str> {
    match text {
        "accepted" => Some("success"),
        "rejected" | "refused" | "denied" => Some("failure"),
        _ => None,
    }
}

/// Puts a value at a path of names with dots between.
fn place(all: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            all.insert(path.to_owned(), value);
        }
        // Paths are ours, and have three names at most.
        Some((first, rest)) => {
            let inner = all.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                place(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{event::Kind, field};

    #[test]
    fn what_is_mapped_exists_and_nothing_hides_something_else() {
        for (name, path) in PLACES {
            assert!(field::find(name).is_some(), "{name}");
            let inside = |other: &str| other.starts_with(&format!("{path}."));
            assert!(!PLACES.iter().any(|(_, other)| inside(other)), "{path}");
        }
        for (kind, _) in CATEGORIES {
            assert!(Kind::ALL.iter().any(|known| known.name() == *kind), "{kind}");
        }
    }

    #[test]
    fn a_value_is_put_beside_what_is_there() {
        let mut all = Map::new();
        for (path, value) in [("a.b.c", 1), ("a.b.d", 2), ("a.e", 3), ("f", 4)] {
            place(&mut all, path, json!(value));
        }
        assert_eq!(json!(all), json!({ "a": { "b": { "c": 1, "d": 2 }, "e": 3 }, "f": 4 }));
        assert_eq!(EventForm::named("ecs"), Some(EventForm::Ecs));
        assert!(EventForm::Csv.head().starts_with("\"id\",\"at\"") && EventForm::Json.head().is_empty());
    }
}
