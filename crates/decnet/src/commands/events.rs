//! `events`: what was recorded, newest last.

use super::{
    Context,
    conditions::{self, Conditions},
};
use crate::output;
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use decnet_model::record::{EventRow, Page};
use decnet_shape::{Event, EventForm};
use std::time::Duration;

/// Rows read at once while following.
const BATCH: u32 = 1000;

/// Show recorded events
///
/// The newest are shown last. Every value is escaped: nothing that an attacker sent reaches the
/// terminal as it was.
#[derive(Args, Debug)]
pub struct Events {
    /// Go on with new events as they come, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Most events shown (without --follow: the newest so many)
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    filter: Conditions<conditions::Events>,
    /// Show every value whole, however long
    #[arg(long)]
    wide: bool,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// For another program, a line each
    #[arg(long, value_enum, conflicts_with_all = ["json", "wide"])]
    format: Option<Form>,
}

/// For whom events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// As --json
    Json,
    /// Comma-separated values with a header; a cell never begins a formula
    Csv,
    /// Documents of the Elastic Common Schema
    Ecs,
}

impl Form {
    fn form(self) -> EventForm {
        match self {
            Form::Json => EventForm::Json,
            Form::Csv => EventForm::Csv,
            Form::Ecs => EventForm::Ecs,
        }
    }
}

impl Events {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(&store, context).await?;
        let mut rows = store.event_list(&filter, Page::newest(self.limit)).await.context("read events")?;
        rows.reverse();
        if let Some(format) = self.format {
            output::raw(format.form().head().as_bytes())?;
        }
        rows.iter().try_for_each(|row| self.show(row))?;
        if !self.follow {
            return Ok(());
        }
        let mut last = match rows.last() {
            Some(row) => row.id,
            None => store.event_last().await.context("read events")?,
        };
        loop {
            let rows = store.event_list(&filter, Page::after(last, BATCH)).await.context("read events")?;
            rows.iter().try_for_each(|row| self.show(row))?;
            last = rows.last().map_or(last, |row| row.id);
            if rows.is_empty() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    fn show(&self, row: &EventRow) -> Result<()> {
        match self.format {
            Some(format) => output::raw(format.form().line(row).as_bytes())?,
            None if self.json => output::json(&Event::from(row)),
            None => output::line(&line(row, self.wide)),
        }
        Ok(())
    }
}

/// Longest value of a field that is not asked for whole.
const VALUE: usize = 160;

/// An event as one line for people; `wide`: with every value whole.
pub fn line(row: &EventRow, wide: bool) -> String {
    const HIDDEN: &[&str] =
        &["src_ip", "src_port", "dst_ip", "dst_port", "session", "secret_b64", "transport"];
    let source = row.src_ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let name = |text: &str| output::captured(text.as_bytes(), usize::MAX);
    let mut line = format!(
        "{} {:<16} {:<7} {:<19} {source:<15}",
        output::moment(row.at),
        name(&row.node),
        name(&row.service),
        name(&row.kind)
    );
    let longest = if wide { usize::MAX } else { VALUE };
    for (field, value) in row.fields.iter().filter(|(field, _)| !HIDDEN.contains(&field.as_str())) {
        line.push_str(&format!(" {}={}", name(field), output::captured(value, longest)));
    }
    line
}
