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
    http::header,
    response::{IntoResponse, Response},
};
use decnet_model::packets;
use decnet_shape::{Event, Keystrokes, Listing, Session, SessionDetail, SessionPackets};
use decnet_store::record::{self, Filter, Page};
use netsvc_wire::field;

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
    let captures = state.store().session_captures(&row).await?;
    Ok(Json(SessionDetail {
        session: (&row).into(),
        timeline: timeline.iter().map(Event::from).collect(),
        packets: captures.iter().map(SessionPackets::from).collect(),
        keystrokes: keystrokes(&state, &row).await?,
    }))
}

/// How what was typed in a session came; `None`: nothing was, or its recording is not kept.
pub(crate) async fn keystrokes(
    state: &ApiState,
    session: &record::Session,
) -> Result<Option<Keystrokes>, Problem> {
    let Some(sha256) = &session.recording else { return Ok(None) };
    // Only what the store knows is looked for, so that no name leads out of the folder.
    let Some(known) = state.store().artefact_get(sha256).await? else { return Ok(None) };
    let Ok(recording) = tokio::fs::read(state.artefact(&known.sha256)).await else { return Ok(None) };
    let state = state.clone();
    // A long recording takes a while: others are served meanwhile.
    let looked = tokio::task::spawn_blocking(move || state.house().keystrokes(&recording));
    Ok(looked.await.ok().flatten())
}

/// The packets of a session, as tcpdump and Wireshark read them, with those of other connections of the same host to
/// the same port of the decky at that time.
#[utoipa::path(
    get, path = "/sessions/{id}/packets", tag = "sessions", security(("bearer" = [])),
    params(("id" = String, Path, description = "Session id")),
    responses(
        (status = OK, content_type = "application/vnd.tcpdump.pcap", body = String),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn session_packets(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id?;
    let row = state.store().session_get(&id).await?.ok_or(Problem::NotFound)?;
    let mut captures = Vec::new();
    for event in state.store().session_captures(&row).await? {
        // Only what the store knows is looked for, so that no name leads out of the folder.
        let Some(sha256) = event.text(field::SHA256) else { continue };
        let Some(known) = state.store().artefact_get(sha256).await? else { continue };
        // One may be gone, because it was old or others needed its room.
        captures.extend(tokio::fs::read(state.artefact(&known.sha256)).await.ok());
    }
    let whole = packets::joined(&captures);
    if whole.is_empty() {
        return Err(Problem::NotFound);
    }
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"session.pcap\"".to_owned()),
    ];
    Ok((headers, whole).into_response())
}
