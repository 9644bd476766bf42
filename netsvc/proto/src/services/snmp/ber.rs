//! The tags that SNMP adds to BER (RFC 3416, 3).

pub(super) use netsvc_daemon::ber::*;

pub(super) const ADDRESS: u8 = 0x40;
pub(super) const COUNTER: u8 = 0x41;
pub(super) const GAUGE: u8 = 0x42;
pub(super) const TICKS: u8 = 0x43;
pub(super) const COUNTER64: u8 = 0x46;
pub(super) const NO_OBJECT: u8 = 0x80;
pub(super) const NO_INSTANCE: u8 = 0x81;
pub(super) const END_OF_VIEW: u8 = 0x82;
