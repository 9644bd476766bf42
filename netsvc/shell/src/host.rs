//! One node's shell and file system, from which sessions are made.

use crate::{
    flavour::Flavour,
    fs::{
        Credentials, Fs, OverlayStore,
        image::{Image, Tree},
        layout, personal,
    },
    interpret::Shell,
    live::{Clock, Live, SessionFacts},
};
use netsvc_persona::Persona;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// One node. Cheap to make and to keep: trees are made at login.
pub struct ShellHost {
    persona: Arc<Persona>,
    overlays: Arc<OverlayStore>,
    clock: Arc<dyn Clock>,
    files: BTreeMap<String, (u32, Vec<u8>)>,
}

impl ShellHost {
    /// A node with its persona; `clock` gives the host's UTC time in µs.
    pub fn new(persona: Arc<Persona>, overlays: Arc<OverlayStore>, clock: Arc<dyn Clock>) -> ShellHost {
        ShellHost { persona, overlays, clock, files: BTreeMap::new() }
    }

    /// Adds a file that only the caller knows, such as the public half of a host key, with its mode.
    #[must_use]
    pub fn with_file(mut self, path: &str, mode: u32, content: &[u8]) -> ShellHost {
        self.files.insert(path.to_owned(), (mode, content.to_vec()));
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

    /// A shell for `user`, who comes from `source`. An unknown user gets what the first ordinary account has.
    pub fn login(&self, user: &str, source: IpAddr, facts: SessionFacts) -> Shell {
        Shell::new(self.fs(user, source, facts))
    }

    /// The file system for `user`, who comes from `source`, without a shell: for sftp, scp and ftp.
    /// Its working directory is the user's home.
    pub fn fs(&self, user: &str, source: IpAddr, facts: SessionFacts) -> Fs {
        let live = Arc::new(Live::new(Arc::clone(&self.persona), facts, user, Arc::clone(&self.clock)));
        let mut own: Tree = personal::tree(&live);
        for (path, (mode, content)) in &self.files {
            own.text(path, *mode, crate::fs::image::Age::Install, &crate::text::decode(content));
        }
        let image = Arc::new(Image::new(layout::shared(live.flavour), own));
        let account = self.persona.users.iter().find(|account| account.name == user);
        let uid = match account {
            Some(account) => account.uid,
            None if user == "root" || live.flavour == Flavour::Busybox => 0,
            None => self.persona.users.iter().map(|user| user.uid).find(|uid| *uid >= 1000).unwrap_or(1000),
        };
        let groups = if uid == 0 { Vec::new() } else { vec![27, 100] };
        let overlay = self.overlays.overlay(&self.persona.node, source);
        let mut fs = Fs::new(image, overlay, live, Credentials { uid, gid: uid, groups });
        let home = account.map_or("/root", |account| account.home.as_str());
        if fs.set_cwd(home).is_err() {
            fs.cwd_root();
        }
        fs
    }
}
