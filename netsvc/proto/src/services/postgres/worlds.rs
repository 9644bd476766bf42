//! What the server keeps: the persona's databases, and for each attacker what became of them.

use crate::kept::Kept;
use netsvc_kit::Host;
use netsvc_sql::{Column, Database, Table, Value, World};
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// How databases' administrator is called.
pub(super) const ADMINISTRATOR: &str = "postgres";
/// Most attackers whose writes are kept; who came longest ago is forgotten first.
const ATTACKERS: usize = 16;
/// Most databases and roles of one.
const MOST: usize = 24;
/// Most bytes of a database.
const BYTES: usize = 1 << 20;
/// Rows of a table worth stealing.
const ROWS: i64 = 40;

/// The clusters of a node.
#[derive(Debug, Default)]
pub(super) struct Worlds(Kept<Cluster, ATTACKERS>);

/// Databases and roles as one attacker sees them.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// By name; the schemas of each are what the engine calls databases.
    pub databases: BTreeMap<String, World>,
    pub roles: BTreeMap<String, Role>,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    pub superuser: bool,
    pub login: bool,
    /// What an attacker set it to.
    pub password: Option<Vec<u8>>,
}

impl Worlds {
    /// The cluster of `peer`, as it left it.
    pub(super) fn of(&self, peer: IpAddr, host: &Host) -> Arc<Mutex<Cluster>> {
        self.0.of(peer, || Cluster::new(host))
    }

    /// What an attacker from `peer` made the password of a role.
    pub(super) fn password(&self, peer: IpAddr, role: &str) -> Option<Vec<u8>> {
        let cluster = self.0.get(peer)?;
        let cluster = cluster.lock();
        cluster.roles.get(role).filter(|role| role.login)?.password.clone()
    }
}

/// A database with nothing in it.
pub(super) fn empty() -> World {
    let schemas = ["public", "pg_catalog", "information_schema"];
    World::within(schemas.map(|name| (name.to_owned(), Database::new())).into(), BYTES)
}

impl Cluster {
    fn new(host: &Host) -> Self {
        let mut databases: BTreeMap<String, World> =
            ["postgres", "template0", "template1"].map(|name| (name.to_owned(), empty())).into();
        let own = ["crm", "shop", "billing", "inventory", "gitlabhq_production", "keycloak"];
        let index = host.generator("database").next_u32() as usize % own.len();
        let more = host.setting("databases").unwrap_or_default().split(',').map(str::trim);
        for name in own.get(index).copied().into_iter().chain(more.filter(|name| !name.is_empty())).take(MOST)
        {
            let mut world = empty();
            world.databases.insert("public".to_owned(), application(host));
            databases.insert(name.to_owned(), world);
        }
        let role = |superuser| Role { superuser, login: true, password: None };
        let roles = BTreeMap::from([
            (ADMINISTRATOR.to_owned(), role(true)),
            ("app".to_owned(), role(false)),
            ("backup".to_owned(), role(false)),
        ]);
        Cluster { databases, roles }
    }

    /// Whether one more database or role may be made.
    pub(super) fn has_room(&self) -> bool {
        self.databases.len() < MOST && self.roles.len() < MOST
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// The tables of an application: people who do not exist, and what they did.
fn application(host: &Host) -> Database {
    let mut generator = host.generator("people");
    let first =
        ["anna", "bernd", "carla", "david", "elena", "felix", "greta", "ines", "jonas", "karin", "lukas"];
    let last =
        ["weber", "koch", "bauer", "richter", "klein", "wolf", "neumann", "braun", "krueger", "hofmann"];
    let domain = &host.persona().domain;
    let (mut users, mut orders, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for id in 1..=ROWS {
        let mut pick = |list: &[&str]| {
            list.get(generator.next_u32() as usize % list.len()).copied().unwrap_or_default().to_owned()
        };
        let name = format!("{}.{}", pick(&first), pick(&last));
        let mut digest = [0; 48];
        generator.fill_bytes(&mut digest);
        let (hash, token) = digest.split_at(24);
        let day = format!("2024-{:02}-{:02} 0{}:1{}:42", id % 12 + 1, id % 28 + 1, id % 10, id % 10);
        users.push(vec![
            Value::Integer(id),
            text(&name),
            text(&format!("{name}@{domain}")),
            text(&format!("$2a$12${}", hex::encode(hash).get(..44).unwrap_or_default())),
            Value::Truth(id == 1),
            text(&day),
        ]);
        let total = 1_000 + generator.next_u32() % 90_000;
        let total = text(&format!("{}.{:02}", total / 100, total % 100));
        orders.push(vec![Value::Integer(id), Value::Integer(id % 17 + 1), total, text("paid"), text(&day)]);
        tokens.push(vec![Value::Integer(id), Value::Integer(id), text(&hex::encode(token)), text(&day)]);
    }
    let when = ("created_at", "timestamp without time zone");
    let people = [
        ("id", "integer"),
        ("username", "character varying(64)"),
        ("email", "character varying(128)"),
        ("encrypted_password", "character varying(128)"),
        ("admin", "boolean"),
        when,
    ];
    let amounts =
        [("id", "integer"), ("user_id", "integer"), ("total", "numeric(10,2)"), ("status", "text"), when];
    let keys = [("id", "integer"), ("user_id", "integer"), ("token", "character varying(64)"), when];
    let settings = [("id", "integer"), ("name", "character varying(64)"), ("value", "text")];
    let values = [("site_url", format!("https://www.{domain}")), ("smtp_host", format!("mail.{domain}"))];
    let rows =
        values.iter().zip(1..).map(|((name, value), id)| vec![Value::Integer(id), text(name), text(value)]);
    BTreeMap::from([
        ("users".to_owned(), table(&people, users)),
        ("orders".to_owned(), table(&amounts, orders)),
        ("api_tokens".to_owned(), table(&keys, tokens)),
        ("settings".to_owned(), table(&settings, rows.collect())),
    ])
}

fn table(columns: &[(&str, &str)], rows: Vec<Vec<Value>>) -> Table {
    let mut columns: Vec<Column> =
        columns.iter().map(|(name, declared)| Column::new(name, declared)).collect();
    if let Some(first) = columns.first_mut() {
        first.key = "PRI";
        first.counts = true;
        first.nullable = false;
    }
    Table { columns, next: i64::try_from(rows.len()).unwrap_or(0) + 1, rows, fixed: false }
}
