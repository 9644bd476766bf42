//! The worker: makes messages of incidents, sends them, tries again, and tells what was held back.

use crate::{
    answer::{Answer, SendError},
    mute,
    send::send,
    watch::{Vigil, Watch},
};
use decnet_model::{
    alert::{Addresses, Quiet, tells},
    record::{AlertDelivery, AlertMute, AlertRule, DeliveryState, Filter, IncidentView, Page, Severity},
    worker::Worker,
};
use decnet_pipeline::runtime::{Pass, Running, Work, WorkerContext, chain, run_passes};
use decnet_shape::message;
use decnet_store::{Error as StoreError, Fence, Store};
use netsvc_wire::stamp::{Micros, now};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf};
use tokio::task::JoinSet;

/// Incidents of one pass.
const BATCH: u32 = 100;
/// Messages that are sent in one pass.
const SENT: u32 = 32;
/// Messages that a digest tells at once.
const DIGEST: u32 = 10_000;
/// How often a message is tried.
const TRIES: u64 = 12;
/// Wait after the first failure; it doubles.
const FIRST_WAIT: Micros = 10_000_000;
/// Longest wait.
const LONGEST_WAIT: Micros = 3_600_000_000;
/// The time in which messages of a rule are counted, and held ones wait for their digest.
const HOUR: Micros = 3_600_000_000;

/// What the worker is told by settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A rule that is set and not stored.
    pub rule: Option<AlertRule>,
    /// Address of the dashboard, for links.
    pub dashboard: Option<String>,
    /// What may be quiet for how long.
    pub vigil: Vigil,
}

/// Why the worker stopped. It may be started again: nothing is lost.
#[derive(Debug, thiserror::Error)]
#[error("send alerts")]
pub struct AlertError(#[from] StoreError);

/// What was done since the worker began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Messages made.
    pub made: u64,
    /// Incidents that a mute kept quiet.
    pub muted: u64,
    /// Messages held back.
    pub held: u64,
    /// Digests made.
    pub digests: u64,
    /// Messages that were taken.
    pub delivered: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Messages that were given up.
    pub given_up: u64,
    /// Messages of what has gone quiet, or is heard of again.
    pub silences: u64,
}

struct Alerter {
    store: Store,
    fence: Fence,
    settings: Settings,
    folder: PathBuf,
    counters: Counters,
    /// What is quiet.
    watch: Watch,
    /// Rules whose targets take nothing, and why.
    deaf: BTreeMap<String, String>,
    /// When old messages were forgotten last.
    forgot: Micros,
}

/// Sends alerts until the worker is told to stop.
///
/// # Errors
/// [`AlertError`]; the worker can be started again.
pub fn run(context: WorkerContext, store: Store, settings: Settings) -> Running<AlertError> {
    Box::pin(work(context, store, settings))
}

async fn work(context: WorkerContext, store: Store, settings: Settings) -> Result<(), AlertError> {
    let fence = store.lease_take(Worker::Alerter).await?;
    let folder = context.paths.root().to_owned();
    let mut alerter = Alerter::new(store, fence, settings, folder);
    run_passes(context, &mut alerter).await
}

impl Pass for Alerter {
    type Error = AlertError;

    async fn run(&mut self, context: &WorkerContext) -> Result<Work, AlertError> {
        let now = now();
        let mut rules = self.store.alert_rule_list().await?;
        rules.extend(self.settings.rule.clone());
        let more = self.make(&rules, now).await?;
        self.digest(&rules, now).await?;
        self.watch(&rules, now).await?;
        let trouble = if context.is_stopping() { None } else { self.deliver(&rules, now).await? };
        if self.forgot + HOUR <= now {
            self.store.alert_forget(&self.fence, now).await?;
            self.forgot = now;
        }
        context.status.set_trouble(trouble);
        context.status.set_lag(self.store.alert_total(DeliveryState::Waiting).await?);
        context.status.report(&self.counters);
        Ok(if more { Work::More } else { Work::Done })
    }
}

impl Alerter {
    fn new(store: Store, fence: Fence, settings: Settings, folder: PathBuf) -> Self {
        let (counters, watch, deaf) = (Counters::default(), Watch::default(), BTreeMap::new());
        Alerter { store, fence, settings, folder, counters, watch, deaf, forgot: 0 }
    }

