//! Key exchange (RFC 4253 §7 and §8).

pub(crate) mod exchange;
pub(crate) mod groups;
pub(crate) mod hash;
pub(crate) mod negotiation;
pub(crate) mod secret;
