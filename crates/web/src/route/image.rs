//! What containers run: services that the operator brings along, and their images.

use super::operation::{Queued, ask};
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use decnet_model::{fleet::Fleet, operation::Request};
use decnet_shape::CustomService;
use serde::Deserialize;
use utoipa::ToSchema;

/// How images are made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Building {
    /// Whether nothing is taken from what was made before.
    #[serde(default)]
    no_cache: bool,
}

/// Services of the deployed fleet that the operator brings along, with their images.
#[utoipa::path(
    get, path = "/images", operation_id = "images", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<CustomService>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn images(
    State(state): State<ApiState>,
    _: Viewer,
) -> Result<Json<Vec<CustomService>>, Problem> {
    let text = state.store().fleet_get().await?;
    let fleet: Option<Fleet> = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Json(fleet.as_ref().map(CustomService::all).unwrap_or_default()))
}

/// Make the image of the service binary, and those of the deployed fleet's own services; containers of an image that
/// is another one then are replaced.
#[utoipa::path(
    post, path = "/images/build", operation_id = "build_images", tag = "fleet", security(("bearer" = [])),
    request_body = Building, responses(Queued)
)]
pub(crate) async fn build(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<Building>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(asked) = body?;
    ask(&state, &viewer, Request::Image { no_cache: asked.no_cache }).await
}
