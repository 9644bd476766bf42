//! The swarm: its hosts, what is on them, and how one joins.

use super::operation::{WantedFleet, ask, decky, wanted};
use crate::{ApiState, Problem, auth::Viewer, problem::ProblemBody};
use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    http::{HeaderMap, header},
    response::Response,
};
use decnet_model::{
    operation::{Request, SwarmWork},
    record::{SwarmHost as Row, SwarmReport},
    swarm::{AUTHORITY, Invited, Labels, NOTES, check_name, label},
};
use decnet_shape::{Operation, SwarmDecky, SwarmHost, SwarmUpdate};
use netsvc_wire::stamp::{self, now};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// Minutes that a token is valid where nothing is said, and most.
const MINUTES: (u64, u64) = (30, 10_080);
/// Largest weight.
const WEIGHT: u64 = 1000;
/// Updates that are listed.
const UPDATES: u64 = 1000;
/// Hosts of a roll-out at most, where they are named.
const NAMED: usize = 1000;

/// A host that is to join.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrollRequest {
    /// Name that it gets.
    name: String,
    /// Name or address by which it reaches this master [default: as this interface was called].
    #[serde(default)]
    address: Option<String>,
    /// Labels that it gets.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Its weight, 1 to 1000.
    #[serde(default)]
    weight: Option<u64>,
    /// Most deckies that it gets.
    #[serde(default)]
    capacity: Option<u64>,
    /// Minutes until the token expires, 1 to 10080.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10080)]
    minutes: Option<u64>,
    /// What there is to know of it, at most 2000 characters.
    #[serde(default)]
    notes: Option<String>,
}

/// How it joins. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// The command that is to be run there, as root.
    command: String,
    /// When its token expires.
    expires_at: String,
}

/// What changes of a host; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostChange {
    /// Another name.
    #[serde(default)]
    name: Option<String>,
    /// Its labels, all of them.
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    /// Its weight, 1 to 1000.
    #[serde(default)]
    weight: Option<u64>,
    /// Most deckies; 0: as many as come.
    #[serde(default)]
    capacity: Option<u64>,
    /// What there is to know of it.
    #[serde(default)]
    notes: Option<String>,
}

/// What is to be done on hosts.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    /// Ask all hosts whether they are there.
    Check,
    /// End the membership of a host: its certificates are revoked at once.
    Decommission,
    /// Move its deckies to others, and give it no more.
    Drain,
    /// Give it deckies again.
    Undrain,
    /// Take a decky down, or all.
    Teardown,
}

/// Work on hosts of the swarm.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkRequest {
    /// What.
    deed: Deed,
    /// The host, by id.
    #[serde(default)]
    host: Option<String>,
    /// The decky that goes; without it all of them.
    #[serde(default)]
    decky: Option<String>,
}

/// A release that is rolled out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutRequest {
    /// SHA-256 of its bundle, which `decnet swarm update --keep` has put on the master.
    sha256: String,
    /// Hosts that get it, by id; none: all.
    #[serde(default)]
    hosts: Vec<String>,
    /// So many of them first, and the rest when it has proved itself there; 0: all at once.
    #[serde(default)]
    canaries: u32,
}

/// A fleet over the hosts of the swarm.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwarmFleetRequest {
    /// What.
    fleet: WantedFleet,
    /// Only on hosts with these labels.
    #[serde(default)]
    on: BTreeMap<String, String>,
    /// Whether only to see what would be done.
    #[serde(default)]
    plan: bool,
}

