//! Questions about what somebody may do, and who he is.

use super::{
    call::{Call, Rights},
    change, deeds,
    reply::Reply,
    resources::Resource,
    seeded,
    way::Way,
};
use serde_json::{Value, json};

/// Groups that questions are asked of.
pub(super) const GROUPS: &[&str] = &["authentication.k8s.io", "authorization.k8s.io"];

/// Answers a question.
pub(super) fn answer(call: &mut Call<'_>, way: &Way<'_>) -> Reply {
    if call.request.method != "POST" {
        let message = "the server does not allow this method on the requested resource";
        return Reply::failure(405, "MethodNotAllowed", message, json!({}));
    }
    let mut object = match change::body(call) {
        Ok(object) => object,
        Err(reply) => return reply,
    };
    deeds::command(call, &format!("review {} {}", way.resource, object.get("spec").unwrap_or(&Value::Null)));
    let status = match way.resource {
        "selfsubjectaccessreviews" => access(call),
        "localsubjectaccessreviews" | "subjectaccessreviews" => {
            json!({ "allowed": object.pointer("/spec/user").and_then(Value::as_str) == Some(&call.who.name) })
        }
        "selfsubjectrulesreviews" => rules(call),
        "selfsubjectreviews" => user(call),
        "tokenreviews" => {
            json!({ "user": {}, "error": "[invalid bearer token, token lookup failed]" })
        }
        _ => {
            let message = "the server could not find the requested resource";
            return Reply::failure(404, "NotFound", message, json!({}));
        }
    };
    if let Value::Object(fields) = &mut object {
        let meta = fields.entry("metadata").or_insert_with(|| json!({}));
        if let Value::Object(meta) = meta {
            meta.entry("creationTimestamp").or_insert(Value::Null);
        }
        fields.insert("status".to_owned(), status);
    }
    Reply::json(201, object)
}

/// A token for an account, as `kubectl create token` asks for it.
pub(super) fn token(call: &mut Call<'_>, way: &Way<'_>, resource: &Resource) -> Reply {
    if call.store.get(resource, way.space, way.name).is_none() {
        return Reply::missing(resource.name, resource.group, way.name);
    }
    let mut object = match change::body(call) {
        Ok(object) => object,
        Err(reply) => return reply,
    };
    let line = format!("create token {}/{}", way.space, way.name);
    deeds::command(call, &line);
    deeds::technique(call, "kubernetes token request", &line);
    let asked = object.pointer("/spec/expirationSeconds").and_then(Value::as_i64);
    let until = call.now / 1_000_000 + asked.unwrap_or(3600).clamp(600, 1 << 32);
    let token = seeded::minted(call.host, way.space, way.name, until);
    let status =
        json!({ "token": token, "expirationTimestamp": seeded::moment(until.saturating_mul(1_000_000)) });
    if let Value::Object(fields) = &mut object {
        fields.insert("status".to_owned(), status);
    }
    Reply::json(201, object)
}

/// Whoever may ask may do everything: he has the role by its binding.
fn access(call: &Call<'_>) -> Value {
    let account = call.who.name.starts_with("system:serviceaccount:");
    let to = if account {
        "Group \"system:serviceaccounts\"".to_owned()
    } else {
        format!("User {:?}", call.who.name)
    };
    json!({
        "allowed": call.who.rights == Rights::Everything,
        "reason": format!(
            "RBAC: allowed by ClusterRoleBinding \"permissive-binding\" of ClusterRole \"cluster-admin\" to {to}"
        ),
    })
}

fn rules(call: &Call<'_>) -> Value {
    let mut of_resources = vec![json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] })];
    let mut of_paths = vec![json!({ "verbs": ["*"], "nonResourceURLs": ["*"] })];
    let open = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
    let open = json!({ "verbs": ["get"], "nonResourceURLs": open });
    if call.who.name.starts_with("system:serviceaccount:") {
        // The roles of everybody who is known.
        of_resources.push(json!({
            "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        }));
        if 28 <= call.release.number() {
            of_resources.push(json!({
                "verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"],
            }));
        }
        of_paths.push(json!({ "verbs": ["get"], "nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
            "/version", "/version/",
        ] }));
    }
    of_paths.push(open);
    json!({ "resourceRules": of_resources, "nonResourceRules": of_paths, "incomplete": false })
}

fn user(call: &Call<'_>) -> Value {
    let name = call.who.name.as_str();
    let space = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split(':').next());
    let groups = match space {
        Some(space) => json!([
            "system:serviceaccounts",
            format!("system:serviceaccounts:{space}"),
            "system:authenticated"
        ]),
        None => json!(["system:unauthenticated"]),
    };
    json!({ "userInfo": { "username": name, "groups": groups } })
}
