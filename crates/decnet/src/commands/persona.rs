//! `persona`: what attackers see of a decky, and another one in its place.

use super::Context;
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_fleet::{Error, intent, wait};
use decnet_model::{
    fleet::{DeckyName, Fleet},
    logins,
    persona::{
        check::{self, Incoherence},
        seen::{HIDDEN, hide},
    },
    tarpit,
};
use decnet_store::Store;
use netsvc_persona::{
    Life, LoginPolicy, Persona,
    tables::firewalls::{self, Refusal},
};
use serde_json::json;
use std::{net::Ipv4Addr, time::Duration};

/// Longest wait for a new persona.
const PATIENCE: Duration = Duration::from_secs(30);

/// What attackers see of deckies
#[derive(Args, Debug)]
pub struct Personas {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the personas of all deckies that ever ran
    List {
        /// A JSON list, without secrets
        #[arg(long)]
        json: bool,
    },
    /// Show the whole persona of a decky, each fact once
    Show {
        /// The decky
        decky: DeckyName,
        /// Show passwords and keys too
        #[arg(long)]
        secrets: bool,
        /// The stored document as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a decky another persona: another machine of the same plan, with other keys
    ///
    /// What was recorded of the old one stays. Nothing else gives a decky that is deployed again under
    /// its name another persona.
    Reset {
        /// The decky
        decky: DeckyName,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Personas {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such persona or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::List { json } => list(&store, json).await,
            Verb::Show { decky, secrets, json } => {
                let Some(mut persona) = intent::persona(&store, &decky).await? else {
                    return Err(none(&decky));
                };
                let fingerprints = (
                    persona.ssh_keys.ed25519_fingerprint().unwrap_or_default(),
                    persona.ssh_keys.ecdsa_p256_fingerprint().unwrap_or_default(),
                );
                let fleet = intent::read(&store).await?;
                if let Some(planned) = fleet.as_ref().and_then(|fleet| fleet.deckies.get(&decky)) {
                    logins::apply(planned, &mut persona);
                }
                let contradictions = check::check(&persona);
                if !secrets {
                    hide(&mut persona);
                }
                if json {
                    output::json(&persona);
                } else {
                    show(&persona, &fingerprints, &contradictions, context.now());
                }
                Ok(())
            }
            Verb::Reset { decky, json } => reset(context, &store, &decky, json).await,
        }
    }
}

fn none(decky: &DeckyName) -> anyhow::Error {
    anyhow::anyhow!(
        "{decky} has no persona: it gets one when it is deployed; `decnet persona list` shows those there are"
    )
}

async fn list(store: &Store, json: bool) -> Result<()> {
    let mut personas = Vec::new();
    for row in store.decky_list().await.context("read the deckies")? {
        let Some(text) = row.persona else { continue };
        let mut persona: Persona = serde_json::from_str(&text).context("read a persona")?;
        hide(&mut persona);
        personas.push(persona);
    }
    if json {
        output::json(&personas);
        return Ok(());
    }
    output::table(&["DECKY", "HOST NAME", "ADDRESS", "MAC", "VENDOR", "SYSTEM"], &personas, |persona| {
        vec![
            persona.node.clone(),
            persona.fqdn(),
            persona.ip.to_string(),
            persona.mac.clone(),
            persona.mac_vendor.clone(),
            persona.os.pretty_name.clone(),
        ]
    });
    Ok(())
}

fn show(persona: &Persona, fingerprints: &(String, String), contradictions: &[Incoherence], now: i64) {
    let mut rows = machine(persona, now);
    rows.extend(keys(persona, fingerprints));
    for (slug, product) in &persona.products {
        let parts = [&product.name, &product.version, &product.packaging].map(String::as_str);
        rows.push((format!("service {slug}"), parts.join(" ").trim().to_owned()));
    }
    if persona.products.contains_key("ftp") {
        let (first, last) = persona.passive_ports;
        rows.push(("ftp passive ports".to_owned(), format!("{first} to {last}")));
    }
    let login = match &persona.login {
        LoginPolicy::Deny => "nobody".to_owned(),
        LoginPolicy::AcceptListed => "users below who have a password".to_owned(),
        LoginPolicy::AcceptAfter(count) => format!("anybody with attempt {count}"),
    };
    rows.push(("who may log in".to_owned(), login));
    for user in &persona.users {
        let password =
            user.password.as_ref().map(|secret| format!(" password {}", secret.0)).unwrap_or_default();
        let facts = format!("{} {:?} {} {}{password}", user.uid, user.full_name, user.home, user.shell);
        rows.push((format!("user {}", user.name), facts));
    }
    rows.extend(contradictions.iter().map(|found| ("contradiction".to_owned(), found.to_string())));
    output::table(&["FACT", &persona.node], &rows, |(fact, value)| vec![fact.clone(), value.clone()]);
}

fn machine(persona: &Persona, now: i64) -> Vec<(String, String)> {
    let (os, hardware, zone) = (&persona.os, &persona.hardware, &persona.zone);
    let moment = |at| format!("{} UTC", output::moment(at));
    let days = now.saturating_sub(persona.booted_at) / netsvc_wire::stamp::DAY;
    let build = if os.build == 0 { String::new() } else { format!(", build {}", os.build) };
    let rows = [
        ("host name", persona.fqdn()),
        ("address", format!("{}/{}", persona.ip, persona.prefix)),
        ("gateway", persona.gateway.map(|address| address.to_string()).unwrap_or_default()),
        ("mac", format!("{} ({})", persona.mac, persona.mac_vendor)),
        ("system", format!("{} ({}, {}){build}", os.pretty_name, os.id, os.family)),
        ("kernel", format!("{} {}", os.kernel, os.kernel_version).trim().to_owned()),
        ("processor", format!("{} x {} ({}, {} MHz)", hardware.cpus, hardware.cpu, os.machine, hardware.mhz)),
        ("memory", format!("{} MiB", hardware.memory_kib / 1024)),
        ("disk", format!("{} of {} GiB", hardware.disk, hardware.disk_kib / 1_048_576)),
        ("interface", hardware.interface.clone()),
        ("hardware", format!("{} {}, serial {}", hardware.vendor, hardware.product, hardware.serial)),
        ("machine id", hardware.machine_id.clone()),
        ("ttl", os.ttl.to_string()),
        ("firewall", firewall(persona)),
        ("installed", moment(persona.installed_at)),
        ("booted", format!("{} ({days} days ago)", moment(persona.booted_at))),
        ("clock", format!("{:+} ms", persona.clock_offset_ms)),
        ("time zone", format!("{} ({}, {:+} min)", zone.name, zone.abbreviation, zone.offset_minutes)),
        ("of its own accord", habits(&persona.life)),
        ("keeps waiting", waiting(persona)),
        ("personas before", persona.generation.to_string()),
    ];
    rows.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(fact, value)| (fact.to_owned(), value))
        .collect()
}

