//! COPY: tables to and from the client, files of the node, and programs, which the emulated shell runs.
//!
//! Source: PostgreSQL documentation, "COPY" and "COPY Operations".

use super::{Connection, State, message::message, refusal::Refusal, session::Done};
use crate::{account, away::away};
use netsvc_kit::{Host, Link, Out};
use netsvc_shell::{Outcome, Stream};
use netsvc_sql::{Answer, Rows, Value};
use netsvc_wire::{Kind, field};
use regex::Regex;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};

/// Most bytes that a client copies in.
const MOST: usize = 1 << 20;
/// Rows that are put with one statement.
const BATCH: usize = 200;

/// A COPY as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// The table with its columns, or a query in parentheses.
    pub what: String,
    pub from: bool,
    pub end: End,
    /// Values are separated by commas and quoted.
    pub csv: bool,
}

/// The other end of a COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Client,
    File(String),
    Program(String),
}

impl Copy {
    /// Reads a statement; `None` where it is no COPY that can be read.
    pub(super) fn read(text: &str) -> Option<Copy> {
        static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
            let end = r#"(stdin|stdout|(?:e?'(?:[^']|'')*')|\$(\w*)\$.*\$\w*\$)"#;
            let form = format!(
                r#"(?is)^copy\s+(\(.*\)|[\w."]+\s*(?:\([^)]*\))?)\s*\b(from|to)\s+(program\s+)?{end}(.*)$"#
            );
            Regex::new(&form).ok()
        });
        let found = FORM.as_ref()?.captures(text)?;
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
        let literal = unquoted(part(4));
        let end = match (part(3).is_empty(), part(4).to_lowercase().as_str()) {
            (true, "stdin" | "stdout") => End::Client,
            (true, _) => End::File(literal),
            (false, _) => End::Program(literal),
        };
        let from = part(2).eq_ignore_ascii_case("from");
        Some(Copy { what: part(1).trim().to_owned(), from, end, csv: part(6).to_lowercase().contains("csv") })
    }

    /// The query whose rows are copied out.
    fn query(&self) -> String {
        match self.what.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(query) => query.to_owned(),
            None => match self.what.split_once('(') {
                Some((table, columns)) => format!("select {} from {table}", columns.trim_end_matches(')')),
                None => format!("select * from {}", self.what),
            },
        }
    }

    /// The table, and its columns as they are written.
    fn table(&self) -> (&str, &str) {
        let at = self.what.find('(').unwrap_or(self.what.len());
        let (table, columns) = self.what.split_at_checked(at).unwrap_or((&self.what, ""));
        (table.trim(), columns)
    }
}

/// The text of a literal in quotes or dollars.
fn unquoted(literal: &str) -> String {
    if let Some(rest) = literal.strip_prefix('$') {
        let (_, body) = rest.split_once('$').unwrap_or(("", rest));
        return body
            .rsplit_once('$')
            .and_then(|(body, _)| body.rsplit_once('$'))
            .map_or("", |(body, _)| body)
            .to_owned();
    }
    let escapes = literal.starts_with(['e', 'E']);
    let inner = literal.trim_start_matches(['e', 'E']);
    let inner = inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')).unwrap_or(inner);
    let text = inner.replace("''", "'");
    if escapes {
        text.replace("\\n", "\n").replace("\\t", "\t").replace("\\'", "'").replace("\\\\", "\\")
    } else {
        text
    }
}

/// A COPY that the client sends rows for.
#[derive(Debug)]
pub(super) struct Incoming {
    pub copy: Copy,
    pub bytes: Vec<u8>,
    /// It came by the extended protocol: what follows waits for Sync.
    pub extended: bool,
}

type Running = Pin<Box<dyn Future<Output = io::Result<((), Outcome)>> + Send>>;

