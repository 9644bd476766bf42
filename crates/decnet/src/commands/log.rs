//! `log`: how much the program says of itself, changed while it runs.

use super::Context;
use crate::{loudness, output, settings::Name};
use anyhow::Result;
use clap::{Args, Subcommand};

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
        let paths = context.paths();
        if let Some(text) = levels {
            loudness::change(&paths, Some(&text.parse()?))?;
        } else if reset {
            loudness::change(&paths, None)?;
        }
        let shown = loudness::shown(&paths, context.settings().text(Name::LogLevel));
        if json {
            output::json(&shown);
        } else {
            let note = if shown.changed {
                format!(" (the settings say {})", shown.configured)
            } else {
                String::new()
            };
            output::line(&format!("{}{note}", shown.levels));
        }
        Ok(())
    }
}
