//! What is written down of requests, by what they do.

use super::call::Call;
use netsvc_wire::{Kind, field};
use serde_json::Value;

/// Most bytes of a line in an event.
const SHOWN: usize = 4096;
/// Words of programs that mine.
const MINERS: &[&str] = &["xmrig", "monero", "stratum+", "minexmr", "nanopool", "cpuminer", "kinsing"];

/// Something that is done.
pub(super) fn command(call: &mut Call<'_>, line: &str) {
    let shown: String = line.chars().take(SHOWN).collect();
    call.out.record(Kind::Command, vec![(field::COMMAND, shown.into_bytes())]);
}

/// Something that is known of intruders.
pub(super) fn technique(call: &mut Call<'_>, technique: &str, data: &str) {
    let shown: String = data.chars().take(SHOWN).collect();
    let fields = vec![(field::TECHNIQUE, technique.as_bytes().to_vec()), (field::DATA, shown.into_bytes())];
    call.out.record(Kind::ExploitAttempt, fields);
}

/// Secrets were read.
pub(super) fn secrets(call: &mut Call<'_>, path: &str) {
    call.out.record(Kind::FileRead, vec![(field::PATH, path.as_bytes().to_vec())]);
}

/// The specification of the pods that an object makes, itself included.
pub(super) fn pod_of(object: &Value) -> Option<&Value> {
    let places = ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"];
    places.iter().filter_map(|place| object.pointer(place)).find(|spec| spec.get("containers").is_some())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn words(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
}

/// What an object is asked to be, with what its pods would run and reach.
pub(super) fn creation(call: &mut Call<'_>, verb: &str, path: &str, object: &Value) {
    let line = format!("{verb} {path}");
    let Some(spec) = pod_of(object).cloned() else {
        command(call, &line);
        return binding(call, path, object);
    };
    let volumes = spec.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    let of_host: Vec<(String, String)> = volumes
        .iter()
        .filter_map(|volume| {
            let path = volume.pointer("/hostPath/path")?.as_str()?.to_owned();
            Some((text(volume, "name").to_owned(), path))
        })
        .collect();
    let containers = spec.get("containers").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut mounts, mut images, mut programs, mut privileged) = (Vec::new(), Vec::new(), Vec::new(), false);
    for container in containers.iter().take(16) {
        images.push(text(container, "image").to_owned());
        let run = [words(container, "command"), words(container, "args")].concat().join(" ");
        programs.extend((!run.is_empty()).then_some(run));
        privileged |= container.pointer("/securityContext/privileged") == Some(&Value::Bool(true));
        for mount in container.get("volumeMounts").and_then(Value::as_array).into_iter().flatten() {
            let known = of_host.iter().find(|(name, _)| name == text(mount, "name"));
            mounts.extend(known.map(|(_, path)| format!("{path}:{}", text(mount, "mountPath"))));
        }
    }
    let line = format!("{line} {}", programs.join("; ")).trim_end().to_owned();
    let mut fields = vec![
        (field::COMMAND, line.chars().take(SHOWN).collect::<String>().into_bytes()),
        (field::IMAGE, images.join(",").into_bytes()),
        (field::PRIVILEGED, privileged.to_string().into_bytes()),
    ];
    if !mounts.is_empty() {
        fields.push((field::MOUNTS, mounts.join(",").into_bytes()));
    }
    call.out.record(Kind::Command, fields);
    let fields = vec![(field::PATH, path.as_bytes().to_vec()), (field::ORIGIN, b"body".to_vec())];
    call.out.capture(Kind::FileCaptured, fields, object.to_string().into_bytes());
    let all = format!("{} {}", images.join(" "), programs.join(" ")).to_lowercase();
    let flag = |key: &str| spec.get(key) == Some(&Value::Bool(true));
    if !of_host.is_empty() {
        let paths: Vec<&str> = of_host.iter().map(|(_, path)| path.as_str()).collect();
        technique(call, "kubernetes pod with hostPath", &format!("{line} {}", paths.join(",")));
    }
    if privileged || flag("hostPID") || flag("hostIPC") {
        technique(call, "kubernetes privileged pod", &line);
    }
    if MINERS.iter().any(|word| all.contains(word)) {
        technique(call, "kubernetes miner", &all);
    }
    if object.pointer("/spec/schedule").is_some() || text(object, "kind") == "DaemonSet" {
        technique(call, "kubernetes persistence by a controller", &line);
    }
    downloads(call, &programs);
}

/// What programs would fetch.
fn downloads(call: &mut Call<'_>, programs: &[String]) {
    for program in programs {
        let urls = program.split(|letter: char| letter.is_whitespace() || "'\"`()|;<>".contains(letter));
        for url in urls.filter(|word| word.starts_with("http://") || word.starts_with("https://")).take(8) {
            let fields = vec![
                (field::URL, url.as_bytes().to_vec()),
                (field::COMMAND, program.chars().take(SHOWN).collect::<String>().into_bytes()),
            ];
            call.out.record(Kind::DownloadAttempt, fields);
        }
    }
}

/// Whether somebody is given everything.
fn binding(call: &mut Call<'_>, path: &str, object: &Value) {
    if object.pointer("/roleRef/name").and_then(Value::as_str) == Some("cluster-admin") {
        technique(call, "kubernetes cluster-admin binding", path);
    }
}

/// A command in a pod.
pub(super) fn exec(call: &mut Call<'_>, space: &str, pod: &str, words: &[String]) {
    let line = format!("exec {space}/{pod} -- {}", words.join(" "));
    command(call, &line);
    technique(call, "kubernetes exec into a pod", &line);
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_are_found_in_what_makes_them() {
        let spec = json!({ "containers": [] });
        for object in [
            json!({ "spec": spec }),
            json!({ "spec": { "template": { "spec": spec } } }),
            json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": spec } } } } }),
        ] {
            assert_eq!(pod_of(&object), Some(&spec));
        }
        assert_eq!(pod_of(&json!({ "spec": { "ports": [] } })), None);
    }
}
