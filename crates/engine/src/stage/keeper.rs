//! Keeps one stage process alive and its nodes in it.
//!
//! The keeper is a task that owns the process, the nodes and duplicates of their sockets. When the
//! process dies it is started again, at once the first time and then with growing pauses, and gets
//! everything anew. Dropping the [`Keeper`] stops the process in good order.

use super::{
    channel::{self, Channel, Parcel, StageError},
    launch::Launch,
    order::{Sequence, changed},
};
use crate::{
    node::{NodeSpec, Post},
    plan::chain,
};
use netsvc_persona::{
    Letter,
    stage::{AbsentNode, Answer, GateSpec, Order},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

/// First and longest pause before a dead process is started again.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(10);
/// A process that lived this long died of something new: pauses begin from the first again.
const STEADY: Duration = Duration::from_secs(30);
/// Time a process gets to write out everything after a stop order.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What a stage process is for.
#[derive(Debug)]
pub enum Role {
    /// Serves bound sockets.
    Serve,
    /// Stands between segment and sockets.
    Gate(GateLink),
}

/// The ports of a gate.
#[derive(Debug)]
pub struct GateLink {
    /// What the gate is told about them.
    pub spec: GateSpec,
    /// Raw socket on the segment.
    pub segment: Arc<OwnedFd>,
    /// Device of the engine side.
    pub engine: Arc<OwnedFd>,
    /// Raw socket on the probe side.
    pub probe: Option<Arc<OwnedFd>>,
}

/// A node as a keeper holds it. A gate's nodes have no sockets; those of `serve` have one per port.
#[derive(Debug)]
pub struct Kept {
    /// The node.
    pub node: Arc<NodeSpec>,
    /// Its listeners, in the order of its ports.
    pub sockets: Vec<OwnedFd>,
}

/// How a stage process does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageStatus {
    /// `serve` or `gate`.
    pub verb: String,
    /// Its process; `None` while it is down.
    pub pid: Option<u32>,
    /// What its sandbox got.
    pub isolation: String,
    /// Times that it was started again.
    pub restarts: u64,
    /// Nodes it has.
    pub nodes: usize,
    /// Sockets it has.
    pub listeners: usize,
}

/// A stage process that is kept alive.
#[derive(Debug)]
pub struct Keeper {
    asks: mpsc::Sender<Ask>,
}

#[derive(Debug)]
enum Ask {
    Add(Vec<Kept>, oneshot::Sender<Result<(), StageError>>),
    Remove(Vec<String>, oneshot::Sender<Result<(), StageError>>),
    Mirror(OwnedFd, Option<String>, oneshot::Sender<Result<(), StageError>>),
    Post(Vec<Post>, oneshot::Sender<Result<(), StageError>>),
    Absent(oneshot::Sender<Result<Vec<AbsentNode>, StageError>>),
    Status(oneshot::Sender<StageStatus>),
    Stop(oneshot::Sender<()>),
}

impl Keeper {
    /// Starts the process and its keeping. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the first start fails; later ones are tried again.
    pub async fn start(launch: Launch, role: Role) -> Result<Self, StageError> {
        let mut task = Task {
            launch,
            role,
            nodes: BTreeMap::new(),
            post: BTreeMap::new(),
            refused: false,
            channel: None,
            seq: 0,
            starts: 0,
            pause: PAUSE_FIRST,
            since: Instant::now(),
        };
        task.revive().await?;
        let (asks, inbox) = mpsc::channel(16);
        tokio::spawn(task.run(inbox));
        Ok(Keeper { asks })
    }

    /// Hands over nodes, all or none. A name that the process has already is replaced.
    ///
    /// # Errors
    /// The first refusal, or that the process is lost; the nodes are not kept then.
    pub async fn add(&self, nodes: Vec<Kept>) -> Result<(), StageError> {
        self.ask(|reply| Ask::Add(nodes, reply)).await?
    }

    /// Takes nodes away and closes their sockets. Unknown names are taken away already.
    ///
    /// # Errors
    /// That the process is lost; it will not get them again.
    pub async fn remove(&self, names: Vec<String>) -> Result<(), StageError> {
        self.ask(|reply| Ask::Remove(names, reply)).await?
    }

    /// Has a gate copy frames of the segment into `into`: those of the hardware address `mac`, or all. It is not kept:
    /// a process that is started again knows nothing of it.
    ///
    /// # Errors
    /// Why the process refuses, or that it is lost.
    pub async fn mirror(&self, into: OwnedFd, mac: Option<String>) -> Result<(), StageError> {
        self.ask(|reply| Ask::Mirror(into, mac, reply)).await?
    }

