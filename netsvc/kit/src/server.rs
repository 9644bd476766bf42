//! The nodes that a process serves: adding and removing them at run time, accepting, dispatching.

use crate::{Def, Host, Node, Stage, listen::Listening, recorder};
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec, Transport},
};
use netsvc_wire::Kind;
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::TcpListener, sync::Arc};
use tokio::sync::watch;

/// A listener of a service as handed over.
pub type Bound = (PortSpec, TcpListener);

/// Serves nodes. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {
    stage: Arc<Stage>,
    catalogue: &'static [&'static Def],
    nodes: Arc<Mutex<BTreeMap<String, Serving>>>,
}

/// A node that is being served; dropping `stop` ends its tasks.
struct Serving {
    node: Arc<Node>,
    hosts: BTreeMap<String, Arc<Host>>,
    stop: watch::Sender<()>,
}

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
        source: std::io::Error,
    },
}

impl Server {
    /// A server for the services in `catalogue`.
    pub fn new(stage: Arc<Stage>, catalogue: &'static [&'static Def]) -> Self {
        Server { stage, catalogue, nodes: Arc::default() }
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
        let stop = match nodes.remove(node.name.as_str()) {
            Some(serving) if Arc::ptr_eq(&serving.node, &node) => serving.stop,
            _ => watch::channel(()).0,
        };
        self.stage.keep_house();
        for (def, host, port, listener) in ready {
            tokio::spawn(Listening::new(def, host, port, stop.subscribe()).accept(listener));
        }
        nodes.insert(node.name.to_string(), Serving { node, hosts, stop });
        Ok(())
    }

    fn prepare(
        &self,
        hosts: &BTreeMap<String, Arc<Host>>,
        listeners: Vec<Bound>,
    ) -> Result<Vec<(&'static Def, Arc<Host>, PortSpec, tokio::net::TcpListener)>, Refused> {
        let mut ready = Vec::with_capacity(listeners.len());
        for (port, listener) in listeners {
            let def = self.def(&port.slug)?;
            if port.transport != Transport::Tcp {
                return Err(Refused::Transport(port.slug, port.transport.name()));
            }
            let Some(host) = hosts.get(&port.slug) else {
                return Err(Refused::StrayPort(port.slug, port.port));
            };
            let taken =
                listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
            let listener = taken.map_err(|source| Refused::Listener { port: port.port, source })?;
            ready.push((def, host.clone(), port, listener));
        }
        Ok(ready)
    }

    /// Stops serving `node`: listeners and connections are closed. Unknown nodes are no error.
    pub fn remove(&self, node: &str) {
        self.nodes.lock().remove(node);
        self.stage.rsa().forget(node);
    }

    /// Stops serving everything.
    pub fn clear(&self) {
        self.nodes.lock().clear();
    }

    fn def(&self, slug: &str) -> Result<&'static Def, Refused> {
        self.catalogue
            .iter()
            .copied()
            .find(|def| def.slug == slug)
            .ok_or_else(|| Refused::UnknownService(slug.to_owned()))
    }
}

/// Writes `started` for a node.
pub fn record_started(stage: &Stage, node: &Node) {
    let Ok(app) = "serve".parse() else { return };
    stage.recorder().record(recorder::event_now(&node.name, &app, Kind::Started));
}
