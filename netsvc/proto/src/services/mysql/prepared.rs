//! Statements of the binary protocol: prepared, given values (in pieces, or many at once), executed, fetched from.
//!
//! Source: MySQL Client/Server Protocol, "Prepared Statements"; MariaDB, "COM_STMT_BULK_EXECUTE".

use super::{
    Connection,
    flavour::capability,
    packet::Fields,
    parameters,
    rows::{self, AUTOCOMMIT},
};
use netsvc_kit::Out;
use netsvc_sql::{Answer, Field, Kind as Holds, Rows, Session, Value};
use netsvc_wire::{Kind, field};
use std::collections::BTreeMap;

/// Most prepared statements of a connection.
const STATEMENTS: usize = 256;
/// Most bytes of values that come in pieces.
const PIECES: usize = 1 << 20;
/// Most rows of values in one bulk.
const BULK: usize = 4096;
/// First words of the statements that have a result.
const QUERIES: &[&str] = &["", "select", "show", "describe", "desc", "explain", "values", "with"];
/// `CURSOR_TYPE_READ_ONLY`, `PARAMETER_COUNT_AVAILABLE`: flags of an execution.
const CURSOR: u64 = 1;
const COUNTED: u64 = 8;
/// `SERVER_STATUS_CURSOR_EXISTS`, `SERVER_STATUS_LAST_ROW_SENT`.
const CURSOR_EXISTS: u16 = 0x40;
const LAST_ROW_SENT: u16 = 0x80;
/// `STMT_BULK_FLAG_CLIENT_SEND_TYPES`.
const TYPES: u64 = 128;

/// Statements of a connection.
#[derive(Debug, Default)]
pub(super) struct Statements {
    last: u32,
    kept: BTreeMap<u32, Prepared>,
    /// Bytes in the pieces of all statements.
    pieces: usize,
}

#[derive(Debug, Default)]
struct Prepared {
    text: String,
    parameters: usize,
    /// Types of the values that were bound last.
    types: Vec<u16>,
    /// Values that came in pieces, by their place.
    long: BTreeMap<usize, Vec<u8>>,
    /// What a cursor has not given yet.
    cursor: Option<Rows>,
}

fn id_of(fields: &mut Fields<'_>) -> u32 {
    fields.number(4).and_then(|id| u32::try_from(id).ok()).unwrap_or(0)
}

impl Statements {
    /// COM_STMT_CLOSE; has no answer.
    pub(super) fn close(&mut self, body: &[u8]) {
        if let Some(gone) = self.kept.remove(&id_of(&mut Fields(body))) {
            self.pieces -= gone.long.values().map(Vec::len).sum::<usize>();
        }
    }

    /// COM_STMT_SEND_LONG_DATA; has no answer.
    pub(super) fn long_data(&mut self, body: &[u8]) {
        let mut fields = Fields(body);
        let id = id_of(&mut fields);
        let Some(place) = fields.number(2).and_then(|place| usize::try_from(place).ok()) else { return };
        let Some(prepared) = self.kept.get_mut(&id) else { return };
        if place < prepared.parameters && self.pieces + fields.0.len() <= PIECES {
            self.pieces += fields.0.len();
            prepared.long.entry(place).or_default().extend_from_slice(fields.0);
        }
    }

    /// The statement that `id` means; MariaDB knows the last one by all bits.
    fn find(&mut self, id: u32, mariadb: bool) -> Option<&mut Prepared> {
        let id = if mariadb && id == u32::MAX { self.last } else { id };
        self.kept.get_mut(&id)
    }

    fn drop_pieces(&mut self, id: u32, mariadb: bool) {
        let long = self.find(id, mariadb).map(|prepared| std::mem::take(&mut prepared.long));
        self.pieces -= long.into_iter().flatten().map(|(_, piece)| piece.len()).sum::<usize>();
    }
}

impl Connection {
    fn unknown(&mut self, id: u32, by: &str, out: &mut Out) {
        let shown = if id == u32::MAX { "-1".to_owned() } else { id.to_string() };
        let text = format!("Unknown prepared statement handler ({shown}) given to {by}");
        self.error(out, 1243, "HY000", &text);
    }

    /// COM_STMT_RESET: pieces and cursor are gone.
    pub(super) fn reset_statement(&mut self, body: &[u8], out: &mut Out) {
        let (id, mariadb) = (id_of(&mut Fields(body)), self.flavour.mariadb);
        self.statements.drop_pieces(id, mariadb);
        match self.statements.find(id, mariadb) {
            Some(prepared) => {
                prepared.cursor = None;
                self.send(out, &rows::ok(0, 0, AUTOCOMMIT, 0));
            }
            None => self.unknown(id, "mysqld_stmt_reset", out),
        }
    }

