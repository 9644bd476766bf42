//! The people of domains, and what they write to each other.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use decnet_model::people::{Pool, check};
use decnet_shape::{Letter, LetterDetail, Person};
use decnet_store::record::{LetterFilter, PoolRow};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// Most letters of an answer.
const LETTERS: u32 = 500;

/// A pool of people as the documentation describes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PoolRequest {
    /// Version of the document: 1.
    version: u32,
    /// Minutes east of UTC where they work.
    zone_minutes: i32,
    /// They.
    people: Vec<PersonRequest>,
}

/// Somebody of a pool.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonRequest {
    /// Login name.
    account: String,
    /// Given name.
    given: String,
    /// Family name.
    family: String,
    /// Address for mail, without its domain.
    mail: String,
    /// Department.
    department: String,
    /// Title.
    title: String,
    /// `en`, `de` or `fr`.
    language: String,
    /// When he works: `08:30-17:00`.
    hours: String,
    /// `brief`, `plain` or `warm`.
    style: String,
    /// Login names of those to whom he writes.
    #[serde(default)]
    writes_to: Vec<String>,
}

/// Which letters are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterQuery {
    /// Of this domain.
    domain: Option<String>,
    /// Of this thread.
    thread: Option<String>,
    /// That this person wrote.
    sender: Option<String>,
    /// Most of them: 1 to 500, 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl PoolRequest {
    /// The pool that it means.
    fn pool(self, domain: &str) -> Result<Pool, Problem> {
        let people: Vec<_> = self
            .people
            .into_iter()
            .map(|one| {
                serde_json::json!({
                    "account": one.account, "given": one.given, "family": one.family, "mail": one.mail,
                    "department": one.department, "title": one.title, "language": one.language,
                    "hours": one.hours, "style": one.style, "writes_to": one.writes_to,
                })
            })
            .collect();
        let whole = serde_json::json!({
            "version": self.version, "domain": domain, "zone_minutes": self.zone_minutes, "people": people,
        });
        let pool: Pool =
            serde_json::from_value(whole).map_err(|error| Problem::field("people", error.to_string()))?;
        let flaws = check(&pool);
        if flaws.is_empty() { Ok(pool) } else { Err(Problem::flaws(flaws)) }
    }
}

/// The people of all domains, by domain.
#[utoipa::path(
    get, path = "/people", operation_id = "people", tag = "people", security(("bearer" = [])),
    responses((status = OK, body = Vec<Person>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn people(State(state): State<ApiState>, _: Viewer) -> Result<Json<Vec<Person>>, Problem> {
    let mut all = Vec::new();
    for row in state.store().pool_list().await? {
        let pool: Pool = serde_json::from_str(&row.document)
            .map_err(|_| Problem::Internal("read the people of a domain"))?;
        all.extend(Person::all(&pool));
    }
    Ok(Json(all))
}

/// Put people in the place of those of a domain. Machines that tell of them come anew.
#[utoipa::path(
    put, path = "/people/{domain}", operation_id = "put_people",
    tag = "people", security(("bearer" = [])), request_body = PoolRequest,
    params(("domain" = String, Path, description = "The domain")),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn put_people(
    State(state): State<ApiState>,
    viewer: Viewer,
    domain: Result<Path<String>, PathRejection>,
    body: Result<Json<PoolRequest>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(domain), Json(asked)) = (domain?, body?);
    let pool = asked.pool(&domain)?;
    let document =
        serde_json::to_string(&pool).map_err(|_| Problem::Internal("write the people of a domain"))?;
    let row = PoolRow { domain, document, by: viewer.user.name.clone(), changed_at: now() };
    // What was written ahead is of people who may be no more.
    state.store().pool_replace(&row, pool.zone_minutes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One letter as it is sent.
#[utoipa::path(
    get, path = "/letters/{id}", operation_id = "letter", tag = "people", security(("bearer" = [])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = OK, body = LetterDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn letter(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<LetterDetail>, Problem> {
    let row = state.store().letter_get(&id?.0).await?.ok_or(Problem::NotFound)?;
    Ok(Json((&row).into()))
}

/// What people write to each other, the latest first.
#[utoipa::path(
    get, path = "/letters", operation_id = "letters", tag = "people", params(LetterQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<Letter>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn letters(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<LetterQuery>, QueryRejection>,
) -> Result<Json<Vec<Letter>>, Problem> {
    let Query(asked) = query?;
    let limit = asked.limit.unwrap_or(100);
    if !(1..=LETTERS).contains(&limit) {
        return Err(Problem::field("limit", format!("1 to {LETTERS}")));
    }
    let filter = LetterFilter {
        domain: asked.domain,
        thread: asked.thread,
        sender: asked.sender,
        ..LetterFilter::default()
    };
    let rows = state.store().letter_list(&filter, limit).await?;
    Ok(Json(rows.iter().map(Letter::from).collect()))
}
