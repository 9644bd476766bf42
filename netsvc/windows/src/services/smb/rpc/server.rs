//! srvsvc: shares, and what the server is ([MS-SRVS]).

use super::{
    super::{
        flavour::Family,
        login::Rights,
        share::{self, Share},
    },
    Caller, Fault,
    ndr::{Read, Written},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Errors of Windows.
const ACCESS_DENIED: u32 = 5;
const INVALID_LEVEL: u32 = 124;
const NET_NAME_NOT_FOUND: u32 = 2310;

pub(super) fn call(
    caller: &Caller<'_>,
    operation: u16,
    content: &[u8],
    out: &mut Out,
) -> Result<Vec<u8>, Fault> {
    let mut read = Read::new(content);
    let name = match operation {
        12 => "NetSessionEnum",
        15 | 36 => "NetShareEnum",
        16 => "NetShareGetInfo",
        21 => "NetServerGetInfo",
        28 => "NetRemoteTOD",
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into())]);
    let answer = match operation {
        12 => Some(sessions()),
        15 | 36 => shares(caller, &mut read),
        16 => share(caller, &mut read),
        21 => info(caller, &mut read),
        _ => Some(time(caller)),
    };
    answer.ok_or(Fault::Data)
}

/// Whether the caller may read `level`, which tells folders too.
fn may(caller: &Caller<'_>, level: u32) -> bool {
    level < 2 || level == 501 || caller.who.rights == Rights::Administrator
}

/// The shares that the caller sees.
fn visible(caller: &Caller<'_>) -> Vec<Share> {
    let mut shares = share::all(caller.host, caller.flavour);
    // Everybody sees a folder of his own, by his name and behind the others.
    if let Some(place) = shares.iter().position(|share| share.name == "homes") {
        let known = Rights::Guest < caller.who.rights;
        let name = if known { caller.who.name.clone() } else { "nobody".to_owned() };
        let home = shares.remove(place);
        shares.push(Share { name, listed: true, ..home });
    }
    shares.retain(|share| share.listed);
    shares
}

/// The fixed part of a share of `level`; none: there is no such level.
fn fixed(written: &mut Written, share: &Share, level: u32) -> Option<()> {
    written.pointer(true);
    if level == 0 {
        return Some(());
    }
    written.u32(share.number()).pointer(true);
    match level {
        1 => {}
        2 | 502 => {
            written.u32(0).u32(u32::MAX).u32(0).pointer(true).pointer(false);
            if level == 502 {
                written.u32(0).pointer(false);
            }
        }
        501 => drop(written.u32(0)),
        _ => return None,
    }
    Some(())
}

/// What its pointers lead to.
fn texts(written: &mut Written, share: &Share, level: u32) {
    written.string(&share.name);
    if level > 0 {
        written.string(&share.comment);
    }
    if matches!(level, 2 | 502) {
        written.string(&share.local);
    }
}

fn shares(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.maybe_string()?;
    let level = read.u32()?;
    let mut written = Written::new();
    written.u32(level).u32(level);
    let known = matches!(level, 0 | 1 | 2 | 501 | 502);
    if !known || !may(caller, level) {
        let error = if known { ACCESS_DENIED } else { INVALID_LEVEL };
        return Some(written.pointer(true).u32(0).pointer(false).u32(0).pointer(false).u32(error).done());
    }
    let shares = visible(caller);
    let number = super::super::wire::count(shares.len());
    written.pointer(true).u32(number).pointer(true).u32(number);
    for share in &shares {
        fixed(&mut written, share, level)?;
    }
    for share in &shares {
        texts(&mut written, share, level);
    }
    Some(written.u32(number).pointer(true).u32(0).u32(0).done())
}

fn share(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.maybe_string()?;
    let name = read.string()?;
    let level = read.u32()?;
    let found = share::find(caller.host, caller.flavour, &name, &caller.who.name);
    let mut written = Written::new();
    written.u32(level);
    let error = match &found {
        None => NET_NAME_NOT_FOUND,
        Some(_) if !matches!(level, 0 | 1 | 2 | 501 | 502) => INVALID_LEVEL,
        Some(_) if !may(caller, level) => ACCESS_DENIED,
        Some(_) => 0,
    };
    match found.filter(|_| error == 0) {
        Some(share) => {
            written.pointer(true);
            fixed(&mut written, &share, level)?;
            texts(&mut written, &share, level);
        }
        None => drop(written.pointer(false)),
    }
    Some(written.u32(error).done())
}

