//! Redis: RESP2 and RESP3, a real key space per node, and the chain that intruders run: CONFIG SET dir and
//! dbfilename, SAVE; REPLICAOF; MODULE LOAD; EVAL.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/> and the error texts of
//! redis-server 5.0 to 7.0.

mod commands;
mod data;
mod info;
mod keyspace;
mod rdb;
mod reply;
mod request;
mod server;
mod tables;

use commands::Context;
use keyspace::Keyspace;
use netsvc_kit::{
    Beyond, Charge, Credential, Def, Full, Host, Input, Link, Machine, Out, Port, Serve, Setting, SettingKind,
};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use reply::Reply;
use request::{Reader, Request};
use server::ServerState;
use std::sync::Arc;

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
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(CLIENTS, Beyond::Say(b"-ERR max number of clients reached\r\n".to_vec())),
    serve: Serve::Machine(open),
};

/// `maxclients`.
const CLIENTS: usize = 10_000;

/// What all connections to one node's server share.
#[derive(Debug)]
struct Server {
    keys: Mutex<Keyspace>,
    state: Mutex<ServerState>,
}

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let server = host.node.shared(|| Server {
        keys: Mutex::new(Keyspace::default()),
        state: Mutex::new(ServerState::new(host)),
    });
    let id = server.state.lock().connected();
    Box::new(Connection {
        host: host.clone(),
        link: *link,
        server,
        reader: Reader::default(),
        held: Charge::default(),
        client: Client { id, authenticated: host.setting("password").is_none(), ..Client::default() },
    })
}

struct Connection {
    host: Arc<Host>,
    link: Link,
    server: Arc<Server>,
    reader: Reader,
    /// What the reader holds.
    held: Charge,
    client: Client,
}

/// What the server remembers of a connection.
#[derive(Debug, Default)]
struct Client {
    id: u64,
    name: Vec<u8>,
    authenticated: bool,
    /// RESP3 was asked for.
    third: bool,
    database: usize,
    /// Commands between MULTI and EXEC; `None` outside.
    queue: Option<Vec<Vec<Vec<u8>>>>,
    /// A command between MULTI and EXEC was refused.
    spoiled: bool,
    /// Every command is shown, as MONITOR asks for: the connection takes no more commands.
    subscribed: usize,
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Bytes(bytes) => {
                self.reader.push(bytes);
                self.requests(out);
                self.held.set(self.reader.waiting());
            }
            Input::Eof => out.close(),
        }
    }
}

impl Connection {
    fn requests(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() {
            match self.reader.next() {
                Ok(Some(Request(arguments))) if arguments.is_empty() => {}
                Ok(Some(Request(arguments))) => self.request(arguments, out),
                Ok(None) => return,
                Err(reason) => {
                    out.record(Kind::Malformed, vec![(field::REASON, reason.as_bytes().to_vec())]);
                    out.send(format!("-ERR Protocol error: {reason}\r\n"));
                    out.close();
                }
            }
        }
    }

    fn request(&mut self, arguments: Vec<Vec<u8>>, out: &mut Out) {
        let name = arguments.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        // A cross-protocol request: the real server logs a security warning and hangs up.
        if name == b"post" || name == b"host:" {
            out.record(Kind::Command, vec![(field::COMMAND, line(&arguments))]);
            out.close();
            return;
        }
        let reply = if matches!(name.as_slice(), b"auth" | b"hello") {
            self.authenticate(&name, &arguments, out)
        } else {
            out.record(Kind::Command, vec![(field::COMMAND, line(&arguments))]);
            self.run(&name, arguments, out)
        };
        out.send(reply.encode(self.client.third));
        if name == b"quit" {
            out.close();
        }
    }

    fn run(&mut self, name: &[u8], arguments: Vec<Vec<u8>>, out: &mut Out) -> Reply {
        if !self.client.authenticated && !matches!(name, b"quit" | b"reset") {
            return Reply::error("NOAUTH Authentication required.");
        }
        let known = commands::find(name);
        if self.client.queue.is_some()
            && !matches!(name, b"exec" | b"discard" | b"multi" | b"watch" | b"quit" | b"reset")
        {
            return match commands::refuse(known, name, &arguments) {
                Some(refusal) => {
                    self.client.spoiled = true;
                    refusal
                }
                None => self.queue(arguments),
            };
        }
        if let Some(refusal) = commands::refuse(known, name, &arguments) {
            out.record(
                Kind::UnknownCommand,
                vec![(field::NAME, name.to_vec()), (field::COMMAND, line(&arguments))],
            );
            return refusal;
        }
        match name {
            b"multi" if self.client.queue.is_some() => Reply::error("ERR MULTI calls can not be nested"),
            b"multi" => {
                self.client.queue = Some(Vec::new());
                Reply::ok()
            }
            b"discard" | b"exec" => self.transaction(name, out),
            _ => self.call(&arguments, out),
        }
    }

