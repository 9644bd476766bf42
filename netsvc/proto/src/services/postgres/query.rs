//! The simple and the extended form of queries.
//!
//! Source: "Simple Query", "Extended Query".

use super::{
    Connection, State,
    message::{Fields, message},
    refusal::{Refusal, Severity},
    rows,
    session::Done,
    statements,
};
use netsvc_kit::Out;
use netsvc_sql::{Dialect, Rows, Value};
use std::collections::BTreeMap;

/// Most statements of one query, and most prepared statements and portals of a session.
const SEVERAL: usize = 64;
const MOST: usize = 256;

/// Statements that a client prepared, and those with values.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    statements: BTreeMap<Vec<u8>, Statement>,
    portals: BTreeMap<Vec<u8>, Portal>,
    /// After an error nothing is done until Sync.
    pub skips: bool,
    /// Statements of a simple query that are still to be run.
    waiting: Vec<String>,
}

#[derive(Clone, Debug)]
struct Statement {
    text: String,
    types: Vec<u32>,
}

#[derive(Debug)]
struct Portal {
    text: String,
    values: Vec<Value>,
    formats: Vec<u16>,
    /// The result, once it was described.
    result: Option<Rows>,
}

impl Connection {
    /// A message of a client that is in.
    pub(super) fn command(&mut self, kind: u8, body: &[u8], out: &mut Out) {
        if self.prepared.skips && !matches!(kind, b'S' | b'X' | b'Q') {
            return;
        }
        let outcome = match kind {
            b'Q' => {
                self.prepared.skips = false;
                return self.query(body, out);
            }
            b'P' => self.parse(body, out),
            b'B' => self.bind(body, out),
            b'D' => self.describe(body, out),
            b'E' => self.execute(body, out),
            b'C' => {
                let (what, name) = body.split_first().unwrap_or((&0, &[]));
                let name = name.strip_suffix(&[0]).unwrap_or(name);
                if *what == b'S' {
                    self.prepared.statements.remove(name);
                } else {
                    self.prepared.portals.remove(name);
                }
                out.send(message(b'3', b""));
                Ok(())
            }
            b'S' => {
                self.prepared.skips = false;
                self.ready(out);
                Ok(())
            }
            b'X' => {
                out.close();
                Ok(())
            }
            // Flush: everything is sent at once in any case. What belongs to a COPY is not minded outside of one.
            _ => Ok(()),
        };
        if let Err(refusal) = outcome {
            self.failed(&refusal, out);
            self.prepared.skips = true;
        }
    }

    fn failed(&mut self, refusal: &Refusal, out: &mut Out) {
        if let Some(session) = &mut self.session {
            session.fail();
        }
        self.refuse(refusal, out);
    }

    fn ready(&mut self, out: &mut Out) {
        let status = self.session.as_ref().map_or(b'I', |session| session.status());
        out.send(message(b'Z', &[status]));
    }

    /// Query: any number of statements.
    fn query(&mut self, body: &[u8], out: &mut Out) {
        let text = String::from_utf8_lossy(body.strip_suffix(&[0]).unwrap_or(body)).into_owned();
        self.record(&text, out);
        let parts = netsvc_sql::split(&text, Dialect::Postgres);
        let mut waiting: Vec<String> = parts.iter().take(SEVERAL).map(|part| (*part).to_owned()).collect();
        if text.trim().trim_matches(';').trim().is_empty() {
            out.send(message(b'I', b""));
            return self.ready(out);
        }
        waiting.reverse();
        self.prepared.waiting = waiting;
        self.next_statement(out);
    }

    /// Runs the statements that wait, up to one that has to wait for the client or a program.
    fn next_statement(&mut self, out: &mut Out) {
        while let Some(text) = self.prepared.waiting.pop() {
            let outcome = match statements::copy_of(&text) {
                Some(copy) => match self.copy(copy, false, out) {
                    Ok(None) => return,
                    Ok(Some(done)) => Ok(done),
                    Err(refusal) => Err(refusal),
                },
                None => self.statement(&text, &[], out),
            };
            match outcome {
                Ok(done) => self.answer_done(&done, out),
                Err(refusal) => {
                    self.prepared.waiting.clear();
                    self.failed(&refusal, out);
                }
            }
        }
        if !out.closing() {
            self.ready(out);
        }
    }

