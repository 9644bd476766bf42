//! A client's one channel: a shell or a command, with or without a terminal.

use super::Asked;
use crate::{
    codec::{Malformed, Reader, Writer},
    error::Error,
    numbers::{
        CHANNEL_CLOSE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_EXTENDED_DATA, CHANNEL_OPEN,
        CHANNEL_OPEN_CONFIRMATION, CHANNEL_OPEN_FAILURE, CHANNEL_REQUEST, CHANNEL_WINDOW_ADJUST, DISCONNECT,
        GLOBAL_REQUEST, REQUEST_FAILURE,
    },
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc::{Receiver, Sender},
};

/// What the server may send before it is told that it was taken.
const WINDOW: u32 = 1 << 20;
/// Longest data of a message.
const PACKET: u32 = 32 * 1024;
/// Bytes that are queued at most: below what a transport stops reading at.
const QUEUED: usize = 64 * 1024;
/// Messages that are passed over until the channel is open.
const PATIENCE: usize = 64;
/// What a command ends with that a signal has ended, or the connection (ssh(1)).
const FAILED: i32 = 255;

/// What goes to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Up {
    /// Input.
    Data(Vec<u8>),
    /// There is no more input.
    End,
    /// The terminal has another size: columns, rows.
    Resize(u32, u32),
}

/// What comes from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// Output.
    Data(Vec<u8>),
    /// Output of errors.
    Errors(Vec<u8>),
    /// The status of what ran.
    Status(i32),
}

struct Channel<S> {
    transport: Transport<S>,
    /// The server's number of the channel.
    peer: u32,
    /// What may be sent still, and in one message.
    window: u32,
    packet: u32,
    /// Waits for a window.
    pending: Vec<u8>,
    ended: bool,
    /// What was taken and not yet told.
    taken: u32,
}

pub(super) async fn run<S>(
    transport: Transport<S>,
    command: Option<Vec<u8>>,
    terminal: Option<Asked>,
    mut up: Receiver<Up>,
    down: Sender<Down>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut channel = Channel::open(transport).await?;
    if let Some(asked) = terminal {
        let mut request = channel.request("pty-req");
        request.string(&asked.name).u32(asked.columns).u32(asked.rows).u32(0).u32(0).string([0_u8]);
        channel.transport.send(request.finish())?;
    }
    let request = match command {
        Some(command) => channel.request("exec").string(&command).take(),
        None => channel.request("shell").take(),
    };
    channel.transport.send(request)?;
    loop {
        let room = channel.pending.is_empty() && !channel.ended;
        let more = !channel.pending.is_empty() && 0 < channel.window;
        tokio::select! {
            payload = channel.transport.receive_unless_written(more) => {
                for came in payload?.map_or(Ok(Vec::new()), |payload| channel.handle(&payload))? {
                    match came {
                        Came::Closed => return channel.transport.flush().await,
                        Came::Down(what) => {
                            if down.send(what).await.is_err() {
                                return Ok(());
                            }
                        }
                    }
                }
            }
            sent = up.recv(), if room => match sent {
                Some(Up::Data(bytes)) => channel.pending = bytes,
                Some(Up::End) => channel.ended = true,
                Some(Up::Resize(columns, rows)) => {
                    let mut request = channel.request("window-change");
                    request.u32(columns).u32(rows).u32(0).u32(0);
                    channel.transport.send(request.finish())?;
                }
                None => return Ok(()),
            },
            () = down.closed() => return Ok(()),
        }
        channel.push()?;
    }
}

/// What a message brings.
enum Came {
    Down(Down),
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    async fn open(mut transport: Transport<S>) -> Result<Self, Error> {
        let mut open = Writer::message(CHANNEL_OPEN);
        open.string("session").u32(0).u32(WINDOW).u32(PACKET);
        transport.send(open.finish())?;
        for _ in 0..PATIENCE {
            let payload = transport.receive().await?;
            let mut reader = Reader::new(&payload);
            match reader.u8()? {
                CHANNEL_OPEN_CONFIRMATION => {
                    reader.u32()?;
                    let (peer, window, packet) = (reader.u32()?, reader.u32()?, reader.u32()?);
                    let packet = packet.clamp(1, PACKET);
                    let (pending, ended, taken) = (Vec::new(), false, 0);
                    return Ok(Channel { transport, peer, window, packet, pending, ended, taken });
                }
                CHANNEL_OPEN_FAILURE | DISCONNECT => return Err(Error::Closed),
                _ => {}
            }
        }
        Err(Error::Malformed(Malformed))
    }

    /// A request of the channel that wants no answer.
    fn request(&self, name: &str) -> Writer {
        let mut writer = Writer::message(CHANNEL_REQUEST);
        writer.u32(self.peer).string(name).bool(false);
        writer
    }

    fn message(&self, number: u8) -> Writer {
        let mut writer = Writer::message(number);
        writer.u32(self.peer);
        writer
    }

    /// Sends what waits, as far as the window goes and little is queued, so that what comes is always read; the end
    /// after it.
    fn push(&mut self) -> Result<(), Error> {
        while !self.pending.is_empty() && 0 < self.window && self.transport.backlog() < QUEUED {
            let most = usize::try_from(self.window.min(self.packet)).unwrap_or(0);
            let piece: Vec<u8> = self.pending.drain(..most.min(self.pending.len())).collect();
            self.window = self.window.saturating_sub(u32::try_from(piece.len()).unwrap_or(u32::MAX));
            let message = self.message(CHANNEL_DATA).string(&piece).take();
            self.transport.send(message)?;
        }
        if self.ended && self.pending.is_empty() && self.packet != 0 {
            // It is said once.
            self.packet = 0;
            let message = self.message(CHANNEL_EOF).take();
            self.transport.send(message)?;
        }
        Ok(())
    }

    fn handle(&mut self, payload: &[u8]) -> Result<Vec<Came>, Error> {
        let mut reader = Reader::new(payload);
        let mut came = Vec::new();
        match reader.u8()? {
            CHANNEL_DATA => {
                reader.u32()?;
                came.push(Came::Down(Down::Data(self.take(reader.string()?)?)));
            }
            CHANNEL_EXTENDED_DATA => {
                reader.u32()?;
                reader.u32()?;
                came.push(Came::Down(Down::Errors(self.take(reader.string()?)?)));
            }
            CHANNEL_WINDOW_ADJUST => {
                reader.u32()?;
                self.window = self.window.saturating_add(reader.u32()?);
            }
            CHANNEL_REQUEST => {
                reader.u32()?;
                let name = reader.string()?;
                reader.bool()?;
                let status = match name {
                    b"exit-status" => Some(i32::try_from(reader.u32()?).unwrap_or(FAILED)),
                    b"exit-signal" => Some(FAILED),
                    _ => None,
                };
                came.extend(status.map(|status| Came::Down(Down::Status(status))));
            }
            CHANNEL_CLOSE => {
                let message = self.message(CHANNEL_CLOSE).take();
                self.transport.send(message)?;
                came.push(Came::Closed);
            }
            GLOBAL_REQUEST => {
                reader.string()?;
                if reader.bool()? {
                    self.transport.send(vec![REQUEST_FAILURE])?;
                }
            }
            DISCONNECT => return Err(Error::Closed),
            _ => {}
        }
        Ok(came)
    }

    /// Takes data, and lets the server send more in time.
    fn take(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        self.taken = self.taken.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        if WINDOW / 2 < self.taken {
            let message = self.message(CHANNEL_WINDOW_ADJUST).u32(std::mem::take(&mut self.taken)).take();
            self.transport.send(message)?;
        }
        Ok(bytes.to_vec())
    }
}
