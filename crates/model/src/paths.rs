//! Where an installation keeps what. The only place that knows a file's name.

use std::path::{Path, PathBuf};

/// The folders of an installation, all below one root (`/var/lib/decnet`, or the demo's own folder).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// Paths below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Paths { root: root.into() }
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The install secret, 32 bytes hex, mode 0600.
    pub fn install_secret(&self) -> PathBuf {
        self.root.join("install.secret")
    }

    /// The SQLite database.
    pub fn database(&self) -> PathBuf {
        self.root.join("decnet.db")
    }

    /// Folder of the event log: numbered segments and the symlink `decnet.log` to the active one.
    pub fn event_log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Folder whose sub-folders are the spools of stage processes, one each.
    pub fn spools(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Spool of one stage process: `lines/`, `blobs/`, `state/` are below it.
    pub fn spool(&self, process: &str) -> PathBuf {
        self.spools().join(process)
    }

    /// Folder of artefacts, named by SHA-256, two levels: `ab/abcdef…`.
    pub fn artefacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// Folder of files that operators handed in through the interface, until what was asked for is done.
    pub fn handed_in(&self) -> PathBuf {
        self.run().join("handed-in")
    }

    /// Where an artefact is kept.
    pub fn artefact(&self, sha256: &str) -> PathBuf {
        self.artefacts().join(sha256.get(..2).unwrap_or("xx")).join(sha256)
    }

    /// What the runtime of containers lays down: the Compose file, and documents of deckies.
    pub fn containers(&self) -> PathBuf {
        self.root.join("docker")
    }

    /// Folder of sockets, locks and pid files; gone after a reboot.
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Socket of the bus.
    pub fn bus_socket(&self) -> PathBuf {
        self.run().join("bus.sock")
    }

    /// Socket on which netd takes orders.
    pub fn netd_socket(&self) -> PathBuf {
        self.run().join("netd.sock")
    }

    /// Socket on which netd hands out copies of the frames that deckies get and send.
    pub fn frames_socket(&self) -> PathBuf {
        self.run().join("netd.frames.sock")
    }

    /// Lock that a running worker holds.
    pub fn worker_lock(&self, worker: &str) -> PathBuf {
        self.run().join(format!("worker-{worker}.lock"))
    }

    /// How a worker does, as it notes it itself.
    pub fn worker_note(&self, worker: &str) -> PathBuf {
        self.run().join(format!("worker-{worker}.json"))
    }

    /// What an operator has a worker do: stop, start, start again.
    pub fn worker_order(&self, worker: &str) -> PathBuf {
        self.run().join(format!("worker-{worker}.order"))
    }

    /// How much each part of the program says of itself, where that was changed while it runs.
    pub fn log_levels(&self) -> PathBuf {
        self.run().join("log-levels")
    }

    /// What a process of ours gave up, as it notes it itself.
    pub fn process_note(&self, process: &str) -> PathBuf {
        self.run().join(format!("process-{process}.json"))
    }

    /// Lock that everybody shares who works in the folder. It is never removed.
    pub fn state_lock(&self) -> PathBuf {
        self.root.join("decnet.lock")
    }

    /// Lock of the one process that keeps the workers. It is never removed.
    pub fn keeper_lock(&self) -> PathBuf {
        self.root.join("keeper.lock")
    }

    /// The program's own messages while it runs in the background.
    pub fn messages(&self) -> PathBuf {
        self.run().join("decnet.log")
    }

    /// Rules of techniques that the operator brings along.
    pub fn rules(&self) -> PathBuf {
        self.root.join("rules")
    }

    /// Files that addresses are looked up in: countries, networks, routes. The operator brings them along.
    pub fn intel(&self) -> PathBuf {
        self.root.join("intel")
    }

    /// Folder of the certificate that is made for the interface, and of its key.
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    /// Folder of what belongs to a swarm: keys, certificates, membership.
    pub fn swarm(&self) -> PathBuf {
        self.root.join("swarm")
    }

    /// Folder of bundles of releases that wait for somebody: on the master for agents, there for who installs them.
    pub fn parcels(&self) -> PathBuf {
        self.root.join("parcels")
    }

    /// Folder of releases that were installed by an update, each in a folder of its number, where whoever has the root
    /// installs them.
    pub fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    /// As [`Paths::releases`], where root of the system installs them. It is beside the root: whoever has a folder can
    /// put anything in the place of what is in it, and what is here is run by root.
    pub fn releases_of_root(&self) -> PathBuf {
        let mut name = self.root.file_name().unwrap_or_default().to_owned();
        name.push("-releases");
        self.root.with_file_name(name)
    }

    /// A file of each place that an installation keeps, for who moves it elsewhere. Everything else that is found in
    /// the root is kept with them.
    pub fn keeping(&self) -> Vec<PathBuf> {
        let folders = [
            self.event_log(),
            self.spools(),
            self.artefacts(),
            self.containers(),
            self.rules(),
            self.intel(),
            self.tls(),
            self.swarm(),
        ];
        let inside = folders.into_iter().map(|folder| folder.join("x").join("x"));
        inside.chain([self.install_secret(), self.state_export()]).collect()
    }

    /// Files that are of no use elsewhere: locks, sockets, notes of what runs now; and the database, which is copied in
    /// another form.
    pub fn passing(&self) -> Vec<PathBuf> {
        let run = [
            self.bus_socket(),
            self.netd_socket(),
            self.frames_socket(),
            self.messages(),
            self.log_levels(),
            self.worker_lock("x"),
            self.worker_note("x"),
            self.worker_order("x"),
            self.process_note("x"),
        ];
        let releases = [self.parcels(), self.releases()].map(|folder| folder.join("x"));
        let locks = [self.state_lock(), self.keeper_lock(), self.database()];
        run.into_iter().chain(locks).chain(releases).collect()
    }

    /// Export of the fleet for people and scripts; the store has the truth.
    pub fn state_export(&self) -> PathBuf {
        self.root.join("decnet-state.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds a place says whether a backup has it.
    #[test]
    fn every_place_is_kept_or_passes() {
        let text = include_str!("paths.rs");
        let body = text.split("#[cfg(test)]").next().unwrap();
        let places = body.match_indices("    pub fn ").map(|(at, word)| {
            let rest = &body[at + word.len()..];
            rest.split(['(', '<']).next().unwrap()
        });
        let listed = |list: &str| {
            let begin = body.find(&format!("pub fn {list}(")).unwrap();
            body[begin..].split("\n    }\n").next().unwrap()
        };
        let both = [listed("keeping"), listed("passing")].concat();
        // The root, what is below a place that is listed, and the lists.
        let known = [
            "new",
            "root",
            "spool",
            "artefact",
            "run",
            "handed_in",
            "releases_of_root",
            "keeping",
            "passing",
        ];
        for place in places.filter(|place| !known.contains(place)) {
            assert!(both.contains(&format!("self.{place}(")), "{place} is in neither list");
        }
        assert_eq!(Paths::new("/x").keeping().len(), 10);
    }
}