/// A program that runs for a COPY.
pub(super) struct Program {
    copy: Copy,
    command: String,
    running: Running,
    outcome: Option<Outcome>,
    pub extended: bool,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Program").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Program {
    /// Runs `command` as the server's user, with `input`.
    fn start(
        host: &Arc<Host>,
        link: &Link,
        copy: Copy,
        command: String,
        input: Option<Vec<u8>>,
        extended: bool,
    ) -> Self {
        let (host, link, line) = (host.clone(), *link, command.clone());
        let running = async move {
            let (inner, facts) = (host.clone(), account::facts(&host, &link, None));
            let source = link.source();
            away(&host, &link, (), move |()| {
                let mut shell = account::shell(&inner).login("postgres", source, facts);
                shell.exec(&line, input.as_deref())
            })
            .await
        };
        Program { copy, command, running: Box::pin(running), outcome: None, extended }
    }

    /// Ready when the program has ended.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.outcome.is_some() {
            return Poll::Ready(());
        }
        self.running.as_mut().poll(context).map(|done| {
            self.outcome =
                Some(done.map_or_else(|_| Outcome { status: 1, ..Outcome::default() }, |(_, done)| done));
        })
    }
}

impl Connection {
    /// Begins a COPY: what it led to, or `None` while the client or a program has to go on.
    pub(super) fn copy(
        &mut self,
        copy: Copy,
        extended: bool,
        out: &mut Out,
    ) -> Result<Option<Done>, Refusal> {
        if copy.from {
            // The table has to be there before anything is read.
            let (table, _) = copy.table();
            let probe = format!("select * from {table} limit 0");
            let missing = |refusal: Refusal| Refusal { position: None, place: "copy_no_rel", ..refusal };
            let columns = match self.engine(&probe, &[], out).map_err(missing)? {
                Answer::Rows(rows) => rows.fields.len(),
                Answer::Done { .. } => 0,
            };
            return match copy.end.clone() {
                End::Client => {
                    out.send(message(b'G', &announced(columns)));
                    self.state = State::Copy(Box::new(Incoming { copy, bytes: Vec::new(), extended }));
                    Ok(None)
                }
                End::File(path) => self.copy_file(&copy, &path, out).map(Some),
                End::Program(command) => {
                    self.run_program(copy, command, None, extended, out);
                    Ok(None)
                }
            };
        }
        self.copy_out(copy, extended, out)
    }

    /// COPY … TO.
    fn copy_out(&mut self, copy: Copy, extended: bool, out: &mut Out) -> Result<Option<Done>, Refusal> {
        let query = copy.query();
        let Answer::Rows(rows) = self.engine(&query, &[], out)? else {
            return Ok(Some(Done::Tag("COPY 0".to_owned())));
        };
        let (text, count) = (written(&rows, copy.csv), rows.rows.len());
        match copy.end.clone() {
            End::Client => {
                out.send(message(b'H', &announced(rows.fields.len())));
                for line in text.split_inclusive('\n') {
                    out.send(message(b'd', line.as_bytes()));
                }
                out.send(message(b'c', b""));
                Ok(Some(Done::Tag(format!("COPY {count}"))))
            }
            End::File(path) if !path.starts_with('/') => {
                Err(Refusal::error("copy_to_rel", "42602", "relative path not allowed for COPY to file"))
            }
            End::File(path) => {
                let facts = account::facts(&self.host, &self.link, None);
                let mut fs = account::shell(&self.host).fs("postgres", self.link.source(), facts);
                let kept = fs.write_file(&path, text.as_bytes(), 0o644);
                let fields =
                    vec![(field::PATH, path.clone().into_bytes()), (field::ORIGIN, b"drop".to_vec())];
                out.capture(Kind::FileCaptured, fields, text.into_bytes());
                kept.map_err(|error| {
                    let told = format!("could not open file \"{path}\" for writing: {error}");
                    Refusal::error("copy_file", "58P01", told)
                })?;
                Ok(Some(Done::Tag(format!("COPY {count}"))))
            }
            End::Program(command) => {
                self.run_program(copy, command, Some(text.into_bytes()), extended, out);
                Ok(None)
            }
        }
    }

