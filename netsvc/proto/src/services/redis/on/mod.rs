//! Commands by what they work on.

pub(super) mod admin;
pub(super) mod bits;
pub(super) mod geo;
pub(super) mod groups;
pub(super) mod hashes;
pub(super) mod keys;
pub(super) mod lists;
pub(super) mod security;
pub(super) mod sets;
pub(super) mod sketch;
pub(super) mod sorted;
pub(super) mod sorting;
pub(super) mod streams;
pub(super) mod texts;
pub(super) mod unions;
