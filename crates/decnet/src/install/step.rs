//! A step of an installation: what it does, whether it is done, and what undoes it.

use super::{Account, Layout, account};
use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Uid, chown, geteuid};
use std::{
    fs, io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

/// Whose a file or folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Root's.
    Root,
    /// Root's, and the group may read it.
    RootAndGroup,
    /// The processes'.
    User,
}

/// What systemd is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Read the units again.
    Reload,
    /// Make what tmpfiles say.
    Folders,
    /// Start all units.
    Start,
}

/// A step.
#[derive(Clone, Debug)]
pub enum Step {
    /// The group is there.
    Group,
    /// The group of service processes, whose spools the collector reads, has a name: systemd takes no bare number.
    Services,
    /// The user is there.
    User,
    /// A folder is there, with this mode.
    Folder(PathBuf, u32, Owner),
    /// A file has this text.
    File {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// Its mode.
        mode: u32,
        /// Whose it is.
        owner: Owner,
        /// Whether one that is there already stays as it is.
        keep: bool,
    },
    /// A program is a copy of another file.
    Program {
        /// Where it is.
        from: PathBuf,
        /// Where it is to be.
        to: PathBuf,
    },
    /// A link leads somewhere.
    Link {
        /// The link.
        path: PathBuf,
        /// What it says.
        to: PathBuf,
    },
    /// A unit of an earlier installation is gone.
    Stale(PathBuf),
    /// The install secret, the store and the first operator are there; made by the caller.
    Secrets,
    /// systemd did something.
    System(Target),
}

/// What a step made, to be undone.
#[derive(Debug)]
pub enum Made {
    /// Nothing that could be undone.
    Nothing,
    /// A group.
    Group,
    /// The group of service processes.
    Services,
    /// A user.
    User,
    /// Folders, the outermost first.
    Folders(Vec<PathBuf>),
    /// A folder had another mode and owner.
    Mode(PathBuf, u32, Account),
    /// A file was not there, or was another.
    File(PathBuf, Option<(Vec<u8>, u32)>),
    /// A link was not there, or led elsewhere.
    Link(PathBuf, Option<PathBuf>),
    /// What is in the state folder and was not.
    State(Vec<PathBuf>),
    /// Units were started.
    Started,
}

impl Step {
    /// What it is about, for a line.
    pub fn subject(&self, layout: &Layout) -> String {
        match self {
            Step::Group => format!("group {}", layout.group),
            Step::Services => format!("group {} of service processes", account::SERVICES),
            Step::User => format!("user {}", layout.user),
            Step::Folder(path, mode, _) => format!("folder {} ({mode:04o})", path.display()),
            Step::File { path, .. } => format!("file {}", path.display()),
            Step::Program { to, .. } => format!("program {}", to.display()),
            Step::Link { path, .. } => format!("link {}", path.display()),
            Step::Stale(path) => format!("unit {} of an earlier installation goes", path.display()),
            Step::Secrets => format!("secrets and store in {}", layout.paths().root().display()),
            Step::System(Target::Reload) => "systemd reads its units".to_owned(),
            Step::System(Target::Folders) => "systemd makes the run folder".to_owned(),
            Step::System(Target::Start) => "systemd starts decnet.target".to_owned(),
        }
    }

    /// Why there is nothing to do; `None`: there is.
    pub fn is_done(&self, layout: &Layout, force: bool) -> Option<String> {
        let there = |is: bool| is.then(|| "it is there".to_owned());
        match self {
            Step::Group | Step::Services | Step::User if !account::has_accounts(layout) => {
                Some("there are no accounts below the prefix".to_owned())
            }
            Step::Group => there(account::group(layout, &layout.group).is_some()),
            Step::Services => there(account::has_services(layout)),
            Step::User => there(account::user(layout, &layout.user).is_some()),
            Step::Folder(path, mode, owner) => there(is_folder(path, *mode, *owner, layout)),
            Step::File { path, keep: true, .. } if path.is_file() => Some("it is kept as it is".to_owned()),
            Step::File { path, text, mode, owner, .. } => {
                let same = fs::read(path).is_ok_and(|old| old == text.as_bytes());
                let is = same && fits(path, *mode, *owner, layout);
                (is && !force).then(|| "it says so already".to_owned())
            }
            Step::Program { from, to } => (!force && is_same(from, to)).then(|| "it is the same".to_owned()),
            Step::Link { path, to } => there(fs::read_link(path).is_ok_and(|found| found == *to)),
            Step::Stale(path) => (!path.exists()).then(|| "it is gone".to_owned()),
            Step::Secrets => {
                let paths = layout.paths();
                there(paths.install_secret().exists() && paths.database().exists())
            }
            Step::System(_) if layout.prefix.is_some() => Some("nothing runs below a prefix".to_owned()),
            Step::System(_) if !layout.is_live() => Some("systemd does not run here".to_owned()),
            Step::System(Target::Start) => there(is_active()),
            Step::System(_) => None,
        }
    }

