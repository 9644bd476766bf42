//! `firedrill`: touches every declared port and finds each touch in the store.

pub mod talk;
