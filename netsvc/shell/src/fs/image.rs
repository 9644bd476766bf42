//! The immutable tree under every overlay: one part shared by all nodes of the same make, one of the node's own.

use super::node::{Kind, Meta, parent};
use crate::live::{Dynamic, Live};
use crate::text::hash;
use std::{collections::BTreeMap, sync::Arc};

/// Where the times of a node come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// From a package: the same on all machines of a release, spread over the year before installation.
    Package,
    /// Made by the installer, within its minutes.
    Install,
    /// Made at boot.
    Boot,
    /// Changed by daily life: within the last days.
    Recent,
    /// Changed by what is done on the node; where nobody says what that is, as [`Age::Recent`].
    Lived,
    /// Changed at this moment of the node's clock, µs since the epoch.
    At(i64),
    /// As old as the question (`/proc`).
    Now,
}

/// What an image node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Text(Arc<str>),
    /// Made from persona and session when read.
    Dynamic(Dynamic),
    /// An executable of the distribution.
    Program,
    /// A file of a given size whose content nobody reads with profit.
    Filler(u32),
    Target(Arc<str>),
    Device(u32, u32),
}

/// A node of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageNode {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) age: Age,
    pub(crate) content: Content,
}

impl ImageNode {
    /// Metadata, with times that fit the node's age and are spread by its path.
    pub(crate) fn meta(&self, path: &str, live: &Live) -> Meta {
        const HOUR: i64 = 3_600_000_000;
        let persona = &live.persona;
        let spread = |hours: i64| {
            let span = u64::try_from(hours * HOUR).unwrap_or(1).max(1);
            i64::try_from(hash(&[path, &persona.hardware.machine_id]) % span).unwrap_or(0)
        };
        let now = live.now();
        let modified = match self.age {
            Age::Package => {
                let days =
                    i64::try_from(hash(&[parent(path), path.get(..path.len().min(14)).unwrap_or("")]) % 400)
                        .unwrap_or(0);
                let seconds = i64::try_from(hash(&[path]) % 86_400).unwrap_or(0);
                persona.installed_at / 86_400_000_000 * 86_400_000_000 - (20 + days) * 24 * HOUR
                    + seconds * 1_000_000
            }
            Age::Install => persona.installed_at + spread(1) / 2,
            Age::Boot => persona.clock(persona.booted_at) + spread(1) / 400,
            Age::Lived if !persona.routine.is_unknown() => {
                live.changed_at(path).unwrap_or(persona.installed_at + spread(2))
            }
            Age::Recent | Age::Lived => {
                // Counted from the last change of week, so that looking twice shows the same time.
                let week = now - (now - persona.installed_at).rem_euclid(168 * HOUR);
                (week - spread(150)).max(persona.installed_at + spread(2))
            }
            Age::At(moment) => moment.min(now),
            Age::Now => now,
        };
        Meta {
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            modified,
            accessed: modified.max(persona.clock(persona.booted_at) + spread(30)).min(now.max(modified)),
            changed: modified.max(persona.installed_at.min(now)),
        }
    }
}

/// Nodes by absolute path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, ImageNode>,
}

impl Tree {
    pub(crate) fn get(&self, path: &str) -> Option<&ImageNode> {
        self.nodes.get(path)
    }

    pub(crate) fn add(&mut self, path: &str, kind: Kind, mode: u32, age: Age, content: Content) {
        self.nodes.insert(path.to_owned(), ImageNode { kind, mode, uid: 0, gid: 0, age, content });
    }

    pub(crate) fn directory(&mut self, path: &str, mode: u32, age: Age) {
        self.add(path, Kind::Directory, mode, age, Content::Nothing);
    }

    pub(crate) fn text(&mut self, path: &str, mode: u32, age: Age, text: &str) {
        self.add(path, Kind::File, mode, age, Content::Text(text.into()));
    }

    pub(crate) fn dynamic(&mut self, path: &str, mode: u32, age: Age, dynamic: Dynamic) {
        self.add(path, Kind::File, mode, age, Content::Dynamic(dynamic));
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.add(path, Kind::Symlink, 0o777, Age::Package, Content::Target(target.into()));
    }

    pub(crate) fn device(&mut self, path: &str, kind: Kind, mode: u32, major: u32, minor: u32) {
        self.add(path, kind, mode, Age::Boot, Content::Device(major, minor));
    }

    pub(crate) fn own(&mut self, path: &str, uid: u32, gid: u32) {
        if let Some(node) = self.nodes.get_mut(path) {
            (node.uid, node.gid) = (uid, gid);
        }
    }

    /// Names directly in `directory`.
    pub(crate) fn children(&self, directory: &str) -> impl Iterator<Item = &str> {
        let prefix = if directory == "/" { String::from("/") } else { format!("{directory}/") };
        self.nodes
            .range(prefix.clone()..)
            .map_while(move |(path, _)| path.strip_prefix(prefix.as_str()))
            .filter(|name| !name.is_empty() && !name.contains('/'))
    }

    /// Makes the directories above every node that are missing.
    pub(crate) fn complete(&mut self, above: Option<&Tree>) {
        let paths: Vec<String> = self.nodes.keys().cloned().collect();
        for path in paths {
            let mut directory = parent(&path);
            while directory != "/"
                && self.get(directory).is_none()
                && above.is_none_or(|tree| tree.get(directory).is_none())
            {
                let age = if is_volatile(directory) { Age::Now } else { Age::Package };
                let mode = if age == Age::Now { 0o555 } else { 0o755 };
                self.directory(directory, mode, age);
                directory = parent(directory);
            }
        }
    }
}

/// Whether `path` is of a file system that the kernel makes up.
pub(crate) fn is_volatile(path: &str) -> bool {
    let below =
        |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below("/proc") || below("/sys")
}

/// The tree of one node.
#[derive(Debug)]
pub(crate) struct Image {
    shared: Arc<Tree>,
    own: Tree,
}

impl Image {
    pub(crate) fn new(shared: Arc<Tree>, mut own: Tree) -> Image {
        own.complete(Some(&shared));
        Image { shared, own }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&ImageNode> {
        self.own.get(path).or_else(|| self.shared.get(path))
    }

    pub(crate) fn children<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a str> {
        self.own.children(directory).chain(self.shared.children(directory))
    }
}
