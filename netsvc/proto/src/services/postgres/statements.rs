//! Statements: those about sessions, roles and databases here, the rest by the engine.

use super::{
    Connection, copy,
    refusal::{Refusal, Severity},
    server,
    session::{Done, Transaction},
    worlds::{self, Role},
};
use netsvc_kit::{Credential, Out};
use netsvc_sql::{Answer, Field, Kind, Rows, Value};

/// A statement's words, without comments at its front.
#[derive(Clone, Copy, Debug)]
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// The word at `index` in lower case, without quotes.
    fn lower(self, index: usize) -> String {
        let word = self.0.split_whitespace().nth(index).unwrap_or_default();
        word.trim_end_matches(';').trim_matches('"').to_lowercase()
    }

    /// The word at `index` as a name: folded unless it is quoted.
    fn name(self, index: usize) -> String {
        let word = self.0.split_whitespace().nth(index).unwrap_or_default().trim_end_matches(';');
        match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
            Some(quoted) => quoted.to_owned(),
            None => word.to_lowercase(),
        }
    }

    /// The text in the first quotes behind `word`.
    fn quoted_behind(self, word: &str) -> Option<&'a str> {
        let at = self.0.to_lowercase().find(word)?;
        let (_, rest) = self.0.get(at..)?.split_once('\'')?;
        rest.split('\'').next()
    }
}

