//! What is in a cluster before anybody comes: the system's pods, an application with its secrets, and whom it trusts.

use super::{release::Release, resources::Resource, store::Store};
use crate::date;
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use netsvc_kit::Host;
use netsvc_persona::subkey;
use rand_core::RngCore;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const DAY: i64 = 86_400_000_000;
/// Namespaces that an application may have.
const SPACES: &[&str] = &["production", "shop", "crm", "intranet", "billing"];

/// A moment as objects have it.
pub(super) fn moment(micros: i64) -> String {
    let at = date::civil(micros, 0);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Fills a cluster.
struct Filling<'a> {
    host: &'a Host,
    store: Store,
    at: String,
}

impl Filling<'_> {
    fn add(&mut self, group: &str, resource: &str, space: &str, name: &str, object: Value) {
        let Some(resource) = Resource::find(group, resource) else { return };
        let at = self.at.clone();
        // There is room for what stands here.
        let _ = self.store.put(resource, space, name, object, &at);
    }

    fn pod(&mut self, space: &str, name: &str, image: &str, labels: &Value, more: Value) {
        let host = self.host.persona();
        let mut container = json!({ "name": name.split('-').next().unwrap_or(name), "image": image });
        if let (Value::Object(container), Some(Value::Object(extra))) =
            (&mut container, more.get("container"))
        {
            container.extend(extra.clone());
        }
        let mut spec = json!({
            "containers": [container], "restartPolicy": "Always", "nodeName": host.hostname,
            "serviceAccountName": "default",
        });
        if let (Value::Object(spec), Some(Value::Object(extra))) = (&mut spec, more.get("spec")) {
            spec.extend(extra.clone());
        }
        let object = json!({ "metadata": { "labels": labels }, "spec": spec });
        let object = running(self.host, &mut self.store, object, &self.at);
        self.add("", "pods", space, name, object);
    }
}

/// What containerd calls the image of a container: where it is from, and its digest, the same wherever the image is.
fn image_id(container: &Value) -> String {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let name = image.split('@').next().unwrap_or_default();
    let (path, tag) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((name, "latest"));
    let digest = Sha256::digest(format!("{path}:{tag}"));
    let first = path.split('/').next().unwrap_or_default();
    let place = match path.contains('/') {
        false => "docker.io/library/",
        true if first.contains(['.', ':']) || first == "localhost" => "",
        true => "docker.io/",
    };
    format!("{place}{path}@sha256:{}", hex::encode(digest))
}

/// A pod with what its status says: it runs.
pub(super) fn running(host: &Host, store: &mut Store, mut pod: Value, at: &str) -> Value {
    let persona = host.persona();
    let number = Resource::find("", "pods").map_or(0, |pods| store.list(pods, "").len()) + 2;
    let networked = pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true));
    let own = if networked { persona.ip.to_string() } else { format!("10.244.0.{}", number.min(250)) };
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).cloned().unwrap_or_default();
    let statuses: Vec<Value> = containers
        .iter()
        .take(16)
        .map(|container| {
            let digest = store.digits();
            json!({
                "name": container.get("name"), "ready": true, "restartCount": 0, "started": true,
                "image": container.get("image"), "imageID": image_id(container), "lastState": {},
                "containerID": format!("containerd://{digest}"), "state": { "running": { "startedAt": at } },
            })
        })
        .collect();
    if let Value::Object(fields) = &mut pod {
        fields.insert(
            "status".to_owned(),
            json!({
                "phase": "Running", "hostIP": persona.ip.to_string(), "podIP": own, "podIPs": [{ "ip": own }],
                "startTime": at, "qosClass": "BestEffort", "containerStatuses": statuses,
                "conditions": [
                    { "type": "Initialized", "status": "True", "lastTransitionTime": at },
                    { "type": "Ready", "status": "True", "lastTransitionTime": at },
                    { "type": "ContainersReady", "status": "True", "lastTransitionTime": at },
                    { "type": "PodScheduled", "status": "True", "lastTransitionTime": at },
                ],
            }),
        );
        if let Some(Value::Object(spec)) = fields.get_mut("spec") {
            spec.entry("nodeName").or_insert_with(|| persona.hostname.clone().into());
            spec.entry("restartPolicy").or_insert_with(|| "Always".into());
            spec.entry("serviceAccountName").or_insert_with(|| "default".into());
            spec.entry("dnsPolicy").or_insert_with(|| "ClusterFirst".into());
        }
    }
    pod
}