    /// Makes messages of what has gone quiet.
    async fn watch(&mut self, rules: &[AlertRule], now: Micros) -> Result<(), AlertError> {
        // A rule that is gone has no target that takes nothing.
        self.deaf.retain(|name, _| rules.iter().any(|rule| rule.name == *name));
        let (store, vigil) = (&self.store, self.settings.vigil);
        let messages = self.watch.look(store, &self.folder, vigil, rules, &self.deaf, now).await?;
        if !messages.is_empty() {
            self.counters.silences += store.alert_queue(&self.fence, &messages, None).await?;
        }
        Ok(())
    }

    /// Makes messages of incidents that something happened to; returns whether there may be more of them.
    async fn make(&mut self, rules: &[AlertRule], now: Micros) -> Result<bool, AlertError> {
        let Some(cursor) = self.store.alert_cursor().await? else {
            // What happened before there was anybody to tell is no news.
            let (last, _) = self.store.incident_ends().await?;
            self.store.alert_queue(&self.fence, &[], Some(last)).await?;
            return Ok(false);
        };
        let page = Page::after(cursor, BATCH);
        let views = self.store.incident_list(&Filter::default(), page).await?;
        let Some(last) = views.last().map(|view| view.incident.last_event) else { return Ok(false) };
        let mutes = self.store.alert_mute_list(now).await?;
        let mut messages: Vec<AlertDelivery> = Vec::new();
        for view in &views {
            for rule in rules {
                if let Some(message) = self.of_rule(rule, view, &mutes, &messages, now).await? {
                    messages.push(message);
                }
            }
        }
        self.counters.held += count(&messages, DeliveryState::Held);
        self.counters.made += self.store.alert_queue(&self.fence, &messages, Some(last)).await?;
        Ok(views.len() as u64 >= u64::from(BATCH))
    }

    /// What `rule` says of an incident, if anything, and whether it is held; `made` are those of this pass.
    async fn of_rule(
        &mut self,
        rule: &AlertRule,
        view: &IncidentView,
        mutes: &[AlertMute],
        made: &[AlertDelivery],
        now: Micros,
    ) -> Result<Option<AlertDelivery>, AlertError> {
        if !tells(rule, view, |_, _| true) || self.store.alert_known(&message::token_of(rule, view)).await? {
            return Ok(None);
        }
        let id = view.incident.id;
        let (node, service) = (rule.node.as_deref(), rule.service.as_deref());
        if (node.is_some() || service.is_some()) && !self.store.incident_touched(id, node, service).await? {
            return Ok(None);
        }
        for mute in mutes {
            if self.is_muted(mute, view, now).await? {
                self.counters.muted += 1;
                return Ok(None);
            }
        }
        let here =
            made.iter().filter(|one| one.rule == rule.name && one.state == DeliveryState::Waiting).count();
        let sent = self.store.alert_count(&rule.name, now - HOUR).await? + here as u64;
        let quiet = rule.quiet.as_deref().and_then(|text| text.parse::<Quiet>().ok());
        let asleep = view.incident.severity < Severity::Critical && quiet.is_some_and(|quiet| quiet.has(now));
        let state =
            if asleep || rule.per_hour <= sent { DeliveryState::Held } else { DeliveryState::Waiting };
        Ok(Some(message::alert(rule, view, self.settings.dashboard.as_deref(), state, now)))
    }

    /// Whether a mute is of this incident: of its first address, and of a node and a service that were all that it
    /// touched. What went on to touch others is told.
    async fn is_muted(&self, mute: &AlertMute, view: &IncidentView, now: Micros) -> Result<bool, AlertError> {
        let row = &view.incident;
        if !mute::holds(mute, now) {
            return Ok(false);
        }
        let network = mute.network.as_deref().map(str::parse::<Addresses>);
        let source = match network {
            None => true,
            Some(Ok(network)) => row.sources <= 1 && network.has(row.src_ip),
            Some(Err(_)) => false,
        };
        let alone = (mute.node.is_none() || row.nodes <= 1) && (mute.service.is_none() || row.services <= 1);
        if !source || !alone {
            return Ok(false);
        }
        let (node, service) = (mute.node.as_deref(), mute.service.as_deref());
        if node.is_none() && service.is_none() {
            return Ok(true);
        }
        Ok(self.store.incident_touched(row.id, node, service).await?)
    }

