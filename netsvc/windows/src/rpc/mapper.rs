//! The endpoint mapper (C706 appendix O; [MS-RPCE] §2.2.1.2) and the resolver of objects ([MS-DCOM] §3.1.2.5.1), as
//! Windows has them on port 135: which interfaces are where, and what the host is called.

use super::{
    Fault, Interface,
    ndr::{Read, Written},
};
use crate::wire::{Put, count, short, utf16};
use netsvc_kit::Host;
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// `epmapper`.
pub(crate) const INTERFACE: Interface =
    Interface { id: "0883afe11f5dc91191a408002b14a0fa", version: 3, name: "epmapper" };
/// `IObjectExporter`.
pub(crate) const OBJECTS: Interface =
    Interface { id: "c4fefc9960521b10bbcb00aa0021347a", version: 0, name: "IObjectExporter" };
/// `IRemoteSCMActivator` and `IActivation`, which strangers may bind to and not use.
pub(crate) const ACTIVATOR: Interface =
    Interface { id: "a001000000000000c000000000000046", version: 0, name: "IRemoteSCMActivator" };
/// See [`ACTIVATOR`].
pub(crate) const ACTIVATION: Interface =
    Interface { id: "b84a9f4d1c7dcf11861e0020af6e7c57", version: 0, name: "IActivation" };

/// Nothing is registered there (`EPT_S_NOT_REGISTERED`).
const NOTHING: u32 = 0x16c9_a0d6;
/// Most entries of an answer.
const MOST: u32 = 500;
/// What stands for NDR in a tower.
const NDR: [u8; 16] = *b"\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60";

/// Where an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On the port that is the so-manieth of those that are given out at the start.
    Port(u16),
    Pipe(&'static str),
    Local(&'static str),
}

/// Where one is, on servers of a domain only where it says so.
struct Entry {
    id: &'static str,
    version: u16,
    note: &'static str,
    controller: bool,
    places: &'static [Place],
}

const fn entry(id: &'static str, version: u16, note: &'static str, places: &'static [Place]) -> Entry {
    Entry { id, version, note, controller: false, places }
}

/// What systems from Vista on have registered after their start, in its order.
const ENTRIES: &[Entry] = &[
    entry(
        "d95afe70-a6d5-4259-822e-2c84da1ddb0d",
        1,
        "",
        &[Place::Local("WindowsShutdown"), Place::Pipe("\\PIPE\\InitShutdown"), Place::Port(0)],
    ),
    entry(
        "76f226c3-ec14-4325-8a99-6a46348418af",
        1,
        "",
        &[
            Place::Local("WindowsShutdown"),
            Place::Pipe("\\PIPE\\InitShutdown"),
            Place::Local("WMsgKRpc0A1B20"),
        ],
    ),
    entry(
        "f6beaff7-1e19-4fbb-9f8f-b89e2018337c",
        1,
        "Event log TCPIP",
        &[Place::Port(1), Place::Pipe("\\pipe\\eventlog"), Place::Local("eventlog")],
    ),
    entry(
        "3c4728c5-f0ab-448b-bda1-6ce01eb0a6d5",
        1,
        "DHCP Client LRPC Endpoint",
        &[Place::Local("dhcpcsvc"), Place::Local("eventlog")],
    ),
    entry(
        "3c4728c5-f0ab-448b-bda1-6ce01eb0a6d6",
        1,
        "DHCPv6 Client LRPC Endpoint",
        &[Place::Local("dhcpcsvc6"), Place::Local("dhcpcsvc")],
    ),
    entry(
        "86d35949-83c9-4044-b424-db363231fd0c",
        1,
        "",
        &[Place::Port(2), Place::Pipe("\\PIPE\\atsvc"), Place::Local("ubpmtaskhostchannel")],
    ),
    entry("378e52b0-c0a9-11cf-822d-00aa0051e40f", 1, "", &[Place::Port(2), Place::Pipe("\\PIPE\\atsvc")]),
    entry("1ff70682-0a51-30e8-076d-740be8cee98b", 1, "", &[Place::Port(2), Place::Pipe("\\PIPE\\atsvc")]),
    entry(
        "30b044a5-a225-43f0-b3a4-e060df91f9c1",
        1,
        "",
        &[Place::Local("senssvc"), Place::Local("IUserProfile2")],
    ),
    entry(
        "12345778-1234-abcd-ef00-0123456789ac",
        1,
        "",
        &[Place::Port(3), Place::Pipe("\\pipe\\lsass"), Place::Local("samss lpc")],
    ),
    entry(
        "51a227ae-825b-41f2-b4a9-1ac9557a1018",
        1,
        "Ngc Pop Key Service",
        &[Place::Port(3), Place::Pipe("\\pipe\\lsass"), Place::Local("samss lpc")],
    ),
    Entry {
        id: "12345778-1234-abcd-ef00-0123456789ab",
        version: 0,
        note: "",
        controller: true,
        places: &[Place::Port(3), Place::Pipe("\\pipe\\lsass")],
    },
    Entry {
        id: "e3514235-4b06-11d1-ab04-00c04fc2dcd2",
        version: 4,
        note: "MS NT Directory DRS Interface",
        controller: true,
        places: &[Place::Port(3), Place::Pipe("\\pipe\\lsass"), Place::Local("NTDS_LPC")],
    },
    Entry {
        id: "12345678-1234-abcd-ef00-01234567cffb",
        version: 1,
        note: "",
        controller: true,
        places: &[Place::Port(3), Place::Pipe("\\pipe\\lsass"), Place::Local("NETLOGON_LRPC")],
    },
];

/// The first of the ports that a system gives out: 49664 since Windows 10.
pub(crate) fn first_port(host: &Host) -> u16 {
    if 10_000 <= host.persona().os.build { 49_664 } else { 49_152 }
}

/// Interfaces on one of those ports.
pub(crate) fn interfaces_at(port: u16) -> impl Iterator<Item = &'static Interface> {
    let place = port.saturating_sub(49_152) % 512;
    AT.iter().filter(move |(at, _)| *at == place).map(|(_, interface)| interface)
}

