//! The event line: what a service process writes and what every reader parses.
//!
//! One encoder ([`encode`]) and one parser ([`parse`]) for the whole system, side by side, so that
//! they cannot drift apart. The line is RFC 5424 over an escaping layer of our own ([`escape`]):
//! for all byte strings `decode(encode(value)) == value`, and no value can end a record or an
//! element. The vocabulary of event and field names is in [`event`] and [`field`].

mod encode;
pub mod escape;
pub mod event;
pub mod field;
mod frame;
mod line;
mod parse;
pub mod spool;
pub mod stamp;

pub use encode::{EncodeError, Encoder};
pub use event::{Class, Kind, Meaning};
pub use frame::next_frame;
pub use line::{BadHeaderText, Event, HeaderText, Record, Severity, WriterId};
pub use parse::{Malformed, parse};

/// Longest event line in bytes, newline included. Longer values become blobs before they get here.
pub const MAX_LINE: usize = 64 * 1024;

/// SD-ID used when the configuration names none. 32473 is the number RFC 5612 reserves for
/// documentation, so it points at nobody.
pub const DEFAULT_SD_ID: &str = "ev@32473";
