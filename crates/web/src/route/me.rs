//! What a user does with his own account.

use super::login::{Attempt, LoginAnswer, Origin, hash, is_right, issue};
use crate::{
    ApiState, Problem,
    auth::{Pass, Peer, Viewer},
    problem::ProblemBody,
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{HeaderMap, StatusCode},
};
use decnet_model::secret;
use decnet_shape::{Login, User};
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRequest {
    /// The old one; not needed by who came by a link and has to choose a first one.
    #[serde(default)]
    pub(super) old: String,
    /// The new one, 8 characters at least.
    pub(super) new: String,
}

/// Who asks.
#[utoipa::path(
    get, path = "/me", tag = "account", security(("bearer" = [])),
    responses((status = OK, body = User), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn me(viewer: Viewer) -> Json<User> {
    Json((&viewer.user).into())
}

/// Change one's password. All logins of the user end; the answer is a new one.
#[utoipa::path(
    post, path = "/me/password", operation_id = "change_password",
    tag = "account", security(("bearer" = [])), request_body = PasswordRequest,
    responses(
        (status = OK, body = LoginAnswer),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn password(
    State(state): State<ApiState>,
    viewer: Viewer,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<PasswordRequest>, JsonRejection>,
) -> Result<Json<LoginAnswer>, Problem> {
    let Json(request) = body?;
    change(&state, viewer, peer, &headers, request).await.map(Json)
}

/// Gives who asks another password; all of his logins end, and the answer is a new one.
pub(super) async fn change(
    state: &ApiState,
    viewer: Viewer,
    peer: Peer,
    headers: &HeaderMap,
    request: PasswordRequest,
) -> Result<LoginAnswer, Problem> {
    secret::check_password(&request.new).map_err(|weak| Problem::field("new", weak.to_string()))?;
    let by_link = matches!(&viewer.pass, Pass::Session { kind, .. } if kind == "link");
    if !(by_link && viewer.user.must_change) {
        let turn = Attempt::begin(state, peer, &viewer.user.name)?;
        if !is_right(state, request.old.clone(), viewer.user.password_hash.clone()).await? {
            return Err(Problem::field("old", "is not the password"));
        }
        turn.succeeded();
        if request.old == request.new {
            return Err(Problem::field("new", "is the old one"));
        }
    }
    let password_hash = hash(state, request.new).await?;
    let (name, before) = (&viewer.user.name, Some(viewer.user.password_hash.as_str()));
    // Hashing takes long: meanwhile somebody may have removed him, or given him another role or password.
    if !state.store().user_password_set(name, &password_hash, false, before, now()).await? {
        return Err(Problem::Unauthorized);
    }
    state.revoked();
    let user = state.store().user_get(name).await?.ok_or(Problem::Unauthorized)?;
    issue(state, user, Origin::of("password", peer, headers)).await
}

/// One's own logins, the latest first.
#[utoipa::path(
    get, path = "/me/sessions", operation_id = "logins", tag = "account", security(("bearer" = [])),
    responses((status = OK, body = Vec<Login>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn sessions(
    State(state): State<ApiState>,
    viewer: Viewer,
) -> Result<Json<Vec<Login>>, Problem> {
    let rows = state.store().token_list(&viewer.user.name, now()).await?;
    Ok(Json(rows.iter().map(|row| Login::of(row, viewer.session())).collect()))
}

/// End one of one's own logins.
#[utoipa::path(
    delete, path = "/me/sessions/{id}", operation_id = "end_login",
    tag = "account", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the login")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    viewer: Viewer,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    let found = state.store().token_get(&id).await?;
    found.filter(|login| login.user_name == viewer.user.name).ok_or(Problem::NotFound)?;
    state.store().token_revoke(&id, now()).await?;
    state.revoked();
    Ok(StatusCode::NO_CONTENT)
}
