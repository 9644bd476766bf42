//! Taking an installation away.

use super::{
    Layout, UNITS, account,
    layout::{COMMANDS, PROGRAMS},
    plan, step,
};
use crate::runner::{self, TARGET};
use anyhow::{Context as _, Result, bail};
use decnet_pipeline::runtime::Claim;
use std::path::{Path, PathBuf};

/// A step of taking away.
#[derive(Clone, Debug)]
pub enum Removal {
    /// The units end, or the supervisor does.
    Stop,
    /// A file or link goes.
    File(PathBuf),
    /// A folder goes if nothing is in it.
    Empty(PathBuf),
    /// The settings go, with whatever is beside them.
    Settings(PathBuf),
    /// Everything that was recorded goes.
    State(PathBuf),
    /// Releases that root has installed go, and whose are believed.
    Releases(PathBuf),
    /// systemd forgets the units.
    Reload,
    /// The user goes.
    User,
    /// The group goes.
    Group,
    /// The name of the group of service processes goes.
    Services,
}

/// What there is to take away; `purge`: settings, state and accounts, too.
pub fn removals(layout: &Layout, purge: bool) -> Vec<Removal> {
    let place = layout.at(UNITS);
    let link = place.join("multi-user.target.wants").join(TARGET);
    let mut found = vec![Removal::Stop, Removal::File(link)];
    found.extend(plan::installed(&place).into_iter().map(Removal::File));
    found.extend(plan::rules(layout).map(|(path, _)| Removal::File(path)));
    found.push(Removal::Reload);
    if layout.copies() || layout.copied {
        let programs = layout.at(layout.folder.join("bin"));
        let command = layout.at(COMMANDS).join("decnet");
        if std::fs::read_link(&command).is_ok_and(|to| to == layout.folder.join("bin/decnet")) {
            found.push(Removal::File(command));
        }
        found.extend(PROGRAMS.map(|name| Removal::File(programs.join(name))));
        found.extend([programs, layout.at(&layout.folder)].map(Removal::Empty));
    }
    if purge {
        found.push(Removal::Settings(layout.at("/etc/decnet")));
        found.push(Removal::State(layout.at(&layout.state)));
        found.push(Removal::Releases(layout.paths().releases_of_root()));
        found.extend([Removal::User, Removal::Group, Removal::Services]);
    }
    found
}

impl Removal {
    /// What it is about, for a line.
    pub fn subject(&self, layout: &Layout) -> String {
        match self {
            Removal::Stop => "the workers end".to_owned(),
            Removal::File(path) => format!("file {}", path.display()),
            Removal::Empty(path) => format!("folder {}", path.display()),
            Removal::Settings(path) => format!("settings in {}", path.display()),
            Removal::State(path) => format!("everything recorded in {}", path.display()),
            Removal::Releases(path) => format!("releases in {}", path.display()),
            Removal::Reload => "systemd forgets the units".to_owned(),
            Removal::User => format!("user {}", layout.user),
            Removal::Group => format!("group {}", layout.group),
            Removal::Services => format!("group {} of service processes", account::SERVICES),
        }
    }

    /// Why there is nothing to do; `None`: there is.
    pub fn is_done(&self, layout: &Layout) -> Option<String> {
        let gone =
            |path: &Path| std::fs::symlink_metadata(path).is_err().then(|| "it is not there".to_owned());
        match self {
            Removal::Stop if layout.prefix.is_some() => Some("nothing runs below a prefix".to_owned()),
            Removal::Stop => {
                let runs = runner::of(&layout.paths()) != runner::Runner::Nobody;
                (!runs).then(|| "none runs".to_owned())
            }
            Removal::File(path)
            | Removal::Settings(path)
            | Removal::State(path)
            | Removal::Releases(path) => gone(path),
            Removal::Empty(path) => gone(path).or_else(|| {
                let full = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
                full.then(|| "other things are in it".to_owned())
            }),
            Removal::Reload => (!layout.is_live()).then(|| "systemd does not run here".to_owned()),
            Removal::User => {
                account::user(layout, &layout.user).is_none().then(|| "it is not there".to_owned())
            }
            Removal::Group => {
                account::group(layout, &layout.group).is_none().then(|| "it is not there".to_owned())
            }
            Removal::Services => {
                account::group(layout, account::SERVICES).is_none().then(|| "it is not there".to_owned())
            }
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// What stays, and why.
    pub fn apply(&self, layout: &Layout) -> Result<()> {
        match self {
            Removal::Stop => runner::stop_all(&layout.paths()).map(drop),
            Removal::File(path) => fs_err::remove_file(path).context("remove the file"),
            Removal::Empty(path) => fs_err::remove_dir(path).context("remove the folder"),
            Removal::Settings(path) => fs_err::remove_dir_all(path).context("remove the settings"),
            Removal::State(path) => state(layout, path),
            Removal::Releases(path) => fs_err::remove_dir_all(path).context("remove the releases"),
            Removal::Reload => runner::systemctl(&["daemon-reload"]),
            Removal::User => step::run(account::remove(layout, "userdel", &layout.user)),
            // userdel takes a group of the same name along where nobody else is in it.
            Removal::Group => step::run(account::remove(layout, "groupdel", &layout.group)),
            Removal::Services => step::run(account::remove(layout, "groupdel", account::SERVICES)),
        }
    }
}

/// Removes the state folder, if it is one and nobody works there.
fn state(layout: &Layout, path: &Path) -> Result<()> {
    let paths = layout.paths();
    let ours = [paths.install_secret(), paths.database(), paths.state_lock(), paths.event_log()];
    let empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if !empty && !ours.iter().any(|path| path.exists()) {
        bail!("{} has nothing in it that is ours; it stays", path.display());
    }
    let _whole = Claim::whole(&paths)?;
    fs_err::remove_dir_all(path).context("remove the state folder")
}
