//! Content coding as packaged servers do it: nginx of Debian (`gzip on`, HTML alone) and Debian's httpd
//! (`mod_deflate` on texts).

use super::{
    product::{Family, Server},
    request::Request,
};
use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write;

/// Shortest body that nginx compresses (`gzip_min_length`).
const SHORTEST: usize = 20;

/// Types that Debian's httpd compresses.
const TEXTS: &[&str] = &[
    "text/html",
    "text/plain",
    "text/xml",
    "text/css",
    "text/javascript",
    "application/x-javascript",
    "application/javascript",
    "application/xml",
];

/// Whether `server` would compress an answer of this type, were it asked to.
pub fn varies(server: &Server, status: u16, kind: &str) -> bool {
    let plain = kind.split(';').next().unwrap_or_default();
    match server.family {
        Family::Apache => server.is_debian() && matches!(status, 200 | 206) && TEXTS.contains(&plain),
        Family::Nginx => server.compresses && matches!(status, 200 | 403 | 404) && plain == "text/html",
        _ => false,
    }
}

/// Whether `server` compresses an answer of this type and length for `request`.
pub fn applies(server: &Server, request: &Request, status: u16, kind: &str, length: usize) -> bool {
    if !varies(server, status, kind) || !accepts(request.field("accept-encoding").unwrap_or_default()) {
        return false;
    }
    match server.family {
        Family::Nginx => SHORTEST <= length && request.version >= (1, 1) && request.field("via").is_none(),
        _ => 0 < length,
    }
}

/// Whether a list of codings has gzip with a weight that is not zero.
fn accepts(list: &str) -> bool {
    list.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().trim_start_matches("q=").trim();
        let refused = !weight.is_empty() && weight.trim_matches(['0', '.']).is_empty();
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// `body` as gzip, with the head that both servers write.
pub fn gzip(server: &Server, body: &[u8]) -> Vec<u8> {
    let level = if server.family == Family::Nginx { 1 } else { 6 };
    let mut encoder = DeflateEncoder::new(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], Compression::new(level));
    let mut crc = Crc::new();
    crc.update(body);
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    let mut bytes = encoder.finish().unwrap_or_default();
    bytes.extend_from_slice(&crc.sum().to_le_bytes());
    bytes.extend_from_slice(&crc.amount().to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_not_refused() {
        for (list, wanted) in [
            ("gzip", true),
            ("deflate, br, gzip;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("*", false),
            ("deflate", false),
            ("", false),
        ] {
            assert_eq!(accepts(list), wanted, "{list}");
        }
    }
}
