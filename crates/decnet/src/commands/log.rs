//! `log`: how much the program says of itself, changed while it runs.

use super::Context;
use crate::{level::Levels, output, settings::Name};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use decnet_pipeline::runtime::put;
use serde_json::json;
use std::io::ErrorKind;

/// The program's own messages
#[derive(Args, Debug)]
pub struct Log {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show or change how much the running workers say, and parts of them: info,collector=debug,api=trace
    ///
    /// It holds for all processes of this host within seconds, until it is changed, taken back or the host starts
    /// anew.
    Level {
        /// How much
        #[arg(value_name = "LEVELS", conflicts_with = "reset")]
        levels: Option<String>,
        /// Say as much as the settings want
        #[arg(long)]
        reset: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Log {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such level or part, or the run folder is closed to us.
    pub fn run(self, context: &Context) -> Result<()> {
        let Verb::Level { levels, reset, json } = self.verb;
        let path = context.paths().log_levels();
        if let Some(text) = levels {
            let levels: Levels = text.parse()?;
            fs_err::create_dir_all(context.paths().run()).context("make the run folder")?;
            put(&path, levels.to_string().as_bytes()).context("tell the workers; sudo may be needed")?;
        } else if reset {
            match fs_err::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).context("tell the workers");
                }
                _ => {}
            }
        }
        let configured = context.settings().text(Name::LogLevel);
        let changed = fs_err::read_to_string(&path).ok();
        let now = changed.as_deref().unwrap_or(configured);
        if json {
            output::json(&json!({ "levels": now, "configured": configured, "changed": changed.is_some() }));
        } else {
            let note =
                if changed.is_some() { format!(" (the settings say {configured})") } else { String::new() };
            output::line(&format!("{now}{note}"));
        }
        Ok(())
    }
}
