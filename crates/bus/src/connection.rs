//! One connection of the server: a reader that obeys requests and a writer that empties a queue.

use crate::hub::{Hub, Outbox};
use decnet_codec::{
    frame::{Decoder, Frame},
    verb::{Envelope, Reply, Request},
};
use serde_json::json;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
};

/// Acknowledgements that may wait; while there are more, requests of that client wait too.
const ACKNOWLEDGEMENTS: usize = 64;

/// Bytes read at once.
const READ_SIZE: usize = 64 * 1024;

/// Leaves the hub even when the task is aborted.
struct Member {
    hub: Arc<Hub>,
    id: u64,
    outbox: Arc<Outbox>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.hub.leave(self.id);
    }
}

/// Serves a client until it leaves, breaks the protocol or the task is aborted.
pub(crate) async fn serve(hub: Arc<Hub>, stream: UnixStream) {
    let Ok(peer) = stream.peer_cred() else { return };
    let (id, outbox) = hub.join();
    let member = Member { hub, id, outbox };
    let (reader, writer) = stream.into_split();
    let (acknowledge, acknowledged) = mpsc::channel(ACKNOWLEDGEMENTS);
    let session = Session { member: &member, uid: peer.uid(), acknowledge, wanted: false };
    tokio::select! {
        () = session.read(reader) => {}
        result = write(&member.outbox, acknowledged, writer) => {
            if let Err(error) = result {
                tracing::debug!(%error, "bus client is gone");
            }
        }
    }
}

struct Session<'a> {
    member: &'a Member,
    uid: u32,
    acknowledge: mpsc::Sender<Vec<u8>>,
    /// The client said `ack=1`.
    wanted: bool,
}

enum Flow {
    Continue,
    Close,
}

impl Session<'_> {
    async fn read(mut self, mut reader: OwnedReadHalf) {
        let mut decoder = Decoder::default();
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let taken = match reader.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(taken) => taken,
            };
            decoder.push(buffer.get(..taken).unwrap_or_default());
            loop {
                let frame = match decoder.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(error) => return self.broken(&error),
                };
                if let Flow::Close = self.obey(&frame).await {
                    return;
                }
            }
        }
    }

    async fn obey(&mut self, frame: &Frame) -> Flow {
        let request = match Request::parse(&frame.header) {
            Ok(request) => request,
            Err(error) => {
                self.broken(&error);
                return Flow::Close;
            }
        };
        let hub = &self.member.hub;
        let outcome: Result<(), String> = match &request {
            Request::Hello { name, acknowledge } => {
                *self.member.outbox.name.lock() = name.chars().take(64).collect();
                self.wanted = *acknowledge;
                Ok(())
            }
            Request::Subscribe(pattern) => {
                hub.subscribe(self.member.id, pattern.clone()).map_err(|error| error.to_string())
            }
            Request::Unsubscribe(pattern) => {
                hub.unsubscribe(self.member.id, pattern);
                Ok(())
            }
            Request::Publish(topic) if !hub.rights.may_publish(self.uid, topic) => {
                Err(format!("uid {} may not publish this", self.uid))
            }
            Request::Publish(topic) => match Envelope::parse(&frame.body) {
                Ok(envelope) => {
                    hub.publish(Some(self.member.id), topic, envelope).map_err(|error| error.to_string())
                }
                Err(error) => {
                    self.broken(&error);
                    return Flow::Close;
                }
            },
            Request::Bye => return Flow::Close,
        };
        if outcome.is_err() {
            hub.refuse();
        }
        self.answer(&request, outcome).await
    }

    async fn answer(&self, request: &Request, outcome: Result<(), String>) -> Flow {
        if !self.wanted {
            return Flow::Continue;
        }
        let (verb, argument) = (request.verb().to_owned(), request.argument().to_owned());
        let (reply, body) = match outcome {
            Ok(()) => (Reply::Done { verb, argument }, Vec::new()),
            Err(reason) => {
                (Reply::Refused { verb, argument }, json!({ "reason": reason }).to_string().into_bytes())
            }
        };
        let mut bytes = Vec::new();
        // The argument came in a header of the same limit; a longer one is not worth an answer.
        if (Frame { header: reply.to_string(), body }).encode(&mut bytes).is_err() {
            return Flow::Continue;
        }
        if self.acknowledge.send(bytes).await.is_err() { Flow::Close } else { Flow::Continue }
    }

    fn broken(&self, error: &dyn std::error::Error) {
        self.member.hub.protocol_error();
        tracing::warn!(
            client = ?self.member.outbox.name.lock(), uid = self.uid, %error,
            "bus client does not speak the protocol"
        );
    }
}

/// Acknowledgements go first: a subscription's comes before its first message.
async fn write(
    outbox: &Outbox,
    mut acknowledged: mpsc::Receiver<Vec<u8>>,
    mut writer: OwnedWriteHalf,
) -> io::Result<()> {
    loop {
        tokio::select! {
            biased;
            answer = acknowledged.recv() => match answer {
                Some(bytes) => writer.write_all(&bytes).await?,
                None => return Ok(()),
            },
            frame = outbox.frames.next() => match frame {
                Some(bytes) => writer.write_all(&bytes).await?,
                None => return Ok(()),
            },
        }
    }
}
