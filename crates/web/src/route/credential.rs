//! Credentials.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::ListQuery,
    shape::{Credential, Listing},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};

/// Secrets offered, by their first event. `decky`, `service`, `src_ip` and the times apply.
#[utoipa::path(
    get, path = "/credentials", tag = "evidence", params(ListQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Credential>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn credentials(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Listing<Credential>>, Problem> {
    let (filter, page) = query?.0.parse()?;
    let rows = state.store().credential_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.first_event)))
}
