//! What is known, in the forms that other systems read: STIX 2.1, MISP, lists for blocking. The layer of the ATT&CK
//! Navigator is beside the techniques, what is fetched by TAXII in [`super::taxii`].

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::header,
    response::{IntoResponse, Response},
};
use decnet_export::{Document, Form, Origin, OriginError, Source, Techniques, blocklist::Shape, stix};
use decnet_shape::ExportQuery;
use futures_util::stream::unfold;
use netsvc_wire::stamp::now;
use std::io;

/// The query of an export as it came.
type Asked = Result<Query<ExportQuery>, QueryRejection>;

/// A STIX 2.1 bundle of addresses and files with everything known of them. Ids stay the same, so that a bundle that
/// comes later takes the place of an earlier one. Deckies are not in it.
#[utoipa::path(
    get, path = "/export/stix", operation_id = "export_stix", tag = "export", params(ExportQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/stix+json;version=2.1", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn stix(
    State(state): State<ApiState>,
    _: Viewer,
    query: Asked,
) -> Result<Response, Problem> {
    document(&state, Form::Stix, query, (stix::MEDIA, "decnet.stix.json")).await
}

/// MISP events as `{"response": [{"Event": …}, …]}`: one for the addresses and one for the files of each day.
#[utoipa::path(
    get, path = "/export/misp", operation_id = "export_misp", tag = "export", params(ExportQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/json", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn misp(
    State(state): State<ApiState>,
    _: Viewer,
    query: Asked,
) -> Result<Response, Problem> {
    document(&state, Form::Misp, query, ("application/json", "decnet.misp.json")).await
}

/// Addresses to block, each with an end: `csv`, `json`, or `plain` with one address a line. Who only looked is not in
/// it unless asked for, since a scan can be sent in anybody's name.
#[utoipa::path(
    get, path = "/export/blocklist/{format}", operation_id = "export_blocklist", tag = "export",
    params(("format" = String, Path, description = "`csv`, `json` or `plain`"), ExportQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, content(
            (String = "text/csv"), (Object = "application/json"), (String = "text/plain"),
        )),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn blocklist(
    State(state): State<ApiState>,
    _: Viewer,
    format: Result<Path<String>, PathRejection>,
    query: Asked,
) -> Result<Response, Problem> {
    let (shape, kind) = match format?.0.as_str() {
        "csv" => (Shape::Csv, ("text/csv; charset=utf-8", "decnet-blocklist.csv")),
        "json" => (Shape::Json, ("application/json", "decnet-blocklist.json")),
        "plain" => (Shape::Plain, ("text/plain; charset=utf-8", "decnet-blocklist.txt")),
        _ => return Err(Problem::NotFound),
    };
    document(&state, Form::Blocklist(shape), query, kind).await
}

/// A document, page by page as the store gives it.
async fn document(
    state: &ApiState,
    form: Form,
    query: Asked,
    (kind, name): (&'static str, &str),
) -> Result<Response, Problem> {
    let at = now();
    let wanted = query?.0.wanted(at).map_err(Problem::flaws)?;
    let (origin, techniques) = who(state).await?;
    let source = Source::open(state.store(), wanted, at).await?;
    let document = Document::new(form, source, origin, techniques, at);
    let pieces = unfold(Some(document), |document| async move {
        let mut document = document?;
        match document.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(document))),
            Ok(None) => None,
            // The answer has begun: that it breaks off is all that can be said.
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Who exports, and the techniques that there are.
pub(super) async fn who(state: &ApiState) -> Result<(Origin, Techniques), Problem> {
    let origin = Origin::of(state.store()).await.map_err(|error| match error {
        OriginError::Store(error) => Problem::Store(error),
        OriginError::Bad(_) => Problem::Internal("read the id of what is exported"),
    })?;
    Ok((origin, Techniques::of(&state.house().rules())))
}
