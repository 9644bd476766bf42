//! Logins per second and what one costs the server, service by service, over loopback, without the delays of
//! the real daemons.

use crate::{
    baseline::LOGINS,
    child::Helper,
    floor, node,
    pipeline::{per, rate},
    place::Place,
    processes,
    table::Row,
    talk,
};
use anyhow::{Context as _, Result, ensure};
use decnet_engine::{
    loopback::{Endpoint, Loopback, LoopbackConfig, OFFSET},
    plan::{Backend, Step},
};
use decnet_model::catalogue;
use netsvc_persona::{
    exchange::{self, Exchange},
    service::ServiceInfo,
    stage::Transport,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// Clients at the same time.
const CLIENTS: usize = 16;
/// How often and how long each service is logged in to; the round with the median of CPU counts.
const ROUNDS: usize = 3;
const PERIOD: Duration = Duration::from_millis(700);
/// The same for the floor.
const FLOOR: Duration = Duration::from_millis(250);
/// What the server still does when the last client has gone: lines are written, threads rest.
const REST: Duration = Duration::from_millis(250);
/// OpenSSH's client costs far more than our server, so a few at a time are enough.
const SSH_CLIENTS: usize = 4;
const SSH_PERIOD: Duration = Duration::from_secs(2);
const SSH_PATIENCE: Duration = Duration::from_secs(10);
/// Address, and ports as the peer sees them.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 78, 9, 10);
const SYSTEM: &str = "debian12";

/// Every service that the system runs over TCP in the clear, and where.
fn served() -> Vec<(&'static ServiceInfo, u16)> {
    let plain = |service: &'static ServiceInfo| {
        let port = service.ports.iter().find(|port| !port.tls && port.transport == Transport::Tcp)?;
        Some((service, port.port))
    };
    let runs = |service: &&ServiceInfo| service.products_on(SYSTEM).next().is_some();
    catalogue::services().iter().filter(runs).filter_map(plain).collect()
}

/// Measures every service.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let folder = place.folder("logins")?;
    let config = LoopbackConfig {
        stage: node::stage(place.netsvcd(), &folder)?,
        offset: OFFSET,
        low_ports: false,
        every_port: true,
    };
    let served = served();
    let ports: Vec<_> = served.iter().map(|(service, port)| (service.slug.as_str(), *port)).collect();
    let backend = Loopback::start(config).await.context("start the loopback runtime")?;
    backend.apply(&Step::Add(vec![node::node(SYSTEM, ADDRESS, 8, &ports)?])).await.context("add a node")?;
    let pid = backend.status().await?.pid.context("no service process")?;
    let echo = Helper::start(Command::new(place.own()).arg("echo"))?;
    let mut rows = Vec::new();
    for (service, _) in served {
        let slug = service.slug.as_str();
        let endpoint = |endpoint: &Endpoint| endpoint.slug == slug;
        let address = backend.endpoints().await.into_iter().find(endpoint).context("no such port")?.address;
        let found = if slug == "ssh" {
            run(pid, SSH_CLIENTS, SSH_PERIOD, move |_| ssh(address)).await
        } else {
            run(pid, CLIENTS, PERIOD, move |number| talk::login(service, address, number)).await
        };
        match found {
            Ok(cost) => rows.extend(shown(service, cost, echo.pid()).await?),
            Err(error) => rows.push(Row::missing(format!("{slug} login"), &format!("{error:#}"))),
        }
    }
    ensure!(backend.status().await?.pid == Some(pid), "the service process died on the way");
    backend.stop().await;
    Ok(rows)
}

/// What a number of visits cost.
#[derive(Clone, Copy)]
struct Cost {
    visits: u64,
    /// A second.
    rate: f64,
    /// µs of CPU of the server for each.
    cpu: f64,
}

