//! A lab with gates on its segment, for measuring nodes without a fleet around them.

use crate::{
    node,
    place::{self, Place},
    table::Row,
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

/// Measures nodes behind two gates on one segment: one whose stage is the program `with`, and one `without`
/// faces.
pub(crate) async fn beside(
    place: &Place,
    name: &str,
    (with, without): (PathBuf, PathBuf),
    measure: impl AsyncFnOnce(&Segment, &Gate, &Gate) -> Result<Vec<Row>>,
) -> Result<Vec<Row>> {
    let segment = Segment::new(place, name)?;
    let faces = segment.gate(place, "faces", with).await?;
    let bare = segment.gate(place, "bare", without).await?;
    let measured = measure(&segment, &faces, &bare).await;
    faces.end().await?;
    bare.end().await?;
    segment.lab.down().context("end the lab")?;
    measured
}

impl Segment {
    /// Builds a lab with files in the folder `name`.
    fn new(place: &Place, name: &str) -> Result<Segment> {
        let folder = place.folder(name)?;
        let config = LabConfig::new(folder.join("lab"));
        place::open_folder(&config.run)?;
        let lab = Lab::up(&place.decnet(), &config).context("start a lab")?;
        Ok(Segment { lab, folder })
    }

    /// Starts a gate called `name`, with `program` as its stage.
    async fn gate(&self, place: &Place, name: &str, program: PathBuf) -> Result<Gate> {
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
    async fn end(mut self) -> Result<()> {
        native::teardown(&self.client, &self.run, LIMIT).await.context("end netd")?;
        let _ = self.child.wait();
        Ok(())
    }
}
