//! What is done on deckies day after day, of their own accord.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use decnet_model::routine::{LONGEST, RATES, ROLES, SWITCH, Switch, known, preview, read};
use decnet_shape::{Life, LifeDeed, condition};
use decnet_store::record::{LifeFilter, LifeKind};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// Most deeds of an answer.
const DEEDS: u32 = 500;
/// µs of a day.
const DAY: i64 = 86_400_000_000;

/// Whether anything is done, and how much.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchRequest {
    /// Whether anything is.
    on: bool,
    /// How much, of a hundred: 10 to 400; without it, as before.
    rate: Option<u32>,
}

/// What machines are for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolesRequest {
    /// The table as `decnet orchestrator roles` writes it, 16 KiB at most.
    table: String,
}

/// Which deeds are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeedQuery {
    /// On this decky.
    decky: Option<String>,
    /// Of this kind: `login`, `logout`, `edit`, `share`, `job` or `pages`.
    kind: Option<String>,
    /// Since then: a time, a date, or a span such as `12h`.
    since: Option<String>,
    /// Most of them: 1 to 500, 100 by default.
    limit: Option<u32>,
}

/// Whether anything is done on deckies of their own accord, how much, and what was.
#[utoipa::path(
    get, path = "/orchestrator", operation_id = "orchestrator", tag = "people", security(("bearer" = [])),
    responses((status = OK, body = Life), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn orchestrator(State(state): State<ApiState>, _: Viewer) -> Result<Json<Life>, Problem> {
    let setting = state.store().setting_get(SWITCH).await?;
    let deckies = state.store().routine_list().await?.len() as u64;
    let counts = state.store().life_counts(now() - DAY).await?;
    let roles = known(state.store().setting_get(ROLES).await?.as_deref());
    Ok(Json(Life::new(Switch::of(setting.as_deref()), &roles, deckies, counts)))
}

/// Switch it on or off. Deckies come anew where that changes what they show.
#[utoipa::path(
    put, path = "/orchestrator", operation_id = "put_orchestrator",
    tag = "people", security(("bearer" = [])), request_body = SwitchRequest,
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
    )
)]
pub(crate) async fn put_orchestrator(
    State(state): State<ApiState>,
    _: Viewer,
    body: Result<Json<SwitchRequest>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(asked) = body?;
    let setting = state.store().setting_get(SWITCH).await?;
    let known = Switch::of(setting.as_deref());
    let rate = asked.rate.unwrap_or(known.rate);
    if !RATES.contains(&rate) {
        return Err(Problem::field("rate", format!("{} to {}", RATES.start(), RATES.end())));
    }
    state.store().setting_put(SWITCH, &Switch { on: asked.on, rate }.text()).await?;
    state.house().wake_fleet();
    Ok(StatusCode::NO_CONTENT)
}

/// Put another table of what machines are for in the place of the one that is used. Deckies come anew where that
/// changes what they show.
#[utoipa::path(
    put, path = "/orchestrator/roles", operation_id = "put_orchestrator_roles",
    tag = "people", security(("bearer" = [])), request_body = RolesRequest,
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
    )
)]
pub(crate) async fn put_roles(
    State(state): State<ApiState>,
    _: Viewer,
    body: Result<Json<RolesRequest>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(asked) = body?;
    if LONGEST < asked.table.len() {
        return Err(Problem::field("table", format!("{LONGEST} bytes at most")));
    }
    read(&asked.table).map_err(|bad| Problem::field("table", bad.to_string()))?;
    state.store().setting_put(ROLES, &asked.table).await?;
    state.house().wake_fleet();
    Ok(StatusCode::NO_CONTENT)
}

/// Which day is looked at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// The day, `2026-11-30`; without it, today.
    day: Option<String>,
}

/// What is done on a decky on a day, also on one that is yet to come.
#[utoipa::path(
    get, path = "/orchestrator/preview/{decky}", operation_id = "orchestrator_preview", tag = "people",
    params(("decky" = String, Path, description = "The decky"), DayQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<LifeDeed>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn day(
    State(state): State<ApiState>,
    _: Viewer,
    decky: Result<Path<String>, PathRejection>,
    query: Result<Query<DayQuery>, QueryRejection>,
) -> Result<Json<Vec<LifeDeed>>, Problem> {
    let (Path(decky), Query(asked)) = (decky?, query?);
    let row = state.store().routine_get(&decky).await?.ok_or(Problem::NotFound)?;
    let at = asked.day.map_or(Ok(now()), |text| condition::moment(&text, now()));
    let at = at.map_err(|why| Problem::field("day", why))?;
    let plan = preview(&row, at.div_euclid(DAY)).map_err(|_| Problem::Internal("read a routine"))?;
    Ok(Json(plan.iter().map(LifeDeed::from).collect()))
}

/// What was done on deckies of their own accord, the latest first.
#[utoipa::path(
    get, path = "/orchestrator/deeds", operation_id = "orchestrator_deeds", tag = "people", params(DeedQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<LifeDeed>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn deeds(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<DeedQuery>, QueryRejection>,
) -> Result<Json<Vec<LifeDeed>>, Problem> {
    let Query(asked) = query?;
    let limit = asked.limit.unwrap_or(100);
    if !(1..=DEEDS).contains(&limit) {
        return Err(Problem::field("limit", format!("1 to {DEEDS}")));
    }
    let kinds = "login, logout, edit, share, job or pages";
    let kind = asked.kind.map(|name| name.parse::<LifeKind>().map_err(|_| Problem::field("kind", kinds)));
    let since = asked.since.map(|text| condition::moment(&text, now()));
    let since = since.transpose().map_err(|why| Problem::field("since", why))?;
    let filter = LifeFilter { node: asked.decky, kind: kind.transpose()?, since };
    let rows = state.store().life_list(&filter, limit).await?;
    Ok(Json(rows.iter().map(LifeDeed::from).collect()))
}
