//! One stream of a connection, as what serves it sees it.

use super::packet::{Message, kind};
use netsvc_kit::Charge;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Bytes of one piece of output.
const PIECE: usize = 32 * 1024;

/// What the peer wrote and nobody has read yet, charged to him.
pub(super) type Waiting = (Vec<u8>, Charge);

/// The peer is gone, or has closed the stream.
#[derive(Debug)]
pub(super) struct Gone;

/// A stream's ends.
pub(super) struct Stream {
    /// Its numbers here and there.
    pub(super) local: u32,
    pub(super) remote: u32,
    /// Most bytes of a message.
    pub(super) most: usize,
    pub(super) input: mpsc::Receiver<Waiting>,
    pub(super) output: mpsc::Sender<Message>,
    /// One permit for each message that the peer is ready for.
    pub(super) ready: Arc<Semaphore>,
}

impl Stream {
    /// What the peer writes next; it is told that more may come.
    pub(super) async fn read(&mut self) -> Result<Vec<u8>, Gone> {
        let (bytes, _) = self.input.recv().await.ok_or(Gone)?;
        self.say(Message::bare(kind::OKAY, self.local, self.remote)).await?;
        Ok(bytes)
    }

    /// Writes `bytes`, each piece when the peer has taken the one before.
    pub(super) async fn write(&self, bytes: &[u8]) -> Result<(), Gone> {
        for piece in bytes.chunks(PIECE.min(self.most)) {
            self.ready.acquire().await.map_err(|_| Gone)?.forget();
            let (first, second) = (self.local, self.remote);
            self.say(Message { kind: kind::WRITE, first, second, data: piece.to_vec() }).await?;
        }
        Ok(())
    }

    /// Closes it.
    pub(super) async fn close(self) {
        // Who is gone needs no word.
        let _ = self.say(Message::bare(kind::CLOSE, self.local, self.remote)).await;
    }

    async fn say(&self, message: Message) -> Result<(), Gone> {
        self.output.send(message).await.map_err(|_| Gone)
    }
}
