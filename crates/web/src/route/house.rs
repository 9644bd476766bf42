//! The installation: workers and settings.

use super::operation::ask;
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    response::Response,
};
use decnet_model::{
    operation::Request,
    worker::{Action, Worker},
};
use decnet_shape::{Lag, LogLevels, Operation, Setting, Workers};
use decnet_store::record::View;
use serde::Deserialize;
use utoipa::ToSchema;

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

/// Have a worker start, stop or start again.
///
/// What carries out such requests, and what they come by, cannot be stopped so: `decnet worker` on the host can.
#[utoipa::path(
    post, path = "/workers/{name}/{action}", operation_id = "worker_act",
    tag = "state", security(("bearer" = [])),
    params(
        ("name" = String, Path, description = "The worker"),
        ("action" = String, Path, description = "`start`, `stop` or `restart`", pattern = "^(start|stop|restart)$"),
    ),
    responses(
        (status = ACCEPTED, body = Operation, headers(("location" = String, description = "Where it is looked at"))),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn act(
    State(state): State<ApiState>,
    viewer: Viewer,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((name, action)) = path?;
    // By its name and not by another that the command line has for it.
    let worker = Worker::ALL.iter().find(|worker| worker.name() == name).ok_or(Problem::NotFound)?;
    let action: Action = action.parse().map_err(|bad| Problem::field("action", format!("{bad}")))?;
    let needed = match worker {
        Worker::Operator => action != Action::Start,
        Worker::Api => action == Action::Stop,
        _ => false,
    };
    if needed {
        let told =
            format!("{name} is what does it: use `decnet worker {} {name}` on the host", action.name());
        return Err(Problem::field("action", told));
    }
    ask(&state, &viewer, Request::Worker { worker: name, action }).await
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

/// How much the program is to say of itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogLevelRequest {
    /// Levels: `info,collector=debug`; null: as the settings say.
    levels: Option<String>,
}

/// How much the program says of itself.
#[utoipa::path(
    get, path = "/log/level", operation_id = "log_level", tag = "state", security(("bearer" = [])),
    responses(
        (status = OK, body = LogLevels),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn log_level(State(state): State<ApiState>, _: Viewer) -> Result<Json<LogLevels>, Problem> {
    Ok(Json(state.house().log_levels().ok_or(Problem::NotFound)?))
}

/// Change how much the program says of itself, for all processes of the host, until it is changed again or the host
/// starts anew.
#[utoipa::path(
    put, path = "/log/level", operation_id = "put_log_level", tag = "state", security(("bearer" = [])),
    request_body = LogLevelRequest,
    responses(
        (status = OK, body = LogLevels),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn put_log_level(
    State(state): State<ApiState>,
    _: Viewer,
    body: Result<Json<LogLevelRequest>, JsonRejection>,
) -> Result<Json<LogLevels>, Problem> {
    let Json(asked) = body?;
    let changed = state.house().log_levels_change(asked.levels.as_deref());
    changed.map_err(|why| Problem::field("levels", why))?;
    Ok(Json(state.house().log_levels().ok_or(Problem::NotFound)?))
}
