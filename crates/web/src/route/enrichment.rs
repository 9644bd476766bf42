//! What attackers are looked up in, and who is asked about them.

use crate::{ApiState, Problem, auth::Viewer, house::Looked, problem::ProblemBody};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use decnet_shape::{CountryCount, Lookup, LookupStatus};
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

/// What is known of an address or a file: whose it is, and what providers have answered. Nobody is asked.
#[utoipa::path(
    get, path = "/enrichment/lookup/{subject}", operation_id = "enrichment_lookup",
    tag = "attackers", security(("bearer" = [])),
    params(("subject" = String, Path, description = "An address, or the SHA-256 of a file")),
    responses(
        (status = OK, body = Lookup),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn lookup(
    State(state): State<ApiState>,
    _: Viewer,
    subject: Result<Path<String>, PathRejection>,
) -> Result<Json<Lookup>, Problem> {
    let looked = looked(&subject?.0)
        .ok_or_else(|| Problem::field("subject", "an address, or 64 hex digits of a SHA-256"))?;
    let found = state.house().lookup(state.store().clone(), looked).await;
    Ok(Json(found.ok_or(Problem::NotFound)?))
}

fn looked(text: &str) -> Option<Looked> {
    if let Ok(address) = text.parse() {
        return Some(Looked::Address(address));
    }
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| Looked::File(text.to_ascii_lowercase()))
}