/// Containers that were added to a pod run.
pub(super) fn joined(pod: &mut Value, at: &str) {
    let added =
        pod.pointer("/spec/ephemeralContainers").and_then(Value::as_array).cloned().unwrap_or_default();
    let statuses: Vec<Value> = added
        .iter()
        .take(16)
        .map(|container| {
            json!({
                "name": container.get("name"), "image": container.get("image"), "ready": false, "restartCount": 0,
                "imageID": image_id(container), "lastState": {}, "state": { "running": { "startedAt": at } },
            })
        })
        .collect();
    if let Some(Value::Object(status)) = pod.get_mut("status") {
        status.insert("ephemeralContainerStatuses".to_owned(), statuses.into());
    }
}

/// The cluster of `host` as it is found.
pub(super) fn store(host: &Host, release: &Release) -> Store {
    let persona = host.persona();
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    let at = moment(persona.installed_at + 3 * DAY);
    let mut filling = Filling { host, store: Store::new(key), at };
    for space in ["default", "kube-node-lease", "kube-public", "kube-system", "kube-flannel"] {
        let object = json!({ "metadata": { "labels": { "kubernetes.io/metadata.name": space } }, "status": { "phas\
            e": "Active" } });
        filling.add("", "namespaces", "", space, object);
        filling.add("", "serviceaccounts", space, "default", json!({}));
    }
    system(&mut filling, release);
    application(&mut filling);
    let node = node(host, release);
    filling.add("", "nodes", "", &persona.hostname, node);
    let service = json!({ "spec": {
        "type": "ClusterIP", "clusterIP": "10.96.0.1", "ports": [{ "name": "https", "port": 443, "targetPort": 6443 }],
    } });
    filling.add("", "services", "default", "kubernetes", service);
    for (name, subjects) in [
        (
            "cluster-admin",
            json!([{ "kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:masters" }]),
        ),
        (
            "permissive-binding",
            json!([
                { "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "system:anonymous" },
                { "kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:serviceaccounts" },
            ]),
        ),
    ] {
        if name == "permissive-binding" && host.setting("anonymous").is_some_and(|value| value != "admin") {
            continue;
        }
        let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" });
        filling.add(
            "rbac.authorization.k8s.io",
            "clusterrolebindings",
            "",
            name,
            json!({ "roleRef": role, "subjects": subjects }),
        );
    }
    let rules = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    filling.add("rbac.authorization.k8s.io", "clusterroles", "", "cluster-admin", json!({ "rules": rules }));
    filling.store.filled()
}

fn system(filling: &mut Filling<'_>, release: &Release) {
    let host = filling.host.persona().hostname.clone();
    let version = release.version;
    for (name, image) in [
        ("etcd", format!("registry.k8s.io/etcd:{}", release.etcd)),
        ("kube-apiserver", format!("registry.k8s.io/kube-apiserver:v{version}")),
        ("kube-controller-manager", format!("registry.k8s.io/kube-controller-manager:v{version}")),
        ("kube-scheduler", format!("registry.k8s.io/kube-scheduler:v{version}")),
    ] {
        let labels = json!({ "component": name, "tier": "control-plane" });
        let more =
            json!({ "container": { "name": name, "command": [name] }, "spec": { "hostNetwork": true } });
        filling.pod("kube-system", &format!("{name}-{host}"), &image, &labels, more);
    }
    let proxy = format!("kube-proxy-{}", filling.store.tail());
    let image = format!("registry.k8s.io/kube-proxy:v{version}");
    let more = json!({ "container": { "name": "kube-proxy" }, "spec": { "hostNetwork": true } });
    filling.pod("kube-system", &proxy, &image, &json!({ "k8s-app": "kube-proxy" }), more);
    let set = filling.store.template();
    for _ in 0..2 {
        let name = format!("coredns-{set}-{}", filling.store.tail());
        let image = format!("registry.k8s.io/coredns/coredns:{}", release.dns);
        filling.pod("kube-system", &name, &image, &json!({ "k8s-app": "kube-dns" }), json!({}));
    }
    let flannel = format!("kube-flannel-ds-{}", filling.store.tail());
    let more = json!({ "container": { "name": "kube-flannel" }, "spec": { "hostNetwork": true } });
    filling.pod(
        "kube-flannel",
        &flannel,
        "docker.io/flannel/flannel:v0.22.3",
        &json!({ "app": "flannel" }),
        more,
    );
    let labels = json!({
        "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
    });
    let dns = json!({ "metadata": { "labels": labels }, "spec": {
        "type": "ClusterIP", "clusterIP": "10.96.0.10", "selector": { "k8s-app": "kube-dns" },
        "ports": [{ "name": "dns", "port": 53, "protocol": "UDP" }, { "name": "dns-tcp", "port": 53, "protocol": "T\
            CP" }],
    } });
    filling.add("", "services", "kube-system", "kube-dns", dns);
    let image = format!("registry.k8s.io/coredns/coredns:{}", release.dns);
    filling.add("apps", "deployments", "kube-system", "coredns", deployment("coredns", &image, 2));
    filling.add(
        "apps",
        "replicasets",
        "kube-system",
        &format!("coredns-{set}"),
        deployment("coredns", &image, 2),
    );
    for (space, name, image) in [
        ("kube-system", "kube-proxy", format!("registry.k8s.io/kube-proxy:v{version}")),
        ("kube-flannel", "kube-flannel-ds", "docker.io/flannel/flannel:v0.22.3".to_owned()),
    ] {
        filling.add("apps", "daemonsets", space, name, daemons(name, &image));
    }
    settings(filling, release);
}

/// A set of pods, one for each node.
fn daemons(name: &str, image: &str) -> Value {
    json!({
        "metadata": { "labels": { "k8s-app": name } },
        "spec": {
            "selector": { "matchLabels": { "k8s-app": name } },
            "template": {
                "metadata": { "labels": { "k8s-app": name } },
                "spec": {
                    "containers": [{ "name": name, "image": image }], "hostNetwork": true,
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                },
            },
        },
        "status": {
            "desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberReady": 1, "updatedNumberScheduled": 1,
            "numberAvailable": 1,
        },
    })
}

/// What kubeadm writes down of the cluster that it made.
fn settings(filling: &mut Filling<'_>, release: &Release) {
    const COREDNS: &str = ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes \
        cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       \
        ttl 30\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    \
        cache 30\n    loop\n    reload\n    loadbalance\n}\n";
    let made = format!(
        "apiServer:\n  extraArgs:\n    authorization-mode: Node,RBAC\n  timeoutForControlPlane: 4m0s\napiVersion: \
         kubeadm.k8s.io/v1beta3\ncertificatesDir: /etc/kubernetes/pki\nclusterName: kubernetes\ncontrollerManager: \
         {{}}\ndns: {{}}\netcd:\n  local:\n    dataDir: /var/lib/etcd\nimageRepository: registry.k8s.io\nkind: \
         ClusterConfiguration\nkubernetesVersion: v{}\nnetworking:\n  dnsDomain: cluster.local\n  podSubnet: \
         10.244.0.0/16\n  serviceSubnet: 10.96.0.0/12\nscheduler: {{}}\n",
        release.version
    );
    filling.add("", "configmaps", "kube-system", "coredns", json!({ "data": { "Corefile": COREDNS } }));
    let kubeadm = json!({ "data": { "ClusterConfiguration": made } });
    filling.add("", "configmaps", "kube-system", "kubeadm-config", kubeadm);
    let address = filling.host.persona().ip.to_string();
    let subsets = json!([{ "addresses": [{ "ip": address }], "ports": [{ "name": "https", "port": 6443 }] }]);
    filling.add("", "endpoints", "default", "kubernetes", json!({ "subsets": subsets }));
    for (name, message) in [
        ("controller-manager", "ok"),
        ("scheduler", "ok"),
        ("etcd-0", "{\"health\":\"true\",\"reason\":\"\"}"),
    ] {
        let healthy = json!([{ "type": "Healthy", "status": "True", "message": message }]);
        filling.add("", "componentstatuses", "", name, json!({ "conditions": healthy }));
    }
    for (name, value) in [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        filling.add("scheduling.k8s.io", "priorityclasses", "", name, json!({ "value": value }));
    }
}

fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    json!({
        "metadata": { "labels": { "app": name } },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": name, "image": image }] },
            },
        },
        "status": { "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas, "availableReplica\
            s": replicas },
    })
}

/// A word that only this cluster has.
fn secret(host: &Host, label: &str, length: usize) -> String {
    let key = host.persona().subkey.hex_bytes().unwrap_or_default();
    let drawn = subkey::bytes(&key, &["k8s", "secret", label]);
    URL_SAFE_NO_PAD.encode(drawn).chars().filter(char::is_ascii_alphanumeric).take(length).collect()
}

/// The token of the account that deploys the application, which lets in.
pub(super) fn token(host: &Host) -> String {
    let space = space(host);
    let head = json!({ "alg": "RS256", "kid": secret(host, "kid", 40) });
    let body = json!({
        "iss": "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/namespace": space,
        "kubernetes.io/serviceaccount/secret.name": "deployer-token",
        "kubernetes.io/serviceaccount/service-account.name": "deployer",
        "sub": format!("system:serviceaccount:{space}:deployer"),
    });
    let mut signature = [0; 256];
    host.generator("token").fill_bytes(&mut signature);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&head), part(&body), URL_SAFE_NO_PAD.encode(signature))
}

/// The token that an account of a namespace is given until `until`, in seconds since the epoch.
pub(super) fn minted(host: &Host, space: &str, name: &str, until: i64) -> String {
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let head = json!({ "alg": "RS256", "kid": secret(host, "kid", 40) });
    let body = json!({
        "aud": [issuer], "exp": until, "iat": until - 3600, "iss": issuer,
        "kubernetes.io": { "namespace": space, "serviceaccount": { "name": name } }, "nbf": until - 3600,
        "sub": format!("system:serviceaccount:{space}:{name}"),
    });
    let mut signature = [0; 256];
    host.generator(&format!("token {space}/{name} {until}")).fill_bytes(&mut signature);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&head), part(&body), URL_SAFE_NO_PAD.encode(signature))
}

