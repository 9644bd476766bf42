//! A shell, or one command in it, over a stream.

use super::{
    device::Device,
    service::Call,
    stream::{Gone, Stream},
};
use crate::{account, away::away, cast::Cast, onward};
use netsvc_kit::{Host, Link, recorder};
use netsvc_shell::{
    Arrival, Emit, Outcome, SessionFacts, Shell, Stream as Side, Terminal, TerminalOutput, Waits, text,
};
use std::{sync::Arc, time::Duration};

/// Longest that one piece of output waits.
const PAUSE: Duration = Duration::from_secs(600);
/// Time between two pieces of output that never ends.
const TRICKLE: Duration = Duration::from_secs(5);
/// Most bytes of one packet of the framed shell.
const PACKET: usize = 1 << 20;

/// Kinds of packets of the framed shell (AOSP, `shell_service.h`).
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const EXIT: u8 = 3;
const END: u8 = 4;
const WINDOW: u8 = 5;

/// What was typed.
enum Typed {
    Bytes(Vec<u8>),
    End,
    Window(u32, u32),
}

/// A command that is run for a peer.
pub(super) struct Run {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) call: Call,
    pub(super) stream: Stream,
    /// Bytes of packets that are not whole.
    pub(super) pending: Vec<u8>,
}

impl Run {
    /// Runs it to its end.
    pub(super) async fn serve(mut self) {
        let shell = self.shell();
        if !self.call.terminal && self.call.line.is_empty() {
            // Without a terminal there is no prompt: a shell reads what comes.
            "sh".clone_into(&mut self.call.line);
        }
        let status = match self.call.line.is_empty() {
            true => self.interactive(shell).await,
            false => self.command(shell).await,
        };
        account::save(&self.host);
        let Ok(status) = status else { return };
        if self.call.framed {
            let status = u8::try_from(status & 0xff).unwrap_or(1);
            if self.stream.write(&packet(EXIT, &[status])).await.is_err() {
                return;
            }
        }
        self.stream.close().await;
    }

    fn shell(&self) -> Shell {
        let device = Device::of(&self.host);
        let tty = self.call.terminal.then(|| "pts/0".to_owned());
        let facts = account::facts(&self.host, &self.link, tty);
        let facts = SessionFacts { arrival: Arrival::Container, ..facts };
        let mut shell = device.shell(&self.host).login("root", self.link.source(), facts);
        onward::lead(&self.host, &self.link, &mut shell);
        // The root is there.
        let _ = shell.fs().set_cwd("/");
        let path = "/sbin:/system/sbin:/system/bin:/system/xbin:/bin:/usr/bin:/usr/sbin";
        for (name, value) in [
            ("PATH", path),
            ("ANDROID_ROOT", "/system"),
            ("ANDROID_DATA", "/data"),
            ("EXTERNAL_STORAGE", "/sdcard"),
            ("HOME", "/data"),
            ("PS1", device.prompt().as_str()),
            ("TERM", if self.call.term.is_empty() { "dumb" } else { self.call.term.as_str() }),
        ] {
            shell.set_environment(name, value);
        }
        shell
    }

    async fn command(&mut self, shell: Shell) -> Result<i32, Gone> {
        let line = self.call.line.clone();
        let work = move |shell: &mut Shell| shell.exec(&line, None);
        let (mut shell, mut outcome) = away(&self.host, &self.link, shell, work).await.map_err(|_| Gone)?;
        loop {
            let (status, waits) = (outcome.status, outcome.waits);
            self.emit(outcome).await?;
            let Some(waits) = waits else { return Ok(status) };
            let next = if waits == Waits::More { Typed::Bytes(Vec::new()) } else { self.typed().await? };
            let (input, over) = match next {
                Typed::Bytes(bytes) => (bytes, false),
                Typed::End => (Vec::new(), true),
                Typed::Window(..) => (Vec::new(), false),
            };
            let feed = move |shell: &mut Shell| match waits {
                Waits::Input | Waits::More => shell.feed_piece(&input, over),
                Waits::Line | Waits::Secret => {
                    shell.feed_line(Some(text::decode(&input).trim_end_matches(['\r', '\n'])))
                }
            };
            (shell, outcome) = away(&self.host, &self.link, shell, feed).await.map_err(|_| Gone)?;
        }
    }

    /// Writes the output of a line in its time.
    async fn emit(&self, mut outcome: Outcome) -> Result<(), Gone> {
        account::record(&self.host, &self.link, std::mem::take(&mut outcome.events));
        for Emit { after, stream, bytes } in outcome.chunks {
            if !after.is_zero() {
                self.rest(after.min(PAUSE)).await?;
            }
            self.show(stream, &bytes).await?;
        }
        if !outcome.rest.is_zero() {
            self.rest(outcome.rest.min(PAUSE)).await?;
        }
        // What never ends goes on until the peer has enough.
        while let Some(more) = &outcome.goes_on {
            self.rest(TRICKLE).await?;
            self.show(Side::Out, more).await?;
        }
        Ok(())
    }

