//! Packets over a stream: buffers, keys of both directions, and what waits while keys are exchanged.

use crate::{
    error::Error,
    handler::Meter,
    numbers::{DEBUG, DISCONNECT, KEX_LAST, KEXINIT, UNIMPLEMENTED},
    packet::{Broken, Opener, Sealer},
};
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Bytes read at a time, as in OpenSSH.
const READ_SIZE: usize = 8192;
/// Unsent bytes above which nothing more is read: a peer that does not read gets no more work done.
pub(crate) const BACKLOG_MAX: usize = 512 * 1024;
/// Payloads that wait for the next one.
const DELAYED_MAX: usize = 16;
/// Capacity above which an empty buffer is given back.
const KEEP: usize = 32 * 1024;

/// One connection's packet layer.
pub(crate) struct Transport<S> {
    stream: S,
    /// Incoming direction.
    pub(crate) opener: Opener,
    /// Outgoing direction.
    pub(crate) sealer: Sealer,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    held: Option<Vec<Vec<u8>>>,
    delayed: Vec<Vec<u8>>,
    /// Bytes that wait elsewhere in the connection.
    pub(crate) waiting: usize,
    meter: Option<Meter>,
    metered: usize,
    /// Bytes read so far.
    pub(crate) bytes_in: u64,
    /// Bytes written so far.
    pub(crate) bytes_out: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    pub(crate) fn new(stream: S) -> Self {
        Transport {
            stream,
            opener: Opener::default(),
            sealer: Sealer::default(),
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            held: None,
            delayed: Vec::new(),
            waiting: 0,
            meter: None,
            metered: 0,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    /// Tells `meter` from now on what is held.
    pub(crate) fn meter(&mut self, meter: Option<Meter>) {
        self.meter = meter;
    }

    fn tell(&mut self) {
        let held = self.input.capacity() + self.output.capacity() + self.waiting;
        if held != self.metered
            && let Some(meter) = &mut self.meter
        {
            self.metered = held;
            meter(held);
        }
    }

    /// Reads a single byte; identification is read so, which leaves what follows unread as in OpenSSH.
    pub(crate) async fn byte(&mut self) -> Result<u8, Error> {
        let mut byte = [0];
        if self.stream.read(&mut byte).await.map_err(Error::Io)? == 0 {
            return Err(Error::Closed);
        }
        self.bytes_in += 1;
        let [byte] = byte;
        Ok(byte)
    }

    /// Writes bytes that are not a packet.
    pub(crate) async fn write_clear(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).await.map_err(Error::Io)?;
        self.stream.flush().await.map_err(Error::Io)?;
        self.bytes_out += bytes.len() as u64;
        Ok(())
    }

    /// Queues a payload. While keys are exchanged, only messages of the transport pass; the rest waits.
    pub(crate) fn send(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        for earlier in std::mem::take(&mut self.delayed) {
            self.send(earlier)?;
        }
        let number = payload.first().copied().unwrap_or_default();
        let passes = (DISCONNECT..=DEBUG).contains(&number) || (KEXINIT..=KEX_LAST).contains(&number);
        match &mut self.held {
            Some(held) if !passes => {
                held.push(payload);
                Ok(())
            }
            _ => self.sealer.seal(&payload, &mut self.output).ok_or(Error::Key),
        }
    }

    /// Queues a payload to go out before the next one, as what OpenSSH queues without flushing.
    pub(crate) fn send_with_next(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        if DELAYED_MAX <= self.delayed.len() {
            return self.send(payload);
        }
        self.delayed.push(payload);
        Ok(())
    }

    /// Queues a payload that belongs between our NEWKEYS and the client's.
    pub(crate) fn send_past_hold(&mut self, payload: Vec<u8>) -> Result<(), Error> {
        self.sealer.seal(&payload, &mut self.output).ok_or(Error::Key)
    }

    /// Holds messages back until [`Transport::release`].
    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Sends what was held back.
    pub(crate) fn release(&mut self) -> Result<(), Error> {
        for payload in self.held.take().unwrap_or_default() {
            self.send(payload)?;
        }
        Ok(())
    }

    /// Unsent bytes.
    pub(crate) fn backlog(&self) -> usize {
        let held: usize = self.held.iter().flatten().map(Vec::len).sum();
        self.output.len() - self.sent + held
    }

    /// Answers the packet just read with "unimplemented".
    pub(crate) fn unimplemented(&mut self) -> Result<(), Error> {
        let number = self.opener.sequence().wrapping_sub(1);
        self.send(crate::codec::Writer::message(UNIMPLEMENTED).u32(number).take())
    }

    /// The next payload. Writes what is queued meanwhile. May be dropped and called again.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>, Error> {
        poll_fn(|context| self.poll_receive(context)).await
    }

