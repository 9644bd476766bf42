//! Bodies of the workers: the one place that binds each to its name.

use crate::{
    accounts, api, canary,
    commands::{Context, probe},
    operator,
    settings::{Name, Settings},
    updater, web,
};
use anyhow::{Context as _, Result};
use decnet_bus::Bus;
use decnet_canary::serve::{Place, dns::Zone};
use decnet_model::{
    alert::Asked,
    flaw,
    record::{AlertRule, Level},
    worker::Worker,
};
use decnet_pipeline::{
    clusterer, collector, correlator, eventlog, ingester, profiler,
    runtime::{self, Body, Host, WorkerContext},
};
use decnet_sensors::{prober, recorder::RecordLimits, sniffer};
use decnet_store::Store;
use netsvc_wire::stamp;
use std::{path::PathBuf, time::Duration};

/// No wildcard: a worker without a body does not compile.
pub fn body(worker: Worker, context: &Context) -> Body {
    let context = context.clone();
    match worker {
        Worker::Bus => bus(context),
        Worker::Fleet => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_fleet::worker::run(worker, context.fleet(), store, stamp::now).await?)
        }),
        Worker::Collector => {
            runtime::body(move |worker| collector::run(worker, collector_settings(&context)))
        }
        Worker::Ingester => on_the_store(context, |worker, context, store| async move {
            Ok(ingester::run(worker, store, keep(&context)?).await?)
        }),
        Worker::Correlator => {
            on_the_store(context, |worker, _, store| async move { Ok(correlator::run(worker, store).await?) })
        }
        Worker::Profiler => {
            on_the_store(context, |worker, _, store| async move { Ok(profiler::run(worker, store).await?) })
        }
        Worker::ReuseCorrelator => on_the_store(context, reuse),
        Worker::Clusterer => on_the_store(context, |worker, _, store| async move {
            Ok(clusterer::run(worker, store, Level::Identity).await?)
        }),
        Worker::CampaignClusterer => on_the_store(context, |worker, _, store| async move {
            Ok(clusterer::run(worker, store, Level::Campaign).await?)
        }),
        Worker::Enricher => on_the_store(context, enricher),
        Worker::Alerter => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_alert::run(worker, store, alerter_settings(&context)?).await?)
        }),
        Worker::Canary => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_canary::run(worker, store, canary_settings(&context)?).await?)
        }),
        Worker::Sniffer => on_the_store(context, sniff),
        Worker::Prober => on_the_store(context, ask),
        Worker::Mutator => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_fleet::mutator::run(worker, context.fleet(), store, stamp::now).await?)
        }),
        Worker::Emailgen => on_the_store(context, emailgen),
        Worker::Orchestrator => on_the_store(context, orchestrator),
        Worker::Swarmctl => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_swarm::controller::run(worker, store, controller_settings(&context)).await?)
        }),
        Worker::Listener => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_swarm::listener::run(worker, store, listener_settings(&context)).await?)
        }),
        Worker::Link => on_the_store(context, |worker, context, store| async move {
            Ok(decnet_swarm::link::run(worker, context.fleet(), store, link_settings(&context)).await?)
        }),
        Worker::Forwarder => runtime::body(move |worker| {
            let master = context.settings().given(Name::SwarmMasterHost).map(str::to_owned);
            decnet_swarm::forwarder::run(worker, decnet_swarm::forwarder::Settings { master, port: None })
        }),
        Worker::Updater => of_the_program(context, updater::run),
        Worker::Operator => of_the_program(context, operator::run),
        Worker::Api => of_the_program(context, api::run),
        Worker::Web => of_the_program(context, web::run),
    }
}

fn bus(context: Context) -> Body {
    runtime::body(move |worker| {
        let (socket, settings) = (bus_socket(&context), bus_settings(&context));
        async move {
            let settings = settings.map_err(Failure)?;
            decnet_bus::serve(&socket, settings, worker.stop).await.map_err(|error| Failure(error.into()))
        }
    })
}

/// A body that this crate has itself.
fn of_the_program<F, Fut>(context: Context, work: F) -> Body
where
    F: Fn(WorkerContext, Context) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    runtime::body(move |worker| {
        let (context, work) = (context.clone(), work.clone());
        async move { work(worker, context).await.map_err(Failure) }
    })
}

/// A body that works on the store, which is opened for it.
fn on_the_store<F, Fut>(context: Context, work: F) -> Body
where
    F: Fn(WorkerContext, Context, Store) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    runtime::body(move |worker| {
        let (context, work) = (context.clone(), work.clone());
        async move {
            let store = context.store_or_new().await.map_err(Failure)?;
            work(worker, context, store).await.map_err(Failure)
        }
    })
}

fn port(context: &Context, name: Name) -> u16 {
    u16::try_from(context.settings().number(name)).unwrap_or_default()
}

