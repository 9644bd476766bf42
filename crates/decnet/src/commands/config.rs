//! `config`: what is set, and where.

use crate::{
    output,
    settings::{Name, Settings, example},
};
use anyhow::Result;
use clap::{Args, Subcommand};
use decnet_shape::Setting;
use serde_json::json;

/// Settings and where they come from
#[derive(Args, Debug)]
pub struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show every setting, its value and its origin; secrets as ***
    Show {
        /// Say what each setting does, too
        #[arg(long)]
        help_texts: bool,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Print a host INI with every setting in it, as comments, for /etc/decnet/decnet.ini
    Example,
    /// Check all settings; every mistake is named with its place
    Check {
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Config {
    /// Runs the command on settings that were resolved without a mistake in their values.
    ///
    /// # Errors
    /// [`StrangeNames`] when there are names that look like settings and are none.
    pub fn run(self, settings: &Settings) -> Result<()> {
        let json = match self.verb {
            Verb::Show { help_texts, json } => {
                show(settings, help_texts, json);
                return Ok(());
            }
            Verb::Example => {
                output::raw(example(&[]).as_bytes())?;
                return Ok(());
            }
            Verb::Check { json } => json,
        };
        let strange = settings.strange();
        if json {
            let rows = strange
                .iter()
                .map(|bad| json!({ "origin": bad.origin, "key": bad.key, "message": bad.message }));
            output::json(&json!({
                "ok": strange.is_empty(), "settings": Name::ALL.len(), "mistakes": rows.collect::<Vec<_>>(),
            }));
        } else if strange.is_empty() {
            output::line(&format!("{} settings, no mistake", Name::ALL.len()));
        }
        if strange.is_empty() { Ok(()) } else { Err(StrangeNames(strange.len()).into()) }
    }
}

/// There are names that no setting has; each was told when settings were read.
#[derive(Debug, thiserror::Error)]
#[error("{0} names are no settings")]
pub struct StrangeNames(usize);

/// Every setting as it is shown: secrets as ***.
pub fn shapes(settings: &Settings) -> Vec<Setting> {
    let shape = |&name: &Name| {
        let knob = name.knob();
        Setting {
            key: knob.key,
            variable: knob.variable,
            value: settings.shown(name).to_owned(),
            origin: settings.origin(name).to_string(),
            default: knob.default,
            about: knob.about,
        }
    };
    Name::ALL.iter().map(shape).collect()
}

fn show(settings: &Settings, help_texts: bool, json: bool) {
    if json {
        return output::json(&shapes(settings));
    }
    let mut header = vec!["KEY", "VALUE", "ORIGIN", "VARIABLE"];
    if help_texts {
        header.push("ABOUT");
    }
    output::table(&header, Name::ALL, |&name| {
        let knob = name.knob();
        let mut cells = vec![
            knob.key.to_owned(),
            settings.shown(name).to_owned(),
            settings.origin(name).to_string(),
            knob.variable.to_owned(),
        ];
        if help_texts {
            cells.push(knob.about.to_owned());
        }
        cells
    });
}
