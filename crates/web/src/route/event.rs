//! Events.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::ListQuery,
    shape::{Event, Listing},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};

/// Events, newest first, or after an id oldest first.
#[utoipa::path(
    get, path = "/events", tag = "events", params(ListQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Event>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn events(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Listing<Event>>, Problem> {
    let (filter, page) = query?.0.parse()?;
    let rows = state.store().event_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}
