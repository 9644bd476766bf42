//! A listener: accepts, finds a place in the budget, serves or turns away.

use crate::{
    Beyond, Def, Full, Host, Link, Open, Secure, Serve, Session,
    budget::{Entry, Place},
    machine,
    paced::Paced,
    session::SessionId,
};
use netsvc_persona::stage::PortSpec;
use netsvc_wire::{Kind, field};
use std::{
    io::Write,
    net::{Shutdown, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, Interest},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

/// Time that a peer who was turned away has to read why.
const FAREWELL: Duration = Duration::from_secs(2);
/// Peers who are being told why at a time; the others are cut off.
const FAREWELLS: usize = 256;
/// Time between looks whether a waiting peer is still there.
const LOOK: Duration = Duration::from_secs(5);

static TELLING: AtomicUsize = AtomicUsize::new(0);

/// A port of a service on a node.
#[derive(Clone)]
pub(crate) struct Listening {
    def: &'static Def,
    host: Arc<Host>,
    port: Arc<PortSpec>,
    full: Arc<Full>,
    stop: watch::Receiver<()>,
}

impl Listening {
    pub(crate) fn new(def: &'static Def, host: Arc<Host>, port: PortSpec, stop: watch::Receiver<()>) -> Self {
        Listening { full: Arc::new((def.full)(&host)), port: Arc::new(port), def, host, stop }
    }

    /// Accepts until the node is removed.
    pub(crate) async fn accept(mut self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stop.changed() => return,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer),
                // Out of descriptors or memory: the backlog waits, the loop must not spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(local) = stream.local_addr() else { return };
        let stage = &self.host.node.stage;
        let link = Link {
            peer,
            local,
            port: self.port.port,
            tls: self.port.tls,
            session: SessionId::fresh(),
            behind: stage.passages.behind(peer),
        };
        match stage.budget().enter(self.host.group, link.source(), &self.full) {
            Entry::Serve(place) => {
                tokio::spawn(self.clone().serve(stream, link, place));
            }
            Entry::Wait(place) => {
                stage.refused.note(&self.host, &link, "accept queue");
                tokio::spawn(self.clone().wait(stream, link, place));
            }
            Entry::Refuse(limit, beyond) => {
                stage.refused.note(&self.host, &link, limit);
                if let Beyond::Say(text) = beyond
                    && !link.tls
                {
                    tell(stream, &addressed(text, &link));
                }
            }
        }
    }

    /// The accept queue: nothing is answered until there is a place.
    async fn wait(mut self, stream: TcpStream, link: Link, place: Place) {
        let account = place.account();
        while !place.promote() {
            tokio::select! {
                () = place.freed() => {}
                () = tokio::time::sleep(LOOK) => if left(&stream) { return },
                () = account.displaced() => return,
                _ = self.stop.changed() => return,
            }
        }
        self.serve(stream, link, place).await;
    }

    async fn serve(mut self, stream: TcpStream, link: Link, place: Place) {
        let def = self.def;
        // Replies are small and belong to one request each; waiting to fill segments only adds delay. Tasks decide
        // for themselves, because when a daemon sets it shows in how its answers are cut into segments.
        if !matches!(def.serve, Serve::Task(_)) {
            let _ = stream.set_nodelay(true);
        }
        let account = place.account();
        let session = Session::begin(stream, self.host.clone(), link, def.idle, Some(place));
        let workers = self.host.node.stage.workers().clone();
        let served = Paced::new(account.clone(), workers, async move {
            let _ = timeout(def.total, serve(def, session)).await;
        });
        let sound = tokio::select! {
            sound = served => sound,
            () = account.displaced() => true,
            _ = self.stop.changed() => true,
        };
        if !sound {
            self.host.record(&link, Kind::Fault, vec![(field::REASON, b"panic".to_vec())]);
        }
    }
}

fn addressed(text: Vec<u8>, link: &Link) -> Vec<u8> {
    match std::str::from_utf8(&text) {
        Ok(told) if told.contains("{peer}") => {
            told.replace("{peer}", &link.peer.ip().to_canonical().to_string()).into_bytes()
        }
        _ => text,
    }
}

/// Says `text` to a peer who is turned away.
fn tell(stream: TcpStream, text: &[u8]) {
    // The text goes into the empty send buffer at once, however many are turned away.
    let Ok(stream) = stream.into_std() else { return };
    let told = (&stream).write_all(text).and_then(|()| stream.shutdown(Shutdown::Write));
    let Ok(mut stream) = told.and_then(|()| TcpStream::from_std(stream)) else { return };
    if FAREWELLS <= TELLING.fetch_add(1, Ordering::Relaxed) {
        TELLING.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    tokio::spawn(async move {
        // What the peer has sent is read, because closing over it would reset the connection before the text arrives.
        let farewell = async {
            let mut unwanted = [0; 1024];
            while stream.read(&mut unwanted).await? > 0 {}
            std::io::Result::Ok(())
        };
        let _ = timeout(FAREWELL, farewell).await;
        TELLING.fetch_sub(1, Ordering::Relaxed);
    });
}

/// Whether the peer has closed its side.
fn left(stream: &TcpStream) -> bool {
    let mut ready = std::pin::pin!(stream.ready(Interest::READABLE));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match ready.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Ok(ready)) => ready.is_read_closed(),
        std::task::Poll::Ready(Err(_)) => true,
        std::task::Poll::Pending => false,
    }
}

/// Begins with the handshake of `secure`, unless the peer does not; what is to serve the connection then.
async fn agree(session: &mut Session, secure: &'static Secure) -> std::io::Result<Open> {
    let mut first = [0; Secure::FIRST];
    let count = session.first_of_all(&mut first, Secure::is_tls).await;
    let first = first.get(..count).unwrap_or_default();
    if let Some(open) = Some(first)
        .filter(|first| !Secure::is_tls(first))
        .and_then(|first| (secure.plain)(session.host(), first))
    {
        return Ok(open);
    }
    let host = session.host().clone();
    session.choose(Arc::new(move |offered| (secure.agree)(&host, offered)));
    session.start_tls(Vec::new()).await?;
    Ok(secure.opening(session.protocol()))
}

async fn serve(def: &'static Def, mut session: Session) -> std::io::Result<()> {
    if let (true, Serve::Secure(secure)) = (session.link().tls, def.serve) {
        let open = agree(&mut session, secure).await?;
        let machine = open(session.host(), session.link());
        return machine::drive(session, machine).await;
    }
    if session.link().tls {
        if let Some(agree) = session.host().agreement() {
            let (host, port) = (session.host().clone(), session.link().port);
            session.choose(Arc::new(move |offered| agree(&host, port, offered)));
        }
        session.start_tls(Vec::new()).await?;
    }
    match def.serve {
        Serve::Secure(secure) => {
            let machine = (secure.open)(session.host(), session.link());
            machine::drive(session, machine).await
        }
        Serve::Machine(open) | Serve::Both(open, _) => {
            let machine = open(session.host(), session.link());
            machine::drive(session, machine).await
        }
        Serve::Task(task) => task(session).await,
        // Its ports are not listened at.
        Serve::Datagrams(_) => Ok(()),
    }
}
