//! How much somebody is to be minded: a sum of terms, each of which says what it is for.

use super::{Profile, behaviour};
use decnet_model::record::{Behaviour, Phase};
use serde::Serialize;

/// The largest risk.
const MOST: i64 = 100;

/// One part of a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// What it adds, or takes away.
    pub points: i64,
    /// What for.
    pub reason: String,
}

/// The terms of the risk of an address, and their sum between 0 and 100.
pub fn risk(profile: &Profile) -> (Vec<Term>, u64) {
    let mut terms = Vec::new();
    let mut add = |points: i64, reason: String| {
        if points != 0 {
            terms.push(Term { points, reason });
        }
    };
    let phase = profile.phase();
    let points = match phase {
        Phase::Recon => 5,
        Phase::Access => 15,
        Phase::Action => 35,
        Phase::Exfil => 50,
    };
    add(points, format!("came as far as {phase}"));
    let logins = &profile.logins;
    add(if logins.accepted > 0 { 10 } else { 0 }, format!("was let in {} times", logins.accepted));
    let own = logins.unlisted.count();
    add(if own > 0 { 5 } else { 0 }, format!("tried {own} logins that are on no list"));
    add(
        if profile.payloads.count() > 0 { 10 } else { 0 },
        format!("left {} payloads", profile.payloads.count()),
    );
    add(if profile.urls.is_empty() { 0 } else { 5 }, "wanted something fetched".to_owned());
    add(if profile.exploits > 0 { 10 } else { 0 }, format!("tried {} exploits", profile.exploits));
    let nodes = profile.nodes.count();
    let wide = if phase >= Phase::Access { i64::from(nodes.max(1).ilog2()).min(4) * 2 } else { 0 };
    add(wide, format!("at {nodes} deckies"));
    let days = profile.days.count();
    add(
        if days >= 7 {
            10
        } else if days >= 2 {
            5
        } else {
            0
        },
        format!("came on {days} days"),
    );
    let by_hand = behaviour(profile).0 == Behaviour::Interactive;
    add(if by_hand { 10 } else { 0 }, "gives commands by hand".to_owned());
    let survey = profile.tools.iter().find(|tool| tool.role == "survey");
    if let Some(tool) = survey.filter(|_| phase == Phase::Recon) {
        add(-3, format!("says that it is {}", tool.name));
    }
    let sum = terms.iter().map(|term| term.points).sum::<i64>().clamp(0, MOST);
    (terms, u64::try_from(sum).unwrap_or_default())
}
