//! Images: references to them, what is known of common ones, and how a pull of one looks.

use netsvc_persona::subkey;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest reference.
const LONGEST: usize = 255;

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Hex digits of its digest.
    pub(super) id: String,
    /// Names with tags.
    pub(super) tags: Vec<String>,
    /// Digest of its manifest, hex; empty when it was made here.
    pub(super) manifest: String,
    /// When it was made, µs since the epoch.
    pub(super) created: i64,
    /// Bytes of its layers when they are packed.
    pub(super) layers: Vec<u64>,
    /// What runs when nothing else is asked for.
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
    /// Ports that it exposes, as `80/tcp`.
    pub(super) ports: Vec<String>,
    /// Id of the system in it.
    pub(super) system: &'static str,
}

/// A reference: registry, name and tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Empty: the usual one.
    pub(super) registry: String,
    /// Name in the registry, with `library/` where it is an official one.
    pub(super) path: String,
    pub(super) tag: String,
}

/// What is known of an image: name, packed layers, entry point, command, ports.
type Known =
    (&'static str, &'static [u64], &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KNOWN: &[Known] = &[
    ("alpine", &[3_408_729], &[], &["/bin/sh"], &[]),
    ("busybox", &[2_152_262], &[], &["sh"], &[]),
    ("ubuntu", &[30_440_109], &[], &["/bin/bash"], &[]),
    ("debian", &[49_558_577], &[], &["bash"], &[]),
    ("centos", &[83_518_086], &[], &["/bin/bash"], &[]),
    (
        "nginx",
        &[29_124_181, 41_391_291, 627, 959, 366, 1_210, 1_398],
        &["/docker-entrypoint.sh"],
        &["nginx", "-g", "daemon off;"],
        &["80/tcp"],
    ),
    (
        "redis",
        &[29_124_181, 1_101, 826_310, 13_102_210, 98, 572],
        &["docker-entrypoint.sh"],
        &["redis-server"],
        &["6379/tcp"],
    ),
    (
        "postgres",
        &[29_124_181, 4_534_202, 1_447_013, 8_066_772, 1_196_113, 116, 3_145_010, 94_872_411, 9_832, 128],
        &["docker-entrypoint.sh"],
        &["postgres"],
        &["5432/tcp"],
    ),
    (
        "registry",
        &[3_408_729, 5_942_010, 364, 211],
        &["/entrypoint.sh"],
        &["/etc/docker/registry/config.yml"],
        &["5000/tcp"],
    ),
    (
        "python",
        &[49_558_577, 24_048_311, 64_141_902, 211_103_011, 6_160_012, 19_881_132, 233],
        &[],
        &["python3"],
        &[],
    ),
    (
        "node",
        &[49_558_577, 24_048_311, 64_141_902, 211_103_011, 4_203, 48_201_722, 2_214_302],
        &["docker-entrypoint.sh"],
        &["node"],
        &[],
    ),
];

impl Reference {
    /// Reads `name[:tag]`; a digest counts as a tag. `None`: it is no reference.
    pub(super) fn read(text: &str) -> Option<Reference> {
        if text.is_empty() || LONGEST < text.len() {
            return None;
        }
        let (name, tag) = match (text.split_once('@'), text.rsplit_once(':')) {
            (Some((name, digest)), _) => (name, digest),
            (None, Some((name, tag))) if !tag.contains('/') => (name, tag),
            _ => (text, "latest"),
        };
        let (registry, path) = match name.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("", name),
        };
        let part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
        let good = path.split('/').all(part) && !tag.is_empty() && tag.bytes().all(plain);
        let registry = if registry == "docker.io" { "" } else { registry };
        let official = registry.is_empty() && !path.contains('/');
        let path = if official { format!("library/{path}") } else { path.to_owned() };
        good.then(|| Reference { registry: registry.to_owned(), path, tag: tag.to_owned() })
    }

    /// Name without a tag, as lists have it.
    pub(super) fn name(&self) -> String {
        let path = match self.registry.is_empty() {
            true => self.path.strip_prefix("library/").unwrap_or(&self.path),
            false => &self.path,
        };
        if self.registry.is_empty() { path.to_owned() } else { format!("{}/{path}", self.registry) }
    }

    /// Name with tag.
    pub(super) fn full(&self) -> String {
        let mark = if self.tag.contains(':') { '@' } else { ':' };
        format!("{}{mark}{}", self.name(), self.tag)
    }

    /// Where it would be fetched from.
    pub(super) fn url(&self) -> String {
        let registry = if self.registry.is_empty() { "registry-1.docker.io" } else { &self.registry };
        format!("https://{registry}/v2/{}/manifests/{}", self.path, self.tag)
    }
}

impl Image {
    /// The image that a registry would give for `reference`: the same wherever it is asked for.
    pub(super) fn pulled(reference: &Reference, now: i64) -> Image {
        let drawn = subkey::bytes(b"image", &[&reference.registry, &reference.path, &reference.tag]);
        let digest = |what: &str| hex::encode(subkey::bytes(&drawn, &[what]));
        let base = reference.path.strip_prefix("library/").unwrap_or_default();
        let known = KNOWN.iter().find(|(name, ..)| *name == base);
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let [first, second, third, ..] = drawn;
        let own = vec![
            3_408_729,
            20_000 + u64::from(first) * 977,
            1_200_000 + u64::from(second) * 61_013,
            300 + u64::from(third),
        ];
        let day = 86_400_000_000;
        let (layers, entrypoint, command, ports) = match known {
            Some((_, layers, entrypoint, command, ports)) => {
                (layers.to_vec(), words(entrypoint), words(command), words(ports))
            }
            None => (own, words(&["/entrypoint.sh"]), Vec::new(), Vec::new()),
        };
        Image {
            id: digest("config"),
            tags: vec![reference.full()],
            manifest: digest("manifest"),
            created: now - day * (9 + i64::from(first) % 40),
            layers,
            entrypoint,
            command,
            ports,
            system: system(&reference.path, &reference.tag),
        }
    }

