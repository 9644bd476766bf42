//! One login over one connection: connect, greeting, credentials, reply, close.

use anyhow::{Context as _, Result, ensure};
use netsvc_persona::{
    exchange::{self, Turn},
    service::ServiceInfo,
    stage::Transport,
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for a reply.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of one reply.
const REPLY_MAX: usize = 256 * 1024;

/// A connection and what came since the last reply.
pub(crate) struct Talk {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Talk {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Talk> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.context("connect")??;
        stream.set_nodelay(true)?;
        Ok(Talk { stream, buffer: Vec::new() })
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads until `enough` of the reply is there; returns the reply.
    pub(crate) async fn until(&mut self, enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
        while !enough(&self.buffer) {
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
            let read = read.with_context(|| format!("wait after {}", self.seen()))??;
            ensure!(read > 0, "closed after {}", self.seen());
            ensure!(self.buffer.len() < REPLY_MAX, "a reply without an end");
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.buffer).escape_debug().to_string()
    }
}

/// One refused login at `service`, or its first exchange if nobody logs in; `number` makes the password another one
/// each time.
pub(crate) async fn login(service: &ServiceInfo, address: SocketAddr, number: u64) -> Result<()> {
    let exchange = service.login.as_ref().or_else(|| service.exchange(Transport::Tcp));
    let exchange = exchange.with_context(|| format!("{} declares no exchange", service.slug))?;
    let mut talk = exchange::Talk::new(exchange, &format!("hunter{number:010}"));
    let mut stream = Talk::connect(address).await?;
    loop {
        match talk.turn() {
            Turn::Done => return Ok(()),
            Turn::Say(bytes) => stream.send(&bytes).await?,
            Turn::Hear(answer) => {
                let came = stream.until(|bytes| !bytes.is_empty()).await.context(answer.what.clone())?;
                ensure!(talk.heard().len() < REPLY_MAX, "a reply without an end");
                let said = talk.hear(&came);
                stream.send(&said).await?;
            }
        }
    }
}
