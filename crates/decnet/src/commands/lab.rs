//! `lab`: a private network on this host, with a host to attack from.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use decnet_engine::lab::{Lab as Network, LabState, Place};
use decnet_fleet::lab;
use decnet_model::{fleet, paths::Paths};
use serde_json::json;
use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, ExitCode},
};

/// The private network with a host to attack from
///
/// A lab is a network of its own on this host: a segment that `decnet deploy --lab` puts a fleet on, a
/// router, and hosts to attack from. It is made of namespaces and virtual interfaces; nothing of it
/// touches the machine's own interfaces, and nothing in it reaches the Internet. It needs root, or a
/// kernel that lets users make namespaces.
///
/// The first address of the network is the router's, the last ones are the attackers'. Each state
/// folder (--state-dir) has a lab of its own.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  decnet lab up
  decnet deploy --lab -n 10 --archetype linux-server
  decnet lab exec -- nmap -n -sS -p 22,80 10.66.0.0/24
  decnet lab shell
  decnet teardown --all && decnet lab down

Exit status:
  `lab exec` and `lab shell` end with that of the program they ran; 127 when there is no such program.
  `lab status` ends with 0 when the lab is up and 1 when it is not.")]
pub struct Lab {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Start the lab; one that is up already just so is left as it is
    Up(Up),
    /// Run a program on an attacker's host
    Exec(Exec),
    /// Open a shell on an attacker's host
    Shell(Shell),
    /// Show whether the lab is up, and its addresses
    Status(Json),
    /// End the lab
    Down(Json),
}

/// What a lab is made from.
#[derive(Args, Debug, Clone)]
pub struct Up {
    /// Network of the lab, prefix 8 to 29
    #[arg(long, value_name = "NETWORK", default_value_t = lab::DEFAULT_NETWORK)]
    pub network: fleet::Network,
    /// How many hosts to attack from, 1 to 16
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub attackers: u8,
    /// JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
struct Json {
    /// JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct Exec {
    /// Which attacker's host, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    attacker: usize,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    words: Vec<OsString>,
}

#[derive(Args, Debug)]
struct Shell {
    /// Which attacker's host, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    attacker: usize,
}

impl Lab {
    /// Runs the command. To be called while the process has one thread.
    ///
    /// # Errors
    /// When the lab cannot be made, found or entered.
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let paths = context.paths();
        match self.verb {
            Verb::Up(up) => {
                let (lab, fresh) = lab::ensure_up(&context.fleet(), &up.wanted())?;
                tell(
                    Some(lab.state()),
                    up.json,
                    if fresh { "the lab is up" } else { "the lab was up already" },
                );
            }
            Verb::Exec(exec) => {
                let mut words = exec.words.into_iter();
                let program = words.next().context("name a program")?;
                return replace(enter(&paths, exec.attacker, program)?.args(words));
            }
            Verb::Shell(shell) => {
                let program = std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
                return replace(&mut enter(&paths, shell.attacker, program)?);
            }
            Verb::Status(options) => {
                let lab = Network::find(&paths.run());
                tell(lab.as_ref().map(Network::state), options.json, "the lab is up");
                return Ok(if lab.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            Verb::Down(options) => down(context, &options)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Up {
    fn wanted(&self) -> lab::Wanted {
        lab::Wanted { network: self.network.clone(), attackers: self.attackers }
    }
}

fn enter(paths: &Paths, attacker: usize, program: OsString) -> Result<Command> {
    let lab = Network::find(&paths.run()).context("no lab is up: `decnet lab up` starts one")?;
    let hosts = lab.state().attackers.len();
    ensure!((1..=hosts).contains(&attacker), "--attacker {attacker}: the lab has attackers 1 to {hosts}");
    let place = Place::Attacker(attacker.saturating_sub(1));
    lab.command(place, program).context("enter the lab (as the user who started it, or as root)")
}

/// Becomes `command`; returns only when it cannot be started.
fn replace(command: &mut Command) -> Result<ExitCode> {
    let error = command.exec();
    let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    output::note(&format!("error: run {}: {error}", PathBuf::from(command.get_program()).display()));
    Ok(ExitCode::from(code))
}

fn down(context: &Context, options: &Json) -> Result<()> {
    let paths = context.paths();
    let found = Network::find(&paths.run());
    let up = found.is_some();
    if let Some(found) = found {
        if lab::is_used(&paths) {
            bail!("a fleet stands in the lab: `decnet teardown --all` first");
        }
        found.down()?;
    }
    let _ = fs_err::remove_file(paths.run().join("lab.log"));
    if options.json {
        output::json(&json!({ "up": false, "was_up": up }));
    } else {
        output::note(if up { "the lab is down" } else { "no lab was up" });
    }
    Ok(())
}

fn tell(state: Option<&LabState>, as_json: bool, what: &str) {
    let Some(state) = state else {
        return if as_json { output::json(&json!({ "up": false })) } else { output::line("no lab is up") };
    };
    let attackers: Vec<String> = state.attackers.iter().map(|host| host.address.to_string()).collect();
    if as_json {
        return output::json(&json!({
            "up": true, "network": format!("{}/{}", state.network, state.prefix), "rootless": state.rootless,
            "gateway": state.router.address.to_string(), "interface": state.interface, "attackers": attackers,
        }));
    }
    let user = if state.rootless { ", in a user namespace" } else { "" };
    output::line(&format!(
        "{what}: network {}/{}, router {}, attackers {}{user}",
        state.network,
        state.prefix,
        state.router.address,
        attackers.join(" ")
    ));
}
