//! Logging in and out.

use crate::{
    ApiState, Problem, access, account,
    auth::{Peer, Viewer, hashed},
    oidc::is_mark,
    problem::ProblemBody,
    token::Claims,
};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
};
use decnet_store::record::{Login, NewAuditEntry, User};
use netsvc_wire::stamp;
use netsvc_wire::stamp::now;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};
use utoipa::ToSchema;

/// How long a login is good, in seconds.
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

/// The secret of a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// What stands after `#link=` in the address.
    link: String,
}

/// A token to be sent as `Authorization: Bearer …`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginAnswer {
    /// The token.
    pub(super) token: String,
    /// When it expires, RFC 3339.
    expires_at: String,
    /// Login name.
    user: String,
    /// `admin`, `analyst` or `viewer`.
    role: String,
    /// `password`, `link` or `oidc`.
    kind: &'static str,
    /// Whether all but `/me`, `/me/password` and `/logout` is refused until the password is changed.
    pub(super) password_change_required: bool,
}

/// Where a login comes from.
pub(crate) struct Origin {
    pub(crate) kind: &'static str,
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: String,
}

impl Origin {
    pub(crate) fn of(kind: &'static str, Peer(address): Peer, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let agent = agent.unwrap_or_default().chars().take(200).collect();
        Origin { kind, address, agent }
    }
}

/// Exchange name and password for a token.
#[utoipa::path(
    post, path = "/login", tag = "session", request_body = LoginRequest,
    responses(
        (status = OK, body = LoginAnswer),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn login(
    State(state): State<ApiState>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<LoginRequest>, JsonRejection>,
) -> Result<Json<LoginAnswer>, Problem> {
    let Json(LoginRequest { user, password }) = body?;
    enter(&state, peer, &headers, user, password).await.map(Json)
}

/// Logs in who has the password of `name`.
pub(super) async fn enter(
    state: &ApiState,
    peer: Peer,
    headers: &HeaderMap,
    name: String,
    password: String,
) -> Result<LoginAnswer, Problem> {
    if name.len() > TEXT_LIMIT || password.len() > TEXT_LIMIT {
        return Err(Problem::WrongLogin);
    }
    let turn = Attempt::begin(state, peer, &name)?;
    let known = state.store().user_get(&name).await?;
    // Who logs in by a provider has no password: that takes as long to find out as a wrong one.
    let hash = known.as_ref().map(|user| user.password_hash.as_str()).filter(|hash| !is_mark(hash));
    let hash = hash.unwrap_or(state.no_such_user()).to_owned();
    let right = is_right(state, password, hash).await?;
    noted(state, name.clone(), peer, if right { 200 } else { 401 }).await;
    let user = known.filter(|_| right).ok_or(Problem::WrongLogin)?;
    turn.succeeded();
    issue(state, user, Origin::of("password", peer, headers)).await
}

/// Exchange the secret of a one-time link for a token. It works once and for a short time.
#[utoipa::path(
    post, path = "/login/link", tag = "session", request_body = LinkRequest,
    responses(
        (status = OK, body = LoginAnswer),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn login_by_link(
    State(state): State<ApiState>,
    peer: Peer,
    headers: HeaderMap,
    body: Result<Json<LinkRequest>, JsonRejection>,
) -> Result<Json<LoginAnswer>, Problem> {
    let Json(request) = body?;
    // 256 random bits need no limit of tries.
    let hash = hashed(&request.link);
    if let Some(name) = state.oidc().and_then(|oidc| oidc.take(&hash, now())) {
        let user = state.store().user_get(&name).await?.ok_or(Problem::WrongLogin)?;
        return issue(&state, user, Origin::of("oidc", peer, &headers)).await.map(Json);
    }
    let user = state.store().link_take(&hash, now()).await?.ok_or(Problem::WrongLogin)?;
    noted(&state, user.name.clone(), peer, 200).await;
    issue(&state, user, Origin::of("link", peer, &headers)).await.map(Json)
}

pub(super) async fn noted(state: &ApiState, actor: String, Peer(address): Peer, outcome: u16) {
    let (at, via, action, target) = (now(), "login", "session.begin", String::new());
    access::note(state, NewAuditEntry { at, actor, via, address, action, target, outcome }).await;
}

/// A try to name a password. It counts as a failure from its beginning, so that tries at the same time count too.
pub(crate) struct Attempt<'a> {
    state: &'a ApiState,
    address: IpAddr,
    name: &'a str,
}

impl<'a> Attempt<'a> {
    /// Begins one, unless there were too many.
    pub(crate) fn begin(state: &'a ApiState, Peer(address): Peer, name: &'a str) -> Result<Self, Problem> {
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let now = Instant::now();
        if let Some(after) = state.logins().wait(address, name, now) {
            return Err(Problem::TooMany { after });
        }
        state.logins().fail(address, name, now);
        Ok(Attempt { state, address, name })
    }

    /// It was the right one.
    pub(crate) fn succeeded(self) {
        self.state.logins().succeed(self.address, self.name);
    }
}

/// Checks a password off the event loop; only so many at once.
pub(crate) async fn is_right(state: &ApiState, password: String, hash: String) -> Result<bool, Problem> {
    let _turn = state.hashes().acquire().await.map_err(|_| Problem::Busy)?;
    tokio::task::spawn_blocking(move || account::verify(&password, &hash))
        .await
        .map_err(|_| Problem::Internal("check a password"))
}

/// Hashes a password off the event loop; only so many at once.
pub(crate) async fn hash(state: &ApiState, password: String) -> Result<String, Problem> {
    let _turn = state.hashes().acquire().await.map_err(|_| Problem::Busy)?;
    let hashed = tokio::task::spawn_blocking(move || account::hash(&password)).await;
    hashed
        .map_err(|_| Problem::Internal("hash a password"))?
        .map_err(|_| Problem::Internal("hash a password"))
}

/// Logs `user` in.
pub(crate) async fn issue(state: &ApiState, user: User, origin: Origin) -> Result<LoginAnswer, Problem> {
    let mut id = [0; 16];
    OsRng.fill_bytes(&mut id);
    let issued = now() / 1_000_000;
    let claims = Claims { sub: user.name.clone(), jti: hex::encode(id), iat: issued, exp: issued + LIFETIME };
    let expires_at = claims.exp * 1_000_000;
    let login = Login {
        id: claims.jti.clone(),
        user_name: user.name.clone(),
        issued_at: issued * 1_000_000,
        expires_at,
        revoked_at: None,
        kind: origin.kind.to_owned(),
        address: origin.address,
        agent: origin.agent,
    };
    state.store().token_put(&login).await?;
    let token = state.key().sign(&claims).ok_or(Problem::Internal("sign a token"))?;
    Ok(LoginAnswer {
        token,
        expires_at: stamp::format(expires_at),
        user: user.name,
        role: user.role.to_string(),
        kind: origin.kind,
        password_change_required: user.must_change && origin.kind == "password",
    })
}

/// Revoke the token that comes with the request.
#[utoipa::path(
    post, path = "/logout", tag = "session", security(("bearer" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn logout(State(state): State<ApiState>, viewer: Viewer) -> Result<StatusCode, Problem> {
    let session = viewer.session().ok_or(Problem::Forbidden)?;
    state.store().token_revoke(session, now()).await?;
    state.revoked();
    tracing::debug!(user = %viewer.user.name, "logged out");
    Ok(StatusCode::NO_CONTENT)
}
