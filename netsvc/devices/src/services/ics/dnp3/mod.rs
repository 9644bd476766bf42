//! DNP3 of a remote terminal unit (IEEE 1815-2012): link layer (9), transport (8), application (4 to 7, 11,
//! 14).

mod frame;
mod objects;
mod outstation;

pub(super) use outstation::open;
