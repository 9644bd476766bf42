//! Artefacts.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Artifacts, Given, Of, Sightings, read},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use decnet_shape::{Artifact, ArtifactDetail, Listing, Reputation, Sighting};

/// Sightings shown with an artefact.
const LATEST: u32 = 100;

/// Payloads by content, by their first event.
#[utoipa::path(
    get, path = "/artifacts", tag = "evidence", params(Of<Artifacts>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Artifact>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn artifacts(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Artifact>>, Problem> {
    let (filter, page) = read::<Artifacts>(query, &state).await?;
    let rows = state.store().artefact_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.first_event)))
}

/// One artefact and where it was seen.
#[utoipa::path(
    get, path = "/artifacts/{sha256}", tag = "evidence", security(("bearer" = [])),
    params(("sha256" = String, Path, description = "SHA-256 of the content, lower-case hex")),
    responses(
        (status = OK, body = ArtifactDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn artifact(
    State(state): State<ApiState>,
    _: Viewer,
    sha256: Result<Path<String>, PathRejection>,
) -> Result<Json<ArtifactDetail>, Problem> {
    let Path(sha256) = sha256?;
    let row = state.store().artefact_get(&sha256).await?.ok_or(Problem::NotFound)?;
    let latest = state.store().artefact_sightings(&sha256, LATEST).await?;
    let answers = state.store().file_reputation_get(&sha256).await?;
    Ok(Json(ArtifactDetail {
        artifact: (&row).into(),
        kept: tokio::fs::try_exists(state.artefact(&row.sha256)).await.unwrap_or(false),
        reputation: answers.iter().map(Reputation::from).collect(),
        latest: latest.iter().map(Sighting::from).collect(),
    }))
}

/// Times that artefacts were seen, those seen last first.
#[utoipa::path(
    get, path = "/sightings", tag = "evidence", params(Of<Sightings>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Sighting>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn sightings(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Sighting>>, Problem> {
    let (filter, page) = read::<Sightings>(query, &state).await?;
    let rows = state.store().sighting_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.event)))
}