    /// Tells what was held back, once the oldest has waited an hour and nobody sleeps.
    async fn digest(&mut self, rules: &[AlertRule], now: Micros) -> Result<(), AlertError> {
        // There may be thousands, and passes are many: one that is ripe is looked for first.
        if self.store.alert_in_state(DeliveryState::Held, now - HOUR, 1).await?.is_empty() {
            return Ok(());
        }
        let held = self.store.alert_in_state(DeliveryState::Held, now, DIGEST).await?;
        let mut of_rules: BTreeMap<&str, Vec<AlertDelivery>> = BTreeMap::new();
        for message in &held {
            of_rules.entry(&message.rule).or_default().push(message.clone());
        }
        for (name, held) in of_rules {
            let Some(rule) = rules.iter().find(|rule| rule.name == name) else { continue };
            let quiet = rule.quiet.as_deref().and_then(|text| text.parse::<Quiet>().ok());
            let oldest = held.iter().map(|message| message.created_at).min().unwrap_or(now);
            if quiet.is_some_and(|quiet| quiet.has(now)) || now < oldest + HOUR {
                continue;
            }
            let digest = message::digest(rule, &held, self.settings.dashboard.as_deref(), now);
            let ids: Vec<i64> = held.iter().map(|message| message.id).collect();
            self.store.alert_digest(&self.fence, &digest, &ids).await?;
            self.counters.digests += 1;
        }
        Ok(())
    }

    /// Sends what is to be sent by now, side by side for each rule; returns what somebody should look at.
    async fn deliver(&mut self, rules: &[AlertRule], now: Micros) -> Result<Option<String>, AlertError> {
        let due = self.store.alert_in_state(DeliveryState::Waiting, now, SENT).await?;
        let mut of_rules: BTreeMap<String, Vec<AlertDelivery>> = BTreeMap::new();
        for message in due {
            of_rules.entry(message.rule.clone()).or_default().push(message);
        }
        let mut sending = JoinSet::new();
        for (name, messages) in of_rules {
            let rule = rules.iter().find(|rule| rule.name == name).cloned();
            let folder = self.folder.clone();
            sending.spawn(async move { series(rule, messages, folder, now).await });
        }
        let mut trouble = None;
        while let Some(done) = sending.join_next().await {
            for message in done.unwrap_or_default() {
                match message.state {
                    DeliveryState::Delivered => self.counters.delivered += 1,
                    DeliveryState::Failed => self.counters.given_up += 1,
                    _ => self.counters.failures += 1,
                }
                if message.state == DeliveryState::Delivered {
                    self.deaf.remove(&message.rule);
                } else {
                    self.deaf.insert(message.rule.clone(), message.answer.clone());
                    trouble = Some(format!("alerts of {} do not arrive: {}", message.rule, message.answer));
                }
                self.store.alert_note(&self.fence, &message).await?;
            }
        }
        Ok(trouble)
    }
}

/// Sends messages of one rule one after another. After a failure the others wait with it: a target that is down is
/// not asked once for each.
async fn series(
    rule: Option<AlertRule>,
    messages: Vec<AlertDelivery>,
    folder: PathBuf,
    now: Micros,
) -> Vec<AlertDelivery> {
    let mut done = Vec::new();
    let mut down: Option<Micros> = None;
    for mut message in messages {
        let Some(rule) = rule.as_ref() else {
            (message.state, message.done_at) = (DeliveryState::Failed, Some(now));
            "there is no such rule any more".clone_into(&mut message.answer);
            done.push(message);
            continue;
        };
        if let Some(next_at) = down {
            message.next_at = next_at;
            done.push(message);
            continue;
        }
        message.attempts += 1;
        let outcome = send(rule, &message, &folder).await;
        message.answer = said(&outcome);
        if matches!(&outcome, Ok(answer) if answer.is_good()) {
            (message.state, message.done_at) = (DeliveryState::Delivered, Some(netsvc_wire::stamp::now()));
        } else if TRIES <= message.attempts {
            (message.state, message.done_at) = (DeliveryState::Failed, Some(netsvc_wire::stamp::now()));
        } else {
            message.next_at = now + wait(message.attempts);
            down = Some(message.next_at);
        }
        done.push(message);
    }
    done
}

/// How long to wait after so many tries.
fn wait(attempts: u64) -> Micros {
    let doublings = u32::try_from(attempts.saturating_sub(1).min(16)).unwrap_or(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// What came of a try, in one line.
fn said(outcome: &Result<Answer, SendError>) -> String {
    match outcome {
        Ok(answer) => answer.text.clone(),
        Err(error) => chain(error),
    }
}

fn count(messages: &[AlertDelivery], state: DeliveryState) -> u64 {
    messages.iter().filter(|message| message.state == state).count() as u64
}

#[cfg(test)]
mod tests;
