//! Shares that a peer is connected to.

use super::{
    drive::Drive,
    flavour::{Family, Flavour},
    login::Rights,
    share::{self, Kind, Share},
    status::Status,
    unix::Files,
    volume::Volume,
};
use netsvc_kit::{Host, Link, Out};
use netsvc_wire::{Kind as Event, field};
use std::sync::Arc;

/// A share that a peer is connected to.
pub(super) struct Tree {
    pub(super) share: Share,
    /// Its files; none: it has no files but pipes.
    pub(super) volume: Option<Box<dyn Volume>>,
    pub(super) writes: bool,
}

/// Rights to a tree: to read, to change, to do anything.
pub(super) mod access {
    pub(in super::super) const READ: u32 = 0x0012_00a9;
    pub(in super::super) const CHANGE: u32 = 0x0013_01bf;
    pub(in super::super) const ALL: u32 = 0x001f_01ff;
    pub(in super::super) const PIPES: u32 = 0x001f_00a9;
}

impl Tree {
    /// Connects somebody with `rights` called `name` to the share `wanted`.
    pub(super) fn open(
        host: &Arc<Host>,
        link: &Link,
        flavour: &Flavour,
        wanted: &str,
        (rights, name): (Rights, &str),
    ) -> Result<Tree, Status> {
        let mut share = share::find(host, flavour, wanted, name).ok_or(Status::BAD_NETWORK_NAME)?;
        if rights < share.reads {
            return Err(Status::ACCESS_DENIED);
        }
        let writes = share.writes.is_some_and(|needed| needed <= rights);
        let volume: Option<Box<dyn Volume>> = match (share.kind, flavour.family) {
            (Kind::Disk, Family::Windows) => Some(Box::new(Drive::new(host, link.source(), writes))),
            (Kind::Disk, Family::Samba) => {
                let account = (Rights::Guest < rights).then_some(name);
                let files = Files::new(host, link, account, writes);
                if share.root.is_empty() {
                    share.root = files.home();
                    share.local.clone_from(&share.root);
                }
                Some(Box::new(files))
            }
            _ => None,
        };
        if volume.as_ref().is_some_and(|volume| volume.stat(&share.root).is_err()) {
            return Err(Status::BAD_NETWORK_NAME);
        }
        Ok(Tree { share, volume, writes })
    }

    /// All rights that the peer has.
    pub(super) fn access(&self, rights: Rights) -> u32 {
        match (self.share.kind, self.writes) {
            (Kind::Disk, true) if rights == Rights::Administrator => access::ALL,
            (Kind::Disk, true) => access::CHANGE,
            (Kind::Disk, false) => access::READ,
            _ => access::PIPES,
        }
    }
}

/// The name of the share in `\\server\share`.
pub(super) fn share_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Writes down that somebody connected to a share, or tried to.
pub(super) fn note(path: &str, status: Status, out: &mut Out) {
    out.record(
        Event::Command,
        vec![
            (field::COMMAND, format!("TREE_CONNECT {path}").into_bytes()),
            (field::STATUS, status.name().into_bytes()),
        ],
    );
}
