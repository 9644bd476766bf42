//! Numbers of events over time, and what was seen most.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use decnet_shape::{Ranked, RankingQuery, Timeline, TimelineQuery};
use netsvc_wire::stamp::now;

/// Numbers of events over time.
#[utoipa::path(
    get, path = "/timeline", tag = "state", params(TimelineQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Timeline),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn timeline(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<TimelineQuery>, QueryRejection>,
) -> Result<Json<Timeline>, Problem> {
    let filter = query?.0.filter(now()).map_err(Problem::flaws)?;
    let rows = state.store().timeline(&filter).await?;
    Ok(Json(Timeline::new(&filter, &rows)))
}

/// What was seen most: attackers, login names, passwords, services or deckies.
#[utoipa::path(
    get, path = "/top", tag = "state", params(RankingQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<Ranked>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn top(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<RankingQuery>, QueryRejection>,
) -> Result<Json<Vec<Ranked>>, Problem> {
    let (subject, since, limit) = query?.0.read(now()).map_err(Problem::flaws)?;
    let rows = state.store().ranking(subject, since, limit).await?;
    Ok(Json(rows.iter().map(Ranked::from).collect()))
}