    /// Lets time pass, while there is a peer.
    async fn rest(&self, time: Duration) -> Result<(), Gone> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.stream.output.closed() => Err(Gone),
        }
    }

    async fn show(&self, side: Side, bytes: &[u8]) -> Result<(), Gone> {
        if bytes.is_empty() {
            return Ok(());
        }
        if !self.call.framed {
            return self.stream.write(bytes).await;
        }
        let kind = if side == Side::Err && !self.call.terminal { STDERR } else { STDOUT };
        self.stream.write(&packet(kind, bytes)).await
    }

    async fn interactive(&mut self, shell: Shell) -> Result<i32, Gone> {
        let mut cast = Cast::begin(80, 24, &self.call.term, recorder::now());
        let (terminal, served) = self.converse(Terminal::new(shell), &mut cast).await;
        let mut status = 1;
        if let Some(mut terminal) = terminal {
            status = terminal.status();
            account::record(&self.host, &self.link, terminal.hangup());
        }
        cast.store(&self.host, &self.link);
        served.map(|()| status)
    }

    /// Lets the peer and the terminal talk; the terminal comes back unless it failed inside.
    async fn converse(
        &mut self,
        mut terminal: Terminal,
        cast: &mut Cast,
    ) -> (Option<Terminal>, Result<(), Gone>) {
        let mut output = terminal.start(recorder::now());
        loop {
            cast.output(&output.bytes);
            account::record(&self.host, &self.link, std::mem::take(&mut output.events));
            if self.show(Side::Out, &output.bytes).await.is_err() {
                return (Some(terminal), Err(Gone));
            }
            if output.closed {
                return (Some(terminal), Ok(()));
            }
            let Ok(typed) = self.wait(&output).await else { return (Some(terminal), Err(Gone)) };
            if let Some(Typed::Bytes(bytes)) = &typed {
                cast.input(bytes);
            }
            let worked = away(&self.host, &self.link, terminal, move |terminal| match typed {
                None => terminal.poll(recorder::now()),
                // The end of input is that of a line.
                Some(Typed::End) => terminal.input(&[4], recorder::now()),
                Some(Typed::Window(columns, rows)) => {
                    terminal.resize(columns, rows);
                    terminal.poll(recorder::now())
                }
                Some(Typed::Bytes(bytes)) => terminal.input(&bytes, recorder::now()),
            });
            match worked.await {
                Ok(done) => (terminal, output) = done,
                Err(_) => return (None, Err(Gone)),
            }
        }
    }

    /// Waits until something is typed or output is due.
    async fn wait(&mut self, output: &TerminalOutput) -> Result<Option<Typed>, Gone> {
        let Some(at) = output.wake_at else { return self.typed().await.map(Some) };
        let micros = at.saturating_sub(recorder::now()).max(0).unsigned_abs();
        let due = Duration::from_micros(micros).min(PAUSE);
        match tokio::time::timeout(due, self.typed()).await {
            Ok(typed) => typed.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// What is typed next. Bytes that came are kept if this is given up.
    async fn typed(&mut self) -> Result<Typed, Gone> {
        loop {
            if self.call.framed {
                if let Some(typed) = self.unpacked()? {
                    return Ok(typed);
                }
                let bytes = self.stream.read().await?;
                self.pending.extend(bytes);
            } else {
                return self.stream.read().await.map(Typed::Bytes);
            }
        }
    }

    /// The next whole packet of those that came.
    fn unpacked(&mut self) -> Result<Option<Typed>, Gone> {
        loop {
            let Some((head, rest)) = self.pending.split_first_chunk::<5>() else { return Ok(None) };
            let [kind, length @ ..] = *head;
            let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
            if PACKET < length {
                return Err(Gone);
            }
            let Some(data) = rest.get(..length).map(<[u8]>::to_vec) else { return Ok(None) };
            self.pending.drain(..5 + length);
            match kind {
                STDIN => return Ok(Some(Typed::Bytes(data))),
                END => return Ok(Some(Typed::End)),
                WINDOW => {
                    // `ROWSxCOLUMNS,WIDTHxHEIGHT`.
                    let text = String::from_utf8_lossy(&data).into_owned();
                    let sides = text.split(',').next().and_then(|size| size.split_once('x'));
                    let (rows, columns) = sides.unwrap_or_default();
                    let number = |text: &str| text.parse::<u32>().unwrap_or_default().min(1000);
                    return Ok(Some(Typed::Window(number(columns), number(rows))));
                }
                _ => {}
            }
        }
    }
}

/// A packet of the framed shell.
fn packet(kind: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_le_bytes(), data].concat()
}
