//! What has gone quiet: a worker that fails or is not heard of, a decky that is wanted and down, a target that takes no
//! messages, a fire drill that failed. Whoever tells of attackers has to tell that he could not.

use crate::mute;
use decnet_model::{
    operation::Request,
    record::{AlertDelivery, AlertMute, AlertRule, Operation, OperationKind, OperationState, Page, Severity},
    worker::Worker,
};
use decnet_pipeline::runtime::{Note, Phase};
use decnet_shape::message;
use decnet_store::{Error as StoreError, Store};
use netsvc_wire::{escape::printable, stamp::Micros};
use std::{collections::BTreeMap, path::Path};

/// Time between two looks.
const LOOK: Micros = 15_000_000;
/// Who asks for fire drills that nobody asked for.
const SCHEDULE: &str = "schedule";
/// Operations that are looked through for the last drill.
const OPERATIONS: u32 = 100;
/// Longest cause, in characters.
const CAUSE: usize = 300;

/// How long something may be quiet, and how often a drill is due.
#[derive(Clone, Copy, Debug)]
pub struct Vigil {
    /// What is quiet for longer is told.
    pub patience: Micros,
    /// Time between two fire drills that nobody asked for; `None`: there are none.
    pub drills: Option<Micros>,
}

impl Default for Vigil {
    fn default() -> Self {
        Vigil { patience: 300_000_000, drills: None }
    }
}

/// Something that should be heard of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A decky.
    Decky(String),
    /// The fire drill.
    Drill,
    /// The messages of a rule.
    Rule(String),
    /// A worker.
    Worker(&'static str),
}

impl Subject {
    fn shown(&self) -> String {
        match self {
            Subject::Decky(name) => format!("the decky {name}"),
            Subject::Drill => "the fire drill".to_owned(),
            Subject::Rule(name) => format!("the alert rule {name}"),
            Subject::Worker(name) => format!("the worker {name}"),
        }
    }
}

/// Since when something is quiet, and why.
#[derive(Clone, Debug)]
struct Quiet {
    since: Micros,
    cause: String,
    told: bool,
}

/// What is quiet at the moment.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    quiet: BTreeMap<Subject, Quiet>,
    looked: Micros,
}

impl Watch {
    /// Looks, and makes the messages that are due; asks for a drill where one is. `deaf` are the rules whose targets
    /// take nothing, and why.
    pub(crate) async fn look(
        &mut self,
        store: &Store,
        folder: &Path,
        vigil: Vigil,
        rules: &[AlertRule],
        deaf: &BTreeMap<String, String>,
        now: Micros,
    ) -> Result<Vec<AlertDelivery>, StoreError> {
        if !self.is_time(now) {
            return Ok(Vec::new());
        }
        self.looked = now;
        let mut found = workers(folder, now);
        found.extend(deaf.iter().map(|(rule, cause)| (Subject::Rule(rule.clone()), cause.clone())));
        for row in store.decky_down().await? {
            let state = row.actual.name();
            let cause =
                if row.reason.is_empty() { state.to_owned() } else { format!("{state}: {}", row.reason) };
            found.insert(Subject::Decky(row.name), cause);
        }
        if let Some(every) = vigil.drills {
            found.extend(drill(store, every, now).await?.map(|cause| (Subject::Drill, cause)));
        }
        let mutes = store.alert_mute_list(now).await?;
        Ok(self.messages(found, rules, &mutes, vigil, now))
    }

    /// Whether it is time to look again. Where the clock was put back it is: nobody waits until it has caught up.
    fn is_time(&self, now: Micros) -> bool {
        !(self.looked..self.looked + LOOK).contains(&now)
    }

