//! The nodes that a process serves: adding and removing them at run time, accepting, dispatching.

use crate::{
    Def, Host, Node, Serve, Stage,
    datagram::{self, Datagrams},
    listen::Listening,
    recorder,
};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec, Transport},
};
use netsvc_wire::Kind;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    io,
    net::{TcpListener, UdpSocket},
    os::fd::OwnedFd,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, time::timeout};

/// A socket of a service as handed over: a listener, or a bound datagram socket.
pub type Bound = (PortSpec, OwnedFd);

/// A socket that the runtime watches.
enum Socket {
    Stream(tokio::net::TcpListener),
    Datagrams(datagram::Open, tokio::net::UdpSocket),
}

/// Serves nodes. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {
    stage: Arc<Stage>,
    nodes: Arc<Mutex<BTreeMap<String, Serving>>>,
}

/// A node that is being served; dropping `stop` ends its tasks, and `sockets` is watched by those that hold one.
struct Serving {
    node: Arc<Node>,
    hosts: BTreeMap<String, Arc<Host>>,
    stop: watch::Sender<()>,
    sockets: watch::Sender<()>,
}

/// Longest wait for sockets that are to be closed.
const CLOSING: Duration = Duration::from_secs(2);

/// Why a node or listener was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No service has this slug.
    #[error("no service is called {0:?}")]
    UnknownService(String),
    /// A port's service is not among the node's services.
    #[error("port {1} names service {0:?}, which the node does not have")]
    StrayPort(String, u16),
    /// The transport of a port is not served by its service.
    #[error("service {0:?} does not serve {1}")]
    Transport(String, &'static str),
    /// A name that cannot stand in an event line.
    #[error(transparent)]
    Name(#[from] netsvc_wire::BadHeaderText),
    /// A listener could not be taken over.
    #[error("take over the listener of port {port}")]
    Listener {
        /// Port.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

impl Server {
    /// A server for the services in `catalogue`.
    pub fn new(stage: Arc<Stage>, catalogue: &'static [&'static Def]) -> Self {
        // A second server on the same stage serves what the first one does.
        stage.catalogue.get_or_init(|| catalogue);
        Server { stage, nodes: Arc::default() }
    }

    /// The process.
    pub fn stage(&self) -> &Arc<Stage> {
        &self.stage
    }

    /// Serves `persona` on `listeners`, in addition to those it already has. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of the call took effect.
    pub fn add(
        &self,
        persona: Persona,
        services: &[ServiceSpec],
        listeners: Vec<Bound>,
    ) -> Result<(), Refused> {
        let mut nodes = self.nodes.lock();
        let known = nodes.get(&persona.node).filter(|serving| *serving.node.persona == persona);
        let node = match known {
            Some(serving) => serving.node.clone(),
            None => Node::new(&self.stage, persona)?,
        };
        let mut hosts = known.map(|serving| serving.hosts.clone()).unwrap_or_default();
        for service in services {
            if !hosts.contains_key(&service.slug) {
                self.def(&service.slug)?;
                let host = Host::new(node.clone(), &service.slug, service.settings.clone())?;
                hosts.insert(service.slug.clone(), host);
            }
        }
        let ready = self.prepare(&hosts, listeners)?;
        let (stop, sockets) = match nodes.remove(node.name.as_str()) {
            Some(serving) if Arc::ptr_eq(&serving.node, &node) => (serving.stop, serving.sockets),
            _ => (watch::channel(()).0, watch::channel(()).0),
        };
        self.stage.keep_house();
        for (def, host, port, socket) in ready {
            let (stop, held) = (stop.subscribe(), sockets.subscribe());
            match socket {
                Socket::Stream(listener) => {
                    let accepted = Listening::new(def, host, port, stop).accept(listener);
                    tokio::spawn(async move { (accepted.await, drop(held)) });
                }
                Socket::Datagrams(open, socket) => {
                    let served = Datagrams::new(def, open, host, port, stop).serve(socket);
                    tokio::spawn(async move { (served.await, drop(held)) });
                }
            }
        }
        nodes.insert(node.name.to_string(), Serving { node, hosts, stop, sockets });
        Ok(())
    }

    fn prepare(
        &self,
        hosts: &BTreeMap<String, Arc<Host>>,
        listeners: Vec<Bound>,
    ) -> Result<Vec<(&'static Def, Arc<Host>, PortSpec, Socket)>, Refused> {
        let mut ready = Vec::with_capacity(listeners.len());
        for (port, descriptor) in listeners {
            let def = self.def(&port.slug)?;
            let Some(host) = hosts.get(&port.slug) else {
                return Err(Refused::StrayPort(port.slug, port.port));
            };
            let taken = match (port.transport, def.serve) {
                (Transport::Udp, Serve::Datagrams(open) | Serve::Both(_, open)) => {
                    datagrams(descriptor).map(|socket| Socket::Datagrams(open, socket))
                }
                (Transport::Tcp, Serve::Machine(_) | Serve::Secure(_) | Serve::Task(_) | Serve::Both(..)) => {
                    listener(descriptor).map(Socket::Stream)
                }
                _ => return Err(Refused::Transport(port.slug, port.transport.name())),
            };
            let socket = taken.map_err(|source| Refused::Listener { port: port.port, source })?;
            ready.push((def, host.clone(), port, socket));
        }
        Ok(ready)
    }

    /// Stops serving `node`: listeners and connections are closed. Unknown nodes are no error. When it is done, the
    /// ports are free.
    pub async fn remove(&self, node: &str) {
        let gone = self.nodes.lock().remove(node);
        self.stage.rsa().forget(node);
        let Some(Serving { stop, sockets, .. }) = gone else { return };
        drop(stop);
        // A socket that stays open longer is the kernel's to refuse.
        let _ = timeout(CLOSING, sockets.closed()).await;
    }

    /// Stops serving everything.
    pub fn clear(&self) {
        self.nodes.lock().clear();
    }

    fn def(&self, slug: &str) -> Result<&'static Def, Refused> {
        self.stage
            .catalogue()
            .iter()
            .copied()
            .find(|def| def.slug == slug)
            .ok_or_else(|| Refused::UnknownService(slug.to_owned()))
    }
}

fn listener(descriptor: OwnedFd) -> io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::from(descriptor);
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn datagrams(descriptor: OwnedFd) -> io::Result<tokio::net::UdpSocket> {
    let socket = UdpSocket::from(descriptor);
    socket.set_nonblocking(true)?;
    tokio::net::UdpSocket::from_std(socket)
}

/// Writes `started` for a node.
pub fn record_started(stage: &Stage, node: &Node) {
    let Ok(app) = "serve".parse() else { return };
    stage.recorder().record(recorder::event_now(&node.name, &app, Kind::Started));
}
