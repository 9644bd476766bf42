//! Forwarded connections (RFC 4254 §7.2): what is refused, and what is carried.

use super::{CHANNELS_MAX, Connection, TASKS_MAX};
use crate::{
    channel::{Channel, PACKET, WINDOW},
    channel_io::ChannelIo,
    codec::Writer,
    handler::{Forward, ForwardAnswer, Handler, Reached, Way},
    numbers::{CHANNEL_OPEN_CONFIRMATION, CHANNEL_OPEN_FAILURE, OPEN_CONNECT_FAILED, OPEN_PROHIBITED},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};

/// Longest wait before a client hears that nobody was reached.
const LONGEST: Duration = Duration::from_secs(10);
/// A wait that the rest of the connection is held up for: it bounds how many wishes are refused in a second.
const SOON: Duration = Duration::from_millis(50);

/// Code and text of a channel that is not opened.
type Refusal = (u32, &'static str);

impl<S, H> Connection<'_, S, H>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    /// What a client is told whose wish is refused.
    pub(super) async fn refusal(&mut self, forward: &Forward) -> Refusal {
        let answer = self.handler.forward(forward);
        refused(answer).await
    }

    /// Connects to where the client wishes, on `channel`; the message that confirms it. `None`: the client hears later
    /// that nobody was reached, and its other channels go on meanwhile.
    pub(super) async fn connect(
        &mut self,
        forward: &Forward,
        channel: Channel,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let is_full = CHANNELS_MAX <= self.channels.len()
            || TASKS_MAX <= self.tasks.len()
            || TASKS_MAX <= self.waits.len();
        if is_full {
            return Err((OPEN_CONNECT_FAILED, "open failed"));
        }
        match self.handler.reach(forward).await {
            Reached::Open(way) => self.carry(channel, way).map(Some),
            Reached::Not(ForwardAnswer::Failed(text, time)) if SOON < time => {
                let (late, notify) = (Arc::clone(&self.late), Arc::clone(&self.notify));
                let message = failure(channel.peer, (OPEN_CONNECT_FAILED, text));
                self.waits.spawn(async move {
                    sleep(time.min(LONGEST)).await;
                    late.lock().push(message);
                    notify.notify_one();
                });
                Ok(None)
            }
            Reached::Not(answer) => Err(refused(answer).await),
        }
    }

    fn carry(&mut self, mut channel: Channel, way: Way) -> Result<Vec<u8>, Refusal> {
        let free = (0..).find(|number| !self.channels.contains_key(number));
        let number = free.ok_or((OPEN_CONNECT_FAILED, "open failed"))?;
        let (io, shared) = ChannelIo::pair(&self.notify);
        let (guard, running) = (super::ExitGuard(shared.clone()), way(io));
        let task = self.tasks.spawn(async move {
            let exit = running.await;
            guard.0.exit(exit);
        });
        let mut writer = Writer::message(CHANNEL_OPEN_CONFIRMATION);
        writer.u32(channel.peer).u32(number).u32(WINDOW).u32(PACKET);
        channel.carry(shared, task);
        self.channels.insert(number, channel);
        Ok(writer.finish())
    }
}

/// The message that says why a channel of the client's is not opened.
pub(super) fn failure(peer: u32, (code, text): Refusal) -> Vec<u8> {
    let mut writer = Writer::message(CHANNEL_OPEN_FAILURE);
    writer.u32(peer).u32(code).string(text).string("");
    writer.finish()
}

async fn refused(answer: ForwardAnswer) -> Refusal {
    match answer {
        ForwardAnswer::Failed(text, time) => {
            sleep(time.min(LONGEST)).await;
            (OPEN_CONNECT_FAILED, text)
        }
        ForwardAnswer::Prohibited | ForwardAnswer::Accepted => (OPEN_PROHIBITED, "open failed"),
    }
}
