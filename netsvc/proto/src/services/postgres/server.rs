//! What the server says of itself: parameters, functions of its own, tables of its catalogue.

use super::{
    catalogue::{self, Seen},
    flavour::Flavour,
    worlds::Role,
};
use crate::account;
use netsvc_kit::{Host, Link};
use netsvc_sql::{Facts, Fault, Made, Value, World, replaced};
use std::collections::BTreeMap;

/// The server as a session asks it.
pub(super) struct Server<'a> {
    pub host: &'a Host,
    pub link: &'a Link,
    pub flavour: &'a Flavour,
    pub user: &'a str,
    pub database: &'a str,
    pub databases: &'a [String],
    pub roles: &'a BTreeMap<String, Role>,
    pub process: u32,
    pub application: &'a str,
    /// What the session set.
    pub set: &'a BTreeMap<String, String>,
    /// The statement that runs.
    pub text: &'a str,
    /// Texts that a function wrote to a file, and what functions do beside returning a value.
    pub deeds: &'a mut Vec<Deed>,
}

/// What a function does beside returning a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    /// It waits, s.
    Slept(f64),
    /// A file of the node was read.
    Read(String),
    /// A file was to be written: path and content.
    Written(String, Vec<u8>),
}

/// Parameters with their values and when they may be set, as release 15 of Debian has them.
pub(super) fn parameters() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    include_str!("data/settings.tsv").lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

