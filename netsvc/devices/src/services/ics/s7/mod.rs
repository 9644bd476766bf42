//! S7 communication of SIMATIC S7-300 over ISO on TCP.
//!
//! Sources: RFC 1006 (TPKT), RFC 905 (COTP), the dissector of Wireshark and the library Snap7 for what
//! Siemens does
//! not publish; the CPU's own lists (SZL) by Siemens' "System Software for S7-300/400, System and Standard
//! Functions".

mod blocks;
mod clock;
mod connection;
mod cotp;
mod lists;
mod pdu;
mod userdata;
mod variables;

pub(super) use connection::open;
