//! Commands on the server and on connections.

use super::super::{
    Reply, config,
    context::Context,
    hub::Peer,
    info,
    pattern::glob,
    reply::Outcome,
    request::integer,
    state, table,
    words::{Words, text},
};

/// Runs `name` if it is a command on the server.
pub(in super::super) fn call(context: &mut Context<'_>, name: &str, words: Words<'_>) -> Option<Outcome> {
    let disabled = || Err(Reply::error("ERR This instance has cluster support disabled"));
    Some(match name {
        "ping" => ping(context, words),
        "echo" => Ok(Reply::bulk(words.at(1))),
        "quit" => Ok(Reply::ok()),
        "readonly" | "readwrite" | "asking" | "cluster" => disabled(),
        "info" => Ok(Reply::bulk(info::info(context, words.from(1)))),
        "config" => config::call(context, words),
        "client" => client(context, words),
        "command" => command(context, words),
        "time" => {
            let (seconds, rest) = (context.now / 1_000_000, context.now % 1_000_000);
            Ok(Reply::list([seconds.to_string(), rest.to_string()]))
        }
        "lolwut" => Ok(Reply::bulk(format!("Redis ver. {}\n", state::version(context.host)))),
        "debug" => debug(context, words),
        "memory" => memory(context, words),
        "latency" => latency(context, words),
        "slowlog" => slow(context, words),
        "function" => function(context, words),
        "fcall" | "fcall_ro" => Err(Reply::error("ERR Function not found")),
        _ => return None,
    })
}

/// `HELP` of a container, as `data/help.txt` has it.
pub(in super::super) fn help(container: &str) -> Reply {
    let all = include_str!("../data/help.txt");
    let section = all.split("== ").find(|section| section.lines().next() == Some(container));
    let lines = section.into_iter().flat_map(str::lines).skip(1).filter(|line| !line.is_empty());
    Reply::Array(lines.map(Reply::simple).collect())
}

fn ping(context: &Context<'_>, words: Words<'_>) -> Outcome {
    if words.len() > 2 {
        return Err(Reply::arity("ping"));
    }
    if context.client.subscribed > 0 && !context.client.third {
        return Ok(Reply::list([b"pong", words.at(1)]));
    }
    Ok(if words.len() == 2 { Reply::bulk(words.at(1)) } else { Reply::simple("PONG") })
}

/// A line of CLIENT LIST.
fn described(context: &Context<'_>, peer: &Peer) -> String {
    let seventh = context.seventh();
    let age = (context.now - peer.begun) / 1_000_000;
    let own = peer.id == context.client.id;
    let buffers = if own { (26, 20_448, 10) } else { (0, 0, 0) };
    let multi = peer.queued.map_or(-1, |count| i64::try_from(count).unwrap_or(-1));
    let (ssub, mem) = if seventh {
        (format!(" ssub={}", peer.shards.len()), " multi-mem=0 rbs=1024 rbp=0".to_owned())
    } else {
        (String::new(), String::new())
    };
    let resp = if seventh { format!(" resp={}", if peer.third { 3 } else { 2 }) } else { String::new() };
    format!(
        "id={} addr={} laddr={} fd={} name={} age={age} idle={} flags={} db={} sub={} psub={}{ssub} multi={multi} \
         qbuf={} qbuf-free={} argv-mem={}{mem} obl=0 oll=0 omem=0 tot-mem={} events=r cmd={} user=default \
         redir=-1{resp}\n",
        peer.id,
        peer.address,
        peer.local,
        8 + peer.id % 24,
        text(&peer.name),
        (context.now - peer.used) / 1_000_000,
        peer.flags(),
        peer.database,
        peer.channels.len(),
        peer.patterns.len(),
        buffers.0,
        buffers.1,
        buffers.2,
        if own { 22_298 } else { 1_928 },
        peer.command,
    )
}

fn kind_of(peer: &Peer) -> &'static str {
    if peer.channels.is_empty() && peer.patterns.is_empty() { "normal" } else { "pubsub" }
}

fn known_kind(kind: &str) -> Result<(), Reply> {
    if matches!(kind, "normal" | "master" | "replica" | "slave" | "pubsub") {
        return Ok(());
    }
    Err(Reply::error(format!("ERR Unknown client type '{kind}'")))
}