/// `text` without white space and comments in front.
fn trimmed(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let rest = if let Some(rest) = text.strip_prefix("--") {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(rest) = text.strip_prefix("/*") {
            rest.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
        text = rest;
    }
}

impl Connection {
    /// Runs one statement.
    pub(super) fn statement(&mut self, text: &str, values: &[Value], out: &mut Out) -> Result<Done, Refusal> {
        let words = Words(trimmed(text));
        let (first, second) = (words.lower(0), words.lower(1));
        let failed = self
            .session
            .as_ref()
            .is_some_and(|session| matches!(session.transaction, Transaction::Failed(..)));
        let ends = matches!(first.as_str(), "rollback" | "commit" | "end" | "abort");
        if failed && !ends {
            let told = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(Refusal::error("aborted", "25P02", told));
        }
        let outcome = match first.as_str() {
            "begin" => self.begin_transaction(),
            "start" if second == "transaction" => {
                self.begin_transaction().map(|_| Done::Tag("START TRANSACTION".to_owned()))
            }
            "commit" | "end" => self.end_transaction(true),
            "rollback" if second == "to" => Ok(Done::Tag("ROLLBACK".to_owned())),
            "rollback" | "abort" => self.end_transaction(false),
            "savepoint" | "release" => self.savepoint(&first),
            "show" => self.show(&words.lower(1)),
            "set" => self.set(words),
            "reset" => Ok(Done::Tag("RESET".to_owned())),
            "discard" => Ok(Done::Tag(format!("DISCARD {}", second.to_uppercase()))),
            "create" | "alter" | "drop" => match self.defines(words, out) {
                Some(outcome) => outcome,
                None => self.by_engine(text, values, &first, out),
            },
            "load" => {
                let library = words.quoted_behind("load").unwrap_or_default();
                let told = format!("could not access file \"{library}\": No such file or directory");
                Err(Refusal::error("missing_file_lib", "58P01", told))
            }
            "do" | "listen" | "notify" | "unlisten" | "vacuum" | "analyze" | "checkpoint" | "reindex"
            | "cluster" | "grant" | "revoke" | "comment" | "lock" | "security" | "refresh" => {
                Ok(Done::Tag(first.to_uppercase()))
            }
            _ => self.by_engine(text, values, &first, out),
        };
        if outcome.is_err()
            && let Some(session) = &mut self.session
        {
            session.fail();
        }
        outcome
    }

    fn by_engine(
        &mut self,
        text: &str,
        values: &[Value],
        first: &str,
        out: &mut Out,
    ) -> Result<Done, Refusal> {
        if first == "values" || first == "with" || first == "table" {
            return self.by_engine_as(text, values, "SELECT", out);
        }
        let (_, tag) = [
            ("insert", "INSERT 0"),
            ("update", "UPDATE"),
            ("delete", "DELETE"),
            ("create", "CREATE TABLE"),
            ("alter", "ALTER TABLE"),
            ("drop", "DROP TABLE"),
            ("truncate", "TRUNCATE TABLE"),
            ("prepare", "PREPARE"),
            ("deallocate", "DEALLOCATE"),
        ]
        .into_iter()
        .find(|(word, _)| *word == first)
        .unwrap_or(("", "SELECT"));
        self.by_engine_as(text, values, tag, out)
    }

    fn by_engine_as(
        &mut self,
        text: &str,
        values: &[Value],
        tag: &'static str,
        out: &mut Out,
    ) -> Result<Done, Refusal> {
        match self.engine(text, values, out)? {
            Answer::Rows(rows) => Ok(Done::Rows(rows, "SELECT")),
            Answer::Done { affected, .. } if matches!(tag, "INSERT 0" | "UPDATE" | "DELETE") => {
                Ok(Done::Tag(format!("{tag} {affected}")))
            }
            Answer::Done { affected, .. } => {
                let of_query = tag == "CREATE TABLE" && affected > 0;
                Ok(Done::Tag(if of_query { format!("SELECT {affected}") } else { tag.to_owned() }))
            }
        }
    }

    fn savepoint(&self, word: &str) -> Result<Done, Refusal> {
        if self.session.as_ref().is_none_or(|session| matches!(session.transaction, Transaction::None)) {
            let told = format!("{} can only be used in transaction blocks", word.to_uppercase());
            return Err(Refusal::error("no_savepoint", "25P01", told));
        }
        Ok(Done::Tag(word.to_uppercase()))
    }

    fn show(&mut self, name: &str) -> Result<Done, Refusal> {
        let field = |name: &str| Field {
            name: name.to_owned(),
            kind: Kind::Text,
            table: String::new(),
            database: String::new(),
        };
        let mut none = Out::default();
        if name == "all" {
            let statement = "select name, setting, '' as description from pg_settings";
            return self.by_engine_as(statement, &[], "SHOW", &mut none).map(|done| match done {
                Done::Rows(rows, _) => Done::Rows(rows, "SHOW"),
                other => other,
            });
        }
        let name = match name {
            "time" => "timezone",
            "transaction" => "transaction_isolation",
            other => other,
        };
        let statement = format!("select current_setting('{}')", name.replace('\'', "''"));
        match self.engine(&statement, &[], &mut none)? {
            Answer::Rows(rows) => Ok(Done::Rows(Rows { fields: vec![field(name)], ..rows }, "SHOW")),
            Answer::Done { .. } => Ok(Done::Tag("SHOW".to_owned())),
        }
    }

    fn set(&mut self, words: Words<'_>) -> Result<Done, Refusal> {
        let text = words.0.trim_end().trim_end_matches(';');
        let rest = text.get(3..).unwrap_or_default().trim_start();
        let lower = rest.to_lowercase();
        let skipped =
            ["session ", "local "].iter().find(|word| lower.starts_with(**word)).map_or(0, |word| word.len());
        let rest = rest.get(skipped..).unwrap_or_default().trim_start();
        let lower = rest.to_lowercase();
        if ["transaction", "characteristics", "role", "authorization", "constraints", "names", "time zone"]
            .iter()
            .any(|word| lower.starts_with(word))
        {
            return Ok(Done::Tag("SET".to_owned()));
        }
        let (name, value) = match (lower.find('='), lower.find(" to ")) {
            (Some(at), None) => (rest.get(..at), rest.get(at + 1..)),
            (Some(equals), Some(to)) if equals < to => (rest.get(..equals), rest.get(equals + 1..)),
            (_, Some(at)) => (rest.get(..at), rest.get(at + 4..)),
            (None, None) => (Some(rest), None),
        };
        let name = name.unwrap_or_default().trim().to_lowercase();
        let Some(value) = value.map(|value| value.trim().trim_matches('\'').to_owned()) else {
            return Err(Refusal::error("syntax_end", "42601", "syntax error at end of input"));
        };
        let known = server::parameters().find(|(known, ..)| known.eq_ignore_ascii_case(&name));
        match known {
            // A name with a point is anybody's own.
            None if !name.contains('.') => {
                let told = format!("unrecognized configuration parameter \"{name}\"");
                return Err(Refusal::error("set_parameter", "42704", told));
            }
            Some((name, _, "postmaster")) => {
                let told = format!("parameter \"{name}\" cannot be changed without restarting the server");
                return Err(Refusal::error("cannot_set", "55P02", told));
            }
            Some((name, _, "sighup")) => {
                return Err(Refusal::error(
                    "cannot_set",
                    "55P02",
                    format!("parameter \"{name}\" cannot be changed now"),
                ));
            }
            Some((name, _, "internal")) => {
                return Err(Refusal::error(
                    "cannot_set",
                    "55P02",
                    format!("parameter \"{name}\" cannot be changed"),
                ));
            }
            _ => {}
        }
        if let Some(session) = &mut self.session {
            session.set(&name, value);
        }
        Ok(Done::Tag("SET".to_owned()))
    }

    /// CREATE, ALTER and DROP of what is no table; `None` where the engine has to.
    fn defines(&mut self, words: Words<'_>, out: &mut Out) -> Option<Result<Done, Refusal>> {
        let (verb, kind) = (words.lower(0), words.lower(1));
        let done = |what: &str| Ok(Done::Tag(format!("{} {what}", verb.to_uppercase())));
        Some(match kind.as_str() {
            "role" | "user" | "group" => self.role(&verb, words, out),
            "database" if verb == "alter" => done("DATABASE"),
            "database" => self.database(&verb, words),
            "system" => done("SYSTEM"),
            "extension" if verb == "create" => self.extension(words),
            "schema" if verb == "create" => self.schema(words),
            "function" | "procedure" if verb == "create" => self.function(words),
            "or" if matches!(words.lower(3).as_str(), "function" | "procedure") => self.function(words),
            "table" | "temp" | "temporary" | "unlogged" => return None,
            "view" | "index" | "sequence" | "function" | "procedure" | "extension" | "schema" | "type"
            | "trigger" | "server" | "publication" | "subscription" | "tablespace" | "event"
            | "aggregate" | "operator" | "language" | "domain" | "policy" | "rule" | "owned" => {
                done(&kind.to_uppercase())
            }
            "unique" => done("INDEX"),
            "or" => done(&words.lower(3).to_uppercase()),
            "materialized" => done("MATERIALIZED VIEW"),
            "foreign" => done("FOREIGN TABLE"),
            _ => return None,
        })
    }

    fn role(&mut self, verb: &str, words: Words<'_>, out: &mut Out) -> Result<Done, Refusal> {
        let lenient = words.lower(2) == "if";
        let name = words.name(if lenient { 4 } else { 2 });
        let password = words.quoted_behind("password");
        if let Some(password) = password {
            let mut credential = Credential::plaintext(name.as_bytes(), password.as_bytes(), "sql", true);
            credential.kind = "password_set";
            out.credential(credential);
        }
        let tag = Ok(Done::Tag(format!("{} ROLE", verb.to_uppercase())));
        let Some(session) = &self.session else { return tag };
        let mut cluster = session.cluster.lock();
        let lower = words.0.to_lowercase();
        match verb {
            "create" if cluster.roles.contains_key(&name) => {
                return Err(Refusal::error(
                    "role_exists",
                    "42710",
                    format!("role \"{name}\" already exists"),
                ));
            }
            "create" if !cluster.has_room() => {
                return Err(Refusal::error(
                    "internal",
                    "53100",
                    "could not extend file: No space left on device",
                ));
            }
            "create" => {
                let superuser = lower.contains("superuser") && !lower.contains("nosuperuser");
                let login = words.lower(1) == "user" || lower.contains(" login");
                let password = password.map(|password| password.as_bytes().to_vec());
                cluster.roles.insert(name, Role { superuser, login, password });
            }
            _ if !cluster.roles.contains_key(&name) => {
                if lenient {
                    let told = format!("role \"{name}\" does not exist, skipping");
                    let told =
                        Refusal { severity: Severity::Notice, ..Refusal::error("no_role", "00000", told) };
                    return Ok(Done::Told(vec![told], "DROP ROLE".to_owned()));
                }
                let place = if verb == "drop" { "no_role" } else { "no_role_alter" };
                return Err(Refusal::error(place, "42704", format!("role \"{name}\" does not exist")));
            }
            "drop" => {
                cluster.roles.remove(&name);
            }
            _ => {
                if let Some(role) = cluster.roles.get_mut(&name) {
                    role.password =
                        password.map(|password| password.as_bytes().to_vec()).or(role.password.take());
                    role.superuser =
                        role.superuser && !lower.contains("nosuperuser") || lower.contains(" superuser");
                }
            }
        }
        tag
    }

    fn database(&mut self, verb: &str, words: Words<'_>) -> Result<Done, Refusal> {
        let lenient = words.lower(2) == "if";
        let name = words.name(if lenient { 4 } else { 2 });
        let Some(session) = &self.session else { return Ok(Done::Tag(String::new())) };
        if !matches!(session.transaction, Transaction::None) {
            let told = format!("{} DATABASE cannot run inside a transaction block", verb.to_uppercase());
            return Err(Refusal::error("db_in_tx", "25001", told));
        }
        let mut cluster = session.cluster.lock();
        let known = cluster.databases.contains_key(&name);
        match verb {
            "create" if known => {
                Err(Refusal::error("database_exists", "42P04", format!("database \"{name}\" already exists")))
            }
            "create" if !cluster.has_room() => Err(Refusal::error(
                "internal",
                "53100",
                "could not create directory: No space left on device",
            )),
            "create" => {
                cluster.databases.insert(name, worlds::empty());
                Ok(Done::Tag("CREATE DATABASE".to_owned()))
            }
            _ if name == session.database => {
                Err(Refusal::error("current_db", "55006", "cannot drop the currently open database"))
            }
            _ if name.starts_with("template") && known => {
                Err(Refusal::error("template_db", "42809", "cannot drop a template database"))
            }
            _ if known => {
                cluster.databases.remove(&name);
                Ok(Done::Tag("DROP DATABASE".to_owned()))
            }
            _ if lenient => {
                let told = format!("database \"{name}\" does not exist, skipping");
                let told =
                    Refusal { severity: Severity::Notice, ..Refusal::error("notice_db", "00000", told) };
                Ok(Done::Told(vec![told], "DROP DATABASE".to_owned()))
            }
            _ => Err(Refusal::error(
                "no_database_drop",
                "3D000",
                format!("database \"{name}\" does not exist"),
            )),
        }
    }

    fn extension(&self, words: Words<'_>) -> Result<Done, Refusal> {
        const KNOWN: &[&str] =
            &["plpgsql", "pgcrypto", "dblink", "adminpack", "file_fdw", "uuid-ossp", "pg_stat_statements"];
        let name = words.name(if words.lower(2) == "if" { 5 } else { 2 });
        if KNOWN.contains(&name.as_str()) {
            return Ok(Done::Tag("CREATE EXTENSION".to_owned()));
        }
        let path = format!("/usr/share/postgresql/{}/extension/{name}.control", self.flavour.major);
        if self.flavour.major < 15 {
            let told = format!("could not open extension control file \"{path}\": No such file or directory");
            return Err(Refusal::error("no_extension", "58P01", told));
        }
        let told = Refusal::error("no_extension", "0A000", format!("extension \"{name}\" is not available"));
        let told = told
            .detail(format!("Could not open extension control file \"{path}\": No such file or directory."));
        Err(Refusal {
            hint: Some("The extension must first be installed on the system where PostgreSQL is running."),
            ..told
        })
    }

    fn schema(&mut self, words: Words<'_>) -> Result<Done, Refusal> {
        let lenient = words.lower(2) == "if";
        let name = words.name(if lenient { 5 } else { 2 });
        let Some(session) = &self.session else { return Ok(Done::Tag(String::new())) };
        let mut cluster = session.cluster.lock();
        let Some(world) = cluster.databases.get_mut(&session.database) else {
            return Ok(Done::Tag(String::new()));
        };
        if world.databases.contains_key(&name) && !lenient {
            return Err(Refusal::error(
                "schema_exists",
                "42P06",
                format!("schema \"{name}\" already exists"),
            ));
        }
        if world.databases.len() < 32 {
            world.databases.entry(name).or_default();
        }
        Ok(Done::Tag("CREATE SCHEMA".to_owned()))
    }

    /// A function of a library is one that the server cannot load; one of a language that it lacks, none at all.
    fn function(&self, words: Words<'_>) -> Result<Done, Refusal> {
        let lower = words.0.to_lowercase();
        let language = lower.rsplit("language").next().unwrap_or_default();
        let language = language.trim_start().trim_start_matches('\'');
        let language: String =
            language.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        match language.as_str() {
            "c" => {
                let library = words.quoted_behind(" as ").unwrap_or_default();
                let told = format!("could not access file \"{library}\": No such file or directory");
                Err(Refusal::error("c_function", "58P01", told))
            }
            "sql" | "plpgsql" | "internal" => Ok(Done::Tag("CREATE FUNCTION".to_owned())),
            other => {
                Err(Refusal::error("no_language", "42704", format!("language \"{other}\" does not exist")))
            }
        }
    }
}

/// Whether `text` is a COPY.
pub(super) fn copy_of(text: &str) -> Option<copy::Copy> {
    copy::Copy::read(trimmed(text))
}
