//! What both sides agreed on.

use super::crypto::{Cipher, Signing};

/// The answer to a peer who knows SMB 2 by its first name only.
pub(super) const ANY: u16 = 0x02ff;
/// Capabilities.
pub(super) mod capability {
    pub(in super::super) const DFS: u32 = 1;
    pub(in super::super) const LEASING: u32 = 2;
    pub(in super::super) const LARGE: u32 = 4;
    pub(in super::super) const CHANNELS: u32 = 8;
    pub(in super::super) const DIRECTORIES: u32 = 0x20;
    pub(in super::super) const ENCRYPTION: u32 = 0x40;
}

/// What the peer said when a dialect was chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    pub(super) guid: [u8; 16],
    pub(super) capabilities: u32,
    pub(super) mode: u16,
    pub(super) dialects: Vec<u16>,
}

/// What is agreed on.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    pub(super) dialect: u16,
    pub(super) client: Client,
    pub(super) capabilities: u32,
    pub(super) signing: Signing,
    pub(super) cipher: Option<Cipher>,
    /// Hash of what was said so far, from 3.1.1 on.
    pub(super) hash: [u8; 64],
}
