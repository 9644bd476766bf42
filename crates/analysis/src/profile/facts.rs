//! Profiles and reused secrets as they are shown.

use super::{BadState, Profile, behaviour, risk};
use crate::{reuse::Reuse, sketch::Gaps};
use decnet_model::record::{Phase, ProfileRow, ReuseRow};
use decnet_shape as shape;
use netsvc_wire::stamp;

/// What is stored of an address, as it is shown.
///
/// # Errors
/// [`BadState`] when it was written by something else.
pub fn facts(row: &ProfileRow) -> Result<shape::ProfileFacts, BadState> {
    let profile = Profile::read(row)?;
    let logins = &profile.logins;
    Ok(shape::ProfileFacts {
        behaviour_reason: behaviour(&profile).1,
        risk_terms: risk(&profile)
            .0
            .into_iter()
            .map(|term| shape::RiskTerm { points: term.points, reason: term.reason })
            .collect(),
        phases: phases(&profile),
        pace: pace(&profile.pace),
        calls: pace(&profile.calls),
        typing: pace(&profile.typing),
        days: profile.days.count(),
        logins: shape::LoginsSeen {
            attempts: logins.attempts,
            accepted: logins.accepted,
            principals: logins.principals.count(),
            secrets: logins.secrets.count(),
            pairs: logins.pairs.count(),
            unlisted: logins.unlisted.count(),
        },
        tools: tools(&profile),
        commands: commands(&profile),
        commanded: profile.commanded,
        payloads: profile.payloads.count(),
        exploits: profile.exploits,
        urls: profile.urls.clone(),
        taken: profile.taken,
        traits: profile.traits().iter().map(shape::TraitSeen::from).collect(),
    })
}

fn phases(profile: &Profile) -> Vec<shape::PhaseSeen> {
    let of = |phase: &Phase| {
        let seen = profile.phases.get(phase.name())?;
        Some(shape::PhaseSeen {
            phase: phase.name(),
            events: seen.events,
            first_event: seen.first_event,
            first_seen: stamp::format(seen.first_seen),
            last_seen: stamp::format(seen.last_seen),
        })
    };
    Phase::ALL.iter().filter_map(of).collect()
}

fn tools(profile: &Profile) -> Vec<shape::ToolGuess> {
    let of = |tool: &super::Tool| shape::ToolGuess {
        name: tool.name.clone(),
        role: tool.role.clone(),
        field: tool.field.clone(),
        value: tool.value.clone(),
        times: tool.times,
        first_event: tool.first_event,
    };
    profile.tools.iter().map(of).collect()
}

fn commands(profile: &Profile) -> Vec<shape::CommandSeen> {
    let of = |said: &super::Said| shape::CommandSeen {
        text: said.text.clone(),
        times: said.times,
        first_event: said.first_event,
    };
    profile.commands.iter().map(of).collect()
}

fn pace(gaps: &Gaps) -> shape::Pace {
    // To the tenth: what is behind it says nothing.
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    shape::Pace {
        count: gaps.count,
        mean: tenth(gaps.mean()),
        middle: gaps.middle(),
        deviation: tenth(gaps.deviation()),
        variation: (gaps.variation() * 1000.0).round() / 1000.0,
        least: gaps.least,
        most: gaps.most,
    }
}

/// What is stored of a secret, as it is shown.
///
/// # Errors
/// [`BadState`] when it was written by something else.
pub fn reuse(row: &ReuseRow) -> Result<shape::ReuseDetail, BadState> {
    let reuse = Reuse::read(row)?;
    Ok(shape::ReuseDetail {
        reuse: row.into(),
        names: shape::ReuseNames {
            default_of: reuse.of,
            targets: reuse.targets.names,
            principals: reuse.principals.names,
            attackers: reuse.attackers.names,
        },
    })
}