    /// What is to be told now that `found` is quiet.
    fn messages(
        &mut self,
        found: BTreeMap<Subject, String>,
        rules: &[AlertRule],
        mutes: &[AlertMute],
        vigil: Vigil,
        now: Micros,
    ) -> Vec<AlertDelivery> {
        let back: Vec<(Subject, Quiet)> =
            self.quiet.extract_if(.., |subject, _| !found.contains_key(subject)).collect();
        for (subject, cause) in found {
            let cause: String = printable(cause.as_bytes()).into_string().chars().take(CAUSE).collect();
            let entry =
                self.quiet.entry(subject).or_insert(Quiet { since: now, cause: String::new(), told: false });
            entry.cause = cause;
            entry.since = entry.since.min(now);
        }
        // While the host is worked on nobody is told; what is quiet still then is told afterwards.
        if mutes.iter().any(|mute| mute::is_of_all(mute) && mute::holds(mute, now)) {
            return Vec::new();
        }
        let mut due = Vec::new();
        for (subject, quiet) in &mut self.quiet {
            // A drill has waited for each of its touches already.
            let patience = if *subject == Subject::Drill { 0 } else { vigil.patience };
            if !quiet.told && quiet.since + patience <= now {
                quiet.told = true;
                due.push((subject.clone(), quiet.clone()));
            }
        }
        let back: Vec<_> = back.into_iter().filter(|(_, quiet)| quiet.told).collect();
        let mut messages = Vec::new();
        for rule in rules.iter().filter(|rule| rule.enabled) {
            let quiet = of_rule(rule, &due);
            messages.extend(message::silence(rule, &quiet, now));
            let heard = of_rule(rule, &back);
            messages.extend(message::heard(rule, &heard, now));
        }
        messages
    }
}

/// What a rule tells of this: all of it, unless it is about certain attackers, or about a decky that is another one.
fn of_rule(rule: &AlertRule, these: &[(Subject, Quiet)]) -> Vec<message::Quiet> {
    let attackers = rule.network.is_some() || rule.service.is_some();
    if attackers || rule.severity > Severity::High {
        return Vec::new();
    }
    let own = |subject: &Subject| match (subject, &rule.node) {
        // Its target would not hear of itself.
        (Subject::Rule(name), _) => *name != rule.name,
        (Subject::Decky(name), Some(node)) => name == node,
        (_, Some(_)) => false,
        (_, None) => true,
    };
    let quiet = |(subject, quiet): &(Subject, Quiet)| message::Quiet {
        what: subject.shown(),
        since: quiet.since,
        cause: quiet.cause.clone(),
    };
    these.iter().filter(|(subject, _)| own(subject)).map(quiet).collect()
}

/// Workers that fail, or should have been heard of since. One that was stopped in good order has no note.
fn workers(folder: &Path, now: Micros) -> BTreeMap<Subject, String> {
    let paths = decnet_model::paths::Paths::new(folder);
    let mut quiet = BTreeMap::new();
    for &worker in Worker::ALL.iter().filter(|&&worker| worker != Worker::Alerter) {
        let Some(note) = Note::noted(&paths, worker) else { continue };
        let cause = match note.phase {
            _ if note.is_stale(now) => Some("it is not heard of".to_owned()),
            Phase::Failing => Some(note.report.last_error.unwrap_or_else(|| "it fails".to_owned())),
            Phase::Running => None,
        };
        quiet.extend(cause.map(|cause| (Subject::Worker(worker.name()), cause)));
    }
    quiet
}

