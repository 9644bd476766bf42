//! Batches: statement by statement, those of the engine and those that only this server has.

use super::{
    connection::Connection,
    faults,
    procedure::Exec,
    reply::Reply,
    rows,
    server::Server,
    tokens::{self, COUNT, DONE, DONE_IN_PROCEDURE, DONE_PROCEDURE, ERROR, MORE, Said},
    worlds::Worlds,
};
use crate::command_line;
use netsvc_kit::Out;
use netsvc_sql::{Answer, Field, Kind as Held, Rows, Value};
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// Most statements of a batch, and how deep batches may hold batches.
const STATEMENTS: usize = 256;
const DEPTH: u8 = 4;
/// Longest wait that a client may ask for.
const LONGEST: Duration = Duration::from_secs(30);
/// What SELECT is called at the end of its result.
const SELECT: u16 = 0xc1;
const PROCEDURE: u16 = 0xe0;
/// Bytes of an answer after which it ends.
const ENOUGH: usize = 4 << 20;

/// A result with these columns of text.
fn table(columns: &[(&str, Held)], rows: Vec<Vec<Value>>) -> Rows {
    let field = |(name, kind): &(&str, Held)| Field {
        name: (*name).to_owned(),
        kind: *kind,
        table: String::new(),
        database: String::new(),
    };
    Rows { fields: columns.iter().map(field).collect(), rows }
}

impl Connection {
    /// Runs a batch and answers it.
    pub(super) fn batch(&mut self, text: &str, out: &mut Out) {
        let mut reply = Reply::default();
        self.statements(text, &mut reply, out);
        self.answer(reply, DONE, out);
    }

    /// Ends an answer and sends it.
    pub(super) fn answer(&mut self, mut reply: Reply, kind: u8, out: &mut Out) {
        let status = if reply.failed { ERROR } else { 0 };
        reply.bytes.extend(tokens::done(kind, status, 0, 0, self.old()));
        self.result(&reply.bytes, out);
    }

    pub(super) fn statements(&mut self, text: &str, reply: &mut Reply, out: &mut Out) {
        for statement in netsvc_sql::batch(text).into_iter().take(STATEMENTS) {
            if ENOUGH < reply.bytes.len() {
                return;
            }
            let said = self.statement(statement.trim(), reply, out);
            self.last.1 = said.as_ref().map_or(0, |said| said.number);
            if let Some(said) = said {
                self.tell(&said, reply);
                reply.failed = true;
                // What is wrong with the words of a statement ends its batch.
                if matches!(said.number, 102 | 105 | 156 | 208) {
                    return;
                }
            }
        }
    }

    fn tell(&self, said: &Said, reply: &mut Reply) {
        reply.bytes.extend(tokens::said(said, &self.release.server(), self.old()));
    }

    fn done(&mut self, status: u16, command: u16, rows: u64, reply: &mut Reply) {
        self.last.0 = rows;
        let kind = if reply.within { DONE_IN_PROCEDURE } else { DONE };
        reply.bytes.extend(tokens::done(kind, status | MORE, command, rows, self.old()));
    }

    fn show(&mut self, rows: &Rows, reply: &mut Reply) {
        reply.bytes.extend(rows::result(rows, self.old()));
        self.done(COUNT, SELECT, rows.rows.len() as u64, reply);
    }

    /// Runs a statement; the error that it ends with.
    fn statement(&mut self, text: &str, reply: &mut Reply, out: &mut Out) -> Option<Said> {
        let mut words = text
            .split(|letter: char| letter.is_whitespace() || letter == '(')
            .filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_lowercase();
        let second = words.next().unwrap_or_default().to_lowercase();
        match first.as_str() {
            "use" => return self.choose(second_of(text), reply),
            "set" if !second.starts_with('@') => {}
            "go" | "begin" | "commit" | "rollback" | "save" | "grant" | "deny" | "revoke" | "return"
            | "checkpoint" => {}
            "print" => {
                let shown = self.evaluated(text.get(5..).unwrap_or_default());
                match shown {
                    Ok(value) => {
                        let line = Said::error(0, 1, 0, value.string());
                        self.tell(&line, reply);
                    }
                    Err(said) => return Some(said),
                }
            }
            "reconfigure" => self.settings.install(),
            "waitfor" => self.wait(text, out),
            "declare" => return self.declare(text.get(7..).unwrap_or_default()),
            "shutdown" | "kill" | "backup" | "restore" => {
                let denied = format!(
                    "User does not have permission to perform this action ({}).",
                    first.to_uppercase()
                );
                return Some(Said::error(6104, 1, 16, denied));
            }
            _ => {
                if let Some(exec) = Exec::read(text) {
                    return self.execute(&exec, reply, out);
                }
                if first == "insert"
                    && let Some(exec) =
                        text.to_lowercase().find("exec").and_then(|at| Exec::read(text.get(at..)?))
                {
                    // The rows of the procedure are put away, and the client sees none.
                    let mut aside = Reply { depth: reply.depth, ..Reply::default() };
                    return self.execute(&exec, &mut aside, out);
                }
                return self.run(text, reply);
            }
        }
        self.done(0, 0, 0, reply);
        None
    }

