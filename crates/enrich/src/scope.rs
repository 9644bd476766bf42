//! Which addresses are somebody's on the Internet. Of all others nobody outside is asked, because they say nothing
//! there and tell how networks here are laid out.

use std::net::IpAddr;

/// What [`scope`] says of an address that is somebody's on the Internet.
pub const GLOBAL: &str = "global";

/// A prefix of special purpose: its first address, its length, what it is for.
type Special<N> = (N, u32, &'static str);

/// IANA IPv4 Special-Purpose Address Registry (RFC 6890, RFC 8190) and the blocks of RFC 5771 and RFC 1112. Blocks
/// that are global and hold services of the Internet itself (AS112, AMT) are among them: no attacker lives there.
const FOUR: &[Special<u32>] = &[
    (0x0000_0000, 8, "this-network"),
    (0x0a00_0000, 8, "private-use"),
    (0x6440_0000, 10, "shared"),
    (0x7f00_0000, 8, "loopback"),
    (0xa9fe_0000, 16, "link-local"),
    (0xac10_0000, 12, "private-use"),
    (0xc000_0000, 24, "protocol-assignments"),
    (0xc000_0200, 24, "documentation"),
    (0xc01f_c400, 24, "as112"),
    (0xc034_c100, 24, "amt"),
    (0xc058_6300, 24, "6to4-relay"),
    (0xc0a8_0000, 16, "private-use"),
    (0xc0af_3000, 24, "as112"),
    (0xc612_0000, 15, "benchmarking"),
    (0xc633_6400, 24, "documentation"),
    (0xcb00_7100, 24, "documentation"),
    (0xe000_0000, 4, "multicast"),
    (0xf000_0000, 4, "reserved"),
];

/// IANA IPv6 Special-Purpose Address Registry (RFC 6890, RFC 8190), inside of what is unicast (2000::/3).
const SIX: &[Special<u128>] = &[
    (0x2001_0000 << 96, 23, "protocol-assignments"),
    (0x2001_0db8 << 96, 32, "documentation"),
    (0x2002_0000 << 96, 16, "6to4"),
    (0x2620_004f_8000 << 80, 48, "as112"),
    (0x3fff_0000 << 96, 20, "documentation"),
];

/// The same outside of it, where nothing is global whether it stands here or not.
const SIX_BESIDE: &[Special<u128>] = &[
    (0, 128, "unspecified"),
    (1, 128, "loopback"),
    (0x0064_ff9b << 96, 96, "translation"),
    (0x0064_ff9b_0001 << 80, 48, "translation"),
    (0x0100 << 112, 64, "discard"),
    (0x5f00 << 112, 16, "segment-routing"),
    (0xfc00 << 112, 7, "unique-local"),
    (0xfe80 << 112, 10, "link-local"),
    (0xff00 << 112, 8, "multicast"),
];

/// What an address is for: [`GLOBAL`], or a word of the registry. An IPv4 address inside IPv6 is that address.
pub fn scope(address: IpAddr) -> &'static str {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            let bits = u32::from(four);
            let found = FOUR.iter().find(|(base, length, _)| (bits ^ base) >> (32 - length) == 0);
            found.map_or(GLOBAL, |(_, _, name)| name)
        }
        IpAddr::V6(six) => {
            let bits = u128::from(six);
            let unicast = bits >> 125 == 1;
            let table = if unicast { SIX } else { SIX_BESIDE };
            let found = table.iter().find(|(base, length, _)| (bits ^ base).unbounded_shr(128 - length) == 0);
            found.map_or(if unicast { GLOBAL } else { "unassigned" }, |(_, _, name)| name)
        }
    }
}

/// Whether an address is somebody's on the Internet.
pub fn global(address: IpAddr) -> bool {
    scope(address) == GLOBAL
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last addresses of the blocks, and those beside them.
    const ENDS: &[(&str, &str)] = &[
        ("0.0.0.0", "this-network"),
        ("0.255.255.255", "this-network"),
        ("1.0.0.0", GLOBAL),
        ("9.255.255.255", GLOBAL),
        ("10.0.0.0", "private-use"),
        ("10.255.255.255", "private-use"),
        ("11.0.0.0", GLOBAL),
        ("100.63.255.255", GLOBAL),
        ("100.64.0.0", "shared"),
        ("100.127.255.255", "shared"),
        ("100.128.0.0", GLOBAL),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "link-local"),
        ("172.15.255.255", GLOBAL),
        ("172.16.0.0", "private-use"),
        ("172.31.255.255", "private-use"),
        ("172.32.0.0", GLOBAL),
        ("192.0.0.8", "protocol-assignments"),
        ("192.0.1.0", GLOBAL),
        ("192.0.2.7", "documentation"),
        ("192.31.196.1", "as112"),
        ("192.52.193.1", "amt"),
        ("192.88.99.1", "6to4-relay"),
        ("192.168.255.255", "private-use"),
        ("192.169.0.0", GLOBAL),
        ("192.175.48.6", "as112"),
        ("198.17.255.255", GLOBAL),
        ("198.18.0.0", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.255", "documentation"),
        ("223.255.255.255", GLOBAL),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.0", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "unassigned"),
        ("::ffff:10.0.0.1", "private-use"),
        ("::ffff:8.8.8.8", GLOBAL),
        ("64:ff9b::808:808", "translation"),
        ("64:ff9b:1::1", "translation"),
        ("100::1", "discard"),
        ("1fff:ffff::1", "unassigned"),
        ("2001::1", "protocol-assignments"),
        ("2001:1ff:ffff::1", "protocol-assignments"),
        ("2001:200::1", GLOBAL),
        ("2001:db7::1", GLOBAL),
        ("2001:db8::1", "documentation"),
        ("2001:db9::1", GLOBAL),
        ("2002:808:808::1", "6to4"),
        ("2620:4f:8000::1", "as112"),
        ("3ffe::1", GLOBAL),
        ("3fff:fff::1", "documentation"),
        ("3fff:1000::1", GLOBAL),
        ("4000::1", "unassigned"),
        ("5f00::1", "segment-routing"),
        ("fbff::1", "unassigned"),
        ("fc00::1", "unique-local"),
        ("fdff::1", "unique-local"),
        ("fe80::1", "link-local"),
        ("fec0::1", "unassigned"),
        ("ff02::1", "multicast"),
    ];

    #[test]
    fn addresses_of_special_purpose_are_not_global_to_their_very_ends() {
        for (address, expected) in ENDS {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(scope(address), *expected, "{address}");
            assert_eq!(global(address), *expected == GLOBAL, "{address}");
        }
    }

    #[test]
    fn no_prefix_of_the_tables_has_bits_beyond_its_length() {
        for (base, length, name) in FOUR {
            assert_eq!(base.checked_shl(*length).unwrap_or(0), 0, "{name} {base:x}");
        }
        for (base, length, name) in SIX.iter().chain(SIX_BESIDE).filter(|(_, length, _)| *length < 128) {
            assert_eq!(base << length, 0, "{name} {base:x}");
        }
    }
}
