//! `mutate` and `mutations`: deckies that change while they run.

use super::{
    Context,
    conditions::{self, Conditions},
    deploy, run,
    user::{actor, audit},
};
use crate::{
    output::{self, Cell},
    workers,
};
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_fleet::{
    Error, intent,
    mutate::{self, Wish},
    supervisor,
};
use decnet_model::{
    fleet::DeckyName,
    record::{Mutation, MutationCause, MutationKind, Page},
    worker::Worker,
};
use decnet_shape as shape;
use decnet_store::Store;

/// Which deckies change.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// This decky; may be given several times
    #[arg(long, value_name = "NAME")]
    decky: Vec<DeckyName>,
    /// Every decky
    #[arg(long)]
    all: bool,
    /// Those whose time has come, again and again: the worker `mutator`
    #[arg(long, short)]
    watch: bool,
}

/// Change deckies as machines change that somebody looks after
///
/// A program is updated to its next release, a service is installed or taken away. The machine stays the same: its
/// name, addresses, keys and accounts, and what it had once it never is again. With `mutate_interval` in a
/// deployment INI, or `deploy --mutate-interval`, the worker `mutator` does so by itself, at irregular times and not
/// while somebody is on the decky; here it is done at once.
#[derive(Args, Debug)]
pub struct Mutate {
    #[command(flatten)]
    which: Which,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Mutate {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such decky, or it does not come back.
    pub async fn run(self, context: &Context) -> Result<()> {
        if self.which.watch {
            let options = run::Single { daemon: false, user: None };
            return run::single(Worker::Mutator, options, context).await;
        }
        let store = context.store().await?;
        let names = if self.which.all {
            let fleet = intent::read(&store).await?.ok_or(Error::NoFleet)?;
            let free = fleet.deckies.into_iter().filter(|(_, decky)| decky.placed.is_none());
            free.map(|(name, _)| name).collect()
        } else {
            self.which.decky
        };
        let by = actor();
        let wish = Wish { cause: MutationCause::Asked, by: &by, now: context.now() };
        let done = mutate::mutate(&context.fleet(), &store, &names, &wish).await?;
        for mutation in &done {
            audit(context, &store, "decky.mutate", &mutation.node).await?;
        }
        told(context, &store, &done, self.json).await?;
        let stayed = names.len() - done.len();
        if stayed > 0 {
            output::note(&format!("{stayed} cannot change any more, or have not run yet"));
        }
        Ok(())
    }
}

/// Waits until what changed runs again, and says what it was.
///
/// # Errors
/// When it does not come back.
pub async fn told(context: &Context, store: &Store, done: &[Mutation], json: bool) -> Result<()> {
    if !done.is_empty() {
        workers::wake_fleet(context).await;
    }
    let works = supervisor::running(&context.paths()).is_some();
    if works && !done.is_empty() {
        let wanted = intent::read(store).await?.map_or(0, |fleet| fleet.deckies.len());
        deploy::wait_for(context, wanted).await?;
    }
    if json {
        output::json(&done.iter().map(shape::Mutation::from).collect::<Vec<_>>());
        return Ok(());
    }
    for mutation in done {
        output::line(&format!("{}: {}", mutation.node, sentence(mutation)));
    }
    if !works && !done.is_empty() {
        output::note("no workers run: it is so once they do");
    }
    Ok(())
}

fn sentence(row: &Mutation) -> String {
    let shown = |text: &str| output::captured(text.as_bytes(), 200);
    match row.kind {
        MutationKind::Added => format!("{} came ({})", row.service, row.after),
        MutationKind::Removed => format!("{} went ({})", row.service, row.after),
        MutationKind::Set => format!("{} is set: {}", row.service, shown(&row.after)),
        MutationKind::Updated => {
            format!("{} was updated from {} to {}", row.service, shown(&row.before), shown(&row.after))
        }
    }
}

/// List what changed of deckies, the latest first
#[derive(Args, Debug)]
pub struct Mutations {
    /// Most that are shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    filter: Conditions<conditions::Mutations>,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Mutations {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(&store, context).await?;
        let page = Page::newest(self.limit);
        let rows = store.mutation_list(&filter, page).await.context("read what changed")?;
        if self.json {
            output::json(&rows.iter().map(shape::Mutation::from).collect::<Vec<_>>());
            return Ok(());
        }
        let cells = |row: &Mutation| -> Vec<Cell> {
            let why = if row.by.is_empty() { "it was time".to_owned() } else { row.by.clone() };
            vec![output::moment(row.at).into(), (&row.node).into(), why.into(), sentence(row).into()]
        };
        output::list(&["WHEN", "DECKY", "WHO", "WHAT"], rows.iter().map(cells).collect(), false);
        Ok(())
    }
}
