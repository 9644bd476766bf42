//! `probe`: asking one attacker what it is, and how the prober is to do so.

use super::Context;
use crate::{
    output,
    settings::{Name, Settings},
    stead,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_sensors::prober::{Found, Manner, NotAsked, Ports, Prober, Scope, write};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};

/// Spool of what is asked by hand; the worker has one of its own.
const SPOOL: &str = "probe";

/// Ask an attacker what it is: TLS, SSH, banners
///
/// Only addresses in the ranges of the setting probe.ranges are asked, each once a day; without that setting nobody
/// is, nor who has never connected over TCP. The connections come from this host, and say nothing of who asks. The
/// worker `prober` does the same by itself; what comes out is the same events.
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
        let mut prober = Prober::new(store, None, scope, manner).context("name the prober")?;
        let address = self.address.to_canonical();
        let own = prober.own().await.context("read what is ours")?;
        let round = match prober.ask(address, &own, self.again, &|| false).await {
            Ok(round) => round,
            Err(NotAsked::Early) => bail!("{address} was asked within the last day; --again asks once more"),
            Err(NotAsked::Outside(outside)) => bail!("{address} is not asked: {}", outside.reason()),
            Err(error @ NotAsked::Store(_)) => return Err(error.into()),
        };
        let (spool, sd_id) = (context.paths().spool(SPOOL), context.settings().text(Name::SdId).to_owned());
        let events = round.events.clone();
        stead::act(context.paths().root(), move || write(&spool, &sd_id, &events))
            .context("write what it said")?
            .context("write what it said")?;
        if self.json {
            output::json(&round.found.iter().map(|one| shown(one, round.earlier(one))).collect::<Vec<_>>());
            return Ok(());
        }
        let rows: Vec<Vec<String>> = round
            .found
            .iter()
            .map(|one| {
                let before = round.earlier(one).map(|value| format!("before: {value}")).unwrap_or_default();
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