    fn answer_done(&mut self, done: &Done, out: &mut Out) {
        match done {
            Done::Rows(found, word) => {
                out.send(rows::description(found, &[]));
                out.send(rows::data(found, &[]));
                self.complete(&tag(word, found), out);
            }
            Done::Tag(tag) => self.complete(tag, out),
            Done::Told(notices, tag) => {
                for notice in notices {
                    self.refuse(notice, out);
                }
                self.complete(tag, out);
            }
        }
    }

    fn complete(&self, tag: &str, out: &mut Out) {
        out.send(message(b'C', format!("{tag}\0").as_bytes()));
    }

    /// A COPY has ended that waited for the client or a program.
    pub(super) fn finished(&mut self, outcome: Result<Done, Refusal>, extended: bool, out: &mut Out) {
        match &outcome {
            Ok(done) => self.answer_done(done, out),
            Err(refusal) => {
                self.prepared.waiting.clear();
                self.failed(refusal, out);
                self.prepared.skips = extended;
            }
        }
        if !extended && matches!(self.state, State::Ready) {
            self.next_statement(out);
        }
    }

    /// Parse.
    fn parse(&mut self, body: &[u8], out: &mut Out) -> Result<(), Refusal> {
        let mut fields = Fields(body);
        let (Some(name), Some(text)) = (fields.text(), fields.text()) else { return Err(short()) };
        let text = String::from_utf8_lossy(text).into_owned();
        let mut types = Vec::new();
        for _ in 0..fields.short().unwrap_or(0).min(1000) {
            types.push(fields.long().ok_or_else(short)?);
        }
        self.record(&text, out);
        if netsvc_sql::split(&text, Dialect::Postgres).len() > 1 {
            let told = "cannot insert multiple commands into a prepared statement";
            return Err(Refusal::error("several_commands", "42601", told));
        }
        if !name.is_empty() && self.prepared.statements.contains_key(name) {
            let told = format!("prepared statement \"{}\" already exists", String::from_utf8_lossy(name));
            return Err(Refusal::error("statement_exists", "42P05", told));
        }
        let count = netsvc_sql::Session::parameters(&text, Dialect::Postgres).unwrap_or(0);
        types.resize(count.max(types.len()), 0);
        types.iter_mut().filter(|oid| **oid == 0).for_each(|oid| *oid = 25);
        if self.prepared.statements.len() < MOST || self.prepared.statements.contains_key(name) {
            self.prepared.statements.insert(name.to_vec(), Statement { text, types });
        }
        out.send(message(b'1', b""));
        Ok(())
    }

    fn prepared_statement(&self, name: &[u8]) -> Result<Statement, Refusal> {
        self.prepared.statements.get(name).cloned().ok_or_else(|| {
            if name.is_empty() {
                return Refusal::error("no_unnamed", "26000", "unnamed prepared statement does not exist");
            }
            let told = format!("prepared statement \"{}\" does not exist", String::from_utf8_lossy(name));
            Refusal::error("no_statement", "26000", told)
        })
    }

    /// Bind.
    fn bind(&mut self, body: &[u8], out: &mut Out) -> Result<(), Refusal> {
        let mut fields = Fields(body);
        let (Some(portal), Some(name)) = (fields.text(), fields.text()) else { return Err(short()) };
        let statement = self.prepared_statement(name)?;
        let mut formats = Vec::new();
        for _ in 0..fields.short().ok_or_else(short)? {
            formats.push(fields.short().ok_or_else(short)?);
        }
        let count = usize::from(fields.short().ok_or_else(short)?);
        if count != statement.types.len() {
            let told = format!(
                "bind message supplies {count} parameters, but prepared statement \"{}\" requires {}",
                String::from_utf8_lossy(name),
                statement.types.len()
            );
            return Err(Refusal::error("bind_count", "08P01", told));
        }
        let mut values = Vec::new();
        for (at, oid) in statement.types.iter().enumerate() {
            let binary = formats.get(if formats.len() == 1 { 0 } else { at }) == Some(&1);
            let value = fields.value().ok_or_else(short)?;
            values.push(value.map_or(Value::Null, |bytes| rows::bound(bytes, binary, *oid)));
        }
        let mut formats = Vec::new();
        for _ in 0..fields.short().unwrap_or(0) {
            formats.push(fields.short().ok_or_else(short)?);
        }
        if self.prepared.portals.len() < MOST || self.prepared.portals.contains_key(portal) {
            let bound = Portal { text: statement.text, values, formats, result: None };
            self.prepared.portals.insert(portal.to_vec(), bound);
        }
        out.send(message(b'2', b""));
        Ok(())
    }

