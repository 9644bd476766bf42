//! A socket whose peer has to read what it asked for.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Bytes that a peer takes at least in each limit of time while there is more for it.
const LEAST: usize = 16 * 1024;

/// Wraps a socket; writing fails once the peer has taken too little for too long.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    socket: S,
    limit: Duration,
    /// Runs while the socket is full: ends when the peer has to have taken [`LEAST`].
    blocked: Option<Pin<Box<Sleep>>>,
    /// Bytes taken since it began.
    taken: usize,
}

impl<S> Patient<S> {
    pub(crate) fn new(socket: S, limit: Duration) -> Self {
        Patient { socket, limit, blocked: None, taken: 0 }
    }

    /// The socket is full: waits on, or gives up.
    fn wait(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let limit = self.limit;
        let timer = self.blocked.get_or_insert_with(|| Box::pin(sleep(limit)));
        while timer.as_mut().poll(task).is_ready() {
            if self.taken < LEAST {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.taken = 0;
            timer.as_mut().reset(Instant::now() + limit);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(task, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.socket).poll_write(task, bytes) {
            Poll::Ready(Ok(taken)) => {
                self.taken = self.taken.saturating_add(taken);
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait(task),
        }
    }

    /// Called once everything is written: the peer owes nothing.
    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(task))?;
        (self.blocked, self.taken) = (None, 0);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = duplex(1024);
        let mut socket = Patient::new(near, Duration::from_millis(200));
        let begun = Instant::now();
        let error = socket.write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_trickle_is_too_little_and_a_slow_line_is_not() {
        for (bytes, fine) in [(64, false), (8192, true)] {
            let (near, mut far) = duplex(1024);
            let reader = tokio::spawn(async move {
                let mut piece = vec![0; bytes];
                while far.read_exact(&mut piece).await.is_ok() {
                    sleep(Duration::from_millis(50)).await;
                }
            });
            // Between two pieces the socket is full longer than a look, and never as long as the limit.
            let mut socket = Patient::new(near, Duration::from_millis(500));
            let written = socket.write_all(&vec![0; 96 * 1024]).await;
            assert_eq!(written.is_ok(), fine, "{bytes} bytes in 50 ms");
            drop(socket);
            reader.await.unwrap();
        }
    }
}
