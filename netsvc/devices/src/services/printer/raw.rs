//! Port 9100: commands and jobs in one stream.

use super::{
    file_system::{Entry, path},
    job::Job,
    model::Printer,
    pjl::{Desk, Effect},
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// What leads from data back to commands (Universal Exit Language).
const EXIT: &[u8] = b"\x1b%-12345X";
/// The part of it that is searched for.
const MARK: &[u8] = b"\x1b%-1";
const PJL: &[u8] = b"@PJL";
/// Longest line of a command.
const LINE: usize = 8192;
/// Bytes of a file that are kept.
const FILE: usize = 1 << 20;

/// What comes next.
enum State {
    /// Commands, or data without any.
    Commands,
    /// Data of a job.
    Data,
    /// A file: how much of it is to come, its path, whether it is added to what is there, and what came.
    File(usize, String, bool, Gathered),
}

/// A connection.
struct Stream {
    host: Arc<Host>,
    link: Link,
    printer: Arc<Printer>,
    input: Gathered,
    state: State,
    job: Job,
}

/// A connection's machine.
pub(super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(LINE / 2, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            host: host.clone(),
            link: *link,
            printer: Printer::of(host),
            input: Gathered::new(2 * LINE),
            state: State::Commands,
            job: Job::new(),
        }
    }

    /// Takes what can be taken; false when more bytes are needed. With `over` no more will come.
    fn turn(&mut self, over: bool, out: &mut Out) -> bool {
        match &mut self.state {
            State::Commands => self.command(over, out),
            State::Data => self.data(over, out),
            State::File(left, _, _, content) => {
                let piece = self.input.take(*left);
                if piece.is_empty() && *left > 0 {
                    return false;
                }
                *left -= piece.len();
                // What is beyond is not kept.
                let _ = content.push(&piece);
                if *left == 0 {
                    self.store(out);
                }
                true
            }
        }
    }

    fn command(&mut self, over: bool, out: &mut Out) -> bool {
        let bytes = self.input.bytes();
        if bytes.starts_with(EXIT) {
            self.input.skip(EXIT.len());
            return true;
        }
        let may_become = |word: &[u8]| bytes.len() < word.len() && word.starts_with(bytes);
        if !over && !bytes.is_empty() && (may_become(EXIT) || may_become(PJL)) {
            return false;
        }
        if !bytes.starts_with(PJL) {
            let space = bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0).count();
            if space > 0 {
                self.input.skip(space);
                return true;
            }
            if bytes.is_empty() {
                return false;
            }
            self.state = State::Data;
            return true;
        }
        let Some(end) = self.input.find(b"\n") else {
            if self.input.len() < LINE && !over {
                return false;
            }
            let rest = self.input.take(LINE);
            self.perform(&rest, out);
            return !rest.is_empty();
        };
        let line = self.input.take(end + 1);
        self.perform(&line, out);
        true
    }

    fn perform(&mut self, line: &[u8], out: &mut Out) {
        let text = String::from_utf8_lossy(line.get(PJL.len()..).unwrap_or_default()).trim().to_owned();
        if text.is_empty() {
            return;
        }
        out.record(Kind::Command, vec![(field::COMMAND, format!("@PJL {text}").into_bytes())]);
        let panel = self.printer.kept.of(self.link.source(), Default::default);
        let mut panel = panel.lock();
        let mut desk = Desk { model: &self.printer.model, panel: &mut panel, job: &mut self.job };
        let Effect { answer, enters, file, read } = desk.perform(&text);
        out.send(answer);
        if let Some(path) = read {
            out.record(Kind::FileRead, vec![(field::PATH, path.into_bytes())]);
        }
        if enters {
            self.state = State::Data;
        }
        if let Some((size, path, adds)) = file {
            self.state = State::File(size, path, adds, Gathered::new(FILE));
        }
    }

    /// Data up to where commands begin again.
    fn data(&mut self, over: bool, out: &mut Out) -> bool {
        match self.input.find(MARK) {
            Some(at) => {
                let data = self.input.take(at);
                self.job.add(&data);
                if !over && self.input.len() < EXIT.len() {
                    return !data.is_empty();
                }
                if self.input.bytes().starts_with(EXIT) {
                    self.finish(out);
                    self.state = State::Commands;
                } else {
                    let mark = self.input.take(1);
                    self.job.add(&mark);
                }
                true
            }
            None => {
                // Its first bytes may be the last that came.
                let kept = if over { 0 } else { MARK.len() - 1 };
                let data = self.input.take(self.input.len().saturating_sub(kept));
                self.job.add(&data);
                if over {
                    self.finish(out);
                }
                false
            }
        }
    }

    fn finish(&mut self, out: &mut Out) {
        if !self.job.is_empty() {
            self.job.finish(&self.host, &self.link, &self.printer, out);
        }
        self.job = Job::new();
    }

    /// A file that was sent: it is on the disk for its sender, and kept.
    fn store(&mut self, out: &mut Out) {
        let State::File(_, name, adds, mut content) = std::mem::replace(&mut self.state, State::Commands)
        else {
            return;
        };
        let content = content.take_all();
        if let Some(at) = path(&name) {
            let panel = self.printer.kept.of(self.link.source(), Default::default);
            let mut panel = panel.lock();
            let whole = match panel.files.get(&at) {
                Some(Entry::File(old)) if adds => [old, content.clone()].concat(),
                _ => content.clone(),
            };
            // Without room for it, the printer says nothing.
            panel.files.put(&at, Entry::File(whole));
        }
        let fields = vec![(field::PATH, name.into_bytes()), (field::ORIGIN, b"upload".to_vec())];
        out.capture(Kind::FileCaptured, fields, content);
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => {
                while self.turn(true, out) {}
                if matches!(self.state, State::File(..)) {
                    self.store(out);
                }
                self.finish(out);
                out.close();
            }
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return out.close();
                }
                while !out.full() && self.turn(false, out) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::{Action, testing};

    fn say(pieces: &[&[u8]]) -> (String, Vec<Action>) {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = testing::persona("prn-01");
        persona.os.id = "hp_printer".to_owned();
        persona.hardware.vendor = "HP".to_owned();
        persona.hardware.product = "LaserJet Pro M404dn".to_owned();
        let persona = testing::with_product(&super::super::SERVICE, persona);
        let host = testing::host(&testing::stage(folder.path()), persona, "printer", &[]);
        let (mut stream, mut out) = (open(&host, &testing::link(9100)), Out::default());
        for piece in pieces {
            stream.step(Input::Bytes(piece), &mut out);
        }
        stream.step(Input::Eof, &mut out);
        let actions = out.take();
        (String::from_utf8_lossy(&testing::sent(&actions)).into_owned(), actions)
    }

    fn kept(actions: &[Action]) -> Vec<&[u8]> {
        let captured = actions.iter().filter_map(|action| match action {
            Action::Capture(_, _, content) => Some(content.as_slice()),
            _ => None,
        });
        captured.collect()
    }

    #[test]
    fn it_says_who_it_is_and_shows_what_it_is_told() {
        let (said, _) =
            say(&[b"\x1b%-12345X@PJL INFO ID\r\n@PJL RDYMSG DISPLAY=\"hacked\"\r\n@PJL INFO STATUS\r\n"]);
        assert!(said.starts_with("@PJL INFO ID\r\n\"HP LaserJet Pro M404dn\"\r\n\x0c"), "{said}");
        assert!(said.contains("DISPLAY=\"hacked\"\r\nONLINE=TRUE"), "{said}");
        let (said, _) = say(&[b"@PJL ECHO a b\r\n@PJL INQUIRE PAPER\r\n@PJL SET PAPER=A5\r\n\
                  @PJL INQUIRE PAPER\r\n@PJL INFO X\n"]);
        assert_eq!(
            said,
            "@PJL ECHO a b\r\n\x0c@PJL INQUIRE PAPER\r\nA4\r\n\x0c@PJL INQUIRE PAPER\r\nA5\r\n\
                  \x0c@PJL INFO X\r\n\"?\"\r\n\x0c"
        );
    }

    #[test]
    fn jobs_are_kept_with_title_and_user_however_they_come() {
        let job = b"\x1b%-12345X@PJL SET USERNAME=\"eve\"\r\n@PJL JOB NAME=\"plan\"\r\n\
                  @PJL ENTER LANGUAGE=POSTSCRIPT\r\n%!PS\n\x1b%-1 no end\n\x1b%-12345X@PJL EOJ\r\n\
                  \x1b%-12345X";
        let single: Vec<&[u8]> = job.chunks(1).collect();
        for pieces in [vec![&job[..]], single] {
            let (_, actions) = say(&pieces);
            assert_eq!(kept(&actions), [b"%!PS\n\x1b%-1 no end\n"]);
            let told = actions.iter().any(|action| {
                matches!(action, Action::Capture(_, fields, _)
                if fields.contains(&(field::PRINCIPAL, b"eve".to_vec()))
                    && fields.contains(&(field::PATH, b"plan".to_vec())))
            });
            assert!(told);
        }
        assert_eq!(kept(&say(&[b"plain text"]).1), [b"plain text"]);
    }

    #[test]
    fn files_are_listed_sent_and_fetched() {
        let (said, actions) = say(&[
            b"@PJL FSDOWNLOAD FORMAT:BINARY SIZE=4 NAME=\"0:/PJL/x\"\r\nabcd",
            b"@PJL FSDIRLIST NAME=\"0:/PJL\" ENTRY=1 COUNT=9\r\n\
                  @PJL FSUPLOAD NAME=\"0:/PJL/x\" OFFSET=1 SIZE=2\r\n",
            b"@PJL FSUPLOAD NAME=\"0:/../../etc/passwd\" OFFSET=0 SIZE=9\r\n",
        ]);
        assert!(said.contains("\r\nx TYPE=FILE SIZE=4\r\n"), "{said}");
        assert!(said.contains("OFFSET=1 SIZE=2\r\nbc\x0c") && said.contains("FILEERROR=3"), "{said}");
        assert_eq!(kept(&actions), [b"abcd"]);
    }
}
