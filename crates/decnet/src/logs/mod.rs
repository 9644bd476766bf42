//! What the program says about itself: text on a terminal, RFC 5424 or JSON in a file.

mod file;
mod syslog;

pub use file::open;

use crate::settings::{Name, Settings};
use decnet_model::paths::Paths;
use file::LogFile;
use std::path::PathBuf;
use syslog::Rfc5424;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging as configured; `quiet`: less than usual, unless the operator says how much.
pub fn start(settings: &Settings, quiet: bool) {
    let usual = settings.origin(Name::LogLevel) == crate::settings::Origin::Default;
    let level = if quiet && usual { "error" } else { settings.text(Name::LogLevel) };
    let json = settings.text(Name::LogFormat) == "json";
    match settings.given(Name::SystemLogs).map(PathBuf::from) {
        Some(path) => {
            // Files of the operator's are rotated by his own tools.
            let own = path == Paths::new(settings.state_dir()).messages();
            into_file(level, json, LogFile::new(path, own));
        }
        None => to_terminal(level, json),
    }
}

/// Starts logging in a process that has no settings: text, at the usual level.
pub fn start_plain() {
    to_terminal(Name::LogLevel.knob().default, false);
}

fn to_terminal(level: &str, json: bool) {
    let registry = tracing_subscriber::registry().with(filter(level));
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).init();
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).init();
    }
}

fn into_file(level: &str, json: bool, file: LogFile) {
    let registry = tracing_subscriber::registry().with(filter(level));
    if json {
        registry.with(fmt::layer().json().with_writer(file)).init();
    } else {
        let layer = fmt::layer().with_ansi(false).event_format(Rfc5424::new()).with_writer(file);
        registry.with(layer).init();
    }
}

/// Our own crates at the level asked for; of libraries only what went wrong.
fn filter(level: &str) -> EnvFilter {
    EnvFilter::new(format!("warn,sqlx=error,{}", OURS.map(|name| format!("{name}={level}")).join(",")))
}

const OURS: [&str; 8] = [
    "decnet",
    "decnet_bus",
    "decnet_engine",
    "decnet_fleet",
    "decnet_pipeline",
    "decnet_store",
    "decnet_web",
    "decnet_analysis",
];
