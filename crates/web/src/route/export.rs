//! Evidence to take away: events as lines of JSON, the content of an artefact.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Export, Given, Of, read_from},
};
use axum::{
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::header,
    response::{IntoResponse, Response},
};
use decnet_export::sealed;
use decnet_shape::EventForm;
use decnet_store::{
    Store,
    record::{Filter, Page},
};
use futures_util::{
    StreamExt,
    stream::{iter, unfold},
};
use std::io;
use tokio::{
    fs::{self, File},
    io::AsyncReadExt,
    sync::Semaphore,
    task::spawn_blocking,
};

/// Events read at once.
const BATCH: u32 = 500;
/// Longest artefact that is put into an archive: it is in memory then.
const SEALED: u64 = 256 << 20;
/// So many archives are made at once.
static SEALING: Semaphore = Semaphore::const_new(2);
/// Bytes of an artefact read at once.
const CHUNK: usize = 64 * 1024;

/// All events that fit, oldest first, a line each: JSON as in `/events`, or in another form. It ends with the event
/// that is the newest when the request comes; what is cut goes on after the last id that came.
#[utoipa::path(
    get, path = "/events/export", tag = "events", params(Of<Export>), security(("bearer" = [])),
    responses(
        (status = OK, content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn events_export(
    State(state): State<ApiState>,
    _: Viewer,
    query: Given,
) -> Result<Response, Problem> {
    let (filter, after, form) = read_from(query, &state).await?;
    let newest = state.store().event_last().await?;
    let head = Some(form.head()).filter(|head| !head.is_empty());
    let place = Some(Place { store: state.store().clone(), filter, after, newest, form });
    let pages = unfold(place, |place| async move {
        let mut place = place?;
        match place.page().await {
            Ok(Some(lines)) => Some((Ok(lines), Some(place))),
            Ok(None) => None,
            // The answer has begun: that it breaks off is all that can be said.
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    });
    let head = iter(head.map(|head| Ok::<_, io::Error>(head.into_bytes())));
    Ok(([(header::CONTENT_TYPE, form.media())], Body::from_stream(head.chain(pages))).into_response())
}

/// Where an export stands.
struct Place {
    store: Store,
    filter: Filter,
    after: i64,
    newest: i64,
    form: EventForm,
}

impl Place {
    /// The next lines; `None` at the end.
    async fn page(&mut self) -> Result<Option<Vec<u8>>, decnet_store::Error> {
        if self.newest <= self.after {
            return Ok(None);
        }
        let rows = self.store.event_list(&self.filter, Page::after(self.after, BATCH)).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = last.id;
        let mut lines = Vec::new();
        for row in rows.iter().filter(|row| row.id <= self.newest) {
            lines.extend(self.form.line(row).into_bytes());
        }
        Ok(Some(lines))
    }
}

/// The content of an artefact. It may be live malware.
#[utoipa::path(
    get, path = "/artifacts/{sha256}/content", tag = "evidence", security(("bearer" = [])),
    params(("sha256" = String, Path, description = "SHA-256 of the content, lower-case hex")),
    responses(
        (status = OK, content_type = "application/octet-stream", body = String),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn artifact_content(
    State(state): State<ApiState>,
    _: Viewer,
    sha256: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(sha256) = sha256?;
    // Only what the store knows is looked for, so that no name leads out of the folder.
    let known = state.store().artefact_get(&sha256).await?.ok_or(Problem::NotFound)?;
    let file = File::open(state.artefact(&known.sha256)).await.map_err(|_| Problem::NotFound)?;
    let length = file.metadata().await.map_err(|_| Problem::NotFound)?.len();
    let chunks = unfold(Some(file), |file| async move {
        let mut file = file?;
        let mut chunk = vec![0; CHUNK];
        match file.read(&mut chunk).await {
            Ok(0) => None,
            Ok(count) => {
                chunk.truncate(count);
                Some((Ok(chunk), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", known.sha256)),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// The content of an artefact in a ZIP archive with the password `infected` (ZipCrypto), as analysts pass it on. It
/// may be live malware.
#[utoipa::path(
    get, path = "/artifacts/{sha256}/zip", operation_id = "artifact_zip",
    tag = "evidence", security(("bearer" = [])),
    params(("sha256" = String, Path, description = "SHA-256 of the content, lower-case hex")),
    responses(
        (status = OK, content_type = "application/zip", body = String),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
    )
)]
pub(crate) async fn artifact_zip(
    State(state): State<ApiState>,
    _: Viewer,
    sha256: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(sha256) = sha256?;
    let known = state.store().artefact_get(&sha256).await?.ok_or(Problem::NotFound)?;
    let too_long = || Problem::Conflict("it is too long for an archive: take the content itself".to_owned());
    let _one = SEALING.acquire().await.map_err(|_| Problem::Internal("make an archive"))?;
    let path = state.artefact(&known.sha256);
    let about = fs::metadata(&path).await.map_err(|_| Problem::NotFound)?;
    if SEALED < about.len() {
        return Err(too_long());
    }
    let content = fs::read(&path).await.map_err(|_| Problem::NotFound)?;
    let name = known.sha256.clone();
    let made = spawn_blocking(move || sealed(&name, &content)).await;
    let archive = made.map_err(|_| Problem::Internal("make an archive"))?.ok_or_else(too_long)?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.zip\"", known.sha256)),
    ];
    Ok((headers, archive).into_response())
}
