//! What reaches the disk: SAVE, and the rogue masters and modules that intruders bring.

use super::{
    Reply,
    context::Context,
    rdb,
    reply::Outcome,
    state,
    words::{Words, text},
};
use crate::account;
use netsvc_shell::fs::Fs;
use netsvc_wire::{Kind, field};

/// Runs `name` if it is about the disk or replication.
pub(super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    Some(match name {
        "save" => Ok(save(context, false)),
        "bgsave" => match (words.len(), words.lower(1).as_str()) {
            (1, _) | (2, "schedule") => Ok(save(context, true)),
            _ => Err(Reply::syntax()),
        },
        "bgrewriteaof" => Ok(Reply::simple("Background append only file rewriting started")),
        "lastsave" => Ok(Reply::Integer(context.state.saved_at)),
        "replicaof" | "slaveof" => replica_of(context, words),
        "replconf" => replication_setting(words),
        "psync" | "sync" => {
            // A peer that asks for a copy would get the whole key space next.
            Err(Reply::error("ERR Can't SYNC while not connected with my master"))
        }
        "role" => Ok(role(context)),
        "wait" => words.integer(1).and_then(|_| match words.integer(2) {
            Ok(time) if time < 0 => Err(Reply::error("ERR timeout is negative")),
            Ok(_) => Ok(Reply::Integer(0)),
            Err(_) => Err(Reply::error("ERR timeout is not an integer or out of range")),
        }),
        "failover" => Err(Reply::error("ERR FAILOVER requires connected replicas.")),
        "migrate" => migrate(context, words),
        "shutdown" => shutdown(words),
        "module" => module(context, words),
        _ => return None,
    })
}

/// The node's files as the server sees them, which runs as root where this chain is worth a try. Its
/// working folder is the configured one.
pub(super) fn files(context: &Context<'_>) -> Fs {
    let facts = account::facts(context.host, context.link, None);
    let mut fs = account::shell(context.host).fs("root", context.link.source(), facts);
    let folder = context.state.config.get("dir").map_or("/", String::as_str);
    if fs.set_cwd(folder).is_err() {
        // Made by another source: this one does not have it.
        let _ = fs.set_cwd("/");
    }
    fs
}

/// SAVE and BGSAVE: the dump is captured, and written where the shell shows it.
fn save(context: &mut Context<'_>, background: bool) -> Reply {
    let folder = context.state.config.get("dir").cloned().unwrap_or_default();
    let name = context.state.config.get("dbfilename").cloned().unwrap_or_default();
    let path = format!("{}/{name}", folder.trim_end_matches('/'));
    let used = 860_000 + context.keys.bytes();
    let version = state::version(context.host);
    let dump = rdb::dump(context.keys, &version, context.state.version.0, context.now, used);
    let written = files(context).write_file(&path, &dump, 0o644);
    account::save(context.host);
    context.keys.changes = 0;
    context.state.saved_at = context.now / 1_000_000;
    context.state.counters.saves += 1;
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
        _ if background => Reply::simple("Background saving started"),
        Ok(()) => Reply::ok(),
        Err(_) => Reply::error("ERR"),
    }
}

/// REPLICAOF and SLAVEOF: the rogue master is recorded, never contacted.
fn replica_of(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    if words.is(1, "no") && words.is(2, "one") {
        context.state.master = None;
        return Ok(Reply::ok());
    }
    let (host, port) = (text(words.at(1)), text(words.at(2)));
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(Reply::error("ERR Invalid master port"));
    }
    attempted(context, &host, &port, words);
    let named = Some((host, port));
    if context.state.master == named {
        return Ok(Reply::simple("OK Already connected to specified master"));
    }
    context.state.master = named;
    Ok(Reply::ok())
}

fn attempted(context: &mut Context<'_>, host: &str, port: &str, words: Words<'_>) {
    context.out.record(
        Kind::DownloadAttempt,
        vec![
            (field::URL, format!("redis://{host}:{port}/").into_bytes()),
            (field::COMMAND, super::line(words.0)),
        ],
    );
}

fn replication_setting(words: Words<'_>) -> Outcome {
    if words.len().is_multiple_of(2) {
        return Err(Reply::syntax());
    }
    for index in (1..words.len()).step_by(2) {
        match words.lower(index).as_str() {
            "listening-port" => {
                words.integer(index + 1)?;
            }
            "ip-address" | "capa" | "ack" | "fack" | "getack" | "rdb-only" | "rdb-filter-only" => {}
            _ => {
                let option = text(words.at(index));
                return Err(Reply::error(format!("ERR Unrecognized REPLCONF option: {option}")));
            }
        }
    }
    Ok(Reply::ok())
}

fn role(context: &Context<'_>) -> Reply {
    match &context.state.master {
        None => Reply::Array(vec![Reply::bulk("master"), Reply::Integer(0), Reply::Array(Vec::new())]),
        Some((host, port)) => Reply::Array(vec![
            Reply::bulk("slave"),
            Reply::bulk(host),
            Reply::Integer(port.parse().unwrap_or(0)),
            Reply::bulk("connect"),
            Reply::Integer(-1),
        ]),
    }
}

/// MIGRATE names a server to send keys to: recorded, never contacted.
fn migrate(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    words.integer(4)?;
    words.integer(5)?;
    let key = words.at(3);
    if !key.is_empty() && !context.exists(key) {
        return Ok(Reply::simple("NOKEY"));
    }
    let (host, port) = (text(words.at(1)), text(words.at(2)));
    attempted(context, &host, &port, words);
    Err(Reply::error("IOERR error or timeout connecting to the client"))
}

fn shutdown(words: Words<'_>) -> Outcome {
    for index in 1..words.len() {
        match words.lower(index).as_str() {
            "save" | "nosave" | "now" | "force" => {}
            "abort" if words.len() == 2 => return Err(Reply::error("ERR No shutdown in progress.")),
            _ => return Err(Reply::syntax()),
        }
    }
    Err(Reply::error("ERR Errors trying to SHUTDOWN. Check logs."))
}

fn module(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "list" => Ok(Reply::Array(Vec::new())),
        "load" | "loadex" => {
            context.out.record(
                Kind::ExploitAttempt,
                vec![(field::TECHNIQUE, b"redis module load".to_vec()), (field::PATH, words.at(2).to_vec())],
            );
            Err(Reply::error("ERR Error loading the extension. Please check the server logs."))
        }
        "unload" => Err(Reply::error("ERR Error unloading module: no such module with that name")),
        _ => context.unknown_subcommand(words),
    }
}