    /// Does it. The secrets are the caller's to make.
    ///
    /// # Errors
    /// Whatever stands in the way; nothing of this step is left then but what an undo takes away.
    pub fn apply(&self, layout: &Layout) -> Result<Made> {
        match self {
            Step::Group => run(account::make_group(layout)).map(|()| Made::Group),
            Step::Services => run(account::make_services(layout)).map(|()| Made::Services),
            Step::User => run(account::make_user(layout)).map(|()| Made::User),
            Step::Folder(path, mode, owner) => folder(path, *mode, *owner, layout),
            Step::File { path, text, mode, owner, .. } => {
                let old = before(path);
                write(path, text.as_bytes(), *mode)?;
                own(path, *owner, layout)?;
                Ok(Made::File(path.clone(), old))
            }
            Step::Program { from, to } => {
                let old = before(to);
                let bytes = fs_err::read(from).context("read the program")?;
                write(to, &bytes, 0o755)?;
                own(to, Owner::Root, layout)?;
                Ok(Made::File(to.clone(), old))
            }
            Step::Link { path, to } => {
                let old = fs::read_link(path).ok();
                if old.is_none() && path.exists() {
                    bail!("{} is there and no link; move it away", path.display());
                }
                let fresh = path.with_extension("decnet-new");
                // One that an attempt left is nobody's.
                let _ = fs::remove_file(&fresh);
                symlink(to, &fresh).with_context(|| format!("make the link {}", path.display()))?;
                let placed = fs_err::rename(&fresh, path).inspect_err(|_| drop(fs::remove_file(&fresh)));
                placed.context("put the link in its place")?;
                Ok(Made::Link(path.clone(), old))
            }
            Step::Stale(path) => {
                let old = before(path);
                fs_err::remove_file(path).context("remove the unit")?;
                Ok(Made::File(path.clone(), old))
            }
            Step::Secrets => Ok(Made::Nothing),
            Step::System(target) => target.ask(),
        }
    }
}

impl Target {
    fn ask(self) -> Result<Made> {
        match self {
            Target::Reload => crate::runner::systemctl(&["daemon-reload"]).map(|()| Made::Nothing),
            Target::Folders => {
                let mut command = Command::new("systemd-tmpfiles");
                command.args(["--create", "/etc/tmpfiles.d/decnet.conf"]);
                run(command).map(|()| Made::Nothing)
            }
            Target::Start => {
                crate::runner::systemctl(&["start", crate::runner::TARGET]).map(|()| Made::Started)
            }
        }
    }
}

impl Made {
    /// Takes it back. Returns what was taken back, where there was something.
    ///
    /// # Errors
    /// What stays, and why.
    pub fn undo(self, layout: &Layout) -> Result<Option<String>> {
        let told = |what: &str, path: &Path| Ok(Some(format!("{what} {}", path.display())));
        match self {
            Made::Nothing => Ok(None),
            Made::Group => run(account::remove(layout, "groupdel", &layout.group))
                .map(|()| Some(format!("group {}", layout.group))),
            Made::Services => run(account::remove(layout, "groupdel", account::SERVICES))
                .map(|()| Some(format!("group {}", account::SERVICES))),
            Made::User => run(account::remove(layout, "userdel", &layout.user))
                .map(|()| Some(format!("user {}", layout.user))),
            Made::Folders(made) => {
                for path in made.iter().rev() {
                    fs_err::remove_dir(path).context("remove the folder")?;
                }
                made.first().map_or(Ok(None), |path| told("folder", path))
            }
            Made::Mode(path, mode, account) => {
                chmod(&path, mode)?;
                give(&path, account)?;
                told("mode of", &path)
            }
            Made::File(path, None) => {
                fs_err::remove_file(&path).context("remove the file")?;
                told("file", &path)
            }
            Made::File(path, Some((bytes, mode))) => {
                write(&path, &bytes, mode)?;
                told("file", &path)
            }
            Made::Link(path, old) => {
                fs_err::remove_file(&path).context("remove the link")?;
                if let Some(to) = old {
                    symlink(to, &path).context("put the link back")?;
                }
                told("link", &path)
            }
            Made::State(added) => {
                for path in &added {
                    let gone =
                        if path.is_dir() { fs_err::remove_dir_all(path) } else { fs_err::remove_file(path) };
                    gone.context("empty the state folder")?;
                }
                Ok((!added.is_empty()).then(|| "secrets and store".to_owned()))
            }
            Made::Started => crate::runner::systemctl(&["stop", crate::runner::TARGET])
                .map(|()| Some("decnet.target".to_owned())),
        }
    }
}

