//! Countries of networks, from the files of the regional registries: `delegated-REGISTRY-extended-latest`, lines of
//! `registry|country|type|start|value|date|status|…`. The country is that of whom the network was given to.

use super::{
    Country, country,
    lines::{self, Line, Tally},
};
use crate::ranges::{Builder, Span};
use std::{
    io::BufRead,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Reads a file into `networks`.
pub fn read(source: impl BufRead, networks: &mut Builder<Country>) -> Tally {
    lines::each(source, |line| match row(line) {
        Row::Of(span, country) if networks.add(span, country) => Line::Used,
        Row::Of(..) => Line::Full,
        Row::Other => Line::Skipped,
        Row::Malformed => Line::Malformed,
    })
}

enum Row {
    Of(Span, Country),
    Other,
    Malformed,
}

fn row(line: &str) -> Row {
    if line.is_empty() || line.starts_with('#') {
        return Row::Other;
    }
    let fields: Vec<&str> = line.split('|').take(8).collect();
    let (code, kind, start, value, status) = match fields.as_slice() {
        // The version line and the summaries; the first field of the version line is its number.
        [_, _, _, _, _, "summary"] => return Row::Other,
        [version, ..] if version.starts_with(|first: char| first.is_ascii_digit()) => return Row::Other,
        [_, code, kind, start, value, _, status, ..] => (*code, *kind, *start, *value, *status),
        _ => return Row::Malformed,
    };
    if kind == "asn" || !["allocated", "assigned"].contains(&status) {
        return Row::Other;
    }
    let span = match kind {
        "ipv4" => four(start, value),
        "ipv6" => six(start, value),
        _ => None,
    };
    match (span, country(code)) {
        (Some(span), Some(country)) => Row::Of(span, country),
        // Given away, and nobody says where to.
        (Some(_), None) if code.is_empty() || code == "ZZ" => Row::Other,
        _ => Row::Malformed,
    }
}

/// A first address and how many there are, which need be no power of two.
fn four(start: &str, count: &str) -> Option<Span> {
    let first = u32::from(start.parse::<Ipv4Addr>().ok()?);
    let last = first.checked_add(count.parse::<u32>().ok()?.checked_sub(1)?)?;
    Span::new(Ipv4Addr::from(first).into(), Ipv4Addr::from(last).into())
}

fn six(start: &str, length: &str) -> Option<Span> {
    Span::prefix(IpAddr::from(start.parse::<Ipv6Addr>().ok()?), length.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "2|ripencc|1764460800|8|19830705|20251129|+0100\nripencc|*|ipv4|*|3|summary\n\
        # a comment\nripencc|FR|ipv4|2.0.0.0|1048576|20100712|allocated|id-1\n\
        ripencc|DE|ipv4|2.16.0.0|768|20100712|assigned|id-2\nripencc|DE|asn|3320|1|19930901|allocated|id-3\n\
        ripencc||ipv4|2.32.0.0|256||available\nripencc|NL|ipv6|2001:610::|32|19990819|allocated|id-4\n\
        ripencc|XX1|ipv4|2.48.0.0|256|20100712|allocated|id-5\nripencc|FR|ipv4|255.255.255.0|512|20100712|allocated\n\
        ripencc|FR|ipv4|2.64.0.0|0|20100712|allocated|x\nripencc|FR|ipv6|2001::|129|20100712|allocated|x\nnonsense\n";

    #[test]
    fn what_was_given_away_has_a_country() {
        let mut networks = Builder::default();
        let tally = read(FILE.as_bytes(), &mut networks);
        assert_eq!((tally.rows, tally.malformed), (3, 5));
        let networks = networks.build();
        for (address, expected) in [
            ("2.0.0.0", Some("FR 2.0.0.0/12")),
            ("2.15.255.255", Some("FR 2.0.0.0/12")),
            ("2.16.2.255", Some("DE 2.16.0.0-2.16.2.255")),
            ("2.16.3.0", None),
            ("2.32.0.1", None),
            ("2001:610:1::1", Some("NL 2001:610::/32")),
        ] {
            let found =
                networks.get(address.parse().unwrap()).map(|(span, country)| format!("{country} {span}"));
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }
}
