//! Builds: the archive that is sent, the file that says what is built, and what the steps print.

use super::{
    call::{Call, Deed},
    image::{Image, Reference},
    reply::Reply,
};
use flate2::read::GzDecoder;
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use serde_json::{Value, json};
use std::{io::Read, time::Duration};

/// Longest archive that is looked into when it is unpacked.
const UNPACKED: u64 = 8 << 20;
/// Most entries of an archive that are looked at.
const ENTRIES: usize = 4096;
/// Most steps of a build.
const STEPS: usize = 100;
/// Bytes of a block of an archive (POSIX.1-1988 `ustar`).
const BLOCK: usize = 512;

/// Answers a build.
pub(super) fn build(call: &mut Call<'_>) -> Deed {
    let tag = call.value("t").to_owned();
    call.command(&format!("docker build -t {tag} -"));
    if call.value("version") == "2" {
        return Deed::Reply(Reply::error(500, "buildkit not supported by daemon"));
    }
    let archive = call.request.body.clone();
    if !archive.is_empty() {
        call.keep("/build", "upload", archive.clone());
    }
    let wanted = match call.value("dockerfile") {
        "" => "Dockerfile".to_owned(),
        name => name.to_owned(),
    };
    let remote = call.value("remote").to_owned();
    if !remote.is_empty() {
        call.download(&remote, "docker build");
        let text = format!("error fetching: {remote}: dial tcp: i/o timeout");
        return Deed::Reply(Reply::error(500, text));
    }
    let Some(content) = file(&unpacked(&archive), &wanted) else {
        return Deed::Reply(Reply::error(500, format!("Cannot locate specified Dockerfile: {wanted}")));
    };
    call.keep(&wanted, "upload", content.clone());
    let steps = steps(&String::from_utf8_lossy(&content));
    if steps.is_empty() {
        return Deed::Reply(Reply::error(500, "the Dockerfile (Dockerfile) cannot be empty"));
    }
    if steps.first().is_some_and(|(verb, _)| !matches!(verb.as_str(), "FROM" | "ARG")) {
        return Deed::Reply(Reply::error(400, "No build stage in current context"));
    }
    record(&steps, call.out);
    let name = Reference::read(&tag).map(|reference| reference.full());
    run(call, &steps, name)
}

/// Writes down what is run and fetched.
fn record(steps: &[(String, String)], out: &mut Out) {
    for (verb, rest) in steps {
        let line = format!("{verb} {rest}").into_bytes();
        match verb.as_str() {
            "ADD" if rest.contains("://") => {
                let url = rest.split_whitespace().find(|word| word.contains("://")).unwrap_or_default();
                out.record(
                    Kind::DownloadAttempt,
                    vec![(field::URL, url.as_bytes().to_vec()), (field::COMMAND, line)],
                );
            }
            _ => out.record(Kind::Command, vec![(field::COMMAND, line)]),
        }
    }
}

