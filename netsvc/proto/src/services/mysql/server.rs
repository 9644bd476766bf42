//! What the server says of itself: versions, variables, lists of SHOW.

use super::{flavour::Flavour, lists};
use crate::account;
use netsvc_kit::{Host, Link};
use netsvc_sql::{Facts, Value};
use rand_core::RngCore;

/// The server as a session asks it.
pub(super) struct Server<'a> {
    pub host: &'a Host,
    pub link: &'a Link,
    pub flavour: &'a Flavour,
    pub user: &'a str,
    pub thread: u32,
    pub database: &'a str,
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// Variables whose values depend on nothing.
const PLAIN: &[(&str, &str)] = &[
    ("auto_increment_increment", "1"),
    ("autocommit", "1"),
    ("basedir", "/usr"),
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("character_set_database", "utf8mb4"),
    ("character_set_filesystem", "binary"),
    ("character_set_results", "utf8mb4"),
    ("character_set_server", "utf8mb4"),
    ("character_set_system", "utf8mb3"),
    ("datadir", "/var/lib/mysql/"),
    ("default_storage_engine", "InnoDB"),
    ("foreign_key_checks", "1"),
    ("general_log", "OFF"),
    ("have_symlink", "YES"),
    ("init_connect", ""),
    ("innodb_buffer_pool_size", "134217728"),
    ("innodb_file_per_table", "ON"),
    ("interactive_timeout", "28800"),
    ("license", "GPL"),
    ("local_infile", "ON"),
    ("log_bin", "OFF"),
    ("log_error", ""),
    ("lower_case_table_names", "0"),
    ("max_allowed_packet", "16777216"),
    ("max_connections", "151"),
    ("net_buffer_length", "16384"),
    ("net_write_timeout", "60"),
    ("performance_schema", "OFF"),
    ("plugin_dir", "/usr/lib/mysql/plugin/"),
    ("port", "3306"),
    ("protocol_version", "10"),
    ("read_only", "OFF"),
    ("server_id", "1"),
    ("session_track_schema", "ON"),
    ("slow_query_log", "OFF"),
    ("slow_query_log_file", "/var/lib/mysql/slow.log"),
    ("socket", "/run/mysqld/mysqld.sock"),
    ("sql_log_bin", "ON"),
    ("sql_safe_updates", "0"),
    ("time_zone", "SYSTEM"),
    ("tmpdir", "/tmp"),
    ("transaction_isolation", "REPEATABLE-READ"),
    ("tx_isolation", "REPEATABLE-READ"),
    ("tx_read_only", "0"),
    ("unique_checks", "1"),
    ("version_compile_machine", "x86_64"),
    ("wait_timeout", "28800"),
];

impl Server<'_> {
    /// The row of SHOW PROCESSLIST that the asking connection is.
    fn own_process(&self) -> Vec<Value> {
        let mut row = vec![
            Value::Integer(i64::from(self.thread)),
            text(self.user),
            text(&self.link.peer.to_string()),
            if self.database.is_empty() { Value::Null } else { text(self.database) },
            text("Query"),
            Value::Integer(0),
            text(if self.flavour.mariadb { "starting" } else { "init" }),
            text("show processlist"),
        ];
        if self.flavour.mariadb {
            row.push(text("0.000"));
        }
        row
    }

    /// Variables of this server.
    fn own(&self) -> Vec<(&'static str, Value)> {
        let maria = self.flavour.mariadb;
        let collation = if maria { "utf8mb4_general_ci" } else { "utf8mb4_0900_ai_ci" };
        let hostname = &self.host.persona().hostname;
        vec![
            ("collation_connection", text(collation)),
            ("collation_database", text(collation)),
            ("collation_server", text(collation)),
            ("general_log_file", text(&format!("{hostname}.log"))),
            ("have_ssl", text(if maria { "DISABLED" } else { "YES" })),
            ("hostname", text(hostname)),
            ("secure_file_priv", text(if maria { "" } else { "/var/lib/mysql-files/" })),
            (
                "sql_mode",
                text(if maria {
                    "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
                } else {
                    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
                     ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
                }),
            ),
            ("system_time_zone", text(&self.host.persona().zone.abbreviation)),
            ("version", text(&self.flavour.version)),
            ("version_comment", text(&self.flavour.comment)),
            ("version_compile_os", text(if maria { "debian-linux-gnu" } else { "Linux" })),
        ]
    }
}

impl Facts for Server<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        let own = self.own().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        let plain = || {
            let (_, value) = PLAIN.iter().find(|(known, _)| *known == name)?;
            Some(match *value {
                "ON" => Value::Integer(1),
                "OFF" => Value::Integer(0),
                value => value.parse().map_or_else(|_| text(value), Value::Integer),
            })
        };
        own.or_else(plain)
    }

    fn variables(&self) -> Vec<(String, Value)> {
        let plain = PLAIN.iter().map(|(name, value)| {
            let value = if *name == "autocommit" { "ON" } else { value };
            ((*name).to_owned(), text(value))
        });
        let own = self.own().into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut all: Vec<_> = plain.chain(own).collect();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }

    fn fact(&self, name: &str) -> Option<Value> {
        let address = self.link.peer.ip();
        Some(match name {
            "version" => text(&self.flavour.version),
            "connection_id" => Value::Integer(i64::from(self.thread)),
            "current_user" => text(&format!("{}@%", self.user)),
            _ => text(&format!("{}@{address}", self.user)),
        })
    }

    fn file(&self, path: &[u8]) -> Option<Vec<u8>> {
        // MySQL reads files of one folder only.
        if !self.flavour.mariadb {
            return None;
        }
        let facts = account::facts(self.host, self.link, None);
        let mut fs = account::shell(self.host).fs("mysql", self.link.source(), facts);
        fs.read_file(&netsvc_shell::text::decode(path)).ok().map(|content| content.to_vec())
    }

    fn now(&self) -> (i64, i64) {
        let utc = self.host.clock() / 1_000_000;
        (utc, utc + i64::from(self.host.persona().zone.offset_minutes) * 60)
    }

    fn show(&self, what: &str) -> Option<(Vec<&'static str>, Vec<Vec<Value>>)> {
        let uptime = (self.host.clock() - self.host.persona().booted_at).max(0) / 1_000_000;
        Some(match what {
            "grants" => (
                vec!["Grants for root@%"],
                vec![vec![text("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION")]],
            ),
            "processlist" => (lists::processlist(self.flavour.mariadb), vec![self.own_process()]),
            "status" => (
                vec!["Variable_name", "Value"],
                [
                    ("Connections", i64::from(self.thread)),
                    ("Questions", uptime / 40 + 7),
                    ("Threads_connected", 1),
                    ("Threads_running", 1),
                    ("Uptime", uptime),
                ]
                .iter()
                .map(|(name, value)| vec![text(name), text(&value.to_string())])
                .collect(),
            ),
            other => return lists::list(other, self.flavour.mariadb),
        })
    }

    fn random(&mut self) -> f64 {
        let label = format!("draw {} {}", self.thread, self.host.clock());
        f64::from(self.host.generator(&label).next_u32()) / 4_294_967_296.0
    }

    fn engine(&self) -> String {
        let collation = if self.flavour.mariadb { "utf8mb4_general_ci" } else { "utf8mb4_0900_ai_ci" };
        format!("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation}")
    }
}
