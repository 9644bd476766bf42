//! Resources and the groups that they are in, and how a client discovers them.

use super::{
    release::Release,
    reply::{Body, Reply},
};
use serde_json::{Value, json};

/// A resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Group; empty: the core.
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) singular: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
    short: &'static [&'static str],
}

const fn resource(
    group: &'static str,
    name: &'static str,
    singular: &'static str,
    kind: &'static str,
    namespaced: bool,
    short: &'static [&'static str],
) -> Resource {
    Resource { group, name, singular, kind, namespaced, short }
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Every resource, those of a group together.
pub(super) const RESOURCES: &[Resource] = &[
    resource("", "configmaps", "configmap", "ConfigMap", true, &["cm"]),
    resource("", "endpoints", "endpoints", "Endpoints", true, &["ep"]),
    resource("", "events", "event", "Event", true, &["ev"]),
    resource("", "namespaces", "namespace", "Namespace", false, &["ns"]),
    resource("", "nodes", "node", "Node", false, &["no"]),
    resource("", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", true, &["pvc"]),
    resource("", "persistentvolumes", "persistentvolume", "PersistentVolume", false, &["pv"]),
    resource("", "pods", "pod", "Pod", true, &["po"]),
    resource("", "replicationcontrollers", "replicationcontroller", "ReplicationController", true, &["rc"]),
    resource("", "secrets", "secret", "Secret", true, &[]),
    resource("", "serviceaccounts", "serviceaccount", "ServiceAccount", true, &["sa"]),
    resource("", "services", "service", "Service", true, &["svc"]),
    resource("apps", "daemonsets", "daemonset", "DaemonSet", true, &["ds"]),
    resource("apps", "deployments", "deployment", "Deployment", true, &["deploy"]),
    resource("apps", "replicasets", "replicaset", "ReplicaSet", true, &["rs"]),
    resource("apps", "statefulsets", "statefulset", "StatefulSet", true, &["sts"]),
    resource("batch", "cronjobs", "cronjob", "CronJob", true, &["cj"]),
    resource("batch", "jobs", "job", "Job", true, &[]),
    resource("networking.k8s.io", "ingresses", "ingress", "Ingress", true, &["ing"]),
    resource("networking.k8s.io", "networkpolicies", "networkpolicy", "NetworkPolicy", true, &["netpol"]),
    resource(RBAC, "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", false, &[]),
    resource(RBAC, "clusterroles", "clusterrole", "ClusterRole", false, &[]),
    resource(RBAC, "rolebindings", "rolebinding", "RoleBinding", true, &[]),
    resource(RBAC, "roles", "role", "Role", true, &[]),
];

/// Groups in their order, beyond the core and those that only answer questions.
const GROUPS: &[&str] =
    &["apps", "authentication.k8s.io", "authorization.k8s.io", "batch", "networking.k8s.io", RBAC];

/// What `kubectl get all` means.
const ALL: &[&str] = &[
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "cronjobs",
    "jobs",
];

/// What is done to objects.
const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Resource {
    /// The resource of a group that is called so.
    pub(super) fn find(group: &str, name: &str) -> Option<&'static Resource> {
        RESOURCES.iter().find(|known| known.group == group && known.name == name)
    }

    /// `v1`, or with the group before it.
    pub(super) fn version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    fn told(&self) -> Value {
        let mut value = json!({
            "name": self.name, "singularName": self.singular, "namespaced": self.namespaced, "kind": self.kind,
            "verbs": VERBS,
        });
        if let (Value::Object(fields), false) = (&mut value, self.short.is_empty()) {
            fields.insert("shortNames".to_owned(), json!(self.short));
        }
        if let (Value::Object(fields), true) = (&mut value, ALL.contains(&self.name)) {
            fields.insert("categories".to_owned(), json!(["all"]));
        }
        value
    }
}

/// `GET /api`.
pub(super) fn core(address: &str) -> Value {
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
pub(super) fn groups() -> Value {
    let all: Vec<Value> = GROUPS.iter().map(|name| group(name)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all })
}

/// `GET /apis/GROUP`.
pub(super) fn one_group(name: &str) -> Option<Value> {
    let mut value = group(GROUPS.iter().find(|known| **known == name)?);
    if let Value::Object(fields) = &mut value {
        fields.shift_insert(0, "kind".to_owned(), "APIGroup".into());
        fields.shift_insert(1, "apiVersion".to_owned(), "v1".into());
    }
    Some(value)
}

/// `GET /api/v1` and `GET /apis/GROUP/v1`.
pub(super) fn list(group: &str) -> Option<Value> {
    let mut all: Vec<Value> =
        RESOURCES.iter().filter(|known| known.group == group).map(Resource::told).collect();
    let asked = |name: &str, kind: &str, namespaced: bool| {
        json!({ "name": name, "singularName": "", "namespace\
        d": namespaced, "kind": kind, "verbs": ["create"] })
    };
    match group {
        "" => {
            for (name, kind, verbs) in [
                ("pods/attach", "PodAttachOptions", json!(["create", "get"])),
                ("pods/exec", "PodExecOptions", json!(["create", "get"])),
                ("pods/log", "Pod", json!(["get"])),
                ("pods/portforward", "PodPortForwardOptions", json!(["create", "get"])),
            ] {
                all.push(json!({ "name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": verbs }));
            }
        }
        "authorization.k8s.io" => all.extend([
            asked("localsubjectaccessreviews", "LocalSubjectAccessReview", true),
            asked("selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
            asked("selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
            asked("subjectaccessreviews", "SubjectAccessReview", false),
        ]),
        "authentication.k8s.io" => all.extend([
            asked("selfsubjectreviews", "SelfSubjectReview", false),
            asked("tokenreviews", "TokenReview", false),
        ]),
        _ => {}
    }
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    (!all.is_empty()).then(|| json!({ "kind": "APIResourceList", "groupVersion": version, "resources": all }))
}

/// `GET /openapi/v2`, without which `kubectl apply` of clients before 1.30 gives up: a description of nothing, as
/// JSON or packed (`swagger`, `info` with `title` and `version`, `paths`).
pub(super) fn swagger(release: &Release, accepts: &str) -> Reply {
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
pub(super) fn descriptions(release: &Release) -> Value {
    let mut paths = serde_json::Map::new();
    let roots =
        std::iter::once("api/v1".to_owned()).chain(GROUPS.iter().map(|name| format!("apis/{name}/v1")));
    for root in roots {
        let url = format!("/openapi/v3/{root}?hash={}", release.version.replace('.', "A"));
        paths.insert(root, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

/// The description of a group, as far as a client needs it to know that the server checks fields.
pub(super) fn description(release: &Release, group: &str) -> Value {
    let mut paths = serde_json::Map::new();
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
