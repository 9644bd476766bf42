//! The routes, and the document about them made from the same list.

use crate::{
    ApiState, Problem, access,
    document::{Document, complete},
    host::is_for_us,
    route, site, taxii, unchanged,
};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use std::time::Duration;
use tokio::time::timeout;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Where all routes are.
const PREFIX: &str = "/api/v1";
/// Where people look for the document as a page; it is one of the dashboard's.
const DOCS: &str = "/api/v1/docs";
/// Largest body of a request, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// Largest body that has a deployment INI in it, whose 512 KiB JSON may make longer, or a document: a hundred people of
/// a domain with all to whom they write.
const INI_LIMIT: usize = 1024 * 1024;
/// Largest capture of a segment.
const CAPTURE_LIMIT: usize = 16 * 1024 * 1024;
/// Where one is handed in.
const WITH_CAPTURE: &str = "/api/v1/learn";
/// Who may send one.
const WITH_INI: &[&str] = &[
    "/api/v1/plan",
    "/api/v1/deploy",
    "/api/v1/swarm/deploy",
    "/api/v1/topologies",
    "/api/v1/topologies/{name}/edit",
    "/api/v1/topologies/{name}/check",
    "/api/v1/people/{domain}",
];
/// Longest time for a body to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Longest time for a capture to arrive.
const CAPTURE_TIME: Duration = Duration::from_secs(60);
/// Longest time until an answer begins, a locked store included.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Answers to browsers that must not guess, frame, keep or leak anything.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// All routes over `state`.
pub fn router(state: ApiState) -> Router {
    let (router, mut document) = routes().split_for_parts();
    complete(&mut document);
    router
        .route(&format!("{PREFIX}/openapi.json"), get(move || async move { Json(document) }))
        .route_layer(middleware::from_fn(whole))
        .route_layer(middleware::from_fn_with_state(state.clone(), access::guard))
        .fallback(elsewhere)
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .layer(middleware::from_fn(unchanged::tagged))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(state.hosts().clone(), is_for_us))
        .layer(middleware::from_fn_with_state(state.clone(), come_from))
        .layer(middleware::from_fn(with_headers))
        .with_state(state)
}

/// The OpenAPI document of all routes.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = routes().into_openapi();
    complete(&mut document);
    document
}

fn routes() -> OpenApiRouter<ApiState> {
    let routes = of_accounts()
        .routes(routes!(route::health::health))
        .routes(routes!(route::health::stats))
        .routes(routes!(route::numbers::timeline))
        .routes(routes!(route::numbers::top))
        .routes(routes!(route::inventory::archetypes))
        .routes(routes!(route::inventory::distros))
        .routes(routes!(route::inventory::services))
        .routes(routes!(route::house::workers))
        .routes(routes!(route::house::act))
        .routes(routes!(route::house::config))
        .routes(routes!(route::house::log_level, route::house::put_log_level))
        .routes(routes!(route::event::events))
        .routes(routes!(route::export::events_export))
        .routes(routes!(route::profile::reused))
        .routes(routes!(route::profile::reuse))
        .routes(routes!(route::cluster::clusters))
        .routes(routes!(route::cluster::explain))
        .routes(routes!(route::cluster::decisions, route::cluster::decide))
        .routes(routes!(route::cluster::undo))
        .routes(routes!(route::cluster::cluster))
        .routes(routes!(route::incident::incidents))
        .routes(routes!(route::incident::incident, route::incident::update))
        .routes(routes!(route::incident::incident_events))
        .routes(routes!(route::technique::techniques))
        .routes(routes!(route::technique::rules))
        .routes(routes!(route::technique::coverage))
        .routes(routes!(route::technique::navigator))
        .routes(routes!(route::technique::hits))
        .routes(routes!(route::metrics::metrics))
        .routes(routes!(route::alert::rules))
        .routes(routes!(route::alert::put_rule, route::alert::delete_rule))
        .routes(routes!(route::alert::test_rule))
        .routes(routes!(route::alert::deliveries))
        .routes(routes!(route::alert::retry))
        .routes(routes!(route::alert::mutes, route::alert::create_mute))
        .routes(routes!(route::alert::delete_mute))
        .routes(routes!(route::session::sessions))
        .routes(routes!(route::session::session))
        .routes(routes!(route::session::session_packets))
        .routes(routes!(route::credential::credentials))
        .routes(routes!(route::artifact::artifacts))
        .routes(routes!(route::artifact::artifact))
        .routes(routes!(route::export::artifact_content))
        .routes(routes!(route::export::artifact_zip))
        .routes(routes!(route::artifact::sightings))
        .routes(routes!(route::stream::stream));
    OpenApiRouter::with_openapi(Document::openapi())
        .nest(
            PREFIX,
            routes.merge(of_attackers()).merge(of_the_fleet()).merge(of_canaries()).merge(of_exports()),
        )
        .merge(of_taxii())
}