/// Whose token `given` is, of those that were given out and are still good at `now`, µs since the epoch.
pub(super) fn bearer(host: &Host, given: &str, now: i64) -> Option<String> {
    let payload = given.split('.').nth(1).filter(|_| given.len() < 4096)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let name = claims.get("sub")?.as_str()?;
    let (space, account) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let until = claims.get("exp")?.as_i64().filter(|until| now / 1_000_000 < *until)?;
    (minted(host, space, account, until) == given).then(|| name.to_owned())
}

/// The namespace of the application.
pub(super) fn space(host: &Host) -> &'static str {
    let number = usize::try_from(host.generator("space").next_u32()).unwrap_or(0);
    SPACES.get(number % SPACES.len()).copied().unwrap_or("production")
}

fn application(filling: &mut Filling<'_>) {
    let host = filling.host;
    let space = space(host);
    let labels = json!({ "kubernetes.io/metadata.name": space });
    filling.add(
        "",
        "namespaces",
        "",
        space,
        json!({ "metadata": { "labels": labels }, "status": { "phase": "Active" } }),
    );
    for account in ["default", "deployer"] {
        filling.add("", "serviceaccounts", space, account, json!({}));
    }
    let encoded = |text: &str| STANDARD.encode(text);
    let opaque = |pairs: &[(&str, &str)]| {
        let data: serde_json::Map<String, Value> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), encoded(value).into())).collect();
        json!({ "type": "Opaque", "data": data })
    };
    let database = secret(host, "database", 20);
    let url = format!("postgresql://app:{database}@postgres.{space}.svc.cluster.local:5432/app");
    let credentials =
        opaque(&[("POSTGRES_USER", "app"), ("POSTGRES_PASSWORD", &database), ("DATABASE_URL", &url)]);
    filling.add("", "secrets", space, "db-credentials", credentials);
    let session = secret(host, "session", 32);
    let mail = secret(host, "mail", 16);
    filling.add(
        "",
        "secrets",
        space,
        "app-secrets",
        opaque(&[("SESSION_KEY", &session), ("SMTP_PASSWORD", &mail)]),
    );
    let registry = format!("registry.{}", host.persona().domain);
    let auth = encoded(&format!("deploy:{}", secret(host, "registry", 24)));
    let docker = json!({ "auths": { registry: { "auth": auth } } }).to_string();
    let pull = json!({ "type": "kubernetes.io/dockerconfigjson", "data": { ".dockerconfigjson": encoded(&docker) } });
    filling.add("", "secrets", space, "registry-pull", pull);
    let deployer = json!({
        "type": "kubernetes.io/service-account-token",
        "metadata": { "annotations": { "kubernetes.io/service-account.name": "deployer" } },
        "data": { "namespace": encoded(space), "token": encoded(&token(host)) },
    });
    filling.add("", "secrets", space, "deployer-token", deployer);
    workloads(filling, space);
}

