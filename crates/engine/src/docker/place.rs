//! What lies on the host: documents of deckies, the Compose file, and the project's network.

use super::{
    client::{Asked, Client, DockerError, escaped},
    held::{give, held, write},
    listing, shim,
};
use crate::{
    node::{NodeSpec, Nodes},
    stage::{StageConfig, make_spool},
};
use decnet_compose::{Carrier, Container, LABEL_SITE, Machine, Place, Project, containers, project_name};
use netsvc_persona::stage::{Settings, Single};
use nix::{
    fcntl::{OFlag, open, openat},
    sys::stat::Mode,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Folders and files.
const NODES: &str = "nodes";
const SHIM: &str = "shim.json";
/// How the spool of a decky's built-in services is called.
const SPOOL: &str = "docker.";
/// Segment of a writer that nobody is.
const SUCCESSOR: &str = "ffffffffffffffff-00000001.seg";

/// Short name of the installation in `folder`: no other one of the host has it.
pub fn site_name(folder: &Path) -> String {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The host's side of an installation.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    /// Folder of the runtime, held open, and the way to it.
    _held: Arc<File>,
    folder: PathBuf,
    /// What the daemon calls it.
    named: PathBuf,
    /// How the stage is started.
    pub(super) stage: StageConfig,
    /// Where containers stand.
    pub(super) place: Place,
}

impl Ground {
    /// Makes the folder if need be.
    ///
    /// # Errors
    /// When it cannot be made, or is somebody else's.
    pub(super) fn new(folder: &Path, stage: StageConfig, place: Place) -> io::Result<Ground> {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let (own, path) = held(folder)?;
        Ok(Ground { _held: Arc::new(own), folder: path, named: std::path::absolute(folder)?, stage, place })
    }

    /// The containers that `node` is to be.
    pub(super) fn containers(&self, node: &NodeSpec) -> io::Result<Vec<Container>> {
        let text = self.document(node)?;
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        let document = self.named.join(NODES).join(format!("{}.json", node.name()));
        let spool = std::path::absolute(self.spool(node.name()))?;
        Ok(containers(
            &self.place,
            &Machine {
                persona: &node.persona,
                services: &node.services,
                ports: &node.ports,
                custom: &node.custom,
                document: &document.to_string_lossy(),
                document_hash: &hash,
                spool: &spool.to_string_lossy(),
            },
        ))
    }

    fn document(&self, node: &NodeSpec) -> io::Result<Vec<u8>> {
        let settings = Settings {
            spool: decnet_compose::SPOOL.into(),
            sd_id: self.stage.sd_id.clone(),
            limits: self.stage.limits.clone(),
            user: None,
            natural_delays: self.stage.natural_delays,
        };
        let single = Single {
            settings,
            persona: node.persona.clone(),
            services: node.services.clone(),
            ports: node.ports.clone(),
        };
        serde_json::to_vec(&single).map_err(io::Error::other)
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(NODES).join(format!("{name}.{kind}"))
    }

    /// Folder that the decky's built-in services write to.
    pub(super) fn spool(&self, name: &str) -> PathBuf {
        self.stage.spools.join(format!("{SPOOL}{name}"))
    }

    /// Whether `node` is written down as it is.
    pub(super) fn is_written(&self, node: &NodeSpec) -> bool {
        let read = fs::read(self.path(node.name(), "spec")).ok();
        read.and_then(|text| serde_json::from_slice::<NodeSpec>(&text).ok()).as_ref() == Some(node)
    }

    /// Writes down what `node` is, and makes the folder that it writes to.
    pub(super) fn put(&self, node: &NodeSpec) -> io::Result<()> {
        // The daemon, which is root, goes through it; nobody else does.
        DirBuilder::new().recursive(true).mode(0o700).create(self.folder.join(NODES))?;
        make_spool(&self.spool(node.name()), self.stage.user)?;
        let document = self.path(node.name(), "json");
        let text = self.document(node)?;
        // A file that is mounted keeps its inode, so that one of the same content is left alone.
        if fs::read(&document).ok().as_ref() != Some(&text) {
            write(&document, &text, 0o440)?;
            give(&File::open(&document)?, self.stage.user)?;
        }
        write(&self.path(node.name(), "spec"), &serde_json::to_vec(node).map_err(io::Error::other)?, 0o600)
    }

    /// Forgets a decky. Its spool goes when the collector has taken what is in it: an empty segment of a writer that
    /// nobody is says that the last process was followed by another one.
    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        // The folder is the stage's, which may have put links there.
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        if let Ok(lines) = open(&self.spool(name).join("lines"), flags, Mode::empty()) {
            let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
            match openat(&lines, SUCCESSOR, flags, Mode::from_bits_truncate(0o640)) {
                Ok(file) => give(&File::from(file), self.stage.user)?,
                Err(nix::errno::Errno::EEXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        for kind in ["json", "spec"] {
            match fs::remove_file(self.path(name, kind)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// What was written down. A document that cannot be read is none.
    pub(super) fn nodes(&self) -> Nodes {
        let entries = fs::read_dir(self.folder.join(NODES)).into_iter().flatten().flatten();
        let specs = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "spec"));
        let read = specs.filter_map(|entry| serde_json::from_slice(&fs::read(entry.path()).ok()?).ok());
        read.map(|node: NodeSpec| (node.name().to_owned(), node)).collect()
    }

    /// Removes spools of deckies that are not among `nodes`, once nothing is in them.
    pub(super) fn tidy(&self, nodes: &Nodes) {
        for entry in fs::read_dir(&self.stage.spools).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(decky) = name.to_str().and_then(|name| name.strip_prefix(SPOOL)) else { continue };
            let left = |file: &fs::DirEntry| file.file_name() != SUCCESSOR;
            let empty = |part: &str| {
                let files = fs::read_dir(entry.path().join(part)).into_iter().flatten().flatten();
                files.filter(left).count() == 0
            };
            if !nodes.contains_key(decky) && empty("lines") && empty("blobs") {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Writes the Compose file of `nodes`.
    pub(super) fn compose(&self, nodes: &Nodes) -> io::Result<()> {
        let mut all = Vec::new();
        for node in nodes.values() {
            all.extend(self.containers(node)?);
        }
        let project = Project { place: self.place.clone(), containers: all };
        // It holds the environment of the operator's programs.
        write(&self.folder.join(decnet_compose::FILE), decnet_compose::yaml(&project).as_bytes(), 0o600)
    }

    /// Gives the host a way to `nodes` on a segment; on a bridge it has one.
    pub(super) fn route(&self, nodes: &Nodes) -> io::Result<()> {
        let parent = self.place.network.interface.as_deref();
        let Some(parent) = parent.filter(|_| self.place.carrier != Carrier::Bridge) else { return Ok(()) };
        let addresses = nodes.values().filter_map(|node| match node.persona.ip {
            std::net::IpAddr::V4(ip) => Some(ip),
            std::net::IpAddr::V6(_) => None,
        });
        shim::sync(
            &self.folder.join(SHIM),
            &self.place.site,
            self.place.carrier,
            parent,
            &addresses.collect(),
        )
    }
}

/// Makes the project's network, or takes the one that is there if it is the same.
pub(super) async fn network(client: &Client, place: &Place) -> Result<(), DockerError> {
    let name = project_name(&place.site);
    let attempt = format!("make network {name} on {}", place.network);
    let wanted = decnet_compose::network(place);
    match client.ask(Asked::get(format!("/networks/{name}"), attempt.clone())).await {
        Err(error) if error.is_missing() => {}
        Err(error) => return Err(error),
        Ok(there) if same(&there, &wanted) => return Ok(()),
        // Ours, of an earlier fleet; what still hangs on it is an earlier fleet's too.
        Ok(there) if there.pointer("/Labels").and_then(|all| all.get(LABEL_SITE)).is_some() => {
            remove(client, &place.site).await?;
        }
        Ok(_) => {
            return Err(DockerError::Failed {
                attempt,
                status: 409,
                message: format!("there is another network called {name}; `docker network rm {name}`"),
            });
        }
    }
    client.ask(Asked::post("/networks/create", attempt).json(&wanted)).await.map(drop)
}

/// Whether a network is what was wanted.
fn same(there: &Value, wanted: &Value) -> bool {
    let part = |value: &Value, path: &str| value.pointer(path).cloned();
    let alike = |path: &str| part(there, path) == part(wanted, path);
    let options = |value: &Value| {
        let parent =
            |name: &str| value.pointer("/Options").and_then(|all| all.get(name)?.as_str().map(str::to_owned));
        (parent("parent"), parent("ipvlan_mode"))
    };
    ["/Driver", "/Internal", "/IPAM/Config/0/Subnet", "/Name"].iter().all(|path| alike(path))
        && options(there) == options(wanted)
        && part(wanted, "/IPAM/Config/0/Gateway")
            .is_none_or(|gateway| part(there, "/IPAM/Config/0/Gateway").is_some_and(|other| other == gateway))
}

/// Removes all containers of an installation, and its network.
pub(super) async fn remove(client: &Client, site: &str) -> Result<(), DockerError> {
    for container in listing::containers(client, site).await? {
        remove_one(client, &container.id, container.decky()).await?;
    }
    let filter = json!({ "label": [format!("{LABEL_SITE}={site}")] }).to_string();
    let path = format!("/networks?filters={}", escaped(&filter));
    let networks = client.ask(Asked::get(path, "list networks")).await?;
    for network in networks.as_array().into_iter().flatten() {
        let Some(id) = network.get("Id").and_then(Value::as_str) else { continue };
        gone(client.ask(Asked::delete(format!("/networks/{id}"), "remove the network")).await)?;
    }
    Ok(())
}

/// Removes a container, running or not.
pub(super) async fn remove_one(client: &Client, id: &str, decky: &str) -> Result<(), DockerError> {
    let asked =
        Asked::delete(format!("/containers/{id}?force=1&v=1"), format!("remove a container of {decky}"));
    gone(client.ask(asked).await)
}

/// What is missing is gone.
fn gone(done: Result<Value, DockerError>) -> Result<(), DockerError> {
    match done {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(()),
    }
}

/// What an earlier run left of the runtime in `folder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Deckies that were written down.
    pub deckies: usize,
}

/// Whether an earlier run left something there.
pub fn left_over(folder: &Path) -> Option<Left> {
    let entries = fs::read_dir(folder.join(NODES)).ok()?.flatten();
    let deckies = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "spec")).count();
    (deckies > 0 || folder.join(SHIM).exists()).then_some(Left { deckies })
}

/// Removes all that an installation has at the daemon at `socket` and in `folder`.
///
/// # Errors
/// When the daemon refuses, or a file or link cannot be removed.
pub async fn remove_all(socket: &Path, folder: &Path, site: &str) -> Result<(), DockerError> {
    let client = Client::connect(socket).await?;
    remove(&client, site).await?;
    clear(folder).map_err(|error| DockerError::host("remove what lies on the host", &error))
}

impl Ground {
    /// Removes the shim and the folder.
    pub(super) fn clear(&self) -> io::Result<()> {
        clear(&self.named)
    }
}

/// Removes the shim and the documents.
fn clear(folder: &Path) -> io::Result<()> {
    let Ok((_held, path)) = held(folder) else { return Ok(()) };
    shim::remove(&path.join(SHIM))?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
