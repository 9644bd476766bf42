//! Descriptors: where output goes, where input comes from, redirections.

use super::{Flow, MAX_OUTPUT, Shell, socket::Socket};
use crate::{
    dialect::Dialect,
    event::{Emit, Stream, Waits},
    fs::{Errno, Kind, OpenOptions},
    parse::{Redirect, RedirectKind},
    text,
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Bytes that a pipe or substitution holds.
const MAX_BUFFER: usize = 4 << 20;

/// A readable source with a position, shared by copies of its descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    bytes: Arc<Vec<u8>>,
    at: Arc<Mutex<usize>>,
    /// Whether it is the session's, and more may come.
    pub(super) more: bool,
    /// More would follow for ever.
    endless: bool,
}

impl Input {
    pub(crate) fn new(bytes: Vec<u8>) -> Input {
        Input { bytes: Arc::new(bytes), at: Arc::default(), more: false, endless: false }
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> usize {
        *self.at.lock()
    }

    /// What is there from a position on.
    pub(super) fn from(&self, position: usize) -> Vec<u8> {
        self.bytes.get(position..).unwrap_or_default().to_vec()
    }

    /// Whether there is no whole line, but there may be one.
    fn is_dry(&self) -> bool {
        self.more && !self.bytes.get(self.position()..).unwrap_or_default().contains(&b'\n')
    }

    /// The beginning of something that never ends.
    pub(super) fn endless(bytes: Vec<u8>, endless: bool) -> Input {
        Input { endless, ..Input::new(bytes) }
    }

    fn rest(&self) -> Vec<u8> {
        let mut at = self.at.lock();
        let rest = self.bytes.get(*at..).unwrap_or(&[]).to_vec();
        *at = self.bytes.len();
        rest
    }

    fn take(&self, count: usize) -> Vec<u8> {
        let mut at = self.at.lock();
        let mut taken: Vec<u8> = self.bytes.iter().skip(*at).take(count).copied().collect();
        *at += taken.len();
        let missing = count.min(2 * MAX_BUFFER).saturating_sub(taken.len());
        if self.endless && 0 < missing && self.repeats() {
            taken.extend(self.bytes.iter().cycle().take(missing));
        }
        taken
    }

    /// Whether it begins and ends with the same line, or byte where it has none: then more of it is the same.
    fn repeats(&self) -> bool {
        let mut lines = self.bytes.split_inclusive(|byte| *byte == b'\n');
        match (lines.next(), lines.next_back()) {
            (Some(first), Some(last)) => first == last,
            _ => self.bytes.first().is_some_and(|first| self.bytes.last() == Some(first)),
        }
    }

    /// The next line with its end; `None` at the end of input.
    fn line(&self) -> Option<Vec<u8>> {
        let mut at = self.at.lock();
        let rest = self.bytes.get(*at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        *at += length;
        rest.get(..length).map(<[u8]>::to_vec)
    }
}

/// What a descriptor is.
#[derive(Clone, Debug)]
pub(crate) enum Descriptor {
    /// The session's own input: terminal or channel.
    Session,
    /// The session's output.
    Stream(Stream),
    /// A pipe or substitution being filled.
    Buffer(Arc<Mutex<Vec<u8>>>),
    Input(Input),
    /// Open file and position.
    File(u32, Arc<Mutex<u64>>),
    /// A connection.
    Socket(Socket),
}

pub(super) fn session_descriptors() -> BTreeMap<u32, Descriptor> {
    BTreeMap::from([
        (0, Descriptor::Session),
        (1, Descriptor::Stream(Stream::Out)),
        (2, Descriptor::Stream(Stream::Err)),
    ])
}

impl Shell {
    /// Writes text to standard output.
    pub(crate) fn out(&mut self, text: &str) -> Result<(), Flow> {
        self.write(1, &text::encode(text))
    }

    /// Writes text to standard error.
    pub(crate) fn err(&mut self, text: &str) -> Result<(), Flow> {
        self.write(2, &text::encode(text))
    }

    /// Writes bytes to a descriptor.
    pub(crate) fn write(&mut self, descriptor: u32, bytes: &[u8]) -> Result<(), Flow> {
        self.spend(bytes.len() as u64 / 2048)?;
        match self.descriptors.get(&descriptor).cloned() {
            None | Some(Descriptor::Session | Descriptor::Input(_)) => {
                self.write_error = Some(Errno::BadDescriptor);
                Ok(())
            }
            Some(Descriptor::Stream(stream)) => self.emit(stream, bytes),
            Some(Descriptor::Buffer(buffer)) => {
                let mut buffer = buffer.lock();
                if buffer.len() + bytes.len() > MAX_BUFFER {
                    return Err(Flow::Pipe);
                }
                buffer.extend_from_slice(bytes);
                Ok(())
            }
            Some(Descriptor::File(handle, position)) => {
                let mut position = position.lock();
                match self.fs.write_at(handle, *position, bytes) {
                    Ok(()) => *position += bytes.len() as u64,
                    Err(error) => self.write_error = Some(error),
                }
                Ok(())
            }
            Some(Descriptor::Socket(socket)) => {
                if socket.send(bytes) {
                    Ok(())
                } else {
                    Err(Flow::Pipe)
                }
            }
        }
    }

    fn emit(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Flow> {
        if self.background.is_some_and(|began| self.elapsed > began) {
            return Ok(());
        }
        self.command_output += bytes.len();
        let skipped = bytes.len().min(self.skip);
        self.skip -= skipped;
        if 0 < skipped {
            // The time up to what was shown before has passed already.
            self.sent_at = self.elapsed;
        }
        let Some(bytes) = bytes.get(skipped..).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        let room = MAX_OUTPUT.saturating_sub(self.output_bytes);
        let kept = bytes.get(..bytes.len().min(room)).unwrap_or(&[]);
        self.output_bytes += kept.len();
        let after = self.elapsed.saturating_sub(self.sent_at);
        self.sent_at = self.elapsed;
        match self.output.last_mut() {
            Some(last) if after.is_zero() && last.stream == stream => last.bytes.extend_from_slice(kept),
            _ => self.output.push(Emit { after, stream, bytes: kept.to_vec() }),
        }
        if kept.len() < bytes.len() { Err(Flow::Exhausted) } else { Ok(()) }
    }

    pub(super) fn mark_command(&mut self) {
        self.command_output = 0;
        // What the one before was told is not told to the next.
        let told = std::mem::take(&mut self.asked).min(self.answers.len());
        self.answers.drain(..told);
        self.outward.begin();
        self.mark_input();
    }

    /// Whether standard output is the terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        self.interactive && matches!(self.descriptors.get(&1), Some(Descriptor::Stream(_)))
    }

    /// Whether output and errors go to the session or to files: nothing gathers them for another command.
    pub(super) fn writes_outside(&self) -> bool {
        !self.descriptors.values().any(|descriptor| matches!(descriptor, Descriptor::Buffer(_)))
    }

    /// Whether standard input is the session's own.
    pub(crate) fn in_is_session(&self) -> bool {
        matches!(self.descriptors.get(&0), Some(Descriptor::Session))
    }

    /// Whether standard input is the session's terminal.
    pub(crate) fn in_is_terminal(&self) -> bool {
        self.live.facts.tty.is_some() && self.in_is_session()
    }

    /// Everything that is left of standard input.
    pub(crate) fn read_all(&mut self) -> Result<Vec<u8>, Flow> {
        match self.descriptors.get(&0).cloned() {
            Some(Descriptor::Input(input)) => {
                if input.endless {
                    self.meet_endless()?;
                }
                Ok(input.rest())
            }
            Some(Descriptor::Session) => {
                let input = self.session_input()?;
                if input.more { Err(self.out_of_input(&input)) } else { Ok(input.rest()) }
            }
            Some(Descriptor::File(handle, position)) => {
                let mut position = position.lock();
                let bytes = self.fs.read_at(handle, *position, MAX_BUFFER).unwrap_or_default();
                *position += bytes.len() as u64;
                Ok(bytes)
            }
            Some(Descriptor::Socket(socket)) => self.drain(&socket),
            _ => Ok(Vec::new()),
        }
    }

    /// Up to `count` bytes of standard input.
    pub(crate) fn read_some(&mut self, count: usize) -> Result<Vec<u8>, Flow> {
        match self.descriptors.get(&0).cloned() {
            Some(Descriptor::Input(input)) => Ok(input.take(count)),
            Some(Descriptor::Socket(socket)) => self.take_of(&socket, count),
            Some(Descriptor::Session) => {
                let input = self.session_input()?;
                if input.more { Err(self.out_of_input(&input)) } else { Ok(input.take(count)) }
            }
            _ => Ok(self.read_all()?.into_iter().take(count).collect()),
        }
    }

    /// The next line of standard input with its end; `None` at the end.
    pub(crate) fn read_line(&mut self) -> Result<Option<String>, Flow> {
        match self.descriptors.get(&0).cloned() {
            Some(Descriptor::Input(input)) => Ok(input.line().map(|line| text::decode(&line))),
            Some(Descriptor::Session) if self.interactive => {
                self.ask("", false).map(|answer| Some(answer + "\n"))
            }
            Some(Descriptor::Session) => {
                let input = self.session_input()?;
                if input.is_dry() {
                    return Err(self.out_of_input(&input));
                }
                Ok(input.line().map(|line| text::decode(&line)))
            }
            Some(Descriptor::File(..)) => {
                let bytes = self.read_all()?;
                let input = Input::new(bytes);
                let line = input.line().map(|line| text::decode(&line));
                self.descriptors.insert(0, Descriptor::Input(input));
                Ok(line)
            }
            Some(Descriptor::Socket(socket)) => self.line_of(&socket),
            _ => Ok(None),
        }
    }

    /// Asks for a line: from the terminal, or the next line of a redirected input. The prompt goes to standard
    /// error, as programs that ask for passwords write it to the terminal.
    pub(crate) fn ask(&mut self, prompt: &str, secret: bool) -> Result<String, Flow> {
        if !self.in_is_session() || !self.interactive {
            self.err(prompt)?;
            let line = self.read_line()?.unwrap_or_default();
            return Ok(line.trim_end_matches('\n').to_owned());
        }
        self.err(prompt)?;
        match self.answers.get(self.asked).cloned() {
            Some(answer) => {
                self.asked += 1;
                Ok(answer)
            }
            None => Err(Flow::Suspend(if secret { Waits::Secret } else { Waits::Line })),
        }
    }

    /// Applies redirections. `Ok(Err(()))`: one failed and was complained about.
    pub(super) fn redirect(
        &mut self,
        redirects: &[Redirect],
        opened: &mut Vec<u32>,
    ) -> Result<Result<(), ()>, Flow> {
        for redirect in redirects {
            let target = match redirect.kind {
                RedirectKind::Text => self.expand_text(&redirect.target)?,
                // dash and BusyBox do not split what a target becomes.
                _ if !self.dialect().is_bash() => self.expand_text(&redirect.target)?,
                _ => {
                    let fields = self.expand_word(&redirect.target)?;
                    match fields.as_slice() {
                        [one] => one.clone(),
                        _ => {
                            let name = match redirect.target.parts.as_slice() {
                                [crate::parse::Part::Parameter(parameter)] => {
                                    format!("${}: ", parameter.name)
                                }
                                _ => String::new(),
                            };
                            self.complain(&format!("{name}ambiguous redirect"))?;
                            return Ok(Err(()));
                        }
                    }
                }
            };
            if let Err(message) = self.redirect_one(redirect, &target, opened)? {
                self.complain(&message)?;
                return Ok(Err(()));
            }
        }
        Ok(Ok(()))
    }

    fn redirect_one(
        &mut self,
        redirect: &Redirect,
        target: &str,
        opened: &mut Vec<u32>,
    ) -> Result<Result<(), String>, Flow> {
        use RedirectKind as R;
        let output =
            matches!(redirect.kind, R::Write | R::Force | R::Append | R::DuplicateOut | R::ReadWrite);
        let number = redirect.descriptor.unwrap_or(u32::from(output && redirect.kind != R::ReadWrite));
        let both = match redirect.kind {
            R::Both | R::BothAppend => true,
            R::DuplicateOut => {
                redirect.descriptor.is_none() && target.parse::<u32>().is_err() && target != "-"
            }
            _ => false,
        };
        let options = match redirect.kind {
            R::Text => {
                self.descriptors.insert(number, Descriptor::Input(Input::new(text::encode(target))));
                return Ok(Ok(()));
            }
            R::DuplicateIn | R::DuplicateOut if !both => return Ok(self.duplicate(number, target)),
            R::Read => OpenOptions::read(),
            R::ReadWrite => OpenOptions { read: true, write: true, create: true, ..OpenOptions::default() },
            R::Append | R::BothAppend => OpenOptions::append(),
            _ => OpenOptions::write_new(),
        };
        let stream = target.strip_prefix("/dev/tcp/");
        let network = stream.or_else(|| target.strip_prefix("/dev/udp/"));
        if let Some(address) = network.filter(|_| self.dialect().is_bash()) {
            let device = self.device(address, stream.is_some())?;
            return Ok(device.map(|socket| self.attach(number, both, Descriptor::Socket(socket))));
        }
        if redirect.kind == R::Read && self.is_endless(target) {
            let bytes = self.fs.read_file(target).map(|bytes| bytes.to_vec()).unwrap_or_default();
            self.spend(1 + bytes.len() as u64 / 4096)?;
            self.descriptors.insert(number, Descriptor::Input(Input::endless(bytes, true)));
            return Ok(Ok(()));
        }
        if let Some(text) = self.kept(target).filter(|_| redirect.kind == R::Write) {
            return Ok(Err(text));
        }
        let descriptor = match self.named_descriptor(redirect.kind, target) {
            Some(descriptor) => descriptor,
            None => match self.fs.open(target, options, 0o666) {
                Ok(handle) => {
                    opened.push(handle);
                    Descriptor::File(handle, Arc::default())
                }
                Err(error) => return Ok(Err(self.open_failure(target, output, error))),
            },
        };
        self.attach(number, both, descriptor);
        Ok(Ok(()))
    }

    /// Makes `descriptor` the one called `number`, or both outputs.
    fn attach(&mut self, number: u32, both: bool, descriptor: Descriptor) {
        if both {
            self.descriptors.insert(1, descriptor.clone());
            self.descriptors.insert(2, descriptor);
        } else {
            self.descriptors.insert(number, descriptor);
        }
    }

    /// What is said of a file that `set -C` keeps from being written over.
    fn kept(&self, target: &str) -> Option<String> {
        let file = || self.fs.stat(target).is_ok_and(|stat| stat.kind == Kind::File);
        if !self.state.options.contains(&'C') || !file() {
            return None;
        }
        Some(match self.dialect() {
            Dialect::Dash => format!("cannot create {target}: File exists"),
            Dialect::Ash => format!("can't create {target}: File exists"),
            _ => format!("{target}: cannot overwrite existing file"),
        })
    }

    /// `N>&M` and `N>&-`: what `source` names becomes `number`, or `number` is closed.
    fn duplicate(&mut self, number: u32, source: &str) -> Result<(), String> {
        if source == "-" {
            self.descriptors.remove(&number);
            return Ok(());
        }
        let open = source
            .trim_end_matches('-')
            .parse()
            .ok()
            .and_then(|source: u32| self.descriptors.get(&source).cloned())
            .ok_or_else(|| format!("{source}: Bad file descriptor"))?;
        self.descriptors.insert(number, open);
        Ok(())
    }

    /// The descriptor that a name like `/dev/stdout` stands for, if it is open.
    fn named_descriptor(&self, kind: RedirectKind, target: &str) -> Option<Descriptor> {
        match target {
            "/dev/stdout" => self.descriptors.get(&1).cloned(),
            "/dev/stderr" => self.descriptors.get(&2).cloned(),
            "/dev/tty" if self.interactive && kind == RedirectKind::Read => Some(Descriptor::Session),
            "/dev/tty" if self.interactive => Some(Descriptor::Stream(Stream::Out)),
            "/dev/stdin" if matches!(kind, RedirectKind::Read) => self.descriptors.get(&0).cloned(),
            _ => None,
        }
    }

    /// What the shell says of a file that it cannot open.
    fn open_failure(&self, target: &str, output: bool, error: Errno) -> String {
        let dialect = self.dialect();
        if dialect.is_bash() {
            return format!("{target}: {error}");
        }
        if dialect == Dialect::Dash {
            let verb = if output { "create" } else { "open" };
            let reason = match error {
                Errno::NotFound if output => "Directory nonexistent".into(),
                Errno::NotFound => "No such file".into(),
                other => other.to_string(),
            };
            return format!("cannot {verb} {target}: {reason}");
        }
        let verb = if output { "create" } else { "open" };
        let reason = match error {
            Errno::NotFound if output => "nonexistent directory".into(),
            Errno::NotFound => "no such file".into(),
            other => other.to_string(),
        };
        format!("can't {verb} {target}: {reason}")
    }

    /// Closes what redirections opened.
    pub(super) fn close_all(&mut self, opened: Vec<u32>) {
        for handle in opened {
            // It was opened by the same command, so it is there.
            let _ = self.fs.close(handle);
        }
    }

    /// Runs `inner` with standard output going to a buffer, and gives what it wrote.
    pub(crate) fn capture(
        &mut self,
        inner: impl FnOnce(&mut Shell) -> Result<(), Flow>,
    ) -> Result<Vec<u8>, Flow> {
        let buffer = Arc::new(Mutex::new(Vec::new()));
        let before = self.descriptors.insert(1, Descriptor::Buffer(Arc::clone(&buffer)));
        let result = inner(self);
        match before {
            Some(before) => self.descriptors.insert(1, before),
            None => self.descriptors.remove(&1),
        };
        match result {
            Ok(()) | Err(Flow::Pipe) => Ok(std::mem::take(&mut buffer.lock())),
            Err(other) => Err(other),
        }
    }

    /// Runs `inner` with `input` as standard input.
    pub(crate) fn with_input<T>(&mut self, input: Vec<u8>, inner: impl FnOnce(&mut Shell) -> T) -> T {
        let before = self.descriptors.insert(0, Descriptor::Input(Input::new(input)));
        let result = inner(self);
        match before {
            Some(before) => self.descriptors.insert(0, before),
            None => self.descriptors.remove(&0),
        };
        result
    }
}