    /// Bytes that it takes when it is unpacked.
    pub(super) fn size(&self) -> u64 {
        self.layers.iter().map(|packed| packed * 26 / 10).sum()
    }

    /// Short id.
    pub(super) fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Whether `text` names it: by a name with or without a tag, or by the start of its id.
    pub(super) fn is(&self, text: &str) -> bool {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        if 2 <= hex.len() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && self.id.starts_with(hex) {
            return true;
        }
        Reference::read(text).is_some_and(|reference| self.tags.contains(&reference.full()))
    }

    /// Short ids of its layers.
    fn layer_ids(&self) -> Vec<String> {
        let id = |at: usize| {
            let drawn = subkey::bytes(self.id.as_bytes(), &["layer", &at.to_string()]);
            hex::encode(drawn).get(..12).unwrap_or_default().to_owned()
        };
        (0..self.layers.len()).map(id).collect()
    }

    /// What a pull tells, each line after its time; `fresh`: it was not there.
    pub(super) fn pull(&self, reference: &Reference, fresh: bool) -> Vec<(Duration, Value)> {
        let pause = Duration::from_millis;
        let path = if reference.registry.is_empty() { reference.path.clone() } else { reference.name() };
        let from = json!({ "status": format!("Pulling from {path}"), "id": reference.tag });
        let mut lines = vec![(pause(900), from)];
        if fresh {
            let ids = self.layer_ids();
            let told = |status: &str, id: &str| json!({ "status": status, "progressDetail": {}, "id": id });
            lines.extend(ids.iter().map(|id| (pause(4), told("Pulling fs layer", id))));
            for (id, size) in ids.iter().zip(&self.layers) {
                // Some eight million bytes a second come in, and are unpacked as fast.
                let steps = (*size / 4_000_000).clamp(1, 8);
                let time = pause(size / 8_000 / steps);
                for step in 1..=steps {
                    lines.push((time, bar("Downloading", id, size * step / (steps + 1), *size)));
                }
                lines.push((pause(20), told("Verifying Checksum", id)));
                lines.push((pause(2), told("Download complete", id)));
            }
            for (id, size) in ids.iter().zip(&self.layers) {
                lines.push((pause(10), bar("Extracting", id, size / 2, *size)));
                lines.push((pause(size / 20_000), bar("Extracting", id, *size, *size)));
                lines.push((pause(30), told("Pull complete", id)));
            }
        }
        lines.push((pause(5), json!({ "status": format!("Digest: sha256:{}", self.manifest) })));
        let name = reference.full();
        let end = if fresh {
            format!("Status: Downloaded newer image for {name}")
        } else {
            format!("Status: Image is up to date for {name}")
        };
        lines.push((pause(1), json!({ "status": end })));
        lines
    }
}

fn bar(status: &str, id: &str, current: u64, total: u64) -> Value {
    let done = usize::try_from(current * 50 / total.max(1)).unwrap_or(50).min(50);
    let line = match done {
        50 => "=".repeat(50),
        _ => format!("{}>{}", "=".repeat(done), " ".repeat(49 - done)),
    };
    let progress = format!("[{line}]  {}/{}", human(current), human(total));
    json!({
        "status": status, "progressDetail": { "current": current, "total": total },
        "progress": progress, "id": id,
    })
}

/// A size with four digits, as `go-units` has it.
pub(super) fn human(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let digits = match value {
        value if value < 10.0 => 3,
        value if value < 100.0 => 2,
        value if value < 1000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

/// System in an image of this name.
fn system(path: &str, tag: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| path.contains(word) || tag.contains(word));
    if has(&["ubuntu"]) {
        "ubuntu2204"
    } else if has(&["alpine", "busybox", "docker", "registry"]) {
        "alpine319"
    } else if has(&["centos", "rocky"]) {
        "rocky9"
    } else if has(&["debian", "nginx", "redis", "postgres", "python", "node"]) {
        "debian12"
    } else {
        "alpine319"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_the_engine_does() {
        for (text, full, url) in [
            (
                "alpine",
                Some("alpine:latest"),
                "https://registry-1.docker.io/v2/library/alpine/manifests/latest",
            ),
            (
                "docker.io/library/alpine:3.19",
                Some("alpine:3.19"),
                "https://registry-1.docker.io/v2/library/alpine/manifests/3.19",
            ),
            ("kinsing/x:1", Some("kinsing/x:1"), "https://registry-1.docker.io/v2/kinsing/x/manifests/1"),
            (
                "h.example:5000/a/b",
                Some("h.example:5000/a/b:latest"),
                "https://h.example:5000/v2/a/b/manifests/latest",
            ),
            ("A", None, ""),
            ("", None, ""),
            ("a b", None, ""),
        ] {
            let read = Reference::read(text);
            assert_eq!(read.as_ref().map(Reference::full).as_deref(), full, "{text}");
            assert_eq!(read.map(|read| read.url()).unwrap_or_default(), url);
        }
    }

    #[test]
    fn sizes_have_four_digits() {
        for (bytes, text) in [
            (0, "0B"),
            (32_768, "32.77kB"),
            (3_408_729, "3.409MB"),
            (1_000_000, "1MB"),
            (120_000_000, "120MB"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }
}
