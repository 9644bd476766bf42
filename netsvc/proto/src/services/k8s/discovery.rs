//! How a client discovers what there is: groups, resources, and the descriptions of both.

use super::{
    call::Call,
    release::Release,
    reply::{Body, Reply},
    resources::{ALL, GROUPS, RESOURCES, Resource, VERBS},
};
use netsvc_wire::{Kind, field};
use serde_json::{Map, Value, json};

/// What is asked of a pod: name, kind of the options, verbs.
const OF_PODS: &[(&str, &str, &[&str])] = &[
    ("attach", "PodAttachOptions", &["create", "get"]),
    ("eviction", "Eviction", &["create"]),
    ("exec", "PodExecOptions", &["create", "get"]),
    ("log", "Pod", &["get"]),
    ("portforward", "PodPortForwardOptions", &["create", "get"]),
];

/// What is only asked, of a group: name, kind, whether in a namespace.
fn questions(group: &str) -> &'static [(&'static str, &'static str, bool)] {
    match group {
        "authorization.k8s.io" => &[
            ("localsubjectaccessreviews", "LocalSubjectAccessReview", true),
            ("selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
            ("selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
            ("subjectaccessreviews", "SubjectAccessReview", false),
        ],
        "authentication.k8s.io" => {
            &[("selfsubjectreviews", "SelfSubjectReview", false), ("tokenreviews", "TokenReview", false)]
        }
        _ => &[],
    }
}

/// Answers a question for what there is.
pub(super) fn answer(call: &mut Call<'_>, parts: &[&str]) -> Reply {
    let accepts = call.request.field("accept").unwrap_or_default();
    let aggregated = aggregated(call.release, accepts);
    match (parts, aggregated) {
        (["openapi", "v2"], _) => return swagger(call.release, accepts),
        (["api"], Some((kind, version))) => return Reply::typed(kind, whole(version, &[""])),
        (["apis"], Some((kind, version))) => return Reply::typed(kind, whole(version, GROUPS)),
        _ => {}
    }
    let found = match parts {
        [] => Some(json!({ "paths": paths() })),
        ["api"] => Some(core(&call.host.persona().ip.to_string())),
        ["api", "v1"] => list(""),
        ["apis"] => Some(groups()),
        ["apis", group] => one_group(group),
        ["apis", group, "v1"] => list(group),
        ["openapi", "v3"] => Some(descriptions(call.release)),
        ["openapi", "v3", "api", "v1"] => Some(description(call.release, "")),
        ["openapi", "v3", "apis", group, "v1"] => Some(description(call.release, group)),
        _ => None,
    };
    let Some(found) = found else {
        let line = format!("{} {}", call.request.method, call.request.target);
        let fields =
            vec![(field::NAME, call.request.path.clone().into_bytes()), (field::COMMAND, line.into_bytes())];
        call.out.record(Kind::UnknownCommand, fields);
        return Reply::unrouted();
    };
    Reply::ok(found)
}

/// Where there is something.
fn paths() -> Vec<String> {
    let mut paths: Vec<String> =
        ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/"].map(str::to_owned).into();
    let mut sorted = GROUPS.to_vec();
    sorted.sort_unstable();
    paths.extend(sorted.iter().flat_map(|group| [format!("/apis/{group}"), format!("/apis/{group}/v1")]));
    let rest = ["/healthz", "/livez", "/logs", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/"];
    paths.extend(rest.map(str::to_owned));
    paths.extend(["/openid/v1/jwks", "/readyz", "/version"].map(str::to_owned));
    paths
}

/// All of discovery in one document, where client and release know of it: its kind and its version.
fn aggregated(release: &Release, accepts: &str) -> Option<(&'static str, &'static str)> {
    const KINDS: &[(&str, &str, u32)] = &[
        (
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            "apidiscovery.k8s.io/v2",
            30,
        ),
        (
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
            "apidiscovery.k8s.io/v2beta1",
            27,
        ),
    ];
    accepts.split(',').find_map(|accepted| {
        let plain: String = accepted.chars().filter(|letter| !letter.is_whitespace()).collect();
        let known = KINDS.iter().find(|(kind, ..)| plain.starts_with(*kind))?;
        (known.2 <= release.number()).then_some((known.0, known.1))
    })
}

/// The document of discovery of `groups`.
fn whole(version: &str, groups: &[&str]) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .map(|group| {
            let metadata = match *group {
                "" => json!({ "creationTimestamp": null }),
                name => json!({ "name": name, "creationTimestamp": null }),
            };
            let known = RESOURCES.iter().filter(|known| known.group == *group).map(discovered);
            let asked = questions(group).iter().map(|(name, kind, namespaced)| {
                json!({
                    "resource": name, "responseKind": kind_of(group, kind), "scope": scope(*namespaced),
                    "singularResource": kind.to_lowercase(), "verbs": ["create"],
                })
            });
            let all: Vec<Value> = known.chain(asked).collect();
            json!({
                "metadata": metadata,
                "versions": [{ "version": "v1", "resources": all, "freshness": "Current" }],
            })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": version, "metadata": {}, "items": items })
}

fn kind_of(group: &str, kind: &str) -> Value {
    json!({ "group": group, "version": "v1", "kind": kind })
}

fn scope(namespaced: bool) -> &'static str {
    if namespaced { "Namespaced" } else { "Cluster" }
}

fn discovered(resource: &Resource) -> Value {
    let mut fields = Map::new();
    fields.insert("resource".to_owned(), resource.name.into());
    fields.insert("responseKind".to_owned(), kind_of(resource.group, resource.kind));
    fields.insert("scope".to_owned(), scope(resource.namespaced).into());
    fields.insert("singularResource".to_owned(), resource.singular.into());
    fields.insert("verbs".to_owned(), json!(VERBS));
    if !resource.short.is_empty() {
        fields.insert("shortNames".to_owned(), json!(resource.short));
    }
    if ALL.contains(&resource.name) {
        fields.insert("categories".to_owned(), json!(["all"]));
    }
    if resource.name == "pods" {
        let parts: Vec<Value> = OF_PODS
            .iter()
            .map(|(name, kind, verbs)| {
                json!({ "subresource": name, "responseKind": kind_of("", kind), "verbs": verbs })
            })
            .collect();
        fields.insert("subresources".to_owned(), parts.into());
    }
    Value::Object(fields)
}

/// `GET /api`.
fn core(address: &str) -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": format!("{address}:6443") }],
    })
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

