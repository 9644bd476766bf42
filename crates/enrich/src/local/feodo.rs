//! Feodo Tracker's list of servers that command botnets: a JSON list of objects, of which `ip_address`, `malware` and
//! `status` are read.

use super::lines::{BYTES, Tally};
use serde::{
    Deserialize, Deserializer as _,
    de::{SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, io::Read, net::IpAddr};

/// Most addresses of a list.
const MOST: usize = 100_000;
/// Longest name of a malware, in characters.
const NAME: usize = 80;

/// Addresses of a list, and what is said of each.
pub type Listed = BTreeMap<IpAddr, String>;

#[derive(Deserialize)]
struct Entry {
    ip_address: String,
    #[serde(default)]
    malware: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

/// Reads a file into `listed`.
pub fn read(source: impl Read, listed: &mut Listed) -> Tally {
    let mut json = serde_json::Deserializer::from_reader(source.take(BYTES));
    let mut reader = Reader { listed, tally: Tally::default() };
    let read = json.deserialize_seq(&mut reader).and_then(|()| json.end());
    let mut tally = reader.tally;
    if let Err(error) = read {
        tally.problem = format!("only {} rows are used: {error}", tally.rows);
    }
    tally
}

struct Reader<'a> {
    listed: &'a mut Listed,
    tally: Tally,
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of servers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element::<Entry>()? {
            let Ok(address) = entry.ip_address.parse::<IpAddr>() else {
                self.tally.malformed += 1;
                continue;
            };
            if MOST <= self.listed.len() {
                return Err(serde::de::Error::custom("there is no room for more"));
            }
            let words = [entry.malware, entry.status].into_iter().flatten();
            let said: Vec<String> = words.map(|word| word.chars().take(NAME).collect()).collect();
            self.listed.insert(address.to_canonical(), said.join(", "));
            self.tally.rows += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_what_is_no_address_counted() {
        let text = r#"[{"ip_address": "51.178.161.32", "port": 4643, "status": "online", "malware": "Dridex"},
            {"ip_address": "nobody"}, {"ip_address": "2.59.1.2", "malware": null, "country": "FR"}]"#;
        let mut listed = Listed::new();
        let tally = read(text.as_bytes(), &mut listed);
        assert_eq!((tally.rows, tally.malformed, tally.problem.as_str()), (2, 1, ""));
        assert_eq!(listed["51.178.161.32".parse::<IpAddr>().as_ref().unwrap()], "Dridex, online");
        for text in ["", "{}", "[3]", "[{\"ip_address\": 3}]", "[] x"] {
            assert!(!read(text.as_bytes(), &mut listed).problem.is_empty(), "{text}");
        }
    }
}
