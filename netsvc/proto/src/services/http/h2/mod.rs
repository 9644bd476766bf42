//! HTTP/2 as nginx, Apache httpd (on nghttp2), HTTP.sys and Go's server speak it (RFC 9113), in front of the same site
//! or of a program of another service.
//!
//! Whatever a peer may repeat without end is bounded: heads by their bytes and frames, streams by their number, bodies
//! by what is kept, answers that nobody takes by being charged, and frames that carry nothing as nginx bounds them.

mod connection;
pub mod dialect;
mod fields;
mod frame;
mod hpack;
mod huffman;
pub mod program;
mod seen;
mod stream;
mod table;
mod web;

pub use connection::Connection;
pub use web::Web;
