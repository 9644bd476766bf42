//! What the kernel and the resolver's file tell of the network of a host, read without a socket of netlink, which
//! workers may not open.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of a host, those of loopback left out: IPv4 by the trie of its routes (`/proc/net/fib_trie`), IPv6 by the
/// list of its interfaces (`/proc/net/if_inet6`).
pub fn addresses(four: &str, six: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    let mut last = None;
    for line in four.lines().map(str::trim) {
        if let Some(leaf) = line.strip_prefix("|-- ") {
            last = leaf.parse::<IpAddr>().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last);
        }
    }
    let interfaces = six.lines().filter_map(|line| line.split_whitespace().next());
    found.extend(interfaces.filter_map(six_of).map(IpAddr::V6));
    unique(found.into_iter().filter(|address| !address.is_loopback()))
}

/// Gateways of a host, by its tables of routes (`/proc/net/route`, with addresses in the byte order of the host, and
/// `/proc/net/ipv6_route`).
pub fn gateways(four: &str, six: &str) -> Vec<IpAddr> {
    let fours = four.lines().filter_map(|line| {
        let number = u32::from_str_radix(line.split_whitespace().nth(2)?, 16).ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(number.to_ne_bytes())))
    });
    let sixes = six.lines().filter_map(|line| six_of(line.split_whitespace().nth(4)?)).map(IpAddr::V6);
    unique(fours.chain(sixes).filter(|address| !address.is_unspecified()))
}

/// Servers that a host asks for names, by `resolv.conf` (resolv.conf(5)).
pub fn resolvers(text: &str) -> Vec<IpAddr> {
    unique(text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let server = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        // The zone of a link-local address is no part of it.
        server.split('%').next()?.parse().ok()
    }))
}

fn six_of(digits: &str) -> Option<Ipv6Addr> {
    (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from)).flatten()
}

fn unique(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut kept: Vec<IpAddr> = Vec::new();
    for address in addresses {
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_kernel_tells_the_addresses_of_a_host() {
        let four = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
                    Local:\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.0.2.5\n        /32 host LOCAL\n\
                    \x20    |-- 192.0.2.255\n        /32 link BROADCAST\n     |-- 192.0.2.5\n        /32 host LOCAL\n";
        let six = "00000000000000000000000000000001 01 80 10 80       lo\n\
                   fe800000000000000000000000000001 02 40 20 80     eth0\n\
                   20010db8000000000000000000000005 02 40 00 80     eth0\n";
        assert_eq!(addresses(four, six), read(&["192.0.2.5", "fe80::1", "2001:db8::5"]));
        assert!(addresses("", "x").is_empty());
    }

    #[test]
    fn gateways_are_those_of_all_routes() {
        let one = u32::from_ne_bytes([192, 0, 2, 1]);
        let four = format!(
            "Iface\tDestination\tGateway \tFlags\neth0\t00000000\t{one:08X}\t0003\neth0\t000200C0\t00000000\t0001\n"
        );
        let zero = "00000000000000000000000000000000";
        let six = format!(
            "{zero} 00 {zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n\
             20010db8000000000000000000000000 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001 eth0\n"
        );
        assert_eq!(gateways(&four, &six), read(&["192.0.2.1", "fe80::1"]));
        assert!(gateways("x", "y z").is_empty());
    }

    #[test]
    fn resolvers_are_those_that_are_named() {
        let text =
            "# a comment\nnameserver 192.0.2.53\nsearch example\nnameserver fe80::53%eth0\nnameserver x\n";
        assert_eq!(resolvers(text), read(&["192.0.2.53", "fe80::53"]));
    }
}
