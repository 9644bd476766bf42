//! Identities and campaigns: one set of routes for both.

use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
};
use decnet_shape::{Cluster, ClusterDecision, ClusterDetail, ClusterQuery, ClusterTie};
use decnet_store::record::{Asked, Level, Refusal};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// What an analyst says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionRequest {
    /// `merge`: both are one; `split`: some members are not of it; `pin`: nobody leaves and nobody joins.
    #[schema(pattern = "^(merge|split|pin)$")]
    deed: String,
    /// The number of the identity or campaign.
    cluster: i64,
    /// Of a merge: the number of the other.
    #[serde(default)]
    other: Option<i64>,
    /// Of a split: who leaves, addresses of an identity, numbers of identities of a campaign.
    #[serde(default)]
    members: Vec<String>,
    /// Why, up to 1000 characters.
    #[serde(default)]
    reason: String,
}

impl DecisionRequest {
    fn asked(&self) -> Result<Asked, Problem> {
        match (self.deed.as_str(), self.other) {
            ("merge", Some(other)) => Ok(Asked::Merge(self.cluster, other)),
            ("merge", None) => Err(Problem::field("other", "a merge needs the number of the other")),
            ("split", _) if self.members.is_empty() => Err(Problem::field("members", "who leaves?")),
            ("split", _) => Ok(Asked::Split(self.cluster, self.members.clone())),
            ("pin", _) => Ok(Asked::Pin(self.cluster)),
            _ => Err(Problem::field("deed", "merge, split or pin")),
        }
    }
}

/// Which decisions are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// With those that were taken back.
    all: Option<bool>,
}

/// Which two are asked about.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Two {
    /// An address, or of campaigns the number of an identity.
    one: String,
    /// The other.
    two: String,
}

fn level(text: &str) -> Result<Level, Problem> {
    let found = Level::ALL.iter().copied().find(|level| level.plural() == text);
    found.ok_or_else(|| Problem::field("level", "identities or campaigns"))
}

/// Identities or campaigns, those active last first.
#[utoipa::path(
    get, path = "/clusters/{level}", operation_id = "clusters", tag = "clusters", security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$"),
        ClusterQuery
    ),
    responses(
        (status = OK, body = Vec<Cluster>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn clusters(
    State(state): State<ApiState>,
    _: Viewer,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<ClusterQuery>, QueryRejection>,
) -> Result<Json<Vec<Cluster>>, Problem> {
    let level = level(&path?.0)?;
    let (filter, limit) = query?.0.filter(now()).map_err(Problem::flaws)?;
    let rows = state.store().cluster_list(level, &filter, limit).await?;
    Ok(Json(rows.iter().map(Cluster::from).collect()))
}

/// An identity or campaign, its addresses, the links that hold it together with their reasons, and what analysts have
/// said. A number that it had before leads to it.
#[utoipa::path(
    get, path = "/clusters/{level}/{id}", operation_id = "cluster", tag = "clusters", security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$"),
        ("id" = i64, Path, description = "Its number"),
    ),
    responses(
        (status = OK, body = ClusterDetail),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn cluster(
    State(state): State<ApiState>,
    _: Viewer,
    path: Result<Path<(String, i64)>, PathRejection>,
) -> Result<Json<ClusterDetail>, Problem> {
    let Path((name, id)) = path?;
    let level = level(&name)?;
    let view = state.store().cluster_view(level, id).await?.ok_or(Problem::NotFound)?;
    let attribution = state.house().attribution(&view.fingerprints);
    Ok(Json(ClusterDetail::new(&view, |link| state.house().because(link, level), attribution)))
}

/// Why two addresses, or two identities, are joined, or are not.
#[utoipa::path(
    get, path = "/clusters/{level}/explain", operation_id = "explain_cluster", tag = "clusters",
    security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$"),
        Two
    ),
    responses(
        (status = OK, body = ClusterTie),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn explain(
    State(state): State<ApiState>,
    _: Viewer,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Two>, QueryRejection>,
) -> Result<Json<ClusterTie>, Problem> {
    let (level, Query(Two { one, two })) = (level(&path?.0)?, query?);
    let (one, two) =
        (state.store().cluster_member(level, &one).await?, state.store().cluster_member(level, &two).await?);
    let (one, two) = (one.ok_or(Problem::NotFound)?, two.ok_or(Problem::NotFound)?);
    let link = state.house().why(state.store().clone(), level, one, two).await.ok_or(Problem::NotFound)?;
    Ok(Json(ClusterTie::new(&link, state.house().because(&link, level))))
}

/// What analysts have said of identities or campaigns, the latest first.
#[utoipa::path(
    get, path = "/clusters/{level}/decisions", operation_id = "cluster_decisions", tag = "clusters",
    security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$"),
        Which
    ),
    responses(
        (status = OK, body = Vec<ClusterDecision>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn decisions(
    State(state): State<ApiState>,
    _: Viewer,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Vec<ClusterDecision>>, Problem> {
    let level = level(&path?.0)?;
    let rows = state.store().decision_list(level, query?.0.all.unwrap_or(false)).await?;
    Ok(Json(rows.iter().map(ClusterDecision::from).collect()))
}

/// Say that two are one, that some members are not of it, or that it is right as it is. It counts more than what is
/// seen, and is done as soon as the clusterer has heard of it.
#[utoipa::path(
    post, path = "/clusters/{level}/decisions", operation_id = "decide_cluster", tag = "clusters",
    security(("bearer" = [])), request_body = DecisionRequest,
    params(("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$")),
    responses(
        (status = CREATED, body = ClusterDecision),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    viewer: Viewer,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<DecisionRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<ClusterDecision>), Problem> {
    let (level, Json(request)) = (level(&path?.0)?, body?);
    let asked = request.asked()?;
    let who = (viewer.user.name.as_str(), now());
    match state.store().cluster_decide(level, &asked, &request.reason, who).await? {
        Ok(decision) => {
            state.ring();
            Ok((StatusCode::CREATED, Json((&decision).into())))
        }
        Err(Refusal::Missing(..)) => Err(Problem::NotFound),
        Err(refusal @ Refusal::Same(..)) => Err(Problem::field("other", refusal.to_string())),
        Err(refusal @ (Refusal::Stranger(..) | Refusal::Nobody)) => {
            Err(Problem::field("members", refusal.to_string()))
        }
        Err(refusal @ Refusal::Reason) => Err(Problem::field("reason", refusal.to_string())),
    }
}

/// Take back what somebody has said.
#[utoipa::path(
    delete, path = "/clusters/{level}/decisions/{id}", operation_id = "undo_cluster_decision", tag = "clusters",
    security(("bearer" = [])),
    params(
        ("level" = String, Path, description = "`identities` or `campaigns`", pattern = "^(identities|campaigns)$"),
        ("id" = i64, Path, description = "The number of the decision"),
    ),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn undo(
    State(state): State<ApiState>,
    viewer: Viewer,
    path: Result<Path<(String, i64)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path((name, id)) = path?;
    let there = state.store().decision_undo(level(&name)?, id, &viewer.user.name, now()).await?;
    state.ring();
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NotFound) }
}
