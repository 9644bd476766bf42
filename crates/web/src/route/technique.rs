//! Techniques of ATT&CK: what was seen, by which rules, and what the fleet would notice.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use decnet_shape::{Technique, TechniqueCoverage, TechniqueHit, TechniqueQuery, TechniqueRule};
use decnet_store::record::{DeckyDesired, TechniqueFilter};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most hits of an answer.
const HITS: u32 = 500;

/// Which layer is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Layer {
    /// `enterprise-attack` (without it) or `ics-attack`.
    #[param(pattern = "^(enterprise-attack|ics-attack)$")]
    matrix: Option<String>,
}

/// Techniques that were seen, by id.
#[utoipa::path(
    get, path = "/techniques", tag = "techniques", params(TechniqueQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<Technique>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn techniques(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<TechniqueQuery>, QueryRejection>,
) -> Result<Json<Vec<Technique>>, Problem> {
    let filter = query?.0.filter(now()).map_err(Problem::flaws)?;
    let seen = state.store().technique_list(&filter).await?;
    let counts = state.store().technique_counts(&filter).await?;
    Ok(Json(Technique::list(&seen, &counts, &state.house().rules())))
}

/// The rules by which techniques are seen.
#[utoipa::path(
    get, path = "/techniques/rules", operation_id = "technique_rules", tag = "techniques",
    security(("bearer" = [])),
    responses((status = OK, body = Vec<TechniqueRule>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn rules(State(state): State<ApiState>, _: Viewer) -> Json<Vec<TechniqueRule>> {
    Json(state.house().rules())
}

/// Which techniques this fleet would notice, and at which services.
#[utoipa::path(
    get, path = "/techniques/coverage", operation_id = "technique_coverage", tag = "techniques",
    security(("bearer" = [])),
    responses((status = OK, body = Vec<TechniqueCoverage>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn coverage(
    State(state): State<ApiState>,
    _: Viewer,
) -> Result<Json<Vec<TechniqueCoverage>>, Problem> {
    let (services, seen) = (services(&state).await?, seen(&state).await?);
    Ok(Json(state.house().coverage(&services, &seen)))
}

/// A layer of the ATT&CK Navigator: what the fleet would notice, and what it has.
#[utoipa::path(
    get, path = "/techniques/navigator", operation_id = "technique_layer", tag = "techniques", params(Layer),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Object),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn navigator(
    State(state): State<ApiState>,
    _: Viewer,
    query: Result<Query<Layer>, QueryRejection>,
) -> Result<Json<serde_json::Value>, Problem> {
    let Query(Layer { matrix }) = query?;
    let (services, seen) = (services(&state).await?, seen(&state).await?);
    let layer = state.house().layer(matrix.as_deref().unwrap_or("enterprise-attack"), &services, &seen);
    layer.map(Json).ok_or_else(|| Problem::field("matrix", "enterprise-attack or ics-attack"))
}

/// Who was seen at a technique and where, the latest first, 500 at most.
#[utoipa::path(
    get, path = "/techniques/{id}/hits", operation_id = "technique_hits", tag = "techniques",
    params(("id" = String, Path, description = "Id of the technique"), TechniqueQuery), security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<TechniqueHit>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn hits(
    State(state): State<ApiState>,
    _: Viewer,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<TechniqueQuery>, QueryRejection>,
) -> Result<Json<Vec<TechniqueHit>>, Problem> {
    let filter = query?.0.filter(now()).map_err(Problem::flaws)?;
    let filter = TechniqueFilter { technique: Some(id?.0), ..filter };
    let rows = state.store().technique_hits(&filter, HITS).await?;
    Ok(Json(rows.iter().map(TechniqueHit::from).collect()))
}

/// The services of the fleet, with the gate, which every decky has.
async fn services(state: &ApiState) -> Result<BTreeSet<String>, Problem> {
    let rows = state.store().decky_list().await?;
    let wanted = rows.into_iter().filter(|row| row.desired == DeckyDesired::Running);
    Ok(wanted.flat_map(|row| row.services).chain(["gate".to_owned()]).collect())
}

async fn seen(state: &ApiState) -> Result<BTreeMap<String, u64>, Problem> {
    let counts = state.store().technique_counts(&TechniqueFilter::default()).await?;
    Ok(counts.into_iter().collect())
}
