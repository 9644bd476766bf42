//! Logging in by the provider of the settings: two redirects of a browser.

use super::login::noted;
use crate::{
    ApiState, Oidc, Problem,
    auth::Peer,
    oidc::{COOKIE, COOKIE_PATH, Denied, Guest, PATIENCE, Returned},
    problem::ProblemBody,
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use decnet_store::record::{User, UserChange};
use netsvc_wire::stamp::now;
use serde::Serialize;
use utoipa::ToSchema;

/// How people may log in beside name and password.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ways {
    /// Host of the OpenID provider; `null`: there is none.
    provider: Option<String>,
}

/// How people may log in beside name and password.
#[utoipa::path(
    get, path = "/login/ways", tag = "session", operation_id = "login_ways",
    responses((status = OK, body = Ways))
)]
pub(crate) async fn ways(State(state): State<ApiState>) -> Json<Ways> {
    Json(Ways { provider: state.oidc().map(Oidc::provider_name) })
}

/// Send a browser to the OpenID provider, to log in there.
#[utoipa::path(
    get, path = "/login/oidc", tag = "session", operation_id = "login_oidc",
    responses((status = SEE_OTHER), (status = NOT_FOUND, body = ProblemBody))
)]
pub(crate) async fn begin(State(state): State<ApiState>) -> Result<Response, Problem> {
    let oidc = state.oidc().ok_or(Problem::NotFound)?;
    Ok(match oidc.begin(state.key(), now() / 1_000_000).await {
        Ok((address, kept)) => sent(&address, &cookie(oidc, &kept, PATIENCE)),
        Err(denied) => refused(oidc, &denied),
    })
}

/// Take a browser back from the OpenID provider: on to the dashboard, with a secret that logs in once, or the reason
/// why there is none.
#[utoipa::path(
    get, path = "/login/oidc/return", tag = "session", operation_id = "login_oidc_return", params(Returned),
    responses((status = SEE_OTHER), (status = NOT_FOUND, body = ProblemBody))
)]
pub(crate) async fn end(
    State(state): State<ApiState>,
    peer: Peer,
    headers: HeaderMap,
    query: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, Problem> {
    let oidc = state.oidc().ok_or(Problem::NotFound)?;
    let Query(returned) = query?;
    let guest = if returned.error.is_empty() {
        let kept = kept(&headers);
        oidc.end(state.key(), kept, &returned.state, &returned.code, now() / 1_000_000).await
    } else {
        let error: String = returned.error.chars().take(100).collect();
        Err(Denied::Provider(error.escape_debug().to_string()))
    };
    let entered = match guest {
        Ok(guest) => enter(&state, guest).await?,
        Err(denied) => Err(denied),
    };
    Ok(match entered {
        Ok(user) => {
            noted(&state, user.clone(), peer, 200).await;
            sent(&format!("/login#link={}", oidc.hand(&user, now())), &cookie(oidc, "", 0))
        }
        Err(denied) => {
            let actor = match &denied {
                Denied::Role(name) | Denied::Taken(name) => name.clone(),
                _ => String::new(),
            };
            noted(&state, actor, peer, 401).await;
            refused(oidc, &denied)
        }
    })
}

/// Send a browser to the OpenID provider, to log out there, too; to the dashboard where that knows no such thing. What
/// it is logged in as here is another matter: see `/logout`.
#[utoipa::path(
    get, path = "/login/oidc/logout", tag = "session", operation_id = "logout_oidc",
    responses((status = SEE_OTHER), (status = NOT_FOUND, body = ProblemBody))
)]
pub(crate) async fn farewell(State(state): State<ApiState>) -> Result<Response, Problem> {
    let oidc = state.oidc().ok_or(Problem::NotFound)?;
    let address = oidc.farewell().await.unwrap_or_else(|| "/login".to_owned());
    Ok(sent(&address, &cookie(oidc, "", 0)))
}

/// The user that a guest is: made at his first login, and of the role that the provider says at each.
async fn enter(state: &ApiState, guest: Guest) -> Result<Result<String, Denied>, Problem> {
    let Guest { name, role, mark } = guest;
    match state.store().user_get(&name).await? {
        None => {
            let (password_hash, must_change) = (mark, false);
            let user = User { name: name.clone(), password_hash, role, must_change, created_at: now() };
            state.store().user_put(&user).await?;
        }
        Some(user) if user.password_hash != mark => return Ok(Err(Denied::Taken(name))),
        Some(user) if user.role == role => {}
        Some(_) => {
            // Who is to be less than he is does not come in as what he was.
            if state.store().user_role_set(&name, role).await? != UserChange::Done {
                return Ok(Err(Denied::Role(name)));
            }
        }
    }
    Ok(Ok(name))
}

fn refused(oidc: &Oidc, denied: &Denied) -> Response {
    tracing::warn!(why = %denied, "nobody was let in by the OpenID provider");
    sent(&format!("/login#denied={}", denied.word()), &cookie(oidc, "", 0))
}

fn sent(address: &str, cookie: &str) -> Response {
    let values = HeaderValue::try_from(address).ok().zip(HeaderValue::try_from(cookie).ok());
    let Some((address, cookie)) = values else {
        return Problem::Internal("send a browser to the OpenID provider").into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, address), (header::SET_COOKIE, cookie)]).into_response()
}

/// What the browser keeps meanwhile. It comes back with the redirect from another site, and with nothing else of one.
fn cookie(oidc: &Oidc, value: &str, seconds: i64) -> String {
    let secure = if oidc.is_secure() { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// What the browser has kept.
fn kept(headers: &HeaderMap) -> &str {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map_or("", |(_, value)| value)
}
