//! `probe`: asking one attacker what it is, and how the prober is to do so.

use super::Context;
use crate::{
    output,
    settings::{Name, Settings},
};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use decnet_model::record::Probed;
use decnet_sensors::prober::{Found, Manner, Pace, Ports, Scope, compare, is_early, noted, own, probe};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};

/// Ask an attacker what it is: TLS, SSH, banners
///
/// Only addresses in the ranges of the setting probe.ranges are asked, each once a day; without that setting nobody
/// is. The connections come from this host, and say nothing of who asks. The worker `prober` does the same by itself.
#[derive(Args, Debug)]
pub struct Probe {
    /// The address
    address: IpAddr,
    /// Also if it was asked within the last day
    #[arg(long)]
    again: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Probe {
    /// Runs the command.
    ///
    /// # Errors
    /// When the address is outside of what is allowed, or was asked already.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (scope, manner) = (scope(context.settings())?, manner(context.settings())?);
        let store = context.store().await?;
        let own = own(&store).await.context("read the deckies")?;
        let address = self.address.to_canonical();
        if let Err(outside) = scope.admits(address, &own) {
            bail!("{address} is not asked: {}", outside.reason());
        }
        let before = store.probed_get(address).await.context("read who was asked")?;
        ensure!(
            self.again || !is_early(before.as_ref(), context.now()),
            "{address} was asked within the last day; --again asks once more"
        );
        let note = noted(address, before.as_ref(), context.now());
        store.probed_put(None, note.clone()).await.context("note who is asked")?;
        let mut pace = Pace::new(manner.per_minute);
        let found = probe(address, &own, (&scope, &manner), &mut pace, &|| false).await;
        let found =
            found.map_err(|outside| anyhow::anyhow!("{address} is not asked: {}", outside.reason()))?;
        let (known, others) = compare(before.as_ref(), &found);
        store.probed_put(None, Probed { found: known, ..note }).await.context("note what it said")?;
        let earlier =
            |one: &Found| others.iter().find(|(key, _)| *key == one.key()).map(|(_, value)| value.as_str());
        if self.json {
            output::json(&found.iter().map(|one| shown(one, earlier(one))).collect::<Vec<_>>());
            return Ok(());
        }
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|one| {
                let before = earlier(one).map(|value| format!("before: {value}")).unwrap_or_default();
                vec![one.port.to_string(), one.kind.name().to_owned(), one.value.clone(), before]
            })
            .collect();
        output::table(&["PORT", "PROBE", "VALUE", "CHANGED"], &rows, Clone::clone);
        Ok(())
    }
}

fn shown(one: &Found, before: Option<&str>) -> Value {
    json!({
        "port": one.port, "probe": one.kind.name(), "phase": one.phase, "value": one.value, "before": before,
        "fields": output::fields(&one.fields),
    })
}

/// Whom the prober may touch, by the settings.
///
/// # Errors
/// When they are wrong.
pub fn scope(settings: &Settings) -> Result<Scope> {
    Ok(Scope { ranges: settings.listed(Name::ProbeRanges)?, never: settings.listed(Name::ProbeNever)? })
}

/// How the prober asks, by the settings.
///
/// # Errors
/// When they are wrong.
pub fn manner(settings: &Settings) -> Result<Manner> {
    Ok(Manner {
        ports: Ports {
            tls: settings.listed(Name::ProbeTlsPorts)?,
            ssh: settings.listed(Name::ProbeSshPorts)?,
            banner: settings.listed(Name::ProbeBannerPorts)?,
        },
        per_minute: u32::try_from(settings.number(Name::ProbePerMinute)).unwrap_or(u32::MAX),
        patience: Duration::from_secs(settings.number(Name::ProbePatience).clamp(1, 60)),
    })
}
