//! `join`, `agent` and `leave`: this host as one of a swarm. And `swarmctl`, the other side of it.

use super::{Context, release::Trust, run, serve};
use crate::{enrolment::Bundle, ground, house, output, settings::Name, updater};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::{
    swarm::Token,
    worker::{Role, Worker},
};
use decnet_swarm::{
    files::{Files, Membership},
    join,
    release::PublicKey,
};
use serde_json::json;
use std::path::PathBuf;

/// Join the swarm of a master, by the command that `swarm enroll` printed there
///
/// The key of this host is made here and never leaves it. The token says by which certificate the master is known,
/// so that nobody else is believed, and works once. What is asked for afterwards is done by `decnet agent`.
#[derive(Args, Debug)]
pub struct Join {
    /// The master, HOST or HOST:PORT
    #[arg(value_name = "MASTER", required_unless_present = "bundle")]
    master: Option<String>,
    /// The token
    #[arg(value_name = "TOKEN", required_unless_present = "bundle")]
    token: Option<String>,
    /// Master, token and key of releases are in this file, which `swarm enroll --bundle` wrote there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["master", "token", "release_key"])]
    bundle: Option<PathBuf>,
    /// Let deckies stand on the segment of this interface
    #[arg(long, value_name = "IF", conflicts_with = "lab")]
    interface: Option<String>,
    /// Let deckies stand in a lab on this host
    #[arg(long)]
    lab: bool,
    /// Start the agent in the background at once
    #[arg(long)]
    run: bool,
    /// Believe releases that this key has signed, and no others; `swarm enroll` says it where the master trusts one
    #[arg(long, value_name = "KEY")]
    release_key: Option<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Run as an agent: the fleet that the master wants here, the collector, and the forwarder
///
/// Deckies serve, and what they see is kept, while the master is away. No database server is needed. Without a master
/// (`decnet join`) there is nothing to run.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Agent {
    #[command(subcommand)]
    verb: Option<AgentVerb>,
    /// Go to the background; messages go to run/decnet.log in the state folder
    #[arg(long, short)]
    daemon: bool,
    /// Leave the forwarder out: it runs elsewhere, or under a unit of its own
    #[arg(long)]
    no_forwarder: bool,
    /// User that the processes of the house become when root starts them, by name or number
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}

#[derive(Subcommand, Debug)]
enum AgentVerb {
    /// Have this host believe releases that a key has signed, and no others: `decnet release trust`
    TrustKey(Trust),
}

