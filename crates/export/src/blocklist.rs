//! Lists of addresses to block, for firewalls and those who feed them. Each entry has an end: an address is somebody
//! else's a while later.

use crate::known::Known;
use decnet_model::export::Wanted;
use decnet_shape::csv;
use netsvc_wire::stamp::{self, Micros};
use serde_json::json;

/// Columns of the CSV form.
const COLUMNS: [&str; 10] = [
    "address",
    "first_seen",
    "last_seen",
    "expires",
    "risk",
    "confidence",
    "phase",
    "behaviour",
    "identity",
    "techniques",
];

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// RFC 4180 with a head line; no cell begins a formula.
    Csv,
    /// One JSON object with a list of entries.
    Json,
    /// One address a line, and nothing else.
    Plain,
}

/// Writes a list.
#[derive(Clone, Debug)]
pub struct Blocklist {
    shape: Shape,
    wanted: Wanted,
    now: Micros,
    written: u64,
}

impl Blocklist {
    /// A list of what is good for blocking at `now`.
    pub fn new(shape: Shape, wanted: Wanted, now: Micros) -> Self {
        Blocklist { shape, wanted, now, written: 0 }
    }

    /// What stands before the first address.
    pub fn begin(&self) -> String {
        match self.shape {
            Shape::Csv => format!("{}\r\n", COLUMNS.join(",")),
            Shape::Json => format!(
                "{{\"source\":\"{}\",\"generated\":\"{}\",\"tlp\":\"{}\",\"entries\":[",
                crate::origin::NAME,
                stamp::format(self.now),
                self.wanted.tlp
            ),
            Shape::Plain => String::new(),
        }
    }

    /// The entry of an address; `None`: it is not for blocking, or no longer.
    pub fn entry(&mut self, known: &Known) -> Option<String> {
        let expires = known.expires(&self.wanted);
        if !known.is_for_blocking(&self.wanted) || expires <= self.now {
            return None;
        }
        let text = match self.shape {
            Shape::Plain => format!("{}\n", known.seen.src_ip),
            Shape::Csv => csv_line(known, expires),
            Shape::Json => {
                let comma = if self.written > 0 { "," } else { "" };
                format!("{comma}\n{}", object(known, expires))
            }
        };
        self.written += 1;
        Some(text)
    }

    /// What stands behind the last one.
    pub fn end(&self) -> &'static str {
        if self.shape == Shape::Json { "\n]}\n" } else { "" }
    }
}

fn techniques(known: &Known) -> Vec<&str> {
    known.showed.iter().map(|showed| showed.technique.as_str()).collect()
}

fn csv_line(known: &Known, expires: Micros) -> String {
    let seen = &known.seen;
    let cells = [
        seen.src_ip.to_string(),
        stamp::format(seen.first_seen),
        stamp::format(seen.last_seen),
        stamp::format(expires),
        seen.risk.to_string(),
        known.confidence().to_string(),
        seen.phase.to_string(),
        seen.behaviour.to_string(),
        known.identity.as_ref().map(|identity| identity.id.to_string()).unwrap_or_default(),
        techniques(known).join(" "),
    ];
    csv::line(cells.iter().map(String::as_str))
}

fn object(known: &Known, expires: Micros) -> serde_json::Value {
    let seen = &known.seen;
    json!({
        "address": seen.src_ip.to_string(),
        "first_seen": stamp::format(seen.first_seen),
        "last_seen": stamp::format(seen.last_seen),
        "expires": stamp::format(expires),
        "risk": seen.risk,
        "confidence": known.confidence(),
        "phase": seen.phase.name(),
        "behaviour": seen.behaviour.name(),
        "identity": known.identity.as_ref().map(|identity| identity.id),
        "techniques": techniques(known),
    })
}
