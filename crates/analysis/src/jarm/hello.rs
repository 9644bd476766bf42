//! The ten hellos of JARM. They differ in version, in which ciphers they offer and in what order, and in
//! some extensions; a server's choices among them tell its library and its settings.
//!
//! Source: the published description of JARM (Salesforce, 2020) and the parameters of its first
//! implementation; message forms are of RFC 5246, RFC 8446 and RFC 6066.

use sha2::{Digest, Sha256};

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const TLS1_1: u16 = 0x0302;
const TLS1_2: u16 = 0x0303;
const TLS1_3: u16 = 0x0304;
/// What a hello that offers 1.3 says outside of its extension (RFC 8446, 5.1).
const OLDEST: u16 = 0x0301;
const X25519: u16 = 29;

/// Every cipher, in the order of the first hello.
pub(super) const CIPHERS: [u16; 69] = [
    0x0016, 0x0033, 0x0067, 0xc09e, 0xc0a2, 0x009e, 0x0039, 0x006b, 0xc09f, 0xc0a3, 0x009f, 0x0045, 0x00be,
    0x0088, 0x00c4, 0x009a, 0xc008, 0xc009, 0xc023, 0xc0ac, 0xc0ae, 0xc02b, 0xc00a, 0xc024, 0xc0ad, 0xc0af,
    0xc02c, 0xc072, 0xc073, 0xcca9, 0x1302, 0x1301, 0xcc14, 0xc007, 0xc012, 0xc013, 0xc027, 0xc02f, 0xc014,
    0xc028, 0xc030, 0xc060, 0xc061, 0xc076, 0xc077, 0xcca8, 0x1305, 0x1304, 0x1303, 0xcc13, 0xc011, 0x000a,
    0x002f, 0x003c, 0xc09c, 0xc0a0, 0x009c, 0x0035, 0x003d, 0xc09d, 0xc0a1, 0x009d, 0x0041, 0x00ba, 0x0084,
    0x00c0, 0x0007, 0x0004, 0x0005,
];
/// Protocols for ALPN, weakest first. Two of them keep together in every order, as they did in the first
/// implementation.
const PROTOCOLS: [&[u8]; 8] = [
    b"\x08http/0.9",
    b"\x08http/1.0",
    b"\x08http/1.1",
    b"\x06spdy/1",
    b"\x06spdy/2",
    b"\x06spdy/3\x02h2",
    b"\x03h2c",
    b"\x02hq",
];
/// Those that hardly any server has.
const RARE: [&[u8]; 7] =
    [b"\x08http/0.9", b"\x08http/1.0", b"\x06spdy/1", b"\x06spdy/2", b"\x06spdy/3", b"\x03h2c", b"\x02hq"];
/// Extensions between the name and ALPN: extended master secret, a fragment length of 512, renegotiation,
/// groups, point formats, session ticket.
const MIDDLE: [(u16, &[u8]); 6] = [
    (23, &[]),
    (1, &[1]),
    (0xff01, &[0]),
    (10, &[0, 8, 0, 29, 0, 23, 0, 24, 0, 25]),
    (11, &[1, 0]),
    (35, &[]),
];
const SIGNATURES: (u16, &[u8]) = (13, &[0, 18, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1, 2, 1]);
const RESUMPTION: (u16, &[u8]) = (45, &[1, 1]);

/// The order in which a list is offered.
#[derive(Clone, Copy, Debug)]
enum Order {
    Forward,
    Reverse,
    /// The first half, from the middle to the start.
    TopHalf,
    BottomHalf,
    /// From the middle to both ends by turns.
    MiddleOut,
}

impl Order {
    fn of<T: Copy>(self, list: &[T]) -> Vec<T> {
        let (before, after) = list.split_at(list.len() / 2);
        let backward = before.iter().rev();
        let odd = list.len() % 2;
        match self {
            Order::Forward => list.to_vec(),
            Order::Reverse => list.iter().rev().copied().collect(),
            Order::TopHalf => after.iter().take(odd).chain(backward).copied().collect(),
            Order::BottomHalf => after.iter().skip(odd).copied().collect(),
            Order::MiddleOut => {
                let pairs = after.iter().skip(odd).zip(backward).flat_map(|(one, other)| [*one, *other]);
                after.iter().take(odd).copied().chain(pairs).collect()
            }
        }
    }
}

/// How one hello differs from the others.
struct Shape {
    version: u16,
    /// Whether ciphers of version 1.3 are offered.
    modern: bool,
    ciphers: Order,
    /// Whether values that mean nothing are strewn in (RFC 8701).
    grease: bool,
    rare: bool,
    /// The newest of the versions that the extension lists; `None`: it is left out.
    newest: Option<u16>,
    /// Order of protocols and versions.
    lists: Order,
}

const fn shape(version: u16, ciphers: Order, newest: Option<u16>, lists: Order) -> Shape {
    Shape { version, modern: true, ciphers, grease: false, rare: false, newest, lists }
}

const SHAPES: [Shape; 10] = {
    use Order::{BottomHalf, Forward, MiddleOut, Reverse, TopHalf};
    [
        shape(TLS1_2, Forward, Some(TLS1_2), Reverse),
        shape(TLS1_2, Reverse, Some(TLS1_2), Forward),
        shape(TLS1_2, TopHalf, None, Forward),
        Shape { rare: true, ..shape(TLS1_2, BottomHalf, None, Forward) },
        Shape { rare: true, grease: true, ..shape(TLS1_2, MiddleOut, None, Reverse) },
        shape(TLS1_1, Forward, None, Forward),
        shape(TLS1_3, Forward, Some(TLS1_3), Reverse),
        shape(TLS1_3, Reverse, Some(TLS1_3), Forward),
        Shape { modern: false, ..shape(TLS1_3, Forward, Some(TLS1_3), Forward) },
        Shape { grease: true, ..shape(TLS1_3, MiddleOut, Some(TLS1_3), Reverse) },
    ]
};

