//! The server's own state: configuration, counters, replication, users, scripts.

use super::{acl::User, slowlog::Slowlog, table};
use netsvc_kit::Host;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use std::collections::BTreeMap;

/// State of a server.
#[derive(Debug)]
pub(super) struct ServerState {
    /// First two numbers of the version.
    pub version: (u32, u32),
    /// Parameters as CONFIG GET shows them.
    pub config: BTreeMap<String, String>,
    /// 40 hex digits that identify this run.
    pub run_id: String,
    /// Replication id.
    pub replication_id: String,
    /// Master that REPLICAOF named.
    pub master: Option<(String, String)>,
    /// Counters since the start or CONFIG RESETSTAT.
    pub counters: Counters,
    /// Id of the next connection.
    pub next_id: u64,
    /// Time of the last save, s since the epoch.
    pub saved_at: i64,
    /// When the server started, µs since the epoch, by the node's clock.
    pub started_at: i64,
    /// Process id.
    pub pid: u32,
    /// Scripts by their SHA-1.
    pub scripts: BTreeMap<String, Vec<u8>>,
    /// Users that ACL SETUSER made or changed.
    pub users: BTreeMap<String, User>,
    /// What ACL LOG shows, newest first.
    pub failures: Vec<Failure>,
    /// Commands that took long.
    pub slow: Slowlog,
    /// For what nobody shall be able to tell before.
    pub generator: ChaCha20Rng,
}

/// A command or a password that was refused.
#[derive(Debug)]
pub(super) struct Failure {
    /// `auth`, `command`, `key` or `channel`.
    pub reason: &'static str,
    /// What was refused.
    pub object: String,
    /// To whom.
    pub user: String,
    /// The connection.
    pub client: String,
    /// When, µs since the epoch, by the node's clock.
    pub at: i64,
    /// How often in a row.
    pub count: i64,
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connections: u64,
    pub commands: u64,
    pub saves: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Commands by name: calls, refusals before the call, failures of the call.
    pub by_command: BTreeMap<String, (u64, u64, u64)>,
    /// Errors by their code.
    pub by_error: BTreeMap<String, u64>,
}

/// Version that the persona shows.
pub(super) fn version(host: &Host) -> String {
    host.product().map_or_else(|| "7.0.15".to_owned(), |product| product.version.clone())
}

impl ServerState {
    /// The state of a server that started some seconds after its host.
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
        let version = table::version(&version(host));
        ServerState {
            version,
            config: super::parameters::defaults(host, version),
            run_id,
            replication_id,
            master: None,
            counters: Counters::default(),
            next_id: 3,
            saved_at: started_at / 1_000_000,
            started_at,
            pid,
            scripts: BTreeMap::new(),
            users: BTreeMap::new(),
            failures: Vec::new(),
            slow: Slowlog::default(),
            generator: host.generator(&format!("draws {}", host.clock())),
        }
    }

    /// Keeps a refusal for ACL LOG; one that comes again is counted.
    pub(super) fn refused(
        &mut self,
        reason: &'static str,
        object: String,
        user: &str,
        client: String,
        at: i64,
    ) {
        const MOST: usize = 128;
        let same = |known: &Failure| known.reason == reason && known.object == object && known.user == user;
        if let Some(place) = self.failures.iter().position(same) {
            let mut known = self.failures.remove(place);
            known.count += 1;
            known.at = at;
            return self.failures.insert(0, known);
        }
        self.failures.insert(0, Failure { reason, object, user: user.to_owned(), client, at, count: 1 });
        self.failures.truncate(MOST);
    }

    /// The user called `name`.
    pub(super) fn user(&self, name: &str, host: &Host) -> Option<User> {
        let made = self.users.get(name).cloned();
        made.or_else(|| (name == "default").then(|| User::default(host.setting("password"))))
    }

    /// A number of the configuration.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.config.get(name)?.parse().ok()
    }

    /// Counts a connection and gives it its id.
    pub(super) fn connected(&mut self) -> u64 {
        self.counters.connections += 1;
        self.next_id += 1;
        self.next_id
    }

    /// Counts an error reply.
    pub(super) fn failed(&mut self, text: &str) {
        const KINDS: usize = 128;
        let code = text.split(' ').next().unwrap_or("ERR").to_owned();
        if self.counters.by_error.len() < KINDS {
            *self.counters.by_error.entry(code).or_insert(0) += 1;
        }
    }
}