/// What is known, for other systems.
fn of_exports() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::knowledge::stix))
        .routes(routes!(route::knowledge::misp))
        .routes(routes!(route::knowledge::blocklist))
}

/// The same as TAXII has it, whose paths are not ours to choose.
fn of_taxii() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::taxii::discovery))
        .routes(routes!(route::taxii::root))
        .routes(routes!(route::taxii::collections))
        .routes(routes!(route::taxii::collection))
        .routes(routes!(route::taxii::manifest))
        .routes(routes!(route::taxii::objects))
        .routes(routes!(route::taxii::object))
        .routes(routes!(route::taxii::versions))
}

/// Who comes in, with what, and what he did.
fn of_accounts() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::login::login))
        .routes(routes!(route::login::login_by_link))
        .routes(routes!(route::single::ways))
        .routes(routes!(route::single::begin))
        .routes(routes!(route::single::end))
        .routes(routes!(route::single::farewell))
        .routes(routes!(route::login::logout))
        .routes(routes!(route::former::login))
        .routes(routes!(route::former::logout))
        .routes(routes!(route::former::change_password))
        .routes(routes!(route::me::me))
        .routes(routes!(route::me::password))
        .routes(routes!(route::me::sessions))
        .routes(routes!(route::me::revoke))
        .routes(routes!(route::user::users, route::user::create))
        .routes(routes!(route::user::update, route::user::delete))
        .routes(routes!(route::user::password))
        .routes(routes!(route::user::sessions, route::user::end_sessions))
        .routes(routes!(route::api_token::tokens, route::api_token::create))
        .routes(routes!(route::api_token::revoke))
        .routes(routes!(route::audit::audit_log))
}

/// Who was here.
fn of_attackers() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::attacker::attackers))
        .routes(routes!(route::attacker::attacker))
        .routes(routes!(route::attacker::traversals))
        .routes(routes!(route::profile::profiles))
        .routes(routes!(route::profile::profile))
        .routes(routes!(route::enrichment::enrichment))
        .routes(routes!(route::enrichment::countries))
        .routes(routes!(route::enrichment::lookup))
}

/// What was laid out to be taken, and who seems to live there.
fn of_canaries() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::canary::kinds))
        .routes(routes!(route::canary::all_hits))
        .routes(routes!(route::canary::canaries, route::canary::create))
        .routes(routes!(route::canary::canary, route::canary::revoke))
        .routes(routes!(route::canary::content))
        .routes(routes!(route::canary::hits))
        .routes(routes!(route::canary::plant, route::canary::unplant))
        .routes(routes!(route::people::people))
        .routes(routes!(route::people::put_people))
        .routes(routes!(route::people::letters))
        .routes(routes!(route::orchestrator::orchestrator, route::orchestrator::put_orchestrator))
        .routes(routes!(route::orchestrator::put_roles))
        .routes(routes!(route::orchestrator::deeds))
        .routes(routes!(route::orchestrator::day))
        .routes(routes!(route::people::letter))
}

