//! `personas` and `letters`: the people of domains, and what they write to each other.

use super::{
    Context, read_whole,
    user::{actor, audit},
    write_new, wrong,
};
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use decnet_model::{
    people::{self, Pool},
    record::{LetterFilter, LetterRow, PoolRow},
};
use decnet_shape as shape;
use decnet_store::Store;
use std::path::{Path, PathBuf};

/// Longest document that is read, in bytes.
const DOCUMENT: u64 = 1 << 20;
/// Letters shown of somebody.
const SHOWN: u32 = 10;

/// The people of the fleet's domains: who there is in directories and mailboxes, and how each works and writes
///
/// A domain gets its people when the first decky is deployed that tells of any: 12 whom everybody writes with, 8 to 20
/// more, and those who have accounts on its deckies. They are the same in LDAP, Kerberos, mail and shells. The worker
/// `emailgen` writes what they write to each other.
#[derive(Args, Debug)]
pub struct People {
    #[command(subcommand)]
    verb: Verb,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List people
    List {
        /// Only of this domain
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show somebody, and what he wrote last
    Show {
        /// Login name
        account: String,
        /// Of this domain, where several have somebody of the name
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Put people in the place of those of their domain, out of a document as `export` writes it
    ///
    /// Deckies that tell of people come anew. What was written before stays; what was written ahead is written anew.
    Import {
        /// The document, YAML or JSON; `-` is the standard input
        file: PathBuf,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the people of a domain as a document
    Export {
        /// Of this domain, where there are several
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
        /// How it is written
        #[arg(long, value_enum, default_value = "yaml")]
        format: Format,
        /// File that is written; without it, the standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl People {
    /// Runs the command.
    ///
    /// # Errors
    /// When there are no such people, the document is wrong, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::List { domain, json } => list(&pools(&store, domain.as_deref()).await?, json),
            Verb::Show { account, domain, json } => {
                show(&store, &pools(&store, domain.as_deref()).await?, &account, json).await?;
            }
            Verb::Import { file, json } => import(context, &store, &file, json).await?,
            Verb::Export { domain, format, output } => {
                let pools = pools(&store, domain.as_deref()).await?;
                export(&pools, format, output.as_deref())?;
            }
        }
        Ok(())
    }
}

/// The people of `domain`, or of all.
async fn pools(store: &Store, domain: Option<&str>) -> Result<Vec<Pool>> {
    let mut all = Vec::new();
    for row in store.pool_list().await.context("read the people of domains")? {
        if domain.is_none_or(|domain| domain == row.domain) {
            all.push(serde_json::from_str(&row.document).context("read the people of a domain")?);
        }
    }
    if let Some(domain) = domain.filter(|_| all.is_empty()) {
        bail!("no people of {domain:?} are known: they come with the first decky that tells of them");
    }
    Ok(all)
}

fn list(pools: &[Pool], json: bool) {
    let people: Vec<shape::Person> = pools.iter().flat_map(shape::Person::all).collect();
    if json {
        output::json(&people);
        return;
    }
    if people.is_empty() {
        output::note("nobody yet: people come with the first decky that has mail or a directory");
        return;
    }
    output::table(&["ACCOUNT", "NAME", "ADDRESS", "TITLE", "LANGUAGE", "HOURS", "STYLE"], &people, |one| {
        vec![
            one.account.clone(),
            format!("{} {}", one.given, one.family),
            one.address.clone(),
            one.title.clone(),
            one.language.to_owned(),
            one.hours.clone(),
            one.style.to_owned(),
        ]
    });
}

async fn show(store: &Store, pools: &[Pool], account: &str, json: bool) -> Result<()> {
    let found: Vec<(&Pool, &people::Person)> =
        pools.iter().filter_map(|pool| Some((pool, pool.person(account)?))).collect();
    let (pool, person) = match found.as_slice() {
        [] => bail!("nobody logs in as {account:?}; `decnet personas list` shows who there is"),
        [one] => *one,
        _ => bail!("several domains have {account:?}: --domain says which"),
    };
    let filter = LetterFilter {
        domain: Some(pool.domain.clone()),
        sender: Some(account.to_owned()),
        ..LetterFilter::default()
    };
    let letters = store.letter_list(&filter, SHOWN).await.context("list letters")?;
    let shaped = shape::Person::new(&pool.domain, person);
    if json {
        let letters: Vec<_> = letters.iter().map(shape::Letter::from).collect();
        output::json(&serde_json::json!({ "person": shaped, "letters": letters }));
        return Ok(());
    }
    for (fact, value) in [
        ("name", person.full()),
        ("account", person.account.clone()),
        ("address", shaped.address.clone()),
        ("work", format!("{}, {}", person.title, person.department)),
        ("hours", format!("{} ({:+} minutes from UTC)", shaped.hours, pool.zone_minutes)),
        ("writes", format!("{}, {}", shaped.language, shaped.style)),
        ("to", person.writes_to.join(", ")),
    ] {
        output::line(&format!("{fact:<9}{value}"));
    }
    output::line("");
    table(&letters);
    Ok(())
}

async fn import(context: &Context, store: &Store, file: &Path, json: bool) -> Result<()> {
    let text = String::from_utf8(read_whole(file, DOCUMENT)?);
    let text = text.with_context(|| format!("read {}", file.display()))?;
    // JSON is YAML.
    let pool: Pool = serde_norway::from_str(&text).with_context(|| format!("read {}", file.display()))?;
    let flaws = people::check(&pool);
    if !flaws.is_empty() {
        return Err(wrong(flaws));
    }
    let row = PoolRow {
        domain: pool.domain.clone(),
        document: serde_json::to_string(&pool).context("write the people")?,
        by: actor(),
        changed_at: context.now(),
    };
    store.pool_replace(&row, pool.zone_minutes).await.context("store the people")?;
    audit(context, store, "people.put", &pool.domain).await?;
    workers::wake_fleet(context).await;
    if json {
        output::json(&serde_json::json!({ "domain": pool.domain, "people": pool.people.len() }));
    } else {
        output::note(&format!("{} people of {}", pool.people.len(), pool.domain));
    }
    Ok(())
}

fn export(pools: &[Pool], format: Format, file: Option<&Path>) -> Result<()> {
    let pool = match pools {
        [] => bail!("no people are known: they come with the first decky that has mail or a directory"),
        [one] => one,
        _ => bail!("there are several domains: --domain says which"),
    };
    let text = match format {
        Format::Yaml => serde_norway::to_string(pool).context("write the people")?,
        Format::Json => serde_json::to_string_pretty(pool).context("write the people")? + "\n",
    };
    match file {
        Some(path) => write_new(path, text.as_bytes()),
        None => output::raw(text.as_bytes()).context("write the standard output"),
    }
}

/// What people of the fleet's domains write to each other
///
/// All of it was made up, most of it ahead of its time: a mail is in a mailbox once it was sent.
#[derive(Args, Debug)]
pub struct Letters {
    #[command(subcommand)]
    verb: LetterVerb,
}

#[derive(Subcommand, Debug)]
enum LetterVerb {
    /// List letters, the latest first
    List {
        /// Most that are shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Only of this domain
        #[arg(long, value_name = "NAME")]
        domain: Option<String>,
        /// Only of the thread that begins with this letter
        #[arg(long, value_name = "ID")]
        thread: Option<String>,
        /// Only those that this person wrote, by login name
        #[arg(long, value_name = "ACCOUNT")]
        sender: Option<String>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write a letter as it was sent to the standard output
    Show {
        /// Its id
        id: String,
    },
}

impl Letters {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such letter, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            LetterVerb::List { limit, domain, thread, sender, json } => {
                let filter = LetterFilter { domain, thread, sender, ..LetterFilter::default() };
                let rows = store.letter_list(&filter, limit).await.context("list letters")?;
                if json {
                    output::json(&rows.iter().map(shape::Letter::from).collect::<Vec<_>>());
                } else {
                    table(&rows);
                }
            }
            LetterVerb::Show { id } => {
                let row = store.letter_get(&id).await.context("read the letter")?;
                let row = row.with_context(|| format!("no letter is called {id:?}"))?;
                output::raw(row.content.as_bytes()).context("write the standard output")?;
            }
        }
        Ok(())
    }
}

fn table(rows: &[LetterRow]) {
    output::table(&["SENT", "ID", "FROM", "TO", "SUBJECT", "LANGUAGE", "BY"], rows, |row| {
        vec![
            output::moment(row.at),
            row.id.clone(),
            row.sender.clone(),
            row.recipients.replace(',', ", "),
            output::captured(row.subject.as_bytes(), 60),
            row.language.clone(),
            row.origin.clone(),
        ]
    });
}
