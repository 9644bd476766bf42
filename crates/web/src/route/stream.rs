//! Events as they are stored.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Given, Of, Stream as Wanted, StreamQuery},
    readers::Place,
    stream::{Follower, Told},
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{Stream, unfold};
use std::{convert::Infallible, time::Duration};
use tokio::sync::watch;

/// How often an idle stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events as they are stored: server-sent events (WHATWG HTML §9.2) whose `id` is the event's and whose
/// `data` is the body of an event. `Last-Event-ID` resumes without a gap. With `topics=events,incidents`, each
/// incident that something happens to is told too, as `event: incident`.
#[utoipa::path(
    get, path = "/stream", tag = "events", security(("bearer" = [])),
    params(Of<Wanted>, ("Last-Event-ID" = Option<i64>, Header, description = "Last id received")),
    responses(
        (status = OK, content_type = "text/event-stream", body = String),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody, description = "The user has as many streams as one may"),
        (status = SERVICE_UNAVAILABLE, body = ProblemBody),
    )
)]
pub(crate) async fn stream(
    State(state): State<ApiState>,
    viewer: Viewer,
    headers: HeaderMap,
    query: Given,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let query = StreamQuery::read(query, &state).await?;
    let resumed = headers
        .get("last-event-id")
        .map(|value| value.to_str().ok().and_then(|text| text.parse().ok()))
        .map(|id: Option<i64>| id.ok_or_else(|| Problem::field("Last-Event-ID", "not an event id")))
        .transpose()?;
    let place = state.readers().enter(&viewer)?;
    let follower = Follower::begin(&state, resumed.or(query.after())).await?;
    let guest = Guest { follower, stopping: state.stopping(), query, place };
    let events = unfold(guest, |mut guest| async { guest.next().await.map(|event| (Ok(event), guest)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// A reader of the stream, for as long as he may stay.
struct Guest {
    follower: Follower,
    stopping: watch::Receiver<bool>,
    query: StreamQuery,
    place: Place,
}

impl Guest {
    /// The next event that is wanted; `None` when the stream has to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                // First, so that a stream that never rests ends too.
                biased;
                () = self.place.ended() => return None,
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                sent = self.follower.next() => {
                    match sent? {
                        Told::Event(sent) if self.query.wants(&sent.shape) => {
                            return Some(Event::default().id(sent.id.to_string()).event("event").data(&sent.data));
                        }
                        // Without an id: only events are resumed.
                        Told::Incident(data) if self.query.wants_incidents() => {
                            return Some(Event::default().event("incident").data(&*data));
                        }
                        Told::Event(_) | Told::Incident(_) => {}
                    }
                }
            }
        }
    }
}
