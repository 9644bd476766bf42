//! Tests of the public functions of the crate.

mod stored;
