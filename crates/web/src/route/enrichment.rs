//! What attackers are looked up in, and who is asked about them.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{Json, extract::State};
use decnet_shape::{CountryCount, LookupStatus};
use netsvc_wire::stamp::now;

/// Files that attackers are looked up in, and providers that are asked about them, each with how it does.
#[utoipa::path(
    get, path = "/enrichment", tag = "attackers", security(("bearer" = [])),
    responses((status = OK, body = LookupStatus), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn enrichment(
    State(state): State<ApiState>,
    _: Viewer,
) -> Result<Json<LookupStatus>, Problem> {
    let files = state.store().enrichment_files().await?;
    let providers = state.store().provider_list().await?;
    Ok(Json(LookupStatus::new(&files, &providers, now())))
}

/// How many attackers there are of each country, the most first; those of which nobody knows are left out.
#[utoipa::path(
    get, path = "/enrichment/countries", tag = "attackers", security(("bearer" = [])),
    responses((status = OK, body = Vec<CountryCount>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn countries(
    State(state): State<ApiState>,
    _: Viewer,
) -> Result<Json<Vec<CountryCount>>, Problem> {
    Ok(Json(CountryCount::list(&state.store().enrichment_countries().await?)))
}