    pub(super) fn prepare(&mut self, body: &[u8], out: &mut Out) {
        self.record(body, out);
        let text = String::from_utf8_lossy(body).into_owned();
        let count = match Session::parameters(&text, netsvc_sql::Dialect::Mysql) {
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
        let first = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let query = QUERIES.iter().any(|word| first.eq_ignore_ascii_case(word));
        let fields = match query.then(|| self.run(&text, &vec![Value::Null; count])) {
            Some(Ok(Answer::Rows(found))) => found.fields,
            Some(Err(refusal)) => return self.refuse(out, &refusal),
            _ => Vec::new(),
        };
        self.session.slept = 0.0;
        self.session.written.clear();
        self.statements.last += 1;
        let id = self.statements.last;
        self.statements.kept.insert(id, Prepared { text, parameters: count, ..Prepared::default() });
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

    /// COM_STMT_EXECUTE.
    pub(super) fn execute(&mut self, body: &[u8], out: &mut Out) {
        // Both sides' flags: what was not offered was masked at the login.
        let named = self.response.capabilities & capability::QUERY_ATTRIBUTES != 0;
        let mariadb = self.flavour.mariadb;
        let mut fields = Fields(body);
        let id = id_of(&mut fields);
        let flags = fields.number(1).unwrap_or(0);
        fields.take(4);
        let Some(prepared) = self.statements.find(id, mariadb) else {
            return self.unknown(id, "mysqld_stmt_execute", out);
        };
        prepared.cursor = None;
        let wanted = prepared.parameters;
        let mut count = wanted;
        // Attributes stand behind the values, and the count in front of both.
        if named && (wanted > 0 || flags & COUNTED != 0) {
            count = fields.length().and_then(|count| usize::try_from(count).ok()).unwrap_or(count);
        }
        let bound = parameters::values(&mut fields, count, named, &mut prepared.types, &prepared.long);
        let text = prepared.text.clone();
        let values = bound.and_then(|values| values.get(..wanted).map(<[Value]>::to_vec));
        self.statements.drop_pieces(id, mariadb);
        let Some(values) = values else {
            return self.error(out, 1210, "HY000", "Incorrect arguments to mysqld_stmt_execute");
        };
        self.record_bound(&text, &values, out);
        let outcome = self.run(&text, &values);
        match outcome {
            Ok(Answer::Rows(found)) if flags & CURSOR != 0 => self.open_cursor(id, found, out),
            outcome => {
                self.answer(outcome, true, AUTOCOMMIT, out);
            }
        }
    }

    fn record_bound(&self, text: &str, values: &[Value], out: &mut Out) {
        let shown: Vec<String> = values.iter().map(Value::string).collect();
        out.record(
            Kind::Query,
            vec![
                (field::QUERY, text.as_bytes().to_vec()),
                (field::DATABASE, self.session.database.clone().into_bytes()),
                (field::DATA, shown.join(", ").into_bytes()),
            ],
        );
    }

    /// Answers with the columns alone; the rows wait to be fetched.
    fn open_cursor(&mut self, id: u32, found: Rows, out: &mut Out) {
        let columns = Rows { fields: found.fields.clone(), rows: Vec::new() };
        let status = (AUTOCOMMIT | CURSOR_EXISTS, 0);
        let bytes = rows::heading(&columns, &mut self.sequence, self.form, status);
        self.emit(out, bytes);
        if let Some(prepared) = self.statements.find(id, self.flavour.mariadb) {
            prepared.cursor = Some(found);
        }
    }

    /// COM_STMT_FETCH: some rows of a cursor.
    pub(super) fn fetch(&mut self, body: &[u8], out: &mut Out) {
        let mut fields = Fields(body);
        let id = id_of(&mut fields);
        let wanted = fields.number(4).and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0);
        let Some(prepared) = self.statements.find(id, self.flavour.mariadb) else {
            return self.unknown(id, "mysqld_stmt_fetch", out);
        };
        let Some(cursor) = &mut prepared.cursor else {
            let text = format!("The statement ({id}) has no open cursor.");
            return self.error(out, 1421, "HY000", &text);
        };
        let piece: Vec<Vec<Value>> = cursor.rows.drain(..wanted.min(cursor.rows.len())).collect();
        let over = cursor.rows.is_empty() && piece.len() < wanted;
        let found = Rows { fields: cursor.fields.clone(), rows: piece };
        if over {
            prepared.cursor = None;
        }
        let status = AUTOCOMMIT | if over { LAST_ROW_SENT } else { CURSOR_EXISTS };
        let bytes = rows::content(&found, &mut self.sequence, self.form, true, (status, 0));
        self.emit(out, bytes);
    }

    /// COM_STMT_BULK_EXECUTE: one statement with many rows of values.
    pub(super) fn execute_bulk(&mut self, body: &[u8], out: &mut Out) {
        let mut fields = Fields(body);
        let id = id_of(&mut fields);
        let flags = fields.number(2).unwrap_or(0);
        let Some(prepared) = self.statements.find(id, true) else {
            return self.unknown(id, "mysqld_stmt_bulk_execute", out);
        };
        let (text, wanted) = (prepared.text.clone(), prepared.parameters);
        let bulk = parameters::bulk(&mut fields, wanted, flags & TYPES != 0, &mut prepared.types, BULK);
        let Some(bulk) = bulk.filter(|bulk| !bulk.is_empty()) else {
            return self.error(out, 1210, "HY000", "Incorrect arguments to mysqld_stmt_bulk_execute");
        };
        let mut total = (0, 0);
        for values in bulk {
            self.record_bound(&text, &values, out);
            match self.run(&text, &values) {
                Ok(Answer::Done { affected, inserted }) => {
                    total.0 += affected;
                    total.1 = if total.1 == 0 { inserted } else { total.1 };
                }
                Ok(Answer::Rows(_)) => {}
                Err(refusal) => return self.refuse(out, &refusal),
            }
        }
        self.answer(Ok(Answer::Done { affected: total.0, inserted: total.1 }), true, AUTOCOMMIT, out);
    }
}
