//! A client of the interface over one connection that is kept: as little as HTTP/1.1 needs here.

use anyhow::{Context as _, Result, bail, ensure};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for a part of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const MOST: usize = 64 << 20;

/// A connection.
pub(crate) struct Asker {
    stream: TcpStream,
    buffer: Vec<u8>,
    token: String,
}

impl Asker {
    /// Connects, as whoever has `token`.
    pub(crate) async fn connect(address: SocketAddr, token: &str) -> Result<Asker> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.context("connect")??;
        stream.set_nodelay(true)?;
        Ok(Asker { stream, buffer: Vec::new(), token: token.to_owned() })
    }

    /// Asks for `path` below `/api/v1`; the status and the body.
    pub(crate) async fn get(&mut self, path: &str) -> Result<(u16, Vec<u8>)> {
        let (status, length) = self.begin(path).await?;
        let length = length.context("an answer without a length")?;
        ensure!(length < MOST, "an answer of {length} bytes");
        while self.buffer.len() < length {
            self.more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok((status, std::mem::replace(&mut self.buffer, rest)))
    }

    /// Asks for a stream, and waits until it has begun.
    pub(crate) async fn stream(&mut self, path: &str) -> Result<()> {
        match self.begin(path).await? {
            (200, _) => Ok(()),
            (status, _) => bail!("{path} was answered {status}"),
        }
    }

    /// Reads what comes next; how often `word` is in it, parts of it that were cut off included with what follows.
    pub(crate) async fn count(&mut self, word: &[u8]) -> Result<usize> {
        self.more().await?;
        let found = self.buffer.windows(word.len()).filter(|window| *window == word).count();
        let kept = self.buffer.len().min(word.len() - 1);
        let cut = self.buffer.len() - kept;
        self.buffer.drain(..cut);
        Ok(found)
    }

    async fn begin(&mut self, path: &str) -> Result<(u16, Option<usize>)> {
        let head = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.stream.write_all(head.as_bytes()).await.context("ask")?;
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("a status")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        Ok((status, length.and_then(|text| text.trim().parse().ok())))
    }

    async fn more(&mut self) -> Result<()> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
        ensure!(read.context("wait for an answer")?? > 0, "the connection was closed");
        ensure!(self.buffer.len() <= MOST, "an answer without an end");
        Ok(())
    }
}
