//! SET_INFO: times, names, sizes, and what is to be removed ([MS-SMB2] §3.3.5.21).

use super::{
    info,
    message::{Reply, Request},
    open::{Open, What, note},
    status::Status,
    tree::Tree,
    volume::{self, Marks},
    wire::{Put, Reader, micros, text},
};
use netsvc_kit::Out;

/// Answers a request to change something.
pub(super) fn set(
    tree: &mut Tree,
    open: &mut Open,
    request: &Request<'_>,
    out: &mut Out,
) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(2).ok_or(bad)?;
    let (kind, class) = (reader.u8().ok_or(bad)?, reader.u8().ok_or(bad)?);
    let length = usize::try_from(reader.u32().ok_or(bad)?).map_err(|_| bad)?;
    let place = usize::from(reader.u16().ok_or(bad)?);
    let data = request.piece(place, length).ok_or(bad)?;
    let pipe = matches!(open.what, What::Pipe(_));
    match (kind, class) {
        // Modes of a pipe are what they are.
        (1, 23) if pipe => {}
        _ if pipe => return Err(Status::INVALID_PARAMETER),
        _ if !tree.writes => return Err(Status::ACCESS_DENIED),
        (1, 4) => basic(tree, open, data)?,
        (1, 10 | 65) => rename(tree, open, data, out)?,
        (1, 13 | 64) => doom(tree, open, data)?,
        (1, 19 | 20) => resize(tree, open, class, data)?,
        (1, 14..=16) => {}
        // Nobody else looks at rights and quotas.
        (3, _) => note("SET_SECURITY", tree, &open.path, Status::SUCCESS, out),
        _ => return Err(Status::INVALID_INFO_CLASS),
    }
    Ok(Reply::new(vec![2, 0]))
}

fn basic(tree: &mut Tree, open: &Open, data: &[u8]) -> Result<(), Status> {
    let mut reader = Reader::new(data);
    // Nothing and all ones stand for what stays.
    let mut time = || {
        let time = reader.u64().ok_or(Status::INFO_LENGTH_MISMATCH)?;
        Ok((time != 0 && time < u64::MAX - 1).then(|| micros(time)))
    };
    let (created, accessed, written, _) = (time()?, time()?, time()?, time()?);
    let attributes = reader.u32().filter(|attributes| *attributes != 0);
    open.volume(tree)?.mark(&open.path, Marks { created, accessed, written, attributes })
}

fn rename(tree: &mut Tree, open: &mut Open, data: &[u8], out: &mut Out) -> Result<(), Status> {
    let bad = Status::INFO_LENGTH_MISMATCH;
    let mut reader = Reader::new(data);
    let replaces = reader.u8().ok_or(bad)? & 1 != 0;
    reader.skip(15).ok_or(bad)?;
    let length = usize::try_from(reader.u32().ok_or(bad)?).map_err(|_| bad)?;
    let name = text(reader.take(length).ok_or(bad)?);
    let root = tree.share.root.clone();
    let volume = open.volume(tree)?;
    let (mut target, there) = volume::resolve(volume, &root, &name)?;
    let same = target.eq_ignore_ascii_case(&open.path);
    if same {
        // The case changes.
        let last = name.rsplit(['\\', '/']).next().unwrap_or_default();
        target = volume::join(volume::parted(&target).0, last);
    } else if there {
        if !replaces || volume.stat(&target)?.directory {
            return Err(Status::OBJECT_NAME_COLLISION);
        }
        volume.remove(&target)?;
    }
    volume.rename(&open.path, &target)?;
    let told = format!("{} {}", open.path, name);
    note("RENAME", tree, &told, Status::SUCCESS, out);
    open.path = target;
    Ok(())
}

fn doom(tree: &mut Tree, open: &mut Open, data: &[u8]) -> Result<(), Status> {
    let wanted = data.first().ok_or(Status::INFO_LENGTH_MISMATCH)? & 1 != 0;
    if wanted && open.access & 0x0001_0000 == 0 {
        return Err(Status::ACCESS_DENIED);
    }
    let meta = info::meta(tree, open)?;
    if wanted && meta.directory && !open.volume(tree)?.list(&open.path)?.is_empty() {
        return Err(Status::DIRECTORY_NOT_EMPTY);
    }
    if wanted && meta.attributes & volume::attribute::READ_ONLY != 0 {
        return Err(Status::CANNOT_DELETE);
    }
    open.doomed = wanted;
    Ok(())
}

fn resize(tree: &mut Tree, open: &mut Open, class: u8, data: &[u8]) -> Result<(), Status> {
    let size = Reader::new(data).u64().ok_or(Status::INFO_LENGTH_MISMATCH)?;
    let now = info::meta(tree, open)?.size;
    let What::File(file) = &mut open.what else { return Err(Status::INVALID_PARAMETER) };
    // Room that is asked for is there; only what is less than the content cuts it.
    if class == 19 && now <= size {
        return Ok(());
    }
    file.resize(tree, &open.path, size)?.pad(1);
    Ok(())
}
