//! What the headers of bus frames say, and the envelope in their bodies.
//!
//! `ACK` and `NAK` are sent only to a client whose `HELLO` carried `ack=1`, so that clients which
//! know neither keep working.

use crate::topic::{BadTopic, Pattern, Topic};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// From client to server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Names the client and says whether it wants acknowledgements.
    Hello {
        /// Name for people; grants nothing.
        name: String,
        /// Send `ACK` and `NAK`.
        acknowledge: bool,
    },
    /// Publishes the body.
    Publish(Topic),
    /// Asks for messages.
    Subscribe(Pattern),
    /// Asks for no more of them.
    Unsubscribe(Pattern),
    /// Leaves.
    Bye,
}

/// From server to client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A message; the body is its envelope.
    Event(Topic),
    /// A request was carried out: its verb and its argument.
    Done {
        /// Verb of the request.
        verb: String,
        /// Argument of the request.
        argument: String,
    },
    /// A request was refused; the body is `{"reason": …}`.
    Refused {
        /// Verb of the request.
        verb: String,
        /// Argument of the request.
        argument: String,
    },
}

/// Why a header is no request or reply.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadHeader {
    /// The first word is unknown.
    #[error("unknown verb {0:?}")]
    Verb(String),
    /// The verb needs an argument.
    #[error("{0} without an argument")]
    Argument(&'static str),
    /// The argument is no topic or pattern.
    #[error("bad argument")]
    Topic(#[source] BadTopic),
}

impl Request {
    /// The verb as written.
    pub fn verb(&self) -> &'static str {
        match self {
            Request::Hello { .. } => "HELLO",
            Request::Publish(_) => "PUB",
            Request::Subscribe(_) => "SUB",
            Request::Unsubscribe(_) => "UNSUB",
            Request::Bye => "BYE",
        }
    }

    /// The argument as an acknowledgement repeats it.
    pub fn argument(&self) -> &str {
        match self {
            Request::Hello { name, .. } => name,
            Request::Publish(topic) => topic.as_str(),
            Request::Subscribe(pattern) | Request::Unsubscribe(pattern) => pattern.as_str(),
            Request::Bye => "",
        }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`BadHeader`] when it is none of the requests.
    pub fn parse(header: &str) -> Result<Request, BadHeader> {
        let (verb, argument) = split(header);
        match verb {
            "HELLO" => Ok(hello(argument)),
            "PUB" => Ok(Request::Publish(required("PUB", argument)?.parse().map_err(BadHeader::Topic)?)),
            "SUB" => Ok(Request::Subscribe(required("SUB", argument)?.parse().map_err(BadHeader::Topic)?)),
            "UNSUB" => {
                Ok(Request::Unsubscribe(required("UNSUB", argument)?.parse().map_err(BadHeader::Topic)?))
            }
            "BYE" => Ok(Request::Bye),
            other => Err(BadHeader::Verb(other.chars().take(32).collect())),
        }
    }
}

impl Reply {
    /// Reads a header.
    ///
    /// # Errors
    /// [`BadHeader`] when it is none of the replies.
    pub fn parse(header: &str) -> Result<Reply, BadHeader> {
        let (verb, argument) = split(header);
        let of = |argument: &str| {
            let (verb, argument) = split(argument);
            (verb.to_owned(), argument.to_owned())
        };
        match verb {
            "EVT" => Ok(Reply::Event(required("EVT", argument)?.parse().map_err(BadHeader::Topic)?)),
            "ACK" => {
                let (verb, argument) = of(argument);
                Ok(Reply::Done { verb, argument })
            }
            "NAK" => {
                let (verb, argument) = of(argument);
                Ok(Reply::Refused { verb, argument })
            }
            other => Err(BadHeader::Verb(other.chars().take(32).collect())),
        }
    }
}

fn split(header: &str) -> (&str, &str) {
    let (verb, rest) = header.split_once(' ').unwrap_or((header, ""));
    (verb, rest.trim())
}

fn required<'a>(verb: &'static str, argument: &'a str) -> Result<&'a str, BadHeader> {
    if argument.is_empty() { Err(BadHeader::Argument(verb)) } else { Ok(argument) }
}

