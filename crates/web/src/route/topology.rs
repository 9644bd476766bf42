//! Networks of deckies: what there are, and what somebody wants of them.

use super::operation::{Queued, ask};
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    response::Response,
};
use decnet_model::{
    fleet::Fleet,
    operation::{Request, TopologyWish, TopologyWork},
};
use decnet_shape::{Topology, TopologyCheck, TopologyDetail, TopologyMutation, bad_topology_name};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

/// Most changes of one request.
const CHANGES: usize = 4000;

/// A topology that is to be: drawn, or as a document says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTopology {
    /// Its name.
    name: String,
    /// LANs, deckies, edges and rules, as `decnet topology export` writes them, in place of everything else.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    document: Option<Value>,
    /// Levels of LANs below the DMZ.
    #[serde(default)]
    depth: Option<u32>,
    /// Most LANs behind one.
    #[serde(default)]
    branching: Option<u32>,
    /// Fewest and most deckies of a LAN: `1-3`.
    #[serde(default)]
    deckies_per_lan: Option<String>,
    /// Fixes what is drawn.
    #[serde(default)]
    seed: Option<String>,
}

/// A change of a topology.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedChange {
    /// The operation, as `decnet topology mutate` names it.
    op: String,
    /// What it is told.
    #[serde(default)]
    #[schema(value_type = Object)]
    payload: serde_json::Map<String, Value>,
    /// The version that was seen; another one by now refuses the change.
    #[serde(default)]
    expected_version: Option<i64>,
}

/// Changes of a topology that belong together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedEdit {
    /// The changes in their order: objects with `op` and what the operation is told.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<serde_json::Map<String, Value>>,
    /// The version that was seen; another one by now refuses the changes.
    expected_version: i64,
}

/// A document of a topology that nobody has stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drafted {
    /// LANs, deckies, edges and rules.
    #[schema(value_type = Object)]
    document: Value,
}

/// Topologies by name.
#[utoipa::path(
    get, path = "/topologies", operation_id = "topologies", tag = "topologies", security(("bearer" = [])),
    responses((status = OK, body = Vec<Topology>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn topologies(State(state): State<ApiState>) -> Result<Json<Vec<Topology>>, Problem> {
    Ok(Json(state.sizes().topologies(state.store()).await?))
}

/// One topology: its document, what is wrong with it, and what became of it.
#[utoipa::path(
    get, path = "/topologies/{name}", operation_id = "topology", tag = "topologies", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = OK, body = TopologyDetail),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn topology(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<TopologyDetail>, Problem> {
    let Path(name) = name?;
    let store = state.store();
    let row = store.topology_get(&name).await?.ok_or(Problem::NotFound)?;
    let events = store.topology_events(&name).await?;
    let text = store.fleet_get().await?;
    // All of it is read and checked, which takes a while of a large one.
    let detail = spawn_blocking(move || {
        let fleet: Option<Fleet> = text.and_then(|text| serde_json::from_str(&text).ok());
        TopologyDetail::new(&row, &events, fleet.as_ref())
    });
    Ok(Json(detail.await.map_err(|_| Problem::Internal("check a topology"))?))
}

/// Changes of a topology that were asked for, the latest first.
#[utoipa::path(
    get, path = "/topologies/{name}/mutations", operation_id = "topology_mutations",
    tag = "topologies", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = OK, body = Vec<TopologyMutation>),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn mutations(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Vec<TopologyMutation>>, Problem> {
    let Path(name) = name?;
    state.store().topology_get(&name).await?.ok_or(Problem::NotFound)?;
    let rows = state.store().topology_mutations(&name, None).await?;
    Ok(Json(rows.iter().map(TopologyMutation::from).collect()))
}

/// Draw a topology, or read one from a document.
#[utoipa::path(
    post, path = "/topologies", operation_id = "create_topology",
    tag = "topologies", security(("bearer" = [])), request_body = NewTopology,
    responses(Queued)
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<NewTopology>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(new) = body?;
    let name = named(new.name)?;
    let work = match new.document {
        Some(document) => TopologyWork::Import { name, document: document.to_string() },
        None => TopologyWork::Generate {
            name,
            wish: TopologyWish {
                depth: new.depth,
                branching: new.branching,
                deckies_per_lan: new.deckies_per_lan,
                seed: new.seed,
            },
        },
    };
    ask(&state, &viewer, Request::Topology(work)).await
}

/// Deploy a topology where the present fleet stands.
#[utoipa::path(
    post, path = "/topologies/{name}/deploy", operation_id = "deploy_topology",
    tag = "topologies", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(Queued)
)]
pub(crate) async fn deploy(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Topology(TopologyWork::Deploy(named(name?.0)?))).await
}

