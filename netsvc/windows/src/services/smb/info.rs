//! QUERY_INFO: of a file, of its volume, of its rights ([MS-SMB2] §3.3.5.20; [MS-FSCC] §2.4 and §2.5).

use super::{
    file::shown,
    flavour::key,
    message::{Reply, Request},
    open::{Open, What, times},
    status::Status,
    tree::Tree,
    volume::{self, Meta, attribute},
    wire::{Put, count, filetime, piece},
};
use netsvc_kit::Host;
use netsvc_persona::{Persona, subkey};

/// Bytes of a unit of space.
const UNIT: u64 = 4096;

/// Answers a question.
pub(super) fn query(
    host: &Host,
    tree: &mut Tree,
    open: &mut Open,
    request: &Request<'_>,
    most: usize,
) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(2).ok_or(bad)?;
    let (kind, class) = (reader.u8().ok_or(bad)?, reader.u8().ok_or(bad)?);
    let room = usize::try_from(reader.u32().ok_or(bad)?).map_err(|_| bad)?.min(most);
    reader.skip(8).ok_or(bad)?;
    let wanted = reader.u32().ok_or(bad)?;
    let persona = host.persona();
    let told = match kind {
        1 => of_file(tree, open, class)?,
        2 => of_volume(persona, tree, open, class)?,
        3 => {
            let told = rights(persona, wanted);
            if room < told.len() {
                // How much room it takes is told.
                let mut body = Vec::new();
                body.u16(9).u8(0).u8(0).u32(4).u32(count(told.len()));
                return Ok(Reply { status: Status::BUFFER_TOO_SMALL, ..Reply::new(body) });
            }
            told
        }
        _ => return Err(bad),
    };
    // What ends with a name may be cut within it; anything else is whole or not at all.
    let named = matches!((kind, class), (1, 9 | 18 | 21 | 22 | 48) | (2, 1 | 5));
    let least = if named { told.len().min(8) } else { told.len() };
    if room < least {
        return Err(Status::INFO_LENGTH_MISMATCH);
    }
    let cut = told.get(..room).unwrap_or(&told);
    let status = if cut.len() < told.len() { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
    let mut body = Vec::new();
    body.u16(9).u16(72).u32(count(cut.len())).bytes(cut);
    Ok(Reply { status, ..Reply::new(body) })
}

/// What is known of what is open.
pub(super) fn meta(tree: &Tree, open: &Open) -> Result<Meta, Status> {
    let pipe = Meta { attributes: attribute::NORMAL, ..Meta::default() };
    let Some(volume) = tree.volume.as_ref() else { return Ok(pipe) };
    let mut meta = volume.stat(&open.path)?;
    if let What::File(file) = &open.what {
        meta.size = file.size().unwrap_or(meta.size);
    }
    Ok(meta)
}

fn basic(out: &mut Vec<u8>, meta: &Meta) {
    times(out, meta);
    out.u32(meta.attributes).u32(0);
}

fn standard(out: &mut Vec<u8>, open: &Open, meta: &Meta) {
    out.u64(meta.allocated()).u64(meta.size).u32(1).u8(u8::from(open.doomed)).u8(u8::from(meta.directory));
    out.u16(0);
}

fn of_file(tree: &Tree, open: &Open, class: u8) -> Result<Vec<u8>, Status> {
    let meta = meta(tree, open)?;
    let name = shown(tree, &open.path);
    // Paths are those within the share.
    let inner = name.strip_prefix(&format!("\\{}", tree.share.name)).unwrap_or(&name).to_owned();
    let mut out = Vec::new();
    let named = |out: &mut Vec<u8>, name: &str| {
        let name = super::wire::utf16(name);
        out.u32(count(name.len())).bytes(&name);
    };
    match class {
        4 => basic(&mut out, &meta),
        5 => standard(&mut out, open, &meta),
        6 => drop(out.u64(meta.id)),
        7 => drop(out.u32(0)),
        8 => drop(out.u32(open.access)),
        9 | 48 => named(&mut out, inner.trim_start_matches('\\')),
        14 => drop(out.u64(0)),
        16 | 17 => drop(out.u32(0)),
        18 => {
            basic(&mut out, &meta);
            standard(&mut out, open, &meta);
            out.u64(meta.id).u32(0).u32(open.access).u64(0).u32(0).u32(0);
            named(&mut out, &inner);
        }
        21 => named(&mut out, &volume::short(volume::parted(&open.path).1)),
        22 if meta.directory => {}
        22 => {
            let stream = super::wire::utf16("::$DATA");
            out.u32(0).u32(count(stream.len())).u64(meta.size).u64(meta.allocated()).bytes(&stream);
        }
        28 => drop(out.u64(meta.size).u64(0)),
        34 => {
            times(&mut out, &meta);
            out.u64(meta.allocated()).u64(meta.size).u32(meta.attributes).u32(0);
        }
        35 => drop(out.u32(meta.attributes).u32(0)),
        59 => drop(out.u64(0x0a2c_4e91).u64(meta.id).u64(0)),
        _ => return Err(Status::INVALID_INFO_CLASS),
    }
    Ok(out)
}

