//! Tests of all services.

mod laws;
