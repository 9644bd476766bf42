//! Whether it works, and how much there is.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{Json, extract::State};
use decnet_shape::Stats;
use serde::Serialize;
use utoipa::ToSchema;

/// Answer of a working interface.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the interface and its store work. Needs no token and tells nothing else.
#[utoipa::path(
    get, path = "/health", tag = "state",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = ProblemBody))
)]
pub(crate) async fn health(State(state): State<ApiState>) -> Result<Json<Health>, Problem> {
    state.store().event_last().await?;
    Ok(Json(Health { status: "ok" }))
}

/// Totals, and numbers of events by decky, service and kind.
#[utoipa::path(
    get, path = "/stats", tag = "state", security(("bearer" = [])),
    responses((status = OK, body = Stats), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn stats(State(state): State<ApiState>, _: Viewer) -> Result<Json<Stats>, Problem> {
    let totals = state.store().totals().await?;
    let tallies = state.store().tally_list(None).await?;
    Ok(Json(Stats::new(&totals, &tallies)))
}
