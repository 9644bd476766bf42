//! A request on its way to what answers it.

use super::{engine::Engine, image::Image, release::Release, reply::Reply, run::Target, stream::Look};
use crate::services::http::{
    form::{self, Form},
    request::Request,
};
use netsvc_kit::{Credential, Host, Link, Out};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Longest document: a tree takes many times what its text does.
const DOCUMENT: usize = 512 << 10;

/// What a request comes to.
pub(super) enum Deed {
    /// An answer.
    Reply(Reply),
    /// Lines that come in their time, and an image that is there after them.
    Lines(Vec<(Duration, Value)>, Option<Image>),
    /// A container or program is started; then what the others say, or an answer.
    Start(Target, Box<Deed>),
    /// A container is ended, if it runs, and started.
    Restart(Target),
    /// The connection becomes the input and output of a process.
    Attach(Target, Attach),
    /// Its end is waited for.
    Wait(Target, bool),
    /// Its output so far, and what follows.
    Logs(Target, Look, bool, Option<usize>),
    /// What happens from now on, for so long.
    Events(Duration),
}

/// How a connection is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attach {
    pub(super) look: Look,
    /// Whether what was written before is shown.
    pub(super) past: bool,
    /// Whether what comes is shown.
    pub(super) stream: bool,
    pub(super) input: bool,
}

/// A request with where it is answered.
pub(super) struct Call<'a> {
    pub(super) host: &'a Arc<Host>,
    pub(super) link: &'a Link,
    pub(super) engine: &'a Arc<Mutex<Engine>>,
    pub(super) release: &'static Release,
    pub(super) request: &'a Request,
    pub(super) query: Form,
    pub(super) now: i64,
    pub(super) out: &'a mut Out,
}

impl Call<'_> {
    /// A value of the query; empty where there is none.
    pub(super) fn value(&self, key: &str) -> &str {
        self.query.get(&[key]).unwrap_or_default()
    }

    /// A value of the query that is a yes or no.
    pub(super) fn flag(&self, key: &str) -> bool {
        !matches!(self.value(key).to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
    }

    /// The document in the body.
    ///
    /// # Errors
    /// The answer to one that cannot be read.
    pub(super) fn document(&self) -> Result<Value, Reply> {
        if self.request.body.is_empty() {
            return Err(Reply::error(400, "got EOF while reading request body"));
        }
        read(&self.request.body).map_err(|text| Reply::error(400, text))
    }

    /// Writes down a command as the client of the engine would say it.
    pub(super) fn command(&mut self, line: &str) {
        self.out.record(Kind::Command, vec![(field::COMMAND, line.as_bytes().to_vec())]);
    }

    /// Writes down that something was to be fetched.
    pub(super) fn download(&mut self, url: &str, line: &str) {
        let fields = vec![(field::URL, url.as_bytes().to_vec()), (field::COMMAND, line.as_bytes().to_vec())];
        self.out.record(Kind::DownloadAttempt, fields);
    }

    /// Keeps `content`.
    pub(super) fn keep(&mut self, path: &str, origin: &str, content: Vec<u8>) {
        let fields =
            vec![(field::PATH, path.as_bytes().to_vec()), (field::ORIGIN, origin.as_bytes().to_vec())];
        self.out.capture(Kind::FileCaptured, fields, content);
    }

    /// Writes down a password for a registry, if `document` has one.
    pub(super) fn registry_password(&mut self, document: &Value) {
        let text =
            |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec();
        let (user, password) = (text("username"), text("password"));
        if !user.is_empty() || !password.is_empty() {
            self.out.credential(Credential::plaintext(&user, &password, "registry", false));
        }
    }
}

/// The document that `body` is, or what is said of one that cannot be read or is longer than one may be.
fn read(body: &[u8]) -> Result<Value, String> {
    if DOCUMENT < body.len() {
        return Err("http: request body too large".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| told(&error))
}

/// What Go says of JSON that cannot be read.
pub(super) fn told(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "unexpected EOF".to_owned(),
        _ => "invalid character looking for beginning of value".to_owned(),
    }
}

/// The query of a request.
pub(super) fn query(request: &Request) -> Form {
    form::encoded(&request.query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_document_is_longer_than_its_tree_may_be() {
        let document = |items: usize| format!("{{\"a\":[{}0]}}", "{\"\":0},".repeat(items)).into_bytes();
        assert!(read(&document(1000)).is_ok());
        assert_eq!(read(&document(100_000)), Err("http: request body too large".to_owned()));
        assert_eq!(read(b"{"), Err("unexpected EOF".to_owned()));
    }
}