    fn call(&mut self, arguments: &[Vec<u8>], out: &mut Out) -> Reply {
        let mut keys = self.server.keys.lock();
        let mut state = self.server.state.lock();
        let now = self.host.clock();
        let mut context = Context {
            host: &self.host,
            link: &self.link,
            keys: &mut keys,
            state: &mut state,
            client: &mut self.client,
            now,
            out,
        };
        commands::call(&mut context, arguments)
    }

    /// Commands that may wait between MULTI and EXEC.
    fn queue(&mut self, arguments: Vec<Vec<u8>>) -> Reply {
        const MOST: usize = 10_000;
        let Some(queue) = &mut self.client.queue else { return Reply::ok() };
        if MOST <= queue.len() {
            return Reply::error("OOM command not allowed when used memory > 'maxmemory'.");
        }
        queue.push(arguments);
        Reply::Simple("QUEUED")
    }

    fn transaction(&mut self, name: &[u8], out: &mut Out) -> Reply {
        let upper = if name == b"exec" { "EXEC" } else { "DISCARD" };
        let Some(queue) = self.client.queue.take() else {
            return Reply::error(format!("ERR {upper} without MULTI"));
        };
        let spoiled = std::mem::take(&mut self.client.spoiled);
        if name == b"discard" {
            return Reply::ok();
        }
        if spoiled {
            return Reply::error("EXECABORT Transaction discarded because of previous errors.");
        }
        Reply::Array(queue.iter().map(|arguments| self.call(arguments, out)).collect())
    }

    /// AUTH and HELLO: the only commands with a secret in them.
    fn authenticate(&mut self, name: &[u8], arguments: &[Vec<u8>], out: &mut Out) -> Reply {
        if name == b"hello" {
            return self.hello(arguments, out);
        }
        let (user, secret) = match arguments {
            [_, secret] => (&b"default"[..], secret),
            [_, user, secret] => (user.as_slice(), secret),
            [_] => return Reply::error("ERR wrong number of arguments for 'auth' command"),
            _ => return Reply::error("ERR syntax error"),
        };
        self.offer(user, secret, arguments.len() == 2, out)
    }

    fn offer(&mut self, user: &[u8], secret: &[u8], alone: bool, out: &mut Out) -> Reply {
        let wanted = self.host.setting("password").map(str::as_bytes);
        let accepted = match wanted {
            Some(wanted) => user == b"default" && secret == wanted,
            None => user == b"default" && !alone,
        };
        let method = if alone { "AUTH" } else { "AUTH user" };
        out.credential(Credential::plaintext(user, secret, method, accepted));
        if accepted {
            self.client.authenticated = true;
            return Reply::ok();
        }
        let old = server::major(&self.host) < 6;
        match (wanted, alone, old) {
            (None, true, false) => Reply::error(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ),
            (None, _, true) => Reply::error("ERR Client sent AUTH, but no password is set"),
            (Some(_), _, true) => Reply::error("ERR invalid password"),
            _ => Reply::error("WRONGPASS invalid username-password pair or user is disabled."),
        }
    }

    fn hello(&mut self, arguments: &[Vec<u8>], out: &mut Out) -> Reply {
        if server::major(&self.host) < 6 {
            return commands::unknown(b"HELLO", arguments, &self.host);
        }
        let mut third = self.client.third;
        let mut rest = arguments.get(1..).unwrap_or_default().iter();
        if let Some(version) = rest.next() {
            third = match version.as_slice() {
                b"2" => false,
                b"3" => true,
                _ => return Reply::error("NOPROTO unsupported protocol version"),
            };
        }
        while let Some(option) = rest.next() {
            match option.to_ascii_lowercase().as_slice() {
                b"auth" => {
                    let (Some(user), Some(secret)) = (rest.next(), rest.next()) else {
                        return Reply::error("ERR Syntax error in HELLO option 'AUTH'");
                    };
                    let answer = self.offer(user, secret, false, out);
                    if answer != Reply::ok() {
                        return answer;
                    }
                }
                b"setname" => self.client.name = rest.next().cloned().unwrap_or_default(),
                other => {
                    let shown = String::from_utf8_lossy(other).into_owned();
                    return Reply::error(format!("ERR Syntax error in HELLO option '{shown}'"));
                }
            }
        }
        if !self.client.authenticated {
            return Reply::error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> \
                 AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol \
                 version at the same time",
            );
        }
        self.client.third = third;
        server::hello(&self.host, self.client.id, third)
    }
}

/// The command as typed: arguments joined by spaces, quoted where they would not read back.
fn line(arguments: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    for argument in arguments {
        if !line.is_empty() {
            line.push(b' ');
        }
        let plain =
            !argument.is_empty() && argument.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"');
        if plain {
            line.extend_from_slice(argument);
        } else {
            line.push(b'"');
            line.extend_from_slice(argument);
            line.push(b'"');
        }
    }
    line
}
