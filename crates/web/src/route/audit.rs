//! The audit log.

use crate::{
    ApiState, Problem,
    problem::ProblemBody,
    query::{Paged, Paging},
};
use axum::{Json, extract::State};
use decnet_shape::{AuditEntry, Listing};

/// Changes and logins, the latest first.
#[utoipa::path(
    get, path = "/audit-log", tag = "users", params(Paging), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<AuditEntry>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
    )
)]
pub(crate) async fn audit_log(
    State(state): State<ApiState>,
    query: Paged,
) -> Result<Json<Listing<AuditEntry>>, Problem> {
    let rows = state.store().audit_list(Paging::read(query)?).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}
