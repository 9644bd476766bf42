//! Which request is answered by what.

use super::{
    build,
    call::{Call, Deed},
    containers, images, info,
    release::Release,
    reply::Reply,
    view,
};
use crate::services::http::request::Request;
use serde_json::{Value, json};
use std::time::Duration;

/// The version that a path begins with, and the rest of it.
pub(super) fn versioned(path: &str) -> (Option<(u32, u32)>, &str) {
    let plain = (None, path);
    let Some((version, rest)) = path.strip_prefix("/v").and_then(|path| path.split_once('/')) else {
        return plain;
    };
    let Some((major, minor)) = version.split_once('.') else { return plain };
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => {
            let at = path.len() - rest.len() - 1;
            (Some((major, minor)), path.get(at..).unwrap_or("/"))
        }
        _ => plain,
    }
}

/// What is said of a version that is not spoken.
pub(super) fn refusal(release: &Release, asked: (u32, u32)) -> Option<Reply> {
    let told = format!("{}.{}", asked.0, asked.1);
    if asked < release.least {
        let text = format!(
            "client version {told} is too old. Minimum supported API version is {}, please upgrade your client to a \
             newer version",
            release.least_text()
        );
        return Some(
            Reply::text(400, &format!("{text}\n")).with("X-Content-Type-Options", "nosniff").early(),
        );
    }
    let text =
        format!("client version {told} is too new. Maximum supported API version is {}", release.api_text());
    (release.api < asked).then(|| Reply::error(400, text).early())
}

/// Answers a call for `path`, which has no version.
pub(super) fn answer(call: &mut Call<'_>, path: &str) -> Deed {
    let request: &Request = call.request;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("OPTIONS", _) => Deed::Reply(Reply::empty(200)),
        ("GET" | "HEAD", ["_ping"]) => Deed::Reply(ping(call)),
        ("GET", ["version"]) => {
            Deed::Reply(Reply::json(200, &view::version(call.release, call.host.persona())))
        }
        ("GET", ["info"]) => {
            let value = info::info(call.host, &call.engine.lock(), call.release);
            Deed::Reply(Reply::json(200, &value))
        }
        ("GET", ["events"]) => Deed::Events(until(call)),
        ("GET", ["system", "df"]) => Deed::Reply(usage(call)),
        ("POST", ["auth"]) => Deed::Reply(login(call)),
        ("GET", ["plugins"]) => Deed::Reply(Reply::json(200, &json!([]))),
        (method, ["containers", rest @ ..]) => containers::answer(call, method, rest),
        (method, ["exec", rest @ ..]) => super::programs::answer(call, method, rest),
        ("POST", ["build"]) => build::build(call),
        ("POST", ["build", "prune"]) => {
            Deed::Reply(Reply::json(200, &json!({ "CachesDeleted": null, "SpaceReclaimed": 0 })))
        }
        (method, ["images" | "commit" | "distribution", ..]) => images::answer(call, method, &parts),
        (method, ["volumes", rest @ ..]) => Deed::Reply(super::volumes::volumes(call, method, rest)),
        (method, ["networks", rest @ ..]) => Deed::Reply(super::volumes::networks(call, method, rest)),
        (_, ["swarm" | "nodes" | "services" | "tasks" | "secrets" | "configs", ..]) => {
            Deed::Reply(Reply::error(
                503,
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect \
             this node to swarm and try again.",
            ))
        }
        ("POST", ["grpc" | "session"]) => Deed::Reply(Reply::error(500, "no upgrade proto in request")),
        _ => Deed::Reply(Reply::unrouted()),
    }
}

fn ping(call: &Call<'_>) -> Reply {
    let reply = Reply::text(200, "OK")
        .with("Cache-Control", "no-cache, no-store, must-revalidate")
        .with("Pragma", "no-cache");
    if call.release.is_old() {
        return reply;
    }
    // BuildKit is off in the daemon's configuration.
    reply.with("Builder-Version", "1").with("Swarm", "inactive")
}

/// How long events are to be told.
fn until(call: &Call<'_>) -> Duration {
    let now = call.now / 1_000_000;
    let second = call.value("until").split('.').next().unwrap_or_default().parse::<i64>().ok();
    second.map_or(Duration::from_secs(3600), |second| {
        Duration::from_secs((second - now).max(0).unsigned_abs().min(3600))
    })
}

fn login(call: &mut Call<'_>) -> Reply {
    let document = match call.document() {
        Ok(document) => document,
        Err(reply) => return reply,
    };
    call.registry_password(&document);
    let server =
        document.get("serveraddress").and_then(Value::as_str).unwrap_or("https://index.docker.io/v1/");
    let at = if server.contains("docker.io") {
        "https://registry-1.docker.io/v2/".to_owned()
    } else {
        format!("{server}/v2/")
    };
    Reply::error(500, format!("Get {at:?}: unauthorized: incorrect username or password"))
}

fn usage(call: &Call<'_>) -> Reply {
    let engine = call.engine.lock();
    let images: Vec<Value> =
        engine.images.iter().map(|image| view::image_listed(image, call.release)).collect();
    let containers: Vec<Value> =
        engine.containers.iter().map(|one| view::listed(one, &engine, call.now)).collect();
    let volumes: Vec<Value> = engine.volumes.iter().map(view::volume).collect();
    let size: u64 = engine.images.iter().map(super::image::Image::size).sum();
    Reply::json(
        200,
        &json!({
            "LayersSize": size, "Images": images, "Containers": containers, "Volumes": volumes,
            "BuildCache": null, "BuilderSize": 0,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_off_a_path() {
        for (path, version, rest) in [
            ("/v1.41/info", Some((1, 41)), "/info"),
            ("/info", None, "/info"),
            ("/version", None, "/version"),
            ("/volumes/a", None, "/volumes/a"),
            ("/v1.x/a", None, "/v1.x/a"),
        ] {
            assert_eq!(versioned(path), (version, rest), "{path}");
        }
    }
}
