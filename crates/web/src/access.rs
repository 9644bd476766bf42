//! Who may use which route: one table, looked at before any handler runs. A route without a row answers nobody.

use crate::{
    ApiState, Problem,
    auth::{Pass, Peer, Viewer},
    taxii,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use decnet_model::{
    access::{Role, Scope},
    record::NewAuditEntry,
};
use netsvc_wire::stamp::now;

/// Whom a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Every user, also before the password that somebody else gave him is changed.
    Own,
    /// Users with this role or a higher one.
    Role(Role),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Method.
    pub method: &'static str,
    /// Path, as the document has it.
    pub path: &'static str,
    /// Whom it answers.
    pub access: Access,
    /// What a token for programs must be for; `None`: only who has logged in.
    pub scope: Option<Scope>,
    /// What the audit log calls it, where it changes something.
    pub action: Option<&'static str>,
}

const ADMIN: Access = Access::Role(Role::Admin);
const ANALYST: Access = Access::Role(Role::Analyst);
const VIEWER: Access = Access::Role(Role::Viewer);

const fn ask(path: &'static str, access: Access) -> Rule {
    Rule { method: "GET", path, access, scope: Some(Scope::Read), action: None }
}

const fn change(
    method: &'static str,
    path: &'static str,
    access: Access,
    scope: Option<Scope>,
    action: &'static str,
) -> Rule {
    Rule { method, path, access, scope, action: Some(action) }
}

const MANAGE: Option<Scope> = Some(Scope::Manage);