/// What looks at the fleet and changes it.
fn of_the_fleet() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(route::decky::deckies))
        .routes(routes!(route::change::detail))
        .routes(routes!(route::decky::persona, route::decky::reset_persona))
        .routes(routes!(route::operation::redeploy))
        .routes(routes!(route::change::add_service))
        .routes(routes!(route::change::set_service, route::change::remove_service))
        .routes(routes!(route::change::set_tarpit))
        .routes(routes!(route::change::mutate))
        .routes(routes!(route::change::mutations))
        .routes(routes!(route::topology::topologies, route::topology::create))
        .routes(routes!(route::topology::topology, route::topology::delete))
        .routes(routes!(route::topology::mutations))
        .routes(routes!(route::topology::deploy))
        .routes(routes!(route::topology::teardown))
        .routes(routes!(route::topology::mutate))
        .routes(routes!(route::topology::edit))
        .routes(routes!(route::topology::check))
        .routes(routes!(route::learn::capture))
        .routes(routes!(route::learn::listen))
        .routes(routes!(route::learn::learned))
        .routes(routes!(route::learn::one))
        .routes(routes!(route::learn::plan))
        .routes(routes!(route::image::images))
        .routes(routes!(route::image::build))
        .routes(routes!(route::operation::plan))
        .routes(routes!(route::operation::deploy))
        .routes(routes!(route::operation::teardown))
        .routes(routes!(route::operation::firedrill))
        .routes(routes!(route::operation::audit))
        .routes(routes!(route::operation::operations))
        .routes(routes!(route::operation::operation))
        .routes(routes!(route::swarm::hosts))
        .routes(routes!(route::swarm::deckies))
        .routes(routes!(route::swarm::enroll))
        .routes(routes!(route::swarm::update))
        .routes(routes!(route::swarm::work))
        .routes(routes!(route::swarm::deploy))
        .routes(routes!(route::swarm::updates))
        .routes(routes!(route::swarm::roll_out))
}

/// Whether a path is the interface's; all others are the dashboard's.
pub(crate) fn is_interface(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path.starts_with(taxii::PATH)
}

/// Answers what has no route: outside of the interface that is the dashboard's.
async fn elsewhere(request: Request) -> Response {
    let path = request.uri().path();
    if path == DOCS {
        return Redirect::temporary("/docs").into_response();
    }
    if is_interface(path) {
        return Problem::NotFound.into_response();
    }
    site::answer(&request)
}

/// Answers within bounds: it begins within [`ANSWER_TIME`] after its body, for which [`whole`] has bounds of its own.
async fn in_time(request: Request, next: Next) -> Result<Response, Problem> {
    timeout(CAPTURE_TIME + ANSWER_TIME, next.run(request)).await.map_err(|_| Problem::Busy)
}

/// Has the body whole within [`BODY_TIME`] before a handler begins. Whoever may not use the route was refused before:
/// nobody else makes us keep a long one.
async fn whole(request: Request, next: Next) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let (limit, time) = match path {
        WITH_CAPTURE => (CAPTURE_LIMIT, CAPTURE_TIME),
        _ if WITH_INI.contains(&path) => (INI_LIMIT, BODY_TIME),
        _ => (BODY_LIMIT, BODY_TIME),
    };
    let (parts, body) = request.into_parts();
    let body = match timeout(time, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => bytes,
        // A peer that broke off reads no answer; what is left is a body over the limit.
        Ok(Err(_)) => return Err(Problem::TooLarge),
        Err(_) => return Err(Problem::Slow),
    };
    let answer = next.run(Request::from_parts(parts, Body::from(body)));
    timeout(ANSWER_TIME, answer).await.map_err(|_| Problem::Busy)
}

/// Notes where a request comes from, for all that ask.
async fn come_from(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let peer = state.hosts().proxies().origin(request.extensions(), request.headers());
    request.extensions_mut().insert(peer);
    next.run(request).await
}

/// Adds the headers of every answer.
pub(crate) async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