/// `HELLO <name> [ack=1]`; other words are left for later versions.
fn hello(argument: &str) -> Request {
    let mut words = argument.split_whitespace();
    let name = words.next().unwrap_or("-").to_owned();
    Request::Hello { name, acknowledge: words.any(|word| word == "ack=1") }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.verb())?;
        if !self.argument().is_empty() {
            write!(formatter, " {}", self.argument())?;
        }
        if let Request::Hello { acknowledge: true, .. } = self {
            formatter.write_str(" ack=1")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Event(topic) => write!(formatter, "EVT {topic}"),
            Reply::Done { verb, argument } => {
                write!(formatter, "{}", format!("ACK {verb} {argument}").trim())
            }
            Reply::Refused { verb, argument } => {
                write!(formatter, "{}", format!("NAK {verb} {argument}").trim())
            }
        }
    }
}

/// The body of `PUB` and `EVT`. The server assigns `id`, `topic` and `ts`, whatever a publisher wrote.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Version of the envelope: 1.
    #[serde(default = "version")]
    pub v: u32,
    /// Random id, 32 hex digits.
    #[serde(default)]
    pub id: String,
    /// The topic again.
    #[serde(default)]
    pub topic: String,
    /// What the payload is; `None` when the publisher did not say, which is not the same as an empty text.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub ts: f64,
    /// The message itself.
    #[serde(default)]
    pub payload: Map<String, Value>,
}

/// A body that is not an envelope.
#[derive(Debug, thiserror::Error)]
#[error("read the envelope of a bus message")]
pub struct BadEnvelope(#[source] Option<serde_json::Error>);

impl Envelope {
    /// An envelope to publish: the server fills in the rest.
    pub fn new(topic: &Topic, payload: Map<String, Value>) -> Self {
        Envelope {
            v: 1,
            topic: topic.to_string(),
            kind: Some(topic.last_token().to_owned()),
            payload,
            ..Envelope::default()
        }
    }

    /// Reads a body; an empty one is an envelope with an empty payload.
    ///
    /// # Errors
    /// [`BadEnvelope`] when it is not a JSON object of this form.
    pub fn parse(body: &[u8]) -> Result<Envelope, BadEnvelope> {
        if body.is_empty() {
            return Ok(Envelope { v: 1, ..Envelope::default() });
        }
        // serde also reads a struct from an array; the format has objects only.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(BadEnvelope(None));
        }
        serde_json::from_slice(body).map_err(|error| BadEnvelope(Some(error)))
    }

    /// The body.
    pub fn to_body(&self) -> Vec<u8> {
        // Text keys and finite numbers: serde_json writes a non-finite `ts` as null and never fails here.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn version() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_are_read_as_they_are_written() {
        for header in
            ["HELLO api", "HELLO api ack=1", "PUB log.appended", "SUB system.*.health", "UNSUB a.>", "BYE"]
        {
            assert_eq!(Request::parse(header).unwrap().to_string(), header);
        }
        for header in ["EVT log.appended", "ACK SUB a.>", "NAK PUB a.b", "ACK BYE"] {
            assert_eq!(Reply::parse(header).unwrap().to_string(), header);
        }
    }

    #[test]
    fn headers_that_say_nothing_are_refused() {
        for header in ["", "PUB", "PUB a.*", "SUB a b", "SUB", "EVT a.b", "pub a"] {
            assert!(Request::parse(header).is_err(), "{header}");
        }
        assert_eq!(Request::parse("HELLO").unwrap(), Request::Hello { name: "-".into(), acknowledge: false });
    }

    #[test]
    fn envelopes_of_plain_clients_are_read() {
        let body = br#"{"v":1,"id":"x","topic":"a.b","type":"t","ts":1.5,"payload":{"n":1}}"#;
        let envelope = Envelope::parse(body).unwrap();
        assert_eq!((envelope.kind.as_deref(), envelope.payload["n"].as_i64()), (Some("t"), Some(1)));
        assert_eq!(Envelope::parse(&envelope.to_body()).unwrap(), envelope);
        assert_eq!(Envelope::parse(b"").unwrap().v, 1);
        for bad in [&b"[]"[..], b"{", b"{\"payload\":1}", b"\xff"] {
            assert!(Envelope::parse(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(header: String) {
            let _ = Request::parse(&header);
            let _ = Reply::parse(&header);
        }

        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = Envelope::parse(&body);
        }
    }
}