    /// As [`Transport::receive`]; nothing when all that was queued is written and there is `more` to send.
    pub(crate) async fn receive_unless_written(&mut self, more: bool) -> Result<Option<Vec<u8>>, Error> {
        poll_fn(|context| match self.poll_receive(context) {
            Poll::Ready(received) => Poll::Ready(received.map(Some)),
            Poll::Pending if more && self.backlog() == 0 => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// As [`Transport::receive`]; without `reading` it only writes, and waits.
    pub(crate) async fn receive_if(&mut self, reading: bool) -> Result<Vec<u8>, Error> {
        if reading {
            return self.receive().await;
        }
        self.flush().await?;
        std::future::pending().await
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<Vec<u8>, Error>> {
        loop {
            self.tell();
            if let Poll::Ready(Err(error)) = self.poll_write(context) {
                return Poll::Ready(Err(error));
            }
            if BACKLOG_MAX < self.backlog() {
                return Poll::Pending;
            }
            match self.opener.open(&mut self.input) {
                Ok(Some(payload)) => {
                    self.shrink();
                    return Poll::Ready(Ok(payload));
                }
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Err(self.broken(broken))),
            }
            let mut space = [std::mem::MaybeUninit::uninit(); READ_SIZE];
            let mut buffer = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)).map_err(Error::Io)?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(Error::Closed));
            }
            self.bytes_in += buffer.filled().len() as u64;
            self.input.extend_from_slice(buffer.filled());
        }
    }

    fn broken(&mut self, broken: Broken) -> Error {
        match broken {
            Broken::Silently => Error::Broken { swallow: 0 },
            Broken::AfterReading(bytes) => Error::Broken { swallow: bytes.saturating_sub(self.input.len()) },
            Broken::WithText(text) => Error::Disconnected(text),
        }
    }

    fn shrink(&mut self) {
        if self.input.is_empty() && KEEP < self.input.capacity() {
            self.input = Vec::new();
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some(rest) = self.output.get(self.sent..).filter(|rest| !rest.is_empty()) {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, rest)).map_err(Error::Io)?;
            if count == 0 {
                return Poll::Ready(Err(Error::Closed));
            }
            self.sent += count;
            self.bytes_out += count as u64;
        }
        self.output.clear();
        self.sent = 0;
        if KEEP < self.output.capacity() {
            self.output = Vec::new();
        }
        Pin::new(&mut self.stream).poll_flush(context).map_err(Error::Io)
    }

    /// Writes all that is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll_write(context)).await
    }

    /// Reads and throws away up to `bytes` bytes.
    pub(crate) async fn swallow(&mut self, mut bytes: usize) -> Result<(), Error> {
        let mut space = [0; 1024];
        while 0 < bytes {
            let count = self.stream.read(&mut space).await.map_err(Error::Io)?;
            if count == 0 {
                return Err(Error::Closed);
            }
            self.bytes_in += count as u64;
            bytes = bytes.saturating_sub(count);
        }
        Ok(())
    }
}
