//! Messages of alerts: what is said of an incident, of what was held back, and as a test. The body is JSON for
//! programs; whoever sends it makes of it what people read.

use crate::Incident;
use decnet_model::record::{
    AlertDelivery, AlertKind, AlertRule, DeliveryState, IncidentView, Severity, Stage,
};
use netsvc_wire::stamp::{self, Micros};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Most incidents that a digest lists.
const LISTED: usize = 20;
/// An hour.
const HOUR: Micros = 3_600_000_000;

/// The body of a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Body {
    /// `alert`, `digest`, `test`, `silence`.
    pub kind: String,
    /// What tells this message from all others.
    pub token: String,
    /// Name of the rule.
    pub rule: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// How urgent it is.
    pub severity: String,
    /// What happened, in words; captured text in it is escaped.
    pub title: String,
    /// What else there is to say, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Where it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<serde_json::Value>,
}

/// What tells the message of `parts` from all others: the same for the same parts.
pub fn token(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize()).chars().take(32).collect()
}

/// The token of what `rule` says of an incident that came to a stage.
pub fn token_of(rule: &AlertRule, view: &IncidentView) -> String {
    token(&["alert", &rule.name, &view.incident.id.to_string(), view.incident.stage.name()])
}

/// What `rule` says of an incident, in a state.
pub fn alert(
    rule: &AlertRule,
    view: &IncidentView,
    dashboard: Option<&str>,
    state: DeliveryState,
    now: Micros,
) -> AlertDelivery {
    let shape = Incident::from(view);
    let row = &view.incident;
    let token = token_of(rule, view);
    let body = Body {
        kind: AlertKind::Alert.name().to_owned(),
        token: token.clone(),
        rule: rule.name.clone(),
        at: stamp::format(now),
        severity: row.severity.name().to_owned(),
        title: shape.title.clone(),
        lines: vec![format!("{} · {} events since {}", shape.stage, row.counts.events, shape.first_seen)],
        link: dashboard.map(|base| format!("{}/incidents/{}", base.trim_end_matches('/'), row.id)),
        incident: serde_json::to_value(&shape).ok(),
    };
    let incident = (row.id, row.stage, row.severity);
    delivery(rule, AlertKind::Alert, state, incident, &body, token, now)
}

/// What was held back by `rule`, in one message.
pub fn digest(
    rule: &AlertRule,
    held: &[AlertDelivery],
    dashboard: Option<&str>,
    now: Micros,
) -> AlertDelivery {
    let ids: Vec<String> = held.iter().map(|message| message.id.to_string()).collect();
    let token = token(&["digest", &rule.name, &ids.join(",")]);
    let severity = held.iter().map(|message| message.severity).max().unwrap_or(Severity::Info);
    let mut worst: Vec<&AlertDelivery> = held.iter().collect();
    worst.sort_by_key(|message| (std::cmp::Reverse(message.severity), message.id));
    let mut lines: Vec<String> =
        worst.iter().take(LISTED).map(|message| format!("{}: {}", message.severity, message.title)).collect();
    if held.len() > LISTED {
        lines.push(format!("and {} more", held.len() - LISTED));
    }
    let body = Body {
        kind: AlertKind::Digest.name().to_owned(),
        token: token.clone(),
        rule: rule.name.clone(),
        at: stamp::format(now),
        severity: severity.name().to_owned(),
        title: format!("{} alerts were held back", held.len()),
        lines,
        link: dashboard.map(|base| format!("{}/incidents", base.trim_end_matches('/'))),
        incident: None,
    };
    let none = (0, Stage::Touched, severity);
    delivery(rule, AlertKind::Digest, DeliveryState::Waiting, none, &body, token, now)
}

/// A test of `rule`, by whom.
pub fn test(rule: &AlertRule, by: &str, now: Micros) -> AlertDelivery {
    let token = token(&["test", &rule.name, by, &now.to_string()]);
    let body = Body {
        kind: AlertKind::Test.name().to_owned(),
        token: token.clone(),
        rule: rule.name.clone(),
        at: stamp::format(now),
        severity: Severity::Info.name().to_owned(),
        title: format!("test of the alert rule {}, asked for by {by}", rule.name),
        lines: Vec::new(),
        link: None,
        incident: None,
    };
    let none = (0, Stage::Touched, Severity::Info);
    delivery(rule, AlertKind::Test, DeliveryState::Waiting, none, &body, token, now)
}

/// Something that has gone quiet.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// What, in words.
    pub what: String,
    /// Since when.
    pub since: Micros,
    /// Why, as far as it is known; nothing hidden in it.
    pub cause: String,
}

/// That something has gone quiet; nothing where nothing has.
pub fn silence(rule: &AlertRule, quiet: &[Quiet], now: Micros) -> Option<AlertDelivery> {
    let title = match quiet {
        [] => return None,
        [one] => format!("{} is quiet: {}", one.what, one.cause),
        many => format!("{} parts of the network are quiet", many.len()),
    };
    let line = |one: &Quiet| format!("{}, since {}: {}", one.what, stamp::format(one.since), one.cause);
    Some(of_silence(rule, Severity::High, "silence", title, quiet, line, now))
}

/// That something is heard of again; nothing where nothing is.
pub fn heard(rule: &AlertRule, quiet: &[Quiet], now: Micros) -> Option<AlertDelivery> {
    let title = match quiet {
        [] => return None,
        [one] => format!("{} is heard of again", one.what),
        many => format!("{} parts of the network are heard of again", many.len()),
    };
    let line = |one: &Quiet| format!("{}, quiet since {}", one.what, stamp::format(one.since));
    Some(of_silence(rule, Severity::Info, "heard", title, quiet, line, now))
}

fn of_silence(
    rule: &AlertRule,
    severity: Severity,
    word: &str,
    title: String,
    quiet: &[Quiet],
    line: impl Fn(&Quiet) -> String,
    now: Micros,
) -> AlertDelivery {
    let names: Vec<&str> = quiet.iter().map(|one| one.what.as_str()).collect();
    // Whoever looks anew after a restart does not know since when, but tells it within the hour.
    let hour = (now / HOUR).to_string();
    let token = token(&[word, &rule.name, &names.join(","), &hour]);
    let mut lines: Vec<String> = quiet.iter().take(LISTED).map(line).collect();
    if quiet.len() > LISTED {
        lines.push(format!("and {} more", quiet.len() - LISTED));
    }
    let body = Body {
        kind: AlertKind::Silence.name().to_owned(),
        token: token.clone(),
        rule: rule.name.clone(),
        at: stamp::format(now),
        severity: severity.name().to_owned(),
        title,
        lines,
        link: None,
        incident: None,
    };
    let none = (0, Stage::Touched, severity);
    delivery(rule, AlertKind::Silence, DeliveryState::Waiting, none, &body, token, now)
}

fn delivery(
    rule: &AlertRule,
    kind: AlertKind,
    state: DeliveryState,
    (incident, stage, severity): (i64, Stage, Severity),
    body: &Body,
    token: String,
    now: Micros,
) -> AlertDelivery {
    AlertDelivery {
        id: 0,
        token,
        rule: rule.name.clone(),
        kind,
        state,
        incident,
        stage,
        severity,
        title: body.title.clone(),
        body: serde_json::to_string(body).unwrap_or_default(),
        attempts: 0,
        created_at: now,
        next_at: now,
        done_at: None,
        answer: String::new(),
    }
}
