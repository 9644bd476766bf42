//! What the server keeps: the persona's databases, and for each attacker what became of them.

use super::flavour::Flavour;
use crate::kept::Kept;
use netsvc_kit::Host;
use netsvc_sql::{Column, Database, Table, Value, World};
use parking_lot::Mutex;
use rand_core::RngCore;
use sha1::{Digest, Sha1};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Most attackers whose writes are kept; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;
/// Rows of a table worth stealing.
const ROWS: i64 = 40;

/// The worlds of a node.
#[derive(Debug, Default)]
pub(super) struct Worlds(Kept<World, ATTACKERS>);

impl Worlds {
    /// The world of `peer`, as it left it.
    pub(super) fn of(&self, peer: IpAddr, host: &Host, flavour: &Flavour) -> Arc<Mutex<World>> {
        self.0.of(peer, || World::new(databases(host, flavour)))
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// The databases of the persona.
fn databases(host: &Host, flavour: &Flavour) -> BTreeMap<String, Database> {
    let mut all = BTreeMap::new();
    let own = ["crm", "shop", "intranet", "billing", "wordpress", "inventory"];
    let index = host.generator("database").next_u32() as usize % own.len();
    all.extend(own.get(index).map(|name| ((*name).to_owned(), application(host))));
    let more = host.setting("databases").unwrap_or_default().split(',').map(str::trim);
    for name in more.filter(|name| !name.is_empty()) {
        all.insert(name.to_owned(), application(host));
    }
    for name in ["information_schema", "performance_schema", "sys"] {
        all.insert(name.to_owned(), Database::new());
    }
    all.insert("information_schema".to_owned(), catalogue());
    all.insert("mysql".to_owned(), system(host, flavour));
    all
}

/// Tables of the catalogue that say nothing of the databases.
fn catalogue() -> Database {
    let engine = |name: &str, support: &str| vec![text(name), text(support), text(""), text("YES")];
    BTreeMap::from([
        (
            "ENGINES".to_owned(),
            Table::fixed(
                &[
                    ("ENGINE", "varchar(64)"),
                    ("SUPPORT", "varchar(8)"),
                    ("COMMENT", "varchar(160)"),
                    ("TRANSACTIONS", "varchar(3)"),
                ],
                vec![engine("InnoDB", "DEFAULT"), engine("MyISAM", "YES"), engine("MEMORY", "YES")],
            ),
        ),
        (
            "PLUGINS".to_owned(),
            Table::fixed(
                &[
                    ("PLUGIN_NAME", "varchar(64)"),
                    ("PLUGIN_VERSION", "varchar(20)"),
                    ("PLUGIN_STATUS", "varchar(16)"),
                    ("PLUGIN_TYPE", "varchar(80)"),
                ],
                vec![vec![text("InnoDB"), text("10.11"), text("ACTIVE"), text("STORAGE ENGINE")]],
            ),
        ),
    ])
}

/// The system database: accounts with hashes to crack, and the tables that functions and plugins stand in.
fn system(host: &Host, flavour: &Flavour) -> Database {
    let mut generator = host.generator("accounts");
    let mut hash = || {
        let mut bytes = [0; 12];
        generator.fill_bytes(&mut bytes);
        format!("*{}", hex::encode_upper(Sha1::digest(Sha1::digest(bytes))))
    };
    let mut users = Vec::new();
    for (user, from, all) in [
        ("root", "localhost", true),
        ("root", "%", true),
        ("app", "%", false),
        ("backup", "localhost", false),
    ] {
        let privilege = |granted: bool| text(if granted { "Y" } else { "N" });
        let mut row = vec![text(from), text(user), text(&hash())];
        row.extend([true, all, all, all, all, all, all, all].map(privilege));
        row.extend([text(flavour.plugin), text(&hash())]);
        users.push(row);
    }
    let password = if flavour.mariadb { "Password" } else { "authentication_string_old" };
    let columns = [
        ("Host", "char(255)"),
        ("User", "char(128)"),
        (password, "longtext"),
        ("Select_priv", "varchar(1)"),
        ("Insert_priv", "varchar(1)"),
        ("Update_priv", "varchar(1)"),
        ("Delete_priv", "varchar(1)"),
        ("Create_priv", "varchar(1)"),
        ("Drop_priv", "varchar(1)"),
        ("File_priv", "varchar(1)"),
        ("Super_priv", "varchar(1)"),
        ("plugin", "longtext"),
        ("authentication_string", "longtext"),
    ];
    let mut accounts = Table::fixed(&columns, users);
    accounts.fixed = false;
    if !flavour.mariadb {
        accounts.columns.remove(2);
        accounts.rows.iter_mut().for_each(|row| {
            row.remove(2);
        });
    }
    let func = [("name", "char(64)"), ("ret", "tinyint(1)"), ("dl", "char(128)"), ("type", "char(9)")];
    let plugin = [("name", "varchar(64)"), ("dl", "varchar(128)")];
    let db = [("Host", "char(255)"), ("Db", "char(64)"), ("User", "char(128)"), ("Select_priv", "char(1)")];
    BTreeMap::from([
        ("user".to_owned(), accounts),
        ("func".to_owned(), Table::fixed(&func, Vec::new())),
        ("plugin".to_owned(), Table::fixed(&plugin, Vec::new())),
        ("db".to_owned(), Table::fixed(&db, vec![vec![text("%"), text("app"), text("app"), text("Y")]])),
    ])
}

fn keyed(columns: &[(&str, &str)]) -> Vec<Column> {
    let mut columns: Vec<Column> =
        columns.iter().map(|(name, declared)| Column::new(name, declared)).collect();
    for column in &mut columns {
        column.nullable = false;
    }
    if let Some(first) = columns.first_mut() {
        first.key = "PRI";
        first.counts = true;
    }
    columns
}

/// The tables of an application: people who do not exist, and what they did.
fn application(host: &Host) -> Database {
    let mut generator = host.generator("people");
    let first =
        ["anna", "bernd", "carla", "david", "elena", "felix", "greta", "hannes", "ines", "jonas", "karin"];
    let last =
        ["weber", "koch", "bauer", "richter", "klein", "wolf", "neumann", "braun", "krueger", "hofmann"];
    let domain = &host.persona().domain;
    let (mut users, mut orders, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for id in 1..=ROWS {
        let mut pick = |list: &[&str]| {
            list.get(generator.next_u32() as usize % list.len()).copied().unwrap_or_default().to_owned()
        };
        let (name, family) = (pick(&first), pick(&last));
        let mut digest = [0; 36];
        generator.fill_bytes(&mut digest);
        let (hash, token) = digest.split_at(16);
        let role = if id == 1 { "admin" } else { "user" };
        let day = format!("2024-{:02}-{:02} 0{}:1{}:42", id % 12 + 1, id % 28 + 1, id % 10, id % 10);
        users.push(vec![
            Value::Integer(id),
            text(&format!("{name}.{family}")),
            text(&format!("{name}.{family}@{domain}")),
            text(&hex::encode(hash)),
            text(role),
        ]);
        let total = 1_000 + generator.next_u32() % 90_000;
        let total = text(&format!("{}.{:02}", total / 100, total % 100));
        orders.push(vec![Value::Integer(id), Value::Integer(id % 17 + 1), total, text("paid"), text(&day)]);
        tokens.push(vec![Value::Integer(id), Value::Integer(id), text(&hex::encode(token)), text(&day)]);
    }
    tables(domain, users, orders, tokens)
}

fn tables(
    domain: &str,
    users: Vec<Vec<Value>>,
    orders: Vec<Vec<Value>>,
    tokens: Vec<Vec<Value>>,
) -> Database {
    let table = |columns: &[(&str, &str)], rows: Vec<Vec<Value>>| Table {
        columns: keyed(columns),
        next: i64::try_from(rows.len()).unwrap_or(0) + 1,
        rows,
        fixed: false,
    };
    let people = [
        ("id", "int(11)"),
        ("username", "varchar(64)"),
        ("email", "varchar(128)"),
        ("password", "char(32)"),
        ("role", "varchar(16)"),
    ];
    let amounts = [
        ("id", "int(11)"),
        ("user_id", "int(11)"),
        ("total", "decimal(10,2)"),
        ("status", "varchar(16)"),
        ("created_at", "datetime"),
    ];
    let keys = [("id", "int(11)"), ("user_id", "int(11)"), ("token", "char(40)"), ("created_at", "datetime")];
    let settings = [("id", "int(11)"), ("name", "varchar(64)"), ("value", "text")];
    let values = [("site_url", format!("https://www.{domain}")), ("smtp_host", format!("mail.{domain}"))];
    let rows =
        values.iter().zip(1..).map(|((name, value), id)| vec![Value::Integer(id), text(name), text(value)]);
    BTreeMap::from([
        ("users".to_owned(), table(&people, users.clone())),
        ("customers".to_owned(), table(&people, users)),
        ("orders".to_owned(), table(&amounts, orders.clone())),
        ("invoices".to_owned(), table(&amounts, orders)),
        ("api_tokens".to_owned(), table(&keys, tokens)),
        ("settings".to_owned(), table(&settings, rows.collect())),
    ])
}
