//! What runs on a channel: an interactive shell, or one command.

use super::typing::{Cut, Typing};
use crate::{
    account,
    away::away,
    cast::Cast,
    onward,
    output::{PAUSE, TRICKLE, until, with_returns},
};
use netsvc_kit::{Host, Link, recorder};
use netsvc_shell::{
    Emit, Outcome, Shell, ShellHost, Stream, Terminal, TerminalOutput, Waits,
    reach::{Received, Wire},
    text,
};
use netsvc_ssh::{ChannelIo, Event, Exit, Gone, Program, ProgramKind, WindowSize, scp};
use std::{sync::Arc, time::Duration};

/// Time between two looks at a connection that is carried, and the longest one while nothing comes.
const LOOK: Duration = Duration::from_millis(2);
const LOOKS: Duration = Duration::from_millis(50);
/// What a shell that failed inside ends with, as one that a signal ended.
const FAILED: Exit = Exit::Status(255);

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
        let mut shell = self.shell.login(&self.user, self.link.source(), facts);
        onward::lead(&self.host, &self.link, &mut shell);
        shell.set_carries();
        for (name, value) in &program.environment {
            shell.set_environment(&text::decode(name), &text::decode(value));
        }
        if let Some(terminal) = &program.terminal {
            shell.set_environment("TERM", &text::decode(&terminal.name));
            shell.set_window(terminal.size.columns, terminal.size.rows);
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
        let mut shell = Some(shell);
        let ended = self.run_command(&mut shell, line, Typing::new(terminal), io).await;
        self.ended(shell, ended, line)
    }

    async fn run_command(
        &self,
        shell: &mut Option<Shell>,
        line: &str,
        mut typing: Typing,
        io: &mut ChannelIo,
    ) -> Result<Exit, Cut> {
        let line = line.to_owned();
        let outcome = self.step(shell, io, move |shell| shell.exec(&line, None)).await?;
        self.feed(shell, outcome, &mut typing, io).await
    }

    /// Shows what came of a line, and gives it the input that it waits for, to its end.
    async fn feed(
        &self,
        shell: &mut Option<Shell>,
        mut outcome: Outcome,
        typing: &mut Typing,
        io: &mut ChannelIo,
    ) -> Result<Exit, Cut> {
        self.emit(&mut outcome, typing.terminal, io).await?;
        while let Some(waits) = outcome.waits {
            if let Some(wire) = shell.as_mut().and_then(Shell::take_carried) {
                let status = self.carry(wire, typing, io).await?;
                outcome = self.step(shell, io, move |shell| shell.end_relay(status)).await?;
                self.emit(&mut outcome, typing.terminal, io).await?;
                continue;
            }
            let (line, shown) = (typing.terminal || waits != Waits::Input, waits != Waits::Secret);
            let (input, ended) = match waits {
                Waits::More => (Vec::new(), typing.ended()),
                _ if line => typing.read(io, true, shown).await?,
                _ => typing.piece(io).await?,
            };
            let over = ended && input.is_empty() && matches!(waits, Waits::Line | Waits::Secret);
            let size = typing.resized(io);
            let feed = move |shell: &mut Shell| {
                if let Some(size) = size {
                    shell.set_window(size.columns, size.rows);
                }
                match waits {
                    Waits::Input | Waits::More => shell.feed_piece(&input, ended),
                    Waits::Line | Waits::Secret => {
                        shell.feed_line(Some(text::decode(&input).trim_end_matches(['\r', '\n'])))
                    }
                }
            };
            outcome = self.step(shell, io, feed).await?;
            self.emit(&mut outcome, typing.terminal, io).await?;
            if over {
                break;
            }
        }
        Ok(Exit::Status(u32::try_from(outcome.status).unwrap_or(255)))
    }

    /// Lets a command's connection and the client talk; the status that it ends with.
    async fn carry(
        &self,
        mut wire: Box<dyn Wire>,
        typing: &mut Typing,
        io: &mut ChannelIo,
    ) -> Result<i32, Cut> {
        let writer = io.writer();
        let (mut pause, mut open) = (LOOK, true);
        loop {
            let raw = wire.is_raw();
            match wire.receive(Duration::ZERO) {
                Received::Bytes(bytes) => {
                    let bytes = if typing.terminal && !raw { with_returns(&bytes) } else { bytes };
                    writer.write(&bytes).await.map_err(|Gone| Cut::Gone)?;
                    pause = LOOK;
                    continue;
                }
                Received::Closed => return Ok(wire.status().unwrap_or(0)),
                Received::Nothing => {}
            }
            // What the other end does not take yet stays with the client, whose end is seen all the same.
            let listens = open && wire.takes();
            let keys = tokio::select! {
                keys = keys(raw, listens, typing, io) => keys?,
                () = tokio::time::sleep(pause) => {
                    pause = (pause * 2).min(LOOKS);
                    continue;
                }
            };
            (open, pause) = (open && !keys.ended, LOOK);
            let send = move |wire: &mut Box<dyn Wire>| {
                if let Some(size) = keys.size {
                    wire.resize(size.columns, size.rows);
                }
                let sent = keys.bytes.is_empty() || wire.send(&keys.bytes);
                if keys.ended {
                    wire.end();
                }
                sent
            };
            let (back, sent) = self.away(wire, send).await.map_err(|_| Cut::Failed)?;
            if !sent {
                return Ok(1);
            }
            wire = back;
        }
    }

    /// A shell without a terminal: bots pipe their commands into it.
    async fn piped(&self, shell: Shell, io: &mut ChannelIo) -> Exit {
        let mut shell = Some(shell);
        let ended = match self.step(&mut shell, io, Shell::read_commands).await {
            Ok(outcome) => self.feed(&mut shell, outcome, &mut Typing::new(false), io).await,
            Err(cut) => Err(cut),
        };
        self.ended(shell, ended, "")
    }

    /// Runs a step of `shell` among the workers; what cuts it short costs the shell.
    async fn step<R: Send + 'static>(
        &self,
        shell: &mut Option<Shell>,
        io: &mut ChannelIo,
        work: impl FnOnce(&mut Shell) -> R + Send + 'static,
    ) -> Result<R, Cut> {
        let taken = shell.take().ok_or(Cut::Failed)?;
        let (back, done) = tokio::select! {
            biased;
            done = self.away(taken, work) => done.map_err(|_| Cut::Failed)?,
            event = io.interrupted() => return Err(Cut::of(event)),
        };
        *shell = Some(back);
        Ok(done)
    }

    /// Records the end of a shell without a terminal, and of the `line` that was cut short with it.
    fn ended(&self, shell: Option<Shell>, ended: Result<Exit, Cut>, line: &str) -> Exit {
        let mut events = Vec::new();
        match shell {
            Some(mut shell) => {
                if ended.is_err() {
                    events.extend(shell.interrupt());
                }
                events.extend(shell.finish());
            }
            None if line.is_empty() => {}
            None => events.push(netsvc_shell::ShellEvent::Command {
                line: line.to_owned(),
                cwd: String::new(),
                status: 128,
            }),
        }
        account::record(&self.host, &self.link, events);
        ended.unwrap_or_else(Cut::exit)
    }

    /// A shell with a terminal, recorded.
    async fn interactive(&self, shell: Shell, mut cast: Cast, io: &mut ChannelIo) -> Exit {
        let mut terminal = Terminal::new(shell);
        let mut output = terminal.start(recorder::now());
        let mut exit = None;
        loop {
            cast.output(&output.bytes);
            account::record(&self.host, &self.link, std::mem::take(&mut output.events));
            if io.write(&output.bytes).await.is_err() || output.closed {
                break;
            }
            let wait = output.wake_at.map(until);
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
                // An interactive shell survives these; the others end it and with it the session.
                Some(Event::Signal(name)) if name == "INT" => Some(vec![3]),
                Some(Event::Signal(name)) if name != "TERM" && name != "QUIT" => {
                    exit = Some(Exit::Signal(name));
                    break;
                }
                Some(Event::End) => Some(vec![4]),
                Some(Event::Closed) => break,
                Some(Event::Resize(size)) => {
                    terminal.resize(size.columns, size.rows);
                    None
                }
                Some(Event::Signal(_)) => {
                    output = TerminalOutput { wake_at: output.wake_at, ..TerminalOutput::default() };
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
        let status = u32::try_from(terminal.status()).unwrap_or(255);
        exit.unwrap_or(Exit::Status(status))
    }

    /// Runs the shell's `work` among the workers.
    async fn away<T: Send + 'static, R: Send + 'static>(
        &self,
        on: T,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> std::io::Result<(T, R)> {
        away(&self.host, &self.link, on, work).await
    }

    /// Sends the output of a command in its time and records its events. A signal or the end of the channel cuts it
    /// short.
    async fn emit(&self, outcome: &mut Outcome, terminal: bool, io: &mut ChannelIo) -> Result<(), Cut> {
        account::record(&self.host, &self.link, std::mem::take(&mut outcome.events));
        let writer = io.writer();
        let chunks = std::mem::take(&mut outcome.chunks);
        let rest = outcome.rest;
        let goes_on = outcome.goes_on.take();
        let work = async {
            for Emit { after, stream, bytes } in chunks {
                if !after.is_zero() {
                    tokio::time::sleep(after.min(PAUSE)).await;
                }
                let bytes = if terminal { with_returns(&bytes) } else { bytes };
                match stream {
                    Stream::Err if !terminal => writer.write_error(&bytes).await?,
                    _ => writer.write(&bytes).await?,
                }
            }
            if !rest.is_zero() {
                tokio::time::sleep(rest.min(PAUSE)).await;
            }
            // What never ends goes on until the peer, or the connection's own limits, stop it.
            while let Some(more) = &goes_on {
                tokio::time::sleep(TRICKLE).await;
                writer.write(more).await?;
            }
            Ok::<(), Gone>(())
        };
        tokio::select! {
            biased;
            done = work => done.map_err(|Gone| Cut::Gone),
            event = io.interrupted() => Err(Cut::of(event)),
        }
    }
}

/// What a client gives to a connection.
#[derive(Default)]
struct Keys {
    bytes: Vec<u8>,
    ended: bool,
    size: Option<WindowSize>,
}

/// The next keys: as they are for a `raw` connection, which has a terminal at its other end. Where the input is not
/// `open` any more only what cuts the command short is left.
async fn keys(raw: bool, open: bool, typing: &mut Typing, io: &mut ChannelIo) -> Result<Keys, Cut> {
    if !open {
        return Err(Cut::of(io.interrupted().await));
    }
    if !raw {
        let (bytes, ended) =
            if typing.terminal { typing.read(io, true, true).await? } else { typing.piece(io).await? };
        return Ok(Keys { bytes, ended, size: None });
    }
    match io.next().await {
        Event::Data(bytes) => Ok(Keys { bytes, ..Keys::default() }),
        Event::Resize(size) => Ok(Keys { size: Some(size), ..Keys::default() }),
        Event::End => Ok(Keys { ended: true, ..Keys::default() }),
        cut => Err(Cut::of(cut)),
    }
}
