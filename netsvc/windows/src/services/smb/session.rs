//! A session of a peer, and what requests of a chain share.

use super::{
    crypto::Keys,
    login::{Login, Who},
    open::Open,
    status::Status,
    tree::Tree,
};
use std::collections::BTreeMap;

/// Sessions of a connection, trees of a session.
pub(super) const SESSIONS: usize = 32;
pub(super) const TREES: usize = 64;

/// A session of a peer.
pub(super) struct Session {
    /// Who is in; none: the login goes on.
    pub(super) who: Option<Who>,
    pub(super) keys: Option<Keys>,
    pub(super) trees: BTreeMap<u32, Tree>,
    pub(super) opens: BTreeMap<u64, Open>,
    /// Whether the peer wants every message signed.
    pub(super) signed: bool,
    pub(super) login: Login,
    pub(super) hash: [u8; 64],
    /// Whether the peer encrypts, and how many messages were encrypted for it.
    pub(super) sealed: bool,
    pub(super) closed: u64,
}

impl Session {
    /// One whose login begins.
    pub(super) fn new(login: Login, hash: [u8; 64], signed: bool) -> Session {
        Session {
            who: None,
            keys: None,
            trees: BTreeMap::new(),
            opens: BTreeMap::new(),
            signed,
            login,
            hash,
            sealed: false,
            closed: 0,
        }
    }
}

/// What requests of a chain have from the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    pub(super) session: u64,
    pub(super) tree: u32,
    pub(super) file: Option<u64>,
    pub(super) failed: Option<Status>,
}