/// Every host, those that left included.
#[utoipa::path(
    get, path = "/swarm/hosts", operation_id = "swarm_hosts", tag = "swarm", security(("bearer" = [])),
    responses((status = OK, body = Vec<SwarmHost>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn hosts(State(state): State<ApiState>) -> Result<Json<Vec<SwarmHost>>, Problem> {
    let (rows, reports) = read(&state).await?;
    let expires = expires(&state).await?;
    let (now, stale) = (now(), state.house().swarm().stale);
    let shape =
        |row: &Row| SwarmHost::of(row, reports.get(&row.id), expires.get(&row.id).copied(), now, stale);
    Ok(Json(rows.iter().map(shape).collect()))
}

/// Every decky of the swarm with its host.
#[utoipa::path(
    get, path = "/swarm/deckies", operation_id = "swarm_deckies", tag = "swarm", security(("bearer" = [])),
    responses((status = OK, body = Vec<SwarmDecky>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn deckies(State(state): State<ApiState>) -> Result<Json<Vec<SwarmDecky>>, Problem> {
    let (rows, reports) = read(&state).await?;
    let (now, stale) = (now(), state.house().swarm().stale);
    let shape = |row: &Row| SwarmDecky::of(row, reports.get(&row.id), now, stale);
    Ok(Json(rows.iter().flat_map(shape).collect()))
}

/// Invite a host: the answer has the command by which it joins, once.
#[utoipa::path(
    post, path = "/swarm/enroll", operation_id = "swarm_enroll",
    tag = "swarm", security(("bearer" = [])), request_body = EnrollRequest,
    responses(
        (status = OK, body = Invitation),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = CONFLICT, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
    )
)]
pub(crate) async fn enroll(
    State(state): State<ApiState>,
    viewer: Viewer,
    headers: HeaderMap,
    body: Result<Json<EnrollRequest>, JsonRejection>,
) -> Result<Json<Invitation>, Problem> {
    let Json(asked) = body?;
    let minutes = within("minutes", asked.minutes.unwrap_or(MINUTES.0), MINUTES.1)?;
    let invited = Invited {
        labels: labels("labels", &asked.labels)?,
        weight: within("weight", asked.weight.unwrap_or(1), WEIGHT)?,
        capacity: asked.capacity.filter(|most| *most > 0),
        valid: Duration::from_secs(minutes * 60),
        by: viewer.user.name.clone(),
        notes: asked.notes.filter(|notes| !notes.is_empty()),
        name: asked.name,
    };
    if invited.notes.as_ref().is_some_and(|notes| notes.chars().count() > NOTES) {
        return Err(Problem::field("notes", format!("at most {NOTES} characters")));
    }
    invited.check(&state.store().swarm_hosts().await?).map_err(|why| Problem::field("name", why))?;
    let address = match asked.address.filter(|address| !address.is_empty()) {
        Some(address) => address,
        None => called(&headers),
    };
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if address.is_empty() || address.len() > 253 || !address.bytes().all(plain) {
        return Err(Problem::field("address", "a name or an address"));
    }
    let none = "there is no swarm yet: `decnet swarm enroll` on the master begins one";
    let authority = state.store().setting_get(AUTHORITY).await?;
    let authority = authority.ok_or_else(|| Problem::Conflict(none.to_owned()))?;
    let made = state.house().swarm_token(&authority);
    let (token, hash) = made.ok_or(Problem::Internal("the authority's certificate cannot be read"))?;
    let row = invited.row(hash, now());
    state.store().swarm_token_put(&row).await?;
    let port = state.house().swarm().port;
    let believed = state.house().release_key().map(|key| format!(" --release-key {key}")).unwrap_or_default();
    let command = format!("decnet join {address}:{port} {token} --run{believed}");
    Ok(Json(Invitation { command, expires_at: stamp::format(row.expires_at) }))
}

/// Change name, labels, weight, capacity or notes of a host.
#[utoipa::path(
    patch, path = "/swarm/hosts/{id}", operation_id = "swarm_host_update",
    tag = "swarm", security(("bearer" = [])), request_body = HostChange,
    params(("id" = String, Path, description = "Id of the host")),
    responses(
        (status = OK, body = SwarmHost),
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
    id: Result<Path<String>, PathRejection>,
    body: Result<Json<HostChange>, JsonRejection>,
) -> Result<Json<SwarmHost>, Problem> {
    let (Path(id), Json(change)) = (id?, body?);
    let host = state.store().swarm_host(&id).await?.filter(|host| host.left_at.is_none());
    let mut host = host.ok_or(Problem::NotFound)?;
    if let Some(name) = change.name {
        check_name(&name).map_err(|why| Problem::field("name", why))?;
        host.name = name;
    }
    if let Some(given) = change.labels {
        host.labels = serde_json::to_string(&labels("labels", &given)?).unwrap_or_default();
    }
    if let Some(weight) = change.weight {
        host.weight = within("weight", weight, WEIGHT)?;
    }
    if let Some(most) = change.capacity {
        host.capacity = Some(most).filter(|most| *most > 0);
    }
    if let Some(notes) = change.notes {
        if notes.chars().count() > NOTES {
            return Err(Problem::field("notes", format!("at most {NOTES} characters")));
        }
        host.notes = notes;
    }
    if !state.store().swarm_host_change(&host).await? {
        return Err(Problem::Conflict(format!("there is a host called {} already", host.name)));
    }
    let (rows, reports) = read(&state).await?;
    // As it is now: somebody else may have changed something else.
    let host = rows.iter().find(|row| row.id == host.id).ok_or(Problem::NotFound)?;
    let (expires, stale) = (expires(&state).await?, state.house().swarm().stale);
    let expires_at = expires.get(&host.id).copied();
    Ok(Json(SwarmHost::of(host, reports.get(&host.id), expires_at, now(), stale)))
}

/// Ask hosts whether they are there, drain one, end its membership, or take deckies down.
#[utoipa::path(
    post, path = "/swarm/work", operation_id = "swarm_work",
    tag = "swarm", security(("bearer" = [])), request_body = WorkRequest,
    responses(
        (status = ACCEPTED, body = Operation, headers(("location" = String, description = "Where it is looked at"))),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn work(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<WorkRequest>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(asked) = body?;
    if asked.decky.is_some() && !matches!(asked.deed, Deed::Teardown) {
        return Err(Problem::field("decky", "only for teardown"));
    }
    let host = || asked.host.clone().ok_or_else(|| Problem::field("host", "the id of one"));
    let work = match asked.deed {
        Deed::Check => SwarmWork::Check,
        Deed::Decommission => SwarmWork::Decommission(host()?),
        Deed::Drain => SwarmWork::Drain(host()?),
        Deed::Undrain => SwarmWork::Undrain(host()?),
        Deed::Teardown => SwarmWork::Teardown(asked.decky.map(|name| decky("decky", &name)).transpose()?),
    };
    ask(&state, &viewer, Request::Swarm(work)).await
}

/// Deploy a fleet over the hosts of the swarm, or see what that would do.
#[utoipa::path(
    post, path = "/swarm/deploy", operation_id = "swarm_deploy",
    tag = "swarm", security(("bearer" = [])), request_body = SwarmFleetRequest,
    responses(
        (status = ACCEPTED, body = Operation, headers(("location" = String, description = "Where it is looked at"))),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn deploy(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<SwarmFleetRequest>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(asked) = body?;
    let (fleet, take_away) = wanted(asked.fleet)?;
    let on = labels("on", &asked.on)?;
    ask(&state, &viewer, Request::SwarmDeploy { fleet, on, take_away, plan: asked.plan }).await
}

/// Updates of hosts, those that were asked for last first; the last 1,000.
#[utoipa::path(
    get, path = "/swarm/updates", operation_id = "swarm_updates", tag = "swarm", security(("bearer" = [])),
    responses((status = OK, body = Vec<SwarmUpdate>), (status = UNAUTHORIZED, body = ProblemBody))
)]
pub(crate) async fn updates(State(state): State<ApiState>) -> Result<Json<Vec<SwarmUpdate>>, Problem> {
    let rows = state.store().swarm_updates(UPDATES).await?;
    Ok(Json(rows.iter().map(SwarmUpdate::from).collect()))
}

/// Roll a release out that is kept on the master. Each host that does not do well with it goes back by itself.
#[utoipa::path(
    post, path = "/swarm/updates", operation_id = "swarm_rollout",
    tag = "swarm", security(("bearer" = [])), request_body = RolloutRequest,
    responses(
        (status = ACCEPTED, body = Operation, headers(("location" = String, description = "Where it is looked at"))),
        (status = BAD_REQUEST, body = ProblemBody),
        (status = UNAUTHORIZED, body = ProblemBody),
        (status = FORBIDDEN, body = ProblemBody),
        (status = PAYLOAD_TOO_LARGE, body = ProblemBody),
        (status = TOO_MANY_REQUESTS, body = ProblemBody),
    )
)]
pub(crate) async fn roll_out(
    State(state): State<ApiState>,
    viewer: Viewer,
    body: Result<Json<RolloutRequest>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(asked) = body?;
    let sha256 = asked.sha256.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::field("sha256", "64 hexadecimal digits"));
    }
    if asked.hosts.len() > NAMED {
        return Err(Problem::field("hosts", format!("at most {NAMED}")));
    }
    let work = SwarmWork::Update { sha256, hosts: asked.hosts, canaries: asked.canaries };
    ask(&state, &viewer, Request::Swarm(work)).await
}

