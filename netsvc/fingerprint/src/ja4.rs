//! JA4: a TLS client by what it offers, whatever order it shuffles it to.
//!
//! Source: <https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md>. JA4 of TLS clients is under the
//! BSD licence, unlike the rest of that family.

use crate::client_hello::{ClientHello, without_grease};
use sha2::{Digest, Sha256};

/// Digits of a hash that are kept.
const KEPT: usize = 12;
const NOTHING: &str = "000000000000";
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// What carried the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TLS over TCP.
    Tcp,
    /// QUIC.
    Quic,
    /// DTLS.
    Datagrams,
}

impl ClientHello {
    /// JA4, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    pub fn ja4(&self, carrier: Carrier) -> String {
        let carrier = match carrier {
            Carrier::Tcp => 't',
            Carrier::Quic => 'q',
            Carrier::Datagrams => 'd',
        };
        let (mut ciphers, mut extensions) = (self.plain_ciphers(), self.plain_extensions());
        let named = if extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
        let counts = (ciphers.len().min(99), extensions.len().min(99));
        ciphers.sort_unstable();
        extensions.retain(|kind| !matches!(*kind, SERVER_NAME | ALPN));
        extensions.sort_unstable();
        let mut told = joined(&extensions);
        let signatures = without_grease(&self.signatures);
        if !signatures.is_empty() {
            told = format!("{told}_{}", joined(&signatures));
        }
        format!(
            "{carrier}{}{named}{:02}{:02}{}_{}_{}",
            self.ja4_version(),
            counts.0,
            counts.1,
            self.ja4_protocol(),
            if ciphers.is_empty() { NOTHING.to_owned() } else { short_hash(&joined(&ciphers)) },
            if extensions.is_empty() { NOTHING.to_owned() } else { short_hash(&told) },
        )
    }

    /// The highest version that is offered.
    fn ja4_version(&self) -> &'static str {
        let offered = without_grease(&self.versions).into_iter().max().unwrap_or(self.version);
        match offered {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            0xfeff => "d1",
            0xfefd => "d2",
            0xfefc => "d3",
            _ => "00",
        }
    }

    /// First and last character of the first protocol of ALPN.
    fn ja4_protocol(&self) -> String {
        let first = self.protocols.first().map(Vec::as_slice).unwrap_or_default();
        match (first.first(), first.last()) {
            (Some(begin), Some(end)) if begin.is_ascii_alphanumeric() && end.is_ascii_alphanumeric() => {
                [char::from(*begin), char::from(*end)].iter().collect()
            }
            (Some(begin), Some(end)) => format!("{:x}{:x}", begin >> 4, end & 0x0f),
            _ => "00".to_owned(),
        }
    }
}

fn joined(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

fn short_hash(text: &str) -> String {
    let mut hash = hex::encode(Sha256::digest(text));
    hash.truncate(KEPT);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_hello::tests::{host, names, numbers, stream};

    const CIPHERS: [u16; 16] = [
        0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
        0x009c, 0x009d, 0x002f, 0x0035,
    ];

    /// The client of the description's example.
    fn example(protocol: &[u8]) -> ClientHello {
        let mut extensions = vec![(0x1a1a, Vec::new()), (0x001b, Vec::new()), (0, host(b"example.com"))];
        extensions
            .extend([0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012].map(|kind| (kind, Vec::new())));
        extensions.extend([
            (0x0010, names(&[protocol, b"http/1.1"])),
            (0x000d, numbers::<2>(&[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601])),
            (0x002b, numbers::<1>(&[0x4a4a, 0x0304, 0x0303])),
            (0xff01, vec![0]),
            (0x000b, vec![1, 0]),
            (0x000a, numbers::<2>(&[0x2a2a, 29, 23, 24])),
            (0x0015, vec![0; 100]),
        ]);
        ClientHello::read(&stream(0x0303, &CIPHERS, &extensions, 16_000)).unwrap()
    }

    #[test]
    fn the_descriptions_example_comes_out() {
        assert_eq!(example(b"h2").ja4(Carrier::Tcp), "t13d1516h2_8daaf6152771_e5627efa2ab1");
        assert_eq!(example(b"h2").ja4(Carrier::Quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn protocols_that_are_no_text_are_told_by_their_digits() {
        for (protocol, expected) in
            [(&b"\xab"[..], "ab"), (b"\xab\xcd", "ad"), (b"0\xab", "3b"), (b"x", "xx")]
        {
            assert_eq!(&example(protocol).ja4(Carrier::Tcp)[8..10], expected);
        }
    }

    #[test]
    fn an_old_client_without_anything_has_zeros() {
        let hello = ClientHello::read(&stream(0x0301, &[], &[], 16_000)).unwrap();
        assert_eq!(hello.ja4(Carrier::Tcp), "t10i000000_000000000000_000000000000");
    }
}
