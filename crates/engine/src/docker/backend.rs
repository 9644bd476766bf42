//! The runtime as a backend: what runs is asked of the daemon, what is to run is made container by container.

use super::{
    client::{Asked, Client, DockerError},
    image,
    listing::{self, Listed},
    place::{self, Ground},
    porter::{First, From, Porter},
    shut,
    stands::{has_ended, is_made_from, stands},
};
use crate::{
    node::{NodeSpec, Nodes, Post},
    plan::{Backend, Error, Step, chain},
    stage::StageConfig,
};
use async_trait::async_trait;
use decnet_compose::{Carrier, Container, Part, Place, class::Class};
use decnet_model::{
    capture::{Capture, Format},
    custom::{CustomService, Log},
    fleet::Network,
    runtime::Runtime,
};
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::{sync::Mutex, task::JoinSet};

/// Name of the runtime.
const NAME: &str = Runtime::Docker.name();
/// Deckies that are made or removed at once, and images, unless somebody says how many.
const AT_ONCE: (usize, usize) = (8, 1);

/// Settings of the runtime.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    /// The daemon's socket.
    pub socket: PathBuf,
    /// Folder of the runtime.
    pub folder: PathBuf,
    /// Short name of the installation.
    pub site: String,
    /// The segment.
    pub network: Network,
    /// What carries frames.
    pub carrier: Carrier,
    /// The stage binary and its settings.
    pub stage: StageConfig,
}

/// How the runtime does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerStatus {
    /// Deckies.
    pub nodes: usize,
    /// Listeners that they should have.
    pub listeners: usize,
    /// Times that a decky was made again because something of it had ended or gone.
    pub restarts: u64,
}

/// Deckies in containers.
#[derive(Debug)]
pub struct Docker {
    inner: Arc<Inner>,
    /// Held over a whole step, so that two steps cannot interleave.
    step: Mutex<()>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    ground: Ground,
    porter: Porter,
    restarts: AtomicU64,
    /// What somebody says of how much is done at once; 0: nothing.
    at_once: AtomicUsize,
}

impl Docker {
    /// Connects, makes the stage's image and the network if need be, and takes over what an earlier run left.
    ///
    /// # Errors
    /// When the daemon cannot be reached, or refuses.
    pub async fn start(config: DockerConfig) -> Result<Self, Error> {
        let client = Client::connect(&config.socket).await.map_err(failed)?;
        let stage_image = image::stage_image(&client, &config.stage).await.map_err(failed)?;
        let stage_user = config.stage.user.unwrap_or_else(|| nix::unistd::geteuid().as_raw());
        let (site, network, carrier) = (config.site, config.network, config.carrier);
        let place = Place { site, network, carrier, stage_image, stage_user };
        let porter = Porter::start(&config.stage.spools, config.stage.user);
        let ground = Ground::new(&config.folder, config.stage, place).map_err(on_host)?;
        place::network(&client, &ground.place).await.map_err(failed)?;
        let inner = Arc::new(Inner { client, ground, porter, restarts: 0.into(), at_once: 0.into() });
        inner.take_over().await.map_err(failed)?;
        Ok(Docker { inner, step: Mutex::new(()) })
    }

    /// Has so many deckies be made at once from now on, and images; `None`: as many as usual.
    pub fn set_at_once(&self, most: Option<u32>) {
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or_default();
        self.inner.at_once.store(most, Ordering::Relaxed);
    }

    /// How it does.
    pub fn status(&self) -> DockerStatus {
        let nodes = self.inner.ground.nodes();
        let of = |node: &NodeSpec| {
            node.ports.len() + node.custom.iter().map(|custom| custom.listeners().count()).sum::<usize>()
        };
        let restarts = self.inner.restarts.load(Ordering::Relaxed);
        DockerStatus { nodes: nodes.len(), listeners: nodes.values().map(of).sum(), restarts }
    }

    /// Whether something of a decky has ended, or was changed by somebody else.
    pub async fn has_drifted(&self) -> bool {
        let nodes = self.inner.ground.nodes();
        self.inner.ground.tidy(&nodes);
        self.inner.porter.tidy();
        match self.inner.seen(nodes.clone()).await {
            Ok(there) => nodes.iter().any(|(name, node)| there.get(name) != Some(node)),
            // A daemon that does not answer says nothing of its containers.
            Err(_) => false,
        }
    }

