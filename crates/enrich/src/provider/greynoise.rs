//! GreyNoise, community API version 3. A key is not needed, and allows more questions.

use super::{HOUR, Provider, Said, Spec, Subject, Unsaid, get, json, strange};
use decnet_model::record::Verdict;
use decnet_outward::Asked;
use serde::Deserialize;
use std::net::IpAddr;

/// See [`super`].
pub(super) struct GreyNoise;

#[derive(Deserialize)]
struct Answer {
    ip: IpAddr,
    #[serde(default)]
    riot: bool,
    #[serde(default)]
    classification: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl Provider for GreyNoise {
    fn spec(&self) -> &'static Spec {
        &Spec {
            name: "greynoise",
            base: "https://api.greynoise.io",
            subject: Subject::Addresses,
            per_minute: 10,
            fresh: 7 * 24 * HOUR,
            unknown: 48 * HOUR,
            answer: 16 * 1024,
        }
    }

    fn asked(&self, subject: &str, key: &str) -> Asked {
        let key = (!key.is_empty()).then(|| ("key", key.to_owned()));
        get(format!("/v3/community/{subject}"), key.into_iter().collect())
    }

    fn read(&self, subject: &str, status: u16, body: &[u8]) -> Result<Said, Unsaid> {
        match status {
            200 => {}
            // Not seen, which is an answer.
            404 => return Ok(Said::unknown()),
            400 => return Err(Unsaid::Subject("it does not take the address (HTTP 400)".to_owned())),
            _ => return Err(strange(status)),
        }
        let answer: Answer = json(body)?;
        if subject.parse() != Ok(answer.ip) {
            return Err(Unsaid::Failed("the answer is about another address".to_owned()));
        }
        let verdict = match answer.classification.as_deref() {
            Some("malicious") => Verdict::Malicious,
            Some("suspicious") => Verdict::Suspicious,
            Some("benign") => Verdict::Benign,
            // Addresses of services that everybody uses.
            _ if answer.riot => Verdict::Benign,
            _ => Verdict::Unknown,
        };
        let name = answer.name.filter(|name| name != "unknown").unwrap_or_default();
        Ok(Said::new(verdict, None, &name))
    }
}
