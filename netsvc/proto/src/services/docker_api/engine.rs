//! What an attacker has on a node's engine: containers, images, volumes, networks and programs in containers.

use super::{
    image::{Image, Reference},
    process::{Held, Phase, Pool, Process, Standing},
    spec::Spec,
};
use netsvc_kit::{Host, Link};
use netsvc_persona::subkey;
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;

/// Most of each kind that an attacker has.
pub(super) const CONTAINERS: usize = 24;
const IMAGES: usize = 32;
const VOLUMES: usize = 32;
const NETWORKS: usize = 16;
const PROGRAMS: usize = 32;
/// Most attackers whose engines a node keeps.
pub(super) const ENGINES: usize = 32;

/// A container.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) id: String,
    name: Mutex<String>,
    pub(super) spec: Spec,
    /// Hex digits of its image's digest, and the system in it.
    pub(super) image: String,
    pub(super) system: &'static str,
    /// When it was made, µs since the epoch.
    pub(super) created: i64,
    /// Number of the place that its files have.
    pub(super) slot: usize,
    /// Whether it was there before anybody came.
    pub(super) seeded: bool,
    pub(super) process: Process,
    paused: Mutex<bool>,
    _held: Option<Held>,
}

/// A program that is run in a container.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) id: String,
    pub(super) container: Arc<Container>,
    pub(super) words: Vec<String>,
    pub(super) user: String,
    pub(super) folder: String,
    pub(super) environment: Vec<String>,
    pub(super) terminal: bool,
    pub(super) takes_input: bool,
    pub(super) process: Process,
}

/// A volume.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) created: i64,
    pub(super) labels: Value,
}

/// A network.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) driver: String,
    pub(super) created: i64,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) containers: Vec<Arc<Container>>,
    pub(super) images: Vec<Image>,
    pub(super) volumes: Vec<Volume>,
    pub(super) networks: Vec<Network>,
    pub(super) programs: Vec<Arc<Program>>,
    pub(super) pool: Arc<Pool>,
    /// Key that ids are drawn with, and how many were.
    key: Vec<u8>,
    drawn: u64,
}

impl Drop for Engine {
    fn drop(&mut self) {
        for container in &self.containers {
            container.process.stop(137);
        }
        for program in &self.programs {
            program.process.stop(137);
        }
    }
}

/// There is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Container {
    pub(super) fn name(&self) -> String {
        self.name.lock().clone()
    }

    pub(super) fn rename(&self, name: &str) {
        name.clone_into(&mut self.name.lock());
    }

    pub(super) fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    pub(super) fn is_paused(&self) -> bool {
        *self.paused.lock()
    }

    pub(super) fn pause(&self, paused: bool) {
        *self.paused.lock() = paused;
    }

    pub(super) fn standing(&self) -> Standing {
        self.process.standing()
    }

    /// Last part of its address on the bridge.
    pub(super) fn address(&self) -> String {
        format!("172.17.0.{}", self.slot + 2)
    }
}

impl Engine {
    /// What is there before `link`'s peer has done anything.
    pub(super) fn new(host: &Host, link: &Link) -> Engine {
        let key = host.persona().subkey.hex_bytes().unwrap_or_default();
        let key = subkey::bytes(&key, &["engine", &link.source().to_string()]).to_vec();
        Engine {
            containers: Vec::new(),
            images: Vec::new(),
            volumes: Vec::new(),
            networks: Vec::new(),
            programs: Vec::new(),
            pool: host.node.stage.shared(Pool::default),
            key,
            drawn: 0,
        }
    }

    /// 64 hex digits that nothing else has.
    pub(super) fn draw(&mut self) -> String {
        self.drawn += 1;
        hex::encode(subkey::bytes(&self.key, &["id", &self.drawn.to_string()]))
    }

    /// The container that `text` names: by its name, or by its id or the start of one.
    pub(super) fn container(&self, text: &str) -> Option<Arc<Container>> {
        let name = text.strip_prefix('/').unwrap_or(text);
        let named = self.containers.iter().find(|container| container.name() == name);
        let begins =
            || self.containers.iter().find(|container| !text.is_empty() && container.id.starts_with(text));
        named.or_else(begins).cloned()
    }

