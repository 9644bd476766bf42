//! A datagram port: many peers on one socket. Each peer is a session with a machine of its own that gets whole
//! datagrams, ends when it is silent, and is recorded as a connection is.

use crate::{
    Action, Def, Fields, Host, Input, Link, Machine, Out,
    budget::{Account, Charge, Entry, Place},
    full::{Beyond, Full},
    paced::Paced,
    session::{FIRST_BYTES, SessionId, closing},
};
use netsvc_persona::stage::PortSpec;
use netsvc_wire::{Kind, field};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    io,
    mem::MaybeUninit,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::ReadBuf,
    net::UdpSocket,
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout_at},
};

/// Peers of one port at a time; one more takes the place of the one that was silent for longest.
const PEERS: usize = 256;
/// Datagrams of a peer that wait; the kernel would drop further ones too.
const WAITING: usize = 16;
/// Longest datagram (RFC 768: 16 bits of length).
const LONGEST: usize = 65_535;
/// Datagrams after which the others have their turn.
const TURN: usize = 64;

/// A datagram that waits for its session, charged to it.
type Waiting = (Vec<u8>, Charge);
/// Sessions by peer.
type Peers = BTreeMap<SocketAddr, Peer>;

/// The way to the session of a peer.
struct Peer {
    account: Account,
    sender: mpsc::Sender<Waiting>,
}
/// What a datagram service makes for each peer.
pub type Open = fn(&Arc<Host>, &Link) -> Box<dyn Machine>;

/// A datagram port of a service on a node.
pub(crate) struct Datagrams {
    def: &'static Def,
    open: Open,
    host: Arc<Host>,
    port: PortSpec,
    stop: watch::Receiver<()>,
}

impl Datagrams {
    pub(crate) fn new(
        def: &'static Def,
        open: Open,
        host: Arc<Host>,
        port: PortSpec,
        stop: watch::Receiver<()>,
    ) -> Self {
        Datagrams { def, open, host, port, stop }
    }