/// Runs a command.
///
/// # Errors
/// What it says.
pub(super) fn run(mut command: Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("run {name}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    bail!("{name}: {}", if said.is_empty() { output.status.to_string() } else { said })
}

/// A file as it is.
fn before(path: &Path) -> Option<(Vec<u8>, u32)> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    Some((fs::read(path).ok()?, mode))
}

/// Writes a file so that it is never there by half.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".decnet-new");
    let fresh = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    // One that an attempt left is nobody's.
    let _ = fs::remove_file(&fresh);
    let mut file =
        options.write(true).create_new(true).mode(mode).open(&fresh).with_context(|| attempt(path))?;
    let written = io::Write::write_all(&mut file, bytes).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&fresh, path));
    placed.inspect_err(|_| drop(fs::remove_file(&fresh))).with_context(|| attempt(path))?;
    // The mask of this process may have taken bits away.
    chmod(path, mode)
}

fn attempt(path: &Path) -> String {
    format!("write {}", path.display())
}

fn chmod(path: &Path, mode: u32) -> Result<()> {
    fs_err::set_permissions(path, fs::Permissions::from_mode(mode)).context("set the mode")
}

/// Makes a folder and those above it, or gives it its mode and owner.
fn folder(path: &Path, mode: u32, owner: Owner, layout: &Layout) -> Result<Made> {
    if path.is_dir() {
        let data = fs_err::metadata(path).context("look at the folder")?;
        chmod(path, mode)?;
        own(path, owner, layout)?;
        let account = Account { uid: data.uid(), gid: data.gid() };
        return Ok(Made::Mode(path.to_owned(), data.permissions().mode() & 0o7777, account));
    }
    let missing: Vec<_> = path.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        fs_err::create_dir(&folder).context("make the folder")?;
        chmod(&folder, 0o755)?;
        made.push(folder);
    }
    chmod(path, mode)?;
    own(path, owner, layout)?;
    Ok(Made::Folders(made))
}

fn is_folder(path: &Path, mode: u32, owner: Owner, layout: &Layout) -> bool {
    path.is_dir() && fits(path, mode, owner, layout)
}

/// Whether mode and owner are as wanted. Who is not root cannot give anything away and is not asked to.
fn fits(path: &Path, mode: u32, owner: Owner, layout: &Layout) -> bool {
    let Ok(data) = fs::metadata(path) else { return false };
    let wanted = wanted(owner, layout);
    let owned = wanted.is_none_or(|account| (data.uid(), data.gid()) == (account.uid, account.gid));
    data.permissions().mode() & 0o7777 == mode && owned
}

fn wanted(owner: Owner, layout: &Layout) -> Option<Account> {
    let account = Account::of(layout);
    let root = Account { uid: 0, gid: 0 };
    let wanted = match owner {
        Owner::Root => Some(root),
        Owner::RootAndGroup => account.map(|account| Account { gid: account.gid, ..root }),
        Owner::User => account,
    };
    wanted.filter(|_| geteuid().is_root())
}

fn own(path: &Path, owner: Owner, layout: &Layout) -> Result<()> {
    wanted(owner, layout).map_or(Ok(()), |account| give(path, account))
}

fn give(path: &Path, account: Account) -> Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    chown(path, Some(user), Some(group)).with_context(|| format!("give {} to its owner", path.display()))
}

/// Whether two files have the same bytes.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|data| data.len()).ok();
    length(one).is_some() && length(one) == length(other) && fs::read(one).ok() == fs::read(other).ok()
}

fn is_active() -> bool {
    let asked = Command::new("systemctl").args(["is-active", "--quiet", crate::runner::TARGET]).status();
    asked.is_ok_and(|status| status.success())
}