/// A client's name without what would break CLIENT LIST.
pub(in super::super) fn named(name: &[u8]) -> Result<Vec<u8>, Reply> {
    if name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        return Ok(name.to_vec());
    }
    Err(Reply::error("ERR Client names cannot contain spaces, newlines or special characters."))
}

fn client(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "setname" => {
            context.client.name = named(words.at(2))?;
            let name = context.client.name.clone();
            context.hub.update(context.client.id, |peer| peer.name = name);
            Ok(Reply::ok())
        }
        "getname" if context.client.name.is_empty() => Ok(Reply::Null),
        "getname" => Ok(Reply::bulk(&context.client.name)),
        "id" => Ok(Reply::Integer(i64::try_from(context.client.id).unwrap_or_default())),
        "info" => {
            let peers = context.hub.peers();
            let own = peers.iter().find(|peer| peer.id == context.client.id);
            Ok(Reply::bulk(own.map(|peer| described(context, peer)).unwrap_or_default()))
        }
        "list" => client_list(context, words),
        "kill" => client_kill(context, words),
        "unblock" => {
            let id = words.integer(2)?;
            let error = match words.lower(3).as_str() {
                "" | "timeout" => false,
                "error" => true,
                _ => return Err(Reply::error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
            };
            Ok(Reply::flag(context.hub.unblock(u64::try_from(id).unwrap_or(0), error)))
        }
        "pause" => {
            let refusal = || Reply::error("ERR timeout is not an integer or out of range");
            integer(words.at(2)).ok_or_else(refusal)?;
            Ok(Reply::ok())
        }
        "unpause" => Ok(Reply::ok()),
        "no-evict" if words.is(2, "on") || words.is(2, "off") => Ok(Reply::ok()),
        "reply" if ["on", "off", "skip"].iter().any(|mode| words.is(2, mode)) => Ok(Reply::ok()),
        "tracking" if words.is(2, "on") || words.is(2, "off") => Ok(Reply::ok()),
        "no-evict" | "reply" | "tracking" => Err(Reply::syntax()),
        "trackinginfo" => Ok(Reply::Map(vec![
            (Reply::bulk("flags"), Reply::set(["off"])),
            (Reply::bulk("redirect"), Reply::Integer(-1)),
            (Reply::bulk("prefixes"), Reply::Array(Vec::new())),
        ])),
        "caching" => Err(Reply::error(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
             enabled",
        )),
        "getredir" => Ok(Reply::Integer(-1)),
        _ => context.unknown_subcommand(words),
    }
}

fn client_list(context: &Context<'_>, words: Words<'_>) -> Outcome {
    let mut peers = context.hub.peers();
    match (words.lower(2).as_str(), words.len()) {
        ("", 2) => {}
        ("type", 4) => {
            known_kind(&words.lower(3))?;
            peers.retain(|peer| kind_of(peer) == words.lower(3));
        }
        ("id", 4..) => {
            let ids: Option<Vec<i64>> = words.from(3).iter().map(|word| integer(word)).collect();
            let ids = ids.ok_or_else(|| Reply::error("ERR Invalid client ID"))?;
            peers.retain(|peer| ids.contains(&i64::try_from(peer.id).unwrap_or(-1)));
        }
        _ => return Err(Reply::syntax()),
    }
    Ok(Reply::bulk(peers.iter().map(|peer| described(context, peer)).collect::<String>()))
}

