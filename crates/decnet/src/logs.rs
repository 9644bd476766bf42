//! What the program says about itself: to the error output, as text or JSON.

use crate::settings::{Name, Settings};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging as configured.
pub fn start(settings: &Settings) {
    begin(settings.text(Name::LogLevel), settings.text(Name::LogFormat) == "json");
}

/// Starts logging in a process that has no settings: text, at the usual level.
pub fn start_plain() {
    begin(Name::LogLevel.knob().default, false);
}

fn begin(level: &str, json: bool) {
    // Our own crates at the level asked for; of libraries only what went wrong.
    let filter =
        EnvFilter::new(format!("warn,sqlx=error,{}", OURS.map(|name| format!("{name}={level}")).join(",")));
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).init();
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).init();
    }
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
