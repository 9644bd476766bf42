//! Logging in as clients of the Python original do it: the same accounts by other names.

use super::{
    login::enter,
    me::{PasswordRequest, change},
};
use crate::{
    ApiState, Problem,
    auth::{Peer, Viewer},
    problem::ProblemBody,
};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::HeaderMap,
};
use netsvc_wire::stamp::now;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormerLogin {
    /// Login name.
    username: String,
    /// Password.
    password: String,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormerAnswer {
    /// The token.
    access_token: String,
    /// `bearer`.
    token_type: &'static str,
    /// Whether nothing goes on before the password is changed.
    must_change_password: bool,
}

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormerChange {
    /// The old one.
    old_password: String,
    /// The new one, 8 characters at least.
    new_password: String,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Message {
    /// In words.
    message: &'static str,
}

/// `/login` as clients of the Python original call it.
#[utoipa::path(
    post, path = "/auth/login", operation_id = "former_login", tag = "session", request_body = FormerLogin,
    responses(
        (status = OK, body = FormerAnswer),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn login(
    State(state): State<ApiState>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<FormerLogin>, JsonRejection>,
) -> Result<Json<FormerAnswer>, Problem> {
    let Json(FormerLogin { username, password }) = body?;
    let answer = enter(&state, peer, &headers, username, password).await?;
    Ok(Json(FormerAnswer {
        access_token: answer.token,
        token_type: "bearer",
        must_change_password: answer.password_change_required,
    }))
}

/// `/logout` as clients of the Python original call it.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "former_logout", tag = "session", security(("bearer" = [])),
    responses((status = OK, body = Message))
)]
pub(crate) async fn logout(State(state): State<ApiState>, viewer: Viewer) -> Result<Json<Message>, Problem> {
    let session = viewer.session().ok_or(Problem::Forbidden)?;
    state.store().token_revoke(session, now()).await?;
    state.revoked();
    Ok(Json(Message { message: "Logged out" }))
}

/// `/me/password` as clients of the Python original call it. All logins of the user end.
#[utoipa::path(
    post, path = "/auth/change-password", operation_id = "former_change_password",
    tag = "account", security(("bearer" = [])), request_body = FormerChange,
    responses((status = OK, body = Message), (status = TOO_MANY_REQUESTS, body = ProblemBody))
)]
pub(crate) async fn change_password(
    State(state): State<ApiState>,
    viewer: Viewer,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<FormerChange>, JsonRejection>,
) -> Result<Json<Message>, Problem> {
    let Json(FormerChange { old_password: old, new_password: new }) = body?;
    change(&state, viewer, peer, &headers, PasswordRequest { old, new }).await?;
    Ok(Json(Message { message: "Password changed" }))
}
