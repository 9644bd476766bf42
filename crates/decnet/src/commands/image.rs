//! `image`: what containers of the runtime docker run.

use super::{Context, deploy::Making};
use crate::output;
use anyhow::Result;
use clap::{Args, Subcommand};
use decnet_fleet::{images, intent};
use serde_json::json;

/// Characters of a line that was said while an image was made.
const WIDTH: usize = 400;

/// Make the images that containers run
#[derive(Args, Debug)]
pub struct Images {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Build(Build),
}

/// Make the image of the service binary, and those of the deployed fleet's `[custom-*]` services
///
/// A deploy does so by itself for images that are not there. After a change of a build folder this makes the image
/// anew, and the worker `fleet` replaces the containers that run the old one. Needs a Docker daemon.
#[derive(Args, Debug)]
struct Build {
    #[command(flatten)]
    making: Making,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Images {
    /// Runs the command.
    ///
    /// # Errors
    /// When the daemon cannot be reached, or an image not be made.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Build(build) => build.run(context).await,
        }
    }
}

impl Build {
    async fn run(self, context: &Context) -> Result<()> {
        let store = context.store_or_new().await?;
        let fleet = intent::read(&store).await?;
        store.close().await;
        let custom = fleet.map(|fleet| fleet.custom).unwrap_or_default();
        let all = images::build(&context.fleet(), &custom, self.making.wish()).await?;
        for line in all.iter().flat_map(|image| &image.log) {
            output::note(&output::captured(line.as_bytes(), WIDTH));
        }
        if self.json {
            let rows: Vec<_> =
                all.iter().map(|image| json!({ "image": image.name, "from": image.from })).collect();
            output::json(&rows);
            return Ok(());
        }
        output::table(&["IMAGE", "FROM"], &all, |image| {
            vec![image.name.clone(), image.from.clone().unwrap_or_else(|| "as it was found".to_owned())]
        });
        Ok(())
    }
}
