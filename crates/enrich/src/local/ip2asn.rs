//! Networks and the autonomous systems that announce them, from files of iptoasn.com: `FIRST LAST NUMBER COUNTRY NAME`,
//! separated by tabs, for IPv4, IPv6 or both; in one of them addresses of IPv4 are written as numbers.

use super::{
    Country, country,
    lines::{self, Line, Tally},
};
use crate::ranges::{Builder, Ranges, Span};
use std::{
    collections::HashMap,
    io::BufRead,
    net::{IpAddr, Ipv4Addr},
};

/// Longest name of a system, in characters.
const NAME: usize = 200;

/// An autonomous system, as a file names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    /// Its number.
    pub asn: u32,
    /// Where it is registered.
    pub country: Option<Country>,
    /// Its name.
    pub name: String,
}

/// Networks while they are read.
#[derive(Debug, Default)]
pub struct Reader {
    networks: Builder<u32>,
    systems: Vec<System>,
    known: HashMap<System, u32>,
}

/// Networks and who announces them.
#[derive(Debug, Default)]
pub struct Announced {
    networks: Ranges<u32>,
    systems: Vec<System>,
}

impl Reader {
    /// Reads one more file.
    pub fn read(&mut self, source: impl BufRead) -> Tally {
        lines::each(source, |line| self.line(line))
    }

    fn line(&mut self, line: &str) -> Line {
        if line.is_empty() || line.starts_with('#') {
            return Line::Skipped;
        }
        let Some((span, system)) = row(line) else { return Line::Malformed };
        // Nobody announces these.
        if system.asn == 0 {
            return Line::Skipped;
        }
        let Some(index) = self.index(system) else { return Line::Full };
        if self.networks.add(span, index) { Line::Used } else { Line::Full }
    }

    fn index(&mut self, system: System) -> Option<u32> {
        if let Some(index) = self.known.get(&system) {
            return Some(*index);
        }
        let index = u32::try_from(self.systems.len()).ok()?;
        self.systems.push(system.clone());
        self.known.insert(system, index);
        Some(index)
    }

    /// What was read, to look addresses up in.
    pub fn build(self) -> Announced {
        Announced { networks: self.networks.build(), systems: self.systems }
    }
}

fn row(line: &str) -> Option<(Span, System)> {
    let mut fields = line.splitn(5, '\t');
    let (first, last) = (address(fields.next()?)?, address(fields.next()?)?);
    let asn = fields.next()?.parse().ok()?;
    let country = country(fields.next()?);
    let name = fields.next().unwrap_or_default().trim().chars().take(NAME).collect();
    Some((Span::new(first, last)?, System { asn, country, name }))
}

fn address(text: &str) -> Option<IpAddr> {
    let number = || text.parse::<u32>().ok().map(|bits| IpAddr::from(Ipv4Addr::from(bits)));
    text.parse().ok().or_else(number)
}

impl Announced {
    /// The smallest network that an address is in, and who announces it.
    pub fn get(&self, address: IpAddr) -> Option<(Span, &System)> {
        let (span, index) = self.networks.get(address)?;
        Some((span, self.systems.get(index as usize)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n\
        16778240\t16779263\t38803\tAU\tWPL-AS-AP Wirefreebroadband Pty Ltd\n\
        2001:200::\t2001:200:5ff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE-BB\n\
        1.0.9.0\t1.0.8.0\t1\tUS\tback to front\n1.0.9.0\t::1\t1\tUS\tmixed\nx\n\n1.1.1.0\t1.1.1.255\t13335\n";

    #[test]
    fn networks_of_both_families_are_read_and_bad_lines_counted() {
        let mut reader = Reader::default();
        let tally = reader.read(FILE.as_bytes());
        assert_eq!((tally.rows, tally.malformed, tally.problem.as_str()), (3, 4, ""));
        let announced = reader.build();
        for (address, expected) in [
            ("1.0.0.7", Some("1.0.0.0/24 13335 US CLOUDFLARENET")),
            ("1.0.1.7", None),
            ("1.0.4.1", Some("1.0.4.0/22 38803 AU WPL-AS-AP Wirefreebroadband Pty Ltd")),
            ("2001:200:0:1::5", Some("2001:200::-2001:200:5ff:ffff:ffff:ffff:ffff:ffff 2500 JP WIDE-BB")),
            ("9.9.9.9", None),
        ] {
            let found = announced.get(address.parse().unwrap()).map(|(span, system)| {
                let country = system.country.map(|country| country.to_string()).unwrap_or_default();
                format!("{span} {} {country} {}", system.asn, system.name)
            });
            assert_eq!(found.as_deref(), expected, "{address}");
        }
    }
}