/// Take a topology down; what was recorded stays.
#[utoipa::path(
    post, path = "/topologies/{name}/teardown", operation_id = "teardown_topology",
    tag = "topologies", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(Queued)
)]
pub(crate) async fn teardown(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Topology(TopologyWork::Teardown(named(name?.0)?))).await
}

/// Change a topology, also one that is deployed.
#[utoipa::path(
    post, path = "/topologies/{name}/mutate", operation_id = "mutate_topology",
    tag = "topologies", security(("bearer" = [])), request_body = WantedChange,
    params(("name" = String, Path, description = "Its name")),
    responses(Queued)
)]
pub(crate) async fn mutate(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<WantedChange>, JsonRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Json(wanted)) = (name?, body?);
    let plain = wanted.op.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !plain || wanted.op.is_empty() {
        return Err(Problem::field("op", "an operation: add_lan, remove_decky, …"));
    }
    let work = TopologyWork::Mutate {
        name: named(name)?,
        op: wanted.op,
        payload: Value::Object(wanted.payload).to_string(),
        expected_version: wanted.expected_version,
    };
    ask(&state, &viewer, Request::Topology(work)).await
}

/// Change several things of a topology at once, also of one that is deployed: all of them are done, or none.
#[utoipa::path(
    post, path = "/topologies/{name}/edit", operation_id = "edit_topology",
    tag = "topologies", security(("bearer" = [])), request_body = WantedEdit,
    params(("name" = String, Path, description = "Its name")),
    responses(Queued, (status = NOT_FOUND, body = ProblemBody), (status = CONFLICT, body = ProblemBody))
)]
pub(crate) async fn edit(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<WantedEdit>, JsonRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Json(wanted)) = (name?, body?);
    if !(1..=CHANGES).contains(&wanted.changes.len()) {
        return Err(Problem::field("changes", format!("1 to {CHANGES}")));
    }
    let row = state.store().topology_get(&named(name)?).await?.ok_or(Problem::NotFound)?;
    // Whoever is late is told at once; who is late by less, by the work itself.
    if row.version != wanted.expected_version {
        let (now, seen) = (row.version, wanted.expected_version);
        return Err(Problem::Conflict(format!("it has version {now} by now, not {seen}")));
    }
    let changes = wanted.changes.into_iter().map(Value::Object).collect::<Vec<_>>();
    let work = TopologyWork::Edit {
        name: row.name,
        changes: Value::Array(changes).to_string(),
        expected_version: wanted.expected_version,
    };
    ask(&state, &viewer, Request::Topology(work)).await
}

/// Say what is wrong with a document that may come in the place of a topology's; nothing is stored.
#[utoipa::path(
    post, path = "/topologies/{name}/check", operation_id = "check_topology",
    tag = "topologies", security(("bearer" = [])), request_body = Drafted,
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = OK, body = TopologyCheck),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn check(
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<Drafted>, JsonRejection>,
) -> Result<Json<TopologyCheck>, Problem> {
    let (Path(name), Json(mut drafted)) = (name?, body?);
    let name = named(name)?;
    if let Some(fields) = drafted.document.as_object_mut() {
        fields.insert("name".to_owned(), name.into());
    }
    let document = drafted.document;
    // A large one takes a while.
    let checked = spawn_blocking(move || TopologyCheck::of(document)).await;
    let checked = checked.map_err(|_| Problem::Internal("check a topology"))?;
    checked.map(Json).map_err(|why| Problem::field("document", why))
}

/// Forget a topology that is not deployed.
#[utoipa::path(
    delete, path = "/topologies/{name}", operation_id = "delete_topology",
    tag = "topologies", security(("bearer" = [])),
    params(("name" = String, Path, description = "Its name")),
    responses(Queued)
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    ask(&state, &viewer, Request::Topology(TopologyWork::Delete(named(name?.0)?))).await
}

/// A text that can be a name; whether there is such a topology says who does the work.
fn named(name: String) -> Result<String, Problem> {
    match bad_topology_name(&name) {
        None => Ok(name),
        Some(rule) => Err(Problem::field("name", rule)),
    }
}