    fn run_program(
        &mut self,
        copy: Copy,
        command: String,
        input: Option<Vec<u8>>,
        extended: bool,
        out: &mut Out,
    ) {
        let fields = vec![(field::PATH, b"COPY PROGRAM".to_vec()), (field::ORIGIN, b"stdin".to_vec())];
        out.capture(Kind::FileCaptured, fields, command.clone().into_bytes());
        let program = Program::start(&self.host, &self.link, copy, command, input, extended);
        self.state = State::Program(Box::new(program));
    }

    fn copy_file(&mut self, copy: &Copy, path: &str, out: &mut Out) -> Result<Done, Refusal> {
        out.record(Kind::FileRead, vec![(field::PATH, path.as_bytes().to_vec())]);
        let facts = account::facts(&self.host, &self.link, None);
        let mut fs = account::shell(&self.host).fs("postgres", self.link.source(), facts);
        let content = fs.read_file(path).map(|content| content.to_vec()).map_err(|error| {
            let told = format!("could not open file \"{path}\" for reading: {error}");
            Refusal {
                hint: Some(
                    "COPY FROM instructs the PostgreSQL server process to read a file. You may want a client-side \
                     facility such as psql's \\copy.",
                ),
                ..Refusal::error("copy_file", "58P01", told)
            }
        })?;
        self.put(copy, &content, out)
    }

    /// Puts lines into the table of `copy`.
    fn put(&mut self, copy: &Copy, content: &[u8], out: &mut Out) -> Result<Done, Refusal> {
        let (table, columns) = copy.table();
        let probe = if columns.is_empty() {
            format!("select * from {table} limit 0")
        } else {
            format!("select {} from {table} limit 0", columns.trim_matches(['(', ')']))
        };
        let width = match self.engine(&probe, &[], out)? {
            Answer::Rows(rows) => rows.fields.len(),
            Answer::Done { .. } => 0,
        };
        let text = String::from_utf8_lossy(content).into_owned();
        let lines: Vec<&str> = text.lines().take_while(|line| *line != "\\.").collect();
        let mut rows = Vec::new();
        let separator = if copy.csv { ',' } else { '\t' };
        for (number, line) in (1..).zip(&lines) {
            let cells: Vec<&str> = line.split(separator).collect();
            let context = |column: &str| {
                let bare = table.rsplit('.').next().unwrap_or(table);
                Some(format!("COPY {bare}, line {number}{column}: \"{line}\"").into_boxed_str())
            };
            if width < cells.len() {
                let told = Refusal::error("copy_extra", "22P04", "extra data after last expected column");
                return Err(Refusal { context: context(""), ..told });
            }
            if cells.len() < width {
                let told = Refusal::error("copy_missing", "22P04", "missing data for column");
                return Err(Refusal { context: context(""), ..told });
            }
            let cell = |cell: &&str| match *cell {
                "\\N" => "NULL".to_owned(),
                cell => format!("'{}'", cell.replace('\'', "''")),
            };
            rows.push(format!("({})", cells.iter().map(cell).collect::<Vec<_>>().join(",")));
        }
        for batch in rows.chunks(BATCH) {
            self.engine(&format!("insert into {table} {columns} values {}", batch.join(",")), &[], out)?;
        }
        Ok(Done::Tag(format!("COPY {}", rows.len())))
    }

