//! The worker `api`: serves the REST interface.

use crate::{
    commands::Context, level::Levels, lookup, loudness, oidc, output, runner::stopped, settings::Name, tls,
    web,
};
use anyhow::{Context as _, Result};
use decnet_analysis::{
    attribution,
    cluster::explain,
    keystroke,
    profile::facts,
    technique::{self, Matrix, Rules, shown},
};
use decnet_bus::{Bus, Subject};
use decnet_model::{
    canary::Origin,
    flaw::Flaw,
    record::{ClusterLink, Fingerprint, Level, ProfileRow, ReuseRow},
    worker::{Action, Worker},
};
use decnet_pipeline::{
    rules::RuleFolder,
    runtime::{Note, Order, Phase, WorkerContext},
    why,
};
use decnet_shape::{TechniqueCoverage, TechniqueRule};
use decnet_store::Store;
use decnet_web::{House, Looked, SwarmDoor};
use netsvc_wire::stamp;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::Arc,
};
use tokio::sync::Notify;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the address is taken or the store fails.
pub async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let settings = context.settings();
    let store = context.store_or_new().await?;
    ensure_operator(&context, &store).await?;
    let secret = decnet_web::signing_secret(&store, settings.given(Name::JwtSecret))
        .await
        .context("prepare tokens")?;
    let doorbell = Arc::new(Notify::new());
    let state = decnet_web::ApiState::new(
        store,
        context.paths(),
        &secret,
        doorbell.clone(),
        web::hosts(settings)?,
        Arc::new(Installation(context.clone(), Mutex::default(), worker.bus.clone())),
    )
    .context("prepare the interface")?;
    if let Some(provider) = oidc::provider(settings)? {
        state.log_in_by(provider);
    }
    let listener = web::listen(settings, Name::ApiHost, Name::ApiPort).await?;
    let bound = listener.local_addr().context("listen")?;
    let door = tls::door(&context, listener)?;
    worker.status.report(&web::up(bound));
    tracing::info!(%bound, "the interface is up");
    for subject in [Subject::LogIngested, Subject::IncidentChanged] {
        let (mut inbox, doorbell) = (worker.bus.subscribe(subject.pattern()), doorbell.clone());
        tokio::spawn(async move {
            while inbox.next().await.is_some() {
                doorbell.notify_one()
            }
        });
    }
    decnet_web::serve(door, state, decnet_web::Limits::default(), async move { worker.stopped().await })
        .await
        .context("serve the interface")
}

/// What the interface shows of this installation.
struct Installation(Context, Mutex<Option<RuleFolder>>, Bus);

impl Installation {
    /// The rules that are in use; none where even those of this release cannot be.
    fn technique_rules(&self) -> Arc<Rules> {
        let mut folder = self.1.lock();
        match folder.as_mut() {
            Some(folder) => {
                folder.look();
                folder.rules().clone()
            }
            None => {
                *folder = RuleFolder::open(self.0.paths().rules()).ok();
                folder.as_ref().map(|folder| folder.rules().clone()).unwrap_or_default()
            }
        }
    }
}

// Settings hold secrets.
impl std::fmt::Debug for Installation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Installation")
    }
}

impl House for Installation {
    fn workers(&self) -> Vec<decnet_shape::Worker> {
        workers(&self.0)
    }

    fn settings(&self) -> Vec<decnet_shape::Setting> {
        crate::commands::config::shapes(self.0.settings())
    }

    fn swarm(&self) -> SwarmDoor {
        let settings = self.0.settings();
        let port = u16::try_from(settings.number(Name::SwarmctlPort)).unwrap_or_default();
        SwarmDoor { port, stale: settings.number(Name::SwarmStale) }
    }

    fn swarm_token(&self, authority: &str) -> Option<(String, String)> {
        let (token, hash) = decnet_swarm::join::fresh(authority).ok()?;
        Some((token.to_string(), hash))
    }

    fn release_key(&self) -> Option<String> {
        Some(decnet_swarm::update::Shelf::new(&self.0.paths()).key()?.line())
    }

    fn canary_origin(&self) -> Result<Origin, Vec<Flaw>> {
        let settings = self.0.settings();
        Origin::read(settings.text(Name::CanaryBase), settings.text(Name::CanaryZone))
    }

    fn rules(&self) -> Vec<TechniqueRule> {
        shown::rules(&self.technique_rules())
    }

    fn coverage(&self, services: &BTreeSet<String>, seen: &BTreeMap<String, u64>) -> Vec<TechniqueCoverage> {
        shown::coverage(&technique::coverage(&self.technique_rules(), services), seen)
    }

    fn layer(
        &self,
        matrix: &str,
        services: &BTreeSet<String>,
        seen: &BTreeMap<String, u64>,
    ) -> Option<serde_json::Value> {
        let matrix = [Matrix::Enterprise, Matrix::Ics].into_iter().find(|known| known.domain() == matrix)?;
        Some(technique::layer(matrix, &technique::coverage(&self.technique_rules(), services), seen))
    }

