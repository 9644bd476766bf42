//! BACnet/IP of a controller of a building.
//!
//! Source: ANSI/ASHRAE 135-2016: clause 20 (encoding), clauses 15 and 16 (services), clause 12 (objects),
//! annex J (IP).

mod encoding;
mod machine;
mod objects;
mod services;

pub(super) use machine::Datagrams;
