//! The client's half, for peers of a node that go on from its shell to another node: passwords, one channel.

mod exchange;
mod session;

pub use session::{Down, Up};

use crate::{
    codec::{Malformed, Reader, Writer},
    error::Error,
    numbers::{
        SERVICE_ACCEPT, SERVICE_REQUEST, USERAUTH_FAILURE, USERAUTH_INFO_REQUEST, USERAUTH_INFO_RESPONSE,
        USERAUTH_REQUEST, USERAUTH_SUCCESS,
    },
    transport::Transport,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc::{Receiver, Sender},
};

/// Lines that a server may say before its identification, and the longest one (RFC 4253 §4.2).
const LINES: usize = 32;
const LINE: usize = 255;
/// Messages that are passed over while an answer is due.
const PATIENCE: usize = 64;

/// A terminal that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its kind.
    pub name: Vec<u8>,
    /// Columns.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
}

/// A connection to a server.
pub struct Client<S> {
    transport: Transport<S>,
    user: Vec<u8>,
    host_key: Vec<u8>,
    /// Ways to log in that the server has left.
    methods: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Agrees on keys with the server at the other end of `stream` and asks to log in as `user`; `banner` is our
    /// identification, without its line end.
    ///
    /// # Errors
    /// When the other end is no server that we can talk to, or goes.
    pub async fn connect(stream: S, banner: &str, user: &[u8]) -> Result<Self, Error> {
        let mut transport = Transport::new(stream);
        transport.write_clear(format!("{banner}\r\n").as_bytes()).await?;
        let theirs = identification(&mut transport).await?;
        let host_key = exchange::run(&mut transport, banner, &theirs).await?;
        let mut client = Client { transport, user: user.to_vec(), host_key, methods: String::new() };
        client.transport.send(Writer::message(SERVICE_REQUEST).string("ssh-userauth").take())?;
        client.answer(&[SERVICE_ACCEPT]).await?;
        // As every client does: what is possible is in the refusal.
        let request = client.request("none").take();
        client.transport.send(request)?;
        client.judged().await?;
        Ok(client)
    }

    /// The host's key, as the wire has it.
    pub fn host_key(&self) -> &[u8] {
        &self.host_key
    }

    /// Ways to log in, as the server lists them.
    pub fn methods(&self) -> &str {
        &self.methods
    }

    /// Tries a password; whether it was the right one.
    ///
    /// # Errors
    /// When the server goes.
    pub async fn password(&mut self, password: &[u8]) -> Result<bool, Error> {
        let direct = self.methods.is_empty() || self.methods.split(',').any(|method| method == "password");
        if direct {
            let request = self.request("password").bool(false).string(password).take();
            self.transport.send(request)?;
            return self.judged().await;
        }
        let request = self.request("keyboard-interactive").string("").string("").take();
        self.transport.send(request)?;
        for _ in 0..PATIENCE {
            let payload = self.answer(&[USERAUTH_INFO_REQUEST, USERAUTH_SUCCESS, USERAUTH_FAILURE]).await?;
            if payload.first() != Some(&USERAUTH_INFO_REQUEST) {
                return self.verdict(&payload);
            }
            let mut reader = Reader::new(&payload);
            reader.u8()?;
            for _ in 0..3 {
                reader.string()?;
            }
            let questions = reader.u32()?.min(8);
            let mut response = Writer::message(USERAUTH_INFO_RESPONSE);
            response.u32(questions);
            for _ in 0..questions {
                response.string(password);
            }
            self.transport.send(response.finish())?;
        }
        Err(Error::Malformed(Malformed))
    }

    /// Runs `command`, or a shell where there is none, until it has ended. What is to be sent comes through `up`; what
    /// comes goes through `down`. It ends when either is dropped.
    ///
    /// # Errors
    /// When the server goes, or gives no channel.
    pub async fn run(
        self,
        command: Option<Vec<u8>>,
        terminal: Option<Asked>,
        up: Receiver<Up>,
        down: Sender<Down>,
    ) -> Result<(), Error> {
        session::run(self.transport, command, terminal, up, down).await
    }

    fn request(&self, method: &str) -> Writer {
        let mut writer = Writer::message(USERAUTH_REQUEST);
        writer.string(&self.user).string("ssh-connection").string(method);
        writer
    }

    /// The next message with one of the numbers; what else comes is passed over.
    async fn answer(&mut self, numbers: &[u8]) -> Result<Vec<u8>, Error> {
        for _ in 0..PATIENCE {
            let payload = self.transport.receive().await?;
            if payload.first().is_some_and(|number| numbers.contains(number)) {
                return Ok(payload);
            }
        }
        Err(Error::Malformed(Malformed))
    }

    /// Whether the request was granted.
    async fn judged(&mut self) -> Result<bool, Error> {
        let payload = self.answer(&[USERAUTH_SUCCESS, USERAUTH_FAILURE]).await?;
        self.verdict(&payload)
    }

    fn verdict(&mut self, payload: &[u8]) -> Result<bool, Error> {
        let mut reader = Reader::new(payload);
        if reader.u8()? == USERAUTH_SUCCESS {
            return Ok(true);
        }
        reader.name_list()?.clone_into(&mut self.methods);
        Ok(false)
    }
}

/// The server's identification, without its line end.
async fn identification<S>(transport: &mut Transport<S>) -> Result<Vec<u8>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..LINES {
        let mut line = Vec::new();
        loop {
            match transport.byte().await? {
                b'\n' => break,
                byte if line.len() < LINE => line.push(byte),
                _ => return Err(Error::Identification),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.starts_with(b"SSH-") {
            return Ok(line);
        }
    }
    Err(Error::Identification)
}
