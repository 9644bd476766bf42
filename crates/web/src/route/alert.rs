//! Alerts: rules, mutes and messages. Only administrators say where messages go.

use crate::{
    ApiState, Problem,
    auth::Viewer,
    problem::ProblemBody,
    query::{Paged, Paging},
};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::StatusCode,
};
use decnet_model::alert::{Asked, AskedMute};
use decnet_shape::{AlertDelivery, AlertMute, AlertRule, Listing, message};
use decnet_store::record;
use netsvc_wire::stamp::now;
use serde::Deserialize;
use utoipa::ToSchema;

/// A rule as it is to be. What is left out is as it was, or as usual.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleRequest {
    /// Whether it is used.
    #[serde(default)]
    enabled: Option<bool>,
    /// `https://HOST/PATH`, `http://HOST/PATH`, `syslog+udp://HOST:PORT`, `syslog+tcp://HOST:PORT`, or mail:
    /// `smtps://USER@HOST/TO`, `smtp+starttls://USER@HOST/TO`, `smtp://HOST/TO`, where `TO` is addresses with commas
    /// and `?from=FROM` may follow. Needed for a new rule.
    #[serde(default)]
    target: Option<String>,
    /// What messages are signed with (HMAC-SHA256); empty: they are not. Of mail, the password of `USER`.
    #[serde(default)]
    secret: Option<String>,
    /// `json`, `slack`, `mattermost`, `teams`, `discord`, `ntfy`, `ecs`, `cef`.
    #[serde(default)]
    format: Option<String>,
    /// At least this urgent.
    #[serde(default)]
    severity: Option<String>,
    /// At least this far.
    #[serde(default)]
    stage: Option<String>,
    /// Only where this decky was touched; empty: any.
    #[serde(default)]
    decky: Option<String>,
    /// Only where this service was touched; empty: any.
    #[serde(default)]
    service: Option<String>,
    /// Only from these addresses, as 192.0.2.0/24; empty: any.
    #[serde(default)]
    network: Option<String>,
    /// Messages in an hour beyond which they are held for a digest: 1 to 10000.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10000)]
    per_hour: Option<u32>,
    /// Hours (UTC) in which what is less than critical is held, as 22:00-06:30; empty: none.
    #[serde(default)]
    quiet: Option<String>,
}

/// What nobody is to be told of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteRequest {
    /// Only from these addresses, as 192.0.2.0/24.
    #[serde(default)]
    network: Option<String>,
    /// Only of this decky.
    #[serde(default)]
    decky: Option<String>,
    /// Only of this service.
    #[serde(default)]
    service: Option<String>,
    /// Only in these hours of each day (UTC), as 02:00-03:30.
    #[serde(default)]
    hours: Option<String>,
    /// Of everything, while the host is worked on; for a week at most.
    #[serde(default)]
    all: bool,
    /// Why.
    #[serde(default)]
    reason: String,
    /// For so many minutes; without it until somebody ends it.
    #[serde(default)]
    #[schema(minimum = 1)]
    minutes: Option<u32>,
}

