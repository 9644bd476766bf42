//! A stream of which some bytes were read already, and which remembers how its peer began.

use crate::Gathered;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Gives the early bytes first, then those of the stream.
pub(crate) struct Primed {
    early: Vec<u8>,
    given: usize,
    stream: TcpStream,
    /// What was read so far, while somebody wants to know.
    heard: Option<Gathered>,
}

impl Primed {
    /// Remembers what is read until [`Primed::forget`].
    pub(crate) fn new(early: Vec<u8>, stream: TcpStream, heard: Gathered) -> Self {
        Primed { early, given: 0, stream, heard: Some(heard) }
    }

    /// Gives what was heard, and remembers no more.
    pub(crate) fn forget(&mut self) -> Option<Gathered> {
        self.heard.take()
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Some(heard) = &mut self.heard {
            // What is beyond the cap cannot be the first message of a client that means it.
            let _ = heard.push(bytes);
        }
    }

    fn poll_fresh(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = self.early.get(self.given..).unwrap_or_default();
        if rest.is_empty() {
            self.early = Vec::new();
            self.given = 0;
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        self.given += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Primed {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = this.poll_fresh(context, buffer);
        this.hear(buffer.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Primed {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
