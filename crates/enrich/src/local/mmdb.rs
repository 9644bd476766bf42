//! Databases in MaxMind's format: those of MaxMind, DB-IP and IPinfo for countries, cities and autonomous systems.

use super::{Country, country};
use crate::ranges::Span;
use maxminddb::{MaxMindDbError, Reader};
use serde_json::Value;
use std::net::IpAddr;

/// Most bytes of a database, which is kept in memory.
pub const BYTES: u64 = 256 << 20;
/// Longest name of a system, in characters.
const NAME: usize = 200;

/// A database.
pub struct Database(Reader<Vec<u8>>);

/// What a database says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its network.
    pub network: Option<Span>,
    /// Country.
    pub country: Option<Country>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// Name of that system.
    pub name: Option<String>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Database").field(&self.0.metadata().database_type).finish()
    }
}

impl Database {
    /// The database that these bytes are.
    ///
    /// # Errors
    /// When they are none.
    pub fn new(bytes: Vec<u8>) -> Result<Database, MaxMindDbError> {
        Reader::from_source(bytes).map(Database)
    }

    /// Nodes of its tree, by which its size is told.
    pub fn nodes(&self) -> u64 {
        u64::from(self.0.metadata().node_count)
    }

    /// What it says of an address. A record that cannot be read says nothing.
    pub fn get(&self, address: IpAddr) -> Option<Found> {
        let result = self.0.lookup(address.to_canonical()).ok()?;
        let record: Value = result.decode().ok()??;
        let network = result.network().ok().and_then(|network| Span::prefix(network.ip(), network.prefix()));
        let text = |paths: &[&str]| paths.iter().find_map(|path| record.pointer(path)?.as_str());
        // MaxMind and DB-IP, then IPinfo.
        let code = text(&["/country/iso_code", "/registered_country/iso_code", "/country_code", "/country"]);
        let name = text(&["/autonomous_system_organization", "/as_name"]);
        let number = record.pointer("/autonomous_system_number").and_then(Value::as_u64);
        let asn = match number {
            Some(number) => u32::try_from(number).ok(),
            None => text(&["/asn"]).and_then(|text| text.strip_prefix("AS")?.parse().ok()),
        };
        let name = name.map(|name| name.chars().take(NAME).collect());
        Some(Found { network, country: code.and_then(country), asn, name })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A database of one IPv4 network that holds one record, by the format's specification 2.0: a tree of records of
    /// 24 bits, 16 zero bytes, the record, a marker, the metadata.
    pub(crate) fn made(network: &str, record: &[(&str, Field)]) -> Vec<u8> {
        let span = Span::parse_prefix(network).unwrap();
        let (IpAddr::V4(first), Some(length)) = (span.first, span.length()) else { panic!("IPv4 only") };
        let (bits, nodes) = (u32::from(first), u32::from(length));
        let mut bytes = Vec::new();
        for depth in 0..nodes {
            // What is not on the way is the number of nodes: nothing there. The last node points to the record.
            let next = if depth + 1 == nodes { nodes + 16 } else { depth + 1 };
            let right = bits >> (31 - depth) & 1 == 1;
            for here in [!right, right] {
                bytes.extend(&(if here { next } else { nodes }).to_be_bytes()[1..]);
            }
        }
        bytes.extend([0; 16]);
        map(&mut bytes, record);
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        let metadata = [
            ("binary_format_major_version", Field::Number(2)),
            ("binary_format_minor_version", Field::Number(0)),
            ("build_epoch", Field::Long(1_764_460_800)),
            ("database_type", Field::Text("Test")),
            ("description", Field::Map(&[])),
            ("ip_version", Field::Number(4)),
            ("languages", Field::List),
            ("node_count", Field::Count(nodes)),
            ("record_size", Field::Number(24)),
        ];
        map(&mut bytes, &metadata);
        bytes
    }

    /// A value of a record.
    pub(crate) enum Field {
        Text(&'static str),
        Number(u16),
        Count(u32),
        Long(u64),
        Map(&'static [(&'static str, Field)]),
        List,
    }

    fn text(bytes: &mut Vec<u8>, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        // Type 2; from 29 on the length is in a byte of its own.
        if length < 29 {
            bytes.push(2 << 5 | length)
        } else {
            bytes.extend([2 << 5 | 29, length - 29])
        }
        bytes.extend(text.as_bytes());
    }

    fn map(bytes: &mut Vec<u8>, fields: &[(&str, Field)]) {
        bytes.push(7 << 5 | u8::try_from(fields.len()).unwrap());
        for (name, value) in fields {
            text(bytes, name);
            match value {
                Field::Text(value) => text(bytes, value),
                Field::Map(fields) => map(bytes, fields),
                Field::Number(value) => {
                    bytes.push(5 << 5 | 2);
                    bytes.extend(value.to_be_bytes());
                }
                Field::Count(value) => {
                    bytes.push(6 << 5 | 4);
                    bytes.extend(value.to_be_bytes());
                }
                // Types from 8 on stand in a second byte, less 7: 9 is a number of 64 bits, 11 a list.
                Field::Long(value) => {
                    bytes.extend([8, 2]);
                    bytes.extend(value.to_be_bytes());
                }
                Field::List => bytes.extend([0, 4]),
            }
        }
    }

    #[test]
    fn databases_of_several_makers_are_understood() {
        let city = made(
            "81.2.69.0/24",
            &[(
                "country",
                Field::Map(&[("iso_code", Field::Text("GB")), ("geoname_id", Field::Count(2_635_167))]),
            )],
        );
        let registered =
            made("81.2.69.0/24", &[("registered_country", Field::Map(&[("iso_code", Field::Text("FR"))]))]);
        let system = made(
            "81.2.69.0/24",
            &[
                ("autonomous_system_number", Field::Count(20712)),
                ("autonomous_system_organization", Field::Text("Andrews & Arnold Ltd")),
            ],
        );
        let ipinfo = made(
            "81.2.69.0/24",
            &[
                ("asn", Field::Text("AS20712")),
                ("as_name", Field::Text("Andrews & Arnold Ltd")),
                ("country_code", Field::Text("GB")),
                ("country", Field::Text("United Kingdom")),
            ],
        );
        for (bytes, expected) in [
            (city, (Some("GB"), None, None)),
            (registered, (Some("FR"), None, None)),
            (system, (None, Some(20712), Some("Andrews & Arnold Ltd"))),
            (ipinfo, (Some("GB"), Some(20712), Some("Andrews & Arnold Ltd"))),
            (made("81.2.69.0/24", &[("country", Field::Text("Nowhere"))]), (None, None, None)),
        ] {
            let database = Database::new(bytes).unwrap();
            let found = database.get("81.2.69.160".parse().unwrap()).unwrap();
            let code = found.country.map(|country| country.to_string());
            assert_eq!((code.as_deref(), found.asn, found.name.as_deref()), expected);
            assert_eq!(found.network.map(|span| span.to_string()).as_deref(), Some("81.2.69.0/24"));
            assert_eq!(database.get("81.2.70.1".parse().unwrap()), None);
            assert_eq!(database.get("2001:db8::1".parse().unwrap()), None);
        }
    }

    #[test]
    fn bytes_that_are_no_database_are_refused() {
        let whole = made("81.2.69.0/24", &[("country_code", Field::Text("GB"))]);
        for length in 0..whole.len() {
            if let Ok(database) = Database::new(whole[..length].to_vec()) {
                let _ = database.get("81.2.69.160".parse().unwrap());
            }
        }
        assert!(Database::new(Vec::new()).is_err() && Database::new(vec![0; 4096]).is_err());
    }
}
