//! TLS whose records travel inside another protocol: the machine gives what came and takes what is to be sent.

use crate::{Fields, session::handshake_fields};
use netsvc_fingerprint::ClientHello;
use openssl::ssl::{
    ErrorCode, HandshakeError, MidHandshakeSslStream, Ssl, SslContext, SslStream, SslVersion,
};
use std::io::{self, Read, Write};

/// Bytes that are read at a time.
const PIECE: usize = 4096;

/// What came and was not read, and what is to be sent.
#[derive(Debug, Default)]
struct Pipe {
    came: Vec<u8>,
    read: usize,
    sent: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.came.get(self.read..).unwrap_or_default();
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.read += count;
        if self.read == self.came.len() {
            (self.came, self.read) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum State {
    Fresh(Ssl),
    Shaking(MidHandshakeSslStream<Pipe>),
    Done(SslStream<Pipe>),
    Failed,
}

/// The server's end.
pub struct Piped {
    state: State,
    /// The beginning of the client's part, until the handshake is over.
    heard: Vec<u8>,
}

impl Piped {
    /// An end that waits for a client's hello, and speaks nothing newer than TLS 1.2: what it sends after a handshake
    /// is the client's to ask for.
    ///
    /// # Errors
    /// When the library has no memory.
    pub fn new(context: &SslContext) -> io::Result<Piped> {
        let mut ssl = Ssl::new(context).map_err(io::Error::other)?;
        ssl.set_max_proto_version(Some(SslVersion::TLS1_2)).map_err(io::Error::other)?;
        Ok(Piped { state: State::Fresh(ssl), heard: Vec::new() })
    }

    /// Goes on with the handshake with what came; what is to be sent, and what is told of it once it is over: `None`,
    /// while it is not.
    pub fn shake(&mut self, came: &[u8]) -> (Vec<u8>, Option<Fields>) {
        let room = netsvc_fingerprint::MAX.saturating_sub(self.heard.len()).min(came.len());
        self.heard.extend_from_slice(came.get(..room).unwrap_or_default());
        let outcome = match std::mem::replace(&mut self.state, State::Failed) {
            State::Fresh(ssl) => ssl.accept(Pipe { came: came.to_vec(), ..Pipe::default() }),
            State::Shaking(mut shaking) => {
                shaking.get_mut().came.extend_from_slice(came);
                shaking.handshake()
            }
            State::Done(stream) => Ok(stream),
            State::Failed => return (Vec::new(), None),
        };
        match outcome {
            Ok(mut stream) => {
                let (sent, told) =
                    (std::mem::take(&mut stream.get_mut().sent), self.told(&stream, "completed"));
                self.state = State::Done(stream);
                (sent, Some(told))
            }
            Err(HandshakeError::WouldBlock(mut shaking)) => {
                let sent = std::mem::take(&mut shaking.get_mut().sent);
                self.state = State::Shaking(shaking);
                (sent, None)
            }
            Err(HandshakeError::Failure(mut failed)) => {
                let sent = std::mem::take(&mut failed.get_mut().sent);
                let hello = ClientHello::read(&std::mem::take(&mut self.heard));
                (sent, Some(handshake_fields(failed.ssl(), hello.as_ref(), "failed")))
            }
            Err(HandshakeError::SetupFailure(_)) => (Vec::new(), Some(Vec::new())),
        }
    }

    fn told(&mut self, stream: &SslStream<Pipe>, outcome: &str) -> Fields {
        let hello = ClientHello::read(&std::mem::take(&mut self.heard));
        handshake_fields(stream.ssl(), hello.as_ref(), outcome)
    }

    /// Whether the handshake is over and went well.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// Decrypts what came: all that it holds so far.
    ///
    /// # Errors
    /// When it is not the client's, or the client has ended TLS.
    pub fn open(&mut self, came: &[u8]) -> io::Result<Vec<u8>> {
        let State::Done(stream) = &mut self.state else { return Err(io::ErrorKind::NotConnected.into()) };
        stream.get_mut().came.extend_from_slice(came);
        let mut plain = Vec::new();
        let mut buffer = [0; PIECE];
        loop {
            match stream.ssl_read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => plain.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.code() == ErrorCode::WANT_READ => return Ok(plain),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Encrypts `plain`.
    ///
    /// # Errors
    /// When TLS has ended.
    pub fn seal(&mut self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let State::Done(stream) = &mut self.state else { return Err(io::ErrorKind::NotConnected.into()) };
        stream.write_all(plain)?;
        Ok(std::mem::take(&mut stream.get_mut().sent))
    }
}

impl std::fmt::Debug for Piped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Piped")
    }
}
