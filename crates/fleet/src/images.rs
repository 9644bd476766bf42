//! Images that containers of a fleet run.

use crate::{Config, Error, stage};
use decnet_engine::docker::{self, Client};
use decnet_model::custom::CustomService;

/// An image that was made, or was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// What it is called.
    pub name: String,
    /// What it was made from; `None`: it is as it was found.
    pub from: Option<String>,
}

/// Makes the image of the service binary, and those of `custom` that bring a folder, whether they are there or not;
/// the others are fetched if they are not there. Containers of an image that is another one now are made anew by the
/// worker `fleet`.
///
/// # Errors
/// When the daemon cannot be reached, or an image not be made.
pub async fn build(config: &Config, custom: &[CustomService], no_cache: bool) -> Result<Vec<Built>, Error> {
    let failed = |error| Error::Docker("make the images", error);
    let client = Client::connect(&docker::socket()).await.map_err(failed)?;
    let stage = stage::config(config)?;
    let name = docker::stage_image(&client, &stage).await.map_err(failed)?;
    let mut all = vec![Built { name, from: Some(stage.program.display().to_string()) }];
    for custom in custom {
        let name = custom.image.clone();
        if docker::build(&client, custom, no_cache).await.map_err(failed)? {
            all.push(Built { name, from: custom.build.clone() });
        } else {
            docker::ensure(&client, custom).await.map_err(failed)?;
            all.push(Built { name, from: None });
        }
    }
    Ok(all)
}