/// Interfaces by the number of their port; what they do is for those who have a right to it.
const AT: &[(u16, Interface)] = &[
    (0, Interface { id: "70fe5ad9d5a65942822e2c84da1ddb0d", version: 1, name: "WindowsShutdown" }),
    (1, Interface { id: "f7afbef6191ebb4f9f8fb89e2018337c", version: 1, name: "eventlog" }),
    (2, Interface { id: "4959d386c9834440b424db363231fd0c", version: 1, name: "ITaskSchedulerService" }),
    (2, Interface { id: "8206f71f510ae830076d740be8cee98b", version: 1, name: "atsvc" }),
    (3, Interface { id: "785734123412cdabef000123456789ac", version: 1, name: "samr" }),
    (3, Interface { id: "785734123412cdabef000123456789ab", version: 0, name: "lsarpc" }),
    (3, Interface { id: "354251e3064bd111ab0400c04fc2dcd2", version: 4, name: "drsuapi" }),
];

/// An identifier as it is sent: its first three parts are numbers.
fn sent(id: &str) -> Vec<u8> {
    let mut bytes = hex::decode(id.replace('-', "")).unwrap_or_default();
    for (from, to) in [(0, 4), (4, 6), (6, 8)] {
        if let Some(part) = bytes.get_mut(from..to) {
            part.reverse();
        }
    }
    bytes
}

fn floor(tower: &mut Vec<u8>, left: &[u8], right: &[u8]) {
    tower.u16(short(left.len())).bytes(left).u16(short(right.len())).bytes(right);
}

