//! Users, for administrators.

use super::login::hash;
use crate::{ApiState, Problem, account, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use decnet_model::access::{Role, is_user_name};
use decnet_shape::{Login, User};
use decnet_store::record::{self, UserChange};
use netsvc_wire::stamp::now;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Login name: letters, digits and `. _ - @`, 64 at most.
    name: String,
    /// `admin`, `analyst` or `viewer`.
    role: String,
    /// First password; without it one is made.
    #[serde(default)]
    password: Option<String>,
}

/// What to change of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserUpdate {
    /// `admin`, `analyst` or `viewer`.
    role: String,
}

/// A password to give a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password; without it one is made.
    #[serde(default)]
    password: Option<String>,
}

/// A user with the password that was made, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserWithPassword {
    #[serde(flatten)]
    user: User,
    /// The password, where one was made; the user has to change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// All users by name.
#[utoipa::path(
    get, path = "/users", tag = "users", security(("bearer" = [])),
    responses(
        (status = OK, body = Vec<User>),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
    )
)]
pub(crate) async fn users(State(state): State<ApiState>) -> Result<Json<Vec<User>>, Problem> {
    Ok(Json(state.store().user_list().await?.iter().map(User::from).collect()))
}

/// Make a user. Whichever password he gets has to be changed by him.
#[utoipa::path(
    post, path = "/users", operation_id = "create_user",
    tag = "users", security(("bearer" = [])), request_body = NewUser,
    responses(
        (status = CREATED, body = UserWithPassword),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    body: Result<Json<NewUser>, JsonRejection>,
) -> Result<(StatusCode, Json<UserWithPassword>), Problem> {
    let Json(request) = body?;
    if !is_user_name(&request.name) {
        return Err(Problem::field("name", "letters, digits and . _ - @, 1 to 64 of them"));
    }
    let role = role(&request.role)?;
    if state.store().user_get(&request.name).await?.is_some() {
        return Err(Problem::Conflict(format!("a user is called {}", request.name)));
    }
    let user = record::User {
        name: request.name,
        password_hash: String::new(),
        role,
        must_change: true,
        created_at: now(),
    };
    Ok((StatusCode::CREATED, Json(with_password(&state, user, request.password).await?)))
}

/// Change the role of a user. His logins stay and may do what the new role may.
#[utoipa::path(
    patch, path = "/users/{name}", operation_id = "update_user",
    tag = "users", security(("bearer" = [])), request_body = UserUpdate,
    params(("name" = String, Path, description = "Login name")),
    responses(
        (status = OK, body = User),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn update(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<UserUpdate>, JsonRejection>,
) -> Result<Json<User>, Problem> {
    let (Path(name), Json(request)) = (name?, body?);
    changed(state.store().user_role_set(&name, role(&request.role)?).await?)?;
    Ok(Json((&state.store().user_get(&name).await?.ok_or(Problem::NotFound)?).into()))
}

/// Remove a user with his logins and tokens.
#[utoipa::path(
    delete, path = "/users/{name}", operation_id = "delete_user", tag = "users", security(("bearer" = [])),
    params(("name" = String, Path, description = "Login name")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    changed(state.store().user_remove(&name?.0).await?)?;
    state.revoked();
    Ok(StatusCode::NO_CONTENT)
}

/// Give a user another password, which he has to change; his logins end.
#[utoipa::path(
    post, path = "/users/{name}/password", operation_id = "set_password",
    tag = "users", security(("bearer" = [])), request_body = NewPassword,
    params(("name" = String, Path, description = "Login name")),
    responses(
        (status = OK, body = UserWithPassword),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn password(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<NewPassword>, JsonRejection>,
) -> Result<Json<UserWithPassword>, Problem> {
    let (Path(name), Json(request)) = (name?, body?);
    // No hash is made for nobody.
    state.store().user_get(&name).await?.ok_or(Problem::NotFound)?;
    let (password, made) = password_of(request.password)?;
    let hash = hash(&state, password).await?;
    if !state.store().user_password_set(&name, &hash, true, None, now()).await? {
        return Err(Problem::NotFound);
    }
    state.revoked();
    let user = state.store().user_get(&name).await?.ok_or(Problem::NotFound)?;
    Ok(Json(UserWithPassword { user: (&user).into(), password: made }))
}

/// Logins of a user, the latest first.
#[utoipa::path(
    get, path = "/users/{name}/sessions", operation_id = "logins_of_user",
    tag = "users", security(("bearer" = [])),
    params(("name" = String, Path, description = "Login name")),
    responses(
        (status = OK, body = Vec<Login>),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn sessions(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Vec<Login>>, Problem> {
    let Path(name) = name?;
    state.store().user_get(&name).await?.ok_or(Problem::NotFound)?;
    let rows = state.store().token_list(&name, now()).await?;
    Ok(Json(rows.iter().map(|row| Login::of(row, viewer.session())).collect()))
}

/// End all logins of a user.
#[utoipa::path(
    delete, path = "/users/{name}/sessions", operation_id = "end_logins_of_user",
    tag = "users", security(("bearer" = [])),
    params(("name" = String, Path, description = "Login name")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn end_sessions(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(name) = name?;
    state.store().user_get(&name).await?.ok_or(Problem::NotFound)?;
    state.store().token_revoke_all(&name, now()).await?;
    state.revoked();
    Ok(StatusCode::NO_CONTENT)
}

fn role(name: &str) -> Result<Role, Problem> {
    name.parse()
        .map_err(|unknown: decnet_model::access::UnknownRole| Problem::field("role", unknown.to_string()))
}

/// The password that a user gets, and what is to be shown of it.
fn password_of(chosen: Option<String>) -> Result<(String, Option<String>), Problem> {
    account::password_of(chosen.as_deref()).map_err(|weak| Problem::field("password", weak.to_string()))
}

/// Stores `user` with a password, chosen or made.
async fn with_password(
    state: &ApiState,
    user: record::User,
    chosen: Option<String>,
) -> Result<UserWithPassword, Problem> {
    let (password, made) = password_of(chosen)?;
    let user = record::User { password_hash: hash(state, password).await?, ..user };
    state.store().user_put(&user).await?;
    Ok(UserWithPassword { user: (&user).into(), password: made })
}

fn changed(change: UserChange) -> Result<(), Problem> {
    match change {
        UserChange::Done => Ok(()),
        UserChange::Absent => Err(Problem::NotFound),
        UserChange::LastAdmin => Err(Problem::Conflict("it is the last administrator".to_owned())),
    }
}
