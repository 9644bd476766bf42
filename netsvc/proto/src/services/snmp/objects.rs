//! The objects of a node: MIB-2, interfaces, host resources, and what net-snmp and Windows add.

use super::{
    devices::{Identity, Make},
    interfaces, printer,
    tree::{Source, Tree, Value, below, gauge, int, name, text},
};
use netsvc_kit::Host;
use netsvc_persona::{Persona, stage::Transport};
use rand_core::RngCore;
use std::net::{IpAddr, Ipv4Addr};

const MIB2: [u32; 6] = [1, 3, 6, 1, 2, 1];
const HOST: [u32; 7] = [1, 3, 6, 1, 2, 1, 25];
/// UCD-SNMP-MIB, which net-snmp has.
const UCD: [u32; 7] = [1, 3, 6, 1, 4, 1, 2021];
/// The modules of net-snmp that `sysORTable` names, with what they are.
const MODULES: [(&[u32], &str); 10] = [
    (&[1, 3, 6, 1, 6, 3, 10, 3, 1, 1], "The SNMP Management Architecture MIB."),
    (&[1, 3, 6, 1, 6, 3, 11, 3, 1, 1], "The MIB for Message Processing and Dispatching."),
    (
        &[1, 3, 6, 1, 6, 3, 15, 2, 1, 1],
        "The management information definitions for the SNMP User-based Security Model.",
    ),
    (&[1, 3, 6, 1, 6, 3, 1], "The MIB module for SNMPv2 entities"),
    (&[1, 3, 6, 1, 6, 3, 16, 2, 2, 1], "View-based Access Control Model for SNMP."),
    (&[1, 3, 6, 1, 2, 1, 49], "The MIB module for managing TCP implementations"),
    (&[1, 3, 6, 1, 2, 1, 50], "The MIB module for managing UDP implementations"),
    (&[1, 3, 6, 1, 2, 1, 4], "The MIB module for managing IP and ICMP implementations"),
    (&[1, 3, 6, 1, 6, 3, 13, 3, 1, 3], "The MIB modules for managing SNMP Notification, plus filtering."),
    (&[1, 3, 6, 1, 2, 1, 92], "The MIB module for logging SNMP Notifications."),
];

/// All objects of the node of `host`.
pub(super) fn of(host: &Host, identity: &Identity, random: &mut impl RngCore) -> Tree {
    let persona = host.persona();
    let mut tree = Tree::default();
    system(&mut tree, identity);
    for interface in &identity.interfaces {
        interfaces::add(&mut tree, interface, random);
    }
    tree.scalar(&mib2(&[2, 1]), int(identity.interfaces.len()));
    addresses(&mut tree, persona, identity, random);
    sockets(&mut tree, persona);
    match identity.make {
        Make::Host | Make::Windows => host_resources(&mut tree, persona, identity, random),
        Make::Printer => printer::add(&mut tree, persona, random),
        Make::Network => network(&mut tree, persona, random),
    }
    if identity.make == Make::Host {
        ucd(&mut tree, host, random);
    }
    if identity.make == Make::Windows {
        lan_manager(&mut tree, persona);
    }
    tree.sorted()
}

fn mib2(rest: &[u32]) -> Vec<u32> {
    [&MIB2[..], rest].concat()
}

fn system(tree: &mut Tree, identity: &Identity) {
    let object = |number: u32| mib2(&[1, number]);
    tree.scalar(&object(1), text(&identity.about));
    let product = [&[1, 3, 6, 1, 4, 1], identity.product].concat();
    tree.scalar(&object(2), name(&product));
    tree.scalar(&object(3), Source::AgentTime);
    for (number, value) in [(4, identity.contact), (5, identity.name.as_str()), (6, identity.location)] {
        tree.scalar(&object(number), Source::Set(value.as_bytes().to_vec()));
    }
    if let Some(services) = identity.services {
        tree.scalar(&object(7), int(services));
    }
    if identity.make != Make::Host {
        return;
    }
    let ticks = || Source::from(Value::Ticks(1));
    tree.scalar(&object(8), ticks());
    for (index, (module, about)) in (1..).zip(MODULES) {
        let row = vec![(2, name(module)), (3, text(about)), (4, ticks())];
        tree.row(&mib2(&[1, 9, 1]), &[index], row);
    }
}