fn client_kill(context: &Context<'_>, words: Words<'_>) -> Outcome {
    let own = context.client.id;
    if words.len() == 3 {
        let address = text(words.at(2));
        let killed = context.hub.kill(|peer| peer.address.to_string() == address);
        return if killed > 0 { Ok(Reply::ok()) } else { Err(Reply::error("ERR No such client")) };
    }
    if words.len() % 2 == 1 {
        return Err(Reply::syntax());
    }
    let (mut id, mut kind, mut address, mut spare) = (None, None, None, true);
    for index in (2..words.len()).step_by(2) {
        match words.lower(index).as_str() {
            "id" => {
                let number = integer(words.at(index + 1)).and_then(|number| u64::try_from(number).ok());
                let refusal = || Reply::error("ERR client-id should be greater than 0");
                id = Some(number.ok_or_else(refusal)?);
            }
            "type" => {
                known_kind(&words.lower(index + 1))?;
                kind = Some(words.lower(index + 1));
            }
            "addr" => address = Some(text(words.at(index + 1))),
            "laddr" | "user" => {}
            "skipme" => spare = words.is(index + 1, "yes"),
            _ => return Err(Reply::syntax()),
        }
    }
    Ok(Reply::count(context.hub.kill(|peer| {
        id.is_none_or(|id| peer.id == id)
            && kind.as_ref().is_none_or(|kind| kind_of(peer) == kind)
            && address.as_ref().is_none_or(|address| peer.address.to_string() == *address)
            && !(spare && peer.id == own)
    })))
}

fn command(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    let version = context.state.version;
    let find = |word: &[u8]| {
        let name = word.to_ascii_lowercase();
        let container = name.split(|byte| *byte == b'|').next().unwrap_or_default().to_vec();
        table::find(&container, version)
    };
    match words.lower(1).as_str() {
        "" => Ok(Reply::Array(table::known(version).map(|command| command.entry(version)).collect())),
        "count" => Ok(Reply::count(table::known(version).count())),
        "list" => command_list(context, words),
        "info" if words.len() == 2 => command(context, Words(words.0.get(..1).unwrap_or_default())),
        "info" => {
            let mut rows = Vec::new();
            for word in words.from(2) {
                let row = find(word).map_or(Reply::Null, |command| command.entry(version));
                context.spend(row.size())?;
                rows.push(row);
            }
            Ok(Reply::Array(rows))
        }
        "docs" => {
            let all: Vec<_> = if words.len() == 2 {
                table::known(version).collect()
            } else {
                words.from(2).iter().filter_map(|word| find(word)).collect()
            };
            let mut rows = Vec::new();
            for command in all {
                let (name, row) = (Reply::bulk(&command.name), command.docs());
                context.spend(name.size() + row.size())?;
                rows.push((name, row));
            }
            Ok(Reply::Map(rows))
        }
        "getkeys" | "getkeysandflags" => {
            let inner = words.from(2);
            let Some(command) = inner.first().and_then(|word| find(word)) else {
                return Err(Reply::error("ERR Invalid command specified"));
            };
            if !command.takes(inner.len()) {
                return Err(Reply::error("ERR Invalid number of arguments specified for command"));
            }
            let keys = command.keys_of(inner);
            if keys.is_empty() {
                return Err(Reply::error("ERR The command has no key arguments"));
            }
            if words.is(1, "getkeys") {
                return Ok(Reply::list(keys));
            }
            let flags = command.key_flags();
            context.spend(flags.size() * keys.len())?;
            let rows = keys.into_iter().map(|key| Reply::Array(vec![Reply::bulk(key), flags.clone()]));
            Ok(Reply::Array(rows.collect()))
        }
        _ => context.unknown_subcommand(words),
    }
}

fn command_list(context: &Context<'_>, words: Words<'_>) -> Outcome {
    let all = table::known(context.state.version);
    if words.len() == 2 {
        return Ok(Reply::list(all.map(|command| &command.name)));
    }
    if !words.is(2, "filterby") || words.len() != 5 {
        return Err(Reply::syntax());
    }
    let wanted = words.lower(4);
    let fits = |command: &&table::Command| match words.lower(3).as_str() {
        "pattern" => glob(words.at(4), command.name.as_bytes()),
        "aclcat" => command.categories.iter().any(|category| category.get(1..) == Some(wanted.as_str())),
        _ => false,
    };
    if !["pattern", "aclcat", "module"].contains(&words.lower(3).as_str()) {
        return Err(Reply::syntax());
    }
    Ok(Reply::list(all.filter(fits).map(|command| &command.name)))
}

fn debug(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "sleep" => Ok(Reply::ok()),
        "object" => {
            let value = context.value(words.at(2)).ok_or_else(Reply::no_key)?;
            Ok(Reply::simple(format!(
                "Value at:0x7f3c6c0a51e0 refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:0",
                value.encoding(false),
                value.size(),
                (context.now / 1_000_000) & 0x00ff_ffff
            )))
        }
        _ => context.unknown_subcommand(words),
    }
}

