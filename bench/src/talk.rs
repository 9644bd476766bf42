//! One login over one connection: connect, greeting, credentials, reply, close.

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
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
/// Client capabilities of protocol 4.1: long password, protocol 41, secure connection, plugin authentication
/// (MySQL internals, "Capabilities Flags").
const CAPABILITIES: u32 = 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000;

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

    /// A reply as RFC 959 and RFC 5321 have it: the last line has a space after its number.
    async fn numbered(&mut self, number: &str) -> Result<()> {
        let reply =
            self.until(|bytes| last_line(bytes).is_some_and(|line| line.get(3) == Some(&b' '))).await?;
        let line = last_line(&reply).unwrap_or_default();
        ensure!(line.starts_with(number.as_bytes()), "{:?}", String::from_utf8_lossy(&reply));
        Ok(())
    }

    /// A whole packet of MySQL's protocol: three bytes of length, one of number, the payload.
    async fn packet(&mut self) -> Result<Vec<u8>> {
        self.until(|bytes| match bytes {
            [a, b, c, _, rest @ ..] => u32::from_le_bytes([*a, *b, *c, 0]) as usize <= rest.len(),
            _ => false,
        })
        .await
    }
}

/// The last line if it is whole.
fn last_line(bytes: &[u8]) -> Option<&[u8]> {
    let text = bytes.strip_suffix(b"\r\n")?;
    text.rsplit(|&byte| byte == b'\n').next()
}

/// One refused login at the service `slug`; `number` makes the password another one each time.
pub(crate) async fn login(slug: &str, address: SocketAddr, number: u64) -> Result<()> {
    let mut talk = Talk::connect(address).await?;
    let secret = format!("hunter{number}");
    match slug {
        "ftp" => {
            talk.numbered("220").await?;
            talk.send(b"USER admin\r\n").await?;
            talk.numbered("331").await?;
            talk.send(format!("PASS {secret}\r\n").as_bytes()).await?;
            talk.numbered("530").await
        }
        "smtp" => {
            talk.numbered("220").await?;
            talk.send(b"EHLO client.example\r\n").await?;
            talk.numbered("250").await?;
            let plain = STANDARD.encode(format!("\0admin\0{secret}"));
            talk.send(format!("AUTH PLAIN {plain}\r\n").as_bytes()).await?;
            talk.numbered("5").await?;
            talk.send(b"QUIT\r\n").await?;
            talk.numbered("221").await
        }
        "redis" => {
            talk.send(format!("AUTH {secret}\r\n").as_bytes()).await?;
            let reply = talk.until(|bytes| bytes.ends_with(b"\r\n")).await?;
            ensure!(reply.starts_with(b"-"), "{:?}", String::from_utf8_lossy(&reply));
            Ok(())
        }
        "http" => {
            let basic = STANDARD.encode(format!("admin:{secret}"));
            let request = format!(
                "GET / HTTP/1.1\r\nHost: web\r\nAuthorization: Basic {basic}\r\nConnection: close\r\n\r\n"
            );
            talk.send(request.as_bytes()).await?;
            talk.until(|bytes| bytes.windows(4).any(|window| window == b"\r\n\r\n")).await?;
            Ok(())
        }
        "telnet" => telnet(talk, &secret).await,
        "mysql" => mysql(talk, number).await,
        other => bail!("no client for {other}"),
    }
}

async fn telnet(mut talk: Talk, secret: &str) -> Result<()> {
    let has = |word: &'static str| {
        move |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    // The daemon waits for answers to its first options before it prompts.
    let offers = talk.until(|bytes| bytes.len() >= 3).await?;
    talk.send(&refusals(&offers)).await?;
    talk.until(has("login: ")).await?;
    talk.send(b"admin\r\n").await?;
    talk.until(has("assword: ")).await?;
    talk.send(format!("{secret}\r\n").as_bytes()).await?;
    talk.until(has("incorrect")).await?;
    Ok(())
}

/// WONT to every DO, DONT to every WILL (RFC 854).
fn refusals(offers: &[u8]) -> Vec<u8> {
    let answers = offers.windows(3).filter_map(|window| match *window {
        [0xff, 0xfd, option] => Some([0xff, 0xfc, option]),
        [0xff, 0xfb, option] => Some([0xff, 0xfe, option]),
        _ => None,
    });
    answers.flatten().collect()
}

/// HandshakeResponse41 with `mysql_native_password`, and the answer to a change of method.
async fn mysql(mut talk: Talk, number: u64) -> Result<()> {
    talk.packet().await?;
    let mut proof = [0x5a_u8; 20];
    proof.iter_mut().zip(number.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    let mut body = CAPABILITIES.to_le_bytes().to_vec();
    body.extend((1_u32 << 24).to_le_bytes());
    body.push(33);
    body.extend([0; 23]);
    body.extend(b"root\0\x14");
    body.extend(proof);
    body.extend(b"mysql_native_password\0");
    talk.send(&framed(1, &body)).await?;
    let mut reply = talk.packet().await?;
    if reply.get(4) == Some(&0xfe) {
        talk.send(&framed(3, &proof)).await?;
        reply = talk.packet().await?;
    }
    ensure!(reply.get(4) == Some(&0xff), "not refused: {reply:?}");
    Ok(())
}

fn framed(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or_default().to_le_bytes();
    let mut packet: Vec<u8> = length.into_iter().take(3).collect();
    packet.push(number);
    packet.extend(body);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_refused_and_packets_framed() {
        assert_eq!(refusals(b"\xff\xfd\x18\xff\xfb\x01login: "), b"\xff\xfc\x18\xff\xfe\x01");
        assert_eq!(framed(1, b"ab"), b"\x02\0\0\x01ab");
        assert_eq!(last_line(b"250-a\r\n250 b\r\n"), Some(&b"250 b"[..]));
        assert_eq!(last_line(b"250 b"), None);
    }
}
