//! A session channel: its windows, its requests, and the program on it.

use crate::{
    channel_io::{Output, Shared},
    codec::Writer,
    error::Error,
    handler::Terminal,
    numbers::{
        CHANNEL_CLOSE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_EXTENDED_DATA, CHANNEL_REQUEST,
        CHANNEL_WINDOW_ADJUST,
    },
    terms::Exit,
    transport::Transport,
};
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::AbortHandle,
};

/// Window of a session with a program (64 × 32 KiB).
pub(crate) const WINDOW: u32 = 2 * 1024 * 1024;
/// Longest data message that is taken.
pub(crate) const PACKET: u32 = 32 * 1024;
/// Unsent bytes of the connection above which programs have to wait.
const BACKLOG: usize = 256 * 1024;

/// A session channel.
pub(crate) struct Channel {
    /// The peer's number.
    pub(crate) peer: u32,
    /// Bytes that the peer still takes.
    pub(crate) peer_window: u32,
    /// Longest data message that the peer takes.
    pub(crate) peer_packet: u32,
    /// Bytes that we still take; 0 until a program runs.
    pub(crate) window: u32,
    consumed: u32,
    /// Terminal, environment and agent of the program to come.
    pub(crate) terminal: Option<Terminal>,
    pub(crate) environment: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) agent: bool,
    /// The running program.
    pub(crate) program: Option<(Arc<Shared>, AbortHandle)>,
    /// Whether the program is a subsystem, which gets no signals.
    pub(crate) subsystem: bool,
    /// Whether it carries a forwarded connection: there is no program, and nothing of one is told.
    pub(crate) forwarded: bool,
    /// The peer is OpenSSH and takes `eow@openssh.com`.
    openssh: bool,
    /// The status goes out before the end of data.
    status_first: bool,
    input_ended: bool,
    end_sent: bool,
    close_sent: bool,
    /// The peer closed its side.
    pub(crate) close_received: bool,
}

impl Channel {
    pub(crate) fn new(
        peer: u32,
        peer_window: u32,
        peer_packet: u32,
        openssh: bool,
        status_first: bool,
    ) -> Self {
        Channel {
            peer,
            peer_window,
            peer_packet,
            window: 0,
            consumed: 0,
            terminal: None,
            environment: Vec::new(),
            agent: false,
            program: None,
            subsystem: false,
            forwarded: false,
            openssh,
            status_first,
            input_ended: false,
            end_sent: false,
            close_sent: false,
            close_received: false,
        }
    }