fn memory(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "usage" => {
            if words.len() > 3 && (!words.is(3, "samples") || words.len() != 5 || words.integer(4)? < 0) {
                return Err(Reply::syntax());
            }
            let key = words.at(2);
            Ok(context.value(key).map_or(Reply::Null, |value| {
                Reply::count((value.size() + key.len() + 48).next_multiple_of(8))
            }))
        }
        "doctor" => Ok(Reply::bulk(
            "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in \
             these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I \
             will be back to our programming as soon as I finished rebooting.\n",
        )),
        "purge" => Ok(Reply::ok()),
        "malloc-stats" => {
            Ok(Reply::bulk("___ Begin jemalloc statistics ___\n--- End jemalloc statistics ---\n"))
        }
        "stats" => {
            let bytes = context.keys.bytes();
            let count = context.keys.all().count();
            Ok(Reply::Map(vec![
                (Reply::bulk("peak.allocated"), Reply::count(bytes + 1_052_784)),
                (Reply::bulk("total.allocated"), Reply::count(bytes + 944_640)),
                (Reply::bulk("startup.allocated"), Reply::Integer(862_296)),
                (Reply::bulk("replication.backlog"), Reply::Integer(0)),
                (Reply::bulk("clients.slaves"), Reply::Integer(0)),
                (Reply::bulk("clients.normal"), Reply::Integer(22_400)),
                (Reply::bulk("aof.buffer"), Reply::Integer(0)),
                (Reply::bulk("keys.count"), Reply::count(count)),
                (Reply::bulk("keys.bytes-per-key"), Reply::count(bytes.checked_div(count).unwrap_or(0))),
                (Reply::bulk("dataset.bytes"), Reply::count(bytes + 41_000)),
            ]))
        }
        _ => context.unknown_subcommand(words),
    }
}

fn latency(context: &Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "latest" | "history" => Ok(Reply::Array(Vec::new())),
        "reset" => Ok(Reply::Integer(0)),
        "histogram" => Ok(Reply::Map(Vec::new())),
        "doctor" => Ok(Reply::bulk(
            "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \
             \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep \
             space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n",
        )),
        "graph" => {
            let event = text(words.at(2));
            Err(Reply::error(format!("ERR No samples available for event '{event}'")))
        }
        _ => context.unknown_subcommand(words),
    }
}

fn slow(context: &mut Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "get" => {
            let count = if words.len() > 2 { integer(words.at(2)) } else { Some(10) };
            match count.filter(|count| *count >= -1) {
                Some(count) => Ok(context.state.slow.get(usize::try_from(count).unwrap_or(usize::MAX))),
                None => Err(Reply::error("ERR count should be greater than or equal to -1")),
            }
        }
        "len" => Ok(Reply::count(context.state.slow.len())),
        "reset" => {
            context.state.slow.reset();
            Ok(Reply::ok())
        }
        _ => context.unknown_subcommand(words),
    }
}

fn function(context: &Context<'_>, words: Words<'_>) -> Outcome {
    match words.lower(1).as_str() {
        "list" => Ok(Reply::Array(Vec::new())),
        "stats" => {
            let counts = Reply::Map(vec![
                (Reply::bulk("libraries_count"), Reply::Integer(0)),
                (Reply::bulk("functions_count"), Reply::Integer(0)),
            ]);
            Ok(Reply::Map(vec![
                (Reply::bulk("running_script"), Reply::Null),
                (Reply::bulk("engines"), Reply::Map(vec![(Reply::bulk("LUA"), counts)])),
            ]))
        }
        "flush" => Ok(Reply::ok()),
        "load" => Err(Reply::error("ERR Missing library metadata")),
        "delete" => Err(Reply::error("ERR Library not found")),
        "kill" => Err(Reply::error("NOTBUSY No scripts in execution right now.")),
        "dump" => Ok(Reply::Null),
        "restore" => Err(Reply::error("ERR DUMP payload version or checksum are wrong")),
        _ => context.unknown_subcommand(words),
    }
}
