//! Events as they are stored.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::{ProblemBody, chain},
    query::{Given, Of, Stream as Wanted, StreamQuery},
    stream::{Follower, Told},
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{Stream, unfold};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::Instant,
};

/// How often an idle stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often it is seen whether a reader's token is still good.
const LOOK: Duration = Duration::from_secs(1);

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
    let turn = state.streams().try_acquire_owned().map_err(|_| Problem::Busy)?;
    let follower = Follower::begin(&state, resumed.or(query.after())).await?;
    let stopping = state.stopping();
    let guest =
        Guest { state, viewer, next_look: Instant::now() + LOOK, follower, stopping, query, _turn: turn };
    let events = unfold(guest, |mut guest| async { guest.next().await.map(|event| (Ok(event), guest)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// A reader of the stream, for as long as his token is good.
struct Guest {
    state: ApiState,
    viewer: Viewer,
    /// When to look at the token again.
    next_look: Instant,
    follower: Follower,
    stopping: watch::Receiver<bool>,
    query: StreamQuery,
    _turn: OwnedSemaphorePermit,
}

impl Guest {
    /// The next event that is wanted; `None` when the stream has to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            // First, so that a stream that never rests is looked at too.
            if self.next_look <= Instant::now() {
                self.look().await?;
            }
            tokio::select! {
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
                () = tokio::time::sleep_until(self.next_look) => {}
                () = self.state.revoked().notified() => self.next_look = Instant::now(),
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            }
        }
    }

    /// Whether the reader may stay. A store that cannot say ends the stream: the reader resumes it.
    async fn look(&mut self) -> Option<()> {
        self.next_look = Instant::now() + LOOK;
        match self.viewer.is_welcome(&self.state).await {
            Ok(true) => Some(()),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "an event stream cannot look at its token");
                None
            }
        }
    }
}