/// End the membership on this host's side: its deckies and its key go, what was recorded stays
///
/// The master is not told: `decnet swarm decommission` there revokes the certificate.
#[derive(Args, Debug)]
pub struct Leave {
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Run the controller and the listener of a swarm, and nothing else
///
/// `decnet run` has both of them as soon as there is a swarm.
#[derive(Args, Debug)]
pub struct Swarmctl {
    #[command(flatten)]
    pub place: serve::Controller,
    /// Leave the listener out: it runs elsewhere, or under a unit of its own
    #[arg(long)]
    no_listener: bool,
    /// Go to the background
    #[arg(long, short)]
    daemon: bool,
}

impl Join {
    /// Runs the command.
    ///
    /// # Errors
    /// When the master cannot be reached, is another one, or says no.
    pub async fn run(self, context: &Context) -> Result<()> {
        let usual = u16::try_from(context.settings().number(Name::SwarmctlPort)).unwrap_or(8770);
        let (master, token, release_key) = match &self.bundle {
            Some(file) => {
                let bundle = Bundle::read(file)?;
                (bundle.master, bundle.token, bundle.release_key)
            }
            None => (self.master.unwrap_or_default(), self.token.unwrap_or_default(), self.release_key),
        };
        let (host, port) = address(&master, usual)?;
        let token: Token = token.parse()?;
        let files = Files::new(&context.paths());
        fs_err::create_dir_all(context.paths().root()).context("make the state folder")?;
        // Before anything is asked of the master: what cannot be here is told here.
        let ground = ground::looked(context, self.interface.clone(), self.lab, &host)?;
        let key = release_key.as_deref().map(PublicKey::read).transpose()?;
        let member = join::join(&files, &host, port, &token, &updater::version()).await?;
        let member = Membership { interface: self.interface, lab: self.lab, ..member };
        files.put_membership(&member)?;
        files.put_ground(&ground)?;
        if let Some(key) = key {
            updater::Slots::new(&context.paths()).trust(&key)?;
        }
        if self.run {
            start(context, false).await?;
        }
        if self.json {
            output::json(&json!({
                "host": member.host, "name": member.name, "master": member.master, "runtime": ground.runtime.name(),
                "network": ground.network.to_string(), "running": self.run,
            }));
        } else {
            let next = if self.run { "" } else { "; `decnet agent` does what is wanted here" };
            output::note(&format!("this host is {} of the swarm of {}{next}", member.name, member.master));
        }
        Ok(())
    }
}

impl Agent {
    /// Runs the command.
    ///
    /// # Errors
    /// When this host has joined no swarm, or something is in the way of the workers.
    pub async fn run(self, context: &Context) -> Result<()> {
        if let Some(AgentVerb::TrustKey(trust)) = self.verb {
            return trust.run(context).await;
        }
        ground::prepare(context)?;
        if self.daemon {
            return start(context, self.no_forwarder).await;
        }
        run::Run::of(workers(self.no_forwarder)).run(context).await
    }
}

impl Leave {
    /// Runs the command.
    ///
    /// # Errors
    /// When this host has joined no swarm, or its workers run.
    pub async fn run(self, context: &Context) -> Result<()> {
        let files = Files::new(&context.paths());
        let member = files.membership()?;
        if decnet_fleet::supervisor::running(&context.paths()).is_some() {
            output::note("the workers are ended first");
            decnet_fleet::supervisor::stop(&context.paths())?;
        }
        if context.is_installed() {
            let store = context.store().await?;
            if let Some(fleet) = decnet_fleet::intent::read(&store).await? {
                let config = context.fleet();
                decnet_fleet::intent::put(&config, &store, &fleet.emptied(), context.now()).await?;
            }
            store.close().await;
        }
        decnet_fleet::teardown::clear(&context.paths()).await?;
        files.forget_membership();
        if self.json {
            output::json(&json!({ "left": member.master, "host": member.host }));
        } else {
            output::note(&format!("this host belongs to the swarm of {} no more", member.master));
        }
        Ok(())
    }
}

impl Swarmctl {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no swarm, or another copy runs.
    pub async fn run(self, context: &Context) -> Result<()> {
        if !Files::new(&context.paths()).is_master() {
            bail!(decnet_swarm::Error::NoSwarm);
        }
        let all = [Worker::Swarmctl, Worker::Listener];
        let wanted: Vec<Worker> =
            all.into_iter().filter(|worker| !(self.no_listener && *worker == Worker::Listener)).collect();
        if self.daemon {
            let mut arguments = vec![Worker::Swarmctl.name()];
            if self.no_listener {
                arguments.push("--no-listener");
            }
            return run::begin(context, &arguments, Worker::Swarmctl).await;
        }
        house::together(context, &wanted, run::stop_signal()?).await
    }
}

/// The workers of an agent.
fn workers(no_forwarder: bool) -> Vec<Worker> {
    let all = Worker::on(Role::Agent);
    all.into_iter().filter(|worker| !(no_forwarder && *worker == Worker::Forwarder)).collect()
}

async fn start(context: &Context, no_forwarder: bool) -> Result<()> {
    let names: Vec<String> = workers(no_forwarder).iter().map(|worker| worker.name().to_owned()).collect();
    run::start_in_background(context, &names).await
}

/// `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets.
fn address(text: &str, usual: u16) -> Result<(String, u16)> {
    let bad = || format!("{text:?} is no HOST or HOST:PORT");
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse::<u16>().ok().filter(|port| *port > 0).with_context(bad)?)
        }
        _ => (text, usual),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if bare.is_empty() || !bare.bytes().all(plain) {
        bail!(bad());
    }
    let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_is_a_host_with_or_without_a_port() {
        let read = |text: &str| address(text, 8770).ok();
        assert_eq!(read("m.lan"), Some(("m.lan".to_owned(), 8770)));
        assert_eq!(read("192.0.2.1:99"), Some(("192.0.2.1".to_owned(), 99)));
        assert_eq!(read("[2001:db8::1]:99"), Some(("[2001:db8::1]".to_owned(), 99)));
        assert_eq!(read("2001:db8::1"), Some(("[2001:db8::1]".to_owned(), 8770)));
        for text in ["", "m:0", "m:x", "m:70000", "a b", "https://m"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
