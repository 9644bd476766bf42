//! The operator's commands, one file each.

pub mod artifacts;
pub mod attackers;
pub mod audit;
pub mod conditions;
pub mod config;
pub mod correlate;
pub mod creds;
pub mod demo;
pub mod deploy;
pub mod drill;
pub mod events;
pub mod inventory;
pub mod lab;
pub mod persona;
pub mod run;
pub mod sessions;
pub mod site;
pub mod status;
pub mod teardown;

use crate::settings::{Name, Settings};
use anyhow::{Context as _, Result, bail};
use decnet_model::paths::Paths;
use decnet_store::Store;
use netsvc_persona::stage::Limits;
use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
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
        now()
    }

    /// Opens the store of an installation that exists.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn store(&self) -> Result<Store> {
        let place = self.store_place();
        if self.settings.text(Name::DbType) == "sqlite" && !self.paths().database().exists() {
            bail!(
                "nothing is deployed in {}: `decnet deploy` or `decnet demo` begins (--state-dir or DECNET_STATE_DIR \
                 names another folder)",
                self.paths().root().display()
            );
        }
        Store::open(&place).await.context("open the store")
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
            fs_err::create_dir_all(&folder).context("make the state folder")?;
        }
        Store::open(&self.store_place()).await.context("open the store")
    }

    fn store_place(&self) -> String {
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

/// Now, µs since the epoch.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Characters that a URL gives a meaning, escaped.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