    /// Has the mailboxes of nodes hold `post`, and nothing else: of a node that it does not name, none are kept. A
    /// process that is started again gets them again.
    ///
    /// # Errors
    /// A refusal, or that the process is lost; it gets them when it is back.
    pub async fn post(&self, post: Vec<Post>) -> Result<(), StageError> {
        self.ask(|reply| Ask::Post(post, reply)).await?
    }

    /// Which nodes a gate keeps away from the segment because somebody else has their address.
    ///
    /// # Errors
    /// That the process is lost.
    pub async fn absent(&self) -> Result<Vec<AbsentNode>, StageError> {
        self.ask(Ask::Absent).await?
    }

    /// How the process does.
    ///
    /// # Errors
    /// That its keeping has ended.
    pub async fn status(&self) -> Result<StageStatus, StageError> {
        self.ask(Ask::Status).await
    }

    /// Lets the process write out everything and end.
    pub async fn stop(&self) {
        let _ = self.ask(Ask::Stop).await;
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, StageError> {
        let ended = || StageError::Lost(io::ErrorKind::NotConnected.into());
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

struct Task {
    launch: Launch,
    role: Role,
    nodes: BTreeMap<String, Kept>,
    /// The letters of each node.
    post: BTreeMap<String, Vec<Letter>>,
    /// Some of them were refused: there may be room for them later.
    refused: bool,
    channel: Option<Channel>,
    seq: u64,
    starts: u64,
    pause: Duration,
    /// Since when the process is up, or down.
    since: Instant,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Ask>) {
        loop {
            let ask = match &self.channel {
                Some(channel) => tokio::select! {
                    ask = inbox.recv() => ask,
                    () = channel.gone() => {
                        self.lose();
                        continue;
                    }
                },
                None => tokio::select! {
                    ask = inbox.recv() => ask,
                    () = sleep_until(self.since + self.pause) => {
                        self.try_revive().await;
                        continue;
                    }
                },
            };
            match ask {
                Some(Ask::Add(nodes, reply)) => drop(reply.send(self.add(nodes).await)),
                Some(Ask::Remove(names, reply)) => drop(reply.send(self.remove(&names).await)),
                Some(Ask::Mirror(into, mac, reply)) => drop(reply.send(self.mirror(&into, mac).await)),
                Some(Ask::Post(post, reply)) => drop(reply.send(self.post(post).await)),
                Some(Ask::Absent(reply)) => drop(reply.send(self.absent().await)),
                Some(Ask::Status(reply)) => drop(reply.send(self.status())),
                Some(Ask::Stop(reply)) => {
                    self.stop().await;
                    let _ = reply.send(());
                    return;
                }
                None => return self.stop().await,
            }
        }
    }

    async fn add(&mut self, nodes: Vec<Kept>) -> Result<(), StageError> {
        if self.channel.is_none() {
            self.revive().await?;
        }
        let names: Vec<String> = nodes.iter().map(|kept| kept.node.name().to_owned()).collect();
        let known: Vec<String> =
            names.iter().filter(|name| self.nodes.contains_key(*name)).cloned().collect();
        self.remove(&known).await?;
        let delivered = self
            .deliver(|task| nodes.iter().flat_map(|kept| task.parcels(&kept.node, &kept.sockets)).collect())
            .await;
        match delivered {
            Ok(()) => {
                self.nodes.extend(names.into_iter().zip(nodes));
                Ok(())
            }
            Err(error) => {
                // Some of the batch may be served by now.
                let _ = self.order_removal(&names).await;
                Err(error)
            }
        }
    }

    async fn remove(&mut self, names: &[String]) -> Result<(), StageError> {
        for name in names {
            self.nodes.remove(name);
        }
        // A process that is down forgets them by not getting them again.
        if self.channel.is_some() { self.order_removal(names).await } else { Ok(()) }
    }

    async fn mirror(&mut self, into: &OwnedFd, mac: Option<String>) -> Result<(), StageError> {
        self.deliver(|task| {
            let order = Order::Mirror { seq: task.next(), mac };
            vec![Parcel { order, descriptors: vec![into.as_fd()] }]
        })
        .await
    }

    async fn post(&mut self, post: Vec<Post>) -> Result<(), StageError> {
        let new = changed(&self.post, post, std::mem::take(&mut self.refused));
        for post in &new {
            self.post.insert(post.node.clone(), post.letters.clone());
        }
        self.post.retain(|_, letters| !letters.is_empty());
        if self.channel.is_none() || new.is_empty() {
            return Ok(());
        }
        let letters = |task: &mut Sequence| {
            new.iter().flat_map(|post| task.letters(&post.node, &post.letters)).collect()
        };
        let done = self.deliver(letters).await;
        self.refused = matches!(done, Err(StageError::Refused { .. }));
        done
    }

    async fn absent(&mut self) -> Result<Vec<AbsentNode>, StageError> {
        self.seq += 1;
        let Some(channel) = &self.channel else {
            return Err(StageError::Lost(io::ErrorKind::NotConnected.into()));
        };
        let answer = match channel.ask(Order::Absent { seq: self.seq }).await {
            Ok(Answer::Absent { seq, nodes }) if seq == self.seq => return Ok(nodes),
            Ok(other) => StageError::Lost(channel::unexpected(&other)),
            Err(error) => error,
        };
        if matches!(answer, StageError::Lost(_) | StageError::Late) {
            self.lose();
        }
        Err(answer)
    }

    async fn order_removal(&mut self, names: &[String]) -> Result<(), StageError> {
        self.deliver(|task| {
            names
                .iter()
                .map(|name| {
                    let order = Order::Remove { seq: task.next(), node: name.clone() };
                    Parcel { order, descriptors: Vec::new() }
                })
                .collect()
        })
        .await
    }

    /// Delivers; a process that breaks off or hangs is ended, so that the next one starts clean.
    async fn deliver<'a>(
        &mut self,
        parcels: impl FnOnce(&mut Sequence) -> Vec<Parcel<'a>>,
    ) -> Result<(), StageError> {
        let mut sequence = Sequence { seq: self.seq, sockets: matches!(self.role, Role::Serve) };
        let parcels = parcels(&mut sequence);
        self.seq = sequence.seq;
        let Some(channel) = &self.channel else {
            return Err(StageError::Lost(io::ErrorKind::NotConnected.into()));
        };
        let result = channel.deliver(parcels).await;
        if matches!(result, Err(StageError::Lost(_) | StageError::Late)) {
            self.lose();
        }
        result
    }

    fn lose(&mut self) {
        tracing::warn!(process = self.launch.verb(), "a stage process ended and will be started again");
        self.channel = None;
        self.pause = if self.since.elapsed() >= STEADY { PAUSE_FIRST } else { self.pause };
        self.since = Instant::now();
    }

    async fn try_revive(&mut self) {
        if let Err(error) = self.revive().await {
            tracing::error!(process = self.launch.verb(), error = %chain(&error), "a stage process cannot be started");
        }
        self.pause = (self.pause * 2).min(PAUSE_LONGEST);
    }

    /// Starts the process and hands it everything.
    async fn revive(&mut self) -> Result<(), StageError> {
        self.since = Instant::now();
        self.channel = None;
        let channel = Channel::open(&self.launch).await?;
        let mut sequence = Sequence { seq: self.seq, sockets: matches!(self.role, Role::Serve) };
        let mut parcels: Vec<Parcel<'_>> = self.role.first(&mut sequence).into_iter().collect();
        // Letters first: nobody sees a mailbox without them.
        for (node, letters) in &self.post {
            parcels.extend(sequence.letters(node, letters));
        }
        for kept in self.nodes.values() {
            parcels.extend(sequence.parcels(&kept.node, &kept.sockets));
        }
        self.seq = sequence.seq;
        match channel.deliver(parcels).await {
            // One node that a new process refuses must not keep the others down.
            Err(error @ (StageError::Refused { .. } | StageError::TooLong(_))) if self.starts > 0 => {
                tracing::error!(error = %chain(&error), "a node did not come back");
            }
            other => other?,
        }
        self.channel = Some(channel);
        self.starts += 1;
        Ok(())
    }

    async fn stop(&mut self) {
        let Some(mut channel) = self.channel.take() else { return };
        self.seq += 1;
        let parcel = Parcel { order: Order::Stop { seq: self.seq }, descriptors: Vec::new() };
        let farewell = async {
            let _ = channel.deliver(vec![parcel]).await;
            channel.gone().await;
        };
        let _ = timeout(STOP_LIMIT, farewell).await;
        // The socket ends a moment before the process does; a process that is still there is killed by the drop.
        let limit = Instant::now() + STOP_LIMIT;
        while !channel.process.ended() && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn status(&self) -> StageStatus {
        let channel = self.channel.as_ref();
        StageStatus {
            verb: self.launch.verb().to_owned(),
            pid: channel.map(|channel| channel.process.pid()),
            isolation: channel.map(|channel| channel.isolation.clone()).unwrap_or_default(),
            restarts: self.starts.saturating_sub(1),
            nodes: self.nodes.len(),
            listeners: self.nodes.values().map(|kept| kept.sockets.len()).sum(),
        }
    }
}

impl Role {
    /// The first order of a new process.
    fn first(&self, sequence: &mut Sequence) -> Option<Parcel<'_>> {
        let Role::Gate(link) = self else { return None };
        let order = Order::Gate { seq: sequence.next(), gate: link.spec.clone() };
        let mut descriptors = vec![link.segment.as_fd(), link.engine.as_fd()];
        descriptors.extend(link.probe.as_ref().map(|probe| probe.as_fd()));
        Some(Parcel { order, descriptors })
    }
}