    /// USE.
    fn choose(&mut self, name: &str, reply: &mut Reply) -> Option<Said> {
        let plain = name.trim_matches(['[', ']', '"', ';']).to_owned();
        let before = self.session.database.clone();
        let quoted = plain.replace(']', "]]");
        if let Err(said) = self.asked(&format!("use [{quoted}]")) {
            return Some(said);
        }
        let now = self.session.database.clone();
        reply.bytes.extend(tokens::changed(1, &now, &before));
        self.tell(&Said::error(5701, 2, 0, format!("Changed database context to '{now}'.")), reply);
        self.done(0, 0, 0, reply);
        None
    }

    /// DECLARE: each variable with its value, or none.
    fn declare(&mut self, rest: &str) -> Option<Said> {
        for part in split_at_commas(rest) {
            let part = part.trim();
            let (head, value) =
                part.split_once('=').map_or((part, None), |(head, value)| (head, Some(value)));
            let name =
                head.split_whitespace().next().unwrap_or_default().trim_start_matches('@').to_lowercase();
            let value = match value.map(|value| self.evaluated(value)) {
                Some(Err(said)) => return Some(said),
                Some(Ok(value)) => value,
                None => Value::Null,
            };
            self.session.assign(&name, value);
        }
        None
    }

    /// WAITFOR DELAY: how intruders without an answer ask questions.
    fn wait(&mut self, text: &str, out: &mut Out) {
        let told = text.split('\'').nth(1).unwrap_or_default();
        let mut seconds = 0.0;
        for part in told.split(':') {
            seconds = seconds * 60.0 + part.trim().parse::<f64>().unwrap_or(0.0);
        }
        if self.host.natural_delays() && 0.0 < seconds && seconds.is_finite() {
            out.wait(Duration::from_secs_f64(seconds.min(LONGEST.as_secs_f64())));
        }
    }

    /// Makes a database the current one, at a login.
    pub(super) fn opens(&mut self, name: &str) -> bool {
        let quoted = name.replace(']', "]]");
        self.asked(&format!("use [{quoted}]")).is_ok()
    }

    /// The value of an expression.
    fn evaluated(&mut self, expression: &str) -> Result<Value, Said> {
        match self.asked(&format!("select {expression}"))? {
            Answer::Rows(rows) => Ok(rows.rows.into_iter().flatten().next().unwrap_or(Value::Null)),
            Answer::Done { .. } => Ok(Value::Null),
        }
    }

    /// Runs a statement of the engine, and shows what it answers.
    fn run(&mut self, text: &str, reply: &mut Reply) -> Option<Said> {
        match self.asked(text) {
            // A SELECT that gives variables values shows nothing.
            Ok(Answer::Rows(rows)) if assigns(text) => {
                self.done(COUNT, SELECT, rows.rows.len() as u64, reply);
                None
            }
            Ok(Answer::Rows(rows)) => {
                self.show(&rows, reply);
                None
            }
            Ok(Answer::Done { affected, .. }) => {
                self.done(COUNT, 0, affected, reply);
                None
            }
            Err(said) => Some(said),
        }
    }

    fn asked(&mut self, text: &str) -> Result<Answer, Said> {
        let worlds = self.host.node.shared(Worlds::default);
        let world = worlds.of(self.link.source(), &self.host);
        let database = self.session.database.clone();
        let login = self.login_name();
        let mut server = Server {
            host: &self.host,
            release: &self.release,
            settings: &self.settings,
            login: &login,
            client: &self.login.host,
            application: &self.login.application,
            database: &database,
            spid: self.spid,
            last: self.last,
            drawn: 0,
        };
        let outcome = self.session.run(&mut world.lock(), &mut server, text, &[]);
        outcome.map_err(|fault| faults::said(&fault, text))
    }