    /// Describe, of a statement or a portal: queries are run to know what they give.
    fn describe(&mut self, body: &[u8], out: &mut Out) -> Result<(), Refusal> {
        let (what, name) = body.split_first().ok_or_else(short)?;
        let name = name.strip_suffix(&[0]).unwrap_or(name);
        if *what == b'S' {
            let statement = self.prepared_statement(name)?;
            let count = u16::try_from(statement.types.len()).unwrap_or(u16::MAX);
            let mut described = count.to_be_bytes().to_vec();
            described.extend(statement.types.iter().flat_map(|oid| oid.to_be_bytes()));
            out.send(message(b't', &described));
            if !is_query(&statement.text) {
                out.send(message(b'n', b""));
                return Ok(());
            }
            let nothing = vec![Value::Null; statement.types.len()];
            let mut none = Out::default();
            match self.statement(&statement.text, &nothing, &mut none)? {
                Done::Rows(found, _) => out.send(rows::description(&found, &[])),
                _ => out.send(message(b'n', b"")),
            }
            return Ok(());
        }
        let portal = self.portal(name)?;
        if !is_query(&portal.text) {
            self.prepared.portals.insert(name.to_vec(), portal);
            out.send(message(b'n', b""));
            return Ok(());
        }
        let mut portal = portal;
        let found = match portal.result.take() {
            Some(found) => found,
            None => match self.statement(&portal.text.clone(), &portal.values.clone(), out)? {
                Done::Rows(found, _) => found,
                _ => Rows::default(),
            },
        };
        out.send(rows::description(&found, &portal.formats));
        portal.result = Some(found);
        self.prepared.portals.insert(name.to_vec(), portal);
        Ok(())
    }

    fn portal(&mut self, name: &[u8]) -> Result<Portal, Refusal> {
        self.prepared.portals.remove(name).ok_or_else(|| {
            let told = format!("portal \"{}\" does not exist", String::from_utf8_lossy(name));
            Refusal::error("no_portal", "34000", told)
        })
    }

    /// Execute.
    fn execute(&mut self, body: &[u8], out: &mut Out) -> Result<(), Refusal> {
        let mut fields = Fields(body);
        let name = fields.text().ok_or_else(short)?;
        let portal = self.portal(name)?;
        if portal.text.trim().trim_matches(';').is_empty() {
            out.send(message(b'I', b""));
            return Ok(());
        }
        if let Some(copy) = statements::copy_of(&portal.text) {
            if let Some(done) = self.copy(copy, true, out)? {
                self.answer_done(&done, out);
            }
            return Ok(());
        }
        let done = match portal.result {
            Some(found) => Done::Rows(found, "SELECT"),
            None => self.statement(&portal.text, &portal.values, out)?,
        };
        match &done {
            Done::Rows(found, word) => {
                out.send(rows::data(found, &portal.formats));
                self.complete(&tag(word, found), out);
            }
            other => self.answer_done(other, out),
        }
        Ok(())
    }
}

/// The tag of a result: the word, with the count of rows unless it is SHOW.
fn tag(word: &str, found: &Rows) -> String {
    if word == "SHOW" { word.to_owned() } else { format!("{word} {}", found.rows.len()) }
}

/// Whether a statement gives rows and changes nothing.
fn is_query(text: &str) -> bool {
    let first = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
    let word: String = first.chars().take_while(char::is_ascii_alphabetic).collect();
    matches!(word.to_lowercase().as_str(), "select" | "show" | "values" | "with" | "table")
}

fn short() -> Refusal {
    let refusal = Refusal::error("short_message", "08P01", "insufficient data left in message");
    Refusal { severity: Severity::Error, ..refusal }
}