    /// Removes everything: containers, network, the way to them.
    pub async fn stop(&self) {
        let _step = self.step.lock().await;
        let names: Vec<String> = self.inner.ground.nodes().into_keys().collect();
        if let Err(error) = self.inner.remove(names).await {
            tracing::warn!(error = %chain(&error), "containers could not be removed");
        }
        let ended = place::remove(&self.inner.client, &self.inner.ground.place.site).await;
        if let Err(error) = ended {
            tracing::warn!(error = %chain(&error), "the network of the containers could not be removed");
        }
        let inner = Arc::clone(&self.inner);
        let cleared = tokio::task::spawn_blocking(move || inner.ground.clear()).await;
        if !matches!(cleared, Ok(Ok(()))) {
            tracing::warn!(?cleared, "what lies on the host could not be removed");
        }
    }
}

#[async_trait]
impl Backend for Docker {
    fn name(&self) -> &'static str {
        NAME
    }

    fn changes_in_place(&self) -> bool {
        true
    }

    async fn observe(&self) -> Result<Nodes, Error> {
        self.inner.seen(self.inner.ground.nodes()).await
    }

    async fn apply(&self, step: &Step) -> Result<(), Error> {
        let _step = self.step.lock().await;
        match step {
            Step::Add(nodes) => {
                crate::node::check(std::iter::empty(), nodes)
                    .map_err(|conflict| Error::Refused { backend: NAME, reason: conflict.to_string() })?;
                self.inner.add(nodes).await?;
            }
            Step::Remove(nodes) => {
                let names = nodes.iter().map(|node| node.name().to_owned()).collect();
                self.inner.remove(names).await?;
            }
        }
        let inner = Arc::clone(&self.inner);
        let written = tokio::task::spawn_blocking(move || {
            let nodes = inner.ground.nodes();
            inner.ground.compose(&nodes)?;
            inner.ground.route(&nodes)
        });
        written.await.map_err(|error| on_host(io::Error::other(error)))?.map_err(on_host)
    }

    /// Nothing: a process in a container reads one document when it starts, so its mailboxes hold what they held then.
    async fn post(&self, _: Vec<Post>) -> Result<(), Error> {
        Ok(())
    }
}

impl Inner {
    /// What an earlier run left is carried on; containers of deckies that nobody wrote down go.
    async fn take_over(&self) -> Result<(), DockerError> {
        let nodes = self.ground.nodes();
        let listed = listing::containers(&self.client, &self.ground.place.site).await?;
        for one in &listed {
            match nodes.get(one.decky()) {
                None => place::remove_one(&self.client, &one.id, one.decky()).await?,
                // One that has ended may have written what nobody has taken yet.
                Some(node) => self.watch(node, one.part(), &one.id).await?,
            }
        }
        for base in listed.iter().filter(|one| one.part() == Part::Base.label() && one.runs()) {
            let decky = base.decky();
            if !nodes.contains_key(decky) {
                continue;
            }
            // Whoever ran it meanwhile, Compose for one, knows nothing of the rule.
            if let Err(error) = self.close(&base.id, decky).await {
                tracing::error!(decky, error = %chain(&error), "a decky is taken down: its way out stays open");
                for one in listed.iter().filter(|one| one.decky() == decky) {
                    self.take_away(&one.id, decky).await?;
                }
            }
        }
        self.porter.sweep(&listed.iter().map(|one| one.id.as_str()).collect());
        Ok(())
    }

    /// What is there of `nodes`, which were written down.
    async fn seen(&self, nodes: Nodes) -> Result<Nodes, Error> {
        let listed = listing::containers(&self.client, &self.ground.place.site).await.map_err(failed)?;
        let images = listing::images(&self.client).await.map_err(failed)?;
        self.porter.keep(&listed.iter().map(|one| one.id.as_str()).collect());
        let mut there = Nodes::new();
        for (name, mut node) in nodes {
            let wanted = self.ground.containers(&node).map_err(on_host)?;
            if !stands(&wanted, &name, &listed, &images) {
                // As much as can be said of what is broken: it is not what was wanted.
                (node.services, node.ports, node.custom) = Default::default();
            }
            there.insert(name, node);
        }
        Ok(there)
    }

