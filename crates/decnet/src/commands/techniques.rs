//! `techniques`: which techniques of ATT&CK were seen, by which rules, and which this fleet would notice.

use super::{Context, to::To, wrong};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_analysis::technique::{self, Matrix, Rules, shown};
use decnet_fleet::intent;
use decnet_model::{nearest, record::TechniqueFilter};
use decnet_pipeline::rules;
use decnet_shape::{Technique, TechniqueHit, TechniqueQuery};
use decnet_store::Store;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// Most hits of a technique that are shown.
const HITS: u32 = 100;

/// Show which techniques of MITRE ATT&CK attackers have shown
///
/// Rules say what an event has to look like. Those of this release see more than a hundred things; rules of your own
/// are YAML files in the folder `rules` of the state folder, and are in use a few seconds after they were written.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Techniques {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    which: Which,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

/// What is looked at.
#[derive(Args, Debug, Default)]
struct Which {
    /// Only what this address showed
    #[arg(long, value_name = "ADDRESS")]
    src: Option<String>,
    /// Only what was shown on this decky
    #[arg(long, value_name = "NAME")]
    decky: Option<String>,
    /// Only what was seen at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show a technique: the rules that look for it, and who was seen at it
    Show {
        /// Its id, for example T1110.001
        id: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List the rules
    Rules {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Say which techniques this fleet would notice, and at which services
    Coverage {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write a layer for the ATT&CK Navigator, as `decnet export navigator` does
    Navigator(Navigator),
    /// Look whether rules are right: those in the folder `rules`, or in another
    Check {
        /// The folder
        folder: Option<PathBuf>,
    },
}

/// A layer for the ATT&CK Navigator.
#[derive(Args, Debug)]
pub struct Navigator {
    /// The layer of industrial control systems, in place of the enterprise's
    #[arg(long)]
    ics: bool,
    #[command(flatten)]
    to: To,
}

impl Techniques {
    /// Runs the command.
    ///
    /// # Errors
    /// When a value is wrong, rules are, or the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            None => list(context, self.which, self.json).await,
            Some(Verb::Show { id, json }) => show(context, &id, json).await,
            Some(Verb::Rules { json }) => {
                all_rules(&shown::rules(&known(context)?), json);
                Ok(())
            }
            Some(Verb::Coverage { json }) => coverage(context, json).await,
            Some(Verb::Navigator(navigator)) => navigator.run(context).await,
            Some(Verb::Check { folder }) => check(&folder.unwrap_or_else(|| context.paths().rules())),
        }
    }
}

/// The rules that are in use, with those of the operator.
///
/// # Errors
/// When his are wrong.
pub fn known(context: &Context) -> Result<Rules> {
    Ok(rules::read(&context.paths().rules())?)
}

async fn list(context: &Context, which: Which, json: bool) -> Result<()> {
    let store = context.store().await?;
    let query = TechniqueQuery { src_ip: which.src, decky: which.decky, since: which.since };
    let filter = query.filter(context.now()).map_err(wrong)?;
    let seen = store.technique_list(&filter).await.context("read techniques")?;
    let counts = store.technique_counts(&filter).await.context("read techniques")?;
    let list = Technique::list(&seen, &counts, &shown::rules(&known(context)?));
    if json {
        output::json(&list);
        return Ok(());
    }
    let cells = |one: &Technique| -> Vec<Cell> {
        let rules = one.rules.iter().map(|rule| rule.rule.as_str()).collect::<Vec<_>>().join(" ");
        vec![
            (&one.id).into(),
            (&one.tactic).into(),
            (&one.name).into(),
            one.attackers.to_string().into(),
            one.events.to_string().into(),
            one.last_seen.get(..19).unwrap_or_default().replace('T', " ").into(),
            rules.into(),
        ]
    };
    let header = ["TECHNIQUE", "TACTIC", "NAME", "ATTACKERS", "EVENTS", "LAST SEEN", "RULES"];
    output::list(&header, list.iter().map(cells).collect(), false);
    Ok(())
}

async fn show(context: &Context, id: &str, json: bool) -> Result<()> {
    let rules = shown::rules(&known(context)?);
    let own: Vec<_> = rules.into_iter().filter(|rule| rule.technique == id).collect();
    let Some(first) = own.first() else {
        let ids = technique::techniques().iter().map(|technique| technique.id);
        bail!("no rule is about {id:?}{}; `decnet techniques rules` lists them", nearest::hint(id, ids));
    };
    let store = context.store().await?;
    let filter = TechniqueFilter { technique: Some(id.to_owned()), ..TechniqueFilter::default() };
    let rows = store.technique_hits(&filter, HITS).await.context("read who showed it")?;
    let hits: Vec<TechniqueHit> = rows.iter().map(TechniqueHit::from).collect();
    if json {
        output::json(&serde_json::json!({ "id": id, "name": first.name, "rules": own, "hits": hits }));
        return Ok(());
    }
    output::line(&format!("{id}  {} ({})", first.name, first.tactic));
    for rule in &own {
        let often = if rule.count > 1 { format!(", {} times", rule.count) } else { String::new() };
        output::line(&format!("  {}: {} ({}{often})", rule.id, rule.title, rule.confidence));
    }
    output::line("");
    let cells = |hit: &TechniqueHit| -> Vec<Cell> {
        vec![
            (&hit.src_ip).into(),
            (&hit.decky).into(),
            (&hit.service).into(),
            hit.events.to_string().into(),
            hit.last_seen.get(..19).unwrap_or_default().replace('T', " ").into(),
            (&hit.rule).into(),
        ]
    };
    let header = ["ADDRESS", "DECKY", "SERVICE", "EVENTS", "LAST SEEN", "RULE"];
    output::list(&header, hits.iter().map(cells).collect(), false);
    Ok(())
}

fn all_rules(rules: &[decnet_shape::TechniqueRule], json: bool) {
    if json {
        return output::json(rules);
    }
    output::table(&["RULE", "TECHNIQUE", "CONFIDENCE", "WHAT IT SEES"], rules, |rule| {
        vec![rule.id.clone(), rule.technique.clone(), rule.confidence.clone(), rule.title.clone()]
    });
}

/// The services of the fleet that is wanted, with the gate, which every decky has.
async fn services(store: &Store) -> Result<BTreeSet<String>> {
    let fleet = intent::read(store).await?;
    let own = fleet.iter().flat_map(|fleet| fleet.deckies.values()).flat_map(|decky| decky.slugs());
    Ok(own.chain(["gate".to_owned()]).collect())
}

async fn seen(store: &Store) -> Result<BTreeMap<String, u64>> {
    let counts = store.technique_counts(&TechniqueFilter::default()).await.context("read techniques")?;
    Ok(counts.into_iter().collect())
}

async fn coverage(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let covered = technique::coverage(&known(context)?, &services(&store).await?);
    let shapes = shown::coverage(&covered, &seen(&store).await?);
    if json {
        output::json(&shapes);
        return Ok(());
    }
    let noticed = shapes.iter().filter(|one| !one.services.is_empty()).count();
    output::table(&["TECHNIQUE", "TACTIC", "NAME", "SEEN OF", "NOTICED AT"], &shapes, |one| {
        let place = if one.services.is_empty() { "nowhere".to_owned() } else { one.services.join(" ") };
        vec![one.id.clone(), one.tactic.clone(), one.name.clone(), one.attackers.to_string(), place]
    });
    output::note(&format!(
        "this fleet would notice {noticed} of the {} techniques that rules are about",
        shapes.len()
    ));
    Ok(())
}

impl Navigator {
    /// Writes the layer.
    ///
    /// # Errors
    /// When rules are wrong, the store cannot be read, or there is something where it is to be written.
    pub async fn run(self, context: &Context) -> Result<()> {
        let mut sink = self.to.begin()?;
        let store = context.store().await?;
        let covered = technique::coverage(&known(context)?, &services(&store).await?);
        let matrix = if self.ics { Matrix::Ics } else { Matrix::Enterprise };
        let layer = technique::layer(matrix, &covered, &seen(&store).await?);
        let text = serde_json::to_string_pretty(&layer).context("write the layer")?;
        sink.write(text.as_bytes())?;
        sink.write(b"\n")?;
        sink.end()?;
        if let Some(path) = self.to.file() {
            output::note(&format!("written to {}", path.display()));
        }
        Ok(())
    }
}

fn check(folder: &std::path::Path) -> Result<()> {
    if !folder.is_dir() {
        bail!("{} is no folder: put YAML files with rules into it", folder.display());
    }
    let own = Rules::new(&[]).map_or(0, |rules| rules.all().len());
    let rules = rules::read(folder)?;
    output::note(&format!(
        "{} rules of yours are right, beside {own} of this release",
        rules.all().len() - own
    ));
    Ok(())
}
