//! The server's own state: configuration, counters, replication, and the commands about them.

use super::{Reply, commands::Context, keyspace::glob, rdb};
use crate::account;
use netsvc_kit::Host;
use netsvc_shell::{fs::Fs, text::decode};
use netsvc_wire::{Kind, field};
use rand_core::RngCore;
use std::collections::BTreeMap;

/// Most parameters that CONFIG SET may have changed.
const LONGEST_VALUE: usize = 1024;

/// State of one node's server.
#[derive(Debug)]
pub(super) struct ServerState {
    /// Parameters as CONFIG GET shows them.
    pub config: BTreeMap<String, String>,
    /// 40 hex digits that identify this run.
    pub run_id: String,
    /// Replication id.
    pub replication_id: String,
    /// Master that REPLICAOF named.
    pub master: Option<(String, String)>,
    /// Connections so far.
    pub connections: u64,
    /// Commands so far.
    pub commands: u64,
    /// Time of the last save, s since the epoch.
    pub saved_at: i64,
    /// When the server started, µs since the epoch, by the node's clock.
    pub started_at: i64,
    /// Process id.
    pub pid: u32,
}

/// Version that the persona shows.
pub(super) fn version(host: &Host) -> String {
    host.product().map_or_else(|| "7.0.15".to_owned(), |product| product.version.clone())
}

/// First number of the version.
pub(super) fn major(host: &Host) -> u32 {
    version(host).split('.').next().and_then(|number| number.parse().ok()).unwrap_or(7)
}

impl ServerState {
    /// The state of a server that started some minutes after its host.
    pub(super) fn new(host: &Host) -> Self {
        let mut generator = host.generator("server");
        let mut id = || {
            let mut bytes = [0; 20];
            generator.fill_bytes(&mut bytes);
            hex::encode(bytes)
        };
        let (run_id, replication_id) = (id(), id());
        let started_at = host.persona().booted_at + 20_000_000 + i64::from(generator.next_u32() % 60_000_000);
        let pid = 600 + generator.next_u32() % 900;
        let config = defaults(host).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let saved_at = started_at / 1_000_000;
        ServerState {
            config,
            run_id,
            replication_id,
            master: None,
            connections: 0,
            commands: 0,
            saved_at,
            started_at,
            pid,
        }
    }

    /// Counts a connection and gives it its id.
    pub(super) fn connected(&mut self) -> u64 {
        self.connections += 1;
        self.connections + 2
    }
}