    fn facts(&self, row: &ProfileRow) -> Option<decnet_shape::ProfileFacts> {
        facts::facts(row).ok()
    }

    fn keystrokes(&self, recording: &[u8]) -> Option<decnet_shape::Keystrokes> {
        keystroke::keystrokes(recording)
    }

    fn reuse(&self, row: &ReuseRow) -> Option<decnet_shape::ReuseDetail> {
        facts::reuse(row).ok()
    }

    fn attribution(&self, rows: &[Fingerprint]) -> Option<decnet_shape::Attribution> {
        attribution::attribution(rows)
    }

    fn log_levels(&self) -> Option<decnet_shape::LogLevels> {
        Some(loudness::shown(&self.0.paths(), self.0.settings().text(Name::LogLevel)))
    }

    fn log_levels_change(&self, levels: Option<&str>) -> Result<(), String> {
        let levels = levels.map(str::parse::<Levels>).transpose().map_err(|bad| bad.to_string())?;
        loudness::change(&self.0.paths(), levels.as_ref()).map_err(|error| format!("{error:#}"))
    }

    fn wake_fleet(&self) {
        self.2.publish(&Subject::FleetChanged.topic(), &serde_json::json!({}));
    }

    fn lookup(
        &self,
        store: Store,
        subject: Looked,
    ) -> Pin<Box<dyn Future<Output = Option<decnet_shape::Lookup>> + Send>> {
        let intel = self.0.paths().intel();
        Box::pin(async move {
            let found = match subject {
                Looked::Address(address) => lookup::of_address(intel, Some(&store), address).await,
                Looked::File(sha256) => lookup::of_file(&store, sha256).await,
            };
            found
                .inspect_err(
                    |error| tracing::warn!(error = %format!("{error:#}"), "nothing can be looked up"),
                )
                .ok()
        })
    }

    fn because(&self, link: &ClusterLink, level: Level) -> String {
        explain::sentence(link, level)
    }

    fn why(
        &self,
        store: Store,
        level: Level,
        one: i64,
        two: i64,
    ) -> Pin<Box<dyn Future<Output = Option<ClusterLink>> + Send>> {
        Box::pin(async move { why::why(&store, level, one, two).await.ok().flatten() })
    }
}

/// How each worker of this host does.
pub fn workers(context: &Context) -> Vec<decnet_shape::Worker> {
    let paths = context.paths();
    let shown = |&worker: &Worker| {
        let mut shown = worker_shown(worker, Note::noted(&paths, worker), context.now());
        if shown.state == "stopped"
            && let Some(order) = Order::read(&paths, worker).filter(|order| order.action == Action::Stop)
        {
            shown.trouble = Some(stopped(&order));
        }
        shown
    };
    crate::mode::shown(context.settings()).iter().map(shown).collect()
}

/// How a worker does by what it noted last.
fn worker_shown(worker: Worker, note: Option<Note>, now: i64) -> decnet_shape::Worker {
    let state = match &note {
        None => "stopped",
        Some(note) if note.is_stale(now) => "silent",
        Some(note) if note.phase == Phase::Failing => "failing",
        Some(_) => "running",
    };
    let good = note.as_ref().is_some_and(|note| !note.is_bad(now));
    let (heartbeat_at, next_try) =
        (note.as_ref().map(|note| note.at), note.as_ref().and_then(|note| note.next_try));
    let (since, memory) = note.as_ref().map_or((None, None), |note| (note.since, note.memory));
    let report = note.map(|note| note.report);
    let lag = report.as_ref().and_then(|report| report.lag);
    let (restarts, trouble, last_error, counters) = match report {
        Some(report) => (report.restarts, report.trouble, report.last_error, report.counters),
        None => (0, None, None, serde_json::Value::Null),
    };
    // Readers of the document find an object, also of a worker that has not counted yet.
    let counters = if counters.is_object() { counters } else { serde_json::json!({}) };
    decnet_shape::Worker {
        name: worker.name(),
        about: worker.about(),
        process: worker.spec().process.name(),
        state,
        good,
        since: since.map(stamp::format),
        memory,
        lag,
        heartbeat_at: heartbeat_at.map(stamp::format),
        next_try: next_try.map(stamp::format),
        restarts,
        trouble,
        last_error,
        counters,
    }
}

/// Makes the first operator where there is none; its password, if that is not the one of the settings.
///
/// # Errors
/// When the store fails.
pub async fn new_operator(context: &Context, store: &Store) -> Result<Option<String>> {
    decnet_web::ensure_admin(store, context.settings().given(Name::AdminPassword), context.now())
        .await
        .context("prepare the first operator")
}

/// Makes the first operator where there is none, and shows its password if that is not the one of the settings.
///
/// # Errors
/// When the store fails.
pub async fn ensure_operator(context: &Context, store: &Store) -> Result<()> {
    if let Some(password) = new_operator(context, store).await? {
        output::note(&format!("operator admin was made; the password, shown only now: {password}"));
    }
    Ok(())
}
