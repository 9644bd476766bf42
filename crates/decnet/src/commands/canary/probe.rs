//! `canary test`: a canary is used as a thief would use it.

use super::Context;
use crate::{output, settings::Name};
use anyhow::{Context as _, Result, bail, ensure};
use decnet_model::{
    canary::Base,
    record::{Canary, CanaryChannel, CanaryHit, Page},
};
use decnet_store::Store;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// Time for an answer, and for it to become an event.
const PATIENCE: Duration = Duration::from_secs(5);
const ARRIVAL: Duration = Duration::from_secs(20);

/// Uses `canary` and waits until that is known.
pub(super) async fn test(context: &Context, store: &Store, canary: &Canary, json: bool) -> Result<()> {
    ensure!(canary.revoked_at.is_none(), "canary {} was revoked: it tells of nobody any more", canary.id);
    let before =
        store.canary_hits(Some(&canary.id), Page::newest(1)).await?.first().map_or(0, |hit| hit.event);
    let mark = decnet_canary::test_mark(canary);
    let channels = canary.kind.traits().channels;
    let channel = match canary.lead.split("://").nth(1) {
        Some(_) => CanaryChannel::Http,
        None if channels.contains(&CanaryChannel::Dns) => CanaryChannel::Dns,
        None => bail!(
            "a canary of the kind {} is noticed where its secret is used: {}",
            canary.kind,
            canary.kind.traits().fires
        ),
    };
    match channel {
        CanaryChannel::Http => page(canary, &mark).await?,
        _ => name(context, canary, &mark).await?,
    }
    let hit = arrived(store, &canary.id, before).await?;
    if json {
        output::json(&decnet_shape::CanaryHit::from(&hit));
    } else {
        output::line(&format!("event {}: it works over {}", hit.event, hit.channel));
    }
    Ok(())
}

/// Asks for its page.
async fn page(canary: &Canary, mark: &str) -> Result<()> {
    let url = canary.lead.split(' ').find(|word| word.contains("://")).unwrap_or_default();
    let base: Base = url.parse().context("read its address")?;
    if url.starts_with("https://") {
        bail!("{url} is reached by TLS, which this test does not speak: open it with a browser or curl");
    }
    let authority = base.authority();
    let place =
        if base.host().len() == authority.len() { format!("{authority}:80") } else { authority.to_owned() };
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: check/{mark}\r\nConnection: close\r\n\r\n"
    );
    let talk = async {
        let mut stream = TcpStream::connect(&place).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(64 * 1024).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(PATIENCE, talk).await.with_context(|| format!("{place} does not answer"))?;
    let answer = answer.with_context(|| {
        format!("ask {place}: does the worker canary run, and is canary.http-base right?")
    })?;
    ensure!(answer.starts_with(b"HTTP/1."), "{place} is no web server");
    Ok(())
}

/// Asks our own server for its name: whether the zone is delegated to it is another question.
async fn name(context: &Context, canary: &Canary, mark: &str) -> Result<()> {
    let settings = context.settings();
    let bind = settings.text(Name::CanaryBind);
    let host = if ["0.0.0.0", "::"].contains(&bind) { "127.0.0.1" } else { bind };
    let place = format!("{host}:{}", settings.number(Name::CanaryDnsPort));
    let mut question = vec![0x2a, 0x17, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in format!("{mark}.{}", canary.lead).split('.') {
        question.push(u8::try_from(label.len()).unwrap_or(0));
        question.extend_from_slice(label.as_bytes());
    }
    question.extend_from_slice(&[0, 0, 1, 0, 1]);
    let talk = async {
        let socket = UdpSocket::bind(if host.contains(':') { "[::]:0" } else { "0.0.0.0:0" }).await?;
        socket.connect(&place).await?;
        socket.send(&question).await?;
        let mut answer = [0; 1500];
        let length = socket.recv(&mut answer).await?;
        Ok::<_, std::io::Error>(length)
    };
    let length = timeout(PATIENCE, talk).await.with_context(|| format!("{place} does not answer"))?;
    let length = length.with_context(|| format!("ask {place}: does the worker canary run?"))?;
    ensure!(length >= 12, "{place} is no name server");
    Ok(())
}

async fn arrived(store: &Store, id: &str, before: i64) -> Result<CanaryHit> {
    let deadline = tokio::time::Instant::now() + ARRIVAL;
    while tokio::time::Instant::now() < deadline {
        let hits =
            store.canary_hits(Some(id), Page::after(before, 20)).await.context("look for the event")?;
        if let Some(hit) = hits.into_iter().find(|hit| hit.noise == "test") {
            return Ok(hit);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    bail!("it answered, and no event came of it within {} seconds: do the workers run?", ARRIVAL.as_secs())
}