/// The tower of an interface at a place.
fn tower(host: &Host, id: &[u8], version: u16, place: Place) -> Vec<u8> {
    let mut tower = Vec::new();
    tower.u16(if matches!(place, Place::Local(_)) { 4 } else { 5 });
    floor(&mut tower, &[&[0x0d], id, &version.to_le_bytes()].concat(), &[0, 0]);
    floor(&mut tower, &[&[0x0d], &NDR[..], &[2, 0]].concat(), &[0, 0]);
    match place {
        Place::Port(number) => {
            let address = match host.persona().ip {
                std::net::IpAddr::V4(ip) => ip.octets(),
                std::net::IpAddr::V6(_) => [0; 4],
            };
            floor(&mut tower, &[0x0b], &[0, 0]);
            floor(&mut tower, &[0x07], &(first_port(host) + number).to_be_bytes());
            floor(&mut tower, &[0x09], &address);
        }
        Place::Pipe(name) => {
            let computer = netsvc_daemon::ntlm::computer(host.persona());
            floor(&mut tower, &[0x0b], &[0, 0]);
            floor(&mut tower, &[0x0f], format!("{name}\0").as_bytes());
            floor(&mut tower, &[0x11], format!("\\\\{computer}\0").as_bytes());
        }
        Place::Local(name) => {
            floor(&mut tower, &[0x0c], &[0, 0]);
            floor(&mut tower, &[0x10], format!("{name}\0").as_bytes());
        }
    }
    tower
}

/// What is registered on `host`.
fn entries(host: &Host) -> Vec<(&'static Entry, Place)> {
    let controller = host.persona().products.contains_key("kerberos");
    let known = ENTRIES.iter().filter(|entry| controller || !entry.controller);
    known.flat_map(|entry| entry.places.iter().map(move |place| (entry, *place))).collect()
}

/// Notes and towers of what is registered on a node, which are made once.
struct Registered(Vec<(&'static str, Vec<u8>)>);

fn registered(host: &Host) -> Arc<Registered> {
    let made = |(entry, place): (&'static Entry, Place)| {
        (entry.note, tower(host, &sent(entry.id), entry.version, place))
    };
    host.node.shared(|| Registered(entries(host).into_iter().map(made).collect()))
}

/// Answers an operation of the endpoint mapper.
///
/// # Errors
/// When there is none, or it takes something else.
pub(crate) fn call(
    host: &Host,
    operation: u16,
    content: &[u8],
    out: &mut netsvc_kit::Out,
) -> Result<Vec<u8>, Fault> {
    let (name, answer) = match operation {
        0 | 1 => return Err(Fault::Denied),
        2 => ("ept_lookup", lookup(host, content)),
        3 => ("ept_map", map(host, content)),
        4 => ("ept_lookup_handle_free", Some(Written::new().bytes(&[0; 20]).u32(0).done())),
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into()), (field::NAME, INTERFACE.name.into())]);
    answer.ok_or(Fault::Data)
}

/// Entries from the one on that a handle names.
fn lookup(host: &Host, content: &[u8]) -> Option<Vec<u8>> {
    let mut read = Read::new(content);
    read.u32()?;
    if read.u32()? != 0 {
        read.take(16)?;
    }
    if read.u32()? != 0 {
        read.take(20)?;
    }
    read.u32()?;
    let handle = read.take(20)?;
    let most = usize::try_from(read.u32()?.min(MOST)).ok()?;
    let from = place_of(handle);
    let all = registered(host);
    let given = all.0.get(from..).unwrap_or_default();
    let given = given.get(..most.min(given.len())).unwrap_or_default();
    let mut written = Written::new();
    if given.is_empty() {
        return Some(written.bytes(&[0; 20]).u32(0).u32(count(most)).u32(0).u32(0).u32(NOTHING).done());
    }
    let next = from + given.len();
    // With the last ones the look-up is over, and its handle goes: clients ask until it does.
    let handle = if next < all.0.len() { handle_of(host, next) } else { vec![0; 20] };
    written.bytes(&handle).u32(count(given.len()));
    written.u32(count(most)).u32(0).u32(count(given.len()));
    for (note, _) in given {
        written.align(4).bytes(&[0; 16]).pointer(true).u32(0).u32(count(note.len() + 1));
        written.bytes(note.as_bytes()).bytes(&[0]);
    }
    for (_, tower) in given {
        written.u32(count(tower.len())).u32(count(tower.len())).bytes(tower);
    }
    Some(written.u32(0).done())
}

