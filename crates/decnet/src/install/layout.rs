//! Where what goes on the host.

use super::account;
use crate::settings::{HOST_INI, Name, Settings};
use decnet_model::{
    paths::Paths,
    worker::{Duty, Worker},
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Where programs of packages are.
const SYSTEM: &str = "/usr";
/// Both programs.
pub(super) const PROGRAMS: [&str; 2] = ["decnet", "netsvcd"];
/// Folder of commands that administrators install.
pub(super) const COMMANDS: &str = "/usr/local/bin";

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Folder that stands for the root of the file system; `None`: the host itself.
    pub prefix: Option<PathBuf>,
    /// User of the processes.
    pub user: String,
    /// Group of the processes, and of who may use them.
    pub group: String,
    /// Folder of the programs, where they are not a package's.
    pub folder: PathBuf,
    /// State folder.
    pub state: PathBuf,
    /// What the host is there for.
    pub duty: Duty,
    /// Where both programs are now.
    pub source: PathBuf,
    /// Whether the programs are to be copied.
    pub copied: bool,
    /// Group whose members may use the bus, where that is another one.
    pub bus_group: Option<String>,
    /// Folders outside the state folder that workers write to: that of the bus's socket and that of a SQLite file.
    pub outside: Vec<PathBuf>,
}

/// Folders of files that settings put outside the state folder.
fn outside(settings: &Settings, state: &Path) -> Vec<PathBuf> {
    let database =
        settings.given(Name::DbUrl).filter(|url| !url.starts_with("mysql:") && !url.starts_with("mariadb:"));
    let database = database.map(|url| url.trim_start_matches("sqlite:").trim_start_matches("//"));
    let files = [settings.given(Name::BusSocket), database].into_iter().flatten().map(Path::new);
    let folders = files.filter(|file| file.is_absolute()).filter_map(Path::parent);
    // What systemd would read as something else is the operator's to write down.
    let plain =
        |folder: &&Path| !folder.display().to_string().contains([' ', '\t', '\n', '%', '"', '\'', '\\']);
    let mut found: Vec<PathBuf> =
        folders.filter(|folder| !folder.starts_with(state)).filter(plain).map(Path::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

/// Why a host cannot be set up so.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A path is relative.
    #[error("--{option}: {path} is not absolute")]
    Relative {
        /// Which option.
        option: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// A folder that holds more than ours.
    #[error("--{option}: {path} belongs to the system; name a folder of its own")]
    Shared {
        /// Which option.
        option: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// A name that the system does not take.
    #[error("--{option}: {name:?} is no name of an account: small letters, digits, - and _, a letter first")]
    Name {
        /// Which option.
        option: &'static str,
        /// The name.
        name: String,
    },
    /// The service binary is not there.
    #[error("there is no netsvcd beside {program}: build both programs (`make build`)")]
    NoStage {
        /// This program.
        program: PathBuf,
    },
    /// The prefix is no folder.
    #[error("--prefix: {0} is no folder")]
    NoPrefix(PathBuf),
    /// We are not root.
    #[error("it needs root: use sudo; --dry-run shows what would be done")]
    NotRoot,
    /// This program cannot be found.
    #[error("find this program")]
    Program(#[source] io::Error),
}

/// What is asked for on the command line.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `--prefix`.
    pub prefix: Option<PathBuf>,
    /// `--user`.
    pub user: String,
    /// `--group`.
    pub group: String,
    /// `--install-dir`.
    pub folder: Option<PathBuf>,
    /// `--duty`.
    pub duty: Duty,
}

impl Layout {
    /// Checks what is asked for; nothing is written.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn new(asked: Asked, settings: &Settings) -> Result<Layout, Refused> {
        let program = std::env::current_exe().map_err(Refused::Program)?;
        let source = program.parent().unwrap_or(Path::new("/")).to_owned();
        for (option, name) in [("user", &asked.user), ("group", &asked.group)] {
            if !account::is_name(name) {
                return Err(Refused::Name { option, name: name.clone() });
            }
        }
        if let Some(prefix) = asked.prefix.as_ref().filter(|prefix| !prefix.is_dir()) {
            return Err(Refused::NoPrefix(prefix.clone()));
        }
        let chosen = asked.folder.clone();
        let folder = chosen.clone().unwrap_or_else(|| PathBuf::from("/opt/decnet"));
        let state = settings.state_dir().to_owned();
        for (option, path) in [("install-dir", &folder), ("state-dir", &state)] {
            if !path.is_absolute() {
                return Err(Refused::Relative { option, path: path.clone() });
            }
            let parts = path.components().count();
            // The root and its own folders: /, /opt, /var …
            if parts < 3 || path.components().any(|part| part == std::path::Component::ParentDir) {
                return Err(Refused::Shared { option, path: path.clone() });
            }
        }
        if !source.join("netsvcd").is_file() {
            return Err(Refused::NoStage { program });
        }
        let copied = chosen.is_some() || !source.starts_with(SYSTEM);
        let prefix = asked.prefix.map(|prefix| std::path::absolute(&prefix).unwrap_or(prefix));
        let (user, group, duty) = (asked.user, asked.group, asked.duty);
        let bus_group = settings.given(Name::BusGroup).filter(|other| **other != group).map(str::to_owned);
        let outside = outside(settings, &state);
        Ok(Layout { prefix, user, group, folder, state, duty, source, copied, bus_group, outside })
    }

    /// A path of the host as it is reached from here.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match &self.prefix {
            Some(prefix) => prefix.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// Folder of the programs when they run.
    pub fn programs(&self) -> PathBuf {
        if self.copied { self.folder.join("bin") } else { self.source.clone() }
    }

    /// Whether programs are to be put where they are not yet.
    pub(super) fn copies(&self) -> bool {
        self.copied && self.at(self.programs()) != self.source
    }

    /// The state folder as it is reached from here.
    pub fn paths(&self) -> Paths {
        Paths::new(self.at(&self.state))
    }

    /// The workers that the host runs, in the order in which they start.
    pub fn workers(&self) -> Vec<Worker> {
        Worker::start_order().into_iter().filter(|worker| worker.is_for(self.duty)).collect()
    }

    /// Settings that the host INI gives.
    pub(super) fn settings(&self) -> Vec<(Name, String)> {
        let state = self.state.display().to_string();
        vec![(Name::StateDir, state), (Name::User, self.user.clone()), (Name::Group, self.group.clone())]
    }

    /// The host INI.
    pub(super) fn host_ini(&self) -> PathBuf {
        self.at(HOST_INI)
    }

    /// Whether systemd runs on the host that this is about.
    pub fn is_live(&self) -> bool {
        self.prefix.is_none() && Path::new("/run/systemd/system").is_dir()
    }
}
