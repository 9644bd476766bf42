//! What the server answers to queries: itself, its catalogue, and a few tables worth stealing.
//! Nothing is executed; writes are acknowledged and recorded.

use super::{
    flavour::Flavour,
    rows::{Form, Rows},
};
use netsvc_kit::Host;
use rand_core::RngCore;
use regex::bytes::Regex;
use std::sync::LazyLock;

/// Rows of a table worth stealing.
const BAIT_ROWS: u32 = 40;

/// The state of a login.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub database: Vec<u8>,
    pub form: Form,
}

/// What a command leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(u64),
    Error(u16, &'static str, String),
    Rows(Rows),
}

/// An OK packet.
pub(super) fn ok(affected: u64, status: u16) -> Vec<u8> {
    let mut body = vec![0];
    super::packet::number(&mut body, usize::try_from(affected).unwrap_or(0));
    body.push(0);
    body.extend_from_slice(&status.to_le_bytes());
    body.extend_from_slice(&[0, 0]);
    body
}

/// The end of an empty list.
pub(super) fn end(session: &Session) -> Vec<u8> {
    if session.form.deprecate_eof { vec![0xfe, 0, 0, 2, 0, 0, 0] } else { vec![0xfe, 0, 0, 2, 0] }
}

/// Techniques that a query shows, with what shows them.
pub(super) fn techniques(query: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    static KNOWN: LazyLock<Vec<(&str, Option<Regex>)>> = LazyLock::new(|| {
        [
            ("mysql write file", r"(?is-u)into\s+(?:out|dump)file\s+\S+"),
            (
                "mysql user-defined function",
                r"(?is-u)create\s+(?:aggregate\s+)?function\s+.+?\s+soname\s+\S+",
            ),
            ("mysql read file", r"(?is-u)load_file\s*\([^)]*\)"),
            ("mysql read client file", r"(?is-u)load\s+data\s+(?:local\s+)?infile\s+\S+"),
            ("mysql general log shell", r"(?is-u)set\s+global\s+general_log_file\s*=\s*\S+"),
            ("mysql data destruction", r"(?is-u)drop\s+(?:database|schema|table)\s+\S+"),
        ]
        .into_iter()
        .map(|(name, pattern)| (name, Regex::new(pattern).ok()))
        .collect()
    });
    let found = KNOWN.iter().filter_map(|(name, pattern)| {
        let shown = pattern.as_ref()?.find(query)?;
        Some((*name, shown.as_bytes().to_vec()))
    });
    found.collect()
}

/// Path and content of `SELECT 'content' INTO OUTFILE 'path'`, hexadecimal literals decoded.
pub(super) fn written_file(query: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    static WRITE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?is-u)select\s+(0x[0-9a-f]+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*").*?into\s+(?:out|dump)file\s+['"]([^'"]+)['"]"#)
            .ok()
    });
    let captures = WRITE.as_ref()?.captures(query)?;
    let literal = captures.get(1)?.as_bytes();
    let content = match literal.strip_prefix(b"0x").or_else(|| literal.strip_prefix(b"0X")) {
        Some(digits) => hex::decode(digits).ok()?,
        None => unquoted(literal),
    };
    Some((captures.get(2)?.as_bytes().to_vec(), content))
}

fn unquoted(literal: &[u8]) -> Vec<u8> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'\\', Some(_)) => text.extend(bytes.next().map(|&escaped| match escaped {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'0' => 0,
                other => other,
            })),
            _ => text.push(byte),
        }
    }
    text
}

impl Session {
    /// USE.
    pub(super) fn select_database(&mut self, host: &Host, name: &[u8]) -> Reply {
        let wanted = String::from_utf8_lossy(name).trim_matches(|c| matches!(c, '`' | ' ' | ';')).to_owned();
        if !databases(host).contains(&wanted) {
            return Reply::Error(1049, "42000", format!("Unknown database '{wanted}'"));
        }
        self.database = wanted.into_bytes();
        Reply::Ok(0)
    }

