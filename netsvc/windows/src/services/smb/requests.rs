//! TREE_CONNECT, and requests to a tree: each to what it is about ([MS-SMB2] §3.3.5.7).

use super::{
    change,
    connection::Connection,
    directory, info,
    message::{Reply, Request, command},
    open::Open,
    session::{Before, Session, TREES},
    share::Kind,
    status::Status,
    transfer,
    tree::{Tree, note, share_name},
    wire::{Put, text},
};
use netsvc_kit::Out;

impl Connection {
    /// Answers TREE_CONNECT.
    pub(super) fn connect(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        let Some(path) = path_of(request) else { return Status::INVALID_PARAMETER.into() };
        let Some(session) = self.sessions.get_mut(&request.session) else {
            return Status::USER_SESSION_DELETED.into();
        };
        let Some(who) = session.who.clone() else { return Status::USER_SESSION_DELETED.into() };
        if TREES <= session.trees.len() {
            return Status::INSUFFICIENT_RESOURCES.into();
        }
        let asker = (who.rights, who.name.as_str());
        let opened = Tree::open(&self.host, &self.link, &self.flavour, share_name(&path), asker);
        note(&path, opened.as_ref().err().copied().unwrap_or(Status::SUCCESS), out);
        let tree = match opened {
            Ok(tree) => tree,
            Err(status) => return status.into(),
        };
        let id = (1..).find(|id| !session.trees.contains_key(id)).unwrap_or(u32::MAX);
        let mut body = Vec::new();
        let (kind, flags) = match tree.share.kind {
            Kind::Disk => (1, 0),
            // Nothing of it is kept by clients.
            Kind::Pipes => (2, 0x30),
            Kind::Printer => (3, 0),
        };
        body.u16(16).u8(kind).u8(0).u32(flags).u32(0).u32(tree.access(who.rights));
        session.trees.insert(id, tree);
        Reply { tree: Some(id), ..Reply::new(body) }
    }

    /// Answers TREE_DISCONNECT.
    pub(super) fn disconnect(&mut self, request: &Request<'_>, out: &mut Out) -> Reply {
        let Some(session) = self.sessions.get_mut(&request.session) else {
            return Status::USER_SESSION_DELETED.into();
        };
        let Some(mut tree) = session.trees.remove(&request.tree) else {
            return Status::NETWORK_NAME_DELETED.into();
        };
        let opens = session.opens.extract_if(.., |_, open| open.tree == request.tree);
        opens.for_each(|(_, open)| open.close(&mut tree, out));
        Reply::plain()
    }

    /// Answers a request to a tree.
    pub(super) fn on_tree(&mut self, request: &Request<'_>, before: &mut Before, out: &mut Out) -> Reply {
        let there = self
            .sessions
            .get(&request.session)
            .is_some_and(|session| session.trees.contains_key(&request.tree));
        if !there {
            return Status::NETWORK_NAME_DELETED.into();
        }
        let answered = match request.command {
            command::CREATE => self.create(request, before, out),
            command::CLOSE => self.close(request, before, out),
            command::CHANGE_NOTIFY => self.notify(request, before),
            command::IOCTL => self.control(request, before, out),
            _ => self.on_open(request, before, out),
        };
        answered.unwrap_or_else(Reply::from)
    }

    /// Answers a request to something that is open.
    fn on_open(&mut self, request: &Request<'_>, before: &Before, out: &mut Out) -> Result<Reply, Status> {
        // Where each request has the number of what it is about.
        let place = match request.command {
            command::READ | command::WRITE | command::SET_INFO => 16,
            command::QUERY_INFO => 24,
            _ => 8,
        };
        let most = self.most();
        let host = self.host.clone();
        let (tree, open) = self.parts(request, place, before)?;
        match request.command {
            command::READ => transfer::read(tree, open, request, most, out),
            command::WRITE => transfer::write(tree, open, request, most, out),
            command::FLUSH => transfer::flush(tree, open, out),
            command::LOCK => transfer::lock(open, request),
            command::QUERY_DIRECTORY => directory::query(tree, open, request, most, out),
            command::QUERY_INFO => info::query(&host, tree, open, request, most),
            command::SET_INFO => change::set(tree, open, request, out),
            _ => Err(Status::INVALID_PARAMETER),
        }
    }

    /// Bytes of one read, write or answer in what was agreed on.
    pub(super) fn most(&self) -> usize {
        let dialect = self.agreed.as_ref().map_or(0x0202, |agreed| agreed.dialect);
        usize::try_from(self.flavour.most_in(dialect)).unwrap_or(65_536)
    }

    /// The tree and the open file that `request` names at `place` of its body.
    pub(super) fn parts(
        &mut self,
        request: &Request<'_>,
        place: usize,
        before: &Before,
    ) -> Result<(&mut Tree, &mut Open), Status> {
        let id = named(request, place, before).ok_or(Status::INVALID_PARAMETER)?;
        let session = self.sessions.get_mut(&request.session).ok_or(Status::USER_SESSION_DELETED)?;
        let Session { trees, opens, .. } = session;
        let open = opens.get_mut(&id).filter(|open| open.tree == request.tree).ok_or(Status::FILE_CLOSED)?;
        let tree = trees.get_mut(&request.tree).ok_or(Status::NETWORK_NAME_DELETED)?;
        Ok((tree, open))
    }
}

/// The number of the open file at `place` of the body; that of the request before where it says so.
pub(super) fn named(request: &Request<'_>, place: usize, before: &Before) -> Option<u64> {
    let mut reader = request.body();
    reader.skip(place)?;
    match (reader.u64()?, reader.u64()?) {
        (u64::MAX, u64::MAX) => before.file,
        (_, id) => Some(id),
    }
}

fn path_of(request: &Request<'_>) -> Option<String> {
    let mut reader = request.body();
    (reader.u16()? == 9).then_some(())?;
    reader.skip(2)?;
    let (offset, length) = (reader.u16()?, reader.u16()?);
    let path = request.piece(usize::from(offset), usize::from(length).min(2048))?;
    Some(text(path))
}
