//! The commands of a login: queries, prepared statements, and the small ones.

use super::{
    Connection,
    faults::{Refusal, refusal},
    flavour::capability,
    packet, parameters,
    rows::{self, AUTOCOMMIT, MORE},
    server::Server,
    techniques,
    worlds::Worlds,
};
use netsvc_kit::Out;
use netsvc_sql::{Answer, Fault, Field, Kind as Holds, Session, Value};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, time::Duration};

/// Most prepared statements of a connection, and most statements of a query.
const STATEMENTS: usize = 256;
const SEVERAL: usize = 64;

/// Statements of the binary protocol.
#[derive(Debug, Default)]
pub(super) struct Statements {
    last: u32,
    kept: BTreeMap<u32, Prepared>,
}

#[derive(Debug)]
struct Prepared {
    text: String,
    parameters: usize,
    /// Types of the values that were bound last.
    types: Vec<u16>,
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
            9 => out.send(self.statistics()),
            14 => self.send(out, &ok),
            22 => self.prepare(body, out),
            23 => self.execute(body, out),
            25 => {
                if let Some(id) = packet::Fields(body).number(4).and_then(|id| u32::try_from(id).ok()) {
                    self.statements.kept.remove(&id);
                }
            }
            26 => self.send(out, &ok),
            27 => {
                self.multiple = body.first() == Some(&0);
                self.send(out, &rows::end(self.form, false, AUTOCOMMIT, 0));
            }
            31 => {
                let database = std::mem::take(&mut self.session.database);
                self.session = Session::default();
                self.session.database = database;
                self.statements = Statements::default();
                self.send(out, &ok);
            }
            _ => self.error(out, 1047, "08S01", "Unknown command"),
        }
    }

    fn refuse(&mut self, out: &mut Out, (code, state, text): &Refusal) {
        self.error(out, *code, state, text);
    }

    /// What the server says of `fault`.
    fn refusal(&self, fault: &Fault) -> Refusal {
        let account = format!("'{}'@'{}'", String::from_utf8_lossy(&self.response.user), self.link.peer.ip());
        refusal(fault, &self.flavour, &account)
    }

    /// Makes `database` the current one.
    pub(super) fn choose_database(&mut self, database: &str) -> Result<(), Refusal> {
        let quoted = database.replace('`', "``");
        self.run(&format!("USE `{quoted}`"), &[]).map(|_| ())
    }

    fn run(&mut self, text: &str, values: &[Value]) -> Result<Answer, Refusal> {
        let worlds = self.host.node.shared(Worlds::default);
        let world = worlds.of(self.link.peer.ip(), &self.host, &self.flavour);
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
    fn record(&self, text: &[u8], out: &mut Out) {
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
        let parts = if self.multiple { netsvc_sql::split(&whole) } else { vec![whole.as_str()] };
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
    fn answer(&mut self, outcome: Result<Answer, Refusal>, binary: bool, status: u16, out: &mut Out) -> bool {
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
                out.send(bytes);
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

    fn prepare(&mut self, body: &[u8], out: &mut Out) {
        self.record(body, out);
        let text = String::from_utf8_lossy(body).into_owned();
        let count = match Session::parameters(&text) {
            Ok(count) => count,
            Err(fault) => {
                let refusal = self.refusal(&fault);
                return self.refuse(out, &refusal);
            }
        };
        if STATEMENTS <= self.statements.kept.len() {
            let text = "Can't create more than max_prepared_stmt_count statements (current value: 16382)";
            return self.error(out, 1461, "42000", text);
        }
        // The columns of a query are those that it has without values.
        let query = text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        let fields = match query.then(|| self.run(&text, &vec![Value::Null; count])) {
            Some(Ok(Answer::Rows(found))) => found.fields,
            Some(Err(refusal)) => return self.refuse(out, &refusal),
            _ => Vec::new(),
        };
        self.session.slept = 0.0;
        self.session.written.clear();
        self.statements.last += 1;
        let id = self.statements.last;
        self.statements.kept.insert(id, Prepared { text, parameters: count, types: Vec::new() });
        let small = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        let mut head = vec![0];
        head.extend_from_slice(&id.to_le_bytes());
        head.extend_from_slice(&small(fields.len()));
        head.extend_from_slice(&small(count));
        head.extend_from_slice(&[0, 0, 0]);
        if self.form.optional {
            head.push(1);
        }
        self.send(out, &head);
        let place =
            Field { name: "?".to_owned(), kind: Holds::Text, table: String::new(), database: String::new() };
        self.definitions(&vec![place; count], out);
        self.definitions(&fields, out);
    }

    fn definitions(&mut self, fields: &[Field], out: &mut Out) {
        for field in fields {
            self.send(out, &rows::definition(field, self.form.extended));
        }
        if !fields.is_empty() && !self.form.deprecate_eof {
            self.send(out, &rows::end(self.form, false, AUTOCOMMIT, 0));
        }
    }

    fn execute(&mut self, body: &[u8], out: &mut Out) {
        let attributes =
            self.flavour.capabilities & self.response.capabilities & capability::QUERY_ATTRIBUTES;
        let mut fields = packet::Fields(body);
        let id = fields.number(4).and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
        let flags = fields.number(1).unwrap_or(0);
        fields.take(4);
        let Some(prepared) = self.statements.kept.get_mut(&id) else {
            let text = format!("Unknown prepared statement handler ({id}) given to mysqld_stmt_execute");
            return self.error(out, 1243, "HY000", &text);
        };
        let mut count = prepared.parameters;
        // PARAMETER_COUNT_AVAILABLE: attributes stand behind the values.
        if attributes != 0 && flags & 8 != 0 {
            count = fields.length().and_then(|count| usize::try_from(count).ok()).unwrap_or(count);
        }
        let bound = parameters::values(&mut fields, count, attributes != 0, &mut prepared.types);
        let (text, wanted) = (prepared.text.clone(), prepared.parameters);
        let values = bound.and_then(|values| values.get(..wanted).map(<[Value]>::to_vec));
        let Some(values) = values else {
            return self.error(out, 1210, "HY000", "Incorrect arguments to mysqld_stmt_execute");
        };
        let shown: Vec<String> = values.iter().map(Value::string).collect();
        out.record(
            Kind::Query,
            vec![
                (field::QUERY, text.clone().into_bytes()),
                (field::DATABASE, self.session.database.clone().into_bytes()),
                (field::DATA, shown.join(", ").into_bytes()),
            ],
        );
        let outcome = self.run(&text, &values);
        self.answer(outcome, true, AUTOCOMMIT, out);
    }
}
