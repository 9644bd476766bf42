//! The commands of a login: queries and the small ones.

use super::{
    Connection,
    faults::{Refusal, refusal},
    flavour::capability,
    packet, parameters,
    prepared::Statements,
    rows::{self, AUTOCOMMIT, MORE},
    server::Server,
    techniques,
    worlds::Worlds,
};
use netsvc_kit::Out;
use netsvc_sql::{Answer, Fault, Session, Value};
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// Most statements of a query.
const SEVERAL: usize = 64;

/// Error 1227.
fn denied(privilege: &str) -> String {
    format!("Access denied; you need (at least one of) the {privilege} privilege(s) for this operation")
}

impl Connection {
    pub(super) fn command(&mut self, payload: &[u8], out: &mut Out) {
        let Some((&code, body)) = payload.split_first() else { return };
        let ok = rows::ok(0, 0, AUTOCOMMIT, 0);
        match code {
            1 => out.close(),
            2 => {
                out.record(Kind::Command, vec![(field::COMMAND, [b"USE ", body].concat())]);
                match self.choose_database(&String::from_utf8_lossy(body)) {
                    Ok(()) => self.send(out, &ok),
                    Err(refusal) => self.refuse(out, &refusal),
                }
            }
            3 => self.queries(body, out),
            4 => self.columns(body, out),
            7 => self.send(out, &ok),
            8 => self.error(out, 1227, "42000", &denied("SHUTDOWN")),
            9 => {
                let text = self.statistics();
                self.send(out, text.as_bytes());
            }
            10 => {
                let outcome = self.run("SHOW PROCESSLIST", &[]);
                self.answer(outcome, false, AUTOCOMMIT, out);
            }
            12 => self.kill(body, out),
            13 => self.send(out, &rows::end(self.form, true, AUTOCOMMIT, 0)),
            14 => self.send(out, &ok),
            17 => self.change_user(body, out),
            18 | 21 => {
                out.record(Kind::Command, vec![(field::COMMAND, b"BINLOG DUMP".to_vec())]);
                self.error(out, 1236, "HY000", "Binary log is not open");
                out.close();
            }
            22 => self.prepare(body, out),
            23 => self.execute(body, out),
            24 => self.statements.long_data(body),
            25 => self.statements.close(body),
            26 => self.reset_statement(body, out),
            27 => self.set_option(body, out),
            28 => self.fetch(body, out),
            31 => {
                let database = std::mem::take(&mut self.session.database);
                self.forget();
                self.session.database = database;
                self.send(out, &ok);
            }
            250 if self.flavour.mariadb => self.execute_bulk(body, out),
            _ => self.error(out, 1047, "08S01", "Unknown command"),
        }
    }

    /// The session begins anew: variables, statements and the chosen database are gone.
    pub(super) fn forget(&mut self) {
        self.session = Session::default();
        self.statements = Statements::default();
    }

    /// COM_PROCESS_KILL: of the threads a client sees only its own.
    fn kill(&mut self, body: &[u8], out: &mut Out) {
        match packet::Fields(body).number(4) {
            Some(id) if id == u64::from(self.thread) => {
                self.error(out, 1317, "70100", "Query execution was interrupted");
                out.close();
            }
            Some(id) => self.error(out, 1094, "HY000", &format!("Unknown thread id: {id}")),
            None => self.error(out, 1835, "HY000", "Malformed communication packet"),
        }
    }

    /// COM_SET_OPTION: several statements in a query, or one.
    fn set_option(&mut self, body: &[u8], out: &mut Out) {
        match packet::Fields(body).number(2) {
            Some(option @ 0..=1) => {
                self.multiple = option == 0;
                self.send(out, &rows::end(self.form, true, AUTOCOMMIT, 0));
            }
            _ => self.error(out, 1047, "08S01", "Unknown command"),
        }
    }

    /// COM_STATISTICS: a line without a packet type.
    fn statistics(&self) -> String {
        let uptime = (self.host.clock() - self.host.persona().booted_at).max(1_000_000) / 1_000_000;
        let questions = i64::from(self.thread) * 7;
        let thousandths = questions.saturating_mul(1000) / uptime;
        let flushes = if self.flavour.mariadb { "" } else { "Flush tables: 3  " };
        format!(
            "Uptime: {uptime}  Threads: 1  Questions: {questions}  Slow queries: 0  Opens: 33  {flushes}\
             Open tables: 26  Queries per second avg: {}.{:03}",
            thousandths / 1000,
            thousandths % 1000
        )
    }

    pub(super) fn refuse(&mut self, out: &mut Out, (code, state, text): &Refusal) {
        self.error(out, *code, state, text);
    }

    /// What the server says of `fault`.
    pub(super) fn refusal(&self, fault: &Fault) -> Refusal {
        let account = format!("'{}'@'{}'", String::from_utf8_lossy(&self.response.user), self.link.peer.ip());
        refusal(fault, &self.flavour, &account)
    }