    /// Runs a procedure.
    pub(super) fn execute(&mut self, exec: &Exec, reply: &mut Reply, out: &mut Out) -> Option<Said> {
        if let Some(text) = &exec.text {
            if DEPTH <= reply.depth {
                return Some(Said::error(
                    217,
                    1,
                    16,
                    "Maximum stored procedure nesting level exceeded (limit 32).",
                ));
            }
            reply.depth += 1;
            self.statements(text, reply, out);
            reply.depth -= 1;
            return None;
        }
        let within = std::mem::replace(&mut reply.within, true);
        let said = self.procedure(exec, reply, out);
        reply.within = within;
        if said.is_none() {
            reply.bytes.extend(tokens::status(0));
            let status = if reply.within { MORE } else { MORE | COUNT };
            reply.bytes.extend(tokens::done(DONE_PROCEDURE, status, PROCEDURE, 0, self.old()));
        }
        said
    }

    fn procedure(&mut self, exec: &Exec, reply: &mut Reply, out: &mut Out) -> Option<Said> {
        match exec.name.as_str() {
            "xp_cmdshell" => self.command(exec.argument("command", 0).unwrap_or_default(), reply, out),
            "sp_configure" => self.configure(exec, reply),
            "sp_executesql" => {
                let text = exec.argument("stmt", 0).unwrap_or_default().to_owned();
                if reply.depth < DEPTH {
                    reply.depth += 1;
                    self.statements(&text, reply, out);
                    reply.depth -= 1;
                }
                None
            }
            "sp_databases" | "sp_helpdb" => self.run("select name, filename from sys.databases", reply),
            "sp_tables" | "sp_help" => self.run("select * from information_schema.tables", reply),
            "sp_who" | "sp_who2" => self.run("select * from sys.dm_exec_sessions", reply),
            "sp_helplogins" | "sp_helpsrvrolemember" => {
                self.run("select name, type_desc from sys.server_principals", reply)
            }
            "sp_linkedservers" | "sp_helpserver" => self.run("select name, product from sys.servers", reply),
            "xp_msver" => {
                let rows = [
                    ("ProductName", "Microsoft SQL Server"),
                    ("ProductVersion", self.release.number()),
                    ("Platform", "NT x64"),
                ];
                let rows = rows.map(|(name, value)| vec![Value::text(name), Value::text(value)]).to_vec();
                self.show(&table(&[("Name", Held::Text), ("Character_Value", Held::Text)], rows), reply);
                None
            }
            "xp_dirtree" | "xp_subdirs" | "xp_fileexist" => {
                self.path(exec, reply, out);
                None
            }
            "sp_oacreate" | "sp_oamethod" if self.settings.in_use("Ole Automation Procedures") == 0 => {
                Some(blocked(&exec.name, "Ole Automation Procedures"))
            }
            name if name.starts_with("xp_reg") || name.starts_with("sp_") || name.starts_with("xp_") => {
                self.done(0, PROCEDURE, 0, reply);
                None
            }
            name => Some(Said::error(2812, 62, 16, format!("Could not find stored procedure '{name}'."))),
        }
    }

    /// A path that is looked at: with two backslashes, a server that the host would show its password's proof to.
    fn path(&mut self, exec: &Exec, reply: &mut Reply, out: &mut Out) {
        let path = exec.argument("", 0).unwrap_or_default();
        if path.starts_with("\\\\") {
            let fields = vec![
                (field::TECHNIQUE, b"mssql forced authentication".to_vec()),
                (field::DATA, path.as_bytes().to_vec()),
            ];
            out.record(Kind::ExploitAttempt, fields);
        }
        let rows = if exec.name == "xp_fileexist" {
            let no = || Value::Integer(0);
            let columns = [
                ("File Exists", Held::Integer),
                ("File is a Directory", Held::Integer),
                ("Parent Directory Exists", Held::Integer),
            ];
            table(&columns, vec![vec![no(), no(), no()]])
        } else {
            table(&[("subdirectory", Held::Text), ("depth", Held::Integer)], Vec::new())
        };
        self.show(&rows, reply);
    }