impl Server<'_> {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let (_, value, _) = parameters().find(|(known, ..)| known.eq_ignore_ascii_case(&lower))?;
        Some(match lower.as_str() {
            "server_version" => self.flavour.shown.clone(),
            "server_version_num" => {
                let (major, minor) = self.flavour.version.split_once('.').unwrap_or(("15", "0"));
                format!("{major}{minor:0>4}")
            }
            "ssl" => if self.flavour.tls { "on" } else { "off" }.to_owned(),
            "is_superuser" => if self.superuser() { "on" } else { "off" }.to_owned(),
            "session_authorization" => self.user.to_owned(),
            _ if self.set.contains_key(&lower) => self.set.get(&lower).cloned().unwrap_or_default(),
            "application_name" => self.application.to_owned(),
            _ => value.replace("/15/", &format!("/{}/", self.flavour.major)),
        })
    }

    fn superuser(&self) -> bool {
        // Who is let in under a name that no role has is the one that the operator wants to have let in.
        self.roles.get(self.user).is_none_or(|role| role.superuser)
    }

    fn seen<'a>(&'a self, world: &'a World) -> Seen<'a> {
        let text = |text: &str| Value::text(text);
        Seen {
            world,
            database: self.database,
            databases: self.databases,
            roles: self.roles,
            settings: Vec::new(),
            activity: vec![
                Value::Integer(16_385),
                text(self.database),
                Value::Integer(i64::from(self.process)),
                Value::Integer(10),
                text(self.user),
                text(self.application),
                text(&self.link.peer.ip().to_string()),
                Value::Integer(i64::from(self.link.peer.port())),
                text("active"),
                text(self.text),
                text("client backend"),
            ],
        }
    }

    /// A file of the node, as the server's user reads it.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        let absolute = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/var/lib/postgresql/{}/main/{path}", self.flavour.major)
        };
        self.deeds.push(Deed::Read(absolute.clone()));
        let facts = account::facts(self.host, self.link, None);
        let mut fs = account::shell(self.host).fs("postgres", self.link.source(), facts);
        let read = fs.read_file(&absolute).map(|content| content.to_vec());
        read.map_err(|error| {
            let told = format!("could not open file \"{path}\" for reading: {error}");
            Fault::Own("58P01", told, "read_file")
        })
    }

    /// Functions about files and large objects.
    fn files(&mut self, name: &str, values: &[Value]) -> Option<Result<Value, Fault>> {
        Some(match (name, values) {
            ("pg_read_file" | "pg_read_binary_file", [path, ..]) => {
                let path = path.string();
                self.read(&path).map(Value::Text)
            }
            ("lo_import", [path, ..]) => {
                let path = path.string();
                match self.read(&path) {
                    Ok(_) => Ok(Value::Integer(16_500)),
                    Err(_) => {
                        let told =
                            format!("could not open server file \"{path}\": No such file or directory");
                        Err(Fault::Own("58P01", told, "lo_import"))
                    }
                }
            }
            ("lo_from_bytea" | "lo_put", [oid, .., content]) => {
                self.deeds.push(Deed::Written("large object".to_owned(), bytes(content)));
                Ok(Value::Integer(oid.integer().max(16_500)))
            }
            ("lo_create" | "lo_creat" | "lo_unlink", [oid]) => Ok(Value::Integer(oid.integer().max(1))),
            ("lo_export", [_, path]) => {
                self.deeds.push(Deed::Written(path.string(), Vec::new()));
                Ok(Value::Integer(1))
            }
            ("lo_get", [oid, ..]) => {
                let told = format!("large object {} does not exist", oid.integer());
                Err(Fault::Own("42704", told, "largeobj"))
            }
            ("pg_ls_dir", [path, ..]) => {
                let path = path.string();
                self.deeds.push(Deed::Read(path.clone()));
                let facts = account::facts(self.host, self.link, None);
                let fs = account::shell(self.host).fs("postgres", self.link.source(), facts);
                match fs.readdir(&path) {
                    Ok(entries) => {
                        Ok(entries.first().map_or(Value::Null, |entry| Value::text(entry.clone())))
                    }
                    Err(error) => {
                        let told = format!("could not open directory \"{path}\": {error}");
                        Err(Fault::Own("58P01", told, "ls_dir"))
                    }
                }
            }
            _ => return None,
        })
    }

    /// Functions that tell of the catalogue.
    fn described(&self, world: &World, name: &str, values: &[Value]) -> Option<Value> {
        let seen = self.seen(world);
        Some(match (name, values) {
            ("pg_get_userbyid", [oid]) => Value::text(seen.role_name(oid.integer())),
            ("pg_encoding_to_char", [_]) => Value::text("UTF8"),
            ("format_type", [oid, modifier]) => {
                Value::text(catalogue::format_type(oid.integer(), modifier.integer()))
            }
            ("pg_table_is_visible" | "pg_function_is_visible" | "pg_type_is_visible", [_])
            | ("has_database_privilege" | "has_schema_privilege" | "has_table_privilege", [_, ..]) => {
                Value::Truth(true)
            }
            ("pg_relation_is_publishable", [_]) => Value::Truth(true),
            ("pg_get_expr", [text, ..]) => text.clone(),
            ("pg_get_indexdef", [oid, ..]) => seen.index_text(oid.integer()).map_or(Value::Null, Value::text),
            ("pg_get_constraintdef", [oid, ..]) => {
                let index = seen.index_text(oid.integer() - 100_000)?;
                let column = index.rsplit_once('(').map_or("", |(_, column)| column).trim_end_matches(')');
                let primary = index.contains("_pkey ");
                Value::text(format!("{} ({column})", if primary { "PRIMARY KEY" } else { "UNIQUE" }))
            }
            ("array_to_string", [array, separator, ..]) => {
                let inner = array.string();
                if array.is_null() {
                    return Some(Value::Null);
                }
                let inner = inner.trim_start_matches('{').trim_end_matches('}').replace('"', "");
                replaced(inner.as_bytes(), ",", &separator.string())
            }
            ("pg_size_pretty", [size]) => {
                let size = size.integer();
                Value::text(if size < 10_240 {
                    format!("{size} bytes")
                } else {
                    format!("{} kB", size / 1024)
                })
            }
            ("pg_database_size", [_]) => Value::Integer(7_717_679),
            ("pg_table_size" | "pg_relation_size" | "pg_total_relation_size", [_]) => Value::Integer(8192),
            ("obj_description" | "shobj_description" | "col_description", [_, ..])
            | ("pg_get_statisticsobjdef_columns" | "pg_get_function_result", [_, ..])
            | ("pg_get_function_arguments" | "pg_get_viewdef", [_, ..]) => Value::Null,
            _ => return None,
        })
    }

    /// Functions about the session and the server.
    fn told(&mut self, name: &str, values: &[Value]) -> Option<Result<Value, Fault>> {
        let text = |text: &str| Value::text(text);
        Some(Ok(match (name, values) {
            ("version", []) => text(&self.flavour.full),
            ("current_user" | "session_user" | "user" | "current_role", []) => text(self.user),
            ("current_database" | "current_catalog", []) => text(self.database),
            ("current_schema", []) => text("public"),
            ("current_schemas", [_]) => text("{pg_catalog,public}"),
            ("pg_backend_pid", []) => Value::Integer(i64::from(self.process)),
            ("inet_client_addr", []) => text(&self.link.peer.ip().to_string()),
            ("inet_client_port", []) => Value::Integer(i64::from(self.link.peer.port())),
            ("inet_server_addr", []) => text(&self.host.persona().ip.to_string()),
            ("inet_server_port", []) => Value::Integer(i64::from(self.link.port)),
            ("pg_is_in_recovery", []) => Value::Truth(false),
            ("pg_postmaster_start_time", []) => {
                let form = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
                let begun = self.host.persona().booted_at / 1_000_000 + 21;
                let moment = time::OffsetDateTime::from_unix_timestamp(begun).ok()?;
                text(&format!("{}+00", moment.format(form).ok()?))
            }
            ("pg_sleep", [seconds]) => {
                self.deeds.push(Deed::Slept(seconds.number()));
                text("")
            }
            ("current_setting", [name, ..]) => match self.parameter(&name.string()) {
                Some(value) => Value::text(value),
                None if values.len() > 1 => Value::Null,
                None => {
                    let told = format!("unrecognized configuration parameter \"{}\"", name.string());
                    return Some(Err(Fault::Own("42704", told, "no_parameter")));
                }
            },
            ("set_config", [_, value, ..]) => value.clone(),
            ("encode", [value, form]) => match form.string().as_str() {
                "base64" => {
                    let bytes = bytes(value);
                    text(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes))
                }
                "hex" => text(&hex::encode(bytes(value))),
                _ => value.clone(),
            },
            ("decode", [value, form]) => {
                let decoded = match form.string().as_str() {
                    "base64" => {
                        let engine = &base64::engine::general_purpose::STANDARD;
                        base64::Engine::decode(engine, value.bytes()).ok()
                    }
                    "hex" => hex::decode(value.bytes()).ok(),
                    _ => Some(value.bytes()),
                };
                text(&format!("\\x{}", hex::encode(decoded.unwrap_or_default())))
            }
            ("chr", [number]) => {
                let letter = u32::try_from(number.integer()).ok().and_then(char::from_u32);
                text(&letter.map(String::from).unwrap_or_default())
            }
            ("convert_from", [value, _]) => Value::Text(bytes(value)),
            _ => return None,
        }))
    }
}

