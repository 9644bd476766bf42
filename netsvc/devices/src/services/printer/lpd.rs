//! LPD (RFC 1179): queues that take jobs and tell how they stand.

use super::{job::Job, model::Printer};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest line, and longest control file.
const LINE: usize = 1024;
const CONTROL: usize = 16 * 1024;

/// What comes next.
enum State {
    /// What is wanted of a queue.
    Command,
    /// Files of a job.
    Files,
    /// A control file of so many bytes, and the zero behind it.
    Control(usize),
    /// So many bytes of a data file; `None`: up to the end.
    Data(Option<usize>),
    /// The zero behind it.
    End,
}

/// A connection.
struct Stream {
    host: Arc<Host>,
    link: Link,
    printer: Arc<Printer>,
    input: Gathered,
    state: State,
    job: Job,
    /// Title and user of the jobs, once the control file has told them.
    told: (String, String),
    /// Whether data came before the control file.
    waiting: bool,
}

/// A connection's machine.
pub(super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(LINE, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            host: host.clone(),
            link: *link,
            printer: Printer::of(host),
            input: Gathered::new(CONTROL + LINE),
            state: State::Command,
            job: Job::new(),
            told: Default::default(),
            waiting: false,
        }
    }

    fn turn(&mut self, out: &mut Out) -> bool {
        match self.state {
            State::Command | State::Files => self.line(out),
            State::Control(size) => {
                if self.input.len() <= size {
                    return false;
                }
                let control = self.input.take(size);
                self.input.skip(1);
                self.control(&control);
                out.send([0]);
                self.state = State::Files;
                self.print(out);
                true
            }
            State::Data(left) => {
                let piece = self.input.take(left.unwrap_or(usize::MAX));
                self.job.add(&piece);
                let left = left.map(|left| left - piece.len());
                self.state = if left == Some(0) { State::End } else { State::Data(left) };
                !piece.is_empty()
            }
            State::End => {
                if self.input.is_empty() {
                    return false;
                }
                self.input.skip(1);
                out.send([0]);
                self.state = State::Files;
                self.waiting = true;
                if !self.told.0.is_empty() || !self.told.1.is_empty() {
                    self.print(out);
                }
                true
            }
        }
    }

    fn line(&mut self, out: &mut Out) -> bool {
        let Some(end) = self.input.find(b"\n") else {
            if LINE < self.input.len() {
                out.close();
            }
            return false;
        };
        let line = self.input.take(end + 1);
        let Some((code, rest)) = line.split_first() else { return false };
        let rest = String::from_utf8_lossy(rest).trim().to_owned();
        let files = matches!(self.state, State::Files);
        let name = name(files, *code);
        out.record(Kind::Command, vec![(field::COMMAND, format!("lpd {name} {rest}").into_bytes())]);
        let size = rest.split(' ').next().and_then(|size| size.parse::<usize>().ok());
        match (files, code) {
            (false, 2) => {
                out.send([0]);
                self.state = State::Files;
            }
            (false, 1) => out.send([0]),
            (false, 3 | 4) => {
                // What came was printed at once.
                out.send(b"no entries\n");
                out.close();
            }
            (false, 5) => {
                out.send([0]);
                out.close();
            }
            (true, 1) => {
                self.job = Job::new();
                out.send([0]);
            }
            (true, 2) => match size.filter(|size| (1..=CONTROL).contains(size)) {
                Some(size) => {
                    out.send([0]);
                    self.state = State::Control(size);
                }
                None => out.send([1]),
            },
            (true, 3) => {
                out.send([0]);
                // No length is one that nobody knew.
                self.state = State::Data(size.filter(|size| *size > 0));
            }
            _ => {
                out.send([1]);
                out.close();
            }
        }
        true
    }

    /// Title and user of a job (RFC 1179, 7).
    fn control(&mut self, file: &[u8]) {
        let text = String::from_utf8_lossy(file).into_owned();
        let value =
            |letter: char| text.lines().find_map(|line| line.strip_prefix(letter)).unwrap_or_default();
        let title = if value('J').is_empty() { value('N') } else { value('J') };
        self.told = (title.to_owned(), value('P').to_owned());
    }

    fn print(&mut self, out: &mut Out) {
        if self.waiting && !self.job.is_empty() {
            (self.job.title, self.job.user) = self.told.clone();
            self.job.finish(&self.host, &self.link, &self.printer, out);
            self.job = Job::new();
        }
        self.waiting = false;
    }
}

/// What a command is called, of a queue or among the files of a job.
fn name(files: bool, code: u8) -> &'static str {
    match (files, code) {
        (false, 1) => "print waiting jobs",
        (false, 2) => "receive job",
        (false, 3) => "queue state",
        (false, 4) => "long queue state",
        (false, 5) => "remove jobs",
        (true, 1) => "abort job",
        (true, 2) => "control file",
        (true, 3) => "data file",
        _ => "unknown",
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => {
                self.waiting = true;
                self.print(out);
                out.close();
            }
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::{Action, testing};

    #[test]
    fn a_job_is_taken_with_its_title_whichever_file_comes_first() {
        let control = "Hws\nPeve\nJplan\nldfA001ws\n";
        let first = format!("\x02{} cfA001ws\n{control}\0", control.len());
        let data = "\x036 dfA001ws\nhello\n\0";
        for files in [format!("{first}{data}"), format!("{data}{first}")] {
            let folder = tempfile::tempdir().unwrap();
            let persona = testing::persona_with(&super::super::SERVICE, "prn-01");
            let host = testing::host(&testing::stage(folder.path()), persona, "printer", &[]);
            let (mut stream, mut out) = (open(&host, &testing::link(515)), Out::default());
            let said = format!("\x02lp\n{files}");
            for byte in said.as_bytes().chunks(1) {
                stream.step(Input::Bytes(byte), &mut out);
            }
            let actions = out.take();
            assert_eq!(testing::sent(&actions), [0; 5]);
            let kept = actions.iter().find_map(|action| match action {
                Action::Capture(_, fields, content) => Some((fields, content)),
                _ => None,
            });
            let (fields, content) = kept.unwrap();
            assert_eq!(content, b"hello\n");
            assert!(fields.contains(&(field::PATH, b"plan".to_vec())));
            assert!(fields.contains(&(field::PRINCIPAL, b"eve".to_vec())));
        }
    }
}
