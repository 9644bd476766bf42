//! The command `firedrill`.

use super::Context;
use crate::{
    firedrill::{self, Touch, Way, percentile},
    output,
};
use anyhow::{Result, bail};
use clap::Args;
use decnet_fleet::{Error, intent};
use decnet_model::probe;
use serde_json::json;

/// Most silent ports that the last line names; the table, or the JSON, has all.
const NAMED: usize = 20;

/// Touch every declared port and find each touch in the store
///
/// Talks the first exchange of each protocol with a text that nobody else says, and looks for that
/// text in the stored events. Fails, naming them, if any port is silent. The touches come from an
/// address of our own, which makes nobody an attacker: on the native runtime from a host behind the
/// gate that the segment does not see.
#[derive(Args, Debug)]
pub struct Firedrill {
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Firedrill {
    /// Runs the command.
    ///
    /// # Errors
    /// When a port is silent.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let fleet = intent::read(&store).await?.ok_or(Error::NoFleet)?;
        let way = Way::of(&fleet, probe::LOOPBACK.into(), context);
        let touches = firedrill::run(context, &fleet, &way, |done, all| {
            output::progress(&format!("{done} of {all} ports touched"));
        })
        .await?;
        output::progress_done();
        let silent: Vec<Touch> = touches.iter().filter(|touch| touch.silent()).cloned().collect();
        let (p50, p99) = (percentile(&touches, 0.5), percentile(&touches, 0.99));
        if self.json {
            output::json(&json!({
                "ports": touches.len(), "silent": silent, "p50_ms": p50, "p99_ms": p99,
            }));
        } else {
            report(&silent);
            output::line(&format!(
                "{} of {} ports answered and were stored; event in the store after {:.0} ms (p50), {:.0} ms (p99)",
                touches.len() - silent.len(),
                touches.len(),
                p50.unwrap_or_default(),
                p99.unwrap_or_default()
            ));
        }
        if !silent.is_empty() {
            let mut names: Vec<_> =
                silent.iter().map(|t| format!("{}/{}:{}", t.decky, t.service, t.port)).collect();
            if NAMED < names.len() {
                names.truncate(NAMED);
                names.push("…".to_owned());
            }
            bail!("{} ports are silent: {}", silent.len(), names.join(", "));
        }
        Ok(())
    }
}

/// Prints the silent ports.
fn report(silent: &[Touch]) {
    if !silent.is_empty() {
        output::table(&["DECKY", "SERVICE", "PORT", "WHY"], silent, |touch| {
            let why = touch
                .error
                .clone()
                .unwrap_or_else(|| "answered, but no event in the store holds the touch".to_owned());
            vec![touch.decky.clone(), touch.service.clone(), touch.port.to_string(), why]
        });
    }
}