/// Kinds of a server: a work station, a server, one of NT; a controller of a domain, or a server beside it.
fn kinds(caller: &Caller<'_>) -> u32 {
    match (caller.flavour.family, caller.flavour.controller) {
        (Family::Samba, _) => 0x0080_9a03,
        (_, true) => 0x0080_102b,
        _ if caller.host.persona().os.family == "windows_server" => 0x0000_9003,
        _ => 0x0000_1003,
    }
}

/// The version of the system, as its servers say it.
pub(super) fn version(caller: &Caller<'_>) -> (u32, u32) {
    let version = match caller.flavour.family {
        Family::Windows => caller.host.persona().os.version.clone(),
        Family::Samba => "6.1".to_owned(),
    };
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(10), numbers.next().unwrap_or(0))
}

/// The NetBIOS name of the host.
pub(super) fn computer(caller: &Caller<'_>) -> String {
    caller.host.persona().hostname.to_uppercase().chars().take(15).collect()
}

fn info(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.maybe_string()?;
    let level = read.u32()?;
    let mut written = Written::new();
    written.u32(level);
    let denied = level == 102 && caller.who.rights < Rights::Administrator;
    if !matches!(level, 100..=102) || denied {
        return Some(written.pointer(false).u32(if denied { ACCESS_DENIED } else { INVALID_LEVEL }).done());
    }
    let comment = match caller.flavour.family {
        Family::Windows => String::new(),
        Family::Samba => {
            let product = caller.host.product().map(|product| product.version.clone()).unwrap_or_default();
            let persona = caller.host.persona();
            share::about(persona, &super::super::flavour::release(persona, &product))
        }
    };
    let (major, minor) = version(caller);
    written.pointer(true).u32(500).pointer(true);
    if level > 100 {
        written.u32(major).u32(minor).u32(kinds(caller)).pointer(true);
    }
    if level == 102 {
        written.u32(0xffff_ffff).u32(15).u32(0).u32(240).u32(3000).u32(0).pointer(true);
    }
    written.string(&computer(caller));
    if level > 100 {
        written.string(&comment);
    }
    if level == 102 {
        written.string("c:\\");
    }
    Some(written.u32(0).done())
}

/// Who else is connected, nobody is told but administrators, and those see nobody.
fn sessions() -> Vec<u8> {
    Written::new().u32(10).u32(10).pointer(false).u32(0).pointer(false).u32(ACCESS_DENIED).done()
}

/// The time of day.
fn time(caller: &Caller<'_>) -> Vec<u8> {
    let persona = caller.host.persona();
    let clock = caller.host.clock();
    let seconds = clock.div_euclid(1_000_000);
    let days = seconds.div_euclid(86_400);
    let of_day = u32::try_from(seconds.rem_euclid(86_400)).unwrap_or(0);
    let date = netsvc_daemon::date::compact(clock);
    let part =
        |from: usize, to: usize| date.get(from..to).and_then(|text| text.parse().ok()).unwrap_or(0_u32);
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let running = u32::try_from((clock - persona.booted_at) / 1000 % i64::from(u32::MAX)).unwrap_or(0);
    let west = u32::from_le_bytes((-persona.zone.offset_minutes).to_le_bytes());
    let hundredths = u32::try_from(clock.rem_euclid(1_000_000) / 10_000).unwrap_or(0);
    let mut written = Written::new();
    written.pointer(true).u32(u32::try_from(seconds).unwrap_or(0)).u32(running);
    written.u32(of_day / 3600).u32(of_day / 60 % 60).u32(of_day % 60).u32(hundredths).u32(west).u32(310);
    // The first of January 1970 was a Thursday.
    let weekday = u32::try_from((days + 4).rem_euclid(7)).unwrap_or(0);
    written.u32(day).u32(month).u32(year).u32(weekday).u32(0).done()
}
