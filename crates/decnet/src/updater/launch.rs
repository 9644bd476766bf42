//! Which release a program that is started goes on as. The program that was installed by hand or package stays where
//! it is and looks here first; so no unit, link or script has to know of releases, and one that is of no use is never
//! in the way of the one before.

use super::{
    judge,
    own::{RELEASE, build, running},
    slots::Slots,
};
use crate::{output, settings::Settings};
use decnet_model::{paths::Paths, worker::Worker};
use std::{os::unix::process::CommandExt, process::Command};

/// Goes on as the release that is installed, where that is another one. An update that nobody brings to its end, as
/// after a loss of power, is taken up.
pub(crate) fn enter(settings: &Settings, verb: Option<&str>) {
    // What is installed by hand or package is what these install and remove.
    if matches!(verb, Some("init" | "deinit")) {
        return;
    }
    let slots = Slots::new(&Paths::new(settings.state_dir()));
    let running = running();
    let noted = slots.noted();
    if noted.is_some()
        && slots.is_ours()
        && let Err(error) = judge::begin(settings)
    {
        output::note(&format!("warning: an update is not brought to its end: {error:#}"));
    }
    // Another program was installed by hand or package since: that one counts.
    let counts = running.is_some() || slots.base().is_some_and(|base| base == build());
    let wanted = match noted {
        // Whoever installs releases is not one that has yet to prove itself.
        Some(noted) if verb == Some(Worker::Updater.name()) => noted.update.from,
        _ => slots.current(),
    };
    let Some(release) = wanted.filter(|release| counts && running.as_ref() != Some(release)) else { return };
    let Some(program) = slots.program(&release) else {
        output::note(&format!("warning: release {release} is not there, or not ours: this program goes on"));
        return;
    };
    let failed = Command::new(program).args(std::env::args_os().skip(1)).env(RELEASE, &release).exec();
    output::note(&format!("warning: release {release} cannot be started ({failed}): this program goes on"));
}
