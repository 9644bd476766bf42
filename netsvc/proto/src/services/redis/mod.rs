//! Redis: RESP2 and RESP3, a real key space for each attacker of a node, and the chain that intruders run:
//! CONFIG SET dir and dbfilename, SAVE; REPLICAOF; MODULE LOAD; EVAL.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/> and the answers of redis-server
//! 7.0.15, which the tests hold ours against.

mod acl;
mod channels;
mod config;
mod connection;
mod context;
mod daemons;
mod disk;
mod grammar;
mod hub;
mod info;
mod keyspace;
mod lexer;
mod lua;
mod memory;
mod modes;
mod monitor;
mod on;
mod parameters;
mod pattern;
mod products;
mod rdb;
mod reply;
mod request;
mod script;
mod seeded;
mod slowlog;
mod state;
mod stream;
mod table;
mod talks;
mod value;
mod words;

use crate::{kept::Kept, room::Pool};
use connection::{Client, Connection};
use context::Context;
use hub::Hub;
use keyspace::Keyspace;
use netsvc_kit::{Beyond, Def, Full, Host, Link, Machine, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::Kind;
use parking_lot::Mutex;
use rand_core::RngCore;
use reply::Reply;
use state::ServerState;
use std::sync::Arc;
use words::Words;

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::AuthAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::ExploitAttempt,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "Scripts run in a small Lua: `cjson`, `cmsgpack` and `struct` are named and empty.",
    "There is no cluster, and replicas are not fed.",
    "Modules are taken and kept, and never loaded.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "redis",
    about: "Redis key-value store",
    ports: &[Port::tcp(6379)],
    settings: &[
        Setting {
            key: "password",
            kind: SettingKind::Secret,
            default: "",
            help: "password that AUTH asks for; empty: none is needed",
        },
        Setting {
            key: "persistence",
            kind: SettingKind::Bool,
            default: "yes",
            help: "whether CONFIG SET dir and SAVE work, as where protected configs are enabled",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(CLIENTS, Beyond::Say(b"-ERR max number of clients reached\r\n".to_vec())),
    serve: Serve::Machine(open),
};

/// `maxclients`.
const CLIENTS: usize = 10_000;

/// Most attackers whose keys a node keeps; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;

/// What all connections of one attacker to a node's server share.
#[derive(Debug)]
struct Server {
    data: Mutex<(Keyspace, ServerState, seeded::Life)>,
    hub: Hub,
}

/// The servers of a node, by attacker.
#[derive(Default)]
struct Servers(Kept<Arc<Server>, ATTACKERS>);

/// Bytes of the keys of all nodes.
#[derive(Default)]
struct Keys(Arc<Pool>);

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let fresh = || {
        let pool = host.node.stage.shared(Keys::default).0.clone();
        let mut keys = Keyspace::new(host.generator("keys").next_u64(), pool);
        let life = seeded::Life::begin(host, &mut keys);
        let data = Mutex::new((keys, ServerState::new(host), life));
        Arc::new(Server { data, hub: Hub::default() })
    };
    let server = host.node.shared(Servers::default).0.of(link.source(), fresh).lock().clone();
    let id = server.data.lock().1.connected();
    Box::new(Connection::new(host, link, server, id))
}

/// Runs a known command with a right number of words. What the commands of a transaction or a script answer waits
/// for the last of them, and so has one bound.
fn execute(context: &mut Context<'_>, words: Words<'_>) -> Reply {
    if !context.nested {
        context.client.room = memory::COPIED;
        return answer(context, words);
    }
    let reply = answer(context, words);
    let kept = context.spend(reply.size());
    kept.map_or_else(|refusal| refusal, |()| reply)
}

fn answer(context: &mut Context<'_>, words: Words<'_>) -> Reply {
    let name = words.lower(0);
    if words.is(1, "help")
        && words.len() == 2
        && table::find(name.as_bytes(), context.state.version)
            .is_some_and(|c| c.subcommands.contains_key("help"))
    {
        return on::admin::help(&name);
    }
    let groups = [
        on::texts::call,
        on::keys::call,
        on::lists::call,
        on::sets::call,
        on::hashes::call,
        on::sorted::call,
        on::unions::call,
        on::bits::call,
        on::sketch::call,
        on::geo::call,
        on::sorting::call,
        on::streams::call,
        on::groups::call,
        on::admin::call,
        on::security::call,
        disk::call,
        channels::call,
        script::call,
    ];
    for call in groups {
        if let Some(outcome) = call(context, &name, words) {
            return outcome.unwrap_or_else(|refusal| refusal);
        }
    }
    Reply::ok()
}

/// The command as typed: words joined by spaces, quoted where they would not read back.
fn line(words: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    for word in words {
        if !line.is_empty() {
            line.push(b' ');
        }
        let plain = !word.is_empty() && word.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"');
        if plain {
            line.extend_from_slice(word);
        } else {
            line.push(b'"');
            line.extend_from_slice(word);
            line.push(b'"');
        }
    }
    line
}