fn octets(address: Ipv4Addr) -> [u32; 4] {
    address.octets().map(u32::from)
}

/// Whether it passes packets on.
fn forwards(persona: &Persona, identity: &Identity) -> bool {
    identity.make == Make::Network && persona.os.family != "esxi"
}

/// The groups `ip`, `tcp` and `udp` (RFC 1213), and the addresses in them.
fn addresses(tree: &mut Tree, persona: &Persona, identity: &Identity, random: &mut impl RngCore) {
    let IpAddr::V4(own) = persona.ip else { return };
    let mask = u32::MAX.checked_shl(32 - u32::from(persona.prefix.min(32))).unwrap_or(0);
    let (mask, net) = (Ipv4Addr::from(mask), Ipv4Addr::from(u32::from(own) & mask));
    let forwards = forwards(persona, identity);
    tree.scalar(&mib2(&[4, 1]), int(if forwards { 1 } else { 2 }));
    tree.scalar(&mib2(&[4, 2]), int(persona.os.ttl));
    let packets = 30_000 + below(random, 90_000);
    for (number, rate) in
        [(3, packets), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, packets), (10, packets * 3 / 4)]
    {
        tree.scalar(&mib2(&[4, number]), Source::Count(rate / 3, rate));
    }
    let mut add = |address: Ipv4Addr, index: u32, mask: Ipv4Addr| {
        let row = vec![
            (1, Value::Address(address).into()),
            (2, int(index)),
            (3, Value::Address(mask).into()),
            (4, int(if address.is_loopback() { 0 } else { 1 })),
        ];
        tree.row(&mib2(&[4, 20, 1]), &octets(address), row);
    };
    add(own, identity.addressed, mask);
    if let Some(back) = identity.interfaces.iter().find(|interface| interface.kind == 24) {
        add(Ipv4Addr::LOCALHOST, back.index, Ipv4Addr::new(255, 0, 0, 0));
    }
    routes(tree, persona, identity, (own, mask, net));
    for (number, value) in [(1, 1), (2, 200), (3, 120_000), (4, -1)] {
        tree.scalar(&mib2(&[6, number]), int(value));
    }
    let rate = 400 + below(random, 4000);
    for (number, rate) in [(5, rate), (6, rate / 2), (7, rate / 40), (8, rate / 90)] {
        tree.scalar(&mib2(&[6, number]), Source::Count(rate / 3, rate));
    }
    tree.scalar(&mib2(&[6, 9]), gauge(1 + below(random, 6)));
    for (number, rate) in [(10, packets * 2 / 3), (11, packets / 2), (12, rate / 60)] {
        tree.scalar(&mib2(&[6, number]), Source::Count(rate / 3, rate));
    }
    for (number, rate) in [(1, packets / 5), (2, packets / 900), (3, 0), (4, packets / 6)] {
        tree.scalar(&mib2(&[7, number]), Source::Count(rate / 3, rate));
    }
}

/// ipRouteTable: the network of its own, and the way out.
fn routes(
    tree: &mut Tree,
    persona: &Persona,
    identity: &Identity,
    (own, mask, net): (Ipv4Addr, Ipv4Addr, Ipv4Addr),
) {
    let forwards = forwards(persona, identity);
    let mut route = |to: Ipv4Addr, mask: Ipv4Addr, hop: Ipv4Addr, kind: i32| {
        let row = vec![
            (1, Value::Address(to).into()),
            (2, int(identity.addressed)),
            (3, int(i32::from(kind == 4))),
            (7, Value::Address(hop).into()),
            (8, int(kind)),
            (9, int(2)),
            (11, Value::Address(mask).into()),
            (13, name(&[0, 0])),
        ];
        tree.row(&mib2(&[4, 21, 1]), &octets(to), row);
    };
    route(net, mask, if forwards { own } else { Ipv4Addr::UNSPECIFIED }, 3);
    if let Some(IpAddr::V4(gateway)) = persona.gateway {
        route(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED, gateway, 4);
    }
}

