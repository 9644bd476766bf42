//! What the daemon has of ours.

use super::client::{Asked, Client, DockerError, escaped};
use decnet_compose::{LABEL_DECKY, LABEL_PART, LABEL_SITE, LABEL_SPEC};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A container of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Listed {
    /// Its id.
    pub(super) id: String,
    /// `running`, `exited`, `created`, ….
    pub(super) state: String,
    /// Id of its image.
    #[serde(rename = "ImageID")]
    pub(super) image_id: String,
    labels: BTreeMap<String, String>,
}

impl Listed {
    /// Its decky.
    pub(super) fn decky(&self) -> &str {
        self.label(LABEL_DECKY)
    }

    /// Which part of the decky it is.
    pub(super) fn part(&self) -> &str {
        self.label(LABEL_PART)
    }

    /// What it was made from.
    pub(super) fn spec(&self) -> &str {
        self.label(LABEL_SPEC)
    }

    /// Whether it runs.
    pub(super) fn runs(&self) -> bool {
        self.state == "running"
    }

    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// All containers of the installation `site`, running or not.
pub(super) async fn containers(client: &Client, site: &str) -> Result<Vec<Listed>, DockerError> {
    let attempt = "list containers";
    let filter = json!({ "label": [format!("{LABEL_SITE}={site}")] }).to_string();
    let path = format!("/containers/json?all=1&filters={}", escaped(&filter));
    let answer = client.ask(Asked::get(path, attempt)).await?;
    let odd =
        |error: serde_json::Error| DockerError::Odd { attempt: attempt.to_owned(), why: error.to_string() };
    serde_json::from_value(answer).map_err(odd)
}

/// Ids of images by their names.
pub(super) async fn images(client: &Client) -> Result<BTreeMap<String, String>, DockerError> {
    let answer = client.ask(Asked::get("/images/json", "list images")).await?;
    let mut images = BTreeMap::new();
    for image in answer.as_array().into_iter().flatten() {
        let Some(id) = image.get("Id").and_then(Value::as_str) else { continue };
        for name in image.get("RepoTags").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = name.as_str() {
                images.insert(name.to_owned(), id.to_owned());
            }
        }
    }
    Ok(images)
}

/// The name of an image as lists of the daemon have it.
pub(super) fn tagged(image: &str) -> String {
    let tagged = image.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    if tagged { image.to_owned() } else { format!("{image}:latest") }
}

/// What is to be known of a running container: its process, and where its log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inspected {
    /// First process, 0: none.
    pub(super) pid: i32,
    /// The log of its standard output.
    pub(super) log: String,
}

/// Looks at one container.
pub(super) async fn inspect(client: &Client, id: &str) -> Result<Inspected, DockerError> {
    let answer = client.ask(Asked::get(format!("/containers/{id}/json"), "look at a container")).await?;
    let pid = answer.pointer("/State/Pid").and_then(Value::as_i64);
    let log = answer.get("LogPath").and_then(Value::as_str).unwrap_or_default();
    Ok(Inspected {
        pid: pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default(),
        log: log.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_daemon_is_read() {
        let text = r#"[{"Id":"4f6c","Names":["/decnet-x-web"],"Image":"a","ImageID":"sha256:1","State":"running",
            "Labels":{"decnet.decky":"web","decnet.part":"base","decnet.spec":"00ff","other":"x"}}]"#;
        let read: Vec<Listed> = serde_json::from_str(text).unwrap();
        let listed = &read[0];
        assert_eq!((listed.decky(), listed.part(), listed.spec()), ("web", "base", "00ff"));
        assert!(listed.runs() && listed.image_id == "sha256:1");
        assert_eq!(tagged("registry.example:5000/shop"), "registry.example:5000/shop:latest");
    }
}
