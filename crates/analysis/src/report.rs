//! What `decnet correlate FILE|-` prints: table rows, JSON, syslog lines.

use crate::correlate::{Correlator, Finding};
use netsvc_wire::{
    escape::{escape_value, printable},
    stamp,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;
use std::fmt::Write;

/// Head of the table.
pub const TABLE_HEAD: [&str; 7] = ["attacker", "kind", "deckies", "path", "first seen", "duration", "events"];
/// Nodes of a path shown in the table.
const PATH_SHOWN: usize = 8;
/// Nodes named in one syslog line.
const NODES_NAMED: usize = 200;

/// Cells of a table, one row a finding, for a renderer that escapes them.
pub fn table(findings: &[Finding]) -> Vec<[String; 7]> {
    findings
        .iter()
        .map(|finding| {
            [
                finding.src_ip.to_string(),
                finding.kind().name().to_owned(),
                finding.path.len().to_string(),
                path(finding),
                stamp::format(finding.first_seen),
                duration(finding),
                finding.counts.events.to_string(),
            ]
        })
        .collect()
}

fn path(finding: &Finding) -> String {
    let shown: Vec<_> = finding.path.iter().take(PATH_SHOWN).map(|visit| &*visit.node).collect();
    let more = finding.path.len().saturating_sub(PATH_SHOWN);
    let rest = if more > 0 { format!(" → … {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(" → "))
}

fn duration(finding: &Finding) -> String {
    let seconds = (finding.last_seen - finding.first_seen) / 1_000_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The whole report for JSON: `stats` and `traversals`. It is written without being built in memory.
#[derive(Debug)]
pub struct Report<'a> {
    /// Where the findings come from.
    pub correlator: &'a Correlator,
    /// The findings to tell of.
    pub findings: &'a [Finding],
}

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stats = self.correlator.stats();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry(
            "stats",
            &json!({
                "lines_parsed": stats.lines - stats.malformed,
                "lines_malformed": stats.malformed,
                "lines_doubled": stats.doubles,
                "events_indexed": stats.events,
                "unique_ips": self.correlator.attackers(),
                "traversals": self.findings.len(),
            }),
        )?;
        map.serialize_entry("traversals", &List(self.findings.iter().map(TraversalBody)))?;
        map.end()
    }
}

/// What an iterator gives, as a list.
struct List<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for List<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

struct TraversalBody<'a>(&'a Finding);

impl Serialize for TraversalBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let finding = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("attacker_ip", &finding.src_ip)?;
        map.serialize_entry("kind", finding.kind().name())?;
        map.serialize_entry("decky_count", &finding.path.len())?;
        map.serialize_entry("interactive_decky_count", &finding.interactive_nodes())?;
        let nodes = finding.path.iter().map(|visit| printable(visit.node.as_bytes()).into_string());
        map.serialize_entry("deckies", &List(nodes))?;
        map.serialize_entry("first_seen", &stamp::format(finding.first_seen))?;
        map.serialize_entry("last_seen", &stamp::format(finding.last_seen))?;
        map.serialize_entry("duration_s", &seconds(finding))?;
        map.serialize_entry("events", &finding.counts.events)?;
        map.serialize_entry("credentials", &finding.counts.credentials)?;
        map.serialize_entry("sessions", &finding.sessions)?;
        map.serialize_entry("hop_count", &finding.hop_count)?;
        let hops = finding.hops.iter().map(|(at, node)| HopBody {
            at: stamp::format(*at),
            decky: printable(node.as_bytes()).into_string(),
        });
        map.serialize_entry("hops", &List(hops))?;
        map.end()
    }
}

#[derive(Serialize)]
struct HopBody {
    at: String,
    decky: String,
}

#[expect(clippy::cast_precision_loss, reason = "a duration of 2^53 microseconds is 285 years")]
fn seconds(finding: &Finding) -> f64 {
    (finding.last_seen - finding.first_seen) as f64 / 1e6
}

/// One RFC 5424 line, without newline, that tells a SIEM of a traversal.
pub fn syslog(finding: &Finding, sd_id: &str) -> String {
    let nodes: Vec<_> = finding.path.iter().take(NODES_NAMED).map(|visit| &*visit.node).collect();
    let mut line = format!(
        "<132>1 {} decnet-correlator correlator - traversal_detected [{sd_id}",
        stamp::format(finding.last_seen)
    );
    for (name, value) in [
        ("attacker_ip", finding.src_ip.to_string()),
        ("kind", finding.kind().name().to_owned()),
        ("decky_count", finding.path.len().to_string()),
        ("deckies", nodes.join(",")),
        ("first_seen", stamp::format(finding.first_seen)),
        ("last_seen", stamp::format(finding.last_seen)),
        ("hop_count", finding.hop_count.to_string()),
        ("duration_s", seconds(finding).to_string()),
    ] {
        let mut escaped = Vec::new();
        escape_value(value.as_bytes(), &mut escaped);
        let written = write!(line, " {name}=\"{}\"", String::from_utf8_lossy(&escaped));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    line.push(']');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{Record, WriterId, field};

    fn sample() -> Correlator {
        let mut correlator = Correlator::default();
        for (number, node) in [(1, "web-01"), (2, "db\u{1b}\"]-01")] {
            correlator.observe(&Record {
                at: 1_764_000_000_000_000 + i64::from(number) * 90_000_000,
                priority: 134,
                node: node.into(),
                app: "ssh".into(),
                kind: "command".into(),
                writer: WriterId(1),
                number: number as u64,
                fields: vec![(field::SRC_IP.into(), b"192.0.2.7".to_vec())],
            });
        }
        correlator
    }

    #[test]
    fn a_table_row_is_whole_and_unescaped() {
        let rows = table(&sample().findings(2));
        assert_eq!(rows[0][..4], ["192.0.2.7", "interaction", "2", "web-01 → db\u{1b}\"]-01"]);
        assert_eq!(rows[0][5], "1 min 30 s");
    }

    #[test]
    fn json_has_the_numbers_and_the_hops() {
        let correlator = sample();
        let report = Report { correlator: &correlator, findings: &correlator.findings(2) };
        let report = serde_json::to_value(&report).unwrap();
        assert_eq!(report["stats"]["events_indexed"], 2);
        assert_eq!(report["traversals"][0]["decky_count"], 2);
        assert_eq!(report["traversals"][0]["hops"][0]["decky"], "db\\x1b\"]-01");
        assert_eq!(report["traversals"][0]["duration_s"], 90.0);
    }

    #[test]
    fn a_syslog_line_cannot_be_ended_by_a_name() {
        let line = syslog(&sample().findings(2)[0], "ev@32473");
        assert!(line.starts_with("<132>1 2025-11-24T16:03:00.000000Z decnet-correlator correlator - "));
        assert!(line.contains("deckies=\"web-01,db\\\\x1b\\\"\\]-01\" first_seen="), "{line}");
        assert!(line.ends_with("duration_s=\"90\"]"), "{line}");
    }
}