/// What the steps print, and the image that is there then.
fn run(call: &mut Call<'_>, steps: &[(String, String)], name: Option<String>) -> Deed {
    let pause = Duration::from_millis;
    let stream = |text: String| json!({ "stream": text });
    let mut lines: Vec<(Duration, Value)> = Vec::new();
    let mut image = Image::pulled(
        &Reference { registry: String::new(), path: "library/scratch".to_owned(), tag: "latest".to_owned() },
        call.now,
    );
    let count = steps.len();
    for (at, (verb, rest)) in steps.iter().enumerate() {
        lines.push((pause(3), stream(format!("Step {}/{count} : {verb} {rest}", at + 1))));
        lines.push((pause(1), stream("\n".to_owned())));
        if verb == "FROM" {
            let word = rest.split_whitespace().next().unwrap_or_default();
            let Some(reference) = Reference::read(word) else {
                lines.push((pause(1), failure("invalid reference format")));
                return Deed::Lines(lines, None);
            };
            let known = call.engine.lock().image(&reference.full()).cloned();
            call.download(&reference.url(), &format!("FROM {rest}"));
            image = known.clone().unwrap_or_else(|| Image::pulled(&reference, call.now));
            if known.is_none() {
                lines.extend(image.pull(&reference, true));
            }
            lines.push((pause(20), stream(format!(" ---> {}\n", image.short()))));
            continue;
        }
        let (working, made) = (call.engine.lock().draw(), call.engine.lock().draw());
        let short = |id: &str| id.get(..12).unwrap_or_default().to_owned();
        match verb.as_str() {
            "CMD" => image.command = form(rest),
            "ENTRYPOINT" => (image.entrypoint, image.command) = (form(rest), Vec::new()),
            _ => {}
        }
        if !matches!(verb.as_str(), "COPY" | "ADD") {
            lines.push((pause(60), stream(format!(" ---> Running in {}\n", short(&working)))));
            let time = if verb == "RUN" { pause(2400) } else { pause(90) };
            lines.push((time, stream(format!("Removing intermediate container {}\n", short(&working)))));
        }
        lines.push((pause(90), stream(format!(" ---> {}\n", short(&made)))));
        image.id = made;
    }
    let image = Image {
        tags: name.clone().into_iter().collect(),
        manifest: String::new(),
        created: call.now,
        ..image
    };
    lines.push((pause(5), json!({ "aux": { "ID": format!("sha256:{}", image.id) } })));
    lines.push((pause(1), stream(format!("Successfully built {}\n", image.short()))));
    if let Some(name) = name {
        lines.push((pause(8), stream(format!("Successfully tagged {name}\n"))));
    }
    Deed::Lines(lines, Some(image))
}

fn failure(text: &str) -> Value {
    json!({ "errorDetail": { "message": text }, "error": text })
}

/// A command as a list of words, or one for a shell.
fn form(rest: &str) -> Vec<String> {
    let list = serde_json::from_str::<Vec<String>>(rest).ok();
    list.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.to_owned()])
}

/// Instructions with what follows them; lines that go on are joined.
fn steps(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut whole = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_suffix('\\') {
            Some(part) => {
                whole.push_str(part);
                continue;
            }
            None => whole.push_str(line),
        }
        let (verb, rest) = whole.split_once(char::is_whitespace).unwrap_or((&whole, ""));
        if all.len() < STEPS {
            all.push((verb.to_ascii_uppercase(), rest.trim().to_owned()));
        }
        whole.clear();
    }
    all
}

fn unpacked(archive: &[u8]) -> Vec<u8> {
    if !archive.starts_with(&[0x1f, 0x8b]) {
        return archive.to_vec();
    }
    let mut content = Vec::new();
    // What cannot be unpacked to its end is looked at as far as it goes.
    let _ = GzDecoder::new(archive).take(UNPACKED).read_to_end(&mut content);
    content
}

/// The file `wanted` of a `tar` archive.
fn file(archive: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let mut rest = archive;
    for _ in 0..ENTRIES {
        let (head, body) = rest.split_at_checked(BLOCK)?;
        let text = |from: usize, to: usize| {
            let bytes = head.get(from..to).unwrap_or_default();
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).trim().to_owned()
        };
        let name = text(0, 100);
        if name.is_empty() {
            return None;
        }
        let size = usize::from_str_radix(&text(124, 136), 8).ok()?;
        if name.trim_start_matches("./") == wanted.trim_start_matches("./") {
            return body.get(..size).map(<[u8]>::to_vec);
        }
        let blocks = size.checked_add(BLOCK - 1)? / BLOCK;
        rest = body.get(blocks.checked_mul(BLOCK)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut head = vec![0; BLOCK];
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        let padding = vec![0; (BLOCK - content.len() % BLOCK) % BLOCK];
        [head, content.to_vec(), padding].concat()
    }

    #[test]
    fn a_file_is_found_in_an_archive_and_read_as_steps() {
        let archive =
            [entry("a/b", &[7; 700]), entry("./Dockerfile", b"FROM alpine\nRUN apk add \\\n  curl\n")]
                .concat();
        let found = file(&archive, "Dockerfile").unwrap();
        let told = steps(&String::from_utf8_lossy(&found));
        assert_eq!(told, [("FROM".into(), "alpine".into()), ("RUN".into(), "apk add curl".into())]);
        assert_eq!(file(&archive, "other"), None);
        for cut in 0..archive.len() {
            let _ = file(&archive[..cut], "Dockerfile");
        }
    }
}
