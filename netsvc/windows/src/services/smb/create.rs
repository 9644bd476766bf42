//! CREATE and CLOSE ([MS-SMB2] §3.3.5.9 and §3.3.5.10).

use super::{
    connection::Connection,
    file::File,
    login::Who,
    message::{Reply, Request},
    open::{Folder, Open, What, note, times},
    pipe::Pipe,
    requests::named,
    session::Before,
    share::Kind,
    status::Status,
    tree::{Tree, access},
    volume::{self, Meta, parted},
    wire::{Put, Reader, count, piece, text},
};
use netsvc_kit::Out;

/// Things that a session may have open at once.
const OPEN: usize = 512;
/// Rights that change something.
const CHANGES: u32 = 0x500d_0156;
/// Most contexts of a request.
const CONTEXTS: usize = 16;

/// What is wanted of CREATE.
struct Wanted {
    name: String,
    access: u32,
    disposition: u32,
    options: u32,
    /// Contexts that are answered: the rights, and the number on the disk.
    tells_access: bool,
    tells_id: bool,
}

/// Dispositions.
const SUPERSEDE: u32 = 0;
const OPEN_ONLY: u32 = 1;
const CREATE_ONLY: u32 = 2;
const OPEN_IF: u32 = 3;
const OVERWRITE: u32 = 4;
const OVERWRITE_IF: u32 = 5;
/// Options.
const DIRECTORY: u32 = 1;
const NO_DIRECTORY: u32 = 0x40;
const DELETE_ON_CLOSE: u32 = 0x1000;

impl Wanted {
    fn parse(request: &Request<'_>) -> Option<Wanted> {
        let mut reader = request.body();
        (reader.u16()? == 57).then_some(())?;
        reader.skip(22)?;
        let access = reader.u32()?;
        reader.skip(8)?;
        let (disposition, options) = (reader.u32()?, reader.u32()?);
        let (offset, length) = (reader.u16()?, reader.u16()?);
        let (contexts, size) = (reader.u32()?, reader.u32()?);
        let name = text(request.piece(usize::from(offset), usize::from(length))?);
        let place = |number: u32| usize::try_from(number).ok();
        let contexts = names(request.piece(place(contexts)?, place(size)?)?);
        let has = |wanted: &[u8]| contexts.iter().any(|name| name == wanted);
        let (tells_access, tells_id) = (has(b"MxAc"), has(b"QFid"));
        Some(Wanted { name, access, disposition, options, tells_access, tells_id })
    }

    fn creates(&self) -> bool {
        !matches!(self.disposition, OPEN_ONLY | OVERWRITE)
    }

    fn changes(&self) -> bool {
        self.access & CHANGES != 0 || self.options & DELETE_ON_CLOSE != 0
    }
}

/// Names of the contexts of a request.
fn names(mut contexts: &[u8]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    for _ in 0..CONTEXTS {
        let mut reader = Reader::new(contexts);
        let (Some(next), Some(offset), Some(length)) = (reader.u32(), reader.u16(), reader.u16()) else {
            break;
        };
        let name = piece(contexts, offset.into(), length.into()).unwrap_or_default().to_vec();
        names.push(name);
        let Some(rest) =
            usize::try_from(next).ok().filter(|next| *next > 0).and_then(|next| contexts.get(next..))
        else {
            break;
        };
        contexts = rest;
    }
    names
}

impl Connection {
    /// Answers CREATE.
    pub(super) fn create(
        &mut self,
        request: &Request<'_>,
        before: &mut Before,
        out: &mut Out,
    ) -> Result<Reply, Status> {
        let wanted = Wanted::parse(request).ok_or(Status::INVALID_PARAMETER)?;
        let (host, link, flavour) = (self.host.clone(), self.link, self.flavour.clone());
        let session = self.sessions.get_mut(&request.session).ok_or(Status::USER_SESSION_DELETED)?;
        let who = session.who.clone().ok_or(Status::USER_SESSION_DELETED)?;
        let tree = session.trees.get_mut(&request.tree).ok_or(Status::NETWORK_NAME_DELETED)?;
        if OPEN <= session.opens.len() {
            return Err(Status::TOO_MANY_OPENED_FILES);
        }
        let opened = match tree.share.kind {
            Kind::Pipes => {
                let name = wanted.name.trim_start_matches('\\').to_lowercase();
                Pipe::open(&host, &link, &flavour, &who, &name).map(|pipe| {
                    let what = What::Pipe(Box::new(pipe));
                    let path = name.clone();
                    let open =
                        Open { tree: 0, path, doomed: false, access: access::ALL, what, locks: Vec::new() };
                    let meta = Meta { attributes: volume::attribute::NORMAL, ..Meta::default() };
                    (open, meta, 1)
                })
            }
            _ => open_file(tree, &wanted, &who),
        };
        let action = opened.as_ref().map_or(0, |(_, _, action)| *action);
        let status = opened.as_ref().err().copied().unwrap_or(Status::SUCCESS);
        if status != Status::SUCCESS || action != 1 || tree.share.kind == Kind::Pipes {
            note("CREATE", tree, &wanted.name, status, out);
        }
        let (mut open, meta, action) = opened?;
        open.tree = request.tree;
        self.opened += 1;
        let id = 0x1_0000_0000 + self.opened * 4 + 1;
        before.file = Some(id);
        let mut body = Vec::new();
        body.u16(89).u8(0).u8(0).u32(action);
        times(&mut body, &meta);
        body.u64(meta.allocated()).u64(meta.size).u32(meta.attributes).u32(0).u64(self.opened).u64(id);
        let contexts = told(&wanted, &meta, tree.access(who.rights));
        let place = if contexts.is_empty() { 0 } else { 152 };
        body.u32(place).u32(count(contexts.len())).bytes(&contexts);
        session.opens.insert(id, open);
        Ok(Reply::new(body))
    }

