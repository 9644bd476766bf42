//! The worker `api`: serves the REST interface.

use crate::{commands::Context, output, settings::Name};
use anyhow::{Context as _, Result};
use decnet_bus::Subject;
use decnet_pipeline::runtime::WorkerContext;
use decnet_store::Store;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::Notify};

/// Runs the worker until it is told to stop.
///
/// # Errors
/// When the address is taken or the store fails.
pub async fn run(mut worker: WorkerContext, context: Context) -> Result<()> {
    let settings = context.settings();
    let store = context.store_or_new().await?;
    ensure_operator(&context, &store).await?;
    let secret = decnet_web::signing_secret(&store, settings.given(Name::JwtSecret))
        .await
        .context("prepare tokens")?;
    let doorbell = Arc::new(Notify::new());
    let names = settings.text(Name::ApiNames).split(',').chain([settings.text(Name::ApiHost)]);
    let hosts = decnet_web::Hosts::new(names.filter(|name| !name.trim().is_empty()).map(str::to_owned));
    let state = decnet_web::ApiState::new(store, context.paths(), &secret, doorbell.clone(), hosts)
        .context("prepare the interface")?;
    let address =
        (settings.text(Name::ApiHost), u16::try_from(settings.number(Name::ApiPort)).unwrap_or(8080));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listen on {}:{} (api.host, api.port)", address.0, address.1))?;
    let bound = listener.local_addr().context("listen")?;
    tracing::info!(%bound, "the interface is up");
    let mut inbox = worker.bus.subscribe(Subject::LogIngested.pattern());
    tokio::spawn(async move {
        while inbox.next().await.is_some() {
            doorbell.notify_one()
        }
    });
    decnet_web::serve(listener, state, decnet_web::Limits::default(), async move { worker.stopped().await })
        .await
        .context("serve the interface")
}

/// Makes the first operator where there is none, and shows its password if that is not the one of the settings.
///
/// # Errors
/// When the store fails.
pub async fn ensure_operator(context: &Context, store: &Store) -> Result<()> {
    let made = decnet_web::ensure_admin(store, context.settings().given(Name::AdminPassword), context.now())
        .await
        .context("prepare the first operator")?;
    if let Some(password) = made {
        output::note(&format!("operator admin was made; the password, shown only now: {password}"));
    }
    Ok(())
}
