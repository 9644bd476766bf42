//! What a decky can be made of.

use crate::problem::ProblemBody;
use axum::Json;
use decnet_model::{
    archetype::{ARCHETYPES, DISTROS},
    catalogue,
};
use decnet_shape::{Archetype, Distro, Service};

/// Kinds of machine.
#[utoipa::path(
    get, path = "/archetypes", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<Archetype>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn archetypes() -> Json<Vec<Archetype>> {
    Json(ARCHETYPES.iter().map(Archetype::from).collect())
}

/// Systems that can be asked for by name.
#[utoipa::path(
    get, path = "/distros", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<Distro>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn distros() -> Json<Vec<Distro>> {
    Json(DISTROS.iter().map(Distro::from).collect())
}

/// Services, their ports and settings.
#[utoipa::path(
    get, path = "/services", tag = "fleet", security(("bearer" = [])),
    responses((status = OK, body = Vec<Service>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn services() -> Json<Vec<Service>> {
    Json(catalogue::services().iter().map(Service::from).collect())
}
