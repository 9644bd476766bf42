//! READ, WRITE, FLUSH and LOCK ([MS-SMB2] §3.3.5.11 to §3.3.5.14).

use super::{
    file::shown,
    message::{Reply, Request},
    open::{Open, What},
    status::Status,
    tree::Tree,
    wire::{Put, count},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind as Event, field};

/// Most ranges that are locked.
const LOCKS: usize = 64;

/// Answers READ.
pub(super) fn read(
    tree: &mut Tree,
    open: &mut Open,
    request: &Request<'_>,
    most: usize,
    out: &mut Out,
) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(4).ok_or(bad)?;
    let length = reader.u32().and_then(|length| usize::try_from(length).ok()).ok_or(bad)?;
    let offset = reader.u64().ok_or(bad)?;
    if most < length {
        return Err(bad);
    }
    let (data, status) = match &mut open.what {
        What::Folder(_) => return Err(Status::INVALID_DEVICE_REQUEST),
        What::Pipe(pipe) => {
            let (data, more) = pipe.read(length)?;
            (data, if more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS })
        }
        What::File(file) => {
            if open.access & 1 == 0 {
                return Err(Status::ACCESS_DENIED);
            }
            if !file.told {
                file.told = true;
                out.record(Event::FileRead, vec![(field::PATH, shown(tree, &open.path).into_bytes())]);
            }
            let data = match &file.written {
                Some(written) => {
                    let start = usize::try_from(offset).map_err(|_| bad)?.min(written.len());
                    let end = start.saturating_add(length).min(written.len());
                    written.get(start..end).unwrap_or_default().to_vec()
                }
                None => file.load(tree, &open.path)?.read(offset, length),
            };
            if data.is_empty() && length > 0 {
                return Err(Status::END_OF_FILE);
            }
            (data, Status::SUCCESS)
        }
    };
    let mut body = Vec::with_capacity(16 + data.len());
    body.u16(17).u8(80).u8(0).u32(count(data.len())).u32(0).u32(0).bytes(&data);
    Ok(Reply { status, ..Reply::new(body) })
}

/// Answers WRITE.
pub(super) fn write(
    tree: &mut Tree,
    open: &mut Open,
    request: &Request<'_>,
    most: usize,
    out: &mut Out,
) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(2).ok_or(bad)?;
    let place = usize::from(reader.u16().ok_or(bad)?);
    let length = reader.u32().and_then(|length| usize::try_from(length).ok()).ok_or(bad)?;
    let offset = reader.u64().ok_or(bad)?;
    let data = request.piece(place, length).filter(|_| length <= most).ok_or(bad)?;
    match &mut open.what {
        What::Folder(_) => return Err(Status::INVALID_DEVICE_REQUEST),
        What::Pipe(pipe) => pipe.write(data, out)?,
        What::File(_) if open.access & 6 == 0 => return Err(Status::ACCESS_DENIED),
        What::File(file) => {
            let end = file.size();
            // All ones stand for the end.
            let offset = if offset == u64::MAX { end.unwrap_or(0) } else { offset };
            file.put(tree, &open.path, offset, data)?;
        }
    }
    let mut body = Vec::new();
    body.u16(17).u16(0).u32(count(length)).u32(0).u32(0);
    Ok(Reply::new(body))
}

/// Answers FLUSH.
pub(super) fn flush(tree: &mut Tree, open: &mut Open, out: &mut Out) -> Result<Reply, Status> {
    if let What::File(file) = &mut open.what {
        file.settle(tree, &open.path, out)?;
    }
    Ok(Reply::plain())
}

/// Answers LOCK: nobody else has the file open, so that each lock is granted.
pub(super) fn lock(open: &mut Open, request: &Request<'_>) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(2).ok_or(bad)?;
    let number = usize::from(reader.u16().ok_or(bad)?);
    reader.skip(20).ok_or(bad)?;
    if !matches!(open.what, What::File(_)) || !(1..=LOCKS).contains(&number) {
        return Err(bad);
    }
    for _ in 0..number {
        let range = (reader.u64().ok_or(bad)?, reader.u64().ok_or(bad)?);
        let flags = reader.u32().ok_or(bad)?;
        reader.skip(4).ok_or(bad)?;
        let known = open.locks.iter().position(|lock| *lock == range);
        match (flags & 4 != 0, known) {
            (true, Some(place)) => drop(open.locks.swap_remove(place)),
            (true, None) => return Err(Status::RANGE_NOT_LOCKED),
            (false, _) if LOCKS <= open.locks.len() => return Err(Status::INSUFFICIENT_RESOURCES),
            (false, _) => open.locks.push(range),
        }
    }
    Ok(Reply::plain())
}
