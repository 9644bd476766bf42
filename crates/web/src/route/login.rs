//! Logging in and out.

use crate::{
    ApiState, Problem, account,
    auth::{Peer, Viewer},
    problem::ProblemBody,
    token::Claims,
};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use decnet_store::record::User;
use netsvc_wire::stamp;
use netsvc_wire::stamp::now;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::time::Instant;
use utoipa::ToSchema;

/// How long a token is valid, in seconds.
const LIFETIME: i64 = 12 * 3600;
/// Longest name and password that are looked at.
const TEXT_LIMIT: usize = 1024;

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    /// Login name.
    user: String,
    /// Password.
    password: String,
}

/// A token to be sent as `Authorization: Bearer …`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginAnswer {
    /// The token.
    token: String,
    /// When it expires, RFC 3339.
    expires_at: String,
    /// Login name.
    user: String,
    /// `admin` or `viewer`.
    role: String,
}

/// Exchange name and password for a token.
#[utoipa::path(
    post, path = "/login", tag = "session", request_body = LoginRequest,
    responses(
        (status = OK, body = LoginAnswer),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn login(
    State(state): State<ApiState>,
    Peer(peer): Peer,
    body: Result<Json<LoginRequest>, JsonRejection>,
) -> Result<Json<LoginAnswer>, Problem> {
    let Json(request) = body?;
    if request.user.len() > TEXT_LIMIT || request.password.len() > TEXT_LIMIT {
        return Err(Problem::WrongLogin);
    }
    if let Some(after) = state.logins().wait(peer, Instant::now()) {
        return Err(Problem::TooMany { after });
    }
    state.logins().fail(peer, Instant::now());
    let known = state.store().user_get(&request.user).await?;
    let hash = known.as_ref().map_or(state.no_such_user(), |user| &user.password_hash).to_owned();
    let right = is_right(&state, request.password, hash).await?;
    let user = known.filter(|_| right).ok_or(Problem::WrongLogin)?;
    state.logins().succeed(peer);
    issue(&state, user).await.map(Json)
}

/// Checks a password off the event loop; only so many at once.
async fn is_right(state: &ApiState, password: String, hash: String) -> Result<bool, Problem> {
    let _turn = state.hashes().acquire().await.map_err(|_| Problem::Busy)?;
    tokio::task::spawn_blocking(move || account::verify(&password, &hash))
        .await
        .map_err(|_| Problem::Internal("check a password"))
}

async fn issue(state: &ApiState, user: User) -> Result<LoginAnswer, Problem> {
    let mut id = [0; 16];
    OsRng.fill_bytes(&mut id);
    let issued = now() / 1_000_000;
    let claims = Claims { sub: user.name.clone(), jti: hex::encode(id), iat: issued, exp: issued + LIFETIME };
    let expires_at = claims.exp * 1_000_000;
    state.store().token_put(&claims.jti, &user.name, issued * 1_000_000, expires_at).await?;
    let token = state.key().sign(&claims).ok_or(Problem::Internal("sign a token"))?;
    Ok(LoginAnswer { token, expires_at: stamp::format(expires_at), user: user.name, role: user.role })
}

/// Revoke the token that comes with the request.
#[utoipa::path(
    post, path = "/logout", tag = "session", security(("bearer" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn logout(State(state): State<ApiState>, viewer: Viewer) -> Result<StatusCode, Problem> {
    state.store().token_revoke(&viewer.claims.jti, now()).await?;
    state.revoked().notify_waiters();
    tracing::debug!(user = %viewer.user.name, "logged out");
    Ok(StatusCode::NO_CONTENT)
}
