//! The correlator: keeps the views of events up to date, attackers, contacts and traversals first of all.

use crate::{
    projection::{Analysed, Counters as ViewCounters, Projector, Shared},
    rules::{BadRules, RuleFolder},
    runtime::{Pass, Running, Work, WorkerContext, run_passes},
};
use decnet_analysis::technique::Rules;
use decnet_bus::Subject;
use decnet_model::{record::View, worker::Worker};
use decnet_store::{Error as StoreError, Store};
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Pause after each round, so that a long catch-up commits at most four times a second for each view and the
/// ingester gets its turn.
const PAUSE: Duration = Duration::from_millis(250);

/// Why the correlator stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum CorrelateError {
    /// The store failed.
    #[error("correlate events")]
    Store(#[from] StoreError),
    /// The rules of this release are wrong.
    #[error("read the rules of techniques")]
    Rules(#[from] BadRules),
}

/// What the correlator has done since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Attackers.
    #[serde(flatten)]
    pub attackers: ViewCounters,
    /// Every view, by name.
    pub views: BTreeMap<&'static str, ViewCounters>,
}

/// The setting with what the rules were by which techniques were found.
const RULES: &str = "techniques.rules";

/// Keeps views up to date.
pub struct Correlator {
    projectors: Vec<Projector<Analysed>>,
    store: Store,
    folder: Option<RuleFolder>,
}

/// Correlates until the worker is told to stop, then what is left.
///
/// # Errors
/// [`CorrelateError`]; the correlator can be started again and goes on at its cursors.
pub fn run(context: WorkerContext, store: Store) -> Running<CorrelateError> {
    Box::pin(work(context, store))
}

async fn work(context: WorkerContext, store: Store) -> Result<(), CorrelateError> {
    let folder = RuleFolder::open(context.paths.rules())?;
    let mut correlator = Correlator::open(store, folder.rules().clone()).await?;
    correlator.folder = Some(folder);
    run_passes(context, &mut correlator).await
}

impl Correlator {
    /// Takes the lease and finds the cursors in the store. Techniques are found by `rules`.
    ///
    /// # Errors
    /// [`CorrelateError`] when the store cannot be reached.
    pub async fn open(store: Store, rules: Arc<Rules>) -> Result<Correlator, CorrelateError> {
        let fence = store.lease_take(Worker::Correlator).await?;
        let mut projectors = Vec::new();
        for view in View::ALL.iter().filter(|view| view.worker() == Worker::Correlator) {
            let projection = Analysed { view: *view, rules: rules.clone() };
            projectors.push(Projector::open(projection, store.clone(), fence).await?);
        }
        let mut correlator = Correlator { projectors, store, folder: None };
        correlator.ruled(&rules).await?;
        Ok(correlator)
    }

    /// Has techniques found by `rules` from now on. Where they are others than before, what was found is found anew,
    /// unless events that showed some of it are gone already: then it stays, and new rules see what comes.
    async fn ruled(&mut self, rules: &Arc<Rules>) -> Result<(), CorrelateError> {
        let own = self.projectors.iter_mut().filter(|projector| projector.view() == View::Techniques);
        let before = self.store.setting_get(RULES).await?;
        let others = before.as_deref() != Some(rules.version());
        // Looked at only where it decides something.
        let anew = others && self.store.retired_list().await?.iter().all(|retired| retired.events == 0);
        for projector in own {
            projector.project_by(Analysed { view: View::Techniques, rules: rules.clone() });
            if anew && projector.counters().cursor > 0 {
                projector.reset().await?;
            }
        }
        if others {
            self.store.setting_put(RULES, rules.version()).await?;
        }
        Ok(())
    }

    /// Deals with the next batch of each view; returns how many events the largest had, 0 when there are none.
    ///
    /// # Errors
    /// [`CorrelateError`]; then the correlator must be opened anew.
    pub async fn step(&mut self) -> Result<usize, CorrelateError> {
        let (mut shared, mut most) = (Shared::default(), 0);
        for projector in &mut self.projectors {
            most = most.max(projector.step(&mut shared).await?);
        }
        Ok(most)
    }

    /// Makes a view anew from the first event on, in the next steps.
    ///
    /// # Errors
    /// [`CorrelateError`]; then the correlator must be opened anew.
    pub async fn reset(&mut self, view: View) -> Result<(), CorrelateError> {
        for projector in self.projectors.iter_mut().filter(|projector| projector.view() == view) {
            projector.reset().await?;
        }
        Ok(())
    }

    /// How often incidents were changed.
    fn incidents(&self) -> u64 {
        let of = |one: &&Projector<Analysed>| one.view() == View::Incidents;
        self.projectors.iter().find(of).map_or(0, |one| one.counters().updates)
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        let views: BTreeMap<_, _> =
            self.projectors.iter().map(|one| (one.view().name(), one.counters())).collect();
        let attackers = views.get(View::Attackers.name()).copied().unwrap_or_default();
        Counters { attackers, views }
    }
}

impl Pass for Correlator {
    type Error = CorrelateError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, CorrelateError> {
        if let Some(folder) = &mut self.folder
            && folder.look()
        {
            let rules = folder.rules().clone();
            tracing::info!(rules = rules.all().len(), "the rules of techniques are others");
            self.ruled(&rules).await?;
        }
        let before = self.incidents();
        let events = self.step().await?;
        if before < self.incidents() {
            context.bus.publish(&Subject::IncidentChanged.topic(), &json!({}));
        }
        let counters = self.counters();
        context.status.set_trouble(self.folder.as_ref().and_then(RuleFolder::wrong).map(str::to_owned));
        let least = counters.views.values().map(|view| view.cursor).min().unwrap_or_default();
        let lag = self.store.event_last().await?.saturating_sub(least);
        context.status.set_lag(u64::try_from(lag).unwrap_or_default());
        context.status.report(&counters);
        if events == 0 {
            return Ok(Work::Done);
        }
        let attackers = counters.attackers;
        let payload = json!({ "updates": attackers.updates, "cursor": attackers.cursor });
        context.bus.publish(&Subject::AttackerObserved.topic(), &payload);
        if !context.is_stopping() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Work::More)
    }
}
