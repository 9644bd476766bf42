//! One node's shell and file system, from which sessions are made.

use crate::{
    flavour::Flavour,
    fs::{
        Credentials, Fs, OverlayStore,
        image::{Image, Tree},
        layout, personal,
    },
    interpret::Shell,
    live::{Arrival, Clock, Live, Service, SessionFacts, accounts, there},
};
use netsvc_persona::{Persona, User};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// One node. Cheap to make and to keep: trees are made at login.
pub struct ShellHost {
    persona: Arc<Persona>,
    overlays: Arc<OverlayStore>,
    clock: Arc<dyn Clock>,
    files: BTreeMap<String, (u32, Vec<u8>)>,
    folders: BTreeMap<String, u32>,
    services: Arc<[Service]>,
}

impl ShellHost {
    /// A node with its persona; `clock` gives the host's UTC time in µs.
    pub fn new(persona: Arc<Persona>, overlays: Arc<OverlayStore>, clock: Arc<dyn Clock>) -> ShellHost {
        let (files, folders) = (BTreeMap::new(), BTreeMap::new());
        ShellHost { persona, overlays, clock, files, folders, services: Arc::default() }
    }

    /// Adds a file that only the caller knows, such as the public half of a host key, with its mode.
    #[must_use]
    pub fn with_file(mut self, path: &str, mode: u32, content: &[u8]) -> ShellHost {
        self.files.insert(path.to_owned(), (mode, content.to_vec()));
        self
    }

    /// Adds a folder that only the caller knows, with its mode. What it is in must be there.
    #[must_use]
    pub fn with_folder(mut self, path: &str, mode: u32) -> ShellHost {
        self.folders.insert(path.to_owned(), mode);
        self
    }

    /// Says what the node has open.
    #[must_use]
    pub fn with_services(mut self, services: Vec<Service>) -> ShellHost {
        self.services = services.into();
        self
    }

    /// The persona that this node shows.
    pub fn persona(&self) -> &Arc<Persona> {
        &self.persona
    }

    /// Kind of system that this node is.
    pub fn flavour(&self) -> Flavour {
        Flavour::of(&self.persona)
    }

    /// A shell for `user`, who comes from `source`. Whoever was let in has an account: a user that the persona
    /// does not list gets one of his own for the session.
    ///
    /// A terminal gets the first name that no other session of the source has.
    pub fn login(&self, user: &str, source: IpAddr, mut facts: SessionFacts) -> Shell {
        if facts.arrival != Arrival::Container && facts.tty.is_some() {
            let (presence, key) = (self.overlays.presence(), OverlayStore::key(&self.persona.node, source));
            let now = self.persona.clock(self.clock.now());
            facts.tty = Some(presence.free(&key, &there(&self.persona, now, &presence.of(&key))));
        }
        let fs = self.fs(user, source, facts);
        fs.live.sit_down();
        Shell::new(fs)
    }

    /// The file system for `user`, who comes from `source`, without a shell: for sftp, scp and ftp.
    /// Its working directory is the user's home.
    pub fn fs(&self, user: &str, source: IpAddr, facts: SessionFacts) -> Fs {
        let persona = self.persona_with(user);
        let spawned = self.overlays.spawned(&self.persona.node);
        let services = Arc::clone(&self.services);
        let clock = Arc::clone(&self.clock);
        let seen = (self.overlays.presence(), OverlayStore::key(&self.persona.node, source));
        let live = Live::new(Arc::clone(&persona), facts, services, user, clock, spawned, seen);
        let live = Arc::new(live);
        let mut own: Tree = personal::tree(&live);
        for (path, mode) in &self.folders {
            own.directory(path, *mode, crate::fs::image::Age::Install);
        }
        for (path, (mode, content)) in &self.files {
            own.text(path, *mode, crate::fs::image::Age::Install, &crate::text::decode(content));
        }
        let shared = layout::shared(live.flavour);
        personal::own_files(&mut own, &shared, &live);
        let image = Arc::new(Image::new(shared, own));
        let listed = persona.users.iter().find(|account| account.name == user);
        let account = match listed {
            None if user != "root" && live.flavour != Flavour::Busybox => ordinary(&persona).next(),
            found => found,
        };
        let brought = accounts::of_service(&persona, &self.services, user).filter(|_| listed.is_none());
        let (uid, gid, home) = match (brought, account) {
            (Some(brought), _) => (brought.uid, brought.gid, brought.home),
            (None, Some(account)) => (account.uid, account.uid, account.home.as_str()),
            (None, None) => (0, 0, "/root"),
        };
        let groups = if uid == 0 || brought.is_some() { Vec::new() } else { vec![27, 100] };
        let overlay = self.overlays.overlay(&self.persona.node, source);
        let mut fs = Fs::new(image, overlay, live, Credentials { uid, gid, groups });
        if fs.set_cwd(home).is_err() {
            fs.cwd_root();
        }
        fs
    }

    /// The persona with an account for `user`, if that is a name that an account of a person can have.
    fn persona_with(&self, user: &str) -> Arc<Persona> {
        let known = user == "root" || self.persona.users.iter().any(|account| account.name == user);
        if known
            || self.flavour() == Flavour::Busybox
            || !is_name(user)
            || accounts::is_system(&self.persona, &self.services, user)
        {
            return Arc::clone(&self.persona);
        }
        let mut persona = Persona::clone(&self.persona);
        let uid =
            ordinary(&persona).map(|account| account.uid).max().map_or(1000, |uid| uid.saturating_add(1));
        persona.users.push(User {
            name: user.to_owned(),
            full_name: String::new(),
            uid,
            home: format!("/home/{user}"),
            shell: "/bin/bash".to_owned(),
            password: None,
        });
        Arc::new(persona)
    }
}

/// Accounts of people.
fn ordinary(persona: &Persona) -> impl Iterator<Item = &User> {
    persona.users.iter().filter(|account| (1000..60_000).contains(&account.uid))
}

/// Whether `useradd` takes the name.
fn is_name(user: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    user.len() <= 32
        && user.bytes().all(rest)
        && user.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
}