    async fn add(self: &Arc<Self>, nodes: &[NodeSpec]) -> Result<(), Error> {
        // By their images: none is made twice at once.
        let mut custom: BTreeMap<&str, &CustomService> = BTreeMap::new();
        for one in nodes.iter().flat_map(|node| &node.custom) {
            let known = custom.entry(&one.image).or_insert(one);
            if one.build.is_some() {
                *known = one;
            }
        }
        let task = |custom: &CustomService| {
            let (inner, custom) = (Arc::clone(self), custom.clone());
            async move { image::ensure(&inner.client, &custom).await.map_err(failed) }
        };
        let at_once = self.at_once();
        all(at_once.1, custom.into_values().map(task).collect()).await?;
        let listed = listing::containers(&self.client, &self.ground.place.site).await.map_err(failed)?;
        let images = listing::images(&self.client).await.map_err(failed)?;
        let known = Arc::new((listed, images));
        let task = |node: &NodeSpec| {
            let (inner, known, node) = (Arc::clone(self), Arc::clone(&known), node.clone());
            async move { inner.make(&node, &known.0, &known.1).await }
        };
        all(at_once.0, nodes.iter().map(task).collect()).await
    }

    /// How many deckies are made at once, and how many images.
    fn at_once(&self) -> (usize, usize) {
        match self.at_once.load(Ordering::Relaxed) {
            0 => AT_ONCE,
            most => (most, most),
        }
    }

    /// Makes one decky what it should be, and touches nothing of it that is so already.
    async fn make(
        &self,
        node: &NodeSpec,
        listed: &[Listed],
        images: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let is_known = self.ground.is_written(node);
        self.ground.put(node).map_err(on_host)?;
        let wanted = self.ground.containers(node).map_err(on_host)?;
        let ours: Vec<_> = listed.iter().filter(|one| one.decky() == node.name()).collect();
        // One that somebody changes is made anew as well, and that is no restart.
        if is_known && has_ended(&wanted, &ours, images) {
            self.restarts.fetch_add(1, Ordering::Relaxed);
        }
        let done = self.parts(node, &wanted, &ours, images).await;
        // All of it or nothing; of one that was there before, what stands stays.
        if done.is_err() && ours.is_empty() {
            let left = listing::containers(&self.client, &self.ground.place.site).await.unwrap_or_default();
            for one in left.iter().filter(|one| one.decky() == node.name()) {
                let _ = self.take_away(&one.id, node.name()).await;
            }
            let _ = self.ground.forget(node.name());
        }
        done
    }

