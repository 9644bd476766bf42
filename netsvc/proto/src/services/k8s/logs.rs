//! What containers have written: what those of the cluster did since they began, or what the program of an attacker's
//! pod writes when it is run.

use super::{call::Call, exec, store::Store, target::Target};
use netsvc_kit::{Host, Link};
use parking_lot::Mutex;
use serde_json::Value;
use std::{fmt::Write, io, sync::Arc};

/// Longest log.
const LONGEST: usize = 256 * 1024;

/// A log that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Log {
    target: Target,
    /// What is in it, where that is known.
    text: Option<String>,
    /// Whether what comes is wanted, too.
    pub(super) follows: bool,
    lines: Option<usize>,
    /// A time before each line.
    stamp: Option<String>,
}

impl Log {
    /// The log of a pod as a request wants it.
    pub(super) fn of(call: &Call<'_>, target: Target) -> Self {
        let known = call.store.log(target.uid()).map(str::to_owned);
        let text = known.or_else(|| written(&target, &call.host.persona().hostname));
        Log {
            text,
            follows: call.flag("follow"),
            lines: call.value("tailLines").parse().ok(),
            stamp: call.flag("timestamps").then(|| {
                let begun =
                    target.pod.pointer("/status/startTime").and_then(Value::as_str).unwrap_or_default();
                format!("{}.482019557Z ", begun.trim_end_matches('Z'))
            }),
            target,
        }
    }

    /// What is in it; `None`: a program has to be run first.
    pub(super) fn ready(&self) -> Option<String> {
        self.text.as_ref().map(|text| self.shown(text))
    }

    fn shown(&self, text: &str) -> String {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let from = self.lines.map_or(0, |lines| all.len().saturating_sub(lines));
        let stamp = self.stamp.as_deref().unwrap_or_default();
        all.iter().skip(from).flat_map(|line| [stamp, *line]).collect()
    }
}

/// Runs the program of a pod, whose output is kept and given.
pub(super) async fn read(
    host: &Arc<Host>,
    link: &Link,
    store: &Mutex<Store>,
    log: Log,
) -> io::Result<String> {
    let output =
        if log.target.words.is_empty() { Vec::new() } else { exec::output(host, link, &log.target).await? };
    let mut text = String::from_utf8_lossy(&output).into_owned();
    let most = text.floor_char_boundary(LONGEST);
    text.truncate(most);
    store.lock().keep_log(log.target.uid(), &text);
    Ok(log.shown(&text))
}

/// What a container of the cluster wrote when it began; `None`: it is none that is known.
fn written(target: &Target, node: &str) -> Option<String> {
    if !target.words.is_empty() && !target.image().contains("registry.k8s.io") {
        return None;
    }
    let begun = target.pod.pointer("/status/startTime").and_then(Value::as_str).unwrap_or_default();
    let (day, time) = begun.trim_end_matches('Z').split_once('T').unwrap_or((begun, "00:00:00"));
    let lines =
        of_system(target, node, day, time).unwrap_or_else(|| of_application(target.image(), day, time));
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    Some(text)
}

/// What parts of the cluster write.
fn of_system(target: &Target, node: &str, day: &str, time: &str) -> Option<Vec<String>> {
    let image = target.image();
    // Klog's stamp: the day without its year, and the time.
    let klog = format!("{} {time}", day.get(5..).unwrap_or_default().replace('-', ""));
    let from = |more: &str, text: &str| format!("I{klog}.{more}] {text}");
    Some(if image.contains("coredns") {
        let version = image.rsplit(":v").next().unwrap_or("1.10.1");
        vec![
            ".:53".to_owned(),
            "[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b\
             61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908"
                .to_owned(),
            format!("CoreDNS-{version}"),
        ]
    } else if image.contains("kube-proxy") {
        let found = format!("Successfully retrieved node IP: {}", host_ip(target));
        vec![
            from("318264       1 node.go:141", &found),
            from("327805       1 server_others.go:132", "\"Using iptables proxy\""),
            from("344112       1 config.go:188", "\"Starting service config controller\""),
            from("344208       1 shared_informer.go:311", "Waiting for caches to sync for service config"),
            from("445003       1 shared_informer.go:318", "Caches are synced for service config"),
        ]
    } else if image.contains("registry.k8s.io") {
        let name = target.name.trim_end_matches(node).trim_end_matches('-');
        let lease = format!("attempting to acquire leader lease kube-system/{name}...");
        vec![
            from("120731       1 serving.go:348", "Generated self-signed cert in-memory"),
            from("602947       1 leaderelection.go:250", &lease),
        ]
    } else if image.contains("flannel") {
        vec![from("771930       1 main.go:523", "Found network config - Backend type: vxlan")]
    } else {
        return None;
    })
}

/// What applications write.
fn of_application(image: &str, day: &str, time: &str) -> Vec<String> {
    let version = image.rsplit(':').next().filter(|tag| tag.contains('.'));
    if image.contains("nginx") {
        let stamp = format!("{} {time} [notice] 1#1:", day.replace('-', "/"));
        return vec![
            "/docker-entrypoint.sh: Configuration complete; ready for start up".to_owned(),
            format!("{stamp} using the \"epoll\" event method"),
            format!("{stamp} nginx/{}", version.unwrap_or("1.25.3")),
            format!("{stamp} start worker processes"),
        ];
    }
    if image.contains("postgres") {
        let stamp = format!("{day} {time}.117 UTC [1] LOG: ");
        let version = version.unwrap_or("15.4");
        return vec![
            format!(
                "{stamp} starting PostgreSQL {version} (Debian {version}-1.pgdg120+1) on x86_64-pc-linux-gnu, \
                 compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit"
            ),
            format!("{stamp} listening on IPv4 address \"0.0.0.0\", port 5432"),
            format!("{stamp} database system is ready to accept connections"),
        ];
    }
    Vec::new()
}

fn host_ip(target: &Target) -> &str {
    target.pod.pointer("/status/hostIP").and_then(Value::as_str).unwrap_or_default()
}
