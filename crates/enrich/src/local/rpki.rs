//! Which systems may announce which prefixes: validated payloads of the RPKI, as `rpki-client` and Routinator write
//! them, CSV (`ASN,IP Prefix,Max Length,Trust Anchor[,Expires]`) or JSON (an object whose list `roas` has them).

use super::lines::{self, BYTES, Line, Tally};
use crate::ranges::{Builder, Ranges, Span};
use decnet_model::record::Rpki;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{
    fmt,
    io::{BufRead, Read},
    net::IpAddr,
};

/// That a system may announce a prefix, and parts of it down to a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorised {
    /// The system.
    pub asn: u32,
    /// The longest prefix.
    pub longest: u8,
}

/// Reads a CSV file into `routes`.
pub fn read_csv(source: impl BufRead, routes: &mut Builder<Authorised>) -> Tally {
    lines::each(source, |line| {
        if line.is_empty() || line.starts_with("ASN,") || line.starts_with('#') {
            return Line::Skipped;
        }
        let mut fields = line.split(',');
        let mut field = || fields.next().unwrap_or_default();
        let (asn, prefix, longest) = (field(), field(), field());
        match route(asn, prefix, longest.parse().ok()) {
            None => Line::Malformed,
            Some((span, authorised)) if routes.add(span, authorised) => Line::Used,
            Some(_) => Line::Full,
        }
    })
}

/// Reads a JSON file into `routes`.
pub fn read_json(source: impl Read, routes: &mut Builder<Authorised>) -> Tally {
    let mut document = Document { routes, tally: Tally::default() };
    let mut json = serde_json::Deserializer::from_reader(source.take(BYTES));
    let read = document.deserialize(&mut json).and_then(|()| json.end());
    let mut tally = document.tally;
    if let Err(error) = read {
        tally.problem = format!("only {} rows are used: {error}", tally.rows);
    }
    tally
}

/// A route of these words, if they are one.
fn route(asn: &str, prefix: &str, longest: Option<u8>) -> Option<(Span, Authorised)> {
    let number = asn.strip_prefix("AS").or_else(|| asn.strip_prefix("as")).unwrap_or(asn);
    let span = Span::parse_prefix(prefix)?;
    let (length, most) = (span.length()?, if span.first.is_ipv4() { 32 } else { 128 });
    let longest = longest.unwrap_or(length);
    let fits = length <= longest && longest <= most;
    let authorised = Authorised { asn: number.parse().ok()?, longest };
    fits.then_some((span, authorised))
}

/// Reads the document piece by piece, so that it is never in memory as a whole.
struct Document<'a> {
    routes: &'a mut Builder<Authorised>,
    tally: Tally,
}

#[derive(Deserialize)]
struct Roa {
    asn: Asn,
    prefix: String,
    #[serde(rename = "maxLength", default)]
    longest: Option<u8>,
}

