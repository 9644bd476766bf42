//! A lab with gates on its segment, for measuring nodes without a fleet around them.

use crate::{
    node,
    place::{self, Place},
};
use anyhow::{Context as _, Result};
use decnet_engine::{
    lab::{Lab, LabConfig},
    native::{self, NetdClient, NetdConfig, spawn_netd},
};
use std::{path::PathBuf, process::Child, time::Duration};

/// Time that `netd` gets to end.
const LIMIT: Duration = Duration::from_secs(10);

/// The lab, and a folder for what runs in it.
pub(crate) struct Segment {
    pub(crate) lab: Lab,
    pub(crate) folder: PathBuf,
}

/// A gate on the segment and the services behind it.
pub(crate) struct Gate {
    pub(crate) client: NetdClient,
    run: PathBuf,
    child: Child,
}

impl Segment {
    /// Builds a lab with files in the folder `name`.
    pub(crate) fn new(place: &Place, name: &str) -> Result<Segment> {
        let folder = place.folder(name)?;
        let config = LabConfig::new(folder.join("lab"));
        place::open_folder(&config.run)?;
        let lab = Lab::up(&place.decnet(), &config).context("start a lab")?;
        Ok(Segment { lab, folder })
    }

    /// Starts a gate called `name`, with `program` as its stage.
    pub(crate) async fn gate(&self, place: &Place, name: &str, program: PathBuf) -> Result<Gate> {
        let run = self.folder.join(name);
        place::open_folder(&run)?;
        let stage = node::stage(program, &run)?;
        let netd = NetdConfig::new(run.clone(), self.lab.state().interface.clone(), stage);
        let (child, client) =
            spawn_netd(&place.decnet(), &netd, Some(&self.lab)).await.context("start netd")?;
        Ok(Gate { client, run, child })
    }
}

impl Gate {
    /// Takes everything away.
    pub(crate) async fn end(mut self) -> Result<()> {
        native::teardown(&self.client, &self.run, LIMIT).await.context("end netd")?;
        let _ = self.child.wait();
        Ok(())
    }
}
