//! The operator's commands, one file each.

pub mod agent;
pub mod alerts;
pub mod artifacts;
pub mod attackers;
pub mod audit;
pub mod backup;
pub mod bad_input;
pub mod breadcrumbs;
pub mod canary;
pub mod capture;
pub mod clusters;
pub mod conditions;
pub mod config;
pub mod correlate;
pub mod creds;
pub mod db;
pub mod decky;
pub mod demo;
pub mod deploy;
pub mod docs;
pub mod doctor;
pub mod drill;
pub mod enrich;
pub mod events;
pub mod export;
pub mod image;
pub mod incidents;
pub mod init;
pub mod inventory;
pub mod lab;
pub mod learn;
pub mod log;
pub mod mutate;
pub mod numbers;
pub mod operations;
pub mod orchestrator;
pub mod persona;
pub mod personas;
pub mod probe;
pub mod reconcile;
pub mod release;
pub mod reuse;
pub mod run;
pub mod serve;
pub mod sessions;
pub mod site;
pub mod sniffer;
pub mod status;
pub mod support;
pub mod swarm;
pub mod teardown;
pub mod techniques;
pub mod to;
pub mod token;
pub mod topology;
pub mod user;
pub mod version;
pub mod worker;

use crate::{
    restoration,
    settings::{Name, Settings},
    stead,
};
use anyhow::{Context as _, Result, bail};
use decnet_model::{
    flaw::{self, Flaw},
    paths::Paths,
};
use decnet_store::{Assume, Store};
use netsvc_persona::stage::Limits;
use netsvc_wire::stamp;
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// What a command works with.
#[derive(Clone)]
pub struct Context {
    settings: Settings,
}

impl Context {
    /// A context of resolved settings.
    pub fn new(settings: Settings) -> Self {
        Context { settings }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Files of the installation.
    pub fn paths(&self) -> Paths {
        Paths::new(self.settings.state_dir())
    }

    /// Now, µs since the epoch.
    pub fn now(&self) -> i64 {
        stamp::now()
    }

    /// Opens the store of an installation that exists; where it is closed to writing, as in a copy that was
    /// made for evidence, for reading.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn store(&self) -> Result<Store> {
        self.ensure_there()?;
        if !self.is_remote() && !self.may_write() {
            return self.look().await;
        }
        self.opened().await
    }

    /// Opens the store with everything, as whoever its folder belongs to.
    async fn opened(&self) -> Result<Store> {
        let place = self.store_place();
        Store::open_by(&place, self.stead()).await.context("open the store")
    }

    /// As whom root opens the store.
    pub(crate) fn stead(&self) -> Option<Assume> {
        if self.is_remote() { None } else { stead::of(&self.database()) }
    }

