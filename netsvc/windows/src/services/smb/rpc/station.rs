//! wkssvc: what the host is called, and in which domain ([MS-WKST]).

use super::{
    super::{flavour::Family, login::Rights, share},
    Caller, Fault,
    ndr::{Read, Written},
    server::{computer, version},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

const ACCESS_DENIED: u32 = 5;
const INVALID_LEVEL: u32 = 124;

pub(super) fn call(
    caller: &Caller<'_>,
    operation: u16,
    content: &[u8],
    out: &mut Out,
) -> Result<Vec<u8>, Fault> {
    let mut read = Read::new(content);
    let (name, answer) = match operation {
        0 => ("NetWkstaGetInfo", info(caller, &mut read)),
        2 => ("NetWkstaUserEnum", users(caller, &mut read)),
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into())]);
    answer.ok_or(Fault::Data)
}

/// The domain or work group of the host.
pub(super) fn group(caller: &Caller<'_>) -> String {
    match caller.flavour.family {
        Family::Windows => netsvc_daemon::ntlm::Server::of(caller.host.persona()).domain,
        Family::Samba => share::group(caller.host),
    }
}

fn info(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.maybe_string()?;
    let level = read.u32()?;
    let mut written = Written::new();
    written.u32(level);
    let denied = level > 100 && caller.who.rights < Rights::User;
    if !matches!(level, 100..=102) || denied {
        return Some(written.pointer(false).u32(if denied { ACCESS_DENIED } else { INVALID_LEVEL }).done());
    }
    let (major, minor) = version(caller);
    written.pointer(true).u32(500).pointer(true).pointer(true).u32(major).u32(minor);
    if level > 100 {
        written.pointer(true);
    }
    if level == 102 {
        written.u32(1);
    }
    written.string(&computer(caller)).string(&group(caller));
    if level > 100 {
        written.string("");
    }
    Some(written.u32(0).done())
}

/// Who is logged on: administrators are told of themselves.
fn users(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.maybe_string()?;
    let level = read.u32()?;
    let mut written = Written::new();
    written.u32(level).u32(level).pointer(true);
    if level > 1 || caller.who.rights < Rights::Administrator {
        let error = if level > 1 { INVALID_LEVEL } else { ACCESS_DENIED };
        return Some(written.u32(0).pointer(false).u32(0).pointer(false).u32(error).done());
    }
    written.u32(1).pointer(true).u32(1);
    let domain = group(caller);
    let texts: Vec<&str> = match level {
        0 => vec![&caller.who.name],
        _ => vec![&caller.who.name, &domain, "", &domain],
    };
    for _ in &texts {
        written.pointer(true);
    }
    for text in texts {
        written.string(text);
    }
    Some(written.u32(1).pointer(false).u32(0).done())
}
