//! A login's view of a node: its shell and files, shared by ssh and telnet, and what of it is recorded.

use netsvc_kit::{Fields, Host, Link, recorder};
use netsvc_shell::{
    Arrival, Service, SessionFacts, ShellEvent, ShellHost,
    fs::{Fs, OverlayStore},
    text,
};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, sync::Arc};

/// Overlays of all nodes of the process, kept in its state folder.
struct Overlays(Arc<OverlayStore>);

/// The shell of a node; made once.
struct NodeShell(Arc<ShellHost>);

/// The overlays of the process that serves `host`.
pub fn overlays(host: &Host) -> Arc<OverlayStore> {
    let stage = &host.node.stage;
    let folder = stage.state_folder().join("overlays");
    let budget = stage.settings().limits.state_bytes;
    // Without its folder a node forgets what a peer did when the process ends, and goes on.
    let open = || {
        Overlays(Arc::new(OverlayStore::open(&folder, budget).unwrap_or_else(|_| OverlayStore::in_memory())))
    };
    stage.shared(open).0.clone()
}

/// What the node of `host` has open.
pub fn services(host: &Host) -> Vec<Service> {
    let catalogue = host.node.stage.catalogue();
    let service = |slug: &String| {
        let def = catalogue.iter().find(|def| def.slug == slug)?;
        let ports = def.ports_on(&host.persona().os.id).map(|port| (port.transport, port.number)).collect();
        Some(Service { slug: slug.clone(), ports, daemons: def.daemons })
    };
    host.persona().products.keys().filter_map(service).collect()
}

/// The shell of the node of `host`.
pub fn shell(host: &Host) -> Arc<ShellHost> {
    let make = || {
        let persona = host.node.persona.clone();
        let shell = ShellHost::new(persona, overlays(host), Arc::new(recorder::now));
        NodeShell(Arc::new(shell.with_services(services(host))))
    };
    host.node.shared(make).0.clone()
}

/// What a session over `link` knows of itself.
pub fn facts(host: &Host, link: &Link, tty: Option<String>) -> SessionFacts {
    SessionFacts {
        peer_ip: link.peer.ip(),
        peer_port: link.peer.port(),
        local_port: link.port,
        tty,
        service: host.app.to_string(),
        arrival: Arrival::Ssh,
    }
}

/// Names by number of `/etc/passwd` or `/etc/group`.
pub fn names(fs: &mut Fs, path: &str) -> BTreeMap<u32, String> {
    let content = fs.read_file(path).unwrap_or_default();
    let entry = |line: &str| {
        let mut words = line.split(':');
        let name = words.next()?;
        Some((words.nth(1)?.parse().ok()?, name.to_owned()))
    };
    let mut names = BTreeMap::new();
    for (number, name) in String::from_utf8_lossy(&content).lines().filter_map(entry) {
        names.entry(number).or_insert(name);
    }
    names
}

/// Writes down what happened in a shell.
pub fn record(host: &Host, link: &Link, events: Vec<ShellEvent>) {
    for event in events {
        record_one(host, link, event);
    }
}

fn record_one(host: &Host, link: &Link, event: ShellEvent) {
    let bytes = |value: &str| text::encode(value);
    let plain = |kind: Kind, fields: Fields| host.record(link, kind, fields);
    match event {
        ShellEvent::Command { line, cwd, status } => plain(
            Kind::Command,
            vec![
                (field::COMMAND, bytes(&line)),
                (field::CWD, bytes(&cwd)),
                (field::STATUS, status.to_string().into_bytes()),
            ],
        ),
        ShellEvent::UnknownCommand { name, line } => {
            plain(Kind::UnknownCommand, vec![(field::NAME, bytes(&name)), (field::COMMAND, bytes(&line))]);
        }
        ShellEvent::DownloadAttempt { url, command } => {
            plain(Kind::DownloadAttempt, vec![(field::URL, bytes(&url)), (field::COMMAND, bytes(&command))]);
        }
        ShellEvent::FileCaptured { path, content, origin } => host.capture(
            link,
            Kind::FileCaptured,
            vec![(field::PATH, bytes(&path)), (field::ORIGIN, origin.name().into())],
            &content,
        ),
        ShellEvent::FileExecuted { path, arguments } => plain(
            Kind::Command,
            vec![
                (field::COMMAND, bytes(&arguments)),
                (field::PATH, bytes(&path)),
                (field::OUTCOME, b"executed".to_vec()),
            ],
        ),
        ShellEvent::FileRead { path } => plain(Kind::FileRead, vec![(field::PATH, bytes(&path))]),
        ShellEvent::PasswordSet { user, secret } => {
            host.set_password(link, &bytes(&user), &bytes(&secret));
            let mut credential =
                netsvc_kit::Credential::plaintext(&bytes(&user), &bytes(&secret), "passwd", true);
            credential.kind = "password_set";
            host.credential(link, credential);
        }
        ShellEvent::Exit => {}
    }
}

/// Writes overlays that changed to their folder.
pub fn save(host: &Host) {
    let store = overlays(host);
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    // What could not be written is tried again at the end of the next session.
    drop(runtime.spawn_blocking(move || store.save()));
}
