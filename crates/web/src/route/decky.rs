//! The fleet.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{Json, extract::State};
use decnet_shape::Decky;

/// All deckies, those no longer wanted included.
#[utoipa::path(
    get, path = "/deckies", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<Decky>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn deckies(State(state): State<ApiState>, _: Viewer) -> Result<Json<Vec<Decky>>, Problem> {
    Ok(Json(state.store().decky_list().await?.iter().map(Decky::from).collect()))
}
