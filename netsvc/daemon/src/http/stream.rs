//! Whole requests off a session, for programs that take the connection over after one.

use super::{
    body::Body,
    family::Family,
    head::Reader,
    request::{Fault, Request},
};
use netsvc_kit::{Gathered, Session};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once.
const PIECE: usize = 8 * 1024;

/// Requests of a connection, one after the other.
#[derive(Debug, Default)]
pub struct Requests {
    reader: Reader,
}

impl Requests {
    /// The next request with its body, as far as it is kept; what is wrong with it stands in its faults, of which those
    /// that are not minded are left out. `None` at the end of input.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn next(
        &mut self,
        session: &mut Session,
        minds: fn(Fault) -> bool,
    ) -> io::Result<Option<Request>> {
        let mut request = loop {
            if let Some(request) = self.reader.take(Family::Device) {
                break request;
            }
            if !self.fill(session).await? {
                return Ok(None);
            }
        };
        request.faults.retain(|fault| minds(*fault));
        if !request.faults.is_empty() {
            return Ok(Some(request));
        }
        let mut body = match Body::of(&request, Family::Device) {
            Ok(body) => body,
            Err(fault) => {
                request.faults.push(fault);
                return Ok(Some(request));
            }
        };
        let continues = request.field("expect").is_some_and(|wish| wish.eq_ignore_ascii_case("100-continue"));
        if continues && !body.complete() {
            session.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        loop {
            if let Err(fault) = body.take(self.reader.rest()) {
                request.faults.push(fault);
                return Ok(Some(request));
            }
            if body.complete() {
                break;
            }
            if !self.fill(session).await? {
                return Ok(None);
            }
        }
        request.body = body.take_content();
        Ok(Some(request))
    }

    /// What came behind the requests that were taken.
    pub fn rest(&mut self) -> &mut Gathered {
        self.reader.rest()
    }

    /// Reads more; false at the end of input.
    async fn fill(&mut self, session: &mut Session) -> io::Result<bool> {
        let mut buffer = [0; PIECE];
        let count = session.read(&mut buffer).await?;
        Ok(0 < count && self.reader.push(buffer.get(..count).unwrap_or_default()))
    }
}