    /// Opens the store to look at it: nothing is written, and no lock is waited for long.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn look(&self) -> Result<Store> {
        self.ensure_there()?;
        if self.is_remote() {
            return self.opened().await;
        }
        let path = self.database();
        let size = |side| fs_err::metadata(restoration::beside(&path, side)).map_or(0, |data| data.len());
        let still = !self.may_write() && size("-wal") == 0;
        if !still && !self.may_write() && size("-shm") == 0 {
            bail!(
                "{} is closed to writing and was copied without its -shm file: make the folder writable, or \
                 copy that file too",
                path.display()
            );
        }
        let place = path.display().to_string();
        Store::open_read_only_by(&place, still, self.stead()).await.context("open the store")
    }

    /// Checks that there is an installation, open to us.
    ///
    /// # Errors
    /// What is in its place, and what to do.
    pub fn ensure_there(&self) -> Result<()> {
        use std::{io::ErrorKind, os::unix::fs::MetadataExt};
        let root = self.paths().root().to_owned();
        let shown = root.display();
        if restoration::is_half_done(&self.paths()) {
            bail!(
                "a restore of {shown} was interrupted: `decnet run` or `decnet restore`, as root, finishes it"
            );
        }
        match fs_err::metadata(self.database()) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let owner = fs_err::metadata(&root).map_or_else(
                    |_| "somebody else".to_owned(),
                    |data| format!("user {}, group {}", data.uid(), data.gid()),
                );
                bail!("{shown} belongs to {owner} and is closed to you: use sudo, or join its group")
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => bail!("{shown} is no folder"),
            Err(_) if !self.is_remote() => bail!(
                "nothing is deployed in {shown}: `decnet deploy` or `decnet demo` begins (--state-dir or \
                 DECNET_STATE_DIR names another folder)"
            ),
            _ => Ok(()),
        }
    }

    /// Whether the database and its folder are open to writing.
    fn may_write(&self) -> bool {
        use nix::unistd::{AccessFlags, access};
        let database = self.database();
        let folder = database.parent().unwrap_or(Path::new("."));
        [&*database, folder].iter().all(|path| access(*path, AccessFlags::W_OK).is_ok())
    }

    /// Whether there is a store.
    pub fn is_installed(&self) -> bool {
        self.is_remote() || self.database().exists()
    }

    /// Opens the store, and makes the installation if there is none.
    ///
    /// # Errors
    /// When the folder cannot be made or the store cannot be opened.
    pub async fn store_or_new(&self) -> Result<Store> {
        let paths = self.paths();
        for folder in
            [paths.root().to_owned(), paths.run(), paths.spools(), paths.event_log(), paths.artefacts()]
        {
            fs_err::create_dir_all(&folder).map_err(|error| closed(error, paths.root()))?;
        }
        self.opened().await
    }

    /// Whether the database is a server's, which may be away for a while.
    pub fn is_remote(&self) -> bool {
        let place = self.store_place();
        place.starts_with("mysql:") || place.starts_with("mariadb:")
    }

    /// The SQLite file; of no meaning where the database is a server's.
    pub fn database(&self) -> PathBuf {
        PathBuf::from(self.store_place().trim_start_matches("sqlite:").trim_start_matches("//"))
    }

    /// Path of the SQLite file, or URL of the database.
    pub(crate) fn store_place(&self) -> String {
        if let Some(url) = self.settings.given(Name::DbUrl) {
            return url.to_owned();
        }
        if self.settings.text(Name::DbType) == "mysql" {
            let text = |name| percent(self.settings.text(name));
            return format!(
                "mysql://{}:{}@{}:{}/{}",
                text(Name::DbUser),
                text(Name::DbPassword),
                self.settings.text(Name::DbHost),
                self.settings.text(Name::DbPort),
                text(Name::DbName)
            );
        }
        self.paths().database().display().to_string()
    }

    /// What the fleet's crate works with.
    pub fn fleet(&self) -> decnet_fleet::Config {
        let count = |name| usize::try_from(self.settings.number(name)).unwrap_or(usize::MAX);
        decnet_fleet::Config {
            paths: self.paths(),
            program: None,
            stage_binary: self.settings.given(Name::StageBinary).map(PathBuf::from),
            sd_id: self.settings.text(Name::SdId).to_owned(),
            limits: Limits {
                connections: count(Name::Connections),
                connections_per_source: count(Name::ConnectionsPerSource),
                spool_bytes: self.settings.number(Name::SpoolBytes),
                ..Limits::default()
            },
        }
    }
}

/// What was asked for is wrong.
fn wrong(flaws: Vec<Flaw>) -> anyhow::Error {
    anyhow::anyhow!(flaw::told(&flaws, ""))
}

/// Says what to do where the state folder is not ours.
fn closed(error: io::Error, root: &Path) -> anyhow::Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{}: run this as root, or name a folder of your own with --state-dir", root.display())
        }
        _ => "make the state folder".to_owned(),
    };
    anyhow::Error::new(error).context(hint)
}

/// What a file says, `-` the standard input; of a longer one `most` bytes.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(std::fs::File::open(path)?) };
    let mut bytes = Vec::new();
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// As [`read`]; a longer one is refused.
fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let bytes = read(path, most.saturating_add(1)).with_context(|| format!("read {}", path.display()))?;
    if most < bytes.len() as u64 {
        bail!("{} has more than {most} bytes", path.display());
    }
    Ok(bytes)
}

/// Writes a file that was not there, which is nobody else's.
fn write_new(path: &Path, content: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| file.write_all(content));
    written.with_context(|| format!("write {}", path.display()))
}

/// A SHA-256 in hex as it is stored; `None`: it is none.
fn sha256(text: &str) -> Option<String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| text.to_ascii_lowercase())
}

/// Characters that a URL gives a meaning, escaped.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
