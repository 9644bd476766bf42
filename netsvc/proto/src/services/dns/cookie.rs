//! Cookies of servers (RFC 7873, RFC 9018): SipHash-2-4 over the client's cookie, the time and its address.

use std::net::IpAddr;

/// Version of the layout, and its reserved bytes.
const VERSION: [u8; 4] = [1, 0, 0, 0];

/// What a server answers to the first eight bytes of a client's cookie, at `seconds` since the epoch.
pub(super) fn answer(secret: &[u8; 16], client: [u8; 8], seconds: u32, peer: IpAddr) -> Vec<u8> {
    let mut cookie = client.to_vec();
    cookie.extend(VERSION);
    cookie.extend(seconds.to_be_bytes());
    let mut input = cookie.clone();
    match peer {
        IpAddr::V4(ip) => input.extend(ip.octets()),
        IpAddr::V6(ip) => input.extend(ip.octets()),
    }
    cookie.extend(siphash(secret, &input).to_le_bytes());
    cookie
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012).
fn siphash(key: &[u8; 16], input: &[u8]) -> u64 {
    let word = |bytes: &[u8]| {
        let mut padded = [0; 8];
        padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(padded)
    };
    let (low, high) = key.split_at(8);
    let (k0, k1) = (word(low), word(high));
    let mut state = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let whole = input.chunks_exact(8);
    let rest = whole.remainder();
    for message in whole.map(word) {
        absorb(&mut state, message);
    }
    absorb(&mut state, word(rest) | (input.len() as u64) << 56);
    let [a, b, c, d] = &mut state;
    *c ^= 0xff;
    for _ in 0..4 {
        round([a, b, c, d]);
    }
    *a ^ *b ^ *c ^ *d
}

fn absorb(state: &mut [u64; 4], message: u64) {
    let [a, b, c, d] = state;
    *d ^= message;
    round([a, b, c, d]);
    round([a, b, c, d]);
    *a ^= message;
}

fn round([a, b, c, d]: [&mut u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix A of the paper.
    #[test]
    fn the_hash_is_that_of_the_paper() {
        let key: [u8; 16] = std::array::from_fn(|at| at as u8);
        let input: Vec<u8> = (0..15).collect();
        assert_eq!(siphash(&key, &input), 0xa129_ca61_49be_45e5);
    }

    /// RFC 9018, appendix A.1.
    #[test]
    fn a_cookie_is_that_of_the_rfc() {
        let secret = *b"\xe5\xe9\x73\xe5\xa6\xb2\xa4\x3f\x48\xe7\xdc\x84\x9e\x37\xbf\xcf";
        let client = *b"\x24\x64\xc4\xab\xcf\x10\xc9\x57";
        let made = answer(&secret, client, 1_559_731_985, [198, 51, 100, 100].into());
        assert_eq!(hex::encode(made), "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
    }
}
