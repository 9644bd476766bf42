//! Files that addresses are looked up in, and answers of providers.

use decnet_enrich::{
    local::{feodo, ip2asn, mmdb, rir, rpki},
    provider,
    ranges::Builder,
};
use std::net::IpAddr;

/// Addresses that are looked up in whatever was read.
fn addresses() -> impl Iterator<Item = IpAddr> {
    let four =
        [0, 1, 0x0100_0001, 0x0808_0808, 0x7fff_ffff, u32::MAX].map(|bits| IpAddr::from(bits.to_be_bytes()));
    let six = [0, 1, 0x2001_0db8 << 96, u128::MAX].map(|bits: u128| IpAddr::from(bits.to_be_bytes()));
    four.into_iter().chain(six)
}

/// Networks of iptoasn.
pub(crate) fn networks(bytes: &[u8]) {
    let mut reader = ip2asn::Reader::default();
    let tally = reader.read(bytes);
    assert!(tally.rows + tally.malformed <= bytes.len() as u64 + 1, "more rows than bytes");
    let announced = reader.build();
    for address in addresses() {
        if let Some((span, system)) = announced.get(address) {
            assert!(span.first <= address && address <= span.last && system.asn != 0, "{span} has {address}");
        }
    }
}

/// Files of registries.
pub(crate) fn countries(bytes: &[u8]) {
    let mut networks = Builder::default();
    let tally = rir::read(bytes, &mut networks);
    assert_eq!(tally.rows, networks.len() as u64, "what is counted is what is used");
    let networks = networks.build();
    for address in addresses() {
        if let Some((span, country)) = networks.get(address) {
            assert!(span.first <= address && address <= span.last, "{span} has {address}");
            assert_eq!(country.to_string().len(), 2, "a country has two letters");
        }
    }
}

/// Payloads of the RPKI, in both forms.
pub(crate) fn routes(bytes: &[u8]) {
    for read in [rpki::read_csv, rpki::read_json] {
        let mut routes = Builder::default();
        let tally = read(bytes, &mut routes);
        assert_eq!(tally.rows, routes.len() as u64, "what is counted is what is used");
        let routes = routes.build();
        for address in addresses() {
            for (span, authorised) in routes.all(address) {
                assert!(span.length().is_some_and(|length| length <= authorised.longest), "{span}");
                let _ = rpki::validity(&routes, address, span, authorised.asn);
            }
        }
    }
}

/// The list of Feodo Tracker.
pub(crate) fn list(bytes: &[u8]) {
    let mut listed = feodo::Listed::new();
    let tally = feodo::read(bytes, &mut listed);
    assert!(listed.len() as u64 <= tally.rows, "more addresses than rows");
}

/// A database in MaxMind's format.
pub(crate) fn database(bytes: &[u8]) {
    if let Ok(database) = mmdb::Database::new(bytes.to_vec()) {
        for address in addresses() {
            let _ = database.get(address);
        }
    }
}

/// Answers of providers: a status in two bytes, then the body.
pub(crate) fn answers(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_first_chunk::<2>() else { return };
    for provider in provider::ALL {
        if let Ok(said) = provider::meaning(*provider, "9.9.9.9", u16::from_be_bytes(*status), body) {
            assert!(
                said.reason.chars().count() <= 200 && said.score.is_none_or(|score| score <= 100),
                "{said:?}"
            );
            assert!(said.reason.chars().all(|one| !one.is_control()), "{said:?}");
        }
    }
}
