//! The worker `fleet`: makes the fleet that stands in the store come true, and keeps it so.

use crate::{commands::Context, install, settings::Name};
use anyhow::{Context as _, Result};
use decnet_engine::{
    loopback::{self, Loopback, LoopbackConfig},
    node::{NodeSpec, Nodes},
    plan::{self, Backend, Step},
    stage::StageConfig,
};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    worker::Worker,
};
use decnet_pipeline::runtime::WorkerContext;
use decnet_store::Store;
use netsvc_persona::{Persona, derive::derive, stage::Limits};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// User that service processes become when their supervisor is root: a fixed number, so that no
/// account has to be made.
pub const STAGE_USER: u32 = 64_999;

/// Time between two attempts at deckies that could not be started.
const RETRY: Duration = Duration::from_secs(15);

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the store fails or the service process cannot be started.
pub async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let store = context.store_or_new().await?;
    let fence = store.lease_take(Worker::Fleet).await.context("take the lease")?;
    let secret = install::secret(&context.paths())?;
    let mut keeper = Keeper {
        context,
        store,
        fence,
        secret,
        backend: None,
        last: None,
        failed: false,
        tried: Instant::now(),
    };
    let wake = Worker::Fleet.spec().wake;
    let mut inboxes: Vec<_> = wake
        .topics
        .iter()
        .filter_map(|topic| topic.parse().ok())
        .map(|pattern| worker.bus.subscribe(pattern))
        .collect();
    loop {
        let ready = keeper.pass().await;
        worker.status.set_good(ready.is_ok());
        ready?;
        let inbox = inboxes.first_mut();
        let rung = async {
            match inbox {
                Some(inbox) => {
                    inbox.ready().await;
                    inbox.clear();
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = worker.stopped() => break,
            () = tokio::time::sleep(wake.tick.min(Duration::from_secs(2))) => {}
            () = rung => {}
        }
    }
    keeper.stop().await;
    Ok(())
}

struct Keeper {
    context: Context,
    store: Store,
    fence: decnet_store::Fence,
    secret: [u8; 32],
    backend: Option<Arc<Loopback>>,
    /// The intent that was made true last.
    last: Option<String>,
    /// Whether a decky of it could not be started.
    failed: bool,
    tried: Instant,
}

impl Keeper {
    async fn pass(&mut self) -> Result<()> {
        self.export().await?;
        let Some(text) = self.store.fleet_get().await.context("read the fleet")? else { return Ok(()) };
        let retry = self.failed && RETRY <= self.tried.elapsed();
        if self.last.as_ref() == Some(&text) && !retry {
            return Ok(());
        }
        let want: Fleet = serde_json::from_str(&text).context("read the fleet")?;
        let mut nodes = Nodes::new();
        for decky in want.deckies.values() {
            let persona = self.persona(&want, &decky.name).await?;
            let spec = NodeSpec { persona, services: decky.services.clone(), ports: decky.ports() };
            nodes.insert(decky.name.to_string(), spec);
        }
        let backend = self.backend().await?;
        let have = backend.observe().await.context("look at the runtime")?;
        self.failed = false;
        self.tried = Instant::now();
        for step in plan::plan(&nodes, &have) {
            match step {
                Step::Remove(gone) => self.remove(backend.as_ref(), gone).await?,
                Step::Add(new) => self.add(backend.as_ref(), new).await?,
            }
        }
        self.last = Some(text);
        self.export().await
    }

    /// Adds deckies together, or when one is refused, each by itself: one does not stop the others.
    async fn add(&mut self, backend: &dyn Backend, new: Vec<NodeSpec>) -> Result<()> {
        let together = backend.apply(&Step::Add(new.clone())).await;
        for node in new {
            let name = node.name().to_owned();
            let added = match &together {
                Ok(()) => Ok(()),
                Err(_) => backend.apply(&Step::Add(vec![node])).await,
            };
            let (actual, reason) = match &added {
                Ok(()) => ("running", String::new()),
                Err(error) => ("failed", plan::chain(error)),
            };
            if added.is_err() {
                self.failed = true;
                tracing::warn!(decky = %name, reason, "decky could not be started");
            }
            self.state(&name, actual, &reason).await?;
        }
        Ok(())
    }

    async fn remove(&self, backend: &dyn Backend, gone: Vec<NodeSpec>) -> Result<()> {
        let names: Vec<String> = gone.iter().map(|node| node.name().to_owned()).collect();
        backend.apply(&Step::Remove(gone)).await.context("take deckies down")?;
        for name in names {
            self.state(&name, "gone", "").await?;
        }
        Ok(())
    }

    async fn state(&self, name: &str, actual: &str, reason: &str) -> Result<()> {
        let now = self.context.now();
        self.store
            .decky_state_set(Some(&self.fence), name, actual, reason, now)
            .await
            .context("store the state of a decky")?;
        Ok(())
    }

    /// The persona of a decky: the stored one while it fits the plan, else a new one.
    async fn persona(&self, want: &Fleet, name: &DeckyName) -> Result<Persona> {
        let decky = want.deckies.get(name).context("the decky is not in the fleet")?;
        let slugs = decky.slugs();
        let now = self.context.now();
        let fresh = derive(&decky.request(&want.network, &slugs, &self.secret, want, now))
            .context("derive a persona")?;
        let text = serde_json::to_string(&fresh).context("write a persona")?;
        let stored = self.store.persona_put(name.as_str(), &text, now).await.context("store a persona")?;
        let mut persona: Persona = serde_json::from_str(&stored).context("read a persona")?;
        // What the plan says goes before what was stored; what only the persona knows stays as it was.
        persona.ip = fresh.ip;
        persona.prefix = fresh.prefix;
        persona.gateway = fresh.gateway;
        persona.login = fresh.login.clone();
        if persona.os.id != fresh.os.id {
            self.store.persona_reset(name.as_str(), now).await.context("store a persona")?;
            self.store.persona_put(name.as_str(), &text, now).await.context("store a persona")?;
            return Ok(fresh);
        }
        for (slug, product) in fresh.products {
            persona.products.entry(slug).or_insert(product);
        }
        Ok(persona)
    }

    async fn backend(&mut self) -> Result<Arc<Loopback>> {
        if let Some(backend) = &self.backend {
            return Ok(backend.clone());
        }
        let config = LoopbackConfig {
            stage: stage_config(&self.context)?,
            offset: loopback::OFFSET,
            low_ports: false,
            every_port: true,
        };
        let backend = Arc::new(Loopback::start(config).await.context("start the runtime")?);
        self.backend = Some(backend.clone());
        // Whoever sees a decky run must also find what runs it.
        self.export().await?;
        Ok(backend)
    }

    /// What `status` reads about the runtime.
    async fn export(&self) -> Result<()> {
        let Some(backend) = &self.backend else { return Ok(()) };
        let status = backend.status().await.context("look at the runtime")?;
        let standing = json!({
            "runtime": backend.name(), "carrier": "kernel", "isolation": status.isolation, "uid": stage_user(),
            "process": status.pid, "restarts": status.restarts, "nodes": status.nodes, "listeners": status.listeners,
        });
        let path = self.context.paths().run().join("runtime.json");
        fs_err::write(path, standing.to_string()).context("write the runtime's state")
    }

    async fn stop(&mut self) {
        let Some(backend) = self.backend.take() else { return };
        let names: Vec<String> =
            backend.observe().await.map(|nodes| nodes.into_keys().collect()).unwrap_or_default();
        backend.stop().await;
        for name in names {
            if let Err(error) = self.state(&name, "stopped", "").await {
                tracing::warn!(error = %format!("{error:#}"), "the state of a decky could not be stored");
            }
        }
        // The file says what runs; nothing does.
        let _ = fs_err::remove_file(self.context.paths().run().join("runtime.json"));
    }
}

/// User id that services run as.
pub fn stage_user() -> u32 {
    let own = nix::unistd::geteuid();
    if own.is_root() { STAGE_USER } else { own.as_raw() }
}

/// What service processes are started with.
fn stage_config(context: &Context) -> Result<StageConfig> {
    let settings = context.settings();
    let count = |name| usize::try_from(settings.number(name)).unwrap_or(usize::MAX);
    Ok(StageConfig {
        program: context.stage_binary()?,
        spools: context.paths().spools(),
        sd_id: settings.text(Name::SdId).to_owned(),
        limits: Limits {
            connections: count(Name::Connections),
            connections_per_source: count(Name::ConnectionsPerSource),
            spool_bytes: settings.number(Name::SpoolBytes),
            ..Limits::default()
        },
        natural_delays: true,
        user: nix::unistd::geteuid().is_root().then_some(STAGE_USER),
    })
}
