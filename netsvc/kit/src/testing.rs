//! For tests of services: a persona to serve and a conversation without a network.

use crate::{
    Action, Def, Host, Input, Link, Node, Open, Out, Port, Serve, Stage,
    blob::Blobs,
    declared::{Products, Step, Talks},
    recorder::Recorder,
    session::SessionId,
    spool::Spool,
};
use netsvc_persona::{
    Certificate, Hardware, LoginPolicy, Os, PERSONA_VERSION, Persona, Product, Secret, SshKeys, User, Zone,
    exchange::Bytes,
    service::ProductInfo,
    stage::{Limits, Settings, Transport},
};
use netsvc_wire::{Record, WriterId};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// A Debian 12 persona called `node` that accepts `root` with `toor`.
pub fn persona(node: &str) -> Persona {
    let secret = |text: &str| Secret(text.to_owned());
    let text = |text: &str| text.to_owned();
    Persona {
        persona_version: PERSONA_VERSION,
        node: text(node),
        hostname: text("srv-files-03"),
        domain: text("corp.example"),
        ip: [127, 0, 0, 1].into(),
        prefix: 8,
        gateway: None,
        mac: text("00:50:56:8a:11:22"),
        mac_vendor: text("VMware"),
        os: debian(),
        hardware: hardware(),
        booted_at: 1_760_000_000_000_000,
        installed_at: 1_720_000_000_000_000,
        clock_offset_ms: 0,
        zone: Zone { name: text("Europe/Berlin"), abbreviation: text("CET"), offset_minutes: 60 },
        users: vec![User {
            name: text("root"),
            full_name: text("root"),
            uid: 0,
            home: text("/root"),
            shell: text("/bin/bash"),
            password: Some(secret("toor")),
        }],
        login: LoginPolicy::AcceptListed,
        products: products(),
        ssh_keys: SshKeys {
            ed25519: secret(&"11".repeat(32)),
            ecdsa_p256: secret(&"22".repeat(32)),
            rsa_bits: 2048,
        },
        certificate: certificate(),
        passive_ports: (40_000, 40_200),
        subkey: secret(&"33".repeat(32)),
        face: None,
        generation: 0,
        life: Default::default(),
        firewall: false,
        files: Vec::new(),
        people: Vec::new(),
        place: Default::default(),
        slow: None,
        routine: Default::default(),
    }
}

fn products() -> BTreeMap<String, Product> {
    let product = |(service, name, version, packaging): (&str, &str, &str, &str)| {
        let [name, version, packaging] = [name, version, packaging].map(str::to_owned);
        (service.to_owned(), Product { name, version, packaging })
    };
    let all = [
        ("ssh", "OpenSSH", "9.2p1", "Debian-2+deb12u3"),
        ("http", "nginx", "1.22.1", ""),
        ("ftp", "vsftpd", "3.0.3", ""),
        ("smtp", "Postfix", "3.7.11", "Debian/GNU"),
        ("redis", "Redis", "7.0.15", ""),
        ("mysql", "MariaDB", "10.11.6", "Debian-0+deb12u1"),
        ("telnet", "telnetd", "0.17", "Debian"),
    ];
    all.into_iter().map(product).collect()
}

/// As [`persona`], with a product of `def` that its system has, or any host.
pub fn persona_with(def: &Def, node: &str) -> Persona {
    with_product(def, persona(node))
}

/// A persona for each product of `def` that differs in its name, on a system that has it.
pub fn personas_with(def: &Def, node: &str) -> Vec<Persona> {
    let mut personas: BTreeMap<&str, Persona> = BTreeMap::new();
    let rows: Vec<_> = def.products.iter().flat_map(Products::rows).collect();
    for row in &rows {
        let Some(system) = row.systems.first() else { continue };
        personas.entry(&row.name).or_insert_with(|| {
            let mut persona = persona(node);
            if !row.is_on(&persona.os.id) {
                persona.os = os(system);
            }
            show(&mut persona, def, row);
            persona
        });
    }
    personas.into_values().collect()
}

/// A system that is called `id`, or begins so where an asterisk ends it.
fn os(id: &str) -> Os {
    let id = id.trim_end_matches('*');
    let (family, build, ttl) = match id {
        server if server.starts_with("windows_server") => ("windows_server", 17_763, 128),
        windows if windows.starts_with("windows") => ("windows", 19_045, 128),
        _ => ("linux", 0, 64),
    };
    Os { family: family.to_owned(), id: id.to_owned(), build, ttl, ..debian() }
}

/// `persona` with a product of `def` that its system has, or any host.
pub fn with_product(def: &Def, mut persona: Persona) -> Persona {
    let rows: Vec<_> = def.products.iter().flat_map(Products::rows).collect();
    let row = rows.iter().find(|row| row.is_on(&persona.os.id)).or(rows.first());
    if let (Some(row), false) = (row, persona.products.contains_key(def.slug)) {
        show(&mut persona, def, row);
    }
    persona
}

