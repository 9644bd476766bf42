//! `alerts`: whom incidents are told to.

use super::{
    Context,
    user::{actor, audit},
    wrong,
};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use decnet_model::{
    alert::{Addresses, Asked, AskedMute, LONGEST_MUTE, Quiet},
    record::Page,
};
use decnet_shape::{self as shape, message};
use std::io::Read;

/// Longest secret that is read.
const SECRET_MOST: u64 = 1024;

/// Tell people and programs of incidents
#[derive(Args, Debug)]
pub struct Alerts {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the rules
    Rules {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Make a rule, or change one; what is left out stays as it is
    Set(Box<Set>),
    /// Remove a rule; what waits for it is given up
    Remove {
        /// Its name
        name: String,
    },
    /// Send a test to the target of a rule and print what it answers
    Test {
        /// Name of the rule; `configured` is the one of the settings
        name: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List messages and what became of them, the latest first
    Deliveries {
        /// Most messages shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Send a message that was given up once more
    Retry {
        /// Its number
        id: i64,
    },
    /// Have nobody told of some incidents for a while
    Mute {
        /// Only from these addresses, as 192.0.2.0/24
        #[arg(long, value_name = "NETWORK")]
        network: Option<Addresses>,
        /// Only of this decky
        #[arg(long, value_name = "NAME")]
        decky: Option<String>,
        /// Only of this service
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        /// Only in these hours of each day (UTC), as 02:00-03:30
        #[arg(long, value_name = "HOURS")]
        hours: Option<Quiet>,
        /// Of everything, while the host is worked on; needs --minutes, for a week at most
        #[arg(long)]
        all: bool,
        /// For so many minutes; without it until somebody ends it
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_MUTE)))]
        minutes: Option<u32>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List mutes that have not ended
    Mutes {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// End a mute
    Unmute {
        /// Its number
        id: i64,
    },
}

/// A rule as it is to be.
#[derive(Args, Debug)]
struct Set {
    /// Its name
    name: String,
    /// https://HOST/PATH, http://HOST/PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, or mail:
    /// smtps://USER@HOST/TO,TO?from=FROM, smtp+starttls://… or smtp://HOST/TO (an @ in USER is %40)
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Read what messages are signed with from the standard input; nothing: they are not signed. Of
    /// mail, this is the password at its server
    #[arg(long)]
    secret_stdin: bool,
    /// How messages look: json, slack, mattermost, teams, discord, ntfy; for SIEMs ecs, cef, over syslog, too
    #[arg(long)]
    format: Option<String>,
    /// At least this urgent
    #[arg(long)]
    severity: Option<String>,
    /// At least this far
    #[arg(long)]
    stage: Option<String>,
    /// Only where this decky was touched; empty: any
    #[arg(long, value_name = "NAME")]
    decky: Option<String>,
    /// Only where this service was touched; empty: any
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only from these addresses, as 192.0.2.0/24; empty: any
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    /// Messages in an hour beyond which they are held for a digest
    #[arg(long, value_name = "COUNT")]
    per_hour: Option<u32>,
    /// Hours (UTC) in which what is less than critical is held, as 22:00-06:30; empty: none
    #[arg(long, value_name = "HOURS")]
    quiet: Option<String>,
    /// Use it
    #[arg(long, conflicts_with = "off")]
    on: bool,
    /// Do not use it
    #[arg(long)]
    off: bool,
}

impl Alerts {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such rule, a value is wrong, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Rules { json } => rules(context, json).await,
            Verb::Set(set) => set.run(context).await,
            Verb::Remove { name } => {
                let store = context.store().await?;
                let there = store.alert_rule_remove(&name, context.now()).await.context("remove the rule")?;
                anyhow::ensure!(there, "no rule is called {name:?}");
                audit(context, &store, "alert.rule.delete", &name).await
            }
            Verb::Test { name, json } => test(context, &name, json).await,
            Verb::Deliveries { limit, json } => deliveries(context, limit, json).await,
            Verb::Retry { id } => {
                let store = context.store().await?;
                let there = store.alert_again(id, context.now()).await.context("send it once more")?;
                anyhow::ensure!(there, "no message that was given up has the number {id}");
                audit(context, &store, "alert.retry", &id.to_string()).await
            }
            Verb::Mute { network, decky, service, hours, all, minutes, reason } => {
                let network = network.map(|network| network.to_string());
                let hours = hours.map(|hours| hours.to_string());
                let asked = AskedMute { network, node: decky, service, hours, all, reason, minutes };
                let mute = asked.mute(&actor(), context.now()).map_err(wrong)?;
                let store = context.store().await?;
                let id = store.alert_mute_put(&mute).await.context("store the mute")?;
                audit(context, &store, "alert.mute.create", &id.to_string()).await?;
                output::note(&format!("mute {id} holds"));
                Ok(())
            }
            Verb::Mutes { json } => mutes(context, json).await,
            Verb::Unmute { id } => {
                let store = context.store().await?;
                let there = store.alert_mute_remove(id).await.context("end the mute")?;
                anyhow::ensure!(there, "no mute has the number {id}");
                audit(context, &store, "alert.mute.delete", &id.to_string()).await
            }
        }
    }
}

