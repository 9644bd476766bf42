//! Services that an operator brings along as container images, `[custom-NAME]` in a deployment INI.
//!
//! They need the runtime docker. With another they are kept, written back, and told as absent.

use netsvc_persona::stage::{PortSpec, Transport};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Memory of a service's container unless it asks for another amount, in MiB.
pub const MEMORY: u32 = 128;
/// Most that one may ask for, in MiB.
pub const MEMORY_MOST: u32 = 4096;

/// Capabilities that a service may be given back: those that a server drops privileges or owns files with. None
/// of them reaches beyond its container, and none sends packets that no socket of its own makes.
pub const CAPABILITIES: &[&str] =
    &["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"];

/// Most bytes that an expression of such a service may take when it is compiled: where the fleet is read, and where
/// lines are.
pub const EXPRESSION_SIZE: usize = 1 << 20;

/// A service of the operator's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomService {
    /// What deckies call it in `services`.
    pub name: String,
    /// Container image; of one that is built, what it is called.
    pub image: String,
    /// Folder with a `Dockerfile` that the image is built from; `None`: it is there, or in a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Command that is run in it, words with spaces between; `None`: the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// TCP ports that it listens on.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// UDP ports that it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub udp_ports: Vec<u16>,
    /// Its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Where it writes its lines.
    #[serde(default, skip_serializing_if = "Log::is_stdout")]
    pub log: Log,
    /// Regular expression with the groups `user`, `password` and, if it can, `source`: a line with a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Regular expression whose first group is the address of the peer that a line is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of [`CAPABILITIES`], those that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Folders that it may write to; they are empty at each start and lie in memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<String>,
    /// Memory that it may have, in MiB; `None`: [`MEMORY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
}

/// Where a service writes its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Log {
    /// To standard output and standard error.
    #[default]
    Stdout,
    /// To a file of its container.
    File(String),
}

impl Log {
    fn is_stdout(&self) -> bool {
        *self == Log::Stdout
    }
}

impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Log::Stdout => "stdout",
            Log::File(path) => path,
        })
    }
}

impl FromStr for Log {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "stdout" {
            return Ok(Log::Stdout);
        }
        let named = is_path(text) && text.rsplit_once('/').is_some_and(|(folder, _)| !folder.is_empty());
        if named {
            return Ok(Log::File(text.to_owned()));
        }
        Err("is neither stdout nor a file in a folder of the container, such as /var/log/shop/access.log"
            .to_owned())
    }
}

impl TryFrom<String> for Log {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Log> for String {
    fn from(log: Log) -> String {
        log.to_string()
    }
}

/// Whether `text` is an absolute path of at most 255 bytes without empty parts, `.` and `..`, colons and commas.
pub fn is_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else { return false };
    let part = |part: &str| !matches!(part, "" | "." | "..");
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b',' | b'"' | b'\\' | b'$');
    text.len() <= 255 && rest.split('/').all(part) && text.bytes().all(plain)
}

impl CustomService {
    /// A service of which only the image is known.
    pub fn of(name: &str, image: &str) -> CustomService {
        CustomService {
            name: name.to_owned(),
            image: image.to_owned(),
            build: None,
            command: None,
            ports: Vec::new(),
            udp_ports: Vec::new(),
            env: BTreeMap::new(),
            log: Log::Stdout,
            credential: None,
            source: None,
            capabilities: Vec::new(),
            writable: Vec::new(),
            memory: None,
        }
    }

    /// Its listeners.
    pub fn listeners(&self) -> impl Iterator<Item = PortSpec> {
        let spec =
            |transport| move |&port: &u16| PortSpec { slug: self.name.clone(), transport, port, tls: false };
        self.ports.iter().map(spec(Transport::Tcp)).chain(self.udp_ports.iter().map(spec(Transport::Udp)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_written_as_they_are_read() {
        for text in ["stdout", "/var/log/shop/access.log"] {
            assert_eq!(text.parse::<Log>().unwrap().to_string(), text);
        }
        for text in ["", "stderr", "/x", "/a/../b", "a/b", "/a//b", "/var/log/", "/a:b/c"] {
            assert!(text.parse::<Log>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_an_older_release_stored_is_read() {
        let text = r#"{"name":"shop","image":"shop:1","command":"run","ports":[80]}"#;
        let read: CustomService = serde_json::from_str(text).unwrap();
        let wanted = CustomService {
            command: Some("run".to_owned()),
            ports: vec![80],
            ..CustomService::of("shop", "shop:1")
        };
        assert_eq!(read, wanted);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