/// `GET /apis`.
fn groups() -> Value {
    let all: Vec<Value> = GROUPS.iter().map(|name| group(name)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all })
}

/// `GET /apis/GROUP`.
fn one_group(name: &str) -> Option<Value> {
    let mut value = group(GROUPS.iter().find(|known| **known == name)?);
    if let Value::Object(fields) = &mut value {
        fields.shift_insert(0, "kind".to_owned(), "APIGroup".into());
        fields.shift_insert(1, "apiVersion".to_owned(), "v1".into());
    }
    Some(value)
}

/// `GET /api/v1` and `GET /apis/GROUP/v1`.
fn list(group: &str) -> Option<Value> {
    let mut all: Vec<Value> =
        RESOURCES.iter().filter(|known| known.group == group).map(Resource::told).collect();
    match group {
        "" => {
            for (name, kind, verbs) in OF_PODS {
                let name = format!("pods/{name}");
                all.push(json!({ "name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": verbs }));
            }
        }
        group => all.extend(questions(group).iter().map(|(name, kind, namespaced)| {
            json!({
                "name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["create"],
            })
        })),
    }
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    (!all.is_empty()).then(|| json!({ "kind": "APIResourceList", "groupVersion": version, "resources": all }))
}

/// `GET /openapi/v2`, without which `kubectl apply` of clients before 1.30 gives up: a description of nothing, as
/// JSON or packed (`swagger`, `info` with `title` and `version`, `paths`).
fn swagger(release: &Release, accepts: &str) -> Reply {
    let version = format!("v{}", release.version);
    if !accepts.contains("protobuf") {
        let info = json!({ "title": "Kubernetes", "version": version });
        return Reply::ok(json!({ "swagger": "2.0", "info": info, "paths": {}, "definitions": {} }));
    }
    let field = |tag: char, text: &str| {
        // Texts here are shorter than 128 bytes, so that a length is one letter.
        let length = u8::try_from(text.len()).map_or('\0', char::from);
        format!("{tag}{length}{text}")
    };
    let info = field('\n', "Kubernetes") + &field('\x12', &version);
    Reply { status: 200, body: Body::Packed(field('\n', "2.0") + &field('\x12', &info) + &field('B', "")) }
}

/// `GET /openapi/v3`: where the description of each group is.
fn descriptions(release: &Release) -> Value {
    let mut paths = Map::new();
    let roots =
        std::iter::once("api/v1".to_owned()).chain(GROUPS.iter().map(|name| format!("apis/{name}/v1")));
    for root in roots {
        let url = format!("/openapi/v3/{root}?hash={}", release.version.replace('.', "A"));
        paths.insert(root, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

/// The description of a group, as far as a client needs it to know that the server checks fields.
fn description(release: &Release, group: &str) -> Value {
    let mut paths = Map::new();
    for resource in RESOURCES.iter().filter(|known| known.group == group) {
        let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
        let space = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("{root}{space}/{}/{{name}}", resource.name);
        paths.insert(
            path,
            json!({ "patch": {
                "parameters": [{ "name": "fieldValidation", "in": "query", "schema": { "type": "string" } }],
                "responses": { "200": { "description": "OK" } },
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": { "group": group, "kind": resource.kind, "version": "v1" },
            } }),
        );
    }
    let version = format!("v{}", release.version);
    json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": version }, "paths": paths,
        "components": { "schemas": {} },
    })
}
