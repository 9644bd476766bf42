//! TAXII 2.1: who we are, which collections there are, and what is in them. Only reading, with a token for programs.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::Given,
    taxii::{Answer, Asked, COLLECTIONS, Collection, MEDIA, Reader},
};
use axum::{
    extract::{Path, Query, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use decnet_export::{Origin, Techniques};
use netsvc_wire::stamp::now;
use serde_json::{Value, json};

/// Where collections are.
const ROOT: &str = "/taxii2/knowledge/";
/// When the first and the last object of an answer were added.
const FIRST: HeaderName = HeaderName::from_static("x-taxii-date-added-first");
const LAST: HeaderName = HeaderName::from_static("x-taxii-date-added-last");

/// Parts of a path.
type Parts<T> = Result<Path<T>, PathRejection>;

/// Where the collections of this TAXII server are.
#[utoipa::path(
    get, path = "/taxii2/", operation_id = "taxii_discovery", tag = "taxii", security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn discovery(_: Viewer, headers: HeaderMap) -> Result<Response, Problem> {
    let about = json!({
        "title": "DECNET",
        "description": "What touched a network of machines that do not exist.",
        "default": ROOT,
        "api_roots": [ROOT],
    });
    told(&headers, &about)
}

/// What the collections have in common.
#[utoipa::path(
    get, path = "/taxii2/knowledge/", operation_id = "taxii_root", tag = "taxii", security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn root(_: Viewer, headers: HeaderMap) -> Result<Response, Problem> {
    let about = json!({
        "title": "Knowledge",
        "description": "Addresses, files and incidents, with indicators, techniques and who is behind them.",
        "versions": [MEDIA],
        // Nobody sends us anything.
        "max_content_length": 1,
    });
    told(&headers, &about)
}

/// The collections.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/", operation_id = "taxii_collections", tag = "taxii",
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn collections(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (origin, _) = super::knowledge::who(&state).await?;
    let list: Vec<Value> = COLLECTIONS.iter().map(|one| one.shown(&origin)).collect();
    told(&headers, &json!({ "collections": list }))
}

/// One collection, by its id or its alias.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/{collection}/", operation_id = "taxii_collection", tag = "taxii",
    params(
        ("collection" = String, Path, description = "Id or alias: `addresses`, `all-addresses`, `files`, `incidents`"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn collection(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    name: Parts<String>,
) -> Result<Response, Problem> {
    let (found, (origin, _)) = find(&state, &name?.0).await?;
    told(&headers, &found.shown(&origin))
}

/// The objects of a collection, those that were added first first: `limit`, `next`, `added_after`, `match[id]`,
/// `match[type]`, `match[version]`, `match[spec_version]`, as TAXII has them.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/{collection}/objects/", operation_id = "taxii_objects", tag = "taxii",
    params(
        ("collection" = String, Path, description = "Id or alias of the collection"),
        ("limit" = Option<u32>, Query, description = "Most objects, 1000 at most", minimum = 1),
        ("next" = Option<String>, Query, description = "What `next` of the answer before said"),
        ("added_after" = Option<String>, Query, description = "Only objects added after this time (RFC 3339)"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn objects(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    name: Parts<String>,
    query: Given,
) -> Result<Response, Problem> {
    let answer = read(&state, &name?.0, asked(query)?).await?;
    with_times(&answer, told(&headers, &answer.envelope())?)
}

/// What is said of the objects of a collection: when each was added, and its version.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/{collection}/manifest/", operation_id = "taxii_manifest", tag = "taxii",
    params(
        ("collection" = String, Path, description = "Id or alias of the collection"),
        ("limit" = Option<u32>, Query, description = "Most objects, 1000 at most", minimum = 1),
        ("next" = Option<String>, Query, description = "What `next` of the answer before said"),
        ("added_after" = Option<String>, Query, description = "Only objects added after this time (RFC 3339)"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn manifest(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    name: Parts<String>,
    query: Given,
) -> Result<Response, Problem> {
    let answer = read(&state, &name?.0, asked(query)?).await?;
    with_times(&answer, told(&headers, &answer.manifest())?)
}

/// One object of a collection.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/{collection}/objects/{object}/", operation_id = "taxii_object",
    tag = "taxii",
    params(
        ("collection" = String, Path, description = "Id or alias of the collection"),
        ("object" = String, Path, description = "Id of the object"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn object(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    names: Parts<(String, String)>,
    query: Given,
) -> Result<Response, Problem> {
    let answer = one(&state, names, query).await?;
    with_times(&answer, told(&headers, &answer.envelope())?)
}

/// The versions of one object: the one that there is.
#[utoipa::path(
    get, path = "/taxii2/knowledge/collections/{collection}/objects/{object}/versions/",
    operation_id = "taxii_versions", tag = "taxii",
    params(
        ("collection" = String, Path, description = "Id or alias of the collection"),
        ("object" = String, Path, description = "Id of the object"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, content_type = "application/taxii+json;version=2.1", body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = NOT_ACCEPTABLE, body = ProblemBody),
    )
)]
pub(crate) async fn versions(
    State(state): State<ApiState>,
    _: Viewer,
    headers: HeaderMap,
    names: Parts<(String, String)>,
    query: Given,
) -> Result<Response, Problem> {
    let answer = one(&state, names, query).await?;
    with_times(&answer, told(&headers, &answer.versions())?)
}

fn asked(query: Given) -> Result<Asked, Problem> {
    let Query(pairs) = query?;
    Asked::read(&pairs)
}

async fn find(state: &ApiState, name: &str) -> Result<(&'static Collection, (Origin, Techniques)), Problem> {
    let who = super::knowledge::who(state).await?;
    Ok((Collection::find(name, &who.0).ok_or(Problem::NotFound)?, who))
}

async fn read(state: &ApiState, name: &str, asked: Asked) -> Result<Answer, Problem> {
    let (collection, who) = find(state, name).await?;
    let mut reader = Reader::open(state.store(), collection, who, now()).await?;
    Ok(reader.answer(&asked).await?)
}

/// One object; where it is not among what a request looks through, the answer says where to go on.
async fn one(state: &ApiState, names: Parts<(String, String)>, query: Given) -> Result<Answer, Problem> {
    let Path((collection, object)) = names?;
    let answer = read(state, &collection, asked(query)?.of(object)).await?;
    if answer.entries.is_empty() && answer.next.is_none() { Err(Problem::NotFound) } else { Ok(answer) }
}

/// An answer, to who can read it.
fn told(headers: &HeaderMap, body: &Value) -> Result<Response, Problem> {
    let accepts = headers.get_all(header::ACCEPT).iter().map(|value| value.to_str().unwrap_or_default());
    if !is_accepted(&accepts.collect::<Vec<_>>().join(",")) {
        return Err(Problem::NotAcceptable);
    }
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, MEDIA)], body.to_string()).into_response())
}

/// Whether one of the media types is ours (§1.6.8.1); without any, all are.
fn is_accepted(accepts: &str) -> bool {
    let one = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let version = parts.find_map(|part| part.strip_prefix("version="));
        let known =
            matches!(kind.as_str(), "*/*" | "application/*" | "application/taxii+json" | "application/json");
        known && version.is_none_or(|version| version.trim_matches('"') == "2.1")
    };
    accepts.trim().is_empty() || accepts.split(',').any(one)
}

/// Says when the first and the last object were added.
fn with_times(answer: &Answer, mut response: Response) -> Result<Response, Problem> {
    if let Some((first, last)) = answer.added() {
        for (name, time) in [(FIRST, first), (LAST, last)] {
            let value = time.parse().map_err(|_| Problem::Internal("write a time"))?;
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_read_is_sent() {
        for (accepts, accepted) in [
            ("", true),
            ("application/taxii+json;version=2.1", true),
            ("application/taxii+json; version=\"2.1\"", true),
            ("application/taxii+json", true),
            ("text/html, */*;q=0.8", true),
            ("application/taxii+json;version=2.0", false),
            ("application/vnd.oasis.taxii+json; version=2.0", false),
            ("text/html", false),
        ] {
            assert_eq!(is_accepted(accepts), accepted, "{accepts:?}");
        }
    }
}
