//! Longer work: it is queued here, done by the worker `operator`, and looked at until it has ended.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Paged, Paging},
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use decnet_model::{
    fleet::DeckyName,
    operation::{FleetRequest, Request},
};
use decnet_shape::{Listing, Operation};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use std::time::Duration;
use utoipa::{IntoResponses, ToSchema};

/// When to ask again where too much waits.
const AGAIN: Duration = Duration::from_secs(10);
/// Most names that a request lists.
const NAMES: usize = 10_000;

/// A fleet that is wanted: a deployment INI, or so many deckies of a kind. It stands where the present fleet does,
/// unless the INI says where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedFleet {
    /// A deployment INI, in place of everything else.
    #[serde(default)]
    ini: Option<String>,
    /// How many deckies.
    #[serde(default)]
    deckies: Option<u32>,
    /// What kind of machine all of them are.
    #[serde(default)]
    archetype: Option<String>,
    /// Services of all of them; go before the archetype's.
    #[serde(default)]
    services: Vec<String>,
    /// Distributions, taken in turn.
    #[serde(default)]
    distros: Vec<String>,
    /// Fixes names, addresses, systems and versions.
    #[serde(default)]
    seed: Option<String>,
    /// Deploying: whether deckies that run may go or be put somewhere else.
    #[serde(default)]
    take_away: bool,
}

/// What is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaving {
    /// This decky.
    #[serde(default)]
    decky: Option<String>,
    /// All of them; the workers stay.
    #[serde(default)]
    all: bool,
}

/// Who is to be judged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judged {
    /// These deckies; none: all.
    #[serde(default)]
    deckies: Vec<String>,
}

/// What a route answers that queues work.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made of it; handlers answer by `ask`")]
pub(crate) enum Queued {
    /// It waits for its turn
    #[response(status = ACCEPTED, headers(("location" = String, description = "Where it is looked at")))]
    Accepted(Operation),
    /// Too much waits already
    #[response(status = TOO_MANY_REQUESTS)]
    TooMany(ProblemBody),
}

/// See what deploying a fleet would do.
#[utoipa::path(
    post, path = "/plan", operation_id = "plan",
    tag = "fleet", security(("bearer" = [])), request_body = WantedFleet,
    responses(Queued)
)]
pub(crate) async fn plan(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<WantedFleet>, JsonRejection>,
) -> Result<Response, Problem> {
    let (fleet, _) = wanted(body?.0)?;
    ask(&state, &viewer, Request::Plan(fleet)).await
}

/// Deploy a fleet.
#[utoipa::path(
    post, path = "/deploy", operation_id = "deploy",
    tag = "fleet", security(("bearer" = [])), request_body = WantedFleet,
    responses(Queued)
)]
pub(crate) async fn deploy(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<WantedFleet>, JsonRejection>,
) -> Result<Response, Problem> {
    let (fleet, take_away) = wanted(body?.0)?;
    ask(&state, &viewer, Request::Deploy { fleet, take_away }).await
}

/// Take a decky down, or all; what was recorded stays.
#[utoipa::path(
    post, path = "/teardown", operation_id = "teardown",
    tag = "fleet", security(("bearer" = [])), request_body = Leaving,
    responses(Queued)
)]
pub(crate) async fn teardown(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<Leaving>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(leaving) = body?;
    let target = match (&leaving.decky, leaving.all) {
        (Some(name), false) => Some(decky("decky", name)?),
        (None, true) => None,
        _ => return Err(Problem::field("decky", "name one, or say all")),
    };
    ask(&state, &viewer, Request::Teardown(target)).await
}

/// Touch every declared port, and find each touch in the store.
#[utoipa::path(
    post, path = "/firedrill", operation_id = "firedrill", tag = "fleet", security(("bearer" = [])),
    responses(Queued)
)]
pub(crate) async fn firedrill(State(state): State<ApiState>, viewer: Viewer) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Firedrill).await
}

/// Start what does not run of the workers and of the fleet; what runs is not touched.
#[utoipa::path(
    post, path = "/redeploy", operation_id = "redeploy", tag = "fleet", security(("bearer" = [])),
    responses(Queued)
)]
pub(crate) async fn redeploy(State(state): State<ApiState>, viewer: Viewer) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Redeploy).await
}

/// Judge how convincing deckies are.
#[utoipa::path(
    post, path = "/audit", operation_id = "audit",
    tag = "fleet", security(("bearer" = [])), request_body = Judged,
    responses(Queued)
)]
pub(crate) async fn audit(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<Judged>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(judged) = body?;
    let names: Result<Vec<_>, _> =
        judged.deckies.iter().take(NAMES).map(|name| decky("deckies", name)).collect();
    ask(&state, &viewer, Request::Audit(names?)).await
}

/// What was asked for, the latest first.
#[utoipa::path(
    get, path = "/operations", operation_id = "operations",
    tag = "fleet", params(Paging), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<Operation>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn operations(
    State(state): State<ApiState>,
    query: Paged,
) -> Result<Json<Listing<Operation>>, Problem> {
    let rows = state.store().operation_list(Paging::read(query)?).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}

/// A piece of work: how far it is, and what came of it.
#[utoipa::path(
    get, path = "/operations/{id}", operation_id = "operation", tag = "fleet", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = OK, body = Operation),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn operation(
    State(state): State<ApiState>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Json<Operation>, Problem> {
    let Path(id) = id?;
    let row = state.store().operation_get(id).await?.ok_or(Problem::NotFound)?;
    Ok(Json((&row).into()))
}

/// Queues it, and says where it is looked at.
pub(super) async fn ask(state: &ApiState, viewer: &Viewer, request: Request) -> Result<Response, Problem> {
    let asked = state.store().operation_ask(&request, &viewer.user.name, now()).await?;
    let id = asked.ok_or(Problem::TooMany { after: AGAIN })?;
    let row = state.store().operation_get(id).await?.ok_or(Problem::NotFound)?;
    let mut answer = (StatusCode::ACCEPTED, Json(Operation::from(&row))).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/operations/{id}")) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// The fleet, and whether something may go. Whether there can be such a fleet, the plan says.
pub(super) fn wanted(body: WantedFleet) -> Result<(FleetRequest, bool), Problem> {
    let take_away = body.take_away;
    if let Some(ini) = body.ini {
        let more = body.deckies.is_some()
            || body.archetype.is_some()
            || body.seed.is_some()
            || !body.services.is_empty()
            || !body.distros.is_empty();
        if more {
            return Err(Problem::field("ini", "says everything; nothing else may stand beside it"));
        }
        return Ok((FleetRequest::Ini(ini), take_away));
    }
    let deckies = body.deckies.ok_or_else(|| Problem::field("deckies", "how many, or an ini"))?;
    let fleet = FleetRequest::Kind {
        deckies,
        archetype: body.archetype,
        services: body.services,
        distros: body.distros,
        seed: body.seed,
    };
    Ok((fleet, take_away))
}

pub(super) fn decky(field: &'static str, name: &str) -> Result<DeckyName, Problem> {
    name.parse().map_err(|bad| Problem::field(field, format!("{bad}")))
}
