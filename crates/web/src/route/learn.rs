//! What a segment is like: a capture of it is handed in, or an interface listened to; the worker `operator` looks, and
//! what it learned is a fleet that may be planned.

use super::operation::{Queued, ask};
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    },
    response::Response,
};
use decnet_model::{
    operation::{FleetRequest, LearnFrom, LearnWork, Request},
    record::{Operation, OperationKind},
};
use decnet_shape::{Learned, LearnedDetail};
use rand_core::{OsRng, RngCore};
use serde::Deserialize;
use std::{io, path::Path as Folder, time::Duration};
use tokio::{fs, io::AsyncWriteExt, sync::Mutex, task::spawn_blocking};
use utoipa::ToSchema;

/// Results that are listed.
const LISTED: u32 = 50;
/// Captures that may wait at once.
const WAITING: usize = 8;
/// Whoever counts what waits, and adds to it.
static KEEPING: Mutex<()> = Mutex::const_new(());
/// When to ask again where too many wait.
const AGAIN: Duration = Duration::from_secs(30);
/// A capture that is older was asked for by nobody who still waits.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Longest time that an interface is listened to, in seconds: everything else that is asked for waits meanwhile.
const LONGEST: u32 = 300;
/// Most deckies that are proposed.
const DECKIES: u16 = 1000;
/// Longest seed, and longest name of an interface.
const SEED: usize = 200;
/// As [`SEED`]; `IFNAMSIZ` of Linux without the NUL.
const INTERFACE: usize = 15;

/// What is proposed of a capture.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LearnQuery {
    /// How many deckies are proposed, 1 to 1000; without it, one to four hosts.
    deckies: Option<u16>,
    /// Fixes what is drawn.
    seed: Option<String>,
}

/// What is listened to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listening {
    /// The interface.
    interface: String,
    /// For so many seconds, 1 to 300.
    seconds: u32,
    /// How many deckies are proposed; absent: one to four hosts.
    #[serde(default)]
    deckies: Option<u16>,
    /// Fixes what is drawn.
    #[serde(default)]
    seed: Option<String>,
}

/// See what a segment is like by a capture of it (pcap, Ethernet, 16 MiB at most), and have a fleet proposed that
/// blends in.
#[utoipa::path(
    post, path = "/learn", operation_id = "learn", tag = "learn", params(LearnQuery), security(("bearer" = [])),
    request_body(content = String, content_type = "application/vnd.tcpdump.pcap", description = "The capture"),
    responses(Queued)
)]
pub(crate) async fn capture(
    State(state): State<ApiState>,
    viewer: Viewer,
    query: Result<Query<LearnQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = query?;
    let bytes = body.map_err(|rejection| Problem::field("", rejection.body_text()))?;
    check_capture(&bytes)?;
    let (deckies, seed) = bounded(asked.deckies, asked.seed)?;
    let folder = state.handed_in();
    let name = keep(&folder, &bytes).await?;
    let work = LearnWork { from: LearnFrom::Upload(name.clone()), deckies, seed };
    let answer = ask(&state, &viewer, Request::Learn(work)).await;
    if answer.is_err() {
        // Nobody will look at it. Whether it goes now or when it is stale is all the same.
        let _ = fs::remove_file(folder.join(name)).await;
    }
    answer
}

/// Listen at an interface of the host, and have a fleet proposed that blends in. Nothing is sent.
#[utoipa::path(
    post, path = "/learn/listen", operation_id = "learn_listen", tag = "learn", security(("bearer" = [])),
    request_body = Listening, responses(Queued)
)]
pub(crate) async fn listen(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<Listening>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(asked) = body?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    let is_name = (1..=INTERFACE).contains(&asked.interface.len()) && asked.interface.bytes().all(plain);
    if !is_name {
        return Err(Problem::field("interface", "the name of an interface, as `ip link` shows it"));
    }
    if !(1..=LONGEST).contains(&asked.seconds) {
        return Err(Problem::field("seconds", format!("1 to {LONGEST}")));
    }
    let (deckies, seed) = bounded(asked.deckies, asked.seed)?;
    let from = LearnFrom::Interface { name: asked.interface, seconds: asked.seconds };
    ask(&state, &viewer, Request::Learn(LearnWork { from, deckies, seed })).await
}

