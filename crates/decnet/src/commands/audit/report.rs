//! What an audit prints.

use crate::output;
use decnet_analysis::audit::{Clash, Rank, Seen, Standing, Strength};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Deckies that a line names.
const NAMED: usize = 5;

/// Everything that was found.
pub(super) struct Report<'a> {
    /// Fewest points that pass.
    pub(super) threshold: u32,
    pub(super) standings: &'a [Standing],
    pub(super) ranking: Vec<Rank>,
    pub(super) clashes: Vec<Clash>,
    /// What deckies showed, by name.
    pub(super) seen: &'a BTreeMap<String, Seen>,
    /// What nobody looked at.
    pub(super) skipped: &'a [String],
}

impl Report<'_> {
    /// For programs.
    pub(super) fn json(&self) -> Value {
        let seen: BTreeMap<&str, Value> =
            self.seen.iter().map(|(decky, seen)| (decky.as_str(), shown(seen))).collect();
        json!({
            "threshold": self.threshold,
            "deckies": self.standings,
            "ranking": self.ranking,
            "clashes": self.clashes,
            "seen": seen,
            "skipped": self.skipped,
        })
    }

    /// For people: deckies, tells, fingerprints of TLS, and at the end what the fleet shares.
    pub(super) fn print(&self) {
        output::table(&["DECKY", "POINTS", "GIVEN AWAY BY"], self.standings, |standing| {
            let tells: Vec<String> = standing
                .findings
                .iter()
                .map(|finding| format!("{} {}", finding.tell, finding.detail))
                .collect();
            vec![standing.decky.clone(), standing.score.to_string(), tells.join("; ")]
        });
        if !self.ranking.is_empty() {
            output::table(&["TELL", "SAYS", "DECKIES"], &self.ranking, |rank| {
                vec![rank.tell.to_owned(), says(rank.strength).to_owned(), few(&rank.deckies)]
            });
        }
        let jarm = self.jarm();
        if !jarm.is_empty() {
            output::table(&["JARM", "DECKIES"], &jarm, |(hash, ports)| vec![hash.clone(), few(ports)]);
        }
        for reason in self.skipped {
            output::line(&format!("not looked at: {reason}"));
        }
        if self.clashes.is_empty() {
            output::line("the deckies share nothing that gives them away");
            return;
        }
        output::table(&["IN COMMON", "TELL", "SAYS", "DECKIES"], &self.clashes, |clash| {
            vec![
                clash.what.clone(),
                clash.tell.to_owned(),
                says(clash.strength).to_owned(),
                few(&clash.deckies),
            ]
        });
    }

    /// Ports by their JARM, the most frequent first.
    fn jarm(&self) -> Vec<(String, Vec<String>)> {
        let mut ports: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (decky, seen) in self.seen {
            for (port, jarm) in &seen.jarm {
                ports.entry(jarm.hash()).or_default().push(format!("{decky}:{port}"));
            }
        }
        let mut ports: Vec<_> = ports.into_iter().collect();
        ports.sort_by_key(|(_, ports)| std::cmp::Reverse(ports.len()));
        ports
    }
}

/// What one decky showed.
fn shown(seen: &Seen) -> Value {
    let jarm: BTreeMap<u16, Value> = seen
        .jarm
        .iter()
        .map(|(port, jarm)| (*port, json!({ "hash": jarm.hash(), "answers": jarm.words() })))
        .collect();
    json!({
        "ssh": seen.ssh_version,
        "hassh": seen.hassh,
        "host_keys": seen.host_keys,
        "rsa_bits": seen.rsa_bits,
        "certificate": seen.certificate,
        "ja3s": seen.tls,
        "jarm": jarm,
        "http": seen.http_server,
        "clock": seen.booted.map(|(since, period)| json!({ "since": since, "period": period })),
        "ids": seen.ids,
        "isns": seen.isns,
        "p0f": seen.passive,
    })
}

fn says(strength: Strength) -> &'static str {
    match strength {
        Strength::Decisive => "decides",
        Strength::AddsUp => "adds up",
        Strength::Weak => "little",
    }
}

/// How many, and the first of them.
fn few(names: &[String]) -> String {
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(" ");
    let more = if names.len() > NAMED { " …" } else { "" };
    format!("{}: {named}{more}", names.len())
}