/// tcpConnTable and udpTable: what the node listens on.
fn sockets(tree: &mut Tree, persona: &Persona) {
    let any = Ipv4Addr::UNSPECIFIED;
    let defs = crate::ALL.iter().filter(|def| persona.products.contains_key(def.slug));
    for port in defs.flat_map(|def| def.ports) {
        let number = u32::from(port.number);
        let address = Source::from(Value::Address(any));
        if port.transport == Transport::Udp {
            let index = [&octets(any)[..], &[number]].concat();
            tree.row(&mib2(&[7, 5, 1]), &index, vec![(1, address), (2, int(number))]);
        } else {
            let index = [&octets(any)[..], &[number], &octets(any)[..], &[0]].concat();
            let row = vec![(1, int(2)), (2, address.clone()), (3, int(number)), (4, address), (5, int(0))];
            tree.row(&mib2(&[6, 13, 1]), &index, row);
        }
    }
}

fn host_object(rest: &[u32]) -> Vec<u32> {
    [&HOST[..], rest].concat()
}

/// HOST-RESOURCES-MIB (RFC 2790) of net-snmp and of Windows.
fn host_resources(tree: &mut Tree, persona: &Persona, identity: &Identity, random: &mut impl RngCore) {
    let hardware = &persona.hardware;
    let processes = 90 + below(random, 60) + 4 * u64::from(hardware.cpus);
    tree.scalar(&host_object(&[1, 1]), Source::SystemTime);
    tree.scalar(&host_object(&[1, 2]), Source::Date);
    tree.scalar(&host_object(&[1, 5]), gauge(0));
    tree.scalar(&host_object(&[1, 6]), gauge(processes));
    tree.scalar(&host_object(&[1, 7]), int(0));
    tree.scalar(&host_object(&[2, 2]), int(hardware.memory_kib));
    let used = |of: u64, random: &mut _| of * (30 + below(random, 40)) / 100;
    let kind = |number: u32| name(&host_object(&[2, 1, number]));
    let mut store = |index: u32, kind: Source, about: &str, unit: u64, size: u64, used: u64| {
        let row = vec![
            (1, int(index)),
            (2, kind),
            (3, text(about)),
            (4, int(unit)),
            (5, int(size)),
            (6, int(used)),
        ];
        tree.row(&host_object(&[2, 3, 1]), &[index], row);
    };
    let (memory, disk) = (hardware.memory_kib, hardware.disk_kib / 4);
    if identity.make == Make::Windows {
        let serial = random.next_u32();
        store(1, kind(4), &format!("C:\\ Label:  Serial Number {serial:x}"), 4096, disk, used(disk, random));
        store(2, kind(3), "Virtual Memory", 65_536, memory * 5 / 4 / 64, used(memory / 64, random));
        store(3, kind(2), "Physical Memory", 65_536, memory / 64, used(memory / 64, random));
    } else {
        let taken = used(memory, random);
        let (buffers, cached) = (memory / 40, memory / 5);
        store(1, kind(2), "Physical memory", 1024, memory, taken);
        store(3, kind(3), "Virtual memory", 1024, memory + 998_396, taken);
        store(6, kind(1), "Memory buffers", 1024, memory, buffers);
        store(7, kind(1), "Cached memory", 1024, cached, cached);
        store(8, kind(1), "Shared memory", 1024, memory / 300, memory / 300);
        store(10, kind(3), "Swap space", 1024, 998_396, 0);
        store(31, kind(4), "/", 4096, disk, used(disk, random));
    }
    devices(tree, persona, identity, random);
}

