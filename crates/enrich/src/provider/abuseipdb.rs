//! AbuseIPDB, endpoint `check` of its API version 2.

use super::{HOUR, Provider, Said, Spec, Subject, Unsaid, get, json, strange};
use decnet_model::record::Verdict;
use decnet_outward::Asked;
use serde::Deserialize;

/// See [`super`].
pub(super) struct AbuseIpDb;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    abuse_confidence_score: u64,
    #[serde(default)]
    total_reports: u64,
    #[serde(default)]
    is_whitelisted: Option<bool>,
    #[serde(default)]
    usage_type: Option<String>,
}

impl Provider for AbuseIpDb {
    fn spec(&self) -> &'static Spec {
        &Spec {
            name: "abuseipdb",
            base: "https://api.abuseipdb.com",
            subject: Subject::Addresses,
            per_minute: 30,
            fresh: 72 * HOUR,
            unknown: 24 * HOUR,
            answer: 64 * 1024,
        }
    }

    fn asked(&self, subject: &str, key: &str) -> Asked {
        // A colon needs no escape in a query (RFC 3986 §3.4).
        get(format!("/api/v2/check?ipAddress={subject}&maxAgeInDays=30"), vec![("key", key.to_owned())])
    }

    fn read(&self, _: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid> {
        match status {
            200 => {}
            422 => return Err(Unsaid::Subject("it does not take the address (HTTP 422)".to_owned())),
            _ => return Err(strange(status)),
        }
        let Data { abuse_confidence_score: score, total_reports, is_whitelisted, usage_type } =
            json::<Answer>(body)?.data;
        let verdict = match score {
            _ if is_whitelisted == Some(true) => Verdict::Benign,
            75.. => Verdict::Malicious,
            25.. => Verdict::Suspicious,
            // That nobody has complained yet does not make an attacker harmless.
            _ => return Ok(Said { score: Some(score), ..Said::unknown() }),
        };
        let reason = format!("{total_reports} reports in 30 days; {}", usage_type.unwrap_or_default());
        Ok(Said::new(verdict, Some(score), reason.trim_end_matches("; ")))
    }
}
