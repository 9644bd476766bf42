//! EtherNet/IP of a ControlLogix behind a 1756-ENBT.
//!
//! Sources: ODVA, The CIP Networks Library, volumes 1 (CIP) and 2 (EtherNet/IP adaptation), of which the
//! dissector of
//! Wireshark shows the layouts; Rockwell Automation, Logix 5000 Controllers Data Access (1756-PM020).

mod cip;
mod encapsulation;
mod objects;
mod path;
mod tags;

pub(super) use encapsulation::{Datagrams, open};