/// Every route.
pub const RULES: &[Rule] = &[
    ask("/api/v1/openapi.json", Access::Open),
    ask("/api/v1/health", Access::Open),
    // Handlers of what is open write the audit log themselves: only they know whom it is about.
    Rule { method: "POST", path: "/api/v1/login", access: Access::Open, scope: None, action: None },
    Rule { method: "POST", path: "/api/v1/login/link", access: Access::Open, scope: None, action: None },
    ask("/api/v1/login/ways", Access::Open),
    ask("/api/v1/login/oidc", Access::Open),
    ask("/api/v1/login/oidc/return", Access::Open),
    ask("/api/v1/login/oidc/logout", Access::Open),
    change("POST", "/api/v1/logout", Access::Own, None, "session.end"),
    Rule { method: "POST", path: "/api/v1/auth/login", access: Access::Open, scope: None, action: None },
    change("POST", "/api/v1/auth/logout", Access::Own, None, "session.end"),
    change("POST", "/api/v1/auth/change-password", Access::Own, None, "password.change"),
    ask("/api/v1/me", Access::Own),
    change("POST", "/api/v1/me/password", Access::Own, None, "password.change"),
    ask("/api/v1/me/sessions", VIEWER),
    change("DELETE", "/api/v1/me/sessions/{id}", VIEWER, None, "session.revoke"),
    ask("/api/v1/users", ADMIN),
    // A token that makes or raises somebody who can log in, or knows his password, would outlive its own end, too.
    change("POST", "/api/v1/users", ADMIN, None, "user.create"),
    change("PATCH", "/api/v1/users/{name}", ADMIN, None, "user.update"),
    change("DELETE", "/api/v1/users/{name}", ADMIN, MANAGE, "user.delete"),
    change("POST", "/api/v1/users/{name}/password", ADMIN, None, "user.password"),
    ask("/api/v1/users/{name}/sessions", ADMIN),
    change("DELETE", "/api/v1/users/{name}/sessions", ADMIN, MANAGE, "user.sessions.revoke"),
    ask("/api/v1/tokens", VIEWER),
    // A token that makes tokens would outlive its own end.
    change("POST", "/api/v1/tokens", VIEWER, None, "token.create"),
    change("DELETE", "/api/v1/tokens/{id}", VIEWER, None, "token.revoke"),
    ask("/api/v1/audit-log", ADMIN),
    ask("/api/v1/stats", VIEWER),
    ask("/api/v1/timeline", VIEWER),
    ask("/api/v1/top", VIEWER),
    ask("/api/v1/deckies", VIEWER),
    ask("/api/v1/deckies/{name}", VIEWER),
    ask("/api/v1/deckies/{name}/persona", VIEWER),
    change("POST", "/api/v1/deckies/{name}/persona", ADMIN, MANAGE, "decky.persona.reset"),
    change("POST", "/api/v1/redeploy", ADMIN, MANAGE, "fleet.redeploy"),
    change("POST", "/api/v1/deckies/{name}/services", ADMIN, MANAGE, "decky.service.add"),
    change("PATCH", "/api/v1/deckies/{name}/services/{service}", ADMIN, MANAGE, "decky.service.set"),
    change("DELETE", "/api/v1/deckies/{name}/services/{service}", ADMIN, MANAGE, "decky.service.remove"),
    change("PUT", "/api/v1/deckies/{name}/tarpit", ADMIN, MANAGE, "decky.tarpit.set"),
    change("POST", "/api/v1/mutate", ADMIN, MANAGE, "fleet.mutate"),
    ask("/api/v1/mutations", VIEWER),
    ask("/api/v1/topologies", VIEWER),
    change("POST", "/api/v1/topologies", ADMIN, MANAGE, "topology.create"),
    ask("/api/v1/topologies/{name}", VIEWER),
    change("DELETE", "/api/v1/topologies/{name}", ADMIN, MANAGE, "topology.delete"),
    ask("/api/v1/topologies/{name}/mutations", VIEWER),
    change("POST", "/api/v1/topologies/{name}/deploy", ADMIN, MANAGE, "topology.deploy"),
    change("POST", "/api/v1/topologies/{name}/teardown", ADMIN, MANAGE, "topology.teardown"),
    change("POST", "/api/v1/topologies/{name}/mutate", ADMIN, MANAGE, "topology.mutate"),
    change("POST", "/api/v1/topologies/{name}/edit", ADMIN, MANAGE, "topology.edit"),
    change("POST", "/api/v1/topologies/{name}/check", ANALYST, Some(Scope::Work), "topology.check"),
    change("POST", "/api/v1/plan", ANALYST, Some(Scope::Work), "fleet.plan"),
    change("POST", "/api/v1/deploy", ADMIN, MANAGE, "fleet.deploy"),
    change("POST", "/api/v1/teardown", ADMIN, MANAGE, "fleet.teardown"),
    change("POST", "/api/v1/firedrill", ANALYST, Some(Scope::Work), "fleet.firedrill"),
    change("POST", "/api/v1/audit", ANALYST, Some(Scope::Work), "fleet.audit"),
    ask("/api/v1/images", VIEWER),
    change("POST", "/api/v1/images/build", ADMIN, MANAGE, "image.build"),
    // Whoever listens to a segment, or hands in what was heard of one, gives us bytes of anybody.
    change("POST", "/api/v1/learn", ADMIN, MANAGE, "learn.capture"),
    change("POST", "/api/v1/learn/listen", ADMIN, MANAGE, "learn.listen"),
    ask("/api/v1/learned", VIEWER),
    ask("/api/v1/learned/{id}", VIEWER),
    change("POST", "/api/v1/learned/{id}/plan", ANALYST, Some(Scope::Work), "learn.plan"),
    ask("/api/v1/operations", VIEWER),
    ask("/api/v1/operations/{id}", VIEWER),
    ask("/api/v1/swarm/hosts", VIEWER),
    ask("/api/v1/swarm/deckies", VIEWER),
    // Whoever has the token brings a host that is believed.
    change("POST", "/api/v1/swarm/enroll", ADMIN, MANAGE, "swarm.enroll"),
    change("PATCH", "/api/v1/swarm/hosts/{id}", ADMIN, MANAGE, "swarm.update"),
    change("POST", "/api/v1/swarm/work", ADMIN, MANAGE, "swarm.work"),
    change("POST", "/api/v1/swarm/deploy", ADMIN, MANAGE, "swarm.deploy"),
    ask("/api/v1/swarm/updates", VIEWER),
    change("POST", "/api/v1/swarm/updates", ADMIN, MANAGE, "swarm.release"),
    ask("/api/v1/archetypes", VIEWER),
    ask("/api/v1/distros", VIEWER),
    ask("/api/v1/services", VIEWER),
    ask("/api/v1/workers", VIEWER),
    change("POST", "/api/v1/workers/{name}/{action}", ADMIN, MANAGE, "worker.act"),
    ask("/api/v1/log/level", ADMIN),
    change("PUT", "/api/v1/log/level", ADMIN, MANAGE, "log.level"),
    ask("/api/v1/metrics", VIEWER),
    ask("/api/v1/config", ADMIN),
    ask("/api/v1/events", VIEWER),
    ask("/api/v1/events/export", VIEWER),
    ask("/api/v1/attackers", VIEWER),
    ask("/api/v1/attackers/{ip}", VIEWER),
    ask("/api/v1/traversals", VIEWER),
    ask("/api/v1/profiles", VIEWER),
    ask("/api/v1/profiles/{ip}", VIEWER),
    ask("/api/v1/enrichment", VIEWER),
    ask("/api/v1/enrichment/countries", VIEWER),
    ask("/api/v1/enrichment/lookup/{subject}", VIEWER),
    ask("/api/v1/reuse", VIEWER),
    ask("/api/v1/reuse/{id}", VIEWER),
    ask("/api/v1/clusters/{level}", VIEWER),
    ask("/api/v1/clusters/{level}/explain", VIEWER),
    ask("/api/v1/clusters/{level}/decisions", VIEWER),
    change("POST", "/api/v1/clusters/{level}/decisions", ANALYST, Some(Scope::Work), "cluster.decide"),
    change("DELETE", "/api/v1/clusters/{level}/decisions/{id}", ANALYST, Some(Scope::Work), "cluster.undo"),
    ask("/api/v1/clusters/{level}/{id}", VIEWER),
    ask("/api/v1/incidents", VIEWER),
    ask("/api/v1/incidents/{id}", VIEWER),
    change("PATCH", "/api/v1/incidents/{id}", ANALYST, Some(Scope::Work), "incident.update"),
    ask("/api/v1/incidents/{id}/events", VIEWER),
    ask("/api/v1/techniques", VIEWER),
    ask("/api/v1/techniques/rules", VIEWER),
    ask("/api/v1/techniques/coverage", VIEWER),
    ask("/api/v1/techniques/navigator", VIEWER),
    ask("/api/v1/techniques/{id}/hits", VIEWER),
    ask("/api/v1/alerts/rules", VIEWER),
    // A target is anywhere: whoever sets one has us send requests there.
    change("PUT", "/api/v1/alerts/rules/{name}", ADMIN, MANAGE, "alert.rule.put"),
    change("DELETE", "/api/v1/alerts/rules/{name}", ADMIN, MANAGE, "alert.rule.delete"),
    change("POST", "/api/v1/alerts/rules/{name}/test", ADMIN, MANAGE, "alert.test"),
    ask("/api/v1/alerts/deliveries", VIEWER),
    change("POST", "/api/v1/alerts/deliveries/{id}/retry", ANALYST, Some(Scope::Work), "alert.retry"),
    ask("/api/v1/alerts/mutes", VIEWER),
    change("POST", "/api/v1/alerts/mutes", ANALYST, Some(Scope::Work), "alert.mute.create"),
    change("DELETE", "/api/v1/alerts/mutes/{id}", ANALYST, Some(Scope::Work), "alert.mute.delete"),
    ask("/api/v1/canaries", VIEWER),
    change("POST", "/api/v1/canaries", ANALYST, Some(Scope::Work), "canary.create"),
    ask("/api/v1/canaries/kinds", VIEWER),
    ask("/api/v1/canaries/hits", VIEWER),
    ask("/api/v1/canaries/{id}", VIEWER),
    change("DELETE", "/api/v1/canaries/{id}", ANALYST, Some(Scope::Work), "canary.revoke"),
    // What it holds is a secret by which it is known.
    ask("/api/v1/canaries/{id}/content", ANALYST),
    ask("/api/v1/canaries/{id}/hits", VIEWER),
    change("PUT", "/api/v1/canaries/{id}/place", ADMIN, MANAGE, "canary.plant"),
    change("DELETE", "/api/v1/canaries/{id}/place", ADMIN, MANAGE, "canary.unplant"),
    ask("/api/v1/people", VIEWER),
    change("PUT", "/api/v1/people/{domain}", ADMIN, MANAGE, "people.put"),
    ask("/api/v1/letters", VIEWER),
    ask("/api/v1/orchestrator", VIEWER),
    change("PUT", "/api/v1/orchestrator", ADMIN, MANAGE, "orchestrator.put"),
    change("PUT", "/api/v1/orchestrator/roles", ADMIN, MANAGE, "orchestrator.roles"),
    ask("/api/v1/orchestrator/deeds", VIEWER),
    ask("/api/v1/orchestrator/preview/{decky}", VIEWER),
    ask("/api/v1/letters/{id}", VIEWER),
    ask("/api/v1/sessions", VIEWER),
    ask("/api/v1/sessions/{id}", VIEWER),
    ask("/api/v1/sessions/{id}/packets", ANALYST),
    ask("/api/v1/credentials", VIEWER),
    ask("/api/v1/artifacts", VIEWER),
    ask("/api/v1/artifacts/{sha256}", VIEWER),
    ask("/api/v1/artifacts/{sha256}/content", ANALYST),
    ask("/api/v1/artifacts/{sha256}/zip", ANALYST),
    ask("/api/v1/sightings", VIEWER),
    ask("/api/v1/stream", VIEWER),
    ask("/api/v1/export/stix", VIEWER),
    ask("/api/v1/export/misp", VIEWER),
    ask("/api/v1/export/blocklist/{format}", VIEWER),
    ask("/taxii2/", VIEWER),
    ask("/taxii2/knowledge/", VIEWER),
    ask("/taxii2/knowledge/collections/", VIEWER),
    ask("/taxii2/knowledge/collections/{collection}/", VIEWER),
    ask("/taxii2/knowledge/collections/{collection}/manifest/", VIEWER),
    ask("/taxii2/knowledge/collections/{collection}/objects/", VIEWER),
    ask("/taxii2/knowledge/collections/{collection}/objects/{object}/", VIEWER),
    ask("/taxii2/knowledge/collections/{collection}/objects/{object}/versions/", VIEWER),
];

