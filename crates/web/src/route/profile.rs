//! Profiles of attackers, and secrets that come again.

use super::session::keystrokes;
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use decnet_shape::{
    Contact, FINGERPRINTS, Fingerprint, KEYSTROKE_SESSIONS, Listing, Origin, Profile, ProfileDetail,
    ProfileQuery, Reputation, Reuse, ReuseDetail, ReuseQuery, SessionKeystrokes,
};
use decnet_store::record::{Filter, Page};
use netsvc_wire::stamp::{self, now};
use std::net::IpAddr;

/// Profiles of attackers, those active last first, or those of the largest risk.
#[utoipa::path(
    get, path = "/profiles", tag = "attackers", params(ProfileQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Profile>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn profiles(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<ProfileQuery>, QueryRejection>,
) -> Result<Json<Listing<Profile>>, Problem> {
    let (filter, page) = query?.0.filter(now()).map_err(Problem::flaws)?;
    let rows = state.store().profile_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.last_event)))
}

/// The profile of an address: risk with its terms, behaviour, phases, tools, commands, targets.
#[utoipa::path(
    get, path = "/profiles/{ip}", tag = "attackers", security(("bearer" = [])),
    params(("ip" = String, Path, description = "Address, IPv4 or IPv6", pattern = "^[0-9A-Fa-f.:]+$")),
    responses(
        (status = OK, body = ProfileDetail),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn profile(
    State(state): State<ApiState>,
    _: Viewer,
    ip: Result<Path<String>, PathRejection>,
) -> Result<Json<ProfileDetail>, Problem> {
    let ip: IpAddr = ip?.0.parse().map_err(|_| Problem::field("ip", "not an address"))?;
    let ip = ip.to_canonical();
    let rows = state.store().profile_get(&[ip]).await?;
    let row = rows.first().ok_or(Problem::NotFound)?;
    let contacts = state.store().attacker_contacts(ip).await?;
    let identity = state.store().identity_of(ip).await?;
    let known = state.store().enrichment_get(&[ip]).await?;
    let answers = state.store().reputation_get(&[ip]).await?;
    let fingerprints = state.store().fingerprint_list(ip, FINGERPRINTS).await?;
    let probed = state.store().probed_get(ip).await?;
    let filter = Filter { src_ip: Some(ip), recorded: true, ..Filter::default() };
    let mut typed = Vec::new();
    for session in state.store().session_list(&filter, Page::newest(KEYSTROKE_SESSIONS)).await? {
        let found = keystrokes(&state, &session).await?;
        typed.extend(found.map(|found| SessionKeystrokes::of(&session, found)));
    }
    Ok(Json(ProfileDetail {
        profile: Profile { identity, ..row.into() },
        facts: state.house().facts(row).ok_or(Problem::NotFound)?,
        origin: Origin::of(known.first()),
        reputation: answers.iter().map(Reputation::from).collect(),
        targets: contacts.iter().map(Contact::from).collect(),
        fingerprints: fingerprints.iter().map(Fingerprint::from).collect(),
        keystrokes: typed,
        probed_at: probed.map(|probed| stamp::format(probed.asked_at)),
    }))
}

/// Secrets that were offered more than once, those that were offered last first.
#[utoipa::path(
    get, path = "/reuse", tag = "evidence", params(ReuseQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Reuse>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn reused(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<ReuseQuery>, QueryRejection>,
) -> Result<Json<Listing<Reuse>>, Problem> {
    let (filter, page) = query?.0.filter(now()).map_err(Problem::flaws)?;
    let rows = state.store().reuse_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.last_event)))
}

/// A secret that came again, where it was offered and by whom.
#[utoipa::path(
    get, path = "/reuse/{id}", operation_id = "reuse", tag = "evidence", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id, or the beginning of it")),
    responses(
        (status = OK, body = ReuseDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn reuse(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<ReuseDetail>, Problem> {
    let rows = state.store().reuse_find(&id?.0).await?;
    let row = match rows.as_slice() {
        [row] => row,
        _ => return Err(Problem::NotFound),
    };
    Ok(Json(state.house().reuse(row).ok_or(Problem::NotFound)?))
}