    async fn parts(
        &self,
        node: &NodeSpec,
        wanted: &[Container],
        ours: &[&Listed],
        images: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let keeps = |one: &Listed| wanted.iter().any(|want| is_made_from(one, want, images));
        let base = ours.iter().find(|one| one.part() == Part::Base.label() && one.runs() && keeps(one));
        if let Some(base) = base {
            // It may have been started again since, by somebody who knows nothing of the rule.
            self.close(&base.id, node.name()).await?;
        }
        for one in ours {
            // Without its base a container has no network, and does not get another one.
            if !keeps(one) || base.is_none() || !one.runs() {
                self.take_away(&one.id, node.name()).await.map_err(failed)?;
            }
        }
        let mut base_id = base.map(|base| base.id.clone());
        for want in wanted {
            let kept = ours.iter().any(|one| base.is_some() && one.runs() && is_made_from(one, want, images));
            if kept {
                continue;
            }
            let id = self.create(want, base_id.as_deref()).await.map_err(failed)?;
            if want.part == Part::Base.label() {
                if let Err(error) = self.close(&id, node.name()).await {
                    // The next pass would keep it, and fill it as it is.
                    let _ = self.take_away(&id, node.name()).await;
                    return Err(error);
                }
                base_id = Some(id);
            } else {
                self.watch(node, &want.part, &id).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    async fn create(&self, want: &Container, base: Option<&str>) -> Result<String, DockerError> {
        let created = decnet_compose::create(&self.ground.place, want, base);
        let attempt = format!("make container {} of image {}", created.name, want.image);
        let path = format!("/containers/create?name={}", created.name);
        let answer = self.client.ask(Asked::post(path, attempt.clone()).json(&created.body)).await?;
        let id = answer.get("Id").and_then(serde_json::Value::as_str).map(str::to_owned);
        let id = id.ok_or_else(|| DockerError::Odd { attempt, why: "it names no container".to_owned() })?;
        let attempt = format!("start container {} of image {}", created.name, want.image);
        self.client.ask(Asked::post(format!("/containers/{id}/start"), attempt)).await?;
        Ok(id)
    }

    /// Nothing goes out of the namespace that the container `id` owns.
    async fn close(&self, id: &str, decky: &str) -> Result<(), Error> {
        let inspected = listing::inspect(&self.client, id).await.map_err(failed)?;
        let closed = tokio::task::spawn_blocking(move || shut::close(inspected.pid)).await;
        let closed = closed.map_err(|error| on_host(io::Error::other(error)))?;
        closed.map_err(|error| Error::Refused {
            backend: NAME,
            reason: format!("close the way out of {decky}: {}; install iptables", chain(&error)),
        })
    }

    /// Copies what a service of the operator's own writes.
    async fn watch(&self, node: &NodeSpec, part: &str, id: &str) -> Result<(), DockerError> {
        let Some(custom) = node.custom.iter().find(|custom| custom.name == part) else { return Ok(()) };
        if self.porter.knows(id) {
            return Ok(());
        }
        let inspected = listing::inspect(&self.client, id).await?;
        let (format, from) = match &custom.log {
            Log::Stdout => (Format::JsonFile, From::Daemon(inspected.log.into())),
            Log::File(path) => (
                Format::Plain(path.clone()),
                From::Inside { pid: First::of(inspected.pid), path: path.clone() },
            ),
        };
        let capture = Capture {
            node: node.name().to_owned(),
            service: custom.name.clone(),
            address: node.persona.ip,
            // Ids are random, and nobody inside knows them.
            writer: id.get(..16).unwrap_or(id).to_owned(),
            sd_id: self.ground.stage.sd_id.clone(),
            format,
            credential: custom.credential.clone(),
            source: custom.source.clone(),
        };
        let watched = self.porter.watch(id, &capture, from);
        let attempt = format!("keep what {} of {} writes", custom.name, node.name());
        watched.map_err(|error| DockerError::host(attempt, &error))
    }

    /// Ends a container, takes the last of what it wrote, and removes it.
    async fn take_away(&self, id: &str, decky: &str) -> Result<(), DockerError> {
        let asked = Asked::post(format!("/containers/{id}/stop?t=3"), format!("stop a container of {decky}"));
        match self.client.ask(asked).await {
            Err(error) if !error.is_missing() => {
                tracing::info!(error = %chain(&error), "a container is removed as it is");
            }
            _ => {}
        }
        self.porter.end(id);
        place::remove_one(&self.client, id, decky).await
    }

    async fn remove(self: &Arc<Self>, names: Vec<String>) -> Result<(), Error> {
        let listed = listing::containers(&self.client, &self.ground.place.site).await.map_err(failed)?;
        let task = |name: String| {
            let mut ours: Vec<_> = listed.iter().filter(|one| one.decky() == name).cloned().collect();
            // Whoever shares a namespace goes before the one who owns it.
            ours.sort_by_key(|one| one.part() == Part::Base.label());
            let inner = Arc::clone(self);
            async move {
                for one in ours {
                    inner.take_away(&one.id, &name).await.map_err(failed)?;
                }
                inner.ground.forget(&name).map_err(on_host)
            }
        };
        all(self.at_once().0, names.into_iter().map(task).collect()).await
    }
}

/// Does what is to be done for each, `most` of them at a time; the first failure, when all have ended.
async fn all<F>(most: usize, tasks: Vec<F>) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut result = Ok(());
    for task in tasks {
        if running.len() >= most
            && let Some(done) = running.join_next().await
        {
            result = result.and(ended(done));
        }
        running.spawn(task);
    }
    while let Some(done) = running.join_next().await {
        result = result.and(ended(done));
    }
    result
}

/// What became of one decky; a panic is a failure of the runtime.
fn ended(done: Result<Result<(), Error>, tokio::task::JoinError>) -> Result<(), Error> {
    done.map_err(|error| on_host(io::Error::other(error)))?
}

/// What is final is refused, so that the deckies which can be made are; what passes is tried again by the worker.
fn failed(error: DockerError) -> Error {
    match error.class() {
        Class::Final => Error::Refused { backend: NAME, reason: chain(&error) },
        Class::Passing => Error::Unreachable { backend: NAME, source: io::Error::other(chain(&error)) },
    }
}

fn on_host(source: io::Error) -> Error {
    Error::Unreachable { backend: NAME, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn no_more_is_done_at_once_than_may_be() {
        for most in [1, 3] {
            let (now, greatest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let task = |_| {
                let (now, greatest) = (Arc::clone(&now), Arc::clone(&greatest));
                async move {
                    greatest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                }
            };
            all(most, (0..10).map(task).collect()).await.unwrap();
            assert_eq!(greatest.load(Ordering::SeqCst), most);
        }
    }
}
