//! The way of an event from the spool of a service process to the rows of the store, and the runtime
//! that workers share.

pub mod collector;
pub mod correlator;
pub mod disk;
pub mod eventlog;
pub mod ingester;
pub mod projection;
pub mod rules;
pub mod runtime;
