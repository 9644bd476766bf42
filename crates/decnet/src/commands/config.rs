//! `config`: what is set, and where.

use crate::{
    output,
    settings::{Name, Settings},
};
use anyhow::Result;
use clap::{Args, Subcommand};
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
    /// Check all settings; every mistake is named with its place
    Check {
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Config {
    /// Runs the command on settings that were resolved without a mistake.
    ///
    /// # Errors
    /// None today; the form is that of all commands.
    pub fn run(self, settings: &Settings) -> Result<()> {
        match self.verb {
            Verb::Show { help_texts, json } => show(settings, help_texts, json),
            Verb::Check { json: true } => output::json(&json!({ "ok": true, "settings": Name::ALL.len() })),
            Verb::Check { json: false } => output::line(&format!("{} settings, no mistake", Name::ALL.len())),
        }
        Ok(())
    }
}

fn show(settings: &Settings, help_texts: bool, json: bool) {
    if json {
        let rows = Name::ALL.iter().map(|&name| {
            let knob = name.knob();
            json!({
                "key": knob.key, "variable": knob.variable, "value": settings.shown(name),
                "origin": settings.origin(name).to_string(), "default": knob.default, "about": knob.about,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
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