async fn read(state: &ApiState) -> Result<(Vec<Row>, BTreeMap<String, SwarmReport>), Problem> {
    let rows = state.store().swarm_hosts().await?;
    let reports = state.store().swarm_reports().await?;
    Ok((rows, reports.into_iter().map(|report| (report.host.clone(), report)).collect()))
}

/// When the last certificate of each host expires that was not revoked.
async fn expires(state: &ApiState) -> Result<BTreeMap<String, i64>, Problem> {
    let mut expires: BTreeMap<String, i64> = BTreeMap::new();
    for row in state.store().swarm_certificates().await?.into_iter().filter(|row| row.revoked_at.is_none()) {
        let latest = expires.entry(row.host).or_default();
        *latest = row.expires_at.max(*latest);
    }
    Ok(expires)
}

fn within(field: &'static str, value: u64, most: u64) -> Result<u64, Problem> {
    if (1..=most).contains(&value) { Ok(value) } else { Err(Problem::field(field, format!("1 to {most}"))) }
}

fn labels(field: &'static str, given: &BTreeMap<String, String>) -> Result<Labels, Problem> {
    let each = given.iter().map(|(key, value)| label(&format!("{key}={value}")));
    each.collect::<Result<_, _>>().map_err(|why| Problem::field(field, why))
}

/// The name by which the interface was called, without its port.
fn called(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    }
}
