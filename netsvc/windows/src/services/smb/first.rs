//! A conversation in SMB 1.

use super::{
    login::{Login, Who},
    tree::Tree,
};
use std::collections::BTreeMap;

/// How a message begins.
pub(super) const MARK: &[u8; 4] = b"\xffSMB";

/// A conversation.
#[derive(Default)]
pub(super) struct State {
    /// Whether NT LM 0.12 was chosen; and whether logins go by SPNEGO.
    pub(super) spoken: Option<bool>,
    pub(super) login: Option<Login>,
    /// The number that users and trees have.
    pub(super) user: u16,
    pub(super) who: Option<Who>,
    pub(super) trees: BTreeMap<u16, Tree>,
}
