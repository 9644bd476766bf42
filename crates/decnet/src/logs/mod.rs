//! What the program says about itself: text on a terminal, RFC 5424 or JSON in a file.

mod file;
mod syslog;

pub use file::open;

use crate::{
    level::Levels,
    settings::{Name, Settings},
};
use decnet_model::paths::Paths;
use decnet_pipeline::runtime::get;
use file::LogFile;
use std::{path::PathBuf, sync::OnceLock, time::Duration};
use syslog::Rfc5424;
use tracing_subscriber::{
    Registry, filter::Targets, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

/// How often it is looked whether an operator wants to be told more or less.
const LOOK: Duration = Duration::from_secs(1);

/// The filter of this process, to be changed while it runs.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Whether the operator has not said how much is to be logged.
pub fn is_usual(settings: &Settings) -> bool {
    settings.origin(Name::LogLevel) == crate::settings::Origin::Default
}

/// Starts logging as configured; `quiet`: less than that.
pub fn start(settings: &Settings, quiet: bool) {
    let levels = if quiet { Levels::quiet() } else { configured(settings) };
    let json = settings.text(Name::LogFormat) == "json";
    match settings.given(Name::SystemLogs).map(PathBuf::from) {
        Some(path) => {
            // Files of the operator's are rotated by his own tools.
            let own = path == Paths::new(settings.state_dir()).messages();
            into_file(&levels, json, LogFile::new(path, own));
        }
        None => to_terminal(&levels, json),
    }
}

/// The levels of the settings; they were checked when they were read.
fn configured(settings: &Settings) -> Levels {
    settings.text(Name::LogLevel).parse().unwrap_or_default()
}

/// Has this process say as much as `decnet log level` last said, or the settings, for as long as it runs.
pub async fn follow(settings: Settings) {
    let path = Paths::new(settings.state_dir()).log_levels();
    let read = || String::from_utf8(get(&path).ok()?).ok();
    let mut last = None;
    loop {
        let wanted = read();
        if wanted != last {
            let levels = wanted.as_ref().and_then(|text| text.trim().parse().ok());
            change(&levels.unwrap_or_else(|| configured(&settings)));
            last = wanted;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn change(levels: &Levels) {
    let Some(handle) = FILTER.get() else { return };
    match handle.reload(levels.targets()) {
        Ok(()) => tracing::info!(%levels, "how much is said was changed"),
        Err(error) => tracing::warn!(%error, "how much is said could not be changed"),
    }
}

/// Starts logging in a process that has no settings: text, at the usual level.
pub fn start_plain() {
    to_terminal(&Levels::default(), false);
}

fn to_terminal(levels: &Levels, json: bool) {
    let registry = tracing_subscriber::registry().with(filter(levels));
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).init();
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).init();
    }
}

fn into_file(levels: &Levels, json: bool, file: LogFile) {
    let registry = tracing_subscriber::registry().with(filter(levels));
    if json {
        registry.with(fmt::layer().json().with_writer(file)).init();
    } else {
        let layer = fmt::layer().with_ansi(false).event_format(Rfc5424::new()).with_writer(file);
        registry.with(layer).init();
    }
}

/// The filter; a process has one.
fn filter(levels: &Levels) -> reload::Layer<Targets, Registry> {
    let (layer, handle) = reload::Layer::new(levels.targets());
    // A second one is a test's.
    let _ = FILTER.set(handle);
    layer
}
