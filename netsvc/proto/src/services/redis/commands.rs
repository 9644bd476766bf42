//! The command table and the commands on keys of any type.

use super::{
    Client, Reply, data, info,
    keyspace::{DATABASES, Full, Keyspace, Value, glob},
    server,
    server::{ServerState, text},
    tables,
};
use netsvc_kit::{Host, Link, Out};
use netsvc_wire::{Kind, field};

/// What a command works on.
pub(super) struct Context<'a> {
    pub host: &'a Host,
    pub link: &'a Link,
    pub keys: &'a mut Keyspace,
    pub state: &'a mut ServerState,
    pub client: &'a mut Client,
    /// The node's clock, µs.
    pub now: i64,
    pub out: &'a mut Out,
}

/// Name and arity of a command: exact when positive, at least when negative, the name included.
pub(super) type Command = (&'static str, i32);

/// The command called `name`, lower case.
pub(super) fn find(name: &[u8]) -> Option<Command> {
    tables::COMMANDS.iter().copied().find(|(known, _)| known.as_bytes() == name)
}

/// The refusal of an unknown command or a wrong number of arguments.
pub(super) fn refuse(command: Option<Command>, name: &[u8], arguments: &[Vec<u8>]) -> Option<Reply> {
    let Some((name, arity)) = command else {
        let given = arguments.first().map(Vec::as_slice).unwrap_or(name);
        let rest: String =
            arguments.iter().skip(1).take(20).map(|argument| format!("'{}' ", text(argument))).collect();
        let rest = rest.get(..rest.len().min(128)).unwrap_or_default();
        return Some(Reply::error(format!(
            "ERR unknown command '{}', with args beginning with: {rest}",
            text(given)
        )));
    };
    let count = i32::try_from(arguments.len()).unwrap_or(i32::MAX);
    let fits = if arity >= 0 { count == arity } else { -arity <= count };
    (!fits).then(|| Reply::error(format!("ERR wrong number of arguments for '{name}' command")))
}

/// The refusal of a command that a version lacks.
pub(super) fn unknown(name: &[u8], arguments: &[Vec<u8>], _host: &Host) -> Reply {
    refuse(None, name, arguments).unwrap_or_else(Reply::ok)
}

/// Runs a known command with a right number of arguments.
pub(super) fn call(context: &mut Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    context.state.commands += 1;
    let name = arguments.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let name = String::from_utf8(name).unwrap_or_default();
    let rest = arguments.get(1..).unwrap_or_default();
    if let Some(reply) = data::call(context, &name, rest) {
        return reply;
    }
    match name.as_str() {
        "ping" => rest.first().map_or(Reply::Simple("PONG"), Reply::bulk),
        "echo" => Reply::maybe(rest.first().cloned()),
        "quit" | "readonly" | "readwrite" | "asking" => Reply::ok(),
        "reset" => {
            *context.client = Client {
                id: context.client.id,
                authenticated: context.host.setting("password").is_none(),
                ..Client::default()
            };
            Reply::Simple("RESET")
        }
        "select" => select(context, rest),
        "swapdb" | "flushdb" | "flushall" => flush(context, &name),
        "dbsize" => count(context.keys.keys(context.client.database, context.now).len()),
        "del" | "unlink" => count(rest.iter().filter(|key| remove(context, key)).count()),
        "exists" | "touch" => count(rest.iter().filter(|key| exists(context, key)).count()),
        "type" => type_of(context, rest),
        "keys" => keys(context, rest),
        "scan" => scan(context, rest),
        "randomkey" => {
            let all = context.keys.keys(context.client.database, context.now);
            let index = usize::try_from(context.now.unsigned_abs()).unwrap_or(0).checked_rem(all.len());
            Reply::maybe(index.and_then(|index| all.get(index).cloned()))
        }
        "rename" | "renamenx" => rename(context, &name, rest),
        "expire" | "pexpire" | "expireat" | "pexpireat" => expire(context, &name, rest),
        "ttl" | "pttl" => time_left(context, &name, rest),
        "persist" => {
            let key = rest.first().map(Vec::as_slice).unwrap_or_default();
            let had = matches!(context.keys.expiry(context.client.database, key, context.now), Some(Some(_)));
            Reply::Integer(i64::from(had && context.keys.set_expiry(context.client.database, key, None)))
        }
        _ => administrative(context, &name, arguments),
    }
}

fn administrative(context: &mut Context<'_>, name: &str, arguments: &[Vec<u8>]) -> Reply {
    let rest = arguments.get(1..).unwrap_or_default();
    match name {
        "info" => Reply::bulk(info::info(context, rest)),
        "config" => server::config(context, arguments),
        "save" => server::save(context, false),
        "bgsave" => server::save(context, true),
        "bgrewriteaof" => Reply::Simple("Background append only file rewriting started"),
        "lastsave" => Reply::Integer(context.state.saved_at),
        "replicaof" | "slaveof" => server::replica_of(context, arguments),
        "module" => server::module(context, arguments),
        "client" => server::client(context, arguments),
        "command" => command(context, rest),
        "time" => Reply::list([(context.now / 1_000_000).to_string(), (context.now % 1_000_000).to_string()]),
        "role" => Reply::Array(vec![Reply::bulk("master"), Reply::Integer(0), Reply::Array(Vec::new())]),
        "eval" | "eval_ro" | "evalsha" | "fcall" => eval(context, name, arguments),
        "script" => script(rest),
        "acl" => acl(context, arguments),
        "slowlog" | "latency" => match rest.first().map(|verb| verb.to_ascii_lowercase()).as_deref() {
            Some(b"len" | b"reset") => Reply::Integer(0),
            _ => Reply::Array(Vec::new()),
        },
        "object" | "memory" | "debug" => inspect(context, name, arguments),
        "subscribe" | "psubscribe" => subscribe(context, name, rest),
        "unsubscribe" | "punsubscribe" => {
            context.client.subscribed = 0;
            Reply::Array(vec![Reply::bulk(name), Reply::Null, Reply::Integer(0)])
        }
        "publish" | "wait" | "spublish" => Reply::Integer(0),
        "pubsub" => Reply::Array(Vec::new()),
        "watch" | "unwatch" | "monitor" | "replconf" => Reply::ok(),
        "psync" | "sync" => Reply::error("ERR Can't SYNC while not connected with my master"),
        "shutdown" => Reply::error("ERR Errors trying to SHUTDOWN. Check logs."),
        "cluster" => Reply::error("ERR This instance has cluster support disabled"),
        _ => Reply::ok(),
    }
}

fn count(number: usize) -> Reply {
    Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn select(context: &mut Context<'_>, rest: &[Vec<u8>]) -> Reply {
    let Some(number) = rest.first().and_then(|word| data::integer(word)) else {
        return Reply::error("ERR value is not an integer or out of range");
    };
    match usize::try_from(number).ok().filter(|number| *number < DATABASES) {
        Some(number) => {
            context.client.database = number;
            Reply::ok()
        }
        None => Reply::error("ERR DB index is out of range"),
    }
}

fn flush(context: &mut Context<'_>, name: &str) -> Reply {
    match name {
        "flushdb" => context.keys.clear(Some(context.client.database)),
        "flushall" => context.keys.clear(None),
        _ => {}
    }
    Reply::ok()
}

fn remove(context: &mut Context<'_>, key: &[u8]) -> bool {
    context.keys.get(context.client.database, key, context.now);
    context.keys.remove(context.client.database, key).is_some()
}

fn exists(context: &mut Context<'_>, key: &[u8]) -> bool {
    context.keys.get(context.client.database, key, context.now).is_some()
}

fn type_of(context: &mut Context<'_>, rest: &[Vec<u8>]) -> Reply {
    let key = rest.first().map(Vec::as_slice).unwrap_or_default();
    let value = context.keys.get(context.client.database, key, context.now);
    Reply::Simple(value.map_or("none", Value::kind))
}

fn keys(context: &mut Context<'_>, rest: &[Vec<u8>]) -> Reply {
    let pattern = rest.first().map(Vec::as_slice).unwrap_or_default();
    let all = context.keys.keys(context.client.database, context.now);
    Reply::list(all.into_iter().filter(|key| glob(pattern, key)))
}

/// SCAN in one page: cursor 0 returns everything that matches.
fn scan(context: &mut Context<'_>, rest: &[Vec<u8>]) -> Reply {
    if rest.first().and_then(|word| data::integer(word)).is_none() {
        return Reply::error("ERR invalid cursor");
    }
    let mut pattern = b"*".to_vec();
    let mut options = rest.iter().skip(1);
    while let Some(option) = options.next() {
        let value = options.next();
        if option.eq_ignore_ascii_case(b"match") {
            pattern = value.cloned().unwrap_or_default();
        }
    }
    let all = context.keys.keys(context.client.database, context.now);
    Reply::Array(vec![Reply::bulk("0"), Reply::list(all.into_iter().filter(|key| glob(&pattern, key)))])
}

fn rename(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Reply {
    let [from, to] = rest else { return Reply::error("ERR syntax error") };
    let database = context.client.database;
    if !exists(context, from) {
        return Reply::error("ERR no such key");
    }
    if name == "renamenx" && exists(context, to) {
        return Reply::Integer(0);
    }
    let expires = context.keys.expiry(database, from, context.now).flatten();
    if let Some(value) = context.keys.remove(database, from) {
        // The value was there a moment ago, so it fits again.
        let _: Result<(), Full> = context.keys.set(database, to, value, Some(expires));
    }
    if name == "renamenx" { Reply::Integer(1) } else { Reply::ok() }
}

fn expire(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Reply {
    let (Some(key), Some(amount)) = (rest.first(), rest.get(1).and_then(|word| data::integer(word))) else {
        return Reply::error("ERR value is not an integer or out of range");
    };
    let unit = if name.starts_with('p') { 1000 } else { 1_000_000 };
    let base = if name.ends_with("at") { 0 } else { context.now };
    let at = amount.saturating_mul(unit).saturating_add(base);
    if !exists(context, key) {
        return Reply::Integer(0);
    }
    Reply::Integer(i64::from(context.keys.set_expiry(context.client.database, key, Some(at))))
}

fn time_left(context: &mut Context<'_>, name: &str, rest: &[Vec<u8>]) -> Reply {
    let key = rest.first().map(Vec::as_slice).unwrap_or_default();
    let unit = if name == "pttl" { 1000 } else { 1_000_000 };
    match context.keys.expiry(context.client.database, key, context.now) {
        None => Reply::Integer(-2),
        Some(None) => Reply::Integer(-1),
        Some(Some(at)) => Reply::Integer((at - context.now + unit - 1) / unit),
    }
}

fn command(context: &Context<'_>, rest: &[Vec<u8>]) -> Reply {
    match rest.first().map(|verb| verb.to_ascii_lowercase()).as_deref() {
        Some(b"count") => Reply::Integer(if server::major(context.host) >= 7 { 240 } else { 204 }),
        Some(b"docs") => Reply::Map(Vec::new()),
        Some(b"list") => Reply::list(tables::COMMANDS.iter().map(|(name, _)| name)),
        _ => Reply::Array(
            tables::COMMANDS
                .iter()
                .map(|(name, arity)| Reply::Array(vec![Reply::bulk(name), Reply::Integer(i64::from(*arity))]))
                .collect(),
        ),
    }
}

/// Scripts are recorded, never run.
fn eval(context: &mut Context<'_>, name: &str, arguments: &[Vec<u8>]) -> Reply {
    if name == "evalsha" {
        return Reply::error("NOSCRIPT No matching script. Please use EVAL.");
    }
    let script = arguments.get(1).cloned().unwrap_or_default();
    let hostile = [&b"package.loadlib"[..], b"io.popen", b"os.execute", b"luaopen"];
    if hostile.iter().any(|needle| script.windows(needle.len()).any(|window| window == *needle)) {
        context.out.record(
            Kind::ExploitAttempt,
            vec![
                (field::TECHNIQUE, b"redis lua sandbox escape (CVE-2022-0543)".to_vec()),
                (field::DATA, script),
            ],
        );
        return Reply::error(
            "ERR Error running script: user_script:1: Script attempted to access nonexistent global variable 'package'",
        );
    }
    Reply::Null
}

fn script(rest: &[Vec<u8>]) -> Reply {
    match rest.first().map(|verb| verb.to_ascii_lowercase()).as_deref() {
        Some(b"load") => {
            use sha1::{Digest, Sha1};
            Reply::bulk(hex::encode(Sha1::digest(rest.get(1).map(Vec::as_slice).unwrap_or_default())))
        }
        Some(b"exists") => Reply::Array(rest.iter().skip(1).map(|_| Reply::Integer(0)).collect()),
        _ => Reply::ok(),
    }
}

fn acl(context: &Context<'_>, arguments: &[Vec<u8>]) -> Reply {
    match arguments.get(1).map(|verb| verb.to_ascii_lowercase()).as_deref() {
        Some(b"whoami") => Reply::bulk("default"),
        Some(b"users") => Reply::list(["default"]),
        Some(b"list") => Reply::list(["user default on nopass ~* &* +@all"]),
        Some(b"cat") => {
            Reply::list(["keyspace", "read", "write", "set", "sortedset", "list", "hash", "string"])
        }
        _ => server::unknown_subcommand(context.host, "ACL", arguments),
    }
}

fn inspect(context: &mut Context<'_>, name: &str, arguments: &[Vec<u8>]) -> Reply {
    let verb = arguments.get(1).map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    let key = arguments.get(2).cloned().unwrap_or_default();
    let database = context.client.database;
    match (name, verb.as_slice()) {
        ("debug", b"sleep") => Reply::ok(),
        ("debug", _) => Reply::error(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
        ),
        ("memory", b"usage") => match context.keys.get(database, &key, context.now) {
            Some(value) => count(value.size() + key.len() + 48),
            None => Reply::Null,
        },
        ("object", b"encoding") => match context.keys.get(database, &key, context.now) {
            None => Reply::error("ERR no such key"),
            Some(value) => Reply::bulk(data::encoding(value)),
        },
        ("object", b"refcount") => Reply::Integer(1),
        ("object", b"idletime" | b"freq") => Reply::Integer(0),
        _ => server::unknown_subcommand(context.host, &name.to_uppercase(), arguments),
    }
}

fn subscribe(context: &mut Context<'_>, name: &str, channels: &[Vec<u8>]) -> Reply {
    let mut reply = Reply::ok();
    for (index, channel) in channels.iter().enumerate() {
        context.client.subscribed += 1;
        let confirmation =
            Reply::Array(vec![Reply::bulk(name), Reply::bulk(channel), count(context.client.subscribed)]);
        if index + 1 < channels.len() {
            context.out.send(confirmation.encode(context.client.third));
        } else {
            reply = confirmation;
        }
    }
    reply
}