/// hrDeviceTable: processors and network cards.
fn devices(tree: &mut Tree, persona: &Persona, identity: &Identity, random: &mut impl RngCore) {
    let hardware = &persona.hardware;
    let windows = identity.make == Make::Windows;
    let processor = if windows {
        hardware.cpu_vendor.clone()
    } else {
        format!("{}: {}", hardware.cpu_vendor, hardware.cpu)
    };
    let mut add = |index: u32, kind: u32, about: &str, errors: bool| {
        let mut row = vec![
            (1, int(index)),
            (2, name(&host_object(&[3, 1, kind]))),
            (3, text(about)),
            (4, name(&[0, 0])),
            (5, int(2)),
        ];
        if errors {
            row.push((6, Source::Count(0, 0)));
        }
        tree.row(&host_object(&[3, 2, 1]), &[index], row);
    };
    let first = if windows { 1 } else { 196_608 };
    for index in first..first + hardware.cpus {
        add(index, 3, &processor, false);
    }
    let cards = if windows { first + hardware.cpus } else { 262_144 };
    for interface in &identity.interfaces {
        let about = if windows {
            interface.about.trim_end_matches('\0').to_owned()
        } else {
            format!("network interface {}", interface.name)
        };
        add(cards + interface.index, 4, &about, true);
    }
    for index in first..first + hardware.cpus {
        let load = below(random, 12);
        tree.row(&host_object(&[3, 3, 1]), &[index], vec![(1, name(&[0, 0])), (2, int(load))]);
    }
}

/// memory, laTable and version of UCD-SNMP-MIB.
fn ucd(tree: &mut Tree, host: &Host, random: &mut impl RngCore) {
    let memory = host.persona().hardware.memory_kib;
    let free = memory * (20 + below(random, 40)) / 100;
    let object = |rest: &[u32]| [&UCD[..], rest].concat();
    let rows = [
        (1, int(0)),
        (2, text("swap")),
        (3, int(998_396)),
        (4, int(998_396)),
        (5, int(memory)),
        (6, int(free)),
        (11, int(free + 998_396)),
        (12, int(16_000)),
        (13, int(memory / 300)),
        (14, int(memory / 40)),
        (15, int(memory / 5)),
        (100, int(0)),
        (101, text("")),
    ];
    for (number, source) in rows {
        tree.scalar(&object(&[4, number]), source);
    }
    let mean = u32::try_from(2 + below(random, 20)).unwrap_or(2);
    for (index, label) in [(1, "Load-1"), (2, "Load-5"), (3, "Load-15")] {
        let row = vec![
            (1, int(index)),
            (2, text(label)),
            (3, Source::Load(mean)),
            (4, text("12.00")),
            (5, int(mean)),
            (100, int(0)),
            (101, text("")),
        ];
        tree.row(&object(&[10, 1]), &[index], row);
    }
    let version = host.product().map(|product| product.version.clone()).unwrap_or_default();
    tree.scalar(&object(&[100, 1]), int(1));
    tree.scalar(&object(&[100, 2]), text(version));
}

/// svUserTable of LanMgr-Mib-II: the accounts.
fn lan_manager(tree: &mut Tree, persona: &Persona) {
    let guest = std::iter::once("Guest");
    for user in persona.users.iter().map(|user| user.name.as_str()).chain(guest) {
        let bytes = user.bytes().map(u32::from);
        let index: Vec<u32> = u32::try_from(user.len()).into_iter().chain(bytes).collect();
        tree.cell(&[1, 3, 6, 1, 4, 1, 77, 1, 2, 25, 1, 1], &index, text(user));
    }
}

/// What routers say of themselves beyond MIB-2: name, memory and load (OLD-CISCO-SYS-MIB).
fn network(tree: &mut Tree, persona: &Persona, random: &mut impl RngCore) {
    if persona.os.family != "cisco" {
        return;
    }
    let local = |number: u32| vec![1, 3, 6, 1, 4, 1, 9, 2, 1, number];
    tree.scalar(&local(2), text("power-on"));
    tree.scalar(&local(3), text(&persona.hostname));
    tree.scalar(&local(4), text(&persona.domain));
    tree.scalar(&local(8), int(persona.hardware.memory_kib * 1024 / 3));
    let load = below(random, 5) + 1;
    for number in 56..=58 {
        tree.scalar(&local(number), int(load));
    }
    let entity = |column: u32| mib2(&[47, 1, 1, 1, 1, column]);
    let chassis = format!("{} chassis", persona.hardware.product);
    for (column, source) in [
        (2, text(&chassis)),
        (5, int(3)),
        (7, text(&chassis)),
        (11, text(&persona.hardware.serial)),
        (13, text(&persona.hardware.product)),
    ] {
        tree.cell(&entity(column), &[1], source);
    }
}
