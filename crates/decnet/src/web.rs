//! The worker `web`: serves the dashboard, and hands its requests on to the interface, wherever that is.

use crate::{
    commands::Context,
    settings::{Name, Settings},
    tls,
};
use anyhow::{Context as _, Result};
use decnet_pipeline::runtime::WorkerContext;
use decnet_web::{Front, Hosts, Limits, Proxies};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpListener;

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the address is taken.
pub async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let settings = context.settings();
    let host = reached(settings.text(Name::ApiHost));
    let front = Front::new(&host, port(settings, Name::ApiPort), hosts(settings)?);
    let front = match tls::believed(&context)? {
        None => front,
        Some(believed) => front.and_then(|front| front.over_tls(believed)),
    };
    let front = front.with_context(|| format!("api.host: {host:?} is neither a name nor an address"))?;
    let listener = listen(settings, Name::WebHost, Name::WebPort).await?;
    let bound = listener.local_addr().context("listen")?;
    let door = tls::door(&context, listener)?;
    worker.status.report(&up(bound));
    tracing::info!(%bound, api = %host, "the dashboard is up");
    let stop = async move { worker.stopped().await };
    decnet_web::serve_front(door, front, Limits::default(), stop).await.context("serve the dashboard")
}

/// What a worker that listens says of itself.
pub fn up(bound: SocketAddr) -> Value {
    json!({ "bound": bound.to_string() })
}

/// Where a worker listens that says so.
pub fn bound(said: &Value) -> Option<SocketAddr> {
    said.get("bound")?.as_str()?.parse().ok()
}

/// By which names the interface and the dashboard are spoken to, and who hands requests on to them.
///
/// # Errors
/// When those are no addresses.
pub fn hosts(settings: &Settings) -> Result<Hosts> {
    let names = settings.text(Name::ApiNames).split(',');
    let names = names.chain([settings.text(Name::ApiHost), settings.text(Name::WebHost)]);
    let names = names.filter(|name| !name.trim().is_empty()).map(str::to_owned);
    let proxies = Proxies::read(settings.text(Name::ApiProxies)).context("read api.proxies")?;
    Ok(Hosts::new(names).handed_on_by(proxies))
}

/// Listens where two settings say.
///
/// # Errors
/// When the address is taken or not ours; both settings are named.
pub async fn listen(settings: &Settings, host: Name, number: Name) -> Result<TcpListener> {
    let address = (settings.text(host), port(settings, number));
    TcpListener::bind(address).await.with_context(|| {
        let keys = (host.knob().key, number.knob().key);
        format!("listen on {}:{} ({}, {})", address.0, address.1, keys.0, keys.1)
    })
}

/// A setting that is a port.
pub fn port(settings: &Settings, name: Name) -> u16 {
    // What is no port was refused when the settings were read.
    u16::try_from(settings.number(name)).unwrap_or_default()
}

/// Where somebody on this host reaches what listens on `host`.
pub fn reached(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "::1".to_owned(),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_worker_listens_is_what_it_says() {
        let address: SocketAddr = "[::1]:8443".parse().unwrap();
        assert_eq!(bound(&up(address)), Some(address));
        for said in [json!(null), json!({}), json!({ "bound": 7 }), json!({ "bound": "nowhere" })] {
            assert_eq!(bound(&said), None, "{said}");
        }
    }
}