    /// A statement. `who`: user, address, thread id.
    pub(super) fn query(
        &mut self,
        host: &Host,
        flavour: &Flavour,
        who: (&[u8], &str, u32),
        text: &[u8],
    ) -> Reply {
        let text = String::from_utf8_lossy(text);
        let text = text.trim().trim_end_matches(';').trim();
        let mut words = text.split_ascii_whitespace();
        let first = words.next().unwrap_or_default().to_ascii_lowercase();
        let second = words.next().unwrap_or_default().to_ascii_lowercase();
        match first.as_str() {
            "" => Reply::Error(1065, "42000", "Query was empty".to_owned()),
            "use" => self.select_database(host, text.get(3..).unwrap_or_default().as_bytes()),
            "show" => self.show(host, flavour, &second, text),
            "select" => self.select(host, flavour, who, text),
            "desc" | "describe" | "explain" => describe(&second),
            "set" | "commit" | "rollback" | "start" | "begin" | "lock" | "unlock" | "flush" => Reply::Ok(0),
            "insert" | "update" | "delete" | "replace" => Reply::Ok(1),
            "create" | "drop" | "alter" | "grant" | "revoke" | "truncate" | "rename" => {
                changed(text, &second)
            }
            "load" | "call" | "kill" | "handler" => Reply::Error(1227, "42000", denied("SUPER")),
            _ => syntax(flavour, text),
        }
    }

    fn show(&self, host: &Host, flavour: &Flavour, what: &str, text: &str) -> Reply {
        let lower = text.to_ascii_lowercase();
        match what {
            "databases" | "schemas" => {
                let mut rows = Rows::new(&["Database"]);
                databases(host).into_iter().for_each(|name| rows.push(vec![Some(name)]));
                Reply::Rows(rows)
            }
            "tables" | "full" if lower.contains("tables") => self.tables(&lower),
            "variables" | "global" | "session" if lower.contains("variables") => {
                Reply::Rows(variables(flavour, &lower))
            }
            "grants" => Reply::Rows(Rows::single(
                "Grants for root@%",
                Some("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION".to_owned()),
            )),
            "processlist" | "full" => {
                let names = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"];
                Reply::Rows(Rows::new(&names))
            }
            "warnings" | "errors" => Reply::Rows(Rows::new(&["Level", "Code", "Message"])),
            "columns" | "fields" | "index" | "keys" => describe("users"),
            "engines" | "plugins" | "status" | "global" | "session" => {
                Reply::Rows(Rows::new(&["Variable_name", "Value"]))
            }
            _ => syntax(flavour, text),
        }
    }

    fn tables(&self, _query: &str) -> Reply {
        if self.database.is_empty() {
            return Reply::Error(1046, "3D000", "No database selected".to_owned());
        }
        let name = String::from_utf8_lossy(&self.database).into_owned();
        let mut rows = Rows::new(&[&format!("Tables_in_{name}")]);
        if !SYSTEM.contains(&name.as_str()) {
            BAIT.iter().for_each(|table| rows.push(vec![Some((*table).to_owned())]));
        }
        Reply::Rows(rows)
    }

    fn select(&self, host: &Host, flavour: &Flavour, who: (&[u8], &str, u32), text: &str) -> Reply {
        let lower = text.to_ascii_lowercase();
        if lower.contains("into outfile") || lower.contains("into dumpfile") {
            return Reply::Ok(1);
        }
        let Some((_, from)) = lower.split_once(" from ") else {
            return self.expressions(flavour, who, text.get(6..).unwrap_or_default());
        };
        let table = from.split(|c: char| c.is_ascii_whitespace() || c == ',').next().unwrap_or_default();
        let table = table.rsplit('.').next().unwrap_or_default().trim_matches('`');
        match table {
            "schemata" => {
                let mut rows = Rows::new(&["SCHEMA_NAME"]);
                databases(host).into_iter().for_each(|name| rows.push(vec![Some(name)]));
                Reply::Rows(rows)
            }
            "tables" => {
                let mut rows = Rows::new(&["TABLE_NAME"]);
                BAIT.iter().for_each(|table| rows.push(vec![Some((*table).to_owned())]));
                Reply::Rows(rows)
            }
            "columns" | "processlist" | "plugins" | "engines" | "func" => Reply::Rows(Rows::new(&["NAME"])),
            "users" | "user" | "customers" | "accounts" => Reply::Rows(people(host)),
            other if BAIT.contains(&other) => Reply::Rows(Rows::new(&["id", "name", "created_at"])),
            other => {
                let database = String::from_utf8_lossy(&self.database).into_owned();
                if database.is_empty() {
                    return Reply::Error(1046, "3D000", "No database selected".to_owned());
                }
                Reply::Error(1146, "42S02", format!("Table '{database}.{other}' doesn't exist"))
            }
        }
    }

