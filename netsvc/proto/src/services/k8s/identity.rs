//! The certificate of the API server, as kubeadm makes it: for a year, by the cluster's own authority.

use netsvc_kit::{
    Host,
    tls::{Form, Identity},
};
use netsvc_persona::{Certificate, subkey};

const YEAR: i64 = 365 * 86_400_000_000;

/// The certificate at `now`, µs since the epoch: an upgrade of the cluster makes it anew each year.
pub(super) fn identity(host: &Host, now: i64) -> Identity {
    let persona = host.persona();
    let begun = persona.installed_at + 3 * 86_400_000_000;
    // Somebody is always a few days early.
    let renewed = (now - begun).max(0) / (YEAR - 9 * 86_400_000_000);
    let from = begun + renewed * (YEAR - 9 * 86_400_000_000);
    let key = persona.subkey.hex_bytes().unwrap_or_default();
    let drawn = subkey::bytes(&key, &["kube-apiserver", &renewed.to_string()]);
    let serial: Vec<u8> = drawn
        .iter()
        .take(8)
        .enumerate()
        .map(|(at, byte)| if at == 0 { byte & 0x7f | 1 } else { *byte })
        .collect();
    let mut names: Vec<String> = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push(persona.hostname.clone());
    Identity {
        certificate: Certificate {
            common_name: "kube-apiserver".to_owned(),
            organization: String::new(),
            issuer: "kubernetes".to_owned(),
            names,
            not_before: from,
            not_after: from + YEAR,
            serial: hex::encode(serial),
            key: "rsa2048".to_owned(),
        },
        key: "kube-apiserver",
        form: Form::Web,
        sha1: false,
    }
}
