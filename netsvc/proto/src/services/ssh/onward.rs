//! Connections to other nodes on a client's behalf.

use crate::onward::told;
use netsvc_kit::{Host, Link, NoWay, Passage, budget::Account};
use netsvc_ssh::{ChannelIo, Event, Exit, ForwardAnswer, Reached};
use std::{sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are carried at a time.
const PIECE: usize = 16 * 1024;

/// Connects to a port of `target` for the client of `link`.
pub(super) async fn reach(host: &Arc<Host>, link: &Link, target: &str, port: u32) -> Reached {
    let passage = match u16::try_from(port) {
        Ok(port) => host.pass(link, target, port).await,
        Err(_) => Err(NoWay::Refused),
    };
    let outcome = if passage.is_ok() { "accepted" } else { "failed" };
    told(host, link, format!("tcp://{target}:{port}"), outcome);
    match passage {
        Ok(passage) => {
            let account = Account::current();
            Reached::Open(Box::new(move |io| Box::pin(account.within(carry(io, passage)))))
        }
        Err(why) => Reached::Not(failed(why)),
    }
}

/// What the system says, and after which time. Longer waits than a client's patience are not worth a place.
fn failed(why: NoWay) -> ForwardAnswer {
    match why {
        NoWay::Name => ForwardAnswer::Failed("Name or service not known", Duration::from_millis(20)),
        NoWay::Refused => ForwardAnswer::Failed("Connection refused", Duration::from_millis(1)),
        NoWay::Nobody => ForwardAnswer::Failed("No route to host", Duration::from_millis(3060)),
        NoWay::Silence => ForwardAnswer::Failed("Connection timed out", Duration::from_secs(10)),
    }
}

/// Carries a connection until one side is done: the node reached says when it has nothing more.
async fn carry(mut io: ChannelIo, mut passage: Passage) -> Exit {
    let client = io.writer();
    let (mut from, mut to) = passage.stream.split();
    let down = async {
        let mut piece = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            if client.write(piece.get(..count).unwrap_or_default()).await.is_err() {
                return;
            }
        }
    };
    let up = async {
        loop {
            let sent = match io.next().await {
                Event::Data(bytes) => to.write_all(&bytes).await,
                Event::End => to.shutdown().await,
                Event::Closed => return,
                Event::Signal(_) | Event::Resize(_) => Ok(()),
            };
            if sent.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
    Exit::Status(0)
}
