//! `timeline` and `top`: how much happened when, and what was seen most.

use super::{Context, wrong};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_model::record::BUCKETS;
use decnet_shape::{Ranked, RankingQuery, Timeline as Shape, TimelineQuery};

/// Widest bar, in characters.
const BAR: u64 = 40;

/// Show how many events there were, by the minute or by the hour
#[derive(Args, Debug)]
pub struct Timeline {
    /// Length of the spans: minute (of the last week, 36 hours at most) or hour
    #[arg(long, value_name = "SPAN")]
    span: Option<String>,
    /// What is told apart: all (nothing), kind, class or decky
    #[arg(long, value_name = "WHAT")]
    by: Option<String>,
    /// From this time on: RFC 3339, a date, or a span such as 30m, 12h, 7d; a day ago without it
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Until this time; now without it
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only of this decky
    #[arg(long, value_name = "NAME")]
    decky: Option<String>,
    /// Only of this kind of event
    #[arg(long, value_name = "NAME")]
    kind: Option<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Timeline {
    /// Runs the command.
    ///
    /// # Errors
    /// When a value is wrong, or the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let Timeline { span, by, since, until, decky, kind, json } = self;
        let query = TimelineQuery { span, by, since, until, decky, kind };
        let filter = query.filter(context.now()).map_err(wrong)?;
        let rows = store.timeline(&filter).await.context("read numbers of events")?;
        if json {
            output::json(&Shape::new(&filter, &rows));
            return Ok(());
        }
        let most = rows.iter().map(|row| row.events).max().unwrap_or(1).max(1);
        output::table(&["TIME", "WHAT", "EVENTS", ""], &rows, |row| {
            let length = (row.events.saturating_mul(BAR) / most).max(1);
            let bar = "█".repeat(usize::try_from(length).unwrap_or_default());
            vec![output::moment(row.at), row.name.clone(), row.events.to_string(), bar]
        });
        if BUCKETS <= rows.len() {
            output::note("there is more: ask for a shorter time, or for less that is told apart");
        }
        Ok(())
    }
}

/// Show what was seen most: attacker, username, password, service or decky
#[derive(Args, Debug)]
pub struct Top {
    /// attacker, username, password, service or decky
    subject: String,
    /// Since the beginning of the day (UTC) of this time: RFC 3339, a date, or a span such as 7d; ever without it
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// How many
    #[arg(long, short = 'n', default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Top {
    /// Runs the command.
    ///
    /// # Errors
    /// When a value is wrong, or the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let query = RankingQuery { of: Some(self.subject), since: self.since, limit: Some(self.limit) };
        let (subject, since, limit) = query.read(context.now()).map_err(wrong)?;
        let rows = store.ranking(subject, since, limit).await.context("read what was seen most")?;
        if self.json {
            output::json(&rows.iter().map(Ranked::from).collect::<Vec<_>>());
            return Ok(());
        }
        let cells = rows.iter().map(|row| {
            vec![
                row.events.to_string().into(),
                output::moment(row.last_seen).into(),
                Cell::captured(&row.value),
            ]
        });
        output::list(&["EVENTS", "LAST SEEN", "VALUE"], cells.collect(), false);
        Ok(())
    }
}