/// Has `persona` show `row` as its product of `def`.
fn show(persona: &mut Persona, def: &Def, row: &ProductInfo) {
    let (name, version, packaging) = (row.name.clone(), row.version.clone(), row.packaging.clone());
    persona.products.insert(def.slug.to_owned(), Product { name, version, packaging });
}

/// Everything that `def` declares that peers say, each conversation whole, with a word for the nonce.
pub fn dialogues(def: &Def) -> Vec<Vec<u8>> {
    let placed = |bytes: &[u8]| Bytes::from(bytes).with_nonce("abcdefgh01234567");
    let said = |steps: &[Step]| -> Vec<u8> {
        let said =
            steps.iter().filter_map(|step| if let Step::Say(bytes) = step { Some(*bytes) } else { None });
        placed(&said.collect::<Vec<_>>().concat())
    };
    let Talks { stream, datagrams, login, visit, dialogues, apart, .. } = def.talks;
    let mut all = vec![said(stream), said(datagrams), said(login), placed(&visit.concat())];
    all.extend(dialogues.iter().map(|dialogue| placed(dialogue)));
    all.extend(apart.iter().flat_map(|apart| [said(apart.exchange), placed(&apart.visit.concat())]));
    all.retain(|dialogue| !dialogue.is_empty());
    all
}

/// Every machine that reads a stream, at each port that speaks a protocol of its own.
pub fn streams(def: &Def) -> Vec<(Open, Link)> {
    let links = links(def, Transport::Tcp);
    def.serve.streams().into_iter().flat_map(|open| links.iter().map(move |link| (open, *link))).collect()
}

/// As [`streams`], of machines that take datagrams.
pub fn datagram_machines(def: &Def) -> Vec<(Open, Link)> {
    let (Serve::Datagrams(open) | Serve::Both(_, open)) = def.serve else { return Vec::new() };
    links(def, Transport::Udp).into_iter().map(|link| (open, link)).collect()
}

/// A link to the first port over `transport`, and one to each that speaks a protocol of its own.
fn links(def: &Def, transport: Transport) -> Vec<Link> {
    let over = |port: &&Port| port.transport == transport;
    let apart: Vec<u16> = def
        .talks
        .apart
        .iter()
        .map(|apart| apart.port)
        .filter(|port| over(&port))
        .map(|port| port.number)
        .collect();
    let first = def.ports.iter().filter(over).find(|port| !apart.contains(&port.number));
    first.map(|port| port.number).into_iter().chain(apart).map(link).collect()
}

fn debian() -> Os {
    let text = |text: &str| text.to_owned();
    Os {
        family: text("linux"),
        id: text("debian12"),
        pretty_name: text("Debian GNU/Linux 12 (bookworm)"),
        version: text("12"),
        codename: text("bookworm"),
        kernel: text("6.1.0-18-amd64"),
        kernel_version: text("#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)"),
        machine: text("x86_64"),
        build: 0,
        ttl: 64,
    }
}

fn hardware() -> Hardware {
    let text = |text: &str| text.to_owned();
    Hardware {
        cpu: text("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"),
        cpu_vendor: text("GenuineIntel"),
        cpu_signature: (6, 85, 7),
        mhz: 2095,
        cpus: 2,
        memory_kib: 4_030_876,
        disk_kib: 41_152_812,
        disk: text("sda"),
        interface: text("ens192"),
        vendor: text("VMware, Inc."),
        product: text("VMware7,1"),
        serial: text("VMware-56 4d 1a 2b"),
        machine_id: text("0123456789abcdef0123456789abcdef"),
    }
}

fn certificate() -> Certificate {
    Certificate {
        common_name: "srv-files-03.corp.example".to_owned(),
        organization: String::new(),
        issuer: "srv-files-03.corp.example".to_owned(),
        names: vec!["srv-files-03.corp.example".to_owned()],
        not_before: 1_720_000_000_000_000,
        not_after: 2_035_360_000_000_000,
        serial: "5d3c9a1b77e2f04488aa".to_owned(),
        key: "rsa2048".to_owned(),
    }
}

/// A process whose spool is in `folder`, without delays.
///
/// # Panics
/// When the folder cannot be written.
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn stage(folder: &Path) -> Arc<Stage> {
    let sd_id = netsvc_wire::DEFAULT_SD_ID.parse().expect("the default SD-ID is a name");
    let spool = Spool::open(folder, sd_id, WriterId(1), 1 << 30).expect("open the spool");
    let blobs = Blobs::open(folder, 1 << 30, 1 << 26).expect("open the blobs");
    let settings = Settings {
        spool: folder.to_owned(),
        sd_id: netsvc_wire::DEFAULT_SD_ID.to_owned(),
        limits: Limits::default(),
        user: None,
        natural_delays: false,
    };
    Stage::new(settings, Recorder::new(spool, blobs))
}