/// A handle that names where a look-up stands.
fn handle_of(host: &Host, place: usize) -> Vec<u8> {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let drawn = netsvc_persona::subkey::bytes(&key, &["endpoint mapper", "handle"]);
    let mut handle = vec![0; 4];
    handle.bytes(drawn.get(..14).unwrap_or_default()).u16(short(place));
    handle
}

fn place_of(handle: &[u8]) -> usize {
    let last = handle.last_chunk().copied().unwrap_or_default();
    usize::from(u16::from_le_bytes(last))
}

/// Where the interface is that a tower asks for.
fn map(host: &Host, content: &[u8]) -> Option<Vec<u8>> {
    let mut read = Read::new(content);
    if read.u32()? != 0 {
        read.take(16)?;
    }
    if read.u32()? == 0 {
        return None;
    }
    read.u32()?;
    let length = usize::try_from(read.u32()?).ok()?;
    let asked = read.take(length)?;
    read.u32().or(Some(0))?;
    let id = asked.get(5..21)?;
    let version = u16::from_le_bytes(asked.get(21..23)?.try_into().ok()?);
    // The fourth floor says over what.
    let over = fourth(asked)?;
    let found: Vec<Vec<u8>> = entries(host)
        .into_iter()
        .filter(|(entry, place)| {
            let kind = match place {
                Place::Port(_) => 0x07,
                Place::Pipe(_) => 0x0f,
                Place::Local(_) => 0x10,
            };
            sent(entry.id) == id && entry.version == version && kind == over
        })
        .take(4)
        .map(|(entry, place)| tower(host, &sent(entry.id), entry.version, place))
        .collect();
    let mut written = Written::new();
    written.bytes(&[0; 20]).u32(count(found.len()));
    written.u32(4).u32(0).u32(count(found.len()));
    for _ in &found {
        written.pointer(true);
    }
    for tower in &found {
        written.u32(count(tower.len())).u32(count(tower.len())).bytes(tower);
    }
    Some(written.u32(if found.is_empty() { NOTHING } else { 0 }).done())
}

/// The protocol of the fourth floor of a tower.
fn fourth(tower: &[u8]) -> Option<u8> {
    let mut rest = tower.get(2..)?;
    for _ in 0..3 {
        for _ in 0..2 {
            let (length, after) = rest.split_first_chunk::<2>()?;
            rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
        }
    }
    rest.get(2).copied()
}

/// Answers an operation of the resolver of objects.
///
/// # Errors
/// When there is none that strangers may call.
pub(crate) fn objects(host: &Host, operation: u16, out: &mut netsvc_kit::Out) -> Result<Vec<u8>, Fault> {
    let (name, answer) = match operation {
        3 => ("ServerAlive", Written::new().u32(0).done()),
        5 => ("ServerAlive2", alive(host)),
        0..=4 => return Err(Fault::Denied),
        _ => return Err(Fault::Range),
    };
    out.record(Kind::Command, vec![(field::COMMAND, name.into()), (field::NAME, OBJECTS.name.into())]);
    Ok(answer)
}

/// The version of DCOM, and the names and addresses that the host is reached by.
fn alive(host: &Host) -> Vec<u8> {
    let persona = host.persona();
    let computer = netsvc_daemon::ntlm::computer(persona);
    let mut units: Vec<u8> = Vec::new();
    for name in [computer, persona.ip.to_string()] {
        // Over TCP.
        units.u16(7).bytes(&utf16(&format!("{name}\0")));
    }
    units.u16(0);
    let security = short(units.len() / 2);
    for service in [9_u16, 0x0a, 0x10, 0x1f] {
        units.u16(service).u16(0xffff).u16(0);
    }
    units.u16(0);
    let number = short(units.len() / 2);
    let mut written = Written::new();
    written.u16(5).u16(7).pointer(true).u32(u32::from(number)).u16(number).u16(security).bytes(&units);
    written.align(4).u32(0).u32(0).done()
}
