//! JA3: version, ciphers, extensions, groups and point formats of a TLS client, as numbers.
//!
//! Source: <https://github.com/salesforce/ja3>, its description and reference values.

use crate::client_hello::{ClientHello, without_grease};
use md5::{Digest, Md5};
use std::fmt::Display;

impl ClientHello {
    /// The text that JA3 is the MD5 of.
    pub fn ja3_text(&self) -> String {
        [
            self.version.to_string(),
            joined(&self.plain_ciphers()),
            joined(&self.plain_extensions()),
            joined(&without_grease(&self.groups)),
            joined(&self.point_formats),
        ]
        .join(",")
    }

    /// JA3: 32 hexadecimal digits.
    pub fn ja3(&self) -> String {
        hex::encode(Md5::digest(self.ja3_text()))
    }
}

fn joined(values: &[impl Display]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use crate::{
        ClientHello,
        client_hello::tests::{host, numbers, stream},
    };

    #[test]
    fn the_descriptions_examples_come_out() {
        let ciphers = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4];
        let extensions = [(0, host(b"a")), (10, numbers::<2>(&[23, 24, 25])), (11, vec![1, 0])];
        let hello = ClientHello::read(&stream(769, &ciphers, &extensions, 16_000)).unwrap();
        assert_eq!(hello.ja3_text(), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
        assert_eq!(hello.ja3(), "ada70206e40642a3e4461f35503241d5");

        let ciphers = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
        let hello = ClientHello::read(&stream(769, &ciphers, &[], 16_000)).unwrap();
        assert_eq!(hello.ja3_text(), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(hello.ja3(), "de350869b8c85de67a350c8d186f11e6");
    }

    #[test]
    fn grease_does_not_count() {
        let extensions = [(0xdada, Vec::new()), (10, numbers::<2>(&[0x2a2a, 29])), (0xfafa, vec![0])];
        let hello = ClientHello::read(&stream(771, &[0x8a8a, 0x1301], &extensions, 16_000)).unwrap();
        assert_eq!(hello.ja3_text(), "771,4865,10,29,");
    }
}
