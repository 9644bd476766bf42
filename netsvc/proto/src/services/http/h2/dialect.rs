//! What differs between the servers that speak HTTP/2.

use super::hpack::Manner;
use crate::services::http::product::Family;

/// Settings, by their numbers (RFC 9113 §6.5.2).
const STREAMS: u16 = 3;
const WINDOW: u16 = 4;
const FRAME: u16 = 5;

/// One server's way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// What it sets at the beginning.
    pub(super) settings: &'static [(u16, u32)],
    /// By how much it opens the window of the connection then.
    pub(super) window: u32,
    /// Streams that it serves at a time.
    pub(super) streams: usize,
    /// Longest frame that it takes; those with the head of a request are shorter here, whatever it says.
    pub(super) frame: usize,
    /// Most bytes of a body that it puts into a frame.
    pub(super) chunk: usize,
    /// How it packs fields.
    pub(super) manner: Manner,
    /// Whether it is nginx, which has a reader of its own; the others follow nghttp2.
    pub(super) nginx: bool,
    /// Whether it says in words why it ends a connection.
    pub(super) tells: bool,
}

/// nginx 1.22.1: `http2_max_concurrent_streams`, `http2_body_preread_size`, `http2_chunk_size`.
const NGINX: Dialect = Dialect {
    settings: &[(STREAMS, 128), (WINDOW, 65_536), (FRAME, 16_777_215)],
    window: 0x7fff_0000,
    streams: 128,
    frame: 16_777_215,
    chunk: 8192,
    manner: Manner::Plain,
    nginx: true,
    tells: false,
};

/// httpd 2.4 with mod_http2: `H2MaxSessionStreams`.
const HTTPD: Dialect = Dialect {
    settings: &[(STREAMS, 100)],
    window: 0x7fff_0000,
    streams: 100,
    frame: 16_384,
    chunk: 16_384,
    manner: Manner::Indexed,
    nginx: false,
    tells: true,
};

/// HTTP.sys: windows of a mebibyte, as the makers of Kestrel saw them.
const HTTP_SYS: Dialect = Dialect {
    settings: &[(STREAMS, 100), (WINDOW, 1 << 20)],
    window: (1 << 20) - 65_535,
    tells: false,
    ..HTTPD
};

/// That of `family`.
pub(super) fn of(family: Family) -> Dialect {
    match family {
        Family::Apache => HTTPD,
        Family::Iis => HTTP_SYS,
        Family::Nginx | Family::Lighttpd | Family::Device => NGINX,
    }
}
