//! ThreatFox of abuse.ch, query `search_ioc` of its API version 1.

use super::{HOUR, Provider, Said, Spec, Subject, Unsaid, json, strange};
use decnet_model::record::Verdict;
use decnet_outward::{Asked, Method};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// See [`super`].
pub(super) struct ThreatFox;

/// From this confidence on an indicator is believed.
const SURE: u64 = 50;
/// Names of malware in a reason.
const NAMES: usize = 5;

#[derive(Deserialize)]
struct Answer {
    query_status: String,
    /// A list of indicators, or a sentence where there is none.
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Indicator {
    ioc: String,
    #[serde(default)]
    malware_printable: Option<String>,
    #[serde(default)]
    confidence_level: Option<u64>,
}

impl Provider for ThreatFox {
    fn spec(&self) -> &'static Spec {
        &Spec {
            name: "threatfox",
            base: "https://threatfox-api.abuse.ch",
            subject: Subject::Addresses,
            per_minute: 20,
            fresh: 24 * HOUR,
            unknown: 12 * HOUR,
            answer: 512 * 1024,
        }
    }

    fn asked(&self, subject: &str, key: &str) -> Asked {
        // Not the exact value: addresses are listed with ports. What has the address in its middle is left out below.
        let question =
            serde_json::json!({"query": "search_ioc", "search_term": subject, "exact_match": false});
        let headers = vec![("auth-key", key.to_owned()), ("content-type", "application/json".to_owned())];
        let body = question.to_string().into_bytes();
        Asked { method: Method::Post, path: "/api/v1/".to_owned(), headers, body }
    }

    fn read(&self, subject: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid> {
        if status != 200 {
            return Err(strange(status));
        }
        let answer: Answer = json(body)?;
        let indicators: Vec<Indicator> = match answer.query_status.as_str() {
            "ok" => serde_json::from_value(answer.data)
                .map_err(|error| Unsaid::Failed(format!("the answer is not as expected: {error}")))?,
            "no_result" | "no_results" => return Ok(Said::unknown()),
            "illegal_search_term" => return Err(Unsaid::Subject("it does not take the address".to_owned())),
            "unknown_auth_key" | "user_blacklisted" => {
                return Err(Unsaid::Key("it does not take the key".to_owned()));
            }
            other => {
                return Err(Unsaid::Failed(format!(
                    "it says {:?}",
                    other.chars().take(60).collect::<String>()
                )));
            }
        };
        let own: Vec<&Indicator> = indicators.iter().filter(|one| is_of(&one.ioc, subject)).collect();
        let Some(sure) = own.iter().map(|one| one.confidence_level.unwrap_or(0)).max() else {
            return Ok(Said::unknown());
        };
        let names: BTreeSet<&str> = own.iter().filter_map(|one| one.malware_printable.as_deref()).collect();
        let reason = names.into_iter().take(NAMES).collect::<Vec<_>>().join(", ");
        let verdict = if SURE <= sure { Verdict::Malicious } else { Verdict::Suspicious };
        Ok(Said::new(verdict, Some(sure), &reason))
    }
}

/// Whether an indicator is an address, alone or with a port.
fn is_of(ioc: &str, address: &str) -> bool {
    let alone = |text: &str| text.trim_start_matches('[').trim_end_matches(']') == address;
    alone(ioc) || ioc.rsplit_once(':').is_some_and(|(host, port)| alone(host) && port.parse::<u16>().is_ok())
}
