//! Requests and responses of SMB 2 ([MS-SMB2] §2.2.1).

use super::{
    status::Status,
    wire::{Put, Reader},
};

/// Bytes of a header.
pub(super) const HEAD: usize = 64;
/// How a message begins.
pub(super) const MARK: &[u8; 4] = b"\xfeSMB";

/// Flags of a header.
pub(super) mod flag {
    pub(in super::super) const ANSWER: u32 = 1;
    pub(in super::super) const ASYNC: u32 = 2;
    pub(in super::super) const RELATED: u32 = 4;
    pub(in super::super) const SIGNED: u32 = 8;
    pub(in super::super) const PRIORITY: u32 = 0x70;
}

/// Commands.
pub(super) mod command {
    pub(in super::super) const NEGOTIATE: u16 = 0;
    pub(in super::super) const SESSION_SETUP: u16 = 1;
    pub(in super::super) const LOGOFF: u16 = 2;
    pub(in super::super) const TREE_CONNECT: u16 = 3;
    pub(in super::super) const TREE_DISCONNECT: u16 = 4;
    pub(in super::super) const CREATE: u16 = 5;
    pub(in super::super) const CLOSE: u16 = 6;
    pub(in super::super) const FLUSH: u16 = 7;
    pub(in super::super) const READ: u16 = 8;
    pub(in super::super) const WRITE: u16 = 9;
    pub(in super::super) const LOCK: u16 = 10;
    pub(in super::super) const IOCTL: u16 = 11;
    pub(in super::super) const CANCEL: u16 = 12;
    pub(in super::super) const ECHO: u16 = 13;
    pub(in super::super) const QUERY_DIRECTORY: u16 = 14;
    pub(in super::super) const CHANGE_NOTIFY: u16 = 15;
    pub(in super::super) const QUERY_INFO: u16 = 16;
    pub(in super::super) const SET_INFO: u16 = 17;
    pub(in super::super) const OPLOCK_BREAK: u16 = 18;
}

/// A request of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) charge: u16,
    pub(super) command: u16,
    pub(super) credits: u16,
    pub(super) flags: u32,
    /// Where in the chain the next one begins; 0: this is the last.
    pub(super) next: usize,
    pub(super) id: u64,
    /// Number of the peer's process, which is given back.
    pub(super) process: u32,
    pub(super) tree: u32,
    pub(super) session: u64,
    /// Number of what is cancelled, in its asynchronous form.
    pub(super) pending: u64,
    /// All of it, the header included.
    pub(super) bytes: &'a [u8],
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: Status,
    /// What stands behind the header.
    pub(super) body: Vec<u8>,
    /// The session and tree that it tells of, where it makes them.
    pub(super) session: Option<u64>,
    pub(super) tree: Option<u32>,
    /// Number of what is pending.
    pub(super) pending: Option<u64>,
}

impl<'a> Request<'a> {
    /// Reads the first request of `bytes`, a chain.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        (reader.take(4)? == MARK && reader.u16()? == 64).then_some(())?;
        let charge = reader.u16()?;
        reader.skip(4)?;
        let (command, credits, flags) = (reader.u16()?, reader.u16()?, reader.u32()?);
        let next = usize::try_from(reader.u32()?).ok()?;
        let id = reader.u64()?;
        let mut other = reader;
        let pending = other.u64()?;
        let (process, tree, session) = (reader.u32()?, reader.u32()?, reader.u64()?);
        reader.skip(16)?;
        let bytes = if next == 0 { bytes } else { bytes.get(..next)? };
        (HEAD <= bytes.len()).then_some(())?;
        Some(Request { charge, command, credits, flags, next, id, process, tree, session, pending, bytes })
    }

    /// What stands behind the header.
    pub(super) fn body(&self) -> Reader<'a> {
        Reader::new(self.bytes.get(HEAD..).unwrap_or_default())
    }

    /// `length` bytes at `offset` from the header on.
    pub(super) fn piece(&self, offset: usize, length: usize) -> Option<&'a [u8]> {
        if length == 0 {
            return Some(&[]);
        }
        super::wire::piece(self.bytes, offset, length)
    }

    pub(super) fn is(&self, wanted: u32) -> bool {
        self.flags & wanted != 0
    }

    /// The header of the answer `reply`.
    pub(super) fn answered(&self, reply: &Reply, granted: u16) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + reply.body.len());
        let kept = self.flags & (flag::RELATED | flag::PRIORITY);
        out.bytes(MARK).u16(64).u16(self.charge).u32(reply.status.0).u16(self.command).u16(granted);
        let waits = if reply.pending.is_some() { flag::ASYNC } else { 0 };
        out.u32(flag::ANSWER | kept | waits).u32(0).u64(self.id);
        match reply.pending {
            Some(number) => out.u64(number),
            None => out.u32(self.process).u32(reply.tree.unwrap_or(self.tree)),
        };
        out.u64(reply.session.unwrap_or(self.session)).bytes(&[0; 16]).bytes(&reply.body);
        out
    }
}

impl Reply {
    /// Success with `body`.
    pub(super) fn new(body: Vec<u8>) -> Reply {
        Reply { status: Status::SUCCESS, body, session: None, tree: None, pending: None }
    }

    /// `status` and nothing else.
    pub(super) fn failed(status: Status) -> Reply {
        Reply { status, ..Reply::new(vec![9, 0, 0, 0, 0, 0, 0, 0, 0]) }
    }

    /// The answer that says nothing: its structure is as large as this.
    pub(super) fn plain() -> Reply {
        Reply::new(vec![4, 0, 0, 0])
    }
}

impl From<Status> for Reply {
    fn from(status: Status) -> Reply {
        Reply::failed(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_within_its_chain() {
        let mut bytes = Vec::new();
        bytes
            .bytes(MARK)
            .u16(64)
            .u16(1)
            .u32(0)
            .u16(13)
            .u16(31)
            .u32(0)
            .u32(72)
            .u64(7)
            .u32(0xfeff)
            .u32(5)
            .u64(9);
        bytes.bytes(&[0; 16]).bytes(&[4, 0, 0, 0, 1, 1, 1, 1]);
        let chained = [bytes.clone(), bytes.clone()].concat();
        let request = Request::parse(&chained).unwrap();
        assert_eq!((request.command, request.id, request.tree, request.session), (13, 7, 5, 9));
        assert_eq!((request.bytes.len(), request.body().rest().len(), request.next), (72, 8, 72));
        assert!(Request::parse(&bytes[..71]).is_none());
        let answer = request.answered(&Reply::failed(Status::ACCESS_DENIED), 1);
        assert_eq!((answer.len(), &answer[8..12]), (73, &[0x22, 0, 0, 0xc0][..]));
    }
}