/// The serial number of the volume.
fn serial(persona: &Persona) -> u32 {
    let drawn = subkey::bytes(&key(persona), &["smb", "volume serial"]);
    u32::from_le_bytes(drawn.first_chunk().copied().unwrap_or_default())
}

fn of_volume(persona: &Persona, tree: &Tree, open: &Open, class: u8) -> Result<Vec<u8>, Status> {
    let mut out = Vec::new();
    let Some(volume) = tree.volume.as_ref() else {
        return match class {
            // A pipe.
            4 => Ok([0x11, 0, 0, 0, 0, 0, 0, 0].to_vec()),
            _ => Err(Status::INVALID_INFO_CLASS),
        };
    };
    let samba = !persona.os.family.starts_with("windows");
    let (all, _) = volume.room();
    // What is free is no account of what one peer wrote.
    let (all, free) = (all / UNIT, all / UNIT / 100 * 43 + u64::from(serial(persona) % 9973));
    match class {
        1 => {
            let label = if samba { tree.share.name.clone() } else { String::new() };
            let label = super::wire::utf16(&label);
            out.u64(filetime(persona.installed_at)).u32(serial(persona)).u32(count(label.len()));
            out.u8(u8::from(!samba)).u8(0).bytes(&label);
        }
        3 => drop(out.u64(all).u64(free).u32(8).u32(512)),
        4 => drop(out.u32(7).u32(0x20)),
        5 => {
            // Case is kept, names are Unicode, there are rights, streams, identifiers …
            let flags = if samba { 0x0001_006f } else { 0x00c7_00ff };
            let name = super::wire::utf16("NTFS");
            out.u32(flags).u32(255).u32(count(name.len())).bytes(&name);
        }
        7 => drop(out.u64(all).u64(free).u64(free).u32(8).u32(512)),
        8 => {
            let drawn = subkey::bytes(&key(persona), &["smb", "volume id"]);
            out.bytes(piece(&drawn, 0, 16).unwrap_or_default()).bytes(&[0; 48]);
        }
        11 => drop(out.u32(512).u32(UNIT as u32).u32(UNIT as u32).u32(UNIT as u32).u32(3).u32(0).u32(0)),
        _ => return Err(Status::INVALID_INFO_CLASS),
    }
    debug_assert!(!open.path.is_empty(), "everything that is open has a path");
    Ok(out)
}

/// A security descriptor, as far as it was asked for: the administrators own, the system and they may do anything,
/// users may read.
fn rights(_: &Persona, wanted: u32) -> Vec<u8> {
    let group = |number: u32| {
        let mut sid = vec![1, 2, 0, 0, 0, 0, 0, 5];
        sid.u32(32).u32(number);
        sid
    };
    let mut system = vec![1, 1, 0, 0, 0, 0, 0, 5];
    system.u32(18);
    let mut list = Vec::new();
    for (who, may) in [(&system, 0x001f_01ff), (&group(544), 0x001f_01ff), (&group(545), 0x0012_00a9)] {
        list.u8(0).u8(3).u16(super::wire::short(8 + who.len())).u32(may).bytes(who);
    }
    let mut acl = vec![2, 0];
    acl.u16(super::wire::short(8 + list.len())).u16(3).u16(0).bytes(&list);
    let parts = [(1, group(544)), (2, system), (8, Vec::new()), (4, acl)];
    let control: u16 = if wanted & 4 != 0 { 0x8404 } else { 0x8000 };
    let mut out = vec![1, 0];
    out.u16(control);
    let mut content = Vec::new();
    for (flag, part) in parts {
        let shown = wanted & flag != 0 && !part.is_empty();
        out.u32(if shown { count(20 + content.len()) } else { 0 });
        if shown {
            content.extend(part);
        }
    }
    out.bytes(&content);
    out
}
