//! The steps of an installation, in their order.

use super::{
    Layout, MARK, Owner, Step, Target, UNITS,
    layout::{COMMANDS, PROGRAMS},
    render,
};
use crate::{
    runner::{self, TARGET},
    settings::example,
};
use std::path::{Path, PathBuf};

/// Every step; `start`: the units are started at the end.
pub fn steps(layout: &Layout, start: bool) -> Vec<Step> {
    let mut steps = vec![Step::Group, Step::Services, Step::User];
    let folder = |path: PathBuf, mode, owner| Step::Folder(path, mode, owner);
    steps.push(folder(layout.at("/etc/decnet"), 0o750, Owner::RootAndGroup));
    steps.push(folder(layout.at(&layout.state), 0o750, Owner::User));
    steps.push(folder(layout.paths().releases_of_root(), 0o755, Owner::Root));
    if layout.copies() {
        let programs = layout.at(layout.programs());
        steps.push(folder(programs.clone(), 0o755, Owner::Root));
        steps.push(folder(layout.at(COMMANDS), 0o755, Owner::Root));
        steps.extend(
            PROGRAMS.map(|name| Step::Program { from: layout.source.join(name), to: programs.join(name) }),
        );
        let path = layout.at(COMMANDS).join("decnet");
        steps.push(Step::Link { path, to: layout.programs().join("decnet") });
    }
    steps.push(Step::File {
        path: layout.host_ini(),
        text: example(&layout.settings()),
        mode: 0o640,
        owner: Owner::RootAndGroup,
        keep: true,
    });
    steps.push(Step::Secrets);
    steps.extend(units(layout));
    for (path, text) in rules(layout) {
        steps.push(folder(parent(&path), 0o755, Owner::Root));
        steps.push(rendered(path, text));
    }
    steps.extend([Target::Reload, Target::Folders].map(Step::System));
    if start {
        steps.push(Step::System(Target::Start));
    }
    steps
}

/// The units, the target that wants them, and the link by which a boot wants it.
fn units(layout: &Layout) -> Vec<Step> {
    let place = layout.at(UNITS);
    let wants = place.join("multi-user.target.wants");
    let mut steps = vec![Step::Folder(place.clone(), 0o755, Owner::Root)];
    let of_workers =
        layout.workers().into_iter().map(|worker| (runner::unit(worker), render::unit(worker, layout)));
    let texts: Vec<_> = of_workers.chain([(TARGET.to_owned(), render::target(layout))]).collect();
    let stale = installed(&place).into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default();
        !texts.iter().any(|(known, _)| name == known.as_str())
    });
    steps.extend(stale.map(Step::Stale));
    steps.extend(texts.into_iter().map(|(name, text)| rendered(place.join(name), text)));
    steps.push(Step::Folder(wants.clone(), 0o755, Owner::Root));
    steps.push(Step::Link { path: wants.join(TARGET), to: Path::new("..").join(TARGET) });
    steps
}

/// Files beside the units, and their texts.
pub(super) fn rules(layout: &Layout) -> [(PathBuf, String); 2] {
    [
        (layout.at("/etc/polkit-1/rules.d/50-decnet.rules"), render::polkit(layout)),
        (layout.at("/etc/tmpfiles.d/decnet.conf"), render::tmpfiles(layout)),
    ]
}

/// Units of ours that are installed, and the target.
pub(super) fn installed(place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_ours(path)).collect();
    found.sort();
    found
}

/// Whether a unit is named as ours and says that we made it.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let named = name == TARGET || (name.starts_with("decnet-") && name.ends_with(".service"));
    named && std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(&format!("# {MARK}")))
}

fn rendered(path: PathBuf, text: String) -> Step {
    Step::File { path, text, mode: 0o644, owner: Owner::Root, keep: false }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}
