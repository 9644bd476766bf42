//! Resources and the groups that they are in.

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
    pub(super) short: &'static [&'static str],
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
const REGISTRATION: &str = "apiregistration.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const EXTENSIONS: &str = "apiextensions.k8s.io";
// Names that a line has no room for.
const MUTATING: &str = "mutatingwebhookconfigurations";
const VALIDATING: &str = "validatingwebhookconfigurations";
const VALIDATION: &str = "ValidatingWebhookConfiguration";
const DEFINITION: &str = "CustomResourceDefinition";
const REQUEST: &str = "CertificateSigningRequest";
const SCALER: &str = "HorizontalPodAutoscaler";

/// Every resource, those of a group together.
pub(super) const RESOURCES: &[Resource] = &[
    resource("", "componentstatuses", "componentstatus", "ComponentStatus", false, &["cs"]),
    resource("", "configmaps", "configmap", "ConfigMap", true, &["cm"]),
    resource("", "endpoints", "endpoints", "Endpoints", true, &["ep"]),
    resource("", "events", "event", "Event", true, &["ev"]),
    resource("", "limitranges", "limitrange", "LimitRange", true, &["limits"]),
    resource("", "namespaces", "namespace", "Namespace", false, &["ns"]),
    resource("", "nodes", "node", "Node", false, &["no"]),
    resource("", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", true, &["pvc"]),
    resource("", "persistentvolumes", "persistentvolume", "PersistentVolume", false, &["pv"]),
    resource("", "pods", "pod", "Pod", true, &["po"]),
    resource("", "podtemplates", "podtemplate", "PodTemplate", true, &[]),
    resource("", "replicationcontrollers", "replicationcontroller", "ReplicationController", true, &["rc"]),
    resource("", "resourcequotas", "resourcequota", "ResourceQuota", true, &["quota"]),
    resource("", "secrets", "secret", "Secret", true, &[]),
    resource("", "serviceaccounts", "serviceaccount", "ServiceAccount", true, &["sa"]),
    resource("", "services", "service", "Service", true, &["svc"]),
    resource(REGISTRATION, "apiservices", "apiservice", "APIService", false, &[]),
    resource("apps", "controllerrevisions", "controllerrevision", "ControllerRevision", true, &[]),
    resource("apps", "daemonsets", "daemonset", "DaemonSet", true, &["ds"]),
    resource("apps", "deployments", "deployment", "Deployment", true, &["deploy"]),
    resource("apps", "replicasets", "replicaset", "ReplicaSet", true, &["rs"]),
    resource("apps", "statefulsets", "statefulset", "StatefulSet", true, &["sts"]),
    resource("events.k8s.io", "events", "event", "Event", true, &["ev"]),
    resource("autoscaling", "horizontalpodautoscalers", "horizontalpodautoscaler", SCALER, true, &["hpa"]),
    resource("batch", "cronjobs", "cronjob", "CronJob", true, &["cj"]),
    resource("batch", "jobs", "job", "Job", true, &[]),
    resource(
        CERTIFICATES,
        "certificatesigningrequests",
        "certificatesigningrequest",
        REQUEST,
        false,
        &["csr"],
    ),
    resource("networking.k8s.io", "ingressclasses", "ingressclass", "IngressClass", false, &[]),
    resource("networking.k8s.io", "ingresses", "ingress", "Ingress", true, &["ing"]),
    resource("networking.k8s.io", "networkpolicies", "networkpolicy", "NetworkPolicy", true, &["netpol"]),
    resource("policy", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", true, &["pdb"]),
    resource(RBAC, "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", false, &[]),
    resource(RBAC, "clusterroles", "clusterrole", "ClusterRole", false, &[]),
    resource(RBAC, "rolebindings", "rolebinding", "RoleBinding", true, &[]),
    resource(RBAC, "roles", "role", "Role", true, &[]),
    resource("storage.k8s.io", "csidrivers", "csidriver", "CSIDriver", false, &[]),
    resource("storage.k8s.io", "csinodes", "csinode", "CSINode", false, &[]),
    resource("storage.k8s.io", "storageclasses", "storageclass", "StorageClass", false, &["sc"]),
    resource("storage.k8s.io", "volumeattachments", "volumeattachment", "VolumeAttachment", false, &[]),
    resource(ADMISSION, MUTATING, "mutatingwebhookconfiguration", "MutatingWebhookConfiguration", false, &[]),
    resource(ADMISSION, VALIDATING, "validatingwebhookconfiguration", VALIDATION, false, &[]),
    resource(
        EXTENSIONS,
        "customresourcedefinitions",
        "customresourcedefinition",
        DEFINITION,
        false,
        &["crd", "crds"],
    ),
    resource("scheduling.k8s.io", "priorityclasses", "priorityclass", "PriorityClass", false, &["pc"]),
    resource("coordination.k8s.io", "leases", "lease", "Lease", true, &[]),
    resource("node.k8s.io", "runtimeclasses", "runtimeclass", "RuntimeClass", false, &[]),
    resource("discovery.k8s.io", "endpointslices", "endpointslice", "EndpointSlice", true, &[]),
];

/// Groups in their order, beyond the core.
pub(super) const GROUPS: &[&str] = &[
    REGISTRATION,
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    CERTIFICATES,
    "networking.k8s.io",
    "policy",
    RBAC,
    "storage.k8s.io",
    ADMISSION,
    EXTENSIONS,
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
];

/// What `kubectl get all` means.
pub(super) const ALL: &[&str] = &[
    "horizontalpodautoscalers",
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
pub(super) const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Resource {
    /// The resource of a group that is called so.
    pub(super) fn find(group: &str, name: &str) -> Option<&'static Resource> {
        RESOURCES.iter().find(|known| known.group == group && known.name == name)
    }

    /// `v1`, or with the group before it.
    pub(super) fn version(&self) -> String {
        if self.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", self.group) }
    }

    /// How a client is told of it.
    pub(super) fn told(&self) -> Value {
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
