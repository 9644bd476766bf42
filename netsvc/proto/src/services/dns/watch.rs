//! What a question tells of who asks: whether he looks for weaknesses, lists a domain, or carries something else in
//! names. Counted for each source, of which a bounded number is remembered.

use super::{
    message::{Question, Request},
    options,
    record::{class, code, kind},
};
use std::{collections::HashMap, net::IpAddr};

/// Sources that are remembered; the one that was silent for longest makes room.
const SOURCES: usize = 1024;
/// What is counted together, µs.
const WINDOW: i64 = 10_000_000;
/// Names that do not exist, addresses looked up, and odd questions in a window that are no accident.
const MISSES: u32 = 20;
const REVERSE: u32 = 20;
const CARRIERS: u32 = 5;
/// A label so long, and so many bits for each of its bytes, is no word.
const LONG_LABEL: usize = 30;
const LABEL_BITS: f64 = 4.0;
/// The same of all labels below a domain.
const LONG_NAME: usize = 50;
const NAME_BITS: f64 = 3.5;
/// A type that iodine uses where it may.
const PRIVATE: u16 = 65_399;

/// A question and how it was answered.
pub(super) struct Asked<'a> {
    pub request: &'a Request,
    pub question: &'a Question,
    pub code: u16,
    pub transfer: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Watch(HashMap<IpAddr, Seen>);

#[derive(Debug, Default)]
struct Seen {
    begun: i64,
    last: i64,
    misses: u32,
    reverse: u32,
    carriers: u32,
}

impl Watch {
    /// What `asked` tells of `peer`, who asks at `now` (µs).
    pub(super) fn look(&mut self, asked: &Asked<'_>, peer: IpAddr, now: i64) -> Vec<&'static str> {
        let mut found = alone(asked);
        if SOURCES <= self.0.len() && !self.0.contains_key(&peer) {
            let oldest = self.0.iter().min_by_key(|(_, seen)| seen.last).map(|(peer, _)| *peer);
            oldest.map(|peer| self.0.remove(&peer));
        }
        let seen = self.0.entry(peer).or_default();
        if WINDOW < now - seen.begun {
            *seen = Seen { begun: now, ..Seen::default() };
        }
        seen.last = now;
        let carrier =
            matches!(asked.question.kind, kind::TXT | kind::NULL | kind::CNAME | kind::MX | PRIVATE);
        let foreign = asked.question.class == class::IN && asked.question.name.labels().count() > 2;
        seen.misses += u32::from(asked.code == code::NXDOMAIN);
        seen.reverse += u32::from(asked.question.kind == kind::PTR);
        seen.carriers += u32::from(carrier && foreign && asked.code != code::NOERROR);
        for (count, most, technique) in [
            (seen.misses, MISSES, "name_brute_force"),
            (seen.reverse, REVERSE, "reverse_sweep"),
            (seen.carriers, CARRIERS, "tunnel_burst"),
        ] {
            if most <= count {
                found.push(technique);
            }
        }
        found
    }
}

/// What one question tells by itself.
fn alone(asked: &Asked<'_>) -> Vec<&'static str> {
    let Asked { request, question, .. } = asked;
    let labels: Vec<&[u8]> = question.name.labels().collect();
    let first = labels.first().map(|label| label.to_ascii_lowercase()).unwrap_or_default();
    let foreign = matches!(asked.code, code::REFUSED | code::SERVFAIL) && question.class == class::IN;
    let transfer = matches!(question.kind, kind::AXFR | kind::IXFR);
    let below = labels.iter().rev().skip(2).flat_map(|label| label.iter().copied()).collect::<Vec<u8>>();
    let odd_label = labels.iter().any(|label| LONG_LABEL <= label.len() && LABEL_BITS < bits(label));
    [
        (transfer, "zone_transfer"),
        (asked.transfer, "zone_disclosed"),
        (question.class == class::CH, "version_probe"),
        (request.option(options::NSID).is_some(), "server_id_probe"),
        (request.operation() == 5, "dynamic_update"),
        (request.operation() == 4, "notify"),
        (question.kind == kind::ANY && foreign, "amplification_probe"),
        (foreign && !transfer && !request.desires() && request.operation() == 0, "cache_snoop"),
        (foreign && request.desires() && request.operation() == 0, "recursion_probe"),
        (question.kind == kind::SRV && first.starts_with(b"_"), "service_discovery"),
        (first == b"dnscat" || odd_label, "tunnel_label"),
        (LONG_NAME <= below.len() && NAME_BITS <= bits(&below), "tunnel_name"),
    ]
    .into_iter()
    .filter_map(|(holds, technique)| holds.then_some(technique))
    .collect()
}

/// Bits of information in each byte of `bytes` (Shannon).
fn bits(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = bytes.len() as f64;
    let of = |count: u32| {
        let part = f64::from(count) / all;
        -part * part.log2()
    };
    counts.into_iter().filter(|count| *count > 0).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::dns::name::Name;

    fn look(watch: &mut Watch, name: &str, kind: u16, code: u16, now: i64) -> Vec<&'static str> {
        let question = Question { name: Name::of(name), kind, class: class::IN };
        let request = Request { flags: 0x100, questions: vec![question.clone()], ..Request::default() };
        let asked = Asked { request: &request, question: &question, code, transfer: false };
        watch.look(&asked, [192, 0, 2, 7].into(), now)
    }

    #[test]
    fn names_that_carry_something_are_told_from_words() {
        let mut watch = Watch::default();
        for (name, found) in [
            ("www.corp.example", vec![]),
            ("a-rather-long-label-made-of-some-words.corp.example", vec![]),
            ("0a1b2c3d4e5f6g7h8i9jkmnpqrstuvwxyz23.corp.example", vec!["tunnel_label"]),
            ("dnscat.0123456789abcdef.corp.example", vec!["tunnel_label"]),
        ] {
            assert_eq!(look(&mut watch, name, kind::A, code::NOERROR, 0), found, "{name}");
        }
        let long = format!("{0}.{0}.{0}.corp.example", "0123456789abcdefghij");
        assert!(look(&mut watch, &long, kind::A, code::NOERROR, 0).contains(&"tunnel_name"));
    }

    #[test]
    fn who_guesses_names_is_told_once_it_is_no_accident() {
        let mut watch = Watch::default();
        let mut told = (0..30).map(|number| {
            let name = format!("h{number}.corp.example");
            look(&mut watch, &name, kind::A, code::NXDOMAIN, number * 1000).len()
        });
        assert!(told.by_ref().take(19).all(|count| count == 0) && told.all(|count| count == 1));
        // After a while it begins anew.
        assert!(look(&mut watch, "x.corp.example", kind::A, code::NXDOMAIN, 2 * WINDOW).is_empty());
    }

    #[test]
    fn sources_are_bounded() {
        let mut watch = Watch::default();
        let question = Question { name: Name::root(), kind: kind::A, class: class::IN };
        let request = Request { questions: vec![question.clone()], ..Request::default() };
        let asked = Asked { request: &request, question: &question, code: 0, transfer: false };
        for number in 0..5000_u32 {
            watch.look(&asked, number.to_be_bytes().into(), i64::from(number));
        }
        assert_eq!(watch.0.len(), SOURCES);
    }
}
