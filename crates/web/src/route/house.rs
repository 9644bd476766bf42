//! The installation: workers and settings.

use crate::{ApiState, Problem, problem::ProblemBody};
use axum::{Json, extract::State};
use decnet_shape::{Lag, Setting, Workers};
use decnet_store::record::View;

/// How each worker does, and how far views of the events have come.
#[utoipa::path(
    get, path = "/workers", tag = "state", security(("bearer" = [])),
    responses((status = OK, body = Workers), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn workers(State(state): State<ApiState>) -> Result<Json<Workers>, Problem> {
    let newest = state.store().event_last().await?;
    let mut views = Vec::new();
    for &view in View::ALL {
        let event = state.store().cursor(view).await?;
        views.push(Lag { view: view.name(), event, behind: (newest - event).max(0) });
    }
    Ok(Json(Workers { workers: state.house().workers(), views }))
}

/// Every setting, where it comes from and what it does. Secrets are hidden.
#[utoipa::path(
    get, path = "/config", tag = "state", security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<Setting>),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
    )
)]
pub(crate) async fn config(State(state): State<ApiState>) -> Json<Vec<Setting>> {
    Json(state.house().settings())
}