    /// A message while the client sends rows.
    pub(super) fn copied(&mut self, mut incoming: Box<Incoming>, kind: u8, body: &[u8], out: &mut Out) {
        match kind {
            b'd' => {
                let room = MOST.saturating_sub(incoming.bytes.len());
                incoming.bytes.extend_from_slice(body.get(..room.min(body.len())).unwrap_or_default());
                self.state = State::Copy(incoming);
            }
            b'c' => {
                self.state = State::Ready;
                let fields =
                    vec![(field::PATH, b"COPY FROM STDIN".to_vec()), (field::ORIGIN, b"upload".to_vec())];
                out.capture(Kind::FileCaptured, fields, incoming.bytes.clone());
                let outcome = self.put(&incoming.copy, &incoming.bytes, out);
                self.finished(outcome, incoming.extended, out);
            }
            b'f' => {
                self.state = State::Ready;
                let reason = String::from_utf8_lossy(body.strip_suffix(&[0]).unwrap_or(body)).into_owned();
                let (table, _) = incoming.copy.table();
                let refusal =
                    Refusal::error("copy_fail", "57014", format!("COPY from stdin failed: {reason}"));
                let refusal =
                    Refusal { context: Some(format!("COPY {table}, line 1").into_boxed_str()), ..refusal };
                self.finished(Err(refusal), incoming.extended, out);
            }
            // Flush and Sync are not minded.
            _ => self.state = State::Copy(incoming),
        }
    }

    /// The program of a COPY has ended.
    pub(super) fn program_ended(&mut self, program: Program, out: &mut Out) {
        let Program { copy, command, outcome, extended, .. } = program;
        let outcome = outcome.unwrap_or_default();
        let printed = outcome.bytes(Stream::Out);
        let status = outcome.status.to_string().into_bytes();
        out.record(
            Kind::Command,
            vec![(field::COMMAND, command.clone().into_bytes()), (field::STATUS, status)],
        );
        account::record(&self.host, &self.link, outcome.events);
        let done = match outcome.status {
            0 if copy.from => self.put(&copy, &printed, out),
            0 => Ok(Done::Tag("COPY 1".to_owned())),
            status => {
                let detail = match status {
                    127 => "command not found".to_owned(),
                    126 => "command was found but could not be executed".to_owned(),
                    status => format!("child process exited with exit code {status}"),
                };
                let told = format!("program \"{command}\" failed");
                Err(Refusal::error("copy_program", "38000", told).detail(detail))
            }
        };
        self.state = State::Ready;
        self.finished(done, extended, out);
    }
}

/// How rows will come: as texts, in so many columns.
fn announced(columns: usize) -> Vec<u8> {
    let count = u16::try_from(columns).unwrap_or(u16::MAX);
    let mut body = vec![0];
    body.extend_from_slice(&count.to_be_bytes());
    body.extend(std::iter::repeat_n([0, 0], usize::from(count)).flatten());
    body
}

/// Rows as lines.
fn written(rows: &Rows, csv: bool) -> String {
    let cell = |value: &Value| match value.printed() {
        None if csv => String::new(),
        None => "\\N".to_owned(),
        Some(text) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            match csv {
                true if text.contains([',', '"', '\n']) => format!("\"{}\"", text.replace('"', "\"\"")),
                true => text,
                false => text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"),
            }
        }
    };
    let line = |row: &Vec<Value>| {
        let cells: Vec<String> = row.iter().map(cell).collect();
        cells.join(if csv { "," } else { "\t" }) + "\n"
    };
    rows.rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_read_with_both_ends() {
        for (text, what, from, end) in [
            ("copy t from stdin", "t", true, End::Client),
            (
                "COPY public.t (a, b) FROM PROGRAM 'id; echo ''x'''",
                "public.t (a, b)",
                true,
                End::Program("id; echo 'x'".into()),
            ),
            ("copy (select 1) to stdout with csv", "(select 1)", false, End::Client),
            ("copy t from program $$echo 'a'$$", "t", true, End::Program("echo 'a'".into())),
            ("copy t to '/tmp/x'", "t", false, End::File("/tmp/x".into())),
        ] {
            let copy = Copy::read(text).unwrap();
            assert_eq!((copy.what.as_str(), copy.from, copy.end), (what, from, end), "{text}");
        }
        assert_eq!(Copy::read("select 1"), None);
    }
}
