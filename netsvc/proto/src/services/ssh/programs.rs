//! What runs on a channel: an interactive shell, or one command.

use crate::{account, away::away, cast::Cast};
use netsvc_kit::{Gathered, Host, Link, recorder};
use netsvc_shell::{Emit, Outcome, Shell, ShellHost, Stream, Terminal, Waits, text};
use netsvc_ssh::{ChannelIo, Event, Exit, Program, ProgramKind, scp};
use std::{sync::Arc, time::Duration};

/// Most input that a command without a terminal is given.
const INPUT: usize = 8 << 20;
/// What a shell that failed inside ends with, as one that a signal ended.
const FAILED: Exit = Exit::Status(255);
/// Longest that one piece of output waits.
const PAUSE: Duration = Duration::from_secs(600);

/// A login on a connection.
pub(super) struct Login {
    pub host: Arc<Host>,
    pub link: Link,
    pub shell: Arc<ShellHost>,
    pub user: String,
}

impl Login {
    /// Runs `program` to its end.
    pub(super) async fn run(self, program: Program, mut io: ChannelIo) -> Exit {
        let tty = program.terminal.is_some().then(|| format!("pts/{}", program.channel));
        let facts = account::facts(&self.host, &self.link, tty);
        let mut shell = self.shell.login(&self.user, self.link.peer.ip(), facts);
        for (name, value) in &program.environment {
            shell.set_environment(&text::decode(name), &text::decode(value));
        }
        let exit = match (&program.kind, &program.terminal) {
            (ProgramKind::Command(line), terminal) => {
                let files = super::files::Files::new(&self.host, &self.link, &self.user);
                match scp::run(&mut io, &files, line).await {
                    Some(exit) => {
                        let command = netsvc_shell::ShellEvent::Command {
                            line: text::decode(line),
                            cwd: String::new(),
                            status: if exit == Exit::Status(0) { 0 } else { 1 },
                        };
                        account::record(&self.host, &self.link, vec![command]);
                        exit
                    }
                    None => self.command(shell, &text::decode(line), terminal.is_some(), &mut io).await,
                }
            }
            (_, Some(terminal)) => {
                let size = terminal.size;
                let cast = Cast::begin(
                    size.columns,
                    size.rows,
                    &String::from_utf8_lossy(&terminal.name),
                    recorder::now(),
                );
                self.interactive(shell, cast, &mut io).await
            }
            (_, None) => self.piped(shell, &mut io).await,
        };
        account::save(&self.host);
        exit
    }

    /// `ssh host command`.
    async fn command(&self, shell: Shell, line: &str, terminal: bool, io: &mut ChannelIo) -> Exit {
        let line = line.to_owned();
        let Ok((mut shell, mut outcome)) = self.away(shell, move |shell| shell.exec(&line, None)).await
        else {
            return FAILED;
        };
        self.emit(&mut outcome, terminal, io).await;
        while let Some(waits) = outcome.waits {
            let input = read_input(io, waits != Waits::Input).await;
            let empty = input.is_empty();
            let fed = self.away(shell, move |shell| match waits {
                Waits::Input => shell.feed_input(input.bytes()),
                Waits::Line | Waits::Secret => {
                    shell.feed_line(Some(text::decode(input.bytes()).trim_end_matches(['\r', '\n'])))
                }
            });
            let Ok(done) = fed.await else { return FAILED };
            (shell, outcome) = done;
            self.emit(&mut outcome, terminal, io).await;
            if empty && waits != Waits::Input {
                break;
            }
        }
        account::record(&self.host, &self.link, shell.finish());
        Exit::Status(u32::try_from(outcome.status).unwrap_or(255))
    }

    /// A shell without a terminal: bots pipe their commands into it.
    async fn piped(&self, mut shell: Shell, io: &mut ChannelIo) -> Exit {
        let mut pending = Gathered::new(INPUT);
        let mut status = 0;
        loop {
            let ended = match io.next().await {
                Event::Data(bytes) => pending.push(&bytes).is_err(),
                Event::End => true,
                Event::Closed => return Exit::Status(status),
                Event::Resize(_) | Event::Signal(_) => continue,
            };
            while let Some(line) = next_line(&mut pending, ended) {
                let run = self.away(shell, move |shell| shell.run_line(&text::decode(&line)));
                let Ok((back, mut outcome)) = run.await else { return FAILED };
                shell = back;
                self.emit(&mut outcome, false, io).await;
                status = u32::try_from(outcome.status).unwrap_or(255);
                if outcome.exited {
                    return Exit::Status(status);
                }
            }
            if ended {
                account::record(&self.host, &self.link, shell.finish());
                return Exit::Status(status);
            }
        }
    }