async fn shown(service: &ServiceInfo, cost: Cost, echo: u32) -> Result<[Row; 2]> {
    let slug = service.slug.as_str();
    let known = LOGINS.iter().find(|known| known.service == slug);
    // Questions of the client after the greeting; OpenSSH's asks eight.
    let says = |exchange: &Exchange| {
        exchange.steps.iter().filter(|step| matches!(step, exchange::Step::Say(_))).count()
    };
    let exchanges = if slug == "ssh" { 8 } else { service.login.as_ref().map_or(1, says) };
    let exchanges = u32::try_from(exchanges).unwrap_or(u32::MAX);
    let floor = rounds(echo, CLIENTS, FLOOR, move |_| floor::visit(exchanges))
        .await
        .context("visit the echo server")?;
    let floor = floor.first().context("no round")?;
    let clients = if slug == "ssh" {
        format!("{} by {SSH_CLIENTS} OpenSSH clients, whose start is most of it", cost.visits)
    } else {
        format!("{} by {CLIENTS} clients on the same processors", cost.visits)
    };
    Ok([
        Row::rate(format!("{slug} login"), "1/s", cost.rate)
            .against(known.and_then(|known| known.rate))
            .note(clients),
        Row::cost(format!("{slug} login: server CPU"), "µs", cost.cpu)
            .against(known.and_then(|known| known.cpu))
            .note(format!("kernel echo server {:.1}", floor.cpu)),
    ])
}

/// The middle one of several rounds.
async fn run<F, V>(pid: u32, clients: usize, period: Duration, visit: F) -> Result<Cost>
where
    F: Fn(u64) -> V + Clone + Send + 'static,
    V: Future<Output = Result<()>> + Send,
{
    let costs = rounds(pid, clients, period, visit).await?;
    costs.get(ROUNDS / 2).copied().context("no round")
}

/// Several rounds, cheapest first, after one visit, so that what is made once is made.
async fn rounds<F, V>(pid: u32, clients: usize, period: Duration, visit: F) -> Result<Vec<Cost>>
where
    F: Fn(u64) -> V + Clone + Send + 'static,
    V: Future<Output = Result<()>> + Send,
{
    visit(0).await?;
    let mut costs = Vec::new();
    for _ in 0..ROUNDS {
        sleep(REST).await;
        costs.push(round(pid, clients, period, &visit).await?);
    }
    costs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
    Ok(costs)
}

/// Lets `clients` visit the server `pid` again and again for `period`.
async fn round<F, V>(pid: u32, clients: usize, period: Duration, visit: &F) -> Result<Cost>
where
    F: Fn(u64) -> V + Clone + Send + 'static,
    V: Future<Output = Result<()>> + Send,
{
    let count = Arc::new(AtomicU64::new(0));
    let (started, before) = (Instant::now(), processes::cpu(pid)?);
    let mut running = Vec::new();
    for _ in 0..clients {
        let (count, visit) = (Arc::clone(&count), visit.clone());
        running.push(tokio::spawn(async move {
            while started.elapsed() < period {
                visit(count.fetch_add(1, Ordering::Relaxed)).await?;
            }
            anyhow::Ok(())
        }));
    }
    for client in running {
        client.await??;
    }
    let visits = count.load(Ordering::Relaxed);
    let rate = rate(visits, started);
    sleep(REST).await;
    let cpu = processes::cpu(pid)?.saturating_sub(before);
    Ok(Cost { visits, rate, cpu: per(cpu, visits) })
}

/// One refused password by OpenSSH's client.
async fn ssh(address: SocketAddr) -> Result<()> {
    let mut command = Command::new("sshpass");
    command.stdin(Stdio::null()).args(["-p", "hunter2", "ssh", "-p", &address.port().to_string()]);
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        "PreferredAuthentications=password",
        "PubkeyAuthentication=no",
        "NumberOfPasswordPrompts=1",
        "LogLevel=ERROR",
    ] {
        command.args(["-o", option]);
    }
    command.arg(format!("root@{}", address.ip())).arg("true");
    let ending = tokio::task::spawn_blocking(move || command.output());
    let output = timeout(SSH_PATIENCE, ending).await.context("wait for ssh")?;
    let output = output?.context("run sshpass (Debian: sshpass, openssh-client)")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(said.contains("Permission denied"), "ssh ended with {} and said {said:?}", output.status);
    Ok(())
}