    /// A SELECT without a table: a list of functions, variables and literals.
    fn expressions(
        &self,
        flavour: &Flavour,
        (user, address, thread): (&[u8], &str, u32),
        list: &str,
    ) -> Reply {
        let list = list
            .rsplit_once(" limit ")
            .or_else(|| list.rsplit_once(" LIMIT "))
            .map_or(list, |(list, _)| list);
        let account = format!("{}@{address}", String::from_utf8_lossy(user));
        let mut rows = Rows::default();
        for expression in list.split(',').take(32) {
            let expression = expression.trim();
            let lower = expression.to_ascii_lowercase();
            let (expression, name) = match lower.find(" as ") {
                Some(at) => {
                    let (value, alias) = expression.split_at_checked(at).unwrap_or((expression, ""));
                    (value.trim(), alias.get(4..).unwrap_or_default().trim().to_owned())
                }
                None => (expression, expression.to_owned()),
            };
            let lower = expression.to_ascii_lowercase();
            let value = match lower.as_str() {
                "version()" | "@@version" => Some(flavour.version.clone()),
                "@@version_comment" => Some(flavour.comment.clone()),
                "user()" | "current_user()" | "current_user" | "session_user()" | "system_user()" => {
                    Some(account.clone())
                }
                "database()" | "schema()" if self.database.is_empty() => None,
                "database()" | "schema()" => Some(String::from_utf8_lossy(&self.database).into_owned()),
                "connection_id()" => Some(thread.to_string()),
                other => match other.strip_prefix("@@") {
                    Some(variable) => {
                        let name = variable.trim_start_matches("global.").trim_start_matches("session.");
                        variable_value(flavour, name)
                    }
                    None => Some(expression.trim_matches(|c| matches!(c, '\'' | '"')).to_owned()),
                },
            };
            rows.widen(&name, value);
        }
        Reply::Rows(rows)
    }
}

const SYSTEM: &[&str] = &["information_schema", "mysql", "performance_schema", "sys"];
const BAIT: &[&str] =
    &["accounts", "api_tokens", "customers", "invoices", "orders", "sessions", "settings", "users"];

fn databases(host: &Host) -> Vec<String> {
    let mut names: Vec<String> = SYSTEM.iter().map(|&name| name.to_owned()).collect();
    let own = ["crm", "shop", "intranet", "billing", "wordpress", "inventory"];
    let index = host.generator("database").next_u32() as usize % own.len();
    names.extend(own.get(index).map(|&name| name.to_owned()));
    let more = host
        .setting("databases")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.extend(more.map(str::to_owned));
    names.sort();
    names
}

fn variables(flavour: &Flavour, query: &str) -> Rows {
    let mut rows = Rows::new(&["Variable_name", "Value"]);
    let like =
        query.split_once("like").map(|(_, pattern)| pattern.trim().trim_matches(|c| matches!(c, '\'' | '"')));
    for name in VARIABLES {
        let fits = like.is_none_or(|pattern| {
            let needle = pattern.trim_matches('%');
            if pattern.contains('%') { name.contains(needle) } else { *name == needle }
        });
        if fits {
            rows.push(vec![Some((*name).to_owned()), variable_value(flavour, name)]);
        }
    }
    rows
}

const VARIABLES: &[&str] = &[
    "autocommit",
    "basedir",
    "character_set_client",
    "character_set_server",
    "collation_server",
    "datadir",
    "general_log",
    "general_log_file",
    "have_ssl",
    "hostname",
    "innodb_buffer_pool_size",
    "interactive_timeout",
    "license",
    "log_bin",
    "lower_case_table_names",
    "max_allowed_packet",
    "max_connections",
    "plugin_dir",
    "port",
    "secure_file_priv",
    "sql_mode",
    "socket",
    "system_time_zone",
    "time_zone",
    "tmpdir",
    "tx_isolation",
    "version",
    "version_comment",
    "version_compile_machine",
    "version_compile_os",
    "wait_timeout",
];

fn variable_value(flavour: &Flavour, name: &str) -> Option<String> {
    let value = match name {
        "version" => &flavour.version,
        "version_comment" => &flavour.comment,
        "autocommit" => "1",
        "basedir" => "/usr",
        "character_set_client" | "character_set_server" | "character_set_results" => "utf8mb4",
        "collation_server" if flavour.mariadb => "utf8mb4_general_ci",
        "collation_server" => "utf8mb4_0900_ai_ci",
        "datadir" => "/var/lib/mysql/",
        "general_log" | "log_bin" => "OFF",
        "general_log_file" => "localhost.log",
        "have_ssl" if flavour.mariadb => "DISABLED",
        "have_ssl" => "YES",
        "innodb_buffer_pool_size" => "134217728",
        "interactive_timeout" | "wait_timeout" => "28800",
        "license" => "GPL",
        "lower_case_table_names" => "0",
        "max_allowed_packet" => "16777216",
        "max_connections" => "151",
        "plugin_dir" => "/usr/lib/mysql/plugin/",
        "port" => "3306",
        "secure_file_priv" if flavour.mariadb => "",
        "secure_file_priv" => "/var/lib/mysql-files/",
        "sql_mode" => {
            "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
        }
        "socket" => "/run/mysqld/mysqld.sock",
        "system_time_zone" => "CET",
        "time_zone" => "SYSTEM",
        "tmpdir" => "/tmp",
        "tx_isolation" | "transaction_isolation" => "REPEATABLE-READ",
        "version_compile_machine" => "x86_64",
        "version_compile_os" if flavour.mariadb => "debian-linux-gnu",
        "version_compile_os" => "Linux",
        _ => return None,
    };
    Some(value.to_owned())
}

