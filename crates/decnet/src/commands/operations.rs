//! `operations`: what was asked for through the interface.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_model::record::{Page, PageFrom};
use decnet_shape::Operation;

/// List what operators asked for through the interface, the latest first
#[derive(Args, Debug)]
pub struct Operations {
    /// Most that are shown
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Operations {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let page = Page { from: PageFrom::Newest, limit: self.limit };
        let rows = store.operation_list(page).await.context("list the operations")?;
        let shapes: Vec<Operation> = rows.iter().map(Operation::from).collect();
        if self.json {
            output::json(&shapes);
        } else {
            output::table(&["ID", "WHAT", "STATE", "BY", "ASKED", "NOTES"], &rows, |row| {
                vec![
                    row.id.to_string(),
                    row.kind.to_string(),
                    row.state.to_string(),
                    row.asked_by.clone(),
                    output::moment(row.asked_at),
                    output::captured(row.notes.lines().last().unwrap_or_default().as_bytes(), 80),
                ]
            });
        }
        Ok(())
    }
}
