//! What a connection is in front of: a site, or a program of another service.

use super::dialect::Dialect;
use crate::services::http::{
    product::Family,
    request::{Fault, Request},
};
use netsvc_kit::Out;
use std::task::{Context, Poll};

/// An answer before it is cut into frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Fields in the order of the server, their names in small letters, `:status` first.
    pub fields: Vec<(String, String)>,
    /// What there is of the body.
    pub body: Vec<u8>,
    /// Whether more of it comes later.
    pub open: bool,
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Its answer.
    Now(Answer),
    /// An answer with this status, which comes later.
    Later(u16),
}

/// What has come for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// The answer.
    Answer(Answer),
    /// More of the body of an answer.
    Piece {
        /// Bytes.
        bytes: Vec<u8>,
        /// Whether that is all.
        end: bool,
    },
}

/// What answers the requests of a connection.
pub trait Program: Send {
    /// How the server speaks HTTP/2.
    fn dialect(&self) -> Dialect;

    /// Whose judgement of heads it shares.
    fn family(&self) -> Family;

    /// Longest body that it takes, in bytes.
    fn body_limit(&self) -> u64;

    /// Whether it answers a request without having read its body.
    fn at_once(&self, _request: &Request) -> bool {
        false
    }

    /// Answers the request of `stream`; `whole`: its body has come.
    fn answer(&mut self, stream: u32, request: &Request, whole: bool, out: &mut Out) -> Given;

    /// A request is over whose body [`Program::answer`] has not seen.
    fn seen(&mut self, _request: &Request, _out: &mut Out) {}

    /// What is said to a request with a fault.
    fn refuse(&mut self, request: &Request, fault: Fault) -> Answer;

    /// Ready when something has come for a stream; [`Program::came`] follows.
    fn poll(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// What has come, by stream.
    fn came(&mut self, _out: &mut Out) -> Vec<(u32, Came)> {
        Vec::new()
    }

    /// Nobody waits for anything on `stream` any more.
    fn gone(&mut self, _stream: u32) {}
}
