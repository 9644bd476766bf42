//! Tables that the server makes of what it keeps when they are asked for: its catalogue, old names and new.

use super::{
    settings::Settings,
    worlds::{OWN, SCHEMAS},
};
use netsvc_persona::subkey;
use netsvc_sql::{Kind, Made, Value, World};

/// What the tables are made for.
pub(super) struct Asked<'a> {
    pub(super) world: &'a World,
    /// The database that is chosen.
    pub(super) database: &'a str,
    pub(super) settings: &'a Settings,
    pub(super) server: String,
    pub(super) login: &'a str,
    pub(super) installed: String,
    /// What hashes are drawn from.
    pub(super) subkey: &'a [u8],
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn number(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or_default())
}

fn made(columns: &[(&str, Kind)], rows: Vec<Vec<Value>>) -> Made {
    (columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(), rows)
}

const N: Kind = Kind::Integer;
const T: Kind = Kind::Text;

/// Names of the databases of `world` in the order of their numbers, which begin with 1.
pub(super) fn databases(world: &World) -> Vec<&str> {
    let own = OWN.iter().copied().filter(|name| world.databases.contains_key(*name));
    let others = world.databases.keys().map(String::as_str);
    own.chain(others.filter(|name| !OWN.contains(name) && !SCHEMAS.contains(name))).collect()
}

/// Number of the table `name` of a database, and back.
pub(super) fn object(world: &World, database: &str, name: &str) -> Option<i64> {
    let tables = world.databases.iter().find(|(known, _)| known.eq_ignore_ascii_case(database))?.1;
    let at = tables.keys().position(|known| known.eq_ignore_ascii_case(name))?;
    i64::try_from(at).ok().map(|at| 565_577_053 + at * 16_000_057)
}

/// The logins of a server: number, name, kind, whether they may do everything.
const LOGINS: &[(i64, &str, &str, bool)] = &[
    (1, "sa", "S", true),
    (257, "##MS_PolicyTsqlExecutionLogin##", "S", false),
    (259, "NT SERVICE\\SQLWriter", "U", true),
    (260, "NT SERVICE\\Winmgmt", "U", true),
    (266, "backup_svc", "S", false),
    (267, "app", "S", false),
];

