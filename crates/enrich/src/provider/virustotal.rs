//! VirusTotal, files of its API version 3. A file is never sent there, only its hash.

use super::{HOUR, Provider, Said, Spec, Subject, Unsaid, get, json, strange};
use decnet_model::record::Verdict;
use decnet_outward::Asked;
use serde::Deserialize;

/// See [`super`].
pub(super) struct VirusTotal;

/// So many scanners that find something are no error of one of them.
const SEVERAL: u64 = 3;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    last_analysis_stats: Stats,
    #[serde(default)]
    popular_threat_classification: Option<Classification>,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    malicious: u64,
    #[serde(default)]
    suspicious: u64,
    #[serde(default)]
    undetected: u64,
    #[serde(default)]
    harmless: u64,
}

#[derive(Deserialize)]
struct Classification {
    #[serde(default)]
    suggested_threat_label: Option<String>,
}

impl Provider for VirusTotal {
    fn spec(&self) -> &'static Spec {
        &Spec {
            name: "virustotal",
            base: "https://www.virustotal.com",
            subject: Subject::Files,
            per_minute: 4,
            fresh: 14 * 24 * HOUR,
            unknown: 24 * HOUR,
            answer: 2 * 1024 * 1024,
        }
    }

    fn asked(&self, subject: &str, key: &str) -> Asked {
        get(format!("/api/v3/files/{subject}"), vec![("x-apikey", key.to_owned())])
    }

    fn read(&self, _: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid> {
        match status {
            200 => {}
            404 => return Ok(Said::unknown()),
            400 => return Err(Unsaid::Subject("it does not take the hash (HTTP 400)".to_owned())),
            _ => return Err(strange(status)),
        }
        let Attributes { last_analysis_stats: stats, popular_threat_classification: class } =
            json::<Answer>(body)?.data.attributes;
        let found = stats.malicious.saturating_add(stats.suspicious);
        let all = found.saturating_add(stats.undetected).saturating_add(stats.harmless);
        let verdict = match stats.malicious {
            SEVERAL.. => Verdict::Malicious,
            _ if found > 0 => Verdict::Suspicious,
            _ if all > 0 => Verdict::Benign,
            _ => return Ok(Said::unknown()),
        };
        let label = class.and_then(|class| class.suggested_threat_label);
        let label = label.map(|label| format!("; {label}")).unwrap_or_default();
        let score = found.saturating_mul(100).checked_div(all);
        Ok(Said::new(verdict, score, &format!("{found} of {all} scanners{label}")))
    }
}
