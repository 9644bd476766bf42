//! Events.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Events, Given, Of, read},
};
use axum::{Json, extract::State};
use decnet_shape::{Event, Listing};

/// Events, newest first, or after an id oldest first.
#[utoipa::path(
    get, path = "/events", tag = "events", params(Of<Events>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Event>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn events(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Event>>, Problem> {
    let (filter, page) = read::<Events>(query, &state).await?;
    let rows = state.store().event_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}