    /// Makes `database` the current one.
    pub(super) fn choose_database(&mut self, database: &str) -> Result<(), Refusal> {
        let quoted = database.replace('`', "``");
        self.run(&format!("USE `{quoted}`"), &[]).map(|_| ())
    }

    pub(super) fn run(&mut self, text: &str, values: &[Value]) -> Result<Answer, Refusal> {
        let worlds = self.host.node.shared(Worlds::default);
        let world = worlds.of(self.link.source(), &self.host, &self.flavour);
        let user = String::from_utf8_lossy(&self.response.user).into_owned();
        let database = self.session.database.clone();
        let mut server = Server {
            host: &self.host,
            link: &self.link,
            flavour: &self.flavour,
            user: &user,
            thread: self.thread,
            database: &database,
        };
        let outcome = self.session.run(&mut world.lock(), &mut server, text, values);
        outcome.map_err(|fault| self.refusal(&fault))
    }

    /// A statement is recorded, with what it attempts.
    pub(super) fn record(&self, text: &[u8], out: &mut Out) {
        let database = self.session.database.clone().into_bytes();
        out.record(Kind::Query, vec![(field::QUERY, text.to_vec()), (field::DATABASE, database)]);
        for (technique, data) in techniques::techniques(text) {
            out.record(Kind::ExploitAttempt, vec![(field::TECHNIQUE, technique.into()), (field::DATA, data)]);
        }
    }

    fn queries(&mut self, body: &[u8], out: &mut Out) {
        let attributes =
            self.flavour.capabilities & self.response.capabilities & capability::QUERY_ATTRIBUTES;
        let text = if attributes != 0 { parameters::query(body) } else { Some(body) };
        let Some(text) = text else {
            out.record(Kind::Malformed, vec![(field::REASON, b"query attributes".to_vec())]);
            return self.error(out, 1835, "HY000", "Malformed communication packet.");
        };
        self.record(text, out);
        let whole = String::from_utf8_lossy(text).into_owned();
        let parts = if self.multiple {
            netsvc_sql::split(&whole, netsvc_sql::Dialect::Mysql)
        } else {
            vec![whole.as_str()]
        };
        let count = parts.len().min(SEVERAL);
        for (index, part) in parts.iter().take(count).enumerate() {
            let outcome = self.run(part, &[]);
            if self.session.written.is_empty()
                && let Some(file) = techniques::written_file(part.as_bytes())
            {
                self.session.written.push(file);
            }
            let status = if index + 1 < count { AUTOCOMMIT | MORE } else { AUTOCOMMIT };
            if !self.answer(outcome, false, status, out) {
                return;
            }
        }
    }

    /// Sends what a statement led to; false when it was refused.
    pub(super) fn answer(
        &mut self,
        outcome: Result<Answer, Refusal>,
        binary: bool,
        status: u16,
        out: &mut Out,
    ) -> bool {
        for (path, content) in std::mem::take(&mut self.session.written) {
            let fields = vec![(field::PATH, path), (field::ORIGIN, b"drop".to_vec())];
            out.capture(Kind::FileCaptured, fields, content);
        }
        let slept = std::mem::take(&mut self.session.slept);
        if self.host.natural_delays() && slept > 0.0 {
            out.wait(Duration::from_secs_f64(slept));
        }
        let warnings = u16::try_from(self.session.warned()).unwrap_or(u16::MAX);
        match outcome {
            Ok(Answer::Done { affected, inserted }) => {
                let inserted = u64::try_from(inserted).unwrap_or(0);
                self.send(out, &rows::ok(affected, inserted, status, warnings));
                true
            }
            Ok(Answer::Rows(found)) => {
                let ending = (status, warnings);
                let bytes = rows::encode(&found, &mut self.sequence, self.form, binary, ending);
                self.emit(out, bytes);
                true
            }
            Err(refusal) => {
                self.refuse(out, &refusal);
                false
            }
        }
    }

    /// COM_FIELD_LIST: the columns of a table.
    fn columns(&mut self, body: &[u8], out: &mut Out) {
        let table = String::from_utf8_lossy(packet::Fields(body).text()).replace('`', "``");
        match self.run(&format!("SELECT * FROM `{table}` LIMIT 0"), &[]) {
            Ok(Answer::Rows(found)) => {
                for field in &found.fields {
                    let mut body = rows::definition(field, self.form.extended);
                    body.push(0xfb);
                    self.send(out, &body);
                }
                self.send(out, &rows::end(self.form, true, AUTOCOMMIT, 0));
            }
            Ok(Answer::Done { .. }) => self.send(out, &rows::end(self.form, true, AUTOCOMMIT, 0)),
            Err(refusal) => self.refuse(out, &refusal),
        }
    }
}
