//! Sessions.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Given, Of, Sessions, read},
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use decnet_shape::{Event, Listing, Session, SessionDetail};
use decnet_store::record::{Filter, Page};

/// Events shown with a session.
const TIMELINE: u32 = 500;

/// Sessions, those begun last first.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions", params(Of<Sessions>), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Session>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn sessions(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Json<Listing<Session>>, Problem> {
    let (filter, page) = read::<Sessions>(query, &state).await?;
    let rows = state.store().session_list(&filter, page).await?;
    Ok(Json(Listing::of(&rows, |row| row.first_event)))
}

/// One session and its first events.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "sessions", security(("bearer" = [])),
    params(("id" = String, Path, description = "Session id")),
    responses(
        (status = OK, body = SessionDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn session(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<SessionDetail>, Problem> {
    let Path(id) = id?;
    let row = state.store().session_get(&id).await?.ok_or(Problem::NotFound)?;
    let filter = Filter { session: Some(id), ..Filter::default() };
    let timeline = state.store().event_list(&filter, Page::after(0, TIMELINE)).await?;
    Ok(Json(SessionDetail { session: (&row).into(), timeline: timeline.iter().map(Event::from).collect() }))
}
