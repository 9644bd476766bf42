//! `identities` and `campaigns`: who is behind addresses, and who works together.

use super::{
    Context,
    user::{actor, audit},
    wrong,
};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_analysis::{attribution::attribution, cluster::explain};
use decnet_model::record::{Asked, Deed, Level, Refusal};
use decnet_pipeline::why;
use decnet_shape::{
    Attribution, Cluster, ClusterAddress, ClusterDecision, ClusterDetail, ClusterQuery, ClusterTie,
};
use decnet_store::Store;
use std::net::IpAddr;

/// What is joined, and what analysts say of it.
#[derive(Args, Debug)]
pub struct Clusters {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List them, those active last first
    List {
        /// With at least so many members
        #[arg(long, value_name = "COUNT", default_value_t = 2)]
        members: u64,
        /// At least this risk, 0 to 100
        #[arg(long, value_name = "RISK")]
        risk: Option<u64>,
        /// Only what was seen at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Most rows shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show one with its addresses
    Show {
        /// Its number; of an identity also one of its addresses
        which: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Say in words why its members are joined; or why two members are, or are not
    Explain {
        /// Its number, or a member
        which: String,
        /// Another member: an address, of campaigns the number of an identity
        other: Option<String>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that two are one
    Merge {
        /// The number of the one
        one: i64,
        /// The number of the other
        other: i64,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Say that some members are not of it
    Split {
        /// Its number
        from: i64,
        /// Who leaves: addresses, of campaigns numbers of identities
        #[arg(required = true)]
        leave: Vec<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Say that it is right as it is: nobody leaves and nobody joins
    Pin {
        /// Its number
        which: i64,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List what analysts have said, the latest first
    Decisions {
        /// With what was taken back
        #[arg(long)]
        all: bool,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Take back what somebody has said
    Undo {
        /// The number of the decision
        decision: i64,
    },
}

impl Clusters {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such cluster, a value is wrong, or the store fails.
    pub async fn run(self, level: Level, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List { members, risk, since, limit, json } => {
                let query = ClusterQuery { members: Some(members), risk, since, limit: Some(limit) };
                list(level, context, &query, json).await
            }
            Verb::Show { which, json } => show(level, context, &which, json).await,
            Verb::Explain { which, other: None, json } => reasons(level, context, &which, json).await,
            Verb::Explain { which, other: Some(other), json } => {
                between(level, context, (&which, &other), json).await
            }
            Verb::Merge { one, other, reason } => {
                decide(level, context, Asked::Merge(one, other), &reason).await
            }
            Verb::Split { from, leave, reason } => {
                decide(level, context, Asked::Split(from, leave), &reason).await
            }
            Verb::Pin { which, reason } => decide(level, context, Asked::Pin(which), &reason).await,
            Verb::Decisions { all, json } => decisions(level, context, all, json).await,
            Verb::Undo { decision } => undo(level, context, decision).await,
        }
    }
}

async fn list(level: Level, context: &Context, query: &ClusterQuery, json: bool) -> Result<()> {
    let (filter, limit) = query.filter(context.now()).map_err(wrong)?;
    let store = context.store().await?;
    let rows = store.cluster_list(level, &filter, limit).await.context("read clusters")?;
    let shapes: Vec<Cluster> = rows.iter().map(Cluster::from).collect();
    if json {
        output::json(&shapes);
        return Ok(());
    }
    let header = ["ID", "RISK", "MEMBERS", "ADDRESSES", "EVENTS", "FIRST SEEN", "LAST SEEN"];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let (first, last) = (output::moment(row.first_seen), output::moment(row.last_seen));
            let numbers = [row.id.to_string(), row.risk.to_string(), row.members.to_string()];
            numbers
                .into_iter()
                .chain([row.addresses.to_string(), row.events.to_string(), first, last])
                .collect()
        })
        .collect();
    output::table(&header, &cells, Clone::clone);
    Ok(())
}

/// The cluster that a number or an address is in.
async fn find(level: Level, store: &Store, which: &str) -> Result<i64> {
    let number = match which.parse::<IpAddr>() {
        Ok(address) => store.identity_of(address).await.context("find the address")?,
        Err(_) => which.parse::<i64>().ok(),
    };
    let found = match number {
        Some(number) => store.cluster_now(level, number).await.context("find the cluster")?,
        None => None,
    };
    found.with_context(|| {
        format!("there is no {level} {which:?}; `decnet {} list` shows them", level.plural())
    })
}

async fn detail(level: Level, context: &Context, which: &str) -> Result<ClusterDetail> {
    let store = context.store().await?;
    let id = find(level, &store, which).await?;
    let Some(view) = store.cluster_view(level, id).await.context("read the cluster")? else {
        bail!("there is no {level} {id}");
    };
    let attribution = attribution(&view.fingerprints);
    Ok(ClusterDetail::new(&view, |link| explain::sentence(link, level), attribution))
}

async fn show(level: Level, context: &Context, which: &str, json: bool) -> Result<()> {
    let detail = detail(level, context, which).await?;
    if json {
        output::json(&detail);
        return Ok(());
    }
    let one = &detail.cluster;
    output::line(&format!(
        "{level} {}  risk {} · {} addresses · {} events",
        one.id, one.risk, one.addresses, one.events
    ));
    if let Some(campaign) = detail.campaign.filter(|campaign| *campaign != one.id) {
        output::line(&format!("part of campaign {campaign}"));
    }
    output::line("");
    let cells = |row: &ClusterAddress| -> Vec<Cell> {
        let time = |text: &str| text.get(..19).unwrap_or_default().replace('T', " ");
        vec![
            (&row.src_ip).into(),
            row.identity.to_string().into(),
            row.risk.to_string().into(),
            row.behaviour.into(),
            row.phase.into(),
            row.events.to_string().into(),
            time(&row.first_seen).into(),
            time(&row.last_seen).into(),
        ]
    };
    let header = ["ADDRESS", "IDENTITY", "RISK", "BEHAVIOUR", "PHASE", "EVENTS", "FIRST SEEN", "LAST SEEN"];
    output::list(&header, detail.sources.iter().map(cells).collect(), false);
    detail.attribution.iter().for_each(|one| attributed(one, false));
    if !detail.decisions.is_empty() {
        output::line("");
        detail.decisions.iter().for_each(|one| output::line(&said(one)));
    }
    Ok(())
}

/// Whether what it is recognised by stays the same; `whole`: with the reasons.
fn attributed(one: &Attribution, whole: bool) {
    output::line("");
    for fact in &one.facts {
        let because = if whole { format!(": {}", fact.because) } else { String::new() };
        let since = fact.since.get(..19).unwrap_or_default().replace('T', " ");
        let numbers = format!("{} values, {} rotations", fact.values, fact.rotations);
        output::line(&format!(
            "{:<12}  {} since {since} ({} %), {numbers}{because}",
            fact.kind, fact.state, fact.confidence
        ));
    }
    if one.several_actors {
        output::line(&format!("several actors are suspected: {}", one.because));
    }
}

/// What a member is called.
fn name(level: Level, detail: &ClusterDetail, number: i64) -> String {
    let address = detail.sources.iter().find(|source| source.number == number);
    match (level, address) {
        (Level::Identity, Some(source)) => source.src_ip.clone(),
        (Level::Campaign, _) => format!("identity {number}"),
        (Level::Identity, None) => number.to_string(),
    }
}

async fn reasons(level: Level, context: &Context, which: &str, json: bool) -> Result<()> {
    let detail = detail(level, context, which).await?;
    if json {
        output::json(&detail.links);
        return Ok(());
    }
    if detail.links.is_empty() {
        output::line(&format!("{level} {} has one member: nothing joins it", detail.cluster.id));
    }
    for link in &detail.links {
        let (older, younger) = (name(level, &detail, link.older), name(level, &detail, link.younger));
        output::line(&format!("{older} and {younger}: {}", link.because));
    }
    detail.attribution.iter().for_each(|one| attributed(one, true));
    Ok(())
}

/// The number of a member.
async fn member(level: Level, store: &Store, which: &str) -> Result<i64> {
    let found = store.cluster_member(level, which).await.context("find a member")?;
    found.with_context(|| format!("{which:?} is nobody that is known"))
}

async fn between(level: Level, context: &Context, (one, two): (&str, &str), json: bool) -> Result<()> {
    let store = context.store().await?;
    let (left, right) = (member(level, &store, one).await?, member(level, &store, two).await?);
    let Some(link) = why::why(&store, level, left, right).await? else {
        bail!("{one} or {two} is nobody that is known");
    };
    let told = ClusterTie::new(&link, explain::sentence(&link, level));
    if json {
        output::json(&told);
    } else {
        output::line(&format!("{one} and {two}: {}", told.because));
    }
    Ok(())
}

async fn decide(level: Level, context: &Context, asked: Asked, reason: &str) -> Result<()> {
    let store = context.store().await?;
    let now = context.now();
    let decided = store.cluster_decide(level, &asked, reason, (&actor(), now)).await.context("decide")?;
    let decision = match decided {
        Ok(decision) => decision,
        Err(refusal @ Refusal::Missing(..)) => {
            bail!("{refusal}; `decnet {} list --members 1` shows them", level.plural())
        }
        Err(refusal) => bail!("{refusal}"),
    };
    audit(context, &store, "cluster.decide", &format!("{} {}", level.plural(), decision.id)).await?;
    output::note(&format!("decision {}: {}", decision.id, told(decision.deed)));
    Ok(())
}

fn told(deed: Deed) -> &'static str {
    match deed {
        Deed::Merge => "they are one as soon as the clusterer has heard of it",
        Deed::Split => "they come apart as soon as the clusterer has heard of it",
        Deed::Pin => "nobody leaves it and nobody joins",
    }
}

fn said(one: &ClusterDecision) -> String {
    let at = one.at.get(..19).unwrap_or_default().replace('T', " ");
    let reason = output::captured(one.reason.as_bytes(), 200);
    let undone = one.undone_by.as_ref().map(|name| format!(" (taken back by {name})")).unwrap_or_default();
    let sides = match one.deed {
        "pin" => one.left.join(" "),
        "merge" => format!("{} with {}", one.left.join(" "), one.right.join(" ")),
        _ => format!("{} from {}", one.left.join(" "), one.right.join(" ")),
    };
    let sides: String = sides.chars().take(120).collect();
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("{:>4}  {at}  {} {}s {sides}{undone}{colon}{reason}", one.id, one.actor, one.deed)
}

async fn decisions(level: Level, context: &Context, all: bool, json: bool) -> Result<()> {
    let store = context.store().await?;
    let rows = store.decision_list(level, all).await.context("read decisions")?;
    let shapes: Vec<ClusterDecision> = rows.iter().map(ClusterDecision::from).collect();
    if json {
        output::json(&shapes);
    } else {
        shapes.iter().for_each(|one| output::line(&said(one)));
    }
    Ok(())
}

async fn undo(level: Level, context: &Context, id: i64) -> Result<()> {
    let store = context.store().await?;
    if !store.decision_undo(level, id, &actor(), context.now()).await.context("take the decision back")? {
        bail!("no decision {id} holds; `decnet {} decisions` lists them", level.plural());
    }
    audit(context, &store, "cluster.undo", &format!("{} {id}", level.plural())).await?;
    output::note(&format!("decision {id} is taken back"));
    Ok(())
}
