//! Canaries: making, planting and revoking them, and what became of them.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Paged, Paging},
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use decnet_canary::{PlantError, Wish, make};
use decnet_model::canary::{Asked, MOST, Origin};
use decnet_shape::{Canary, CanaryHit, CanaryKind, Listing};
use decnet_store::record::{self, CanaryFilter, CanarySummary};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// Canaries of one answer.
const LISTED: u32 = 2000;

/// A canary that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CanaryRequest {
    /// What it looks like, as `/canaries/kinds` names it.
    kind: String,
    /// What you say of it.
    #[serde(default)]
    memo: String,
    /// Name of its file; absent: the usual one of the kind.
    #[serde(default)]
    file: Option<String>,
    /// Login name that it shows.
    #[serde(default)]
    user: Option<String>,
    /// What the kind says of it: the host of a key, the domain of a page or mail, where visitors go on to.
    #[serde(default)]
    target: Option<String>,
}

/// Where a canary is to lie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceRequest {
    /// The decky.
    decky: String,
    /// Path there; `~` is the home of the owner.
    path: String,
    /// Login name of the owner; absent: who has the home that the path is in, else the superuser.
    #[serde(default)]
    owner: Option<String>,
}

fn origin(state: &ApiState) -> Result<Origin, Problem> {
    state.house().canary_origin().map_err(Problem::flaws)
}

/// What a canary can look like.
#[utoipa::path(
    get, path = "/canaries/kinds", operation_id = "canary_kinds", tag = "canaries", security(("bearer" = [])),
    responses((status = OK, body = Vec<CanaryKind>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn kinds(State(state): State<ApiState>) -> Result<Json<Vec<CanaryKind>>, Problem> {
    Ok(Json(CanaryKind::all(&origin(&state)?)))
}

/// Canaries, those made last first; revoked ones too.
#[utoipa::path(
    get, path = "/canaries", operation_id = "canaries", tag = "canaries", security(("bearer" = [])),
    responses((status = OK, body = Vec<Canary>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn canaries(State(state): State<ApiState>) -> Result<Json<Vec<Canary>>, Problem> {
    let rows = state.store().canary_list(&CanaryFilter::default(), LISTED).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut summaries = state.store().canary_summaries(&ids).await?;
    let shape = |row: &record::Canary| Canary::new(row, &summaries.remove(&row.id).unwrap_or_default());
    Ok(Json(rows.iter().map(shape).collect()))
}

/// Make a canary.
#[utoipa::path(
    post, path = "/canaries", operation_id = "create_canary",
    tag = "canaries", security(("bearer" = [])), request_body = CanaryRequest,
    responses(
        (status = CREATED, body = Canary),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<CanaryRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Canary>), Problem> {
    let Json(asked) = body?;
    let Ok(kind) = asked.kind.parse() else { return Err(Problem::field("kind", "see /canaries/kinds")) };
    if MOST <= state.store().canary_total().await? {
        return Err(Problem::Conflict(format!("there are {MOST} canaries already")));
    }
    let asked = Asked { kind, memo: asked.memo, file: asked.file, user: asked.user, target: asked.target };
    let mut draw = make::Draw::new().map_err(|_| Problem::Internal("no random numbers"))?;
    let made = make::make(&asked, &origin(&state)?, &mut draw, &viewer.user.name, now());
    let made = made.map_err(Problem::flaws)?;
    state.store().canary_put(&made.canary, &made.content, &made.secrets).await?;
    Ok((StatusCode::CREATED, Json(Canary::new(&made.canary, &CanarySummary::default()))))
}

/// A canary.
#[utoipa::path(
    get, path = "/canaries/{id}", operation_id = "canary", tag = "canaries", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = OK, body = Canary),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn canary(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Canary>, Problem> {
    let row = state.store().canary_get(&id?.0).await?.ok_or(Problem::NotFound)?;
    let summary = state.store().canary_summaries(std::slice::from_ref(&row.id)).await?;
    Ok(Json(Canary::new(&row, &summary.into_values().next().unwrap_or_default())))
}

/// What a canary holds: its file.
#[utoipa::path(
    get, path = "/canaries/{id}/content", operation_id = "canary_content",
    tag = "canaries", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = OK, content_type = "application/octet-stream", body = String),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn content(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let row = state.store().canary_get(&id?.0).await?.ok_or(Problem::NotFound)?;
    let content = state.store().canary_content(&row.id).await?.ok_or(Problem::NotFound)?;
    // Names of other alphabets would need RFC 8187; the dashboard has the name from the list.
    let plain: String = row
        .file
        .chars()
        .map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")),
    ];
    Ok((headers, content).into_response())
}

/// What became of a canary, the latest first.
#[utoipa::path(
    get, path = "/canaries/{id}/hits", operation_id = "canary_hits",
    tag = "canaries", params(("id" = String, Path, description = "Its id"), Paging), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<CanaryHit>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn hits(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
    query: Paged,
) -> Result<Json<Listing<CanaryHit>>, Problem> {
    let row = state.store().canary_get(&id?.0).await?.ok_or(Problem::NotFound)?;
    let rows = state.store().canary_hits(Some(&row.id), Paging::read(query)?).await?;
    Ok(Json(Listing::of(&rows, |row| row.event)))
}

/// What became of all canaries, the latest first.
#[utoipa::path(
    get, path = "/canaries/hits", operation_id = "all_canary_hits",
    tag = "canaries", params(Paging), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<CanaryHit>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn all_hits(
    State(state): State<ApiState>,
    query: Paged,
) -> Result<Json<Listing<CanaryHit>>, Problem> {
    let rows = state.store().canary_hits(None, Paging::read(query)?).await?;
    Ok(Json(Listing::of(&rows, |row| row.event)))
}

/// Lay a canary among the files of a decky.
#[utoipa::path(
    put, path = "/canaries/{id}/place", operation_id = "plant_canary",
    tag = "canaries", security(("bearer" = [])), request_body = PlaceRequest,
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn plant(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<PlaceRequest>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(id), Json(asked)) = (id?, body?);
    let wish = Wish { node: asked.decky, path: asked.path, owner: asked.owner };
    match decnet_canary::plant(state.store(), &id, &wish, now()).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(PlantError::NoCanary(_)) => Err(Problem::NotFound),
        Err(PlantError::NoDecky(name)) => {
            Err(Problem::field("decky", format!("no decky is called {name:?}")))
        }
        Err(PlantError::Flaws(flaws)) => Err(Problem::flaws(flaws)),
        Err(PlantError::Store(error)) => Err(error.into()),
        Err(PlantError::Document(_)) => Err(Problem::Internal("read a decky")),
    }
}

/// Take a canary from the files of its decky; it still counts.
#[utoipa::path(
    delete, path = "/canaries/{id}/place", operation_id = "unplant_canary",
    tag = "canaries", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn unplant(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    done(state.store().canary_place(&id?.0, None, now()).await?)
}

/// Have a canary count no more, and take it from its decky.
#[utoipa::path(
    delete, path = "/canaries/{id}", operation_id = "revoke_canary",
    tag = "canaries", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    done(state.store().canary_revoke(&id?.0, now()).await?)
}

fn done(there: bool) -> Result<StatusCode, Problem> {
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NotFound) }
}