    /// Answers CLOSE.
    pub(super) fn close(
        &mut self,
        request: &Request<'_>,
        before: &Before,
        out: &mut Out,
    ) -> Result<Reply, Status> {
        let id = named(request, 8, before).ok_or(Status::INVALID_PARAMETER)?;
        let wants_more = request.body().rest().get(2).is_some_and(|flags| flags & 1 != 0);
        self.finish(request.session, id, out);
        let session = self.sessions.get_mut(&request.session).ok_or(Status::USER_SESSION_DELETED)?;
        let tree = session.trees.get_mut(&request.tree).ok_or(Status::NETWORK_NAME_DELETED)?;
        let there = session.opens.get(&id).is_some_and(|open| open.tree == request.tree);
        let open = session.opens.remove(&id).filter(|_| there).ok_or(Status::FILE_CLOSED)?;
        let path = open.path.clone();
        open.close(tree, out);
        let meta = tree.volume.as_ref().and_then(|volume| volume.stat(&path).ok()).filter(|_| wants_more);
        let mut body = Vec::new();
        body.u16(60).u16(u16::from(meta.is_some())).u32(0);
        let meta = meta.unwrap_or_default();
        times(&mut body, &meta);
        body.u64(meta.allocated()).u64(meta.size).u32(meta.attributes);
        Ok(Reply::new(body))
    }
}

/// The contexts of an answer.
fn told(wanted: &Wanted, meta: &Meta, access: u32) -> Vec<u8> {
    let mut data: Vec<(&[u8], Vec<u8>)> = Vec::new();
    if wanted.tells_access {
        let mut rights = Vec::new();
        rights.u32(0).u32(access);
        data.push((b"MxAc", rights));
    }
    if wanted.tells_id {
        let mut id = Vec::new();
        id.u64(meta.id).u64(0x0a2c_4e91).u64(0).u64(0);
        data.push((b"QFid", id));
    }
    let (mut out, last) = (Vec::new(), data.len().saturating_sub(1));
    for (place, (name, content)) in data.iter().enumerate() {
        let mut one = Vec::new();
        let next = if place == last { 0 } else { 24 + content.len().next_multiple_of(8) };
        one.u32(count(next)).u16(16).u16(4).u16(0).u16(24).u32(count(content.len()));
        one.bytes(name).pad(8).bytes(content).pad(8);
        out.extend(one);
    }
    out
}

/// Opens a file or folder; what it is then, and what was done.
fn open_file(tree: &mut Tree, wanted: &Wanted, who: &Who) -> Result<(Open, Meta, u32), Status> {
    let rights = tree.access(who.rights);
    let writes = tree.writes;
    let volume = tree.volume.as_deref_mut().ok_or(Status::BAD_DEVICE_TYPE)?;
    if wanted.name.contains(':') && wanted.disposition == OPEN_ONLY {
        // No file has a second stream.
        return Err(Status::OBJECT_NAME_NOT_FOUND);
    }
    let (path, there) = volume::resolve(volume, &tree.share.root, &wanted.name)?;
    let folder = wanted.options & DIRECTORY != 0;
    let old = if there { Some(volume.stat(&path)?) } else { None };
    if let Some(meta) = &old {
        match (meta.directory, folder, wanted.options & NO_DIRECTORY != 0) {
            (true, _, true) => return Err(Status::FILE_IS_A_DIRECTORY),
            (false, true, _) => return Err(Status::NOT_A_DIRECTORY),
            _ => {}
        }
    }
    let exists = old.is_some();
    match (wanted.disposition, exists) {
        (CREATE_ONLY, true) => return Err(Status::OBJECT_NAME_COLLISION),
        (OPEN_ONLY | OVERWRITE, false) => return Err(Status::OBJECT_NAME_NOT_FOUND),
        (SUPERSEDE..=OVERWRITE_IF, _) => {}
        _ => return Err(Status::INVALID_PARAMETER),
    }
    let makes = !exists && wanted.creates();
    let empties = exists && matches!(wanted.disposition, SUPERSEDE | OVERWRITE | OVERWRITE_IF);
    let place = if makes { parted(&path).0 } else { path.as_str() };
    if (makes || empties || wanted.changes()) && !(writes && volume.may_write(place)) {
        return Err(Status::ACCESS_DENIED);
    }
    let directory = old.as_ref().is_some_and(|meta| meta.directory) || makes && folder;
    let action = match (makes, empties) {
        (true, _) if directory => volume.make_directory(&path).map(|()| 2)?,
        (true, _) => volume.write(&path, b"").map(|()| 2)?,
        (_, true) if directory => return Err(Status::INVALID_PARAMETER),
        (_, true) => {
            volume.write(&path, b"").map(|()| if wanted.disposition == SUPERSEDE { 0 } else { 3 })?
        }
        _ => 1,
    };
    debug_assert!(wanted.disposition != OPEN_IF || action != 3, "opening empties nothing");
    let meta = volume.stat(&path)?;
    let what = if directory { What::Folder(Folder::default()) } else { What::File(File::default()) };
    let doomed = wanted.options & DELETE_ON_CLOSE != 0;
    let access = wanted.access & rights | if wanted.access & 0xf200_0000 != 0 { rights } else { 0 };
    Ok((Open { tree: 0, path, doomed, access, what, locks: Vec::new() }, meta, action))
}
