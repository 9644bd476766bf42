//! A login: what is told when it begins, how its statements are run, its transaction.

use super::{
    Connection, State, faults,
    message::message,
    refusal::{Refusal, Severity},
    server::{Deed, Server},
    techniques,
    worlds::{Cluster, Worlds},
};
use netsvc_kit::{Charge, Out};
use netsvc_sql::{Answer, Dialect, Rows, Value, World};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Longest pause that a statement makes, s.
const SLEEP: f64 = 60.0;
/// Most parameters that a session sets.
const SET: usize = 64;

/// The transaction of a session.
#[derive(Default)]
pub(super) enum Transaction {
    #[default]
    None,
    /// It runs.
    Running(Before),
    /// A statement of it failed.
    Failed(Before),
}

/// The database as it was when a transaction began, with the memory that it takes.
pub(super) struct Before {
    world: Box<World>,
    _charge: Charge,
}

/// What a session keeps.
pub(super) struct Session {
    pub engine: netsvc_sql::Session,
    pub transaction: Transaction,
    pub cluster: Arc<Mutex<Cluster>>,
    pub database: String,
    pub user: String,
    /// Parameters that were set.
    pub set: BTreeMap<String, String>,
}

/// What a statement led to.
#[derive(Debug)]
pub(super) enum Done {
    /// Rows, and the word in front of their count.
    Rows(Rows, &'static str),
    /// A tag.
    Tag(String),
    /// Notices and a tag.
    Told(Vec<Refusal>, String),
}

impl Session {
    fn new(cluster: Arc<Mutex<Cluster>>, database: String, user: String) -> Self {
        let mut engine = netsvc_sql::Session::default();
        engine.dialect = Dialect::Postgres;
        "public".clone_into(&mut engine.database);
        Session { engine, transaction: Transaction::None, cluster, database, user, set: BTreeMap::new() }
    }

    /// How a client is told of the transaction.
    pub(super) fn status(&self) -> u8 {
        match self.transaction {
            Transaction::None => b'I',
            Transaction::Running(..) => b'T',
            Transaction::Failed(..) => b'E',
        }
    }

    /// A statement failed: so does the transaction.
    pub(super) fn fail(&mut self) {
        self.transaction = match std::mem::take(&mut self.transaction) {
            Transaction::Running(before) => Transaction::Failed(before),
            other => other,
        };
    }

    /// Sets a parameter.
    pub(super) fn set(&mut self, name: &str, value: String) {
        if self.set.len() < SET || self.set.contains_key(name) {
            self.set.insert(name.to_owned(), value);
        }
    }
}

impl Connection {
    /// The server's own parameters, its process, and that it waits for statements.
    pub(super) fn enter(&mut self, user: &str, out: &mut Out) {
        let database = String::from_utf8_lossy(&self.start.database).into_owned();
        let worlds = self.host.node.shared(Worlds::default);
        let cluster = worlds.of(self.link.source(), &self.host);
        let known = cluster.lock().databases.contains_key(&database);
        if !known {
            let text = format!("database \"{database}\" does not exist");
            return self.refuse(&Refusal::fatal("no_database", "3D000", text), out);
        }
        if database == "template0" {
            let text = "database \"template0\" is not currently accepting connections";
            return self.refuse(&Refusal::fatal("not_accepting", "55000", text), out);
        }
        let superuser = cluster.lock().roles.get(user).is_none_or(|role| role.superuser);
        self.session = Some(Session::new(cluster, database, user.to_owned()));
        self.tell_parameters(user, superuser, out);
        let (process, key) = self.process;
        out.send(message(b'K', &[process.to_be_bytes(), key.to_be_bytes()].concat()));
        out.send(message(b'Z', b"I"));
        self.state = State::Ready;
    }

    /// Parameters that the server reports, in the order of the release.
    fn tell_parameters(&self, user: &str, superuser: bool, out: &mut Out) {
        const OLD: &[&str] = &[
            "application_name",
            "client_encoding",
            "DateStyle",
            "default_transaction_read_only",
            "in_hot_standby",
            "integer_datetimes",
            "IntervalStyle",
            "is_superuser",
            "server_encoding",
            "server_version",
            "session_authorization",
            "standard_conforming_strings",
            "TimeZone",
        ];
        // Since release 16 they stand in the order of a hash table.
        const NEW: &[&str] = &[
            "in_hot_standby",
            "integer_datetimes",
            "TimeZone",
            "IntervalStyle",
            "is_superuser",
            "application_name",
            "default_transaction_read_only",
            "scram_iterations",
            "DateStyle",
            "standard_conforming_strings",
            "session_authorization",
            "client_encoding",
            "server_version",
            "server_encoding",
        ];
        let application = String::from_utf8_lossy(&self.start.application).into_owned();
        let zone = self.host.persona().zone.name.clone();
        for name in if self.flavour.major < 16 { OLD } else { NEW } {
            let value = match *name {
                "application_name" => application.as_str(),
                "client_encoding" | "server_encoding" => "UTF8",
                "DateStyle" => "ISO, MDY",
                "default_transaction_read_only" | "in_hot_standby" if self.flavour.major < 14 => continue,
                "default_transaction_read_only" | "in_hot_standby" => "off",
                "IntervalStyle" => "postgres",
                "is_superuser" => {
                    if superuser {
                        "on"
                    } else {
                        "off"
                    }
                }
                "server_version" => &self.flavour.shown,
                "session_authorization" => user,
                "scram_iterations" => "4096",
                "TimeZone" => &zone,
                _ => "on",
            };
            out.send(message(b'S', format!("{name}\0{value}\0").as_bytes()));
        }
    }

