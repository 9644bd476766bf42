//! Our end of a stage process's control socket: orders with descriptors out, answers back, pipelined.

use super::launch::{Launch, Running};
use crate::sockets;
use netsvc_persona::stage::{Answer, MAX_DESCRIPTORS, MAX_MESSAGE, Order};
use nix::sys::socket::{ControlMessage, MsgFlags, recv, sendmsg};
use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
    time::Duration,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::timeout,
};

/// Orders that may be on their way at once, and the descriptors they may carry together. The kernel
/// refuses more descriptors in flight than the sender may have open.
const WINDOW_ORDERS: usize = 64;
const WINDOW_DESCRIPTORS: usize = 2 * MAX_DESCRIPTORS;
/// Longest wait for an answer, and for the first message of a new process.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// Why a stage process did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// It could not be started.
    #[error("start the stage process {verb}")]
    Start {
        /// `serve` or `gate`.
        verb: &'static str,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It is gone, or its control socket failed.
    #[error("talk to the stage process")]
    Lost(#[source] io::Error),
    /// It did not answer in time.
    #[error("the stage process does not answer")]
    Late,
    /// It refused an order.
    #[error("the stage refuses {subject}: {reason}")]
    Refused {
        /// Name of the node, or `gate`.
        subject: String,
        /// Its reason.
        reason: String,
    },
    /// An order is longer than a message may be.
    #[error("the order for {0} is longer than {MAX_MESSAGE} bytes")]
    TooLong(String),
}

/// An order on its way, with the descriptors that it carries.
pub(super) struct Parcel<'a> {
    pub(super) order: Order,
    pub(super) descriptors: Vec<BorrowedFd<'a>>,
}

/// A running stage process and the socket to it.
#[derive(Debug)]
pub(super) struct Channel {
    control: AsyncFd<OwnedFd>,
    pub(super) process: Running,
    pub(super) isolation: String,
}

impl Channel {
    /// Starts the process and waits until it says that it is ready.
    pub(super) async fn open(launch: &Launch) -> Result<Self, StageError> {
        let start = |source| StageError::Start { verb: launch.verb(), source };
        let (process, control) = launch.start().map_err(start)?;
        let control = sockets::watch(control).map_err(start)?;
        let mut channel = Channel { control, process, isolation: String::new() };
        match channel.answer().await? {
            Answer::Ready { isolation } => channel.isolation = isolation,
            other => return Err(StageError::Lost(unexpected(&other))),
        }
        Ok(channel)
    }

    /// Sends all orders and waits for all answers, in order. Orders after a refused one are still sent, and so are
    /// those after one that is too long, which is refused here: what is on its way is answered before this ends.
    ///
    /// # Errors
    /// The first refusal, or that the process is lost.
    pub(super) async fn deliver(&self, parcels: Vec<Parcel<'_>>) -> Result<(), StageError> {
        let mut waiting = VecDeque::from(parcels);
        let mut sent: VecDeque<(u64, String, usize)> = VecDeque::new();
        let mut refusal = None;
        loop {
            let blocked = self.fill(&mut waiting, &mut sent, &mut refusal)?;
            if sent.is_empty() && waiting.is_empty() {
                return refusal.map_or(Ok(()), Err);
            }
            if blocked && sent.is_empty() {
                drop(self.control.writable().await.map_err(StageError::Lost)?);
                continue;
            }
            let answer = self.answer().await?;
            let Some((expected, subject, _)) = sent.pop_front() else { continue };
            match answer {
                Answer::Done { seq } if seq == expected => {}
                Answer::Refused { seq, reason } if seq == expected => {
                    refusal.get_or_insert(StageError::Refused { subject, reason });
                }
                other => return Err(StageError::Lost(unexpected(&other))),
            }
        }
    }

