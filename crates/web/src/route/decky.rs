//! The fleet.

use super::operation::{Queued, ask, decky};
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use decnet_model::operation::Request;
use decnet_shape::{Decky, Persona};

/// All deckies, those no longer wanted included.
#[utoipa::path(
    get, path = "/deckies", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<Decky>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn deckies(State(state): State<ApiState>, _: Viewer) -> Result<Json<Vec<Decky>>, Problem> {
    Ok(Json(state.store().decky_list().await?.iter().map(Decky::from).collect()))
}

/// What attackers see of a decky; passwords and keys are not shown.
#[utoipa::path(
    get, path = "/deckies/{name}/persona", operation_id = "persona", tag = "fleet", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = OK, body = Persona),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn persona(
    State(state): State<ApiState>,
    _: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Persona>, Problem> {
    let text = state.store().persona_get(&name?.0).await?.ok_or(Problem::NotFound)?;
    Ok(Json(Persona::of(&text).ok_or(Problem::Internal("read a persona"))?))
}

/// Give a decky another persona: another machine of the same plan, with other keys. What was recorded stays.
#[utoipa::path(
    post, path = "/deckies/{name}/persona", operation_id = "reset_persona",
    tag = "fleet", security(("bearer" = [])),
    params(("name" = String, Path, description = "The decky")),
    responses(Queued)
)]
pub(crate) async fn reset_persona(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Persona(decky("name", &name?.0)?)).await
}