fn rule(method: &Method, path: &str) -> Result<&'static Rule, Problem> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let mut of_path = RULES.iter().filter(|rule| rule.path == path).peekable();
    if of_path.peek().is_none() {
        return Err(Problem::Forbidden);
    }
    of_path.find(|rule| rule.method == method.as_str()).ok_or(Problem::MethodNotAllowed)
}

/// The methods that a path has, as the header `Allow` lists them (RFC 9110 §10.2.1).
fn allowed(path: &str) -> String {
    let of_path = RULES.iter().filter(|rule| rule.path == path);
    let methods = of_path.flat_map(|rule| {
        if rule.method == "GET" { &["GET", "HEAD"][..] } else { std::slice::from_ref(&rule.method) }
    });
    methods.copied().collect::<Vec<_>>().join(", ")
}

/// Lets a request pass that may, and notes what it changed.
pub(crate) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let rule = match rule(request.method(), path) {
        Ok(rule) => rule,
        Err(Problem::MethodNotAllowed) => {
            let allow = [(header::ALLOW, allowed(path))];
            return (allow, Problem::MethodNotAllowed).into_response();
        }
        Err(problem) => return problem.into_response(),
    };
    if rule.access == Access::Open {
        return next.run(request).await;
    }
    match admitted(&state, rule, request).await {
        Ok((viewer, request)) => answered(&state, rule, viewer, request, next).await,
        Err(problem) => {
            let mut response = problem.into_response();
            if rule.path.starts_with(taxii::PATH) && response.status() == StatusCode::UNAUTHORIZED {
                let basic = HeaderValue::from_static("Basic realm=\"DECNET\", charset=\"UTF-8\"");
                response.headers_mut().append(header::WWW_AUTHENTICATE, basic);
            }
            response
        }
    }
}

