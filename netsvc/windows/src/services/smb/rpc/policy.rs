//! lsarpc: in which domains the node is, and who is behind a number ([MS-LSAD], [MS-LSAT]).

use super::{
    super::login::Rights,
    Caller, Fault,
    ndr::{Read, Written, handle},
    sid::{self, Account},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

const DENIED: u32 = 0xc000_0022;
const PARAMETER: u32 = 0xc000_000d;
const NONE_MAPPED: u32 = 0xc000_0073;
const SOME_UNMAPPED: u32 = 0x0000_0107;
/// Most names and numbers of one question.
const MOST: u32 = 1000;

pub(super) fn call(
    caller: &Caller<'_>,
    operation: u16,
    content: &[u8],
    out: &mut Out,
) -> Result<Vec<u8>, Fault> {
    let mut read = Read::new(content);
    let name = match operation {
        0 => return Ok(Written::new().bytes(&[0; 20]).u32(0).done()),
        6 | 44 => "LsarOpenPolicy",
        7 | 46 => "LsarQueryInformationPolicy",
        14 => "LsarLookupNames",
        15 | 57 => "LsarLookupSids",
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into())]);
    let answer = match operation {
        6 | 44 => Some(Written::new().bytes(&handle(1, 0)).u32(0).done()),
        7 | 46 => information(caller, &mut read),
        14 => names(caller, &mut read),
        _ => sids(caller, &mut read, operation == 57),
    };
    answer.ok_or(Fault::Data)
}

fn information(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    let level = read.u16()?;
    let mut written = Written::new();
    let joined = sid::joined(caller);
    let own = sid::own(caller);
    let shown = match level {
        // The primary domain; whoever is in none has a work group without a number.
        3 | 12 => joined.clone().map(|(name, domain)| (name, Some(domain))),
        5 => Some((own.0, Some(own.1))),
        _ => return Some(written.pointer(false).u32(PARAMETER).done()),
    };
    let (name, domain) = shown.unwrap_or_else(|| (super::station::group(caller), None));
    written.pointer(true).u16(level);
    if level == 12 {
        let dns = if joined.is_some() { caller.host.persona().domain.clone() } else { String::new() };
        written.unicode(&name).unicode(&dns).unicode(&dns).bytes(&[0; 16]).pointer(domain.is_some());
        written.counted(&name).counted(&dns).counted(&dns);
    } else {
        written.unicode(&name).pointer(domain.is_some()).counted(&name);
    }
    if let Some(domain) = domain {
        written.sid(5, &domain);
    }
    Some(written.u32(0).done())
}

/// Domains that are referred to, each once.
#[derive(Default)]
struct Domains(Vec<(String, Vec<u32>)>);

impl Domains {
    fn place(&mut self, name: String, numbers: Vec<u32>) -> u32 {
        let known = self.0.iter().position(|(known, _)| *known == name);
        let place = known.unwrap_or_else(|| {
            self.0.push((name, numbers));
            self.0.len() - 1
        });
        super::super::wire::count(place)
    }

    fn write(&self, written: &mut Written) {
        let number = super::super::wire::count(self.0.len());
        written.pointer(true).u32(number).pointer(true).u32(32).u32(number);
        for (name, _) in &self.0 {
            written.unicode(name).pointer(true);
        }
        for (name, numbers) in &self.0 {
            written.counted(name).sid(5, numbers);
        }
    }
}

fn status(asked: usize, found: usize) -> u32 {
    match found {
        0 => NONE_MAPPED,
        some if some < asked => SOME_UNMAPPED,
        _ => 0,
    }
}

fn sids(caller: &Caller<'_>, read: &mut Read<'_>, more: bool) -> Option<Vec<u8>> {
    read.take(20)?;
    let number = read.u32().filter(|number| *number <= MOST)?;
    read.u32()?;
    read.u32()?;
    for _ in 0..number {
        read.u32()?;
    }
    let mut asked = Vec::new();
    for _ in 0..number {
        asked.push(read.sid()?);
    }
    let mut written = Written::new();
    if caller.who.rights < Rights::User && caller.flavour.family == super::super::flavour::Family::Windows {
        written.pointer(false).u32(0).pointer(false).u32(0);
        return Some(written.u32(DENIED).done());
    }
    let mut domains = Domains::default();
    let found: Vec<Option<(u32, Account)>> = asked
        .iter()
        .map(|(authority, numbers)| {
            let (domain, above, account) = sid::find(caller, *authority, numbers)?;
            Some((domains.place(domain, above), account))
        })
        .collect();
    domains.write(&mut written);
    written.u32(number).pointer(true).u32(number);
    let text = |(authority, numbers): &(u8, Vec<u32>)| {
        let tail: String = numbers.iter().map(|number| format!("-{number}")).collect();
        format!("S-1-{authority}{tail}")
    };
    let named: Vec<(u16, String, u32)> = found
        .iter()
        .zip(&asked)
        .map(|(found, asked)| match found {
            Some((place, account)) => (account.kind as u16, account.name.clone(), *place),
            None => (8, text(asked), u32::MAX),
        })
        .collect();
    for (kind, name, place) in &named {
        written.u16(*kind).align(4).unicode(name).u32(*place);
        if more {
            written.u32(0);
        }
    }
    for (_, name, _) in &named {
        written.counted(name);
    }
    let mapped = found.iter().flatten().count();
    Some(written.u32(super::super::wire::count(mapped)).u32(status(asked.len(), mapped)).done())
}

fn names(caller: &Caller<'_>, read: &mut Read<'_>) -> Option<Vec<u8>> {
    read.take(20)?;
    let number = read.u32().filter(|number| *number <= MOST)?;
    read.u32()?;
    for _ in 0..number {
        read.unicode()?;
    }
    let mut asked = Vec::new();
    for _ in 0..number {
        asked.push(read.string()?);
    }
    let (own, numbers) = sid::own(caller);
    let may = sid::may_look(caller) || Rights::User <= caller.who.rights;
    let mut domains = Domains::default();
    let accounts: Vec<Account> = sid::users(caller).into_iter().chain(sid::groups(caller)).collect();
    let found: Vec<Option<(u32, Account)>> = asked
        .iter()
        .map(|name| {
            let short = name.rsplit('\\').next().unwrap_or(name);
            let fits = |account: &&Account| account.name.eq_ignore_ascii_case(short);
            if let Some(account) = accounts.iter().find(fits).filter(|_| may) {
                return Some((domains.place(own.clone(), numbers.to_vec()), account.clone()));
            }
            let aliases = sid::aliases(caller);
            let account = aliases.iter().find(fits).filter(|_| may)?;
            Some((domains.place("BUILTIN".to_owned(), sid::BUILTIN.to_vec()), account.clone()))
        })
        .collect();
    let mut written = Written::new();
    domains.write(&mut written);
    written.u32(number).pointer(true).u32(number);
    for found in &found {
        let (kind, rid, place) = match found {
            Some((place, account)) => (account.kind as u16, account.number, *place),
            None => (8, 0, u32::MAX),
        };
        written.u16(kind).u32(rid).u32(place);
    }
    let mapped = found.iter().flatten().count();
    Some(written.u32(super::super::wire::count(mapped)).u32(status(asked.len(), mapped)).done())
}