fn controller_settings(context: &Context) -> decnet_swarm::controller::Settings {
    decnet_swarm::controller::Settings {
        host: context.settings().text(Name::SwarmctlHost).to_owned(),
        port: port(context, Name::SwarmctlPort),
        syslog_port: port(context, Name::SwarmSyslogPort),
        version: updater::version(),
        patience: context.settings().number(Name::UpdateSeconds),
    }
}

fn listener_settings(context: &Context) -> decnet_swarm::listener::Settings {
    decnet_swarm::listener::Settings {
        host: context.settings().text(Name::ListenerHost).to_owned(),
        port: port(context, Name::SwarmSyslogPort),
    }
}

fn link_settings(context: &Context) -> decnet_swarm::link::Settings {
    decnet_swarm::link::Settings {
        master: context.settings().given(Name::SwarmMasterHost).map(str::to_owned),
        port: None,
        version: updater::version(),
    }
}

/// What the store keeps.
fn keep(context: &Context) -> Result<ingester::Keep> {
    let settings = context.settings();
    Ok(ingester::Keep {
        age: Duration::from_secs(settings.number(Name::StoreDays).saturating_mul(86_400)),
        rows: settings.number(Name::StoreEvents),
        bytes: settings.number(Name::StoreBytes),
        kinds: settings.text(Name::StoreKinds).parse().context("read events.store-kinds")?,
    })
}

fn canary_settings(context: &Context) -> Result<decnet_canary::Settings> {
    let settings = context.settings();
    let port = |name| u16::try_from(settings.number(name)).unwrap_or_default();
    let origin = canary::origin(settings)?;
    let bind = settings.text(Name::CanaryBind);
    let address = match settings.given(Name::CanaryAddress) {
        Some(text) => {
            Some(text.parse().with_context(|| format!("canary.address: {text:?} is no IPv4 address"))?)
        }
        None => origin.base.as_ref().and_then(|base| base.host().parse().ok()),
    };
    Ok(decnet_canary::Settings {
        place: Place {
            bind: bind.parse().with_context(|| format!("canary.bind: {bind:?} is no address"))?,
            http: port(Name::CanaryHttpPort),
            dns: port(Name::CanaryDnsPort),
            zone: origin.zone.map(|name| Zone { name, address }),
            proxies: settings.listed(Name::CanaryProxies)?,
        },
        sd_id: settings.text(Name::SdId).to_owned(),
    })
}

async fn emailgen(worker: WorkerContext, context: Context, store: Store) -> Result<()> {
    Ok(decnet_people::run(worker, store, emailgen_settings(&context)?).await?)
}

/// Whether a model says what people write, and how often it is asked.
fn emailgen_settings(context: &Context) -> Result<decnet_people::Settings> {
    let settings = context.settings();
    let Some(url) = settings.given(Name::EmailgenLlm) else { return Ok(decnet_people::Settings::default()) };
    let authorities = context.paths().intel().join("ca.pem");
    let (name, key) = (settings.text(Name::EmailgenModel), settings.text(Name::EmailgenKey));
    let model = decnet_people::Model::new(url, name, key, &authorities).context("read emailgen.llm")?;
    let model = model.patient(Duration::from_secs(settings.number(Name::EmailgenTimeout)));
    Ok(decnet_people::Settings { model: Some((model, settings.number(Name::EmailgenPerDay))) })
}

async fn orchestrator(worker: WorkerContext, _: Context, store: Store) -> Result<()> {
    Ok(decnet_life::run(worker, store).await?)
}

async fn reuse(worker: WorkerContext, _: Context, store: Store) -> Result<()> {
    Ok(profiler::run_reuse(worker, store).await?)
}

async fn enricher(worker: WorkerContext, context: Context, store: Store) -> Result<()> {
    Ok(decnet_enrich::run(worker, store, enricher_settings(&context)?).await?)
}

async fn sniff(worker: WorkerContext, context: Context, store: Store) -> Result<()> {
    let settings = context.settings();
    let number = |name| settings.number(name);
    let limits = RecordLimits {
        bytes: usize::try_from(number(Name::SessionPacketBytes)).unwrap_or(usize::MAX),
        packets: u32::try_from(number(Name::SessionPacketCount)).unwrap_or(u32::MAX),
        hourly: u32::try_from(number(Name::SessionPacketsPerHour)).unwrap_or(u32::MAX),
    };
    let packets = settings.flag(Name::SessionPackets).then_some(limits);
    let sd_id = settings.text(Name::SdId).to_owned();
    Ok(sniffer::run(worker, store, sniffer::SnifferSettings { sd_id, packets }).await?)
}

async fn ask(worker: WorkerContext, context: Context, store: Store) -> Result<()> {
    let settings = context.settings();
    let (scope, manner) = (probe::scope(settings)?, probe::manner(settings)?);
    let sd_id = settings.text(Name::SdId).to_owned();
    Ok(prober::run(worker, store, prober::ProberSettings { sd_id, scope, manner }).await?)
}

