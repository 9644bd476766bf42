//! What runs on a host's engine before anybody comes: a stack of containers, its images, volumes and networks.

use super::{engine::Engine, image::Reference, spec::Spec};
use netsvc_kit::Host;
use rand_core::RngCore;
use serde_json::json;

/// A container: name, image, published port with the container's, mounts.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

/// Stacks that such hosts run.
const STACKS: &[&[Row]] = &[
    &[
        ("web", "nginx:1.25", &[("80/tcp", "8080")], &["/srv/web/html:/usr/share/nginx/html:ro"]),
        ("cache", "redis:7", &[], &["cache-data:/data"]),
    ],
    &[
        ("app-db-1", "postgres:15", &[], &["app_db:/var/lib/postgresql/data"]),
        (
            "app-web-1",
            "nginx:stable",
            &[("80/tcp", "8080")],
            &["/opt/app/nginx.conf:/etc/nginx/nginx.conf:ro"],
        ),
        ("app-cache-1", "redis:7-alpine", &[], &[]),
    ],
    &[
        ("registry", "registry:2", &[("5000/tcp", "5000")], &["registry:/var/lib/registry"]),
        ("runner", "gitlab/gitlab-runner:alpine", &[], &["/srv/runner:/etc/gitlab-runner"]),
    ],
    &[("portal", "nginx:1.24", &[("80/tcp", "8000")], &["/srv/portal:/usr/share/nginx/html"])],
];
/// Images without a container.
const SPARE: &[&str] = &["alpine:3.18", "ubuntu:22.04", "busybox:latest", "debian:bookworm-slim"];

/// Puts all of it into `engine`.
pub(super) fn fill(host: &Host, engine: &mut Engine) {
    let mut random = host.generator("stack");
    let persona = host.persona();
    let booted = persona.booted_at;
    let day = 86_400_000_000;
    let made = (booted - day * i64::from(random.next_u32() % 60 + 2)).max(persona.installed_at + day / 24);
    for (name, driver) in [("bridge", "bridge"), ("host", "host"), ("none", "null")] {
        // Three networks always fit.
        let _ = engine.add_network(name, driver, booted + 21_000_000);
    }
    let mut pick = |count: usize| usize::try_from(random.next_u32()).unwrap_or_default() % count.max(1);
    let stack = STACKS.get(pick(STACKS.len())).copied().unwrap_or_default();
    let spare = SPARE.get(pick(SPARE.len())).copied();
    for name in spare.into_iter().chain(stack.iter().map(|(_, image, ..)| *image)) {
        if let Some(reference) = Reference::read(name) {
            let _ = engine.pull(&reference, made);
        }
    }
    for (at, (name, image, ports, mounts)) in stack.iter().enumerate() {
        let published: serde_json::Map<_, _> = ports
            .iter()
            .map(|(inner, outer)| ((*inner).to_owned(), json!([{ "HostIp": "", "HostPort": outer }])))
            .collect();
        for volume in
            mounts.iter().filter_map(|mount| mount.split(':').next()).filter(|name| !name.starts_with('/'))
        {
            let _ = engine.add_volume(volume, json!(null), made);
        }
        let sent = json!({
            "Image": image, "AttachStdout": false,
            "HostConfig": {
                "Binds": mounts, "PortBindings": published,
                "RestartPolicy": { "Name": "unless-stopped", "MaximumRetryCount": 0 },
            },
        });
        let Some(known) = engine.image(image).cloned() else { continue };
        let spec = Spec::read(sent, &known);
        let later = i64::try_from(at).unwrap_or_default() * 1_700_000;
        if let Ok(container) = engine.create((*name).to_owned(), spec, made + later, true) {
            container.process.begin(booted + 24_000_000 + later);
        }
    }
}