/// People who do not exist, the same at each look.
fn people(host: &Host) -> Rows {
    let mut generator = host.generator("people");
    let first = [
        "anna", "bernd", "carla", "david", "elena", "felix", "greta", "hannes", "ines", "jonas", "karin",
        "lukas",
    ];
    let last = [
        "weber", "koch", "bauer", "richter", "klein", "wolf", "neumann", "braun", "krueger", "hofmann",
        "lange",
    ];
    let domain = &host.persona().domain;
    let mut rows = Rows::new(&["id", "username", "email", "password", "role"]);
    for id in 1..=BAIT_ROWS {
        let pick = |list: &[&str], number: u32| {
            list.get(number as usize % list.len()).copied().unwrap_or_default().to_owned()
        };
        let (name, family) = (pick(&first, generator.next_u32()), pick(&last, generator.next_u32()));
        let mut digest = [0; 16];
        generator.fill_bytes(&mut digest);
        let role = if id == 1 { "admin" } else { "user" };
        rows.push(vec![
            Some(id.to_string()),
            Some(format!("{name}.{family}")),
            Some(format!("{name}.{family}@{domain}")),
            Some(hex::encode(digest)),
            Some(role.to_owned()),
        ]);
    }
    rows
}

fn describe(_table: &str) -> Reply {
    let mut rows = Rows::new(&["Field", "Type", "Null", "Key", "Default", "Extra"]);
    for (name, kind, key) in [
        ("id", "int(11)", "PRI"),
        ("username", "varchar(64)", "UNI"),
        ("email", "varchar(128)", ""),
        ("password", "char(32)", ""),
        ("role", "varchar(16)", ""),
    ] {
        let text = |text: &str| Some(text.to_owned());
        rows.push(vec![text(name), text(kind), text("NO"), text(key), None, text("")]);
    }
    Reply::Rows(rows)
}

fn changed(text: &str, second: &str) -> Reply {
    if second == "function" && text.to_ascii_lowercase().contains("soname") {
        let library = text.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let library = library.trim_matches(|c| matches!(c, '\'' | '"'));
        return Reply::Error(
            1126,
            "HY000",
            format!(
                "Can't open shared library '{library}' (errno: 2, cannot open shared object file: No such file or directory)"
            ),
        );
    }
    Reply::Ok(u64::from(second == "database"))
}

fn denied(privilege: &str) -> String {
    format!("Access denied; you need (at least one of) the {privilege} privilege(s) for this operation")
}

fn syntax(flavour: &Flavour, text: &str) -> Reply {
    let server = if flavour.mariadb { "MariaDB" } else { "MySQL" };
    let near: String = text.chars().take(80).collect();
    Reply::Error(
        1064,
        "42000",
        format!(
            "You have an error in your SQL syntax; check the manual that corresponds to your {server} server version \
             for the right syntax to use near '{near}' at line 1"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_found_with_its_content() {
        for (query, path, content) in [
            (
                "select '<?php system($_GET[1]); ?>' into outfile '/var/www/html/x.php'",
                "/var/www/html/x.php",
                &b"<?php system($_GET[1]); ?>"[..],
            ),
            (
                "SELECT 0x7f454c46 INTO DUMPFILE '/usr/lib/mysql/plugin/u.so'",
                "/usr/lib/mysql/plugin/u.so",
                b"\x7fELF",
            ),
        ] {
            assert_eq!(written_file(query.as_bytes()), Some((path.into(), content.to_vec())));
        }
        assert_eq!(written_file(b"select 1"), None);
    }

    #[test]
    fn techniques_are_named_with_what_shows_them() {
        let found = techniques(b"create function sys_eval returns string soname 'u.so'");
        assert_eq!(found.first().map(|(name, _)| *name), Some("mysql user-defined function"));
        assert!(techniques(b"select version()").is_empty());
    }
}
