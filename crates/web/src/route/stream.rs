//! Events as they are stored.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody, query::StreamQuery, stream::Follower};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{Stream, unfold};
use std::{convert::Infallible, time::Duration};

/// How often an idle stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events as they are stored: server-sent events (WHATWG HTML §9.2) whose `id` is the event's and whose
/// `data` is the body of an event. `Last-Event-ID` resumes without a gap.
#[utoipa::path(
    get, path = "/stream", tag = "events", security(("bearer" = [])),
    params(StreamQuery, ("Last-Event-ID" = Option<i64>, Header, description = "Last id received")),
    responses(
        (status = OK, content_type = "text/event-stream", body = String),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = SERVICE_UNAVAILABLE, body = ProblemBody),
    )
)]
pub(crate) async fn stream(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    query: Result<Query<StreamQuery>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Query(query) = query?;
    let resumed = headers
        .get("last-event-id")
        .map(|value| value.to_str().ok().and_then(|text| text.parse().ok()))
        .map(|id: Option<i64>| id.ok_or_else(|| Problem::field("Last-Event-ID", "not an event id")))
        .transpose()?;
    let turn = state.streams().try_acquire_owned().map_err(|_| Problem::Busy)?;
    let follower = Follower::begin(&state, resumed.or(query.after())).await?;
    let stopping = state.stopping();
    let events =
        unfold((follower, stopping, turn, query), |(mut follower, mut stopping, turn, query)| async {
            loop {
                let sent = tokio::select! {
                    sent = follower.next() => sent?,
                    _ = stopping.wait_for(|stopping| *stopping) => return None,
                };
                if query.wants(&sent.shape) {
                    let event = Event::default().id(sent.id.to_string()).event("event").data(&sent.data);
                    return Some((Ok(event), (follower, stopping, turn, query)));
                }
            }
        });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
