//! Deckies that change while they run: what changed, and what somebody wants changed.

use super::operation::{Queued, ask, decky};
use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Given, Mutations, Of, read},
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    response::Response,
};
use decnet_model::{
    operation::{Request, ServiceEdit},
    tarpit::{self, Tarpit},
};
use decnet_shape::{DeckyDetail, Listing, Mutation};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Most names that a request lists.
const NAMES: usize = 10_000;
/// Most settings that a request lists.
const SETTINGS: usize = 64;

/// Who is to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changing {
    /// These deckies; none: all.
    #[serde(default)]
    deckies: Vec<String>,
}

/// A service that a decky is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedService {
    /// Its slug.
    service: String,
    /// How it is set, by key.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

/// How a service is to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedSettings {
    /// Settings by key; what is not named stays, an empty value takes a setting back.
    settings: BTreeMap<String, String>,
}

/// Whom a decky is to keep waiting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedTarpit {
    /// Whether it does; absent: it does where sources are named, else as the fleet says.
    on: Option<bool>,
    /// Networks whose hosts are kept waiting; none: everybody is.
    #[serde(default)]
    sources: Vec<String>,
    /// Services that answer them slowly themselves; connections to all others are held.
    #[serde(default)]
    services: Vec<String>,
}

/// What changed of deckies, the latest first.
#[utoipa::path(
    get, path = "/mutations", tag = "fleet", params(Of<Mutations>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Mutation>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn mutations(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Mutation>>, Problem> {
    let (filter, page) = read::<Mutations>(query, &state).await?;
    let rows = state.store().mutation_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}

/// Change deckies as machines change that somebody looks after.
#[utoipa::path(
    post, path = "/mutate", operation_id = "mutate",
    tag = "fleet", security(("bearer" = [])), request_body = Changing,
    responses(Queued)
)]
pub(crate) async fn mutate(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<Changing>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(changing) = body?;
    let names: Result<Vec<_>, _> =
        changing.deckies.iter().take(NAMES).map(|name| decky("deckies", name)).collect();
    ask(&state, &viewer, Request::Mutate(names?)).await
}

/// One decky, and how its services are set; secrets are not shown.
#[utoipa::path(
    get, path = "/deckies/{name}", operation_id = "decky", tag = "fleet", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = OK, body = DeckyDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn detail(
    State(state): State<ApiState>,
    _: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<DeckyDetail>, Problem> {
    let row = state.store().decky_get(&name?.0).await?.ok_or(Problem::NotFound)?;
    let changed = state.store().mutation_last().await?;
    let last = changed.iter().find(|(name, _)| *name == row.name).map(|(_, at)| *at);
    Ok(Json(DeckyDetail::new(&row, last)))
}

/// Give a decky a service.
#[utoipa::path(
    post, path = "/deckies/{name}/services", operation_id = "add_service",
    tag = "fleet", security(("bearer" = [])), request_body = WantedService,
    params(("name" = String, Path, description = "The decky")),
    responses(Queued)
)]
pub(crate) async fn add_service(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<WantedService>, JsonRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Json(wanted)) = (name?, body?);
    let edit = ServiceEdit::Add { service: wanted.service, settings: few(wanted.settings)? };
    ask(&state, &viewer, Request::Decky { decky: decky("name", &name)?, edit }).await
}

/// Set a service of a decky in another way.
#[utoipa::path(
    patch, path = "/deckies/{name}/services/{service}", operation_id = "set_service",
    tag = "fleet", security(("bearer" = [])), request_body = WantedSettings,
    params(("name" = String, Path, description = "The decky"), ("service" = String, Path, description = "Its slug")),
    responses(Queued)
)]
pub(crate) async fn set_service(
    State(state): State<ApiState>,
    viewer: Viewer,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Json<WantedSettings>, JsonRejection>,
) -> Result<Response, Problem> {
    let (Path((name, service)), Json(wanted)) = (path?, body?);
    let edit = ServiceEdit::Set { service, settings: few(wanted.settings)? };
    ask(&state, &viewer, Request::Decky { decky: decky("name", &name)?, edit }).await
}

/// Take a service away from a decky.
#[utoipa::path(
    delete, path = "/deckies/{name}/services/{service}", operation_id = "remove_service",
    tag = "fleet", security(("bearer" = [])),
    params(("name" = String, Path, description = "The decky"), ("service" = String, Path, description = "Its slug")),
    responses(Queued)
)]
pub(crate) async fn remove_service(
    State(state): State<ApiState>,
    viewer: Viewer,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((name, service)) = path?;
    let edit = ServiceEdit::Remove { service };
    ask(&state, &viewer, Request::Decky { decky: decky("name", &name)?, edit }).await
}

/// Say whom a decky keeps waiting, in the place of what was said of that before.
#[utoipa::path(
    put, path = "/deckies/{name}/tarpit", operation_id = "set_tarpit",
    tag = "fleet", security(("bearer" = [])), request_body = WantedTarpit,
    params(("name" = String, Path, description = "The decky")),
    responses(Queued)
)]
pub(crate) async fn set_tarpit(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<WantedTarpit>, JsonRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Json(wanted)) = (name?, body?);
    let sources = match wanted.sources.as_slice() {
        [] => Vec::new(),
        some => tarpit::sources(&some.join(",")).map_err(|why| Problem::field("sources", why))?,
    };
    let services = match wanted.services.as_slice() {
        [] => Vec::new(),
        some => tarpit::services(&some.join(",")).map_err(|why| Problem::field("services", why))?,
    };
    let edit = ServiceEdit::Tarpit(Tarpit { on: wanted.on, sources, services });
    ask(&state, &viewer, Request::Decky { decky: decky("name", &name)?, edit }).await
}

fn few(settings: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Problem> {
    let many = settings.len() > SETTINGS;
    if many { Err(Problem::field("settings", format!("{SETTINGS} at most"))) } else { Ok(settings) }
}
