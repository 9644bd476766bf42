//! Credentials.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Credentials, Given, Of, read},
};
use axum::{Json, extract::State};
use decnet_shape::{Credential, Listing};

/// Secrets offered, by their first event.
#[utoipa::path(
    get, path = "/credentials", tag = "evidence", params(Of<Credentials>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Credential>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn credentials(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Credential>>, Problem> {
    let (filter, page) = read::<Credentials>(query, &state).await?;
    let rows = state.store().credential_list(&filter, page).await?;
    let mut listing: Listing<Credential> = Listing::of(&rows, |row| row.first_event);
    let secrets: Vec<_> = listing.items.iter().map(|one| one.secret_sha256.clone()).collect();
    let canaries = state.store().canary_of_secrets(&secrets).await?;
    decnet_shape::with_provenance(&mut listing.items, &canaries);
    Ok(Json(listing))
}
