//! `init` and `deinit`: making this host run DECNET for good, and taking that back.

use super::{Context, status::Unwell};
use crate::{
    api, house,
    install::{self, Asked, Layout, Made, Refused, Step, Target},
    output,
    settings::{Layer, Name, Origin, Settings},
};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use decnet_engine::confine::User;
use decnet_model::worker::Duty;
use nix::unistd::geteuid;
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

/// Make this host run DECNET: accounts, folders, settings, secrets, units
///
/// Every step is told. One that fails has all before it undone; a second run changes nothing. Units are made of the
/// worker list, each with the rights of its worker. The password of the first operator is shown once.
#[derive(Args, Debug)]
pub struct Init {
    /// Say what would be done, and do nothing; needs no rights
    #[arg(long)]
    dry_run: bool,
    /// Do not start the units; `systemctl start decnet.target` does, and every boot
    #[arg(long)]
    no_start: bool,
    /// Write files and programs anew that are as they should be
    #[arg(long)]
    force: bool,
    /// Look whether everything is as init makes it, and change nothing
    #[arg(long, conflicts_with_all = ["dry_run", "deinit", "force"])]
    verify: bool,
    /// Take away what init made: `decnet deinit`
    #[arg(long, conflicts_with_all = ["no_start", "force"])]
    deinit: bool,
    /// With --deinit: settings, everything recorded, user and group go, too
    #[arg(long, requires = "deinit")]
    purge: bool,
    /// What the host is there for
    #[arg(long, value_enum, default_value_t = DutyName::Master)]
    duty: DutyName,
    #[command(flatten)]
    place: Place,
}

/// Take away what `decnet init` made; what was recorded stays
#[derive(Args, Debug)]
pub struct Deinit {
    /// Say what would be done, and do nothing; needs no rights
    #[arg(long)]
    dry_run: bool,
    /// Settings, everything recorded, user and group go, too
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    place: Place,
}

/// Whose and where.
#[derive(Args, Debug)]
struct Place {
    /// User of the workers
    #[arg(long, default_value = "decnet")]
    user: String,
    /// Group of the workers, and of who may use them
    #[arg(long, default_value = "decnet")]
    group: String,
    /// Folder that the programs are copied to; without it /opt/decnet, and programs of a package stay where they are
    #[arg(long, value_name = "FOLDER")]
    install_dir: Option<PathBuf>,
    /// Folder that stands for /: everything is written below it, and nothing of this host is touched
    #[arg(long, value_name = "FOLDER")]
    prefix: Option<PathBuf>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// What a host is there for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DutyName {
    /// It keeps what is recorded and answers operators
    Master,
    /// It carries deckies for a master
    Agent,
    /// Both
    Both,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    Skip,
    Fail,
    Would,
    Undone,
}

/// A step that was told of.
#[derive(Debug, Serialize)]
struct Line {
    outcome: Outcome,
    subject: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Told {
    json: bool,
    lines: Vec<Line>,
    password: Option<String>,
}

impl Told {
    fn step(&mut self, outcome: Outcome, subject: String, detail: impl Into<String>) {
        let line = Line { outcome, subject, detail: detail.into() };
        if !self.json {
            let word = match outcome {
                Outcome::Ok => "[ OK ]",
                Outcome::Skip => "[SKIP]",
                Outcome::Fail => "[FAIL]",
                Outcome::Would => "[ .. ]",
                Outcome::Undone => "[UNDO]",
            };
            let detail = if line.detail.is_empty() { String::new() } else { format!(" ({})", line.detail) };
            output::line(&format!("{word} {}{detail}", line.subject));
        }
        self.lines.push(line);
    }

