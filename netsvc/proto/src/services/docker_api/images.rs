//! Images: pulled, listed, tagged, removed.

use super::{
    call::{Call, Deed},
    image::{Image, Reference},
    reply::Reply,
    view,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest import or archive of images that is kept.
const KEPT: usize = 8 << 20;
const FULL: &str = "write /var/lib/docker/tmp/GetImageBlob: no space left on device";

/// Answers a call for images; `parts` are those of its path.
pub(super) fn answer(call: &mut Call<'_>, method: &str, parts: &[&str]) -> Deed {
    let rest = parts.get(1..).unwrap_or_default();
    let reply = match (method, parts.first().copied(), rest) {
        ("GET", Some("images"), ["json"]) => list(call),
        ("GET", Some("images"), ["search"]) => search(call),
        ("POST", Some("images"), ["create"]) => return create(call),
        ("POST", Some("images"), ["load"]) => return load(call),
        ("POST", Some("images"), ["prune"]) => {
            Reply::json(200, &json!({ "ImagesDeleted": null, "SpaceReclaimed": 0 }))
        }
        ("GET", Some("images"), [name @ .., "json"]) => inspect(call, &name.join("/")),
        ("GET", Some("images"), [name @ .., "history"]) => history(call, &name.join("/")),
        ("POST", Some("images"), [name @ .., "tag"]) => tag(call, &name.join("/")),
        ("POST", Some("images"), [name @ .., "push"]) => return push(call, &name.join("/")),
        ("DELETE", Some("images"), [_, ..]) => remove(call, &rest.join("/")),
        ("POST", Some("commit"), []) => commit(call),
        ("GET", Some("distribution"), [name @ .., "json"]) => distribution(call, &name.join("/")),
        _ => Reply::unrouted(),
    };
    Deed::Reply(reply)
}

fn list(call: &Call<'_>) -> Reply {
    let engine = call.engine.lock();
    let all: Vec<Value> = engine.images.iter().map(|image| view::image_listed(image, call.release)).collect();
    Reply::json(200, &Value::Array(all))
}

/// Names that a search finds: the official one, and some of users.
fn search(call: &mut Call<'_>) -> Reply {
    let term = call.value("term").to_owned();
    call.command(&format!("docker search {term}"));
    let found: Vec<Value> = [("", 4812), ("bitnami/", 163), ("linuxserver/", 27)]
        .iter()
        .filter(|_| Reference::read(&term).is_some())
        .map(|(owner, stars)| {
            json!({
                "star_count": stars, "is_official": owner.is_empty(), "name": format!("{owner}{term}"),
                "is_automated": false, "description": "",
            })
        })
        .collect();
    Reply::json(200, &Value::Array(found))
}

fn create(call: &mut Call<'_>) -> Deed {
    if let Some(sent) = call.request.field("x-registry-auth") {
        let document = URL_SAFE.decode(sent).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(document) = document {
            call.registry_password(&document);
        }
    }
    let source = call.value("fromSrc").to_owned();
    if !source.is_empty() {
        return import(call, &source);
    }
    let (name, tag) = (call.value("fromImage").to_owned(), call.value("tag").to_owned());
    let text = match tag.as_str() {
        "" => name,
        tag if tag.contains(':') => format!("{name}@{tag}"),
        tag if name.rsplit('/').next().is_some_and(|last| last.contains(':')) => {
            format!("{}:{tag}", name.rsplit_once(':').map_or(name.as_str(), |(name, _)| name))
        }
        tag => format!("{name}:{tag}"),
    };
    let Some(reference) = Reference::read(&text) else {
        return Deed::Reply(Reply::error(400, "invalid reference format"));
    };
    let line = format!("docker pull {}", reference.full());
    call.command(&line);
    call.download(&reference.url(), &line);
    let known = call.engine.lock().image(&reference.full()).cloned();
    let fresh = known.is_none();
    let image = known.unwrap_or_else(|| Image::pulled(&reference, call.now));
    Deed::Lines(image.pull(&reference, fresh), fresh.then_some(image))
}

fn made(call: &mut Call<'_>, names: Vec<String>, size: usize) -> Image {
    let id = call.engine.lock().draw();
    Image {
        id,
        tags: names,
        manifest: String::new(),
        created: call.now,
        layers: vec![size as u64 * 10 / 26],
        entrypoint: Vec::new(),
        command: Vec::new(),
        ports: Vec::new(),
        system: "alpine319",
    }
}

fn import(call: &mut Call<'_>, source: &str) -> Deed {
    call.command(&format!("docker import {source} {}", call.value("repo").to_owned()));
    if source != "-" {
        call.download(source, "docker import");
    }
    let content = call.request.body.get(..KEPT).unwrap_or(&call.request.body).to_vec();
    let size = content.len();
    if size > 0 {
        call.keep("/images/create", "upload", content);
    }
    let tags = Reference::read(&joined(call.value("repo"), call.value("tag"))).map(|name| name.full());
    let image = made(call, tags.into_iter().collect(), size);
    let line = json!({ "status": format!("sha256:{}", image.id) });
    Deed::Lines(vec![(Duration::from_millis(200), line)], Some(image))
}

fn load(call: &mut Call<'_>) -> Deed {
    call.command("docker load");
    let content = call.request.body.clone();
    let size = content.len();
    if size == 0 {
        return Deed::Reply(Reply::error(500, "EOF"));
    }
    call.keep("/images/load", "upload", content);
    let image = made(call, Vec::new(), size);
    let line = json!({ "stream": format!("Loaded image ID: sha256:{}\n", image.id) });
    Deed::Lines(vec![(Duration::from_millis(400), line)], Some(image))
}

fn joined(name: &str, tag: &str) -> String {
    if tag.is_empty() { name.to_owned() } else { format!("{name}:{tag}") }
}

fn unknown(name: &str) -> String {
    let full = Reference::read(name).map_or_else(|| name.to_owned(), |reference| reference.full());
    format!("No such image: {full}")
}

fn inspect(call: &Call<'_>, name: &str) -> Reply {
    match call.engine.lock().image(name) {
        Some(image) => Reply::json(200, &view::image_inspected(image)),
        None if call.release.is_old() => {
            Reply::error(404, format!("no such image: {name}: {}", unknown(name)))
        }
        None => Reply::error(404, unknown(name)),
    }
}

fn history(call: &Call<'_>, name: &str) -> Reply {
    let engine = call.engine.lock();
    let Some(image) = engine.image(name) else { return Reply::error(404, unknown(name)) };
    let last = image.layers.len().saturating_sub(1);
    let lines = image.layers.iter().rev().enumerate().map(|(at, size)| {
        let id = if at == 0 { format!("sha256:{}", image.id) } else { "<missing>".to_owned() };
        let by = if at == last { "/bin/sh -c #(nop) ADD file: in / " } else { "/bin/sh -c #(nop)  CMD" };
        json!({
            "Comment": "", "Created": image.created / 1_000_000, "CreatedBy": by, "Id": id, "Size": size * 26 / 10,
            "Tags": if at == 0 { json!(image.tags) } else { Value::Null },
        })
    });
    Reply::json(200, &lines.collect())
}

fn tag(call: &mut Call<'_>, name: &str) -> Reply {
    let wanted = joined(call.value("repo"), call.value("tag"));
    call.command(&format!("docker tag {name} {wanted}"));
    let Some(reference) = Reference::read(&wanted) else {
        return Reply::error(400, "invalid reference format");
    };
    let mut engine = call.engine.lock();
    let Some(image) = engine.image(name).cloned() else { return Reply::error(404, unknown(name)) };
    match engine.add_image(Image { tags: vec![reference.full()], ..image }) {
        Ok(_) => Reply::empty(201),
        Err(_) => Reply::error(500, FULL),
    }
}

fn push(call: &mut Call<'_>, name: &str) -> Deed {
    call.command(&format!("docker push {}", joined(name, call.value("tag"))));
    if let Some(sent) = call.request.field("x-registry-auth") {
        let document = URL_SAFE.decode(sent).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(document) = document {
            call.registry_password(&document);
        }
    }
    let Some(reference) = Reference::read(name).filter(|_| call.engine.lock().image(name).is_some()) else {
        let told = format!("An image does not exist locally with the tag: {name}");
        return Deed::Reply(Reply::error(404, told));
    };
    let denied = "denied: requested access to the resource is denied";
    let registry = if reference.registry.is_empty() { "docker.io" } else { &reference.registry };
    let lines = vec![
        json!({ "status": format!("The push refers to repository [{registry}/{}]", reference.path) }),
        json!({ "errorDetail": { "message": denied }, "error": denied }),
    ];
    Deed::Lines(lines.into_iter().map(|line| (Duration::from_millis(700), line)).collect(), None)
}

fn remove(call: &mut Call<'_>, name: &str) -> Reply {
    call.command(&format!("docker rmi {name}"));
    let force = call.flag("force");
    let mut engine = call.engine.lock();
    let Some(image) = engine.image(name).cloned() else { return Reply::error(404, unknown(name)) };
    let user = engine.containers.iter().find(|one| one.image == image.id);
    if let Some(user) = user.filter(|user| !force || user.process.is_running()) {
        let (state, verb) = if user.process.is_running() {
            ("running", "cannot be forced")
        } else {
            ("stopped", "must be forced")
        };
        let by = if image.id.starts_with(name) {
            format!(
                "unable to delete {} ({verb}) - image is being used by {state} container {}",
                image.short(),
                user.short()
            )
        } else {
            format!(
                "unable to remove repository reference {name:?} ({}) - container {} is using its referenced image {}",
                if verb == "must be forced" { "must force" } else { verb },
                user.short(),
                image.short()
            )
        };
        return Reply::error(409, format!("conflict: {by}"));
    }
    engine.images.retain(|other| other.id != image.id);
    let mut lines: Vec<Value> = image.tags.iter().map(|tag| json!({ "Untagged": tag })).collect();
    lines.push(json!({ "Deleted": format!("sha256:{}", image.id) }));
    Reply::json(200, &Value::Array(lines))
}

fn commit(call: &mut Call<'_>) -> Reply {
    let name = call.value("container").to_owned();
    call.command(&format!("docker commit {name} {}", joined(call.value("repo"), call.value("tag"))));
    let Some(container) = call.engine.lock().container(&name) else {
        return Reply::error(404, format!("No such container: {name}"));
    };
    let tags = Reference::read(&joined(call.value("repo"), call.value("tag"))).map(|name| name.full());
    let base = call.engine.lock().images.iter().find(|image| image.id == container.image).cloned();
    let fresh = made(call, tags.into_iter().collect(), 4_000_000);
    let image = match base {
        Some(base) => {
            Image { id: fresh.id, tags: fresh.tags, manifest: String::new(), created: fresh.created, ..base }
        }
        None => fresh,
    };
    let id = image.id.clone();
    match call.engine.lock().add_image(image) {
        Ok(_) => Reply::json(201, &json!({ "Id": format!("sha256:{id}") })),
        Err(_) => Reply::error(500, FULL),
    }
}

fn distribution(call: &Call<'_>, name: &str) -> Reply {
    let Some(reference) = Reference::read(name) else { return Reply::error(400, "invalid reference format") };
    let image = Image::pulled(&reference, call.now);
    Reply::json(
        200,
        &json!({
            "Descriptor": {
                "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
                "digest": format!("sha256:{}", image.manifest), "size": 1638,
            },
            "Platforms": [{ "architecture": "amd64", "os": "linux" }],
        }),
    )
}