fn defaults(host: &Host) -> Vec<(&'static str, String)> {
    let mut list: Vec<(&'static str, String)> =
        super::tables::CONFIG.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    list.push(("bind", "0.0.0.0".to_owned()));
    list.push(("requirepass", host.setting("password").unwrap_or_default().to_owned()));
    if major(host) >= 7 {
        let enabled = if host.flag("persistence", true) { "yes" } else { "no" };
        list.push(("enable-protected-configs", enabled.to_owned()));
    }
    list
}

/// The reply to HELLO.
pub(super) fn hello(host: &Host, id: u64, third: bool) -> Reply {
    let text = |text: &str| Reply::bulk(text);
    Reply::Map(vec![
        (text("server"), text("redis")),
        (text("version"), text(&version(host))),
        (text("proto"), Reply::Integer(if third { 3 } else { 2 })),
        (text("id"), Reply::Integer(i64::try_from(id).unwrap_or_default())),
        (text("mode"), text("standalone")),
        (text("role"), text("master")),
        (text("modules"), Reply::Array(Vec::new())),
    ])
}

/// CONFIG.
pub(super) fn config(context: &mut Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    let verb = arguments.get(1).map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    let rest = arguments.get(2..).unwrap_or_default();
    match (verb.as_slice(), rest) {
        (b"get", patterns) if !patterns.is_empty() => {
            let matching = context.state.config.iter().filter(|(key, _)| {
                patterns.iter().any(|pattern| glob(&pattern.to_ascii_lowercase(), key.as_bytes()))
            });
            Reply::Map(matching.map(|(key, value)| (Reply::bulk(key), Reply::bulk(value))).collect())
        }
        (b"set", pairs) if !pairs.is_empty() && pairs.len() % 2 == 0 => {
            for pair in pairs.chunks(2) {
                if let [key, value] = pair
                    && let Err(refusal) = set(context, key, value)
                {
                    return refusal;
                }
            }
            Reply::ok()
        }
        (b"resetstat", []) => Reply::ok(),
        (b"rewrite", []) => Reply::ok(),
        (b"help", []) => Reply::list(["CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]),
        _ => unknown_subcommand(context.host, "CONFIG", arguments),
    }
}

fn set(context: &mut Context<'_>, key: &[u8], value: &[u8]) -> Result<(), Reply> {
    let name = String::from_utf8_lossy(key).to_lowercase();
    let seventh = major(context.host) >= 7;
    if !context.state.config.contains_key(&name) {
        return Err(Reply::error(if seventh {
            format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
        } else {
            format!("ERR Unsupported CONFIG parameter: {name}")
        }));
    }
    let protected = matches!(name.as_str(), "dir" | "dbfilename");
    if protected && !context.host.flag("persistence", true) {
        return Err(failed(seventh, &name, "can't set protected config"));
    }
    let mut text = String::from_utf8_lossy(value).into_owned();
    if name == "dir" {
        let mut fs = files(context);
        fs.set_cwd(&decode(value)).map_err(|error| failed(seventh, "dir", &error.to_string()))?;
        text = fs.cwd().to_owned();
    }
    if name == "dbfilename" && text.contains('/') {
        return Err(failed(seventh, "dbfilename", "dbfilename can't be a path, just a filename"));
    }
    if LONGEST_VALUE < text.len() {
        return Err(failed(seventh, &name, "argument must be a memory value"));
    }
    context.state.config.insert(name, text);
    Ok(())
}

fn failed(seventh: bool, name: &str, reason: &str) -> Reply {
    if seventh {
        Reply::error(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"))
    } else if name == "dir" {
        Reply::error(format!("ERR Changing directory: {reason}"))
    } else {
        Reply::error(format!("ERR Invalid argument for CONFIG SET '{name}'"))
    }
}

/// The node's files as the server sees them, which runs as root where this chain is worth a try. Its
/// working folder is the configured one.
fn files(context: &Context<'_>) -> Fs {
    let facts = account::facts(context.host, context.link, None);
    let mut fs = account::shell(context.host).fs("root", context.link.peer.ip(), facts);
    let folder = context.state.config.get("dir").map_or("/", String::as_str);
    if fs.set_cwd(folder).is_err() {
        // Made by another source: this one does not have it.
        let _ = fs.set_cwd("/");
    }
    fs
}

/// SAVE and BGSAVE: the dump is captured, and written where the shell shows it.
pub(super) fn save(context: &mut Context<'_>, background: bool) -> Reply {
    let folder = context.state.config.get("dir").cloned().unwrap_or_default();
    let name = context.state.config.get("dbfilename").cloned().unwrap_or_default();
    let path = format!("{}/{name}", folder.trim_end_matches('/'));
    let used = 860_000 + context.keys.bytes();
    let dump = rdb::dump(context.keys, &version(context.host), major(context.host), context.now, used);
    let written = files(context).write_file(&path, &dump, 0o644);
    account::save(context.host);
    context.keys.changes = 0;
    context.state.saved_at = context.now / 1_000_000;
    context.out.capture(
        Kind::FileCaptured,
        vec![
            (field::PATH, path.into_bytes()),
            (field::ORIGIN, b"drop".to_vec()),
            (field::FORMAT, b"rdb".to_vec()),
            (field::COMMAND, if background { b"BGSAVE".to_vec() } else { b"SAVE".to_vec() }),
        ],
        dump,
    );
    match written {
        _ if background => Reply::Simple("Background saving started"),
        Ok(()) => Reply::ok(),
        Err(_) => Reply::error("ERR"),
    }
}

/// REPLICAOF and SLAVEOF: the rogue master is recorded, never contacted.
pub(super) fn replica_of(context: &mut Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    let (Some(host), Some(port)) = (arguments.get(1), arguments.get(2)) else { return Reply::ok() };
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        context.state.master = None;
        return Reply::ok();
    }
    let (host, port) = (text(host), text(port));
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Reply::error("ERR Invalid master port");
    }
    context.out.record(
        Kind::DownloadAttempt,
        vec![
            (field::URL, format!("redis://{host}:{port}/").into_bytes()),
            (field::COMMAND, super::line(arguments)),
        ],
    );
    context.state.master = Some((host, port));
    Reply::ok()
}

/// MODULE.
pub(super) fn module(context: &mut Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    let verb = arguments.get(1).map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    match (verb.as_slice(), arguments.get(2)) {
        (b"list", None) => Reply::Array(Vec::new()),
        (b"load" | b"loadex", Some(path)) => {
            context.out.record(
                Kind::ExploitAttempt,
                vec![(field::TECHNIQUE, b"redis module load".to_vec()), (field::PATH, path.clone())],
            );
            Reply::error("ERR Error loading the extension. Please check the server logs.")
        }
        (b"unload", Some(_)) => Reply::error("ERR Error unloading module: no such module with that name"),
        _ => unknown_subcommand(context.host, "MODULE", arguments),
    }
}

/// CLIENT.
pub(super) fn client(context: &mut Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    let verb = arguments.get(1).map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    match (verb.as_slice(), arguments.get(2)) {
        (b"setname", Some(name)) => {
            context.client.name = name.clone();
            Reply::ok()
        }
        (b"getname", _) if context.client.name.is_empty() => Reply::Null,
        (b"getname", _) => Reply::bulk(&context.client.name),
        (b"id", _) => Reply::Integer(i64::try_from(context.client.id).unwrap_or_default()),
        (b"list" | b"info", _) => {
            let name = String::from_utf8_lossy(&context.client.name).into_owned();
            Reply::bulk(format!(
                "id={} addr={} laddr={} fd=8 name={name} age=0 idle=0 flags=N db={} sub=0 psub=0 multi=-1 qbuf=26 \
                 qbuf-free=20448 argv-mem=10 obl=0 oll=0 omem=0 tot-mem=22298 events=r cmd=client|list user=default \
                 redir=-1\n",
                context.client.id, context.link.peer, context.link.local, context.client.database
            ))
        }
        (b"setinfo", Some(_)) if major(context.host) >= 7 => Reply::ok(),
        (b"reply" | b"no-evict" | b"no-touch" | b"pause" | b"unpause" | b"tracking", _) => Reply::ok(),
        (b"kill", Some(_)) => Reply::error("ERR No such client"),
        _ => unknown_subcommand(context.host, "CLIENT", arguments),
    }
}

/// The refusal of a sub-command that the version does not know.
pub(super) fn unknown_subcommand(host: &Host, command: &str, arguments: &[Vec<u8>]) -> Reply {
    let given = arguments.get(1).map(|word| text(word)).unwrap_or_default();
    if major(host) >= 7 {
        return Reply::error(format!("ERR unknown subcommand '{given}'. Try {command} HELP."));
    }
    Reply::error(format!(
        "ERR Unknown subcommand or wrong number of arguments for '{given}'. Try {command} HELP."
    ))
}

/// An argument as text.
pub(super) fn text(argument: &[u8]) -> String {
    String::from_utf8_lossy(argument).into_owned()
}