/// Its pods, what leads to them, and how they are set.
fn workloads(filling: &mut Filling<'_>, space: &str) {
    let host = filling.host;
    for (name, image, number) in
        [("web", "nginx:1.25.3", 2), ("api", "node:18-bookworm-slim", 2), ("postgres", "postgres:15.4", 1)]
    {
        filling.add("apps", "deployments", space, name, deployment(name, image, number));
        let set = filling.store.template();
        filling.add("apps", "replicasets", space, &format!("{name}-{set}"), deployment(name, image, number));
        for _ in 0..number {
            let pod = format!("{name}-{set}-{}", filling.store.tail());
            let from = json!([{ "secretRef": { "name": "db-credentials" } }]);
            let more = json!({ "container": { "name": name, "envFrom": from } });
            filling.pod(space, &pod, image, &json!({ "app": name, "pod-template-hash": set }), more);
        }
    }
    for (name, port, address) in
        [("web", 80, "10.103.44.12"), ("api", 3000, "10.98.201.7"), ("postgres", 5432, "10.109.3.88")]
    {
        let service = json!({ "spec": {
            "type": "ClusterIP", "clusterIP": address, "selector": { "app": name },
            "ports": [{ "port": port, "targetPort": port, "protocol": "TCP" }],
        } });
        filling.add("", "services", space, name, service);
    }
    let settings = json!({ "data": { "LOG_LEVEL": "info", "PUBLIC_URL": format!("https://www.{\
        }", host.persona().domain) } });
    filling.add("", "configmaps", space, "app-config", settings);
}

fn node(host: &Host, release: &Release) -> Value {
    let persona = host.persona();
    let resources = json!({
        "cpu": persona.hardware.cpus.to_string(), "memory": format!("{}Ki", persona.hardware.memory_kib),
        "ephemeral-storage": format!("{}Ki", persona.hardware.disk_kib), "pods": "110",
    });
    json!({
        "metadata": { "labels": {
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": persona.hostname, "kubernetes.io/os": "linux",
            "node-role.kubernetes.io/control-plane": "",
        } },
        "spec": { "podCIDR": "10.244.0.0/24" },
        "status": {
            "capacity": resources, "allocatable": resources,
            "addresses": [
                { "type": "InternalIP", "address": persona.ip.to_string() },
                { "type": "Hostname", "address": persona.hostname },
            ],
            "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
            "nodeInfo": {
                "machineID": persona.hardware.machine_id, "kernelVersion": persona.os.kernel,
                "osImage": persona.os.pretty_name, "containerRuntimeVersion": "containerd://1.6.24",
                "kubeletVersion": format!("v{}", release.version), "kubeProxyVersion": format!("v{}", release.version),
                "operatingSystem": "linux", "architecture": "amd64",
            },
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        },
    })
}