    /// `xp_cmdshell`.
    fn command(&mut self, command: &str, reply: &mut Reply, out: &mut Out) -> Option<Said> {
        let on = self.settings.in_use("xp_cmdshell") != 0;
        let outcome = if on { b"completed".to_vec() } else { b"denied".to_vec() };
        let told = command.as_bytes().to_vec();
        out.record(
            Kind::Command,
            vec![
                (field::COMMAND, told.clone()),
                (field::NAME, b"xp_cmdshell".to_vec()),
                (field::OUTCOME, outcome),
            ],
        );
        let technique = vec![(field::TECHNIQUE, b"mssql xp_cmdshell".to_vec()), (field::DATA, told.clone())];
        out.record(Kind::ExploitAttempt, technique);
        for url in command_line::urls(command) {
            out.record(
                Kind::DownloadAttempt,
                vec![(field::URL, url.into_bytes()), (field::COMMAND, told.clone())],
            );
        }
        if !on {
            return Some(blocked("xp_cmdshell", "xp_cmdshell"));
        }
        let name = self.release.service_account();
        let account = command_line::Account { name: &name, machine: &self.release.machine, elevated: false };
        let mut rows: Vec<Vec<Value>> = command_line::lines(&self.host, account, command)
            .into_iter()
            .map(|line| vec![if line.is_empty() { Value::Null } else { Value::text(line) }])
            .collect();
        rows.push(vec![Value::Null]);
        self.show(&table(&[("output", Held::Text)], rows), reply);
        None
    }

    /// `sp_configure`.
    fn configure(&mut self, exec: &Exec, reply: &mut Reply) -> Option<Said> {
        let name = exec.argument("configname", 0).map(str::to_owned);
        let value = exec.argument("configvalue", 1).and_then(|value| value.trim().parse().ok());
        let (Some(name), Some(value)) = (&name, value) else {
            let rows = self.settings.shown(name.as_deref());
            if let (true, Some(name)) = (rows.is_empty(), &name) {
                return Some(unknown_option(name));
            }
            let rows = rows.into_iter().map(|(name, values)| {
                std::iter::once(Value::text(name)).chain(values.map(Value::Integer)).collect()
            });
            let columns = [
                ("name", Held::Text),
                ("minimum", Held::Integer),
                ("maximum", Held::Integer),
                ("config_value", Held::Integer),
                ("run_value", Held::Integer),
            ];
            let rows = table(&columns, rows.collect());
            self.show(&rows, reply);
            return None;
        };
        match self.settings.set(name, value) {
            Ok((option, before)) => {
                let text = format!(
                    "Configuration option '{option}' changed from {before} to {value}. Run the RECONFIGURE statement \
                     to \
                     install."
                );
                self.tell(&Said::error(15_457, 1, 0, text).within("sp_configure", 174), reply);
                None
            }
            Err(super::settings::Unchanged::Unknown) => Some(unknown_option(name)),
            Err(super::settings::Unchanged::OutOfRange) => {
                let text =
                    format!("The value '{value}' is not a valid value for configuration option '{name}'.");
                Some(Said::error(15_129, 1, 16, text).within("sp_configure", 91))
            }
        }
    }
}

fn unknown_option(name: &str) -> Said {
    let text = format!("The configuration option '{name}' does not exist, or it may be an advanced option.");
    Said::error(15_123, 1, 16, text).within("sp_configure", 62)
}

fn blocked(procedure: &str, component: &str) -> Said {
    let text = format!(
        "SQL Server blocked access to procedure 'sys.{procedure}' of component '{component}' because this \
         component is turned off as part of the security configuration for this server. A system administrator \
         can enable the use of '{component}' by using sp_configure. For more information about enabling \
         '{component}', search for '{component}' in SQL Server Books Online."
    );
    Said::error(15_281, 1, 16, text).within(procedure, 1)
}

/// The second word of a statement, as it is written.
fn second_of(text: &str) -> &str {
    let rest = text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim());
    if rest.starts_with('[') { rest } else { rest.split(char::is_whitespace).next().unwrap_or_default() }
}

/// Whether a SELECT gives variables values.
fn assigns(text: &str) -> bool {
    let rest = text.get(6..).unwrap_or_default().trim_start();
    rest.starts_with('@')
        && !rest.starts_with("@@")
        && rest.split_once('=').is_some_and(|(name, _)| !name.contains(','))
}

/// Parts of a text between commas that stand in no parentheses and no quotes.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}