/// The bytes of a `bytea` as it is written: `\x…`.
fn bytes(value: &Value) -> Vec<u8> {
    let text = value.bytes();
    text.strip_prefix(b"\\x").and_then(|digits| hex::decode(digits).ok()).unwrap_or(text)
}

impl Facts for Server<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.parameter(name).map(Value::text)
    }

    fn variables(&self) -> Vec<(String, Value)> {
        let row =
            |(name, ..): (&str, &str, &str)| Some((name.to_owned(), Value::text(self.parameter(name)?)));
        parameters().filter_map(row).collect()
    }

    fn fact(&self, _: &str) -> Option<Value> {
        None
    }

    fn file(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn now(&self) -> (i64, i64) {
        let utc = self.host.clock() / 1_000_000;
        (utc, utc + i64::from(self.host.persona().zone.offset_minutes) * 60)
    }

    fn show(&self, _: &str) -> Option<(Vec<&'static str>, Vec<Vec<Value>>)> {
        None
    }

    fn random(&mut self) -> f64 {
        let mut generator = self.host.generator(&format!("draw {} {}", self.process, self.host.clock()));
        f64::from(rand_core::RngCore::next_u32(&mut generator)) / f64::from(u32::MAX)
    }

    fn engine(&self) -> String {
        String::new()
    }

    fn table(&self, world: &World, database: &str, name: &str) -> Option<Made> {
        let mut seen = self.seen(world);
        if name == "pg_settings" {
            let all = parameters().filter_map(|(name, ..)| Some((name.to_owned(), self.parameter(name)?)));
            seen.settings = all.collect();
        }
        seen.table(database, name)
    }

    fn call(&mut self, world: &World, name: &str, values: &[Value]) -> Option<Result<Value, Fault>> {
        if let Some(result) = self.told(name, values).or_else(|| self.files(name, values)) {
            return Some(result);
        }
        self.described(world, name, values).map(Ok)
    }

    fn cast(&self, world: &World, value: &Value, kind: &str) -> Option<Result<Value, Fault>> {
        match kind {
            "regclass" => match self.seen(world).relation(value) {
                Some((_, name)) => Some(Ok(Value::text(name))),
                None if value.string().starts_with("pg_") => Some(Ok(value.clone())),
                None => {
                    let told = format!("relation \"{}\" does not exist", value.string());
                    Some(Err(Fault::Own("42P01", told, "setval")))
                }
            },
            "regtype" | "regnamespace" | "regrole" | "regproc" => Some(Ok(Value::Text(value.bytes()))),
            _ => None,
        }
    }
}
