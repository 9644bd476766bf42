//! HTTP/2 as nginx, Apache httpd (on nghttp2) and HTTP.sys speak it (RFC 9113), in front of the same site.
//!
//! Whatever a peer may repeat without end is bounded: heads by their bytes and frames, streams by their number, bodies
//! by what is kept, answers that nobody takes by being charged, and frames that carry nothing as nginx bounds them.

mod connection;
mod dialect;
mod fields;
mod frame;
mod hpack;
mod huffman;
mod seen;
mod stream;
mod table;

pub use connection::Connection;