/// The ten hellos for a server that is called `name`, as records. What is random in them comes from
/// `entropy`.
pub(super) fn hellos(name: &str, entropy: &[u8; 32]) -> Vec<Vec<u8>> {
    let drawn = |number: u8, what: u8| -> [u8; 32] {
        Sha256::new().chain_update(entropy).chain_update([number, what]).finalize().into()
    };
    let one = |(number, shape): (u8, &Shape)| {
        let random = [drawn(number, 0), drawn(number, 1), drawn(number, 2)];
        hello(shape, name, &random)
    };
    (0..).zip(&SHAPES).map(one).collect()
}

/// One hello; `random` is its random, its session and its key share.
fn hello(shape: &Shape, name: &str, random: &[[u8; 32]; 3]) -> Vec<u8> {
    let [nonce, session, share] = random;
    let grease = shape.grease.then(|| grease(nonce));
    let (record, inner) =
        if shape.version == TLS1_3 { (OLDEST, TLS1_2) } else { (shape.version, shape.version) };
    let offered: Vec<u16> =
        CIPHERS.iter().copied().filter(|cipher| shape.modern || cipher >> 8 != 0x13).collect();
    let mut body = inner.to_be_bytes().to_vec();
    body.extend_from_slice(nonce);
    body.push(32);
    body.extend_from_slice(session);
    body.extend(prefixed(&numbers(grease.into_iter().chain(shape.ciphers.of(&offered)))));
    body.extend_from_slice(&[1, 0]);
    body.extend(prefixed(&extensions(shape, name, grease, share)));
    let message = [[CLIENT_HELLO, 0].as_slice(), &prefixed(&body)].concat();
    [[HANDSHAKE].as_slice(), &record.to_be_bytes(), &prefixed(&message)].concat()
}

fn extensions(shape: &Shape, name: &str, grease: Option<u16>, share: &[u8; 32]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, value: &[u8]| {
        all.extend_from_slice(&kind.to_be_bytes());
        all.extend(prefixed(value));
    };
    if let Some(grease) = grease {
        add(grease, &[]);
    }
    add(0, &prefixed(&[[0].as_slice(), &prefixed(name.as_bytes())].concat()));
    MIDDLE.iter().for_each(|(kind, value)| add(*kind, value));
    let protocols = if shape.rare { shape.lists.of(&RARE) } else { shape.lists.of(&PROTOCOLS) };
    add(16, &prefixed(&protocols.concat()));
    add(SIGNATURES.0, SIGNATURES.1);
    let mut shares = Vec::new();
    if let Some(grease) = grease {
        shares.extend([grease.to_be_bytes().as_slice(), &[0, 1, 0]].concat());
    }
    shares.extend([X25519.to_be_bytes().as_slice(), &prefixed(share)].concat());
    add(51, &prefixed(&shares));
    add(RESUMPTION.0, RESUMPTION.1);
    if let Some(newest) = shape.newest {
        let versions: Vec<u16> = (OLDEST..=newest).collect();
        let listed = numbers(grease.into_iter().chain(shape.lists.of(&versions)));
        let length = u8::try_from(listed.len()).unwrap_or_default();
        add(43, &[[length].as_slice(), &listed].concat());
    }
    all
}

/// One of the sixteen values that RFC 8701 sets aside.
fn grease(random: &[u8; 32]) -> u16 {
    let [first, ..] = random;
    let digit = first & 0xf0;
    u16::from_be_bytes([digit | 0x0a, digit | 0x0a])
}

fn numbers(values: impl Iterator<Item = u16>) -> Vec<u8> {
    values.flat_map(u16::to_be_bytes).collect()
}

/// With the length before it, in two bytes.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or_default();
    [length.to_be_bytes().as_slice(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_ordered_as_the_description_says() {
        let check = |order: Order, odd: &[u8], even: &[u8]| {
            assert_eq!(order.of(&[1, 2, 3, 4, 5]), odd, "{order:?}");
            assert_eq!(order.of(&[1, 2, 3, 4]), even, "{order:?}");
        };
        check(Order::Forward, &[1, 2, 3, 4, 5], &[1, 2, 3, 4]);
        check(Order::Reverse, &[5, 4, 3, 2, 1], &[4, 3, 2, 1]);
        check(Order::TopHalf, &[3, 2, 1], &[2, 1]);
        check(Order::BottomHalf, &[4, 5], &[3, 4]);
        check(Order::MiddleOut, &[3, 4, 2, 5, 1], &[3, 2, 4, 1]);
    }

    #[test]
    fn ten_hellos_are_whole_and_differ() {
        let hellos = hellos("10.66.0.10", &[7; 32]);
        assert_eq!(hellos.len(), 10);
        for hello in &hellos {
            assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
            assert_eq!(usize::from(u16::from_be_bytes([hello[7], hello[8]])), hello.len() - 9);
            assert!(hello.windows(10).any(|name| name == b"10.66.0.10"));
        }
        let versions: Vec<[u8; 2]> = hellos.iter().map(|hello| [hello[2], hello[10]]).collect();
        assert_eq!(&versions[4..7], &[[3, 3], [2, 2], [1, 3]]);
        // Half of the ciphers is half of the bytes, and 1.3 has five of its own.
        let ciphers = |at: usize| usize::from(u16::from_be_bytes([hellos[at][76], hellos[at][77]])) / 2;
        assert_eq!([0, 2, 3, 4, 8].map(ciphers), [69, 35, 34, 70, 64]);
    }
}