    /// Serves the socket until the node is removed.
    pub(crate) async fn serve(mut self, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut peers = Peers::new();
        loop {
            tokio::select! {
                ready = socket.readable() => if ready.is_err() { return },
                _ = self.stop.changed() => return,
            }
            for _ in 0..TURN {
                // Errors are those of earlier answers (ICMP); the socket goes on.
                let Ok((peer, datagram)) = receive(&socket) else { break };
                self.pass(&socket, &mut peers, peer, datagram);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Gives `datagram` to the session of `peer`, which begins if there is none.
    fn pass(&self, socket: &Arc<UdpSocket>, peers: &mut Peers, peer: SocketAddr, datagram: Vec<u8>) {
        use mpsc::error::TrySendError::{Closed, Full};
        self.host.node.stage.budget().datagram_came(peer.ip(), datagram.len());
        let datagram = match peers.get(&peer) {
            // As on a wire, what there is no room for is lost.
            Some(known) if !known.account.roomy() => return,
            Some(known) => {
                let charge = Charge::new(known.account.clone(), datagram.len());
                match known.sender.try_send((datagram, charge)) {
                    Ok(()) | Err(Full(_)) => return,
                    Err(Closed((datagram, _))) => datagram,
                }
            }
            None => datagram,
        };
        if PEERS * 2 <= peers.len() {
            peers.retain(|_, known| !known.sender.is_closed());
        }
        if let Some(begun) = self.begin(socket, peer, datagram) {
            peers.insert(peer, begun);
        }
    }

    fn begin(&self, socket: &Arc<UdpSocket>, peer: SocketAddr, first: Vec<u8>) -> Option<Peer> {
        let local = socket.local_addr().ok()?;
        let link =
            Link { peer, local, port: self.port.port, tls: false, session: SessionId::fresh(), behind: None };
        let stage = &self.host.node.stage;
        let full = Full::of(PEERS, Beyond::Displace);
        let place = match stage.budget().enter(self.host.group, peer.ip(), &full) {
            Entry::Serve(place) | Entry::Wait(place) => place,
            Entry::Refuse(limit, _) => {
                stage.refused.note(&self.host, &link, limit);
                return None;
            }
        };
        let (sender, receiver) = mpsc::channel(WAITING);
        let account = place.account();
        let known = Peer { account: account.clone(), sender };
        let machine = (self.open)(&self.host, &link);
        let exchange = Exchange::begin(self.host.clone(), link, socket.clone(), place, &first);
        let (def, workers) = (self.def, stage.workers().clone());
        let served = Paced::new(account.clone(), workers, converse(def, exchange, machine, first, receiver));
        let (mut stop, host) = (self.stop.clone(), self.host.clone());
        tokio::spawn(async move {
            let sound = tokio::select! {
                sound = served => sound,
                () = account.displaced() => true,
                _ = stop.changed() => true,
            };
            if !sound {
                host.record(&link, Kind::Fault, vec![(field::REASON, b"panic".to_vec())]);
            }
        });
        Some(known)
    }
}

/// One datagram that has arrived.
fn receive(socket: &UdpSocket) -> io::Result<(SocketAddr, Vec<u8>)> {
    let mut space = [0; LONGEST];
    let (count, peer) = socket.try_recv_from(&mut space)?;
    Ok((peer, space.get(..count).unwrap_or_default().to_vec()))
}

/// A peer's session: what is counted and recorded of it.
struct Exchange {
    host: Arc<Host>,
    link: Link,
    socket: Arc<UdpSocket>,
    /// The port that it went on from, if it did.
    own: Option<UdpSocket>,
    /// Whether the peer has sent something there, and is therefore where its datagrams say.
    proven: bool,
    place: Option<Place>,
    begun: Instant,
    bytes_in: u64,
    bytes_out: u64,
    reason: &'static str,
}

impl Exchange {
    fn begin(host: Arc<Host>, link: Link, socket: Arc<UdpSocket>, place: Place, first: &[u8]) -> Self {
        host.record(&link, Kind::Connect, vec![(field::TRANSPORT, b"udp".to_vec())]);
        let data = first.get(..FIRST_BYTES).unwrap_or(first).to_vec();
        host.record(&link, Kind::FirstBytes, vec![(field::DATA, data)]);
        let (begun, place) = (Instant::now(), Some(place));
        Exchange {
            host,
            link,
            socket,
            own: None,
            proven: false,
            place,
            begun,
            bytes_in: 0,
            bytes_out: 0,
            reason: "closed",
        }
    }

    fn touch(&self) {
        if let Some(place) = &self.place {
            place.touch();
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        let (stage, peer) = (&self.host.node.stage, self.link.peer);
        if !self.proven && !stage.budget().may_answer(peer.ip(), bytes.len()) {
            stage.refused.note(&self.host, &self.link, "answers");
            return;
        }
        let sent = match &self.own {
            Some(own) => own.send(bytes).await,
            None => self.socket.send_to(bytes, peer).await,
        };
        // A datagram that cannot be sent is lost, as on the wire.
        if let Ok(count) = sent {
            self.bytes_out += count as u64;
            self.touch();
        }
    }

    /// Goes on from a port of its own.
    async fn leave(&mut self) -> io::Result<()> {
        let own = UdpSocket::bind((self.link.local.ip(), 0)).await?;
        own.connect(self.link.peer).await?;
        self.own = Some(own);
        Ok(())
    }

    /// Does what `out` says; false when the session is over.
    async fn perform(&mut self, out: &mut Out) -> bool {
        let account = self.place.as_ref().map(Place::account).unwrap_or_default();
        let _held = Charge::new(account, out.size());
        for action in out.take() {
            match action {
                Action::Send(bytes) | Action::Datagram(bytes) => self.send(&bytes).await,
                Action::OwnPort => {
                    if self.leave().await.is_err() {
                        return false;
                    }
                }
                Action::Wait(time) => sleep(time).await,
                Action::Record(kind, fields) => self.host.record(&self.link, kind, fields),
                Action::Capture(kind, fields, content) => {
                    self.host.capture(&self.link, kind, fields, &content);
                }
                // There is no TLS over datagrams here.
                Action::StartTls(_) | Action::Close => return false,
            }
        }
        true
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = self.place.take().and_then(|place| place.ended());
        let reason = if std::thread::panicking() { "fault" } else { ended.unwrap_or(self.reason) };
        let fields: Fields = closing(self.begun, self.bytes_in, self.bytes_out, reason);
        self.host.record(&self.link, Kind::Disconnect, fields);
    }
}

/// What happened next in a session.
enum Next {
    Datagram(Vec<u8>),
    /// A datagram to the port of its own.
    Proof(Vec<u8>),
    Woken,
    Over(&'static str),
}

async fn converse(
    def: &'static Def,
    mut exchange: Exchange,
    mut machine: Box<dyn Machine>,
    first: Vec<u8>,
    mut receiver: mpsc::Receiver<Waiting>,
) {
    let mut out = Out::default();
    let end = exchange.begun + def.total;
    machine.step(Input::Open, &mut out);
    let mut next = Next::Datagram(first);
    loop {
        exchange.proven |= matches!(next, Next::Proof(_));
        match next {
            Next::Datagram(datagram) | Next::Proof(datagram) => {
                exchange.bytes_in += datagram.len() as u64;
                exchange.touch();
                machine.step(Input::Bytes(&datagram), &mut out);
            }
            Next::Woken => machine.woken(&mut out),
            Next::Over(reason) => {
                exchange.reason = reason;
                machine.step(Input::Eof, &mut out);
                exchange.perform(&mut out).await;
                return;
            }
        }
        loop {
            let full = out.full();
            if !exchange.perform(&mut out).await {
                return;
            }
            if !full {
                break;
            }
            machine.step(Input::Bytes(&[]), &mut out);
        }
        if exchange.own.is_some() {
            receiver.close();
        }
        let limit = end.min(Instant::now() + def.idle);
        next = timeout_at(limit, wait(&mut receiver, exchange.own.as_ref(), machine.as_mut()))
            .await
            .unwrap_or(Next::Over("idle"));
    }
}

async fn wait(
    receiver: &mut mpsc::Receiver<Waiting>,
    own: Option<&UdpSocket>,
    machine: &mut dyn Machine,
) -> Next {
    poll_fn(|context| {
        match receiver.poll_recv(context) {
            Poll::Ready(Some((datagram, _))) => return Poll::Ready(Next::Datagram(datagram)),
            Poll::Ready(None) if own.is_none() => return Poll::Ready(Next::Over("stopped")),
            Poll::Ready(None) | Poll::Pending => {}
        }
        if let Some(Poll::Ready(datagram)) = own.map(|own| poll_own(own, context)) {
            return Poll::Ready(datagram.map_or(Next::Over("refused"), Next::Proof));
        }
        machine.poll_woken(context).map(|()| Next::Woken)
    })
    .await
}

/// The next datagram to a port of its own; an error when the peer has no such port (any more).
fn poll_own(own: &UdpSocket, context: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
    let mut space = [MaybeUninit::uninit(); LONGEST];
    let mut buffer = ReadBuf::uninit(&mut space);
    own.poll_recv(context, &mut buffer).map_ok(|()| buffer.filled().to_vec())
}