/// What the decky does without being asked.
fn habits(life: &Life) -> String {
    let speaks = if life.ambient { "speaks as its system does" } else { "silent" };
    let asks = if life.dhcp { ", asks for its address by DHCP" } else { "" };
    let of = |what, servers: &[Ipv4Addr]| match servers {
        [] => String::new(),
        some => format!(
            ", asks {} for {what}",
            some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
        ),
    };
    format!("{speaks}{asks}{}{}", of("names", &life.servers.dns), of("the time", &life.servers.ntp))
}

/// Whom it keeps waiting; nobody, as usual: nothing.
fn waiting(persona: &Persona) -> String {
    persona.slow.as_ref().map(|slow| tarpit::brief(Some(slow))).unwrap_or_default()
}

/// Its packet filter, and what a closed port does with it.
fn firewall(persona: &Persona) -> String {
    let Some(wall) = firewalls::of(&persona.os) else { return String::new() };
    if !persona.firewall {
        return format!("{}, off", wall.name);
    }
    match wall.refusal {
        Refusal::Silence => format!("{}, on: drops", wall.name),
        Refusal::Unreachable(code) => format!("{}, on: refuses with ICMP 3/{code}", wall.name),
    }
}

fn keys(persona: &Persona, fingerprints: &(String, String)) -> Vec<(String, String)> {
    let (keys, certificate) = (fingerprints, &persona.certificate);
    let moment = |at| output::moment(at).split(' ').next().unwrap_or_default().to_owned();
    let issuer = if certificate.issuer == certificate.common_name { "itself" } else { &certificate.issuer };
    let mut rows = vec![
        (
            "certificate".to_owned(),
            format!("{} {}, issued by {issuer}", certificate.key, certificate.common_name),
        ),
        ("certificate serial".to_owned(), certificate.serial.clone()),
        (
            "certificate valid".to_owned(),
            format!("{} to {}", moment(certificate.not_before), moment(certificate.not_after)),
        ),
    ];
    if persona.products.contains_key("ssh") {
        rows.push(("ssh ed25519 key".to_owned(), keys.0.clone()));
        rows.push(("ssh ecdsa key".to_owned(), keys.1.clone()));
        rows.push((
            "ssh rsa key".to_owned(),
            format!("{} bits, made at first use", persona.ssh_keys.rsa_bits),
        ));
    }
    if persona.subkey.0 != HIDDEN {
        let secrets = [
            ("ssh ed25519 seed", &persona.ssh_keys.ed25519),
            ("ssh ecdsa scalar", &persona.ssh_keys.ecdsa_p256),
            ("subkey", &persona.subkey),
        ];
        rows.extend(secrets.map(|(fact, secret)| (fact.to_owned(), secret.0.clone())));
    }
    rows
}

async fn reset(context: &Context, store: &Store, name: &DeckyName, json: bool) -> Result<()> {
    let old = intent::persona(store, name).await?.ok_or_else(|| none(name))?;
    if !intent::read(store).await?.ok_or(Error::NoFleet)?.deckies.contains_key(name) {
        bail!("{name} is not deployed; deploy it, then reset its persona");
    }
    let raised = |current: Option<&Fleet>| {
        let mut fleet = current.ok_or(Error::NoFleet)?.clone();
        let decky = fleet.deckies.get_mut(name).ok_or_else(|| Error::NoDecky(name.clone()))?;
        decky.generation = old.generation.max(decky.generation).saturating_add(1);
        Ok::<_, Error>(fleet)
    };
    intent::change(&context.fleet(), store, context.now(), raised).await?;
    workers::wake_fleet(context).await;
    let new = wait::persona(&context.fleet(), store, name, old.generation, PATIENCE).await?;
    let shown = new.as_ref().map(Persona::fqdn);
    if json {
        output::json(&json!({ "decky": name, "before": old.fqdn(), "now": shown }));
    } else {
        let now = shown.unwrap_or_else(|| "another machine once workers run".to_owned());
        output::note(&format!("{name} was {}, and is {now}", old.fqdn()));
    }
    Ok(())
}
