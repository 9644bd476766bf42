//! What the server keeps: its own databases and the persona's, and for each attacker what became of them.

use netsvc_daemon::kept::Kept;
use netsvc_kit::Host;
use netsvc_sql::{Column, Database, Table, Value, World};
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Most attackers whose writes are kept; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;
/// Rows of a table worth stealing.
const ROWS: i64 = 60;
/// Databases that every server has, in the order of their numbers.
pub(super) const OWN: [&str; 4] = ["master", "tempdb", "model", "msdb"];
/// Schemas of the system, which stand here as databases that nobody lists.
pub(super) const SCHEMAS: [&str; 2] = ["sys", "information_schema"];

/// The worlds of a node.
#[derive(Debug, Default)]
pub(super) struct Worlds(Kept<World, ATTACKERS>);

impl Worlds {
    /// The world of `peer`, as it left it.
    pub(super) fn of(&self, peer: IpAddr, host: &Host) -> Arc<Mutex<World>> {
        self.0.of(peer, || World::in_any_case(databases(host)))
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// The databases of the persona.
fn databases(host: &Host) -> BTreeMap<String, Database> {
    let mut all: BTreeMap<String, Database> =
        OWN.iter().chain(&SCHEMAS).map(|name| ((*name).to_owned(), Database::new())).collect();
    let own = ["ERP", "CRM", "Payroll", "Warehouse", "Intranet", "Accounting"];
    let index = usize::try_from(host.generator("database").next_u32()).unwrap_or_default() % own.len();
    all.extend(own.get(index).map(|name| ((*name).to_owned(), application(host))));
    let more = host.setting("databases").unwrap_or_default().split(',').map(str::trim);
    for name in more.filter(|name| !name.is_empty()) {
        all.insert(name.to_owned(), application(host));
    }
    all
}

fn table(columns: &[(&str, &str)], rows: Vec<Vec<Value>>) -> Table {
    let mut columns: Vec<Column> =
        columns.iter().map(|(name, declared)| Column::new(name, declared)).collect();
    if let Some(first) = columns.first_mut() {
        (first.key, first.counts, first.nullable) = ("PRI", true, false);
    }
    Table { columns, next: i64::try_from(rows.len()).unwrap_or_default() + 1, rows, fixed: false }
}

/// The tables of an application: people who do not exist, what they earn and what they bought.
fn application(host: &Host) -> Database {
    let mut generator = host.generator("people");
    let first =
        ["Anna", "Bernd", "Carla", "David", "Elena", "Felix", "Greta", "Hannes", "Ines", "Jonas", "Karin"];
    let last =
        ["Weber", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Neumann", "Braun", "Krueger", "Hofmann"];
    let posts = ["Sales", "Finance", "Production", "IT", "Purchasing", "Human Resources"];
    let domain = &host.persona().domain;
    let (mut employees, mut customers, mut orders, mut users) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for id in 1..=ROWS {
        let mut draw = |most: u32| generator.next_u32() % most.max(1);
        let mut pick = |list: &[&str]| {
            let length = u32::try_from(list.len()).unwrap_or_default();
            let at = usize::try_from(draw(length)).unwrap_or_default();
            list.get(at).copied().unwrap_or_default().to_owned()
        };
        let (name, family, post) = (pick(&first), pick(&last), pick(&posts));
        let login = format!("{}.{}", name.to_lowercase(), family.to_lowercase());
        let mail = format!("{login}@{domain}");
        let day = format!("20{:02}-{:02}-{:02} 00:00:00", 12 + draw(12), 1 + draw(12), 1 + draw(28));
        let salary = i64::from(2_400 + draw(52) * 100);
        let number = Value::Integer(id);
        employees.push(vec![
            number.clone(),
            text(&name),
            text(&family),
            text(&post),
            Value::Integer(salary),
            text(&day),
            text(&mail),
        ]);
        let iban = format!("DE{:02}{:08}{:010}", 10 + draw(89), draw(99_999_999), draw(u32::MAX));
        customers.push(vec![number.clone(), text(&format!("{family} GmbH")), text(&mail), text(&iban)]);
        let total = f64::from(1_000 + draw(900_000)) / 100.0;
        orders.push(vec![number.clone(), Value::Integer(id % 17 + 1), Value::Double(total), text(&day)]);
        let mut hash = [0; 20];
        generator.fill_bytes(&mut hash);
        users.push(vec![
            number,
            text(&login),
            text(&hex::encode(hash)),
            text(if id == 1 { "admin" } else { "user" }),
        ]);
    }
    tables(employees, customers, orders, users)
}

/// The tables with these rows.
fn tables(
    employees: Vec<Vec<Value>>,
    customers: Vec<Vec<Value>>,
    orders: Vec<Vec<Value>>,
    users: Vec<Vec<Value>>,
) -> Database {
    BTreeMap::from([
        (
            "Employees".to_owned(),
            table(
                &[
                    ("EmployeeID", "int"),
                    ("FirstName", "nvarchar(50)"),
                    ("LastName", "nvarchar(50)"),
                    ("Department", "nvarchar(50)"),
                    ("Salary", "int"),
                    ("HireDate", "datetime"),
                    ("Email", "nvarchar(100)"),
                ],
                employees,
            ),
        ),
        (
            "Customers".to_owned(),
            table(
                &[
                    ("CustomerID", "int"),
                    ("Name", "nvarchar(100)"),
                    ("Email", "nvarchar(100)"),
                    ("IBAN", "char(22)"),
                ],
                customers,
            ),
        ),
        (
            "Orders".to_owned(),
            table(
                &[("OrderID", "int"), ("CustomerID", "int"), ("Total", "float"), ("OrderDate", "datetime")],
                orders,
            ),
        ),
        (
            "Users".to_owned(),
            table(
                &[
                    ("UserID", "int"),
                    ("Login", "nvarchar(50)"),
                    ("PasswordHash", "char(40)"),
                    ("Role", "nvarchar(20)"),
                ],
                users,
            ),
        ),
    ])
}
