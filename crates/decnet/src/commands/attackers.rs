//! `attackers`: who was here.

use super::{
    Context,
    conditions::{self, Conditions},
};
use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_model::record::Page;
use decnet_shape::Attacker;

/// Show who touched the fleet, last seen first
#[derive(Args, Debug)]
pub struct Attackers {
    /// Most attackers shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    filter: Conditions<conditions::Attackers>,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Attackers {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let filter = self.filter.filter(&store, context).await?;
        let rows = store.attacker_list(&filter, Page::newest(self.limit)).await.context("read attackers")?;
        if self.json {
            output::json(&rows.iter().map(Attacker::from).collect::<Vec<_>>());
            return Ok(());
        }
        let header = [
            "ADDRESS",
            "FIRST SEEN",
            "LAST SEEN",
            "DECKIES",
            "EVENTS",
            "SCANS",
            "INTERACTIONS",
            "CREDENTIALS",
            "HOPS",
        ];
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                vec![
                    row.src_ip.to_string(),
                    output::moment(row.first_seen),
                    output::moment(row.last_seen),
                    row.nodes.to_string(),
                    row.counts.events.to_string(),
                    row.counts.scans.to_string(),
                    row.counts.interactions.to_string(),
                    row.counts.credentials.to_string(),
                    row.hops.to_string(),
                ]
            })
            .collect();
        output::table(&header, &cells, Clone::clone);
        Ok(())
    }
}