    /// Puts a program on the channel and opens the window, which OpenSSH keeps shut until then.
    pub(crate) fn start<S>(
        &mut self,
        transport: &mut Transport<S>,
        shared: Arc<Shared>,
        task: AbortHandle,
    ) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.program = Some((shared, task));
        self.window = WINDOW;
        transport.send(Writer::message(CHANNEL_WINDOW_ADJUST).u32(self.peer).u32(WINDOW).take())
    }

    /// Puts a forwarded connection on the channel, whose window is open from the start.
    pub(crate) fn carry(&mut self, shared: Arc<Shared>, task: AbortHandle) {
        self.program = Some((shared, task));
        (self.window, self.subsystem, self.forwarded) = (WINDOW, true, true);
    }

    /// Takes data of the peer; what exceeds the window is dropped, as OpenSSH does.
    pub(crate) fn data(&mut self, bytes: &[u8]) {
        let Some((shared, _)) = &self.program else { return };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if PACKET < length || self.window < length || self.input_ended {
            return;
        }
        self.window -= length;
        shared.feed(bytes);
    }

    /// The peer sends no more data.
    pub(crate) fn end(&mut self) {
        self.input_ended = true;
        if let Some((shared, _)) = &self.program {
            shared.end();
        }
    }

    /// Bytes that wait for the program.
    pub(crate) fn waiting(&self) -> usize {
        self.program.as_ref().map_or(0, |(shared, _)| shared.waiting())
    }

    /// The peer closed the channel. A running program is told, and may report its status for a moment; it is
    /// returned for that.
    pub(crate) fn close(&mut self) -> Option<Arc<Shared>> {
        self.close_received = true;
        self.stop();
        self.program.as_ref().map(|(shared, _)| Arc::clone(shared))
    }

    /// Ends the program.
    pub(crate) fn stop(&mut self) {
        if let Some((shared, _)) = &self.program {
            shared.close();
        }
    }

    /// Whether both sides have closed.
    pub(crate) fn is_done(&self) -> bool {
        self.close_received && self.close_sent
    }

    /// Moves what the program wrote to the peer, and gives back window.
    pub(crate) fn pump<S>(&mut self, transport: &mut Transport<S>) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.adjust(transport)?;
        let Some((shared, _)) = &self.program else {
            return if self.close_received { self.send_close(transport) } else { Ok(()) };
        };
        let shared = Arc::clone(shared);
        while !self.close_sent {
            let room = if BACKLOG < transport.backlog() { 0 } else { self.peer_window.min(self.peer_packet) };
            match shared.take(usize::try_from(room).unwrap_or_default()) {
                Output::Data(error, bytes) => self.send_data(transport, error, &bytes)?,
                Output::Exit(exit) => self.send_exit(transport, &exit)?,
                Output::Abandoned => self.send_close(transport)?,
                Output::Nothing => break,
            }
        }
        Ok(())
    }

    /// The rule of `channel_check_window`: more than three packets taken, or half the window gone.
    fn adjust<S>(&mut self, transport: &mut Transport<S>) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some((shared, _)) = &self.program else { return Ok(()) };
        self.consumed = self.consumed.saturating_add(u32::try_from(shared.consumed()).unwrap_or(u32::MAX));
        let missing = WINDOW.saturating_sub(self.window);
        let due = 3 * PACKET < missing || self.window < WINDOW / 2;
        if !due || self.consumed == 0 || self.input_ended || self.close_sent {
            return Ok(());
        }
        let consumed = std::mem::take(&mut self.consumed);
        self.window = self.window.saturating_add(consumed);
        transport.send(Writer::message(CHANNEL_WINDOW_ADJUST).u32(self.peer).u32(consumed).take())
    }

    fn send_data<S>(&mut self, transport: &mut Transport<S>, error: bool, bytes: &[u8]) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.peer_window = self.peer_window.saturating_sub(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let mut writer = Writer::message(if error { CHANNEL_EXTENDED_DATA } else { CHANNEL_DATA });
        writer.u32(self.peer);
        if error {
            writer.u32(1);
        }
        writer.string(bytes);
        transport.send(writer.finish())
    }

    /// End of data, status, "end of writing" when the client has not ended its side, close. In releases before 8.9, and
    /// where the program ended because its input did, the real one mostly sends the end of data last.
    fn send_exit<S>(&mut self, transport: &mut Transport<S>, exit: &Exit) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.forwarded {
            self.send_end(transport)?;
            self.stop();
            return self.send_close(transport);
        }
        let late = self.status_first || self.close_received || self.input_ended;
        if !late {
            self.send_end(transport)?;
        }
        let mut writer = Writer::message(CHANNEL_REQUEST);
        writer.u32(self.peer);
        match exit {
            Exit::Status(status) => writer.string("exit-status").bool(false).u32(*status),
            Exit::Signal(name) => {
                writer.string("exit-signal").bool(false).string(name).bool(false).string("").string("")
            }
        };
        transport.send(writer.finish())?;
        if !self.input_ended && !self.close_received && self.openssh {
            transport.send(
                Writer::message(CHANNEL_REQUEST).u32(self.peer).string("eow@openssh.com").bool(false).take(),
            )?;
        }
        if !self.close_received {
            self.send_end(transport)?;
        }
        self.stop();
        self.send_close(transport)
    }

    fn send_end<S>(&mut self, transport: &mut Transport<S>) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if std::mem::replace(&mut self.end_sent, true) {
            return Ok(());
        }
        transport.send(Writer::message(CHANNEL_EOF).u32(self.peer).take())
    }

    fn send_close<S>(&mut self, transport: &mut Transport<S>) -> Result<(), Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if std::mem::replace(&mut self.close_sent, true) {
            return Ok(());
        }
        transport.send(Writer::message(CHANNEL_CLOSE).u32(self.peer).take())
    }
}