impl Set {
    async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let known = store.alert_rule_get(&self.name).await.context("read the rule")?;
        let secret = if self.secret_stdin { Some(secret()?) } else { None };
        let asked = Asked {
            enabled: (self.on || self.off).then_some(self.on),
            target: self.target,
            secret,
            format: self.format,
            severity: self.severity,
            stage: self.stage,
            node: self.decky,
            service: self.service,
            network: self.network,
            per_hour: self.per_hour,
            quiet: self.quiet,
        };
        let rule = asked.rule(&self.name, known, &actor(), context.now()).map_err(wrong)?;
        store.alert_rule_put(&rule).await.context("store the rule")?;
        audit(context, &store, "alert.rule.put", &self.name).await?;
        output::note(&format!("rule {} tells {}", rule.name, shape::AlertRule::from(&rule).target));
        Ok(())
    }
}

fn secret() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(SECRET_MOST).read_to_string(&mut text).context("read the secret")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

async fn rules(context: &Context, json: bool) -> Result<()> {
    let mut rows = context.store().await?.alert_rule_list().await.context("read the rules")?;
    rows.extend(crate::workers::configured_rule(context)?);
    let shapes: Vec<_> = rows.iter().map(shape::AlertRule::from).collect();
    if json {
        output::json(&shapes);
        return Ok(());
    }
    let header =
        ["NAME", "USED", "TARGET", "FORMAT", "SIGNED", "SEVERITY", "STAGE", "ONLY", "AN HOUR", "QUIET"];
    output::table(&header, &shapes, |rule| {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        let only = [&rule.decky, &rule.service, &rule.network];
        let only: Vec<_> = only.into_iter().flatten().map(String::as_str).collect();
        vec![
            rule.name.as_str().into(),
            yes(rule.enabled).into(),
            rule.target.as_str().into(),
            rule.format.into(),
            yes(rule.signed).into(),
            rule.severity.into(),
            rule.stage.into(),
            only.join(" ").into(),
            rule.per_hour.to_string().into(),
            Cell::from(rule.quiet.clone().unwrap_or_default()),
        ]
    });
    Ok(())
}

async fn test(context: &Context, name: &str, json: bool) -> Result<()> {
    let store = context.store().await?;
    let rule = match store.alert_rule_get(name).await.context("read the rule")? {
        Some(rule) => rule,
        None => (crate::workers::configured_rule(context)?.filter(|rule| rule.name == name))
            .with_context(|| format!("no rule is called {name:?}"))?,
    };
    let message = message::test(&rule, &actor(), context.now());
    let answer = decnet_alert::send(&rule, &message, context.paths().root()).await?;
    audit(context, &store, "alert.test", name).await?;
    if json {
        output::json(&serde_json::json!({
            "rule": name, "token": message.token, "taken": answer.is_good(), "status": answer.status,
            "answer": answer.text,
        }));
    } else {
        output::line(&answer.text);
    }
    anyhow::ensure!(answer.is_good(), "the target did not take it");
    Ok(())
}

async fn deliveries(context: &Context, limit: u32, json: bool) -> Result<()> {
    let rows = context.store().await?.alert_list(Page::newest(limit)).await.context("read the messages")?;
    let shapes: Vec<_> = rows.iter().map(shape::AlertDelivery::from).collect();
    if json {
        output::json(&shapes);
        return Ok(());
    }
    let cells = rows.iter().map(|row| {
        vec![
            row.id.to_string().into(),
            (&row.rule).into(),
            row.kind.name().into(),
            row.state.name().into(),
            output::moment(row.created_at).into(),
            row.attempts.to_string().into(),
            Cell::from(row.severity.name()),
            given_way(&row.title),
            given_way(&row.answer),
        ]
    });
    let header = ["ID", "RULE", "KIND", "STATE", "MADE", "TRIES", "SEVERITY", "WHAT", "ANSWER"];
    output::list(&header, cells.collect(), false);
    Ok(())
}

async fn mutes(context: &Context, json: bool) -> Result<()> {
    let rows = context.store().await?.alert_mute_list(context.now()).await.context("read the mutes")?;
    if json {
        output::json(&rows.iter().map(shape::AlertMute::from).collect::<Vec<_>>());
        return Ok(());
    }
    output::table(&["ID", "ADDRESSES", "DECKY", "SERVICE", "HOURS", "UNTIL", "BY", "REASON"], &rows, |row| {
        vec![
            row.id.to_string(),
            row.network.clone().unwrap_or_default(),
            row.node.clone().unwrap_or_default(),
            row.service.clone().unwrap_or_default(),
            row.hours.clone().unwrap_or_default(),
            row.until.map(output::moment).unwrap_or_default(),
            row.created_by.clone(),
            row.reason.clone(),
        ]
    });
    Ok(())
}

/// A cell of a text that was escaped when it was stored, which gives way when the row is too wide.
fn given_way(text: &str) -> Cell {
    let bytes = netsvc_wire::escape::unprintable(text);
    Cell::captured(&bytes.unwrap_or_else(|| text.as_bytes().to_vec()))
}