/// The user of a request that may pass; the handler finds him with the request.
async fn admitted(state: &ApiState, rule: &Rule, request: Request) -> Result<(Viewer, Request), Problem> {
    let (mut parts, body) = request.into_parts();
    let viewer = Viewer::identify(&parts, state).await?;
    match &viewer.pass {
        Pass::Session { kind, .. } => {
            // Whoever came by a link was let in by somebody of this host, and may not know the password.
            if viewer.user.must_change && kind == "password" && rule.access != Access::Own {
                return Err(Problem::PasswordChange);
            }
        }
        Pass::Token { scopes, .. } => {
            if !rule.scope.is_some_and(|scope| scopes.contains(&scope)) {
                return Err(Problem::Forbidden);
            }
        }
    }
    if let Access::Role(least) = rule.access
        && viewer.user.role < least
    {
        return Err(Problem::Forbidden);
    }
    parts.extensions.insert(viewer.clone());
    Ok((viewer, Request::from_parts(parts, body)))
}

async fn answered(state: &ApiState, rule: &Rule, viewer: Viewer, request: Request, next: Next) -> Response {
    let Some(action) = rule.action else { return next.run(request).await };
    let Peer(address) = Peer::noted(request.extensions());
    let target = request.uri().path().trim_start_matches("/api/v1").to_owned();
    let response = next.run(request).await;
    let via = match viewer.pass {
        Pass::Session { .. } => "session",
        Pass::Token { .. } => "token",
    };
    let outcome = response.status().as_u16();
    note(state, NewAuditEntry { at: now(), actor: viewer.user.name, via, address, action, target, outcome })
        .await;
    response
}

/// Writes the audit log. What was done stays done when that fails; the program's own log then has it.
pub(crate) async fn note(state: &ApiState, entry: NewAuditEntry) {
    if let Err(error) = state.store().audit_put(&entry).await {
        tracing::error!(
            error = %crate::problem::chain(&error), actor = %entry.actor, action = entry.action,
            "a change is missing in the audit log"
        );
    }
}