/// A service on a node of `stage`.
///
/// # Panics
/// When a name cannot stand in an event line.
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn host(stage: &Arc<Stage>, persona: Persona, slug: &str, settings: &[(&str, &str)]) -> Arc<Host> {
    let node = Node::new(stage, persona).expect("the node's name fits");
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Host::new(node, slug, settings).expect("the slug fits")
}

/// A link from 192.0.2.7 to the node.
pub fn link(port: u16) -> Link {
    Link {
        peer: ([192, 0, 2, 7], 40_000).into(),
        local: ([192, 0, 2, 1], port).into(),
        port,
        tls: false,
        session: SessionId(1),
        behind: None,
    }
}

/// Feeds `inputs` to a fresh machine of `def`, the first that it has, and returns all actions; adjacent sends are
/// joined.
///
/// # Panics
/// When `def` reads itself.
#[expect(clippy::panic, reason = "only tests call this")]
pub fn converse(def: &Def, host: &Arc<Host>, link: &Link, inputs: &[&[u8]]) -> Vec<Action> {
    match def.serve.machines().first() {
        Some(open) => converse_with(*open, host, link, inputs),
        None => panic!("{} is not a machine", def.slug),
    }
}

/// As [`converse`], with the machine that `open` makes.
pub fn converse_with(open: Open, host: &Arc<Host>, link: &Link, inputs: &[&[u8]]) -> Vec<Action> {
    let mut machine = open(host, link);
    let mut out = Out::default();
    let mut actions: Vec<Action> = Vec::new();
    machine.step(Input::Open, &mut out);
    merge(&mut actions, out.take());
    for input in inputs {
        if actions.contains(&Action::Close) {
            break;
        }
        for piece in input.chunks(crate::machine::PIECE) {
            machine.step(Input::Bytes(piece), &mut out);
            while out.full() && !out.closing() {
                merge(&mut actions, out.take());
                machine.step(Input::Bytes(&[]), &mut out);
            }
            merge(&mut actions, out.take());
            if actions.contains(&Action::Close) {
                break;
            }
        }
    }
    actions
}

/// Gives a fresh machine `input` at once, and has it stop, where it looks whether there is too much to do, once it
/// has said or told `enough` bytes; what it sent each time, before it stopped or was done.
pub fn steps(open: Open, host: &Arc<Host>, link: &Link, input: &[u8], enough: usize) -> Vec<Vec<u8>> {
    let mut machine = open(host, link);
    let mut out = Out::until(enough);
    machine.step(Input::Open, &mut out);
    let mut said = vec![sent(&out.take())];
    machine.step(Input::Bytes(input), &mut out);
    while out.full() && !out.closing() {
        said.push(sent(&out.take()));
        machine.step(Input::Bytes(&[]), &mut out);
    }
    said.push(sent(&out.take()));
    said
}

/// Gives a fresh datagram machine of `def` one datagram after the other and returns all actions, up to where it closes;
/// nothing where it speaks no datagrams.
pub fn datagrams(def: &Def, host: &Arc<Host>, link: &Link, inputs: &[&[u8]]) -> Vec<Action> {
    let (Serve::Datagrams(open) | Serve::Both(_, open)) = def.serve else { return Vec::new() };
    let mut machine = open(host, link);
    let mut out = Out::default();
    let mut actions = Vec::new();
    machine.step(Input::Open, &mut out);
    for input in inputs {
        machine.step(Input::Bytes(input), &mut out);
        actions.extend(out.take());
        if actions.contains(&Action::Close) {
            break;
        }
    }
    actions
}

fn merge(all: &mut Vec<Action>, more: Vec<Action>) {
    for action in more {
        match (all.last_mut(), action) {
            (Some(Action::Send(last)), Action::Send(bytes)) => last.extend(bytes),
            (_, action) => all.push(action),
        }
    }
}

/// Everything sent, joined.
pub fn sent(actions: &[Action]) -> Vec<u8> {
    let mut all = Vec::new();
    for action in actions {
        if let Action::Send(bytes) | Action::Datagram(bytes) = action {
            all.extend_from_slice(bytes);
        }
    }
    all
}

/// All lines that a process wrote into `folder` so far.
///
/// # Panics
/// When a line does not parse.
#[expect(clippy::expect_used, reason = "only tests call this")]
pub fn records(folder: &Path) -> Vec<Record> {
    let mut names: Vec<_> = std::fs::read_dir(folder.join("lines"))
        .expect("list the lines")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    names.sort();
    let text: Vec<u8> = names.iter().flat_map(|name| std::fs::read(name).expect("read a segment")).collect();
    text.split_inclusive(|&byte| byte == b'\n')
        .map(|line| netsvc_wire::parse(line).expect("a line parses"))
        .collect()
}
