//! Tokens for programs.

use crate::{ApiState, Problem, account, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use decnet_model::access::{Role, Scope};
use decnet_shape::ApiToken;
use netsvc_wire::stamp::now;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for, 1 to 100 characters.
    name: String,
    /// `read`, `work`, `manage`; never more than the role allows.
    scopes: Vec<String>,
    /// Days until it expires, 1 to 3650.
    days: u32,
}

/// A token, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenShown {
    #[serde(flatten)]
    about: ApiToken,
    /// The token, to be sent as `Authorization: Bearer …`.
    token: String,
}

/// One's own tokens, an administrator's are everybody's; those made last first.
#[utoipa::path(
    get, path = "/tokens", tag = "account", security(("bearer" = [])),
    responses((status = OK, body = Vec<ApiToken>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn tokens(
    State(state): State<ApiState>,
    viewer: Viewer,
) -> Result<Json<Vec<ApiToken>>, Problem> {
    let rows = state.store().api_token_list(whose(&viewer)).await?;
    Ok(Json(rows.iter().map(ApiToken::from).collect()))
}

/// Make a token for a program.
#[utoipa::path(
    post, path = "/tokens", operation_id = "create_token",
    tag = "account", security(("bearer" = [])), request_body = NewToken,
    responses(
        (status = CREATED, body = TokenShown),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<NewToken>, JsonRejection>,
) -> Result<(StatusCode, Json<TokenShown>), Problem> {
    let Json(request) = body?;
    let scopes: Result<BTreeSet<Scope>, _> = request.scopes.iter().map(|scope| scope.parse()).collect();
    let scopes = scopes.map_err(|unknown| Problem::field("scopes", unknown.to_string()))?;
    let wanted =
        account::NewApiToken { user: &viewer.user.name, name: &request.name, scopes, days: request.days };
    let made = account::create_token(state.store(), &wanted, now()).await;
    let (row, token) = made.map_err(|error| match error {
        account::TokenError::Wrong(field, message) => Problem::field(field, message),
        account::TokenError::Store(error) => Problem::Store(error),
    })?;
    Ok((StatusCode::CREATED, Json(TokenShown { about: (&row).into(), token })))
}

/// Revoke a token.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revoke_token", tag = "account", security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the token")),
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
    if !state.store().api_token_revoke(&id, whose(&viewer), now()).await? {
        return Err(Problem::NotFound);
    }
    state.revoked();
    Ok(StatusCode::NO_CONTENT)
}

/// Whose tokens a user has to do with; `None`: everybody's.
fn whose(viewer: &Viewer) -> Option<&str> {
    (viewer.user.role != Role::Admin).then_some(viewer.user.name.as_str())
}
