//! What counts as one source.

use std::net::IpAddr;

/// The source that `address` belongs to, wherever something is counted or kept by source: an IPv4 address, also
/// where it is written as one of IPv6, or the /64 that a subscriber has whole and draws addresses from as he likes
/// (RFC 6177).
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::from((address.to_bits() & !u128::from(u64::MAX)).to_be_bytes()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_address_of_ipv4_or_a_network_of_ipv6() {
        for (address, source) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("fe80::1", "fe80::"),
        ] {
            assert_eq!(network(address.parse().unwrap()), source.parse::<IpAddr>().unwrap(), "{address}");
        }
    }
}
