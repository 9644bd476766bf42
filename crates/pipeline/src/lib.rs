//! The way of an event from the spool of a service process to the rows of the store, and the runtime
//! that workers share.

pub mod clusterer;
pub mod collector;
pub mod correlator;
pub mod disk;
pub mod eventlog;
pub mod fold;
pub mod ingester;
pub mod profiler;
pub mod projection;
pub mod rules;
pub mod runtime;
pub mod why;