    /// A shell with a terminal, recorded.
    async fn interactive(&self, shell: Shell, mut cast: Cast, io: &mut ChannelIo) -> Exit {
        let mut terminal = Terminal::new(shell);
        let mut output = terminal.start(recorder::now());
        loop {
            cast.output(&output.bytes);
            account::record(&self.host, &self.link, std::mem::take(&mut output.events));
            if io.write(&output.bytes).await.is_err() || output.closed {
                break;
            }
            let wait = output.wake_at.map(|at| {
                let micros = at.saturating_sub(recorder::now()).max(0);
                Duration::from_micros(micros.unsigned_abs()).min(PAUSE)
            });
            let event = tokio::select! {
                event = io.next() => Some(event),
                () = tokio::time::sleep(wait.unwrap_or(PAUSE)), if wait.is_some() => None,
            };
            let typed = match event {
                None => None,
                Some(Event::Data(bytes)) => {
                    cast.input(&bytes);
                    Some(bytes)
                }
                Some(Event::Signal(name)) if name == "INT" => Some(vec![3]),
                Some(Event::End) => Some(vec![4]),
                Some(Event::Closed) => break,
                Some(Event::Resize(_) | Event::Signal(_)) => {
                    output = netsvc_shell::TerminalOutput {
                        wake_at: output.wake_at,
                        ..netsvc_shell::TerminalOutput::default()
                    };
                    continue;
                }
            };
            let worked = self.away(terminal, move |terminal| match typed {
                None => terminal.poll(recorder::now()),
                Some(bytes) => terminal.input(&bytes, recorder::now()),
            });
            let Ok(done) = worked.await else {
                cast.store(&self.host, &self.link);
                return FAILED;
            };
            (terminal, output) = done;
        }
        account::record(&self.host, &self.link, terminal.hangup());
        cast.store(&self.host, &self.link);
        Exit::Status(0)
    }

    /// Runs the shell's `work` among the workers.
    async fn away<T: Send + 'static, R: Send + 'static>(
        &self,
        on: T,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> std::io::Result<(T, R)> {
        away(&self.host, &self.link, on, work).await
    }

    /// Sends the output of a command in its time and records its events.
    async fn emit(&self, outcome: &mut Outcome, terminal: bool, io: &ChannelIo) {
        account::record(&self.host, &self.link, std::mem::take(&mut outcome.events));
        for Emit { after, stream, bytes } in std::mem::take(&mut outcome.chunks) {
            if !after.is_zero() {
                tokio::time::sleep(after.min(PAUSE)).await;
            }
            let bytes = if terminal { with_returns(&bytes) } else { bytes };
            let sent = match stream {
                Stream::Err if !terminal => io.write_error(&bytes).await,
                _ => io.write(&bytes).await,
            };
            if sent.is_err() {
                return;
            }
        }
        if !outcome.rest.is_zero() {
            tokio::time::sleep(outcome.rest.min(PAUSE)).await;
        }
    }
}

/// Input up to its end, or up to the end of a line.
async fn read_input(io: &mut ChannelIo, line: bool) -> Gathered {
    let mut input = Gathered::new(INPUT);
    loop {
        match io.next().await {
            Event::Data(bytes) => {
                let full = input.push(&bytes).is_err();
                if full || (line && input.find(b"\n").is_some()) {
                    return input;
                }
            }
            Event::End | Event::Closed => return input,
            Event::Resize(_) | Event::Signal(_) => {}
        }
    }
}

/// Takes the next whole line, or at the end what is left.
fn next_line(pending: &mut Gathered, ended: bool) -> Option<Vec<u8>> {
    match pending.find(b"\n") {
        Some(end) => {
            let mut line = pending.take(end + 1);
            line.pop();
            Some(line)
        }
        None if ended && !pending.is_empty() => Some(pending.take_all()),
        None => None,
    }
}

/// Line ends as a terminal shows them.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}