/// `"AS64496"` of Routinator, `64496` of `rpki-client`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asn {
    Number(u32),
    Text(String),
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with a list `roas`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "roas" {
                map.next_value_seed(Roas(&mut *self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Roas<'a, 'b>(&'a mut Document<'b>);

impl<'de> DeserializeSeed<'de> for Roas<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Roas<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of authorisations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let document = self.0;
        while let Some(roa) = list.next_element::<Roa>()? {
            let number = match roa.asn {
                Asn::Number(number) => number.to_string(),
                Asn::Text(text) => text,
            };
            match route(&number, &roa.prefix, roa.longest) {
                Some((span, authorised)) if document.routes.add(span, authorised) => document.tally.rows += 1,
                Some(_) => return Err(serde::de::Error::custom("there is no room for more")),
                None => document.tally.malformed += 1,
            }
        }
        Ok(())
    }
}

/// Whether `asn` may announce the network of an address (RFC 6811). Files of networks join what is announced in
/// pieces, so every authorisation that covers the address counts, and its longest prefix only where the network is a
/// prefix itself.
pub fn validity(routes: &Ranges<Authorised>, address: IpAddr, network: Span, asn: u32) -> Rpki {
    let covering = routes.all(address);
    if covering.is_empty() {
        return Rpki::NotFound;
    }
    let length = network.length().unwrap_or(0);
    // System 0 stands for nobody (RFC 6483 §4).
    let allows = |authorised: &Authorised| {
        authorised.asn == asn && authorised.asn != 0 && length <= authorised.longest
    };
    if covering.iter().any(|(_, authorised)| allows(authorised)) { Rpki::Valid } else { Rpki::Invalid }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "ASN,IP Prefix,Max Length,Trust Anchor,Expires\nAS64496,198.51.100.0/22,24,apnic,1764500000\n\
        AS0,203.0.112.0/22,22,apnic\nAS64497,2001:db8::/32,48,ripe\nAS64498,198.51.100.0/24,24,ripe\n\
        AS64499,10.0.0.0/8,7,bad\nAS64499,10.0.0.0/8,33,bad\nASx,10.0.0.0/8,8,bad\nAS1,10.0.0.0,8,bad\nAS1\n";
    const JSON: &str = r#"{"metadata": {"generated": 1, "more": [1, {"x": 2}]}, "roas": [
        {"asn": "AS64496", "prefix": "198.51.100.0/22", "maxLength": 24, "ta": "apnic"},
        {"asn": 0, "prefix": "203.0.112.0/22", "maxLength": 22, "ta": "apnic", "expires": 1764500000},
        {"asn": 64497, "prefix": "2001:db8::/32", "maxLength": 48, "ta": "ripe"},
        {"asn": "AS64498", "prefix": "198.51.100.0/24", "ta": "ripe"},
        {"asn": "AS1", "prefix": "10.0.0.0/40", "maxLength": 40, "ta": "bad"}], "aspas": []}"#;

    #[test]
    fn both_forms_say_the_same() {
        let (mut csv, mut json) = (Builder::default(), Builder::default());
        let tally = read_csv(CSV.as_bytes(), &mut csv);
        assert_eq!((tally.rows, tally.malformed, tally.problem.as_str()), (4, 5, ""));
        let tally = read_json(JSON.as_bytes(), &mut json);
        assert_eq!((tally.rows, tally.malformed, tally.problem.as_str()), (4, 1, ""));
        for routes in [csv.build(), json.build()] {
            for (address, network, asn, expected) in [
                ("198.51.100.9", "198.51.100.0/24", 64496, Rpki::Valid),
                ("198.51.100.9", "198.51.100.0/24", 64498, Rpki::Valid),
                ("198.51.100.9", "198.51.100.0/24", 64497, Rpki::Invalid),
                ("198.51.100.9", "198.51.100.0/25", 64496, Rpki::Invalid),
                ("198.51.103.9", "198.51.100.0/22", 64496, Rpki::Valid),
                ("198.51.103.9", "198.51.100.0/22", 64498, Rpki::Invalid),
                ("203.0.113.1", "203.0.113.0/24", 0, Rpki::Invalid),
                ("192.0.2.1", "192.0.2.0/24", 64496, Rpki::NotFound),
                ("2001:db8:1::1", "2001:db8:1::/48", 64497, Rpki::Valid),
                ("2001:db8:1::1", "2001:db8:1::/49", 64497, Rpki::Invalid),
            ] {
                let (address, network) = (address.parse().unwrap(), Span::parse_prefix(network).unwrap());
                assert_eq!(validity(&routes, address, network, asn), expected, "{address} {network} {asn}");
            }
            let joined =
                Span::new("198.51.100.0".parse().unwrap(), "198.51.102.255".parse().unwrap()).unwrap();
            assert_eq!(validity(&routes, "198.51.100.9".parse().unwrap(), joined, 64496), Rpki::Valid);
        }
    }

    #[test]
    fn a_document_that_breaks_off_is_told() {
        for (text, rows) in
            [("", 0), ("[]", 0), ("{\"roas\": 3}", 0), (&JSON[..JSON.len() - 40], 4), ("{} x", 0)]
        {
            let tally = read_json(text.as_bytes(), &mut Builder::default());
            assert_eq!(tally.rows, rows, "{text}");
            assert!(tally.problem.starts_with("only "), "{text}: {tally:?}");
        }
    }
}
