//! What differs between the servers that speak HTTP/2.

pub use super::hpack::Manner;
use crate::services::http::product::Family;

/// Settings, by their numbers (RFC 9113 §6.5.2).
const TABLE: u16 = 1;
const STREAMS: u16 = 3;
const WINDOW: u16 = 4;
const FRAME: u16 = 5;
const HEADS: u16 = 6;

/// Requests after which a connection ends (`keepalive_requests`).
const REQUESTS: u32 = 1000;

/// One server's way.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// What it sets at the beginning.
    pub settings: &'static [(u16, u32)],
    /// By how much it opens the window of the connection then.
    pub window: u32,
    /// Streams that it serves at a time.
    pub streams: usize,
    /// Longest frame that it takes; those with the head of a request are shorter here, whatever it says.
    pub frame: usize,
    /// Most bytes of a body that it puts into a frame.
    pub chunk: usize,
    /// Requests after which it ends a connection; `None`: it does not.
    pub requests: Option<u32>,
    /// How it packs fields.
    pub manner: Manner,
    /// Whether it is nginx, which has a reader of its own; the others follow nghttp2.
    pub nginx: bool,
    /// Whether it says in words why it ends a connection.
    pub tells: bool,
}

/// nginx 1.22.1: `http2_max_concurrent_streams`, `http2_body_preread_size`, `http2_chunk_size`.
const NGINX: Dialect = Dialect {
    settings: &[(STREAMS, 128), (WINDOW, 65_536), (FRAME, 16_777_215)],
    window: 0x7fff_0000,
    streams: 128,
    frame: 16_777_215,
    chunk: 8192,
    requests: Some(REQUESTS),
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
    requests: Some(REQUESTS),
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

/// Go's server as its library is delivered (`http2.Server`): 250 streams, frames and windows of a mebibyte.
pub const GO: Dialect = Dialect {
    settings: &[(FRAME, 1 << 20), (STREAMS, 250), (HEADS, 1_048_896), (TABLE, 4096), (WINDOW, 1 << 20)],
    window: (1 << 20) - 65_535,
    streams: 250,
    frame: 1 << 20,
    chunk: 16_384,
    requests: None,
    manner: Manner::Whole,
    nginx: false,
    tells: false,
};

/// Go's before 1.20, which did not tell of the table.
pub const GO_OLD: Dialect =
    Dialect { settings: &[(FRAME, 1 << 20), (STREAMS, 250), (HEADS, 1_048_896), (WINDOW, 1 << 20)], ..GO };

/// kube-apiserver (`secure_serving.go`): a quarter of a mebibyte for a frame and for each stream, and streams times
/// that for the connection; 100 streams since 1.28.3.
pub const KUBE: Dialect = Dialect {
    settings: &[(FRAME, 1 << 18), (STREAMS, 100), (HEADS, 1_048_896), (TABLE, 4096), (WINDOW, 1 << 18)],
    window: 100 * (1 << 18) - 65_535,
    streams: 100,
    frame: 1 << 18,
    ..GO
};

/// Its releases from 1.26 on.
pub const KUBE_1_26: Dialect = Dialect {
    settings: &[(FRAME, 1 << 18), (STREAMS, 250), (HEADS, 1_048_896), (TABLE, 4096), (WINDOW, 1 << 18)],
    window: 250 * (1 << 18) - 65_535,
    streams: 250,
    ..KUBE
};

/// Its older releases.
pub const KUBE_1_24: Dialect = Dialect {
    settings: &[(FRAME, 1 << 18), (STREAMS, 250), (HEADS, 1_048_896), (WINDOW, 1 << 18)],
    ..KUBE_1_26
};

/// That of `family`.
pub(super) fn of(family: Family) -> Dialect {
    match family {
        Family::Apache => HTTPD,
        Family::Iis => HTTP_SYS,
        Family::Nginx | Family::Lighttpd | Family::Device => NGINX,
    }
}