    /// Sends an order whose answer says more than that it is done.
    ///
    /// # Errors
    /// A refusal, or that the process is lost.
    pub(super) async fn ask(&self, order: Order) -> Result<Answer, StageError> {
        let (expected, subject) = label(&order);
        let parcel = Parcel { order, descriptors: Vec::new() };
        while !self.send(&parcel)? {
            drop(self.control.writable().await.map_err(StageError::Lost)?);
        }
        match self.answer().await? {
            Answer::Refused { seq, reason } if seq == expected => {
                Err(StageError::Refused { subject, reason })
            }
            other => Ok(other),
        }
    }

    /// Sends while the window is open; says whether the socket was full.
    fn fill(
        &self,
        waiting: &mut VecDeque<Parcel<'_>>,
        sent: &mut VecDeque<(u64, String, usize)>,
        refusal: &mut Option<StageError>,
    ) -> Result<bool, StageError> {
        while let Some(parcel) = waiting.front() {
            let flying: usize = sent.iter().map(|(_, _, descriptors)| descriptors).sum();
            let room = sent.len() < WINDOW_ORDERS && flying + parcel.descriptors.len() <= WINDOW_DESCRIPTORS;
            if !room && !sent.is_empty() {
                return Ok(false);
            }
            match self.send(parcel) {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(error @ StageError::TooLong(_)) => {
                    refusal.get_or_insert(error);
                    waiting.pop_front();
                    continue;
                }
                Err(error) => return Err(error),
            }
            let (seq, subject) = label(&parcel.order);
            sent.push_back((seq, subject, parcel.descriptors.len()));
            waiting.pop_front();
        }
        Ok(false)
    }

    /// Sends one order; `false` when the socket is full.
    fn send(&self, parcel: &Parcel<'_>) -> Result<bool, StageError> {
        let lost = |error: io::Error| StageError::Lost(error);
        let message = serde_json::to_vec(&parcel.order).map_err(|error| lost(error.into()))?;
        if message.len() > MAX_MESSAGE {
            return Err(StageError::TooLong(label(&parcel.order).1));
        }
        let numbers: Vec<RawFd> = parcel.descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&numbers)];
        let control = if numbers.is_empty() { &[][..] } else { &rights[..] };
        let sent = self.control.try_io(Interest::WRITABLE, |socket| {
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            Ok(sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(&message)], control, flags, None)?)
        });
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(lost(error)),
        }
    }

    async fn answer(&self) -> Result<Answer, StageError> {
        let read = self.control.async_io(Interest::READABLE, |socket| {
            let mut buffer = vec![0; MAX_MESSAGE];
            let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT)?;
            buffer.truncate(length);
            Ok(buffer)
        });
        let message =
            timeout(ANSWER_LIMIT, read).await.map_err(|_| StageError::Late)?.map_err(StageError::Lost)?;
        if message.is_empty() {
            return Err(StageError::Lost(io::ErrorKind::UnexpectedEof.into()));
        }
        serde_json::from_slice(&message).map_err(|error| StageError::Lost(error.into()))
    }

    /// Ends when the process is gone, or says something unasked (then it is not to be trusted either).
    pub(super) async fn gone(&self) {
        // A look without taking: readiness alone may be left over from the last answer.
        let _ = self
            .control
            .async_io(Interest::READABLE, |socket| {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK;
                Ok(recv(socket.as_raw_fd(), &mut [0; 1], flags)?)
            })
            .await;
    }
}

pub(super) fn unexpected(answer: &Answer) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unexpected answer {answer:?}"))
}

fn label(order: &Order) -> (u64, String) {
    match order {
        Order::Node { seq, persona, .. } => (*seq, persona.node.clone()),
        Order::Remove { seq, node } | Order::Letters { seq, node, .. } => (*seq, node.clone()),
        Order::Gate { seq, .. } => (*seq, "gate".to_owned()),
        Order::Mirror { seq, .. } => (*seq, "mirror".to_owned()),
        Order::Absent { seq } => (*seq, "absent".to_owned()),
        Order::Stop { seq } => (*seq, "stop".to_owned()),
    }
}