impl Asked<'_> {
    /// The table `name` of a schema or a database; `None`: there is none such.
    pub(super) fn table(&self, database: &str, name: &str) -> Option<Made> {
        let lower = name.to_lowercase();
        if database == "information_schema" {
            return match lower.as_str() {
                "tables" => Some(self.schema_tables()),
                "columns" => Some(self.schema_columns()),
                "schemata" => {
                    let row = [self.database, "dbo", "dbo"].map(text).to_vec();
                    Some(made(&[("CATALOG_NAME", T), ("SCHEMA_NAME", T), ("SCHEMA_OWNER", T)], vec![row]))
                }
                _ => None,
            };
        }
        let within = if database == "sys" { self.database } else { database };
        Some(match lower.as_str() {
            "databases" if database == "sys" => self.databases(),
            "sysdatabases" => self.databases(),
            "tables" if database == "sys" => self.objects(within),
            "objects" | "all_objects" if database == "sys" => self.objects(within),
            "sysobjects" => self.objects(within),
            "columns" | "all_columns" if database == "sys" => self.columns(within),
            "syscolumns" => self.columns(within),
            "server_principals" | "sql_logins" if database == "sys" => self.logins(lower == "sql_logins"),
            "syslogins" | "sysxlogins" => self.logins(false),
            "configurations" if database == "sys" => self.configurations(),
            "servers" if database == "sys" => self.servers(),
            "sysservers" => self.servers(),
            "schemas" if database == "sys" => {
                let rows = [(1, "dbo"), (2, "guest"), (3, "INFORMATION_SCHEMA"), (4, "sys")];
                let rows = rows.map(|(id, name)| vec![Value::Integer(id), text(name)]).to_vec();
                made(&[("schema_id", N), ("name", T)], rows)
            }
            "dm_exec_sessions" | "dm_exec_connections" if database == "sys" => self.sessions(),
            "sysprocesses" => self.sessions(),
            _ => return None,
        })
    }

    fn databases(&self) -> Made {
        let rows = databases(self.world)
            .into_iter()
            .zip(1..)
            .map(|(name, id)| {
                let recovery = if OWN.contains(&name) && name != "model" { "SIMPLE" } else { "FULL" };
                let trusted = Value::Integer(i64::from(name == "msdb"));
                vec![
                    text(name),
                    number(id),
                    number(id),
                    text("sa"),
                    text(&self.installed),
                    number(150),
                    text("ONLINE"),
                    text(recovery),
                    trusted,
                    text(&format!("C:\\Program Files\\Microsoft SQL Server\\MSSQL\\DATA\\{name}.mdf")),
                ]
            })
            .collect();
        let columns = [
            ("name", T),
            ("database_id", N),
            ("dbid", N),
            ("owner", T),
            ("create_date", Kind::Datetime),
            ("compatibility_level", N),
            ("state_desc", T),
            ("recovery_model_desc", T),
            ("is_trustworthy_on", N),
            ("filename", T),
        ];
        made(&columns, rows)
    }

    fn tables(&self, database: &str) -> Vec<(&String, &netsvc_sql::Table)> {
        let found = self.world.databases.iter().find(|(known, _)| known.eq_ignore_ascii_case(database));
        found.map(|(_, tables)| tables.iter().collect()).unwrap_or_default()
    }

    fn objects(&self, database: &str) -> Made {
        let row = |(name, _): (&String, &netsvc_sql::Table)| {
            let id = object(self.world, database, name).map_or(Value::Null, Value::Integer);
            let date = text(&self.installed);
            vec![
                text(name),
                id.clone(),
                id,
                number(1),
                text("U "),
                text("U "),
                text("USER_TABLE"),
                date,
                number(0),
            ]
        };
        let columns = [
            ("name", T),
            ("object_id", N),
            ("id", N),
            ("schema_id", N),
            ("type", T),
            ("xtype", T),
            ("type_desc", T),
            ("create_date", Kind::Datetime),
            ("is_ms_shipped", N),
        ];
        made(&columns, self.tables(database).into_iter().map(row).collect())
    }

    fn columns(&self, database: &str) -> Made {
        let mut rows = Vec::new();
        for (name, table) in self.tables(database) {
            let id = object(self.world, database, name).map_or(Value::Null, Value::Integer);
            for (column, at) in table.columns.iter().zip(1..) {
                rows.push(vec![
                    id.clone(),
                    id.clone(),
                    text(&column.name),
                    number(at),
                    number(at),
                    text(&column.declared),
                    Value::Integer(i64::from(column.nullable)),
                ]);
            }
        }
        let columns = [
            ("object_id", N),
            ("id", N),
            ("name", T),
            ("column_id", N),
            ("colid", N),
            ("declared", T),
            ("is_nullable", N),
        ];
        made(&columns, rows)
    }

    fn schema_tables(&self) -> Made {
        let row = |(name, _): (&String, &netsvc_sql::Table)| {
            vec![text(self.database), text("dbo"), text(name), text("BASE TABLE")]
        };
        let columns = [("TABLE_CATALOG", T), ("TABLE_SCHEMA", T), ("TABLE_NAME", T), ("TABLE_TYPE", T)];
        made(&columns, self.tables(self.database).into_iter().map(row).collect())
    }

    fn schema_columns(&self) -> Made {
        let mut rows = Vec::new();
        for (name, table) in self.tables(self.database) {
            for (column, at) in table.columns.iter().zip(1..) {
                let kind = column.declared.split('(').next().unwrap_or_default();
                rows.push(vec![
                    text(self.database),
                    text("dbo"),
                    text(name),
                    text(&column.name),
                    number(at),
                    text(if column.nullable { "YES" } else { "NO" }),
                    text(kind),
                ]);
            }
        }
        let columns = [
            ("TABLE_CATALOG", T),
            ("TABLE_SCHEMA", T),
            ("TABLE_NAME", T),
            ("COLUMN_NAME", T),
            ("ORDINAL_POSITION", N),
            ("IS_NULLABLE", T),
            ("DATA_TYPE", T),
        ];
        made(&columns, rows)
    }

    /// A hash as SQL Server keeps it: version 2, a salt, SHA-512.
    fn hash(&self, login: &str) -> Value {
        let drawn = |part: &str| subkey::bytes(self.subkey, &["sql login", login, part]);
        let salt = drawn("salt").get(..4).unwrap_or_default().to_vec();
        Value::Binary([&[2, 0][..], &salt, &drawn("low"), &drawn("high")].concat())
    }

    fn logins(&self, sql: bool) -> Made {
        let rows = LOGINS
            .iter()
            .filter(|(_, _, kind, _)| !sql || *kind == "S")
            .map(|(id, name, kind, all)| {
                let hash = if *kind == "S" { self.hash(name) } else { Value::Null };
                let described = if *kind == "S" { "SQL_LOGIN" } else { "WINDOWS_LOGIN" };
                vec![
                    text(name),
                    Value::Integer(*id),
                    text(kind),
                    text(described),
                    Value::Integer(i64::from(name.starts_with("##"))),
                    hash.clone(),
                    hash,
                    Value::Integer(i64::from(*all)),
                    text("master"),
                    text(name),
                    Value::Binary(
                        subkey::bytes(self.subkey, &["sid", name]).get(..16).unwrap_or_default().to_vec(),
                    ),
                    number(0),
                    number(0),
                    number(0),
                    number(0),
                    number(0),
                    number(0),
                    number(0),
                ]
            })
            .collect();
        let columns = [
            ("name", T),
            ("principal_id", N),
            ("type", T),
            ("type_desc", T),
            ("is_disabled", N),
            ("password_hash", Kind::Binary),
            ("password", Kind::Binary),
            ("sysadmin", N),
            ("default_database_name", T),
            ("loginname", T),
            ("sid", Kind::Binary),
            ("securityadmin", N),
            ("serveradmin", N),
            ("setupadmin", N),
            ("processadmin", N),
            ("diskadmin", N),
            ("dbcreator", N),
            ("bulkadmin", N),
        ];
        made(&columns, rows)
    }

    fn configurations(&self) -> Made {
        let row = |(id, name, set, run, advanced): (i64, &str, i64, i64, bool)| {
            let advanced = Value::Integer(i64::from(advanced));
            vec![Value::Integer(id), text(name), Value::Integer(set), Value::Integer(run), advanced]
        };
        let columns =
            [("configuration_id", N), ("name", T), ("value", N), ("value_in_use", N), ("is_advanced", N)];
        made(&columns, self.settings.all().map(row).collect())
    }

    fn servers(&self) -> Made {
        let server = &self.server;
        let row = vec![number(0), text(server), text("SQL Server"), text("SQLNCLI"), text(server), number(0)];
        let columns = [
            ("server_id", N),
            ("name", T),
            ("product", T),
            ("provider", T),
            ("data_source", T),
            ("is_linked", N),
        ];
        made(&columns, vec![row])
    }

    fn sessions(&self) -> Made {
        let row = vec![number(51), number(51), text(self.login), text(self.login), text("running")];
        let columns = [("session_id", N), ("spid", N), ("login_name", T), ("loginame", T), ("status", T)];
        made(&columns, vec![row])
    }
}