/// Who is asked about attackers: those that have a key, or need none and are switched on.
fn enricher_settings(context: &Context) -> Result<decnet_enrich::Settings> {
    let settings = context.settings();
    let mut providers = Vec::new();
    for (name, key, per_day) in [
        ("abuseipdb", Name::AbuseIpDbKey, Name::AbuseIpDbPerDay),
        ("greynoise", Name::GreyNoiseKey, Name::GreyNoisePerDay),
        ("threatfox", Name::ThreatFoxKey, Name::ThreatFoxPerDay),
        ("virustotal", Name::VirusTotalKey, Name::VirusTotalPerDay),
    ] {
        let wanted = name == "greynoise" && settings.flag(Name::GreyNoise);
        if wanted || settings.given(key).is_some() {
            let (key, per_day) = (settings.text(key).to_owned(), settings.number(per_day));
            providers.push(decnet_enrich::Configured { name, key, per_day, base: None });
        }
    }
    Ok(decnet_enrich::Settings {
        providers,
        feodo: settings.flag(Name::Feodo).then(decnet_enrich::Feodo::default),
        never: settings.listed(Name::IntelNever)?,
    })
}

fn alerter_settings(context: &Context) -> Result<decnet_alert::Settings> {
    let dashboard = context.settings().given(Name::DashboardUrl).map(str::to_owned);
    let minute = 60_000_000;
    let time = |name, unit: i64| {
        let count = context.settings().given(name).and_then(|text| text.parse::<i64>().ok());
        count.map(|count| count.saturating_mul(unit))
    };
    let vigil = decnet_alert::Vigil {
        patience: time(Name::SilenceMinutes, minute).unwrap_or(minute),
        drills: time(Name::DrillHours, 60 * minute),
    };
    Ok(decnet_alert::Settings { rule: configured_rule(context)?, dashboard, vigil })
}

/// The alert rule that the settings make.
///
/// # Errors
/// When they are none.
pub fn configured_rule(context: &Context) -> Result<Option<AlertRule>> {
    let settings = context.settings();
    let Some(target) = settings.given(Name::AlertTarget) else { return Ok(None) };
    let text = |name| Some(settings.text(name).to_owned());
    let asked = Asked {
        target: Some(target.to_owned()),
        secret: text(Name::AlertSecret),
        format: text(Name::AlertFormat),
        severity: text(Name::AlertSeverity),
        per_hour: u32::try_from(settings.number(Name::AlertPerHour)).ok(),
        ..Asked::default()
    };
    let rule = asked
        .rule("configured", None, "settings", 0)
        .map_err(|flaws| anyhow::anyhow!(flaw::told(&flaws, "alerts.")));
    rule.map(Some)
}

/// A failure of a body with its causes on one line.
#[derive(Debug)]
pub struct Failure(pub anyhow::Error);

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:#}", self.0)
    }
}

impl std::error::Error for Failure {}

/// Socket of the bus.
pub fn bus_socket(context: &Context) -> PathBuf {
    context.settings().given(Name::BusSocket).map_or_else(|| context.paths().bus_socket(), PathBuf::from)
}

fn bus_settings(context: &Context) -> Result<decnet_bus::Settings> {
    let heartbeat = Duration::from_secs(context.settings().number(Name::BusHeartbeat));
    Ok(decnet_bus::Settings {
        group: bus_group(context.settings())?,
        heartbeat,
        ..decnet_bus::Settings::own()
    })
}

/// The group whose members may use the bus, by name or number.
///
/// # Errors
/// When there is no such group.
pub fn bus_group(settings: &Settings) -> Result<Option<u32>> {
    accounts::group(settings, Name::BusGroup)
}

/// What workers of this process share.
pub fn host(context: &Context, name: &str) -> Host {
    let bus = if context.settings().flag(Name::BusEnabled) {
        Bus::unix(bus_socket(context), name)
    } else {
        Bus::off()
    };
    Host { paths: context.paths(), bus }
}

/// Wakes the worker `fleet`, if it listens.
pub async fn wake_fleet(context: &Context) {
    decnet_fleet::intent::announce(&host(context, "cli").bus).await;
}

fn collector_settings(context: &Context) -> collector::Settings {
    let settings = context.settings();
    collector::Settings {
        limits: eventlog::Limits {
            budget_bytes: settings.number(Name::EventLogBytes),
            keep: Duration::from_secs(settings.number(Name::EventLogDays).saturating_mul(86_400)),
            ..eventlog::Limits::default()
        },
        artefacts: collector::Budget {
            bytes: settings.number(Name::ArtefactBytes),
            source_bytes: settings.number(Name::ArtefactSourceBytes),
            keep: Duration::from_secs(settings.number(Name::ArtefactDays).saturating_mul(86_400)),
        },
        twin: settings.flag(Name::EventJson),
        sd_id: settings.text(Name::SdId).to_owned(),
        ..collector::Settings::default()
    }
}
