//! Images that containers of a fleet run.

use crate::{Config, Error, stage};
use decnet_engine::docker::{self, Client, DockerError};
use decnet_model::custom::CustomService;
use std::collections::BTreeMap;
use tokio::task::{JoinError, JoinSet};

/// An image that was made, or was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// What it is called.
    pub name: String,
    /// What it was made from; `None`: it is as it was found.
    pub from: Option<String>,
    /// What was said while it was made, line by line: bytes of whoever wrote its recipe.
    pub log: Vec<String>,
}

/// How images are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Making {
    /// Nothing is taken from what was built before.
    pub no_cache: bool,
    /// How many are made at once; `None`: one after the other.
    pub at_once: Option<u32>,
}

/// Makes the image of the service binary, and those of `custom` that bring a folder, whether they are there or not;
/// the others are fetched if they are not there. Containers of an image that is another one now are made anew by the
/// worker `fleet`.
///
/// # Errors
/// When the daemon cannot be reached, or an image not be made: the first failure, and no further image is begun.
pub async fn build(config: &Config, custom: &[CustomService], making: Making) -> Result<Vec<Built>, Error> {
    let client = Client::connect(&docker::socket()).await.map_err(failed)?;
    let stage = stage::config(config)?;
    let name = docker::stage_image(&client, &stage).await.map_err(failed)?;
    let at_once = making.at_once.and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    let mut built = BTreeMap::new();
    let mut running = JoinSet::new();
    for (place, custom) in custom.iter().cloned().enumerate() {
        if running.len() >= at_once.max(1)
            && let Some(done) = running.join_next().await
        {
            let (place, one) = ended(done)?;
            built.insert(place, one);
        }
        let client = client.clone();
        running
            .spawn(async move { made(&client, custom, making.no_cache).await.map(|built| (place, built)) });
    }
    while let Some(done) = running.join_next().await {
        let (place, one) = ended(done)?;
        built.insert(place, one);
    }
    let stage = Built { name, from: Some(stage.program.display().to_string()), log: Vec::new() };
    Ok([stage].into_iter().chain(built.into_values()).collect())
}

async fn made(client: &Client, custom: CustomService, no_cache: bool) -> Result<Built, DockerError> {
    if let Some(log) = docker::build(client, &custom, no_cache).await? {
        return Ok(Built { name: custom.image, from: custom.build, log });
    }
    docker::ensure(client, &custom).await?;
    Ok(Built { name: custom.image, from: None, log: Vec::new() })
}

/// What became of one; a panic is a failure.
fn ended<T>(done: Result<Result<T, DockerError>, JoinError>) -> Result<T, Error> {
    let attempt = || "make an image".to_owned();
    let broken = |error: JoinError| DockerError::Host { attempt: attempt(), why: error.to_string() };
    done.map_err(broken).and_then(|done| done).map_err(failed)
}

fn failed(error: DockerError) -> Error {
    Error::Docker("make the images", error)
}