    fn end(self) -> Result<()> {
        let good = self.lines.iter().all(|line| line.outcome != Outcome::Fail);
        if self.json {
            output::json(&json!({ "ok": good, "steps": self.lines, "password": self.password }));
        } else if let Some(password) = &self.password {
            output::note(&format!("operator admin was made; the password, shown only now: {password}"));
        }
        if good { Ok(()) } else { Err(Unwell.into()) }
    }
}

impl Init {
    /// Runs the command.
    ///
    /// # Errors
    /// When it cannot be done so, or [`Unwell`] when a step failed, which was told.
    pub async fn run(self, flags: Layer, settings: &Settings) -> Result<()> {
        if self.deinit {
            return Deinit { dry_run: self.dry_run, purge: self.purge, place: self.place }.run(settings);
        }
        let duty = match self.duty {
            DutyName::Master => Duty::Master,
            DutyName::Agent => Duty::Agent,
            DutyName::Both => Duty::Both,
        };
        let json = self.place.json;
        let layout = self.place.layout(duty, settings)?;
        let steps = install::steps(&layout, !self.no_start);
        let mut told = Told { json, ..Told::default() };
        if self.verify {
            verify(&layout, steps, &mut told);
            return told.end();
        }
        may(&layout, self.dry_run)?;
        if self.dry_run {
            for step in steps {
                let (subject, done) = (step.subject(&layout), step.is_done(&layout, self.force));
                told.step(
                    done.as_ref().map_or(Outcome::Would, |_| Outcome::Skip),
                    subject,
                    done.unwrap_or_default(),
                );
            }
            return told.end();
        }
        install(&layout, steps, self.force, flags, &mut told).await;
        told.end()
    }
}

impl Place {
    fn layout(self, duty: Duty, settings: &Settings) -> Result<Layout> {
        let Place { user, group, install_dir: folder, prefix, .. } = self;
        Ok(Layout::new(Asked { prefix, user, group, folder, duty }, settings)?)
    }
}

fn may(layout: &Layout, dry: bool) -> Result<()> {
    if layout.prefix.is_none() && !dry && !geteuid().is_root() {
        return Err(Refused::NotRoot.into());
    }
    Ok(())
}

/// Does every step, or undoes what was done.
async fn install(layout: &Layout, steps: Vec<Step>, force: bool, flags: Layer, told: &mut Told) {
    let mut done: Vec<Made> = Vec::new();
    let (mut failed, mut changed) = (false, false);
    for step in steps {
        let subject = step.subject(layout);
        let idle = matches!(step, Step::System(Target::Reload | Target::Folders)) && !changed;
        let reason = step.is_done(layout, force).or_else(|| idle.then(|| "nothing was changed".to_owned()));
        if let Some(reason) = reason {
            told.step(Outcome::Skip, subject, reason);
            continue;
        }
        let made = match step {
            Step::Secrets => secrets(layout, &flags, told).await,
            _ => step.apply(layout),
        };
        match made {
            Ok(made) => {
                changed = true;
                done.push(made);
                told.step(Outcome::Ok, subject, "");
            }
            Err(error) => {
                told.step(Outcome::Fail, subject, format!("{error:#}"));
                failed = true;
                break;
            }
        }
    }
    if failed {
        undo(layout, done, told);
    }
}

/// Takes back what was done, the last first.
fn undo(layout: &Layout, done: Vec<Made>, told: &mut Told) {
    told.password = None;
    for made in done.into_iter().rev() {
        match made.undo(layout) {
            Ok(None) => {}
            Ok(Some(what)) => told.step(Outcome::Undone, what, ""),
            Err(error) => told.step(Outcome::Fail, "undoing".to_owned(), format!("{error:#}")),
        }
    }
}

/// Makes the install secret, the store and the first operator, and gives them to who works with them.
async fn secrets(layout: &Layout, flags: &Layer, told: &mut Told) -> Result<Made> {
    let mut flags = flags.clone();
    let state = layout.paths().root().display().to_string();
    flags.push((Name::StateDir.knob().variable.to_owned(), state, Origin::Flag("state-dir")));
    let settings = Settings::load(flags)
        .map_err(|bad| anyhow::anyhow!(bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let context = Context::new(settings);
    let paths = layout.paths();
    let before = entries(layout);
    let made = async {
        decnet_fleet::secret::secret(&paths).context("make the install secret")?;
        let store = context.store_or_new().await?;
        let password = api::new_operator(&context, &store).await;
        store.close().await;
        let account = install::Account::of(layout).filter(|_| geteuid().is_root());
        let user = account.map(|account| User { uid: account.uid, gid: account.gid });
        house::hand_over(&paths, user)?;
        password
    };
    let made: Result<Option<String>> = made.await;
    let added: Vec<PathBuf> = entries(layout).into_iter().filter(|path| !before.contains(path)).collect();
    match made {
        Ok(password) => {
            told.password = password;
            Ok(Made::State(added))
        }
        Err(error) => {
            // What is half done is nobody's.
            Made::State(added).undo(layout)?;
            Err(error)
        }
    }
}

/// What is in the state folder.
fn entries(layout: &Layout) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(layout.paths().root()).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Says of each step whether it is done.
fn verify(layout: &Layout, steps: Vec<Step>, told: &mut Told) {
    for step in steps {
        let subject = step.subject(layout);
        let (outcome, detail) = match (&step, step.is_done(layout, false)) {
            // What can only be done, and not looked at.
            (Step::System(Target::Reload | Target::Folders), _) => continue,
            (Step::System(_), Some(reason)) if !layout.is_live() => (Outcome::Skip, reason),
            (_, Some(_)) => (Outcome::Ok, String::new()),
            (_, None) => (Outcome::Fail, "it is not as `decnet init` makes it".to_owned()),
        };
        told.step(outcome, subject, detail);
    }
}

impl Deinit {
    /// Runs the command.
    ///
    /// # Errors
    /// When it cannot be done so, or [`Unwell`] when a step failed, which was told.
    pub fn run(self, settings: &Settings) -> Result<()> {
        let json = self.place.json;
        let layout = self.place.layout(Duty::Both, settings)?;
        may(&layout, self.dry_run)?;
        let mut told = Told { json, ..Told::default() };
        for removal in install::removals(&layout, self.purge) {
            let subject = removal.subject(&layout);
            if let Some(reason) = removal.is_done(&layout) {
                told.step(Outcome::Skip, subject, reason);
                continue;
            }
            if self.dry_run {
                told.step(Outcome::Would, subject, "");
                continue;
            }
            // What stays does not keep the rest.
            match removal.apply(&layout) {
                Ok(()) => told.step(Outcome::Ok, subject, ""),
                Err(error) => told.step(Outcome::Fail, subject, format!("{error:#}")),
            }
        }
        told.end()
    }
}