/// Every rule by name.
#[utoipa::path(
    get, path = "/alerts/rules", operation_id = "alert_rules", tag = "alerts", security(("bearer" = [])),
    responses((status = OK, body = Vec<AlertRule>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn rules(State(state): State<ApiState>) -> Result<Json<Vec<AlertRule>>, Problem> {
    Ok(Json(state.store().alert_rule_list().await?.iter().map(AlertRule::from).collect()))
}

/// Make a rule, or change one.
#[utoipa::path(
    put, path = "/alerts/rules/{name}", operation_id = "put_alert_rule",
    tag = "alerts", security(("bearer" = [])), request_body = RuleRequest,
    params(("name" = String, Path, description = "Name of the rule")),
    responses(
        (status = OK, body = AlertRule),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn put_rule(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
    body: Result<Json<RuleRequest>, JsonRejection>,
) -> Result<Json<AlertRule>, Problem> {
    let (Path(name), Json(asked)) = (name?, body?);
    let known = state.store().alert_rule_get(&name).await?;
    let asked = Asked {
        enabled: asked.enabled,
        target: asked.target,
        secret: asked.secret,
        format: asked.format,
        severity: asked.severity,
        stage: asked.stage,
        node: asked.decky,
        service: asked.service,
        network: asked.network,
        per_hour: asked.per_hour,
        quiet: asked.quiet,
    };
    let rule = asked.rule(&name, known, &viewer.user.name, now()).map_err(Problem::flaws)?;
    state.store().alert_rule_put(&rule).await?;
    Ok(Json((&rule).into()))
}

/// Remove a rule; what waits for it is given up.
#[utoipa::path(
    delete, path = "/alerts/rules/{name}", operation_id = "delete_alert_rule",
    tag = "alerts", security(("bearer" = [])),
    params(("name" = String, Path, description = "Name of the rule")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn delete_rule(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    done(state.store().alert_rule_remove(&name?.0, now()).await?)
}

/// Send a test to the target of a rule. What became of it is told with the messages.
#[utoipa::path(
    post, path = "/alerts/rules/{name}/test", operation_id = "test_alert_rule",
    tag = "alerts", security(("bearer" = [])),
    params(("name" = String, Path, description = "Name of the rule")),
    responses(
        (status = ACCEPTED, body = AlertDelivery),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn test_rule(
    State(state): State<ApiState>,
    viewer: Viewer,
    name: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<AlertDelivery>), Problem> {
    let rule = state.store().alert_rule_get(&name?.0).await?.ok_or(Problem::NotFound)?;
    let message = message::test(&rule, &viewer.user.name, now());
    state.store().alert_ask(&message).await?;
    Ok((StatusCode::ACCEPTED, Json((&message).into())))
}

/// Messages and what became of them, the latest first.
#[utoipa::path(
    get, path = "/alerts/deliveries", operation_id = "alert_deliveries",
    tag = "alerts", params(Paging), security(("bearer" = [])),
    responses(
        (status = OK, body = Listing<AlertDelivery>),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
    )
)]
pub(crate) async fn deliveries(
    State(state): State<ApiState>,
    query: Paged,
) -> Result<Json<Listing<AlertDelivery>>, Problem> {
    let rows = state.store().alert_list(Paging::read(query)?).await?;
    Ok(Json(Listing::of(&rows, |row| row.id)))
}

/// Send a message that was given up once more.
#[utoipa::path(
    post, path = "/alerts/deliveries/{id}/retry", operation_id = "retry_alert",
    tag = "alerts", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn retry(
    State(state): State<ApiState>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<StatusCode, Problem> {
    done(state.store().alert_again(id?.0, now()).await?)
}

/// Mutes that have not ended, the latest first.
#[utoipa::path(
    get, path = "/alerts/mutes", operation_id = "alert_mutes", tag = "alerts", security(("bearer" = [])),
    responses((status = OK, body = Vec<AlertMute>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn mutes(State(state): State<ApiState>) -> Result<Json<Vec<AlertMute>>, Problem> {
    Ok(Json(state.store().alert_mute_list(now()).await?.iter().map(AlertMute::from).collect()))
}

/// Have nobody told of some incidents for a while.
#[utoipa::path(
    post, path = "/alerts/mutes", operation_id = "create_alert_mute",
    tag = "alerts", security(("bearer" = [])), request_body = MuteRequest,
    responses(
        (status = CREATED, body = AlertMute),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn create_mute(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<MuteRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<AlertMute>), Problem> {
    let Json(asked) = body?;
    let asked = AskedMute {
        network: asked.network,
        node: asked.decky,
        service: asked.service,
        hours: asked.hours,
        all: asked.all,
        reason: asked.reason,
        minutes: asked.minutes,
    };
    let mute = asked.mute(&viewer.user.name, now()).map_err(Problem::flaws)?;
    let id = state.store().alert_mute_put(&mute).await?;
    Ok((StatusCode::CREATED, Json((&record::AlertMute { id, ..mute }).into())))
}

/// End a mute.
#[utoipa::path(
    delete, path = "/alerts/mutes/{id}", operation_id = "delete_alert_mute",
    tag = "alerts", security(("bearer" = [])),
    params(("id" = i64, Path, description = "Its number")),
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = NOT_FOUND, body = ProblemBody),
    )
)]
pub(crate) async fn delete_mute(
    State(state): State<ApiState>,
    id: Result<Path<i64>, PathRejection>,
) -> Result<StatusCode, Problem> {
    done(state.store().alert_mute_remove(id?.0).await?)
}

fn done(there: bool) -> Result<StatusCode, Problem> {
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NotFound) }
}