/// Asks for a drill when one is due; why the last one failed, if it did.
async fn drill(store: &Store, every: Micros, now: Micros) -> Result<Option<String>, StoreError> {
    let operations = store.operation_list(Page::newest(OPERATIONS)).await?;
    let last = operations.iter().find(|one| one.kind == OperationKind::Firedrill && one.asked_by == SCHEDULE);
    let running = last.is_some_and(|last| last.ended_at.is_none());
    if !running && last.is_none_or(|last| last.asked_at + every <= now) && store.fleet_get().await?.is_some()
    {
        store.operation_ask(&Request::Firedrill, SCHEDULE, now).await?;
    }
    // While one runs, what the one before said holds.
    let ended = |one: &&Operation| {
        one.kind == OperationKind::Firedrill && one.asked_by == SCHEDULE && one.ended_at.is_some()
    };
    let failed = operations.iter().find(ended).filter(|one| one.state == OperationState::Failed);
    Ok(failed.map(|one| one.notes.lines().next_back().unwrap_or("it failed").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::alert::Asked;

    const MINUTE: Micros = 60_000_000;

    fn rule(name: &str, change: impl FnOnce(&mut Asked)) -> AlertRule {
        let mut asked = Asked { target: Some("http://h/".to_owned()), ..Asked::default() };
        change(&mut asked);
        asked.rule(name, None, "eve", 1).unwrap()
    }

    fn down(names: &[&str]) -> BTreeMap<Subject, String> {
        names
            .iter()
            .map(|name| (Subject::Decky((*name).to_owned()), "failed: x\u{202e}".to_owned()))
            .collect()
    }

    #[test]
    fn what_is_quiet_for_long_is_told_once_and_so_is_that_it_is_back() {
        let mut watch = Watch::default();
        let rules = [
            rule("all", |_| {}),
            rule("one", |asked| asked.node = Some("db-01".to_owned())),
            rule("attackers", |asked| asked.network = Some("192.0.2.0/24".to_owned())),
            rule("off", |asked| asked.enabled = Some(false)),
            rule("urgent", |asked| asked.severity = Some("critical".to_owned())),
        ];
        let vigil = Vigil::default();
        let mut told = |found: &[&str], minute: Micros| -> Vec<String> {
            let messages = watch.messages(down(found), &rules, &[], vigil, minute * MINUTE);
            messages.into_iter().map(|message| format!("{}: {}", message.rule, message.title)).collect()
        };
        assert!(told(&["db-01", "web-01"], 0).is_empty());
        assert!(told(&["db-01"], 4).is_empty(), "web-01 came back before anybody was told");
        assert_eq!(
            told(&["db-01"], 5),
            [
                "all: the decky db-01 is quiet: failed: x\\xe2\\x80\\xae",
                "one: the decky db-01 is quiet: failed: x\\xe2\\x80\\xae"
            ]
        );
        assert!(told(&["db-01", "web-01"], 6).is_empty(), "once");
        assert_eq!(
            told(&["web-01"], 7),
            ["all: the decky db-01 is heard of again", "one: the decky db-01 is heard of again"]
        );
        assert_eq!(
            told(&["a", "b", "web-01"], 11),
            ["all: the decky web-01 is quiet: failed: x\\xe2\\x80\\xae"]
        );
        assert_eq!(told(&["a", "b", "web-01"], 16), ["all: 2 parts of the network are quiet"]);
    }

    #[test]
    fn a_clock_that_is_put_back_delays_nothing() {
        let mut watch = Watch { looked: 600 * MINUTE, ..Watch::default() };
        assert!(!watch.is_time(600 * MINUTE + LOOK - 1) && watch.is_time(600 * MINUTE + LOOK));
        assert!(watch.is_time(MINUTE));
        let (rules, vigil) = ([rule("all", |_| {})], Vigil::default());
        for (minute, told) in [(600, 0), (1, 0), (6, 1)] {
            let messages = watch.messages(down(&["a"]), &rules, &[], vigil, minute * MINUTE);
            assert_eq!(messages.len(), told, "{minute}");
        }
    }

    #[test]
    fn while_everything_is_muted_nobody_is_told_and_later_he_is() {
        let mut watch = Watch::default();
        let rules = [rule("all", |_| {})];
        let asked = decnet_model::alert::AskedMute { all: true, minutes: Some(60), ..Default::default() };
        let mute = [asked.mute("eve", 0).unwrap()];
        let vigil = Vigil::default();
        assert!(watch.messages(down(&["a"]), &rules, &mute, vigil, 0).is_empty());
        assert!(watch.messages(down(&["a"]), &rules, &mute, vigil, 9 * MINUTE).is_empty());
        assert_eq!(watch.messages(down(&["a"]), &rules, &[], vigil, 10 * MINUTE).len(), 1);
    }
}
