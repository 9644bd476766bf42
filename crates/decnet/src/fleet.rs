//! The worker `fleet`: makes the fleet that stands in the store come true, and keeps it so.

use crate::{commands::Context, install, settings::Name};
use anyhow::{Context as _, Result};
use decnet_engine::{NodeSpec, Runtime, loopback};
use decnet_model::{
    fleet::{DeckyName, Fleet, Step},
    worker::Worker,
};
use decnet_pipeline::runtime::WorkerContext;
use decnet_store::Store;
use netsvc_persona::{
    Persona,
    derive::derive,
    stage::{Limits, Settings as StageSettings},
};
use std::{collections::BTreeMap, sync::Arc};

/// User that service processes become when their supervisor is root: a fixed number, so that no
/// account has to be made.
pub const STAGE_USER: u32 = 64_999;

type Shared = Arc<parking_lot::Mutex<Box<dyn Runtime>>>;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the store fails or the service process cannot be started.
pub async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let store = context.store_or_new().await?;
    let fence = store.lease_take(Worker::Fleet).await.context("take the lease")?;
    let secret = install::secret(&context.paths())?;
    let mut keeper = Keeper { context, store, fence, secret, runtime: None, have: None };
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
        tokio::select! {
            () = worker.stopped() => break,
            () = tokio::time::sleep(wake.tick.min(std::time::Duration::from_secs(2))) => {}
            () = async { match inbox { Some(inbox) => { inbox.ready().await; inbox.clear() } None => std::future::pending().await } } => {}
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
    runtime: Option<Shared>,
    /// The fleet as it is.
    have: Option<Fleet>,
}

impl Keeper {
    async fn pass(&mut self) -> Result<()> {
        self.revive().await?;
        let Some(text) = self.store.fleet_get().await.context("read the fleet")? else { return Ok(()) };
        let want: Fleet = serde_json::from_str(&text).context("read the fleet")?;
        let have = self.have.take().unwrap_or_else(|| want.emptied());
        let mut now = have;
        let steps = want.steps(&now);
        now.network = want.network.clone();
        now.seed = want.seed.clone();
        now.domain = want.domain.clone();
        now.runtime = want.runtime.clone();
        for step in steps {
            match step {
                Step::Remove(name) => {
                    self.remove(&name).await?;
                    now.deckies.remove(&name);
                }
                Step::Add(name) => {
                    let Some(decky) = want.deckies.get(&name) else { continue };
                    if self.add(&want, &name).await? {
                        now.deckies.insert(name, decky.clone());
                    }
                }
            }
        }
        self.have = Some(now);
        Ok(())
    }

    /// Adds a decky, and says whether it is there now. What refuses one decky does not stop the others.
    async fn add(&mut self, want: &Fleet, name: &DeckyName) -> Result<bool> {
        let Some(decky) = want.deckies.get(name) else { return Ok(false) };
        let persona = self.persona(want, name).await?;
        let spec = NodeSpec { persona, services: decky.services.clone(), ports: decky.ports() };
        let runtime = self.runtime().await?;
        let added = blocking(runtime, move |runtime| runtime.add(spec)).await?;
        let (actual, reason) = match &added {
            Ok(()) => ("running", String::new()),
            Err(error) => ("failed", chain(error)),
        };
        if added.is_err() {
            tracing::warn!(decky = %name, reason, "decky could not be started");
        }
        self.state(name, actual, &reason).await?;
        Ok(added.is_ok())
    }

    async fn remove(&mut self, name: &DeckyName) -> Result<()> {
        if let Some(runtime) = self.runtime.clone() {
            let text = name.to_string();
            blocking(runtime, move |runtime| runtime.remove(&text)).await??;
        }
        self.state(name, "gone", "").await
    }

    async fn state(&self, name: &DeckyName, actual: &str, reason: &str) -> Result<()> {
        let now = self.context.now();
        self.store
            .decky_state_set(Some(&self.fence), name.as_str(), actual, reason, now)
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

    async fn runtime(&mut self) -> Result<Shared> {
        if let Some(runtime) = &self.runtime {
            return Ok(runtime.clone());
        }
        let config = loopback::Config {
            program: self.context.stage_binary()?,
            settings: stage_settings(&self.context),
            log: self.context.paths().run().join("serve.log"),
        };
        let started = tokio::task::spawn_blocking(move || loopback::Loopback::start(config)).await;
        let runtime = started.context("start the runtime")?.context("start the runtime")?;
        let shared: Shared = Arc::new(parking_lot::Mutex::new(Box::new(runtime)));
        self.export(&shared)?;
        self.runtime = Some(shared.clone());
        Ok(shared)
    }

    /// Starts a dead service process again with everything it had.
    async fn revive(&mut self) -> Result<()> {
        let Some(runtime) = self.runtime.clone() else { return Ok(()) };
        if blocking(runtime.clone(), |runtime| runtime.revive())
            .await?
            .context("start the service process again")?
        {
            tracing::warn!("the service process had died and was started again");
            self.export(&runtime)?;
        }
        Ok(())
    }

    /// What `status` reads about the runtime.
    fn export(&self, runtime: &Shared) -> Result<()> {
        let standing = runtime.lock().standing();
        let text = serde_json::to_vec(&standing).context("write the runtime's state")?;
        fs_err::write(self.context.paths().run().join("runtime.json"), text)
            .context("write the runtime's state")
    }

    async fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let stopped = blocking(runtime, |runtime| runtime.stop()).await;
            if let Err(error) = stopped {
                tracing::error!(error = %format!("{error:#}"), "the runtime did not stop in order");
            }
        }
        let names: BTreeMap<_, _> = self.have.take().map(|fleet| fleet.deckies).unwrap_or_default();
        for name in names.keys() {
            if let Err(error) = self.state(name, "stopped", "").await {
                tracing::warn!(error = %format!("{error:#}"), "the state of a decky could not be stored");
            }
        }
        // The file says what runs; nothing does.
        let _ = fs_err::remove_file(self.context.paths().run().join("runtime.json"));
    }
}

async fn blocking<T: Send + 'static>(
    runtime: Shared,
    act: impl FnOnce(&mut dyn Runtime) -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(move || act(runtime.lock().as_mut())).await.context("wait for the runtime")
}

/// Settings of a service process.
pub fn stage_settings(context: &Context) -> StageSettings {
    let settings = context.settings();
    let count = |name| usize::try_from(settings.number(name)).unwrap_or(usize::MAX);
    StageSettings {
        spool: context.paths().spool("serve"),
        sd_id: settings.text(Name::SdId).to_owned(),
        limits: Limits {
            connections: count(Name::Connections),
            connections_per_source: count(Name::ConnectionsPerSource),
            spool_bytes: settings.number(Name::SpoolBytes),
            ..Limits::default()
        },
        user: nix::unistd::geteuid().is_root().then_some(STAGE_USER),
        natural_delays: true,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
