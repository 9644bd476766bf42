//! Standard input of a command: piece by piece, as a pipe or through a terminal, and what cuts a command short.

use netsvc_kit::Gathered;
use netsvc_ssh::{ChannelIo, Event, Exit, WindowSize};

/// Most input that a command is given.
const INPUT: usize = 8 << 20;

const INTERRUPT: u8 = 3;
const END: u8 = 4;
const QUIT: u8 = 0x1c;

/// Why a command did not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A signal ended it, named without `SIG`.
    Signal(String),
    /// The channel is closed.
    Gone,
    /// It failed inside.
    Failed,
}

impl Cut {
    /// What an interruption means: all signals that sshd passes on end what does not catch them.
    pub(super) fn of(event: Event) -> Self {
        match event {
            Event::Signal(name) => Cut::Signal(name),
            _ => Cut::Gone,
        }
    }

    /// How the program ended.
    pub(super) fn exit(self) -> Exit {
        match self {
            Cut::Signal(name) => Exit::Signal(name),
            Cut::Gone | Cut::Failed => Exit::Status(255),
        }
    }
}

/// The input of one command. What is more than may wait ends it.
#[derive(Debug)]
pub(super) struct Typing {
    /// Whether a terminal is between: it echoes, ends lines at CR, and makes characters signals.
    pub(super) terminal: bool,
    /// Received and not yet taken.
    pending: Gathered,
    ended: bool,
    /// What the terminal has become meanwhile.
    size: Option<WindowSize>,
}

impl Typing {
    /// Nothing typed yet.
    pub(super) fn new(terminal: bool) -> Self {
        Typing { terminal, pending: Gathered::new(INPUT), ended: false, size: None }
    }

    /// The size that the terminal has become since this was asked last.
    pub(super) fn resized(&mut self, io: &mut ChannelIo) -> Option<WindowSize> {
        let before = self.size.take();
        io.resized().or(before)
    }

    /// Whether no more comes.
    pub(super) fn ended(&self) -> bool {
        self.ended && self.pending.is_empty()
    }

    /// Input up to its end, or up to the end of a `line`, and whether the end has come. A terminal shows what is typed
    /// if it is to be `shown`.
    ///
    /// # Errors
    /// When a signal or the end of the channel comes first.
    pub(super) async fn read(
        &mut self,
        io: &mut ChannelIo,
        line: bool,
        shown: bool,
    ) -> Result<(Vec<u8>, bool), Cut> {
        loop {
            if line && let Some(line) = self.line() {
                return Ok((line, false));
            }
            if self.ended {
                return Ok((self.pending.take_all(), true));
            }
            self.more(io, shown).await?;
        }
    }

    async fn more(&mut self, io: &mut ChannelIo, shown: bool) -> Result<(), Cut> {
        match io.next().await {
            Event::Data(bytes) if self.terminal => self.typed(&bytes, io, shown).await?,
            Event::Data(bytes) => self.ended |= self.pending.push(&bytes).is_err(),
            Event::End => self.ended = true,
            Event::Closed => return Err(Cut::Gone),
            Event::Signal(name) => return Err(Cut::Signal(name)),
            Event::Resize(size) => self.size = Some(size),
        }
        Ok(())
    }

    /// Input as it comes, and whether it is the last of it.
    ///
    /// # Errors
    /// As [`Typing::read`].
    pub(super) async fn piece(&mut self, io: &mut ChannelIo) -> Result<(Vec<u8>, bool), Cut> {
        while self.pending.is_empty() && !self.ended {
            self.more(io, false).await?;
        }
        Ok((self.pending.take_all(), self.ended))
    }

    /// The next whole line with its end.
    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.pending.find(b"\n")?;
        Some(self.pending.take(end + 1))
    }

    /// What the terminal makes of keys.
    async fn typed(&mut self, keys: &[u8], io: &ChannelIo, shown: bool) -> Result<(), Cut> {
        let mut echo = Vec::new();
        let mut signal = None;
        for &key in keys {
            match key {
                INTERRUPT => signal = Some(("INT", &b"^C"[..])),
                QUIT => signal = Some(("QUIT", b"^\\")),
                END => self.ended = true,
                b'\r' | b'\n' => {
                    self.ended |= self.pending.push(b"\n").is_err();
                    echo.extend_from_slice(b"\r\n");
                }
                8 | 0x7f => {
                    if self.pending.bytes().last().is_some_and(|&last| last != b'\n') {
                        self.pending.truncate(self.pending.len() - 1);
                        echo.extend_from_slice(b"\x08 \x08");
                    }
                }
                key => {
                    self.ended |= self.pending.push(&[key]).is_err();
                    echo.push(key);
                }
            }
            if let Some((_, shown)) = signal {
                echo.extend_from_slice(shown);
                break;
            }
        }
        if shown || signal.is_some() {
            // What cannot be shown is told by the next read.
            let _ = io.write(&echo).await;
        }
        match signal {
            Some((name, _)) => Err(Cut::Signal(name.to_owned())),
            None => Ok(()),
        }
    }
}