/// What was learned, the latest first.
#[utoipa::path(
    get, path = "/learned", operation_id = "learned", tag = "learn", security(("bearer" = [])),
    responses((status = OK, body = Vec<Learned>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn learned(State(state): State<ApiState>, _: Viewer) -> Result<Json<Vec<Learned>>, Problem> {
    let rows = state.store().operation_of(OperationKind::Learn, LISTED).await?;
    // All of each is read, which takes a while of large segments.
    let all = spawn_blocking(move || rows.iter().map(Learned::from).collect());
    Ok(Json(all.await.map_err(|_| Problem::Internal("read what was learned"))?))
}

/// What was learned once: who is there, and what is proposed.
#[utoipa::path(
    get, path = "/learned/{id}", operation_id = "learned_one", tag = "learn", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Number of the work that learned it")),
    responses(
        (status = OK, body = LearnedDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn one(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Json<LearnedDetail>, Problem> {
    Ok(Json((&row(&state, id).await?).into()))
}

/// See what deploying the fleet would do that was proposed.
#[utoipa::path(
    post, path = "/learned/{id}/plan", operation_id = "learned_plan", tag = "learn", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Number of the work that learned it")),
    responses(Queued, (status = NOT_FOUND, body = ProblemBody), (status = CONFLICT, body = ProblemBody))
)]
pub(crate) async fn plan(
    State(state): State<ApiState>,
    viewer: Viewer,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Response, Problem> {
    let detail = LearnedDetail::from(&row(&state, id).await?);
    if detail.ini.is_empty() {
        return Err(Problem::Conflict("nothing is proposed (yet): it did not end well".to_owned()));
    }
    ask(&state, &viewer, Request::Plan(FleetRequest::Ini(detail.ini))).await
}

async fn row(state: &ApiState, id: Result<Path<i64>, PathRejection>) -> Result<Operation, Problem> {
    let Path(id) = id?;
    let row = state.store().operation_get(id).await?;
    row.filter(|row| row.kind == OperationKind::Learn).ok_or(Problem::NotFound)
}

/// What can be told of a capture by its first bytes; the rest, which of its forms are read too, is for who reads it.
fn check_capture(bytes: &[u8]) -> Result<(), Problem> {
    match bytes.get(..4) {
        Some(
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1]
            | [0x0a, 0x0d, 0x0d, 0x0a],
        ) => Ok(()),
        _ => Err(Problem::field("", "this is no capture, as `tcpdump -w` writes it")),
    }
}

fn bounded(deckies: Option<u16>, seed: Option<String>) -> Result<(Option<u16>, Option<String>), Problem> {
    if deckies.is_some_and(|deckies| !(1..=DECKIES).contains(&deckies)) {
        return Err(Problem::field("deckies", format!("1 to {DECKIES}")));
    }
    if seed.as_ref().is_some_and(|seed| seed.len() > SEED || seed.contains('\0')) {
        return Err(Problem::field("seed", format!("{SEED} bytes at most")));
    }
    Ok((deckies, seed))
}

/// Keeps what was handed in until the worker has it. Returns its name.
async fn keep(folder: &Folder, bytes: &[u8]) -> Result<String, Problem> {
    let failed = |error: io::Error| {
        tracing::error!(%error, "what was handed in could not be kept");
        Problem::Internal("keep what was handed in")
    };
    // Nobody comes between the count and the file that is counted next.
    let _one = KEEPING.lock().await;
    fs::create_dir_all(folder).await.map_err(failed)?;
    if waiting(folder).await.map_err(failed)? >= WAITING {
        return Err(Problem::TooMany { after: AGAIN });
    }
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let name = hex::encode(random);
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o600).open(folder.join(&name)).await.map_err(failed)?;
    file.write_all(bytes).await.map_err(failed)?;
    file.flush().await.map_err(failed)?;
    Ok(name)
}

/// How many wait; what is stale goes.
async fn waiting(folder: &Folder) -> io::Result<usize> {
    let (mut count, mut entries) = (0, fs::read_dir(folder).await?);
    while let Some(entry) = entries.next_entry().await? {
        // One that is gone by now waits no more.
        let Ok(about) = entry.metadata().await else { continue };
        let age = about.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
        if age < STALE {
            count += 1;
        } else {
            match fs::remove_file(entry.path()).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinSet;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_wait_than_may_however_many_are_handed_in_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut all = JoinSet::new();
        for _ in 0..WAITING * 4 {
            let place = folder.path().to_owned();
            all.spawn(async move { keep(&place, b"x").await.is_ok() });
        }
        let kept = all.join_all().await.into_iter().filter(|kept| *kept).count();
        assert_eq!((kept, waiting(folder.path()).await.unwrap()), (WAITING, WAITING));
    }
}