    /// A statement is recorded, with what it attempts.
    pub(super) fn record(&self, text: &str, out: &mut Out) {
        let database = self.session.as_ref().map(|session| session.database.clone()).unwrap_or_default();
        let fields = vec![(field::QUERY, text.as_bytes().to_vec()), (field::DATABASE, database.into_bytes())];
        out.record(Kind::Query, fields);
        for (technique, data) in techniques::techniques(text.as_bytes()) {
            out.record(Kind::ExploitAttempt, vec![(field::TECHNIQUE, technique.into()), (field::DATA, data)]);
        }
    }

    /// Runs a statement of the engine.
    pub(super) fn engine(&mut self, text: &str, values: &[Value], out: &mut Out) -> Result<Answer, Refusal> {
        let Some(session) = &mut self.session else {
            return Err(Refusal::error("internal", "XX000", "no session"));
        };
        let mut cluster = session.cluster.lock();
        let names: Vec<String> = cluster.databases.keys().cloned().collect();
        let Cluster { databases, roles } = &mut *cluster;
        let Some(world) = databases.get_mut(&session.database) else {
            let told = "terminating connection due to administrator command";
            return Err(Refusal::fatal("terminated", "57P01", told));
        };
        let application = String::from_utf8_lossy(&self.start.application).into_owned();
        let mut deeds = Vec::new();
        let mut server = Server {
            host: &self.host,
            link: &self.link,
            flavour: &self.flavour,
            user: &session.user,
            database: &session.database,
            databases: &names,
            roles,
            process: self.process.0,
            application: &application,
            set: &session.set,
            text,
            deeds: &mut deeds,
        };
        let outcome = session.engine.run(world, &mut server, text, values);
        drop(cluster);
        let outcome = outcome.map_err(|fault| faults::refusal(&fault, text, &self.flavour));
        self.did(deeds, out);
        outcome
    }

    fn did(&self, deeds: Vec<Deed>, out: &mut Out) {
        for deed in deeds {
            match deed {
                Deed::Slept(seconds) if self.host.natural_delays() && seconds > 0.0 => {
                    out.wait(Duration::from_secs_f64(seconds.min(SLEEP)));
                }
                Deed::Slept(_) => {}
                Deed::Read(path) => out.record(Kind::FileRead, vec![(field::PATH, path.into_bytes())]),
                Deed::Written(path, content) => {
                    let fields = vec![(field::PATH, path.into_bytes()), (field::ORIGIN, b"drop".to_vec())];
                    out.capture(Kind::FileCaptured, fields, content);
                }
            }
        }
    }

    /// Begins a transaction, or says that one runs.
    pub(super) fn begin_transaction(&mut self) -> Result<Done, Refusal> {
        let Some(session) = &mut self.session else { return Ok(Done::Tag("BEGIN".to_owned())) };
        if !matches!(session.transaction, Transaction::None) {
            let told =
                Refusal::error("in_transaction", "25001", "there is already a transaction in progress");
            let told = Refusal { severity: Severity::Warning, ..told };
            return Ok(Done::Told(vec![told], "BEGIN".to_owned()));
        }
        let world = session.cluster.lock().databases.get(&session.database).cloned().unwrap_or_default();
        let charge = Charge::new(netsvc_kit::budget::Account::current(), world.bytes());
        session.transaction = Transaction::Running(Before { world: Box::new(world), _charge: charge });
        Ok(Done::Tag("BEGIN".to_owned()))
    }

    /// Ends a transaction; what failed is taken back in any case.
    pub(super) fn end_transaction(&mut self, keeps: bool) -> Result<Done, Refusal> {
        let Some(session) = &mut self.session else { return Ok(Done::Tag("COMMIT".to_owned())) };
        let tag = |keeps| if keeps { "COMMIT" } else { "ROLLBACK" }.to_owned();
        match std::mem::take(&mut session.transaction) {
            Transaction::None => {
                let place = if keeps { "warn_commit" } else { "no_transaction" };
                let told = Refusal::error(place, "25P01", "there is no transaction in progress");
                Ok(Done::Told(vec![Refusal { severity: Severity::Warning, ..told }], tag(keeps)))
            }
            Transaction::Running(..) if keeps => Ok(Done::Tag(tag(true))),
            Transaction::Running(before) | Transaction::Failed(before) => {
                if let Some(world) = session.cluster.lock().databases.get_mut(&session.database) {
                    *world = *before.world;
                }
                Ok(Done::Tag(tag(false)))
            }
        }
    }
}