    /// The image that `text` names.
    pub(super) fn image(&self, text: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.is(text))
    }

    /// Adds an image, or the tags of one that is there; whether it was not.
    pub(super) fn add_image(&mut self, image: Image) -> Result<bool, Full> {
        let tags = image.tags.clone();
        for other in &mut self.images {
            if other.id != image.id {
                other.tags.retain(|tag| !tags.contains(tag));
            }
        }
        if let Some(known) = self.images.iter_mut().find(|known| known.id == image.id) {
            let fresh: Vec<_> = tags.into_iter().filter(|tag| !known.tags.contains(tag)).collect();
            known.tags.extend(fresh.into_iter().take(8));
            return Ok(false);
        }
        if IMAGES <= self.images.len() {
            return Err(Full);
        }
        self.images.insert(0, image);
        Ok(true)
    }

    /// Pulls an image: what it is, and whether it was not there.
    pub(super) fn pull(&mut self, reference: &Reference, now: i64) -> Result<(Image, bool), Full> {
        if let Some(known) = self.image(&reference.full()) {
            return Ok((known.clone(), false));
        }
        let image = Image::pulled(reference, now);
        self.add_image(image.clone())?;
        Ok((image, true))
    }

    /// Makes a container. Its files are in a place that no other container has.
    pub(super) fn create(
        &mut self,
        name: String,
        spec: Spec,
        now: i64,
        seeded: bool,
    ) -> Result<Arc<Container>, Full> {
        let image = self.image(&spec.image).cloned().ok_or(Full)?;
        let taken = |slot: &usize| !self.containers.iter().any(|container| container.slot == *slot);
        let slot = (0..CONTAINERS).find(taken).ok_or(Full)?;
        let held = self.pool.take(spec.sent.to_string().len() + 2048);
        if held.is_none() && !seeded {
            return Err(Full);
        }
        let id = self.draw();
        let name = if name.is_empty() { super::names::drawn(&id) } else { name };
        let container = Arc::new(Container {
            id,
            name: Mutex::new(name),
            spec,
            image: image.id,
            system: image.system,
            created: now,
            slot,
            seeded,
            process: Process::new(self.pool.clone()),
            paused: Mutex::default(),
            _held: held,
        });
        self.containers.insert(0, container.clone());
        Ok(container)
    }

    /// Takes a container out.
    pub(super) fn remove(&mut self, id: &str) {
        self.containers.retain(|container| container.id != id);
        self.programs.retain(|program| program.container.id != id);
    }

    /// Adds a program; those that have ended make room.
    pub(super) fn add_program(&mut self, program: Program) -> Result<Arc<Program>, Full> {
        if PROGRAMS <= self.programs.len() {
            let over =
                self.programs.iter().position(|known| known.process.standing().phase != Phase::Running);
            drop(self.programs.remove(over.ok_or(Full)?));
        }
        let program = Arc::new(program);
        self.programs.push(program.clone());
        Ok(program)
    }

    /// The program with this id.
    pub(super) fn program(&self, id: &str) -> Option<Arc<Program>> {
        self.programs.iter().find(|program| !id.is_empty() && program.id.starts_with(id)).cloned()
    }

    /// Adds a volume, unless it is there.
    pub(super) fn add_volume(&mut self, name: &str, labels: Value, now: i64) -> Result<Volume, Full> {
        if let Some(known) = self.volumes.iter().find(|volume| volume.name == name) {
            return Ok(known.clone());
        }
        if VOLUMES <= self.volumes.len() {
            return Err(Full);
        }
        let name = if name.is_empty() { self.draw() } else { name.to_owned() };
        let volume = Volume { name, created: now, labels };
        self.volumes.push(volume.clone());
        Ok(volume)
    }

    /// Adds a network.
    pub(super) fn add_network(&mut self, name: &str, driver: &str, now: i64) -> Result<String, Full> {
        if NETWORKS <= self.networks.len() {
            return Err(Full);
        }
        let id = self.draw();
        let (name, driver) = (name.to_owned(), driver.to_owned());
        self.networks.push(Network { id: id.clone(), name, driver, created: now });
        Ok(id)
    }
}
