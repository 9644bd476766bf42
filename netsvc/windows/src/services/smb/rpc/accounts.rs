//! samr: the accounts of the node and their rules ([MS-SAMR]).

use super::{
    super::{flavour::Family, wire::count},
    Caller, Fault,
    ndr::{Read, Written, handle, handled},
    sid::{self, Account},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

const DENIED: u32 = 0xc000_0022;
const CLASS: u32 = 0xc000_0003;
const NO_DOMAIN: u32 = 0xc000_00df;
const NO_USER: u32 = 0xc000_0064;
const BAD_HANDLE: u32 = 0xc000_0008;
/// What handles are for.
const SERVER: u32 = 2;
const DOMAIN: u32 = 3;
const BUILTIN: u32 = 4;
const USER: u32 = 5;
/// Tenths of a microsecond of a day, as times that have to pass.
const DAY: i64 = -864_000_000_000;

pub(super) fn call(
    caller: &Caller<'_>,
    operation: u16,
    content: &[u8],
    out: &mut Out,
) -> Result<Vec<u8>, Fault> {
    let mut read = Read::new(content);
    let name = match operation {
        1 => return Ok(Written::new().bytes(&[0; 20]).u32(0).done()),
        0 | 57 | 62 | 64 => "SamrConnect",
        5 => "SamrLookupDomain",
        6 => "SamrEnumerateDomains",
        7 => "SamrOpenDomain",
        8 | 46 => "SamrQueryInformationDomain",
        11 => "SamrEnumerateGroups",
        13 => "SamrEnumerateUsers",
        15 => "SamrEnumerateAliases",
        34 => "SamrOpenUser",
        40 | 48 | 51 => "SamrQueryDisplayInformation",
        56 => "SamrGetDomainPasswordInformation",
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into())]);
    // Where accounts are not for everybody, not even the door opens.
    let closed =
        caller.flavour.family == Family::Windows && !caller.flavour.controller && !sid::may_look(caller);
    let answer = match operation {
        0 | 57 | 62 | 64 => {
            let mut written = Written::new();
            if operation == 64 {
                written.u32(1).u32(1).u32(3).u32(0);
            }
            let given = if closed { [0; 20] } else { handle(SERVER, 0) };
            Some(written.bytes(&given).u32(if closed { DENIED } else { 0 }).done())
        }
        5 => domain(caller, &mut read),
        6 => domains(caller, &mut read),
        7 => open(caller, &mut read),
        8 | 46 => rules(&mut read),
        11 => list(caller, &mut read, sid::groups(caller), DOMAIN),
        13 => list(caller, &mut read, sid::users(caller), DOMAIN),
        15 => list(caller, &mut read, sid::aliases(caller), BUILTIN),
        34 => user(caller, &mut read),
        56 => Some(Written::new().u16(minimum(caller)).u32(u32::from(minimum(caller) > 5)).u32(0).done()),
        _ => display(caller, &mut read),
    };
    answer.ok_or(Fault::Data)
}

/// Letters that a password has at least.
fn minimum(caller: &Caller<'_>) -> u16 {
    match caller.flavour.family {
        Family::Samba => 5,
        Family::Windows if caller.flavour.controller => 7,
        Family::Windows => 0,
    }
}

fn names(caller: &Caller<'_>) -> Vec<(u32, String)> {
    vec![(0, sid::own(caller).0), (0, "Builtin".to_owned())]
}

/// A list of names with their numbers.
fn numbered(written: &mut Written, all: &[(u32, String)]) {
    let number = count(all.len());
    written.pointer(true).u32(number).pointer(true).u32(number);
    for (place, name) in all {
        written.u32(*place).unicode(name);
    }
    for (_, name) in all {
        written.counted(name);
    }
}

fn domains(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    let mut written = Written::new();
    let all = names(caller);
    written.u32(count(all.len()));
    numbered(&mut written, &all);
    Some(written.u32(count(all.len())).u32(0).done())
}

fn domain(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    read.unicode()?;
    let name = read.string()?;
    let (own, numbers) = sid::own(caller);
    let mut written = Written::new();
    if name.eq_ignore_ascii_case(&own) {
        return Some(written.pointer(true).sid(5, &numbers).u32(0).done());
    }
    if name.eq_ignore_ascii_case("builtin") {
        return Some(written.pointer(true).sid(5, sid::BUILTIN).u32(0).done());
    }
    Some(written.pointer(false).u32(NO_DOMAIN).done())
}

fn open(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    read.u32()?;
    let (_, numbers) = read.sid()?;
    let mut written = Written::new();
    let kind = match numbers.as_slice() {
        own if own == sid::own(caller).1 => DOMAIN,
        sid::BUILTIN => BUILTIN,
        _ => return Some(written.bytes(&[0; 20]).u32(NO_DOMAIN).done()),
    };
    Some(written.bytes(&handle(kind, 0)).u32(0).done())
}

fn list(caller: &Caller<'_>, read: &mut Read<'_>, all: Vec<Account>, kind: u32) -> Option<Vec<u8>> {
    let (of, _) = handled(read.take(20)?)?;
    let mut written = Written::new();
    if !sid::may_look(caller) || of == SERVER {
        let status = if of == SERVER { BAD_HANDLE } else { DENIED };
        return Some(written.u32(0).pointer(false).u32(0).u32(status).done());
    }
    // The other domain has none of them.
    let shown = all.into_iter().filter(|_| of == kind);
    let all: Vec<(u32, String)> = shown.map(|account| (account.number, account.name)).collect();
    written.u32(0);
    numbered(&mut written, &all);
    Some(written.u32(count(all.len())).u32(0).done())
}

fn display(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    let (of, _) = handled(read.take(20)?)?;
    let level = read.u16()?;
    let start = usize::try_from(read.u32()?).ok()?;
    let mut written = Written::new();
    let status = match (level, sid::may_look(caller)) {
        (1, true) => 0,
        (1, false) => DENIED,
        _ => CLASS,
    };
    let shown = sid::users(caller).into_iter().filter(|_| of == DOMAIN && status == 0);
    let all: Vec<Account> = shown.skip(start).collect();
    let number = count(all.len());
    written.u32(number * 64).u32(number * 64).u16(level).u32(number).pointer(number > 0);
    if number > 0 {
        written.u32(number);
    }
    for (account, place) in all.iter().zip(1..) {
        written.u32(place).u32(account.number).u32(account.flags);
        written.unicode(&account.name).unicode(account.about).unicode(&account.full);
    }
    for account in &all {
        written.counted(&account.name).counted(account.about).counted(&account.full);
    }
    Some(written.u32(status).done())
}

/// Rules of passwords, and of those who fail.
fn rules(read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    let level = read.u16()?;
    let mut written = Written::new();
    match level {
        1 => {
            let forever = i64::MIN;
            written.pointer(true).u16(level).align(8).u16(0).u16(0).u32(0);
            written.u64(forever.cast_unsigned()).u64(0);
        }
        12 => {
            let half = (DAY / 48).cast_unsigned();
            written.pointer(true).u16(level).align(8).u64(half).u64(half).u16(0);
        }
        _ => return Some(written.pointer(false).u32(CLASS).done()),
    }
    Some(written.u32(0).done())
}

fn user(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    read.u32()?;
    let number = read.u32()?;
    let known = sid::users(caller).iter().any(|account| account.number == number);
    let status = match (sid::may_look(caller), known) {
        (false, _) => DENIED,
        (_, false) => NO_USER,
        _ => 0,
    };
    let given = if status == 0 { handle(USER, number) } else { [0; 20] };
    Some(Written::new().bytes(&given).u32(status).done())
}
