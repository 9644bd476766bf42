//! What the master and agents keep in the state folder beside the store: keys, certificates, membership.

use crate::{
    Error,
    authority::{Authority, Signed},
    tls::Own,
};
use decnet_model::{
    paths::Paths,
    record::SwarmCertificate,
    swarm::{Ground, Identity},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    },
    path::{Path, PathBuf},
};

/// What an agent knows of the swarm that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Id of this host.
    pub host: String,
    /// Its name when it joined.
    pub name: String,
    /// Name or address of the master.
    pub master: String,
    /// Port of the controller.
    pub port: u16,
    /// Port of the listener.
    pub syslog_port: u16,
    /// The authority's certificate, PEM.
    pub authority: String,
    /// Fingerprints of the master's certificates that are no longer valid.
    #[serde(default)]
    pub revoked: Vec<String>,
    /// When the master ended the membership, µs.
    #[serde(default)]
    pub ended_at: Option<i64>,
    /// Interface on whose segment deckies stand.
    #[serde(default)]
    pub interface: Option<String>,
    /// Whether they stand in a lab on this host.
    #[serde(default)]
    pub lab: bool,
}

/// Files of the swarm in a state folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
    folder: PathBuf,
}

impl Files {
    /// Those of `paths`.
    pub fn new(paths: &Paths) -> Files {
        Files { root: paths.root().to_owned(), folder: paths.swarm() }
    }

    /// Whether this is a master's folder.
    pub fn is_master(&self) -> bool {
        self.path("authority.key").exists()
    }

    /// Whether this is the folder of an agent.
    pub fn is_agent(&self) -> bool {
        self.path("agent.json").exists()
    }

    /// The authority.
    ///
    /// # Errors
    /// [`Error::NoSwarm`] where there is none, or when it cannot be read.
    pub fn authority(&self) -> Result<Authority, Error> {
        if !self.is_master() {
            return Err(Error::NoSwarm);
        }
        Authority::load(&self.read("authority.crt")?, &self.read("authority.key")?)
    }

    /// Begins a swarm here: the authority and the master's certificate. Returns that certificate.
    ///
    /// # Errors
    /// When a file cannot be written, or there is an authority already.
    pub fn begin(&self, now: i64) -> Result<(Authority, Signed), Error> {
        if self.is_master() {
            return Err(Error::Wrong("there is an authority already".to_owned()));
        }
        let (authority, key) = Authority::make(now)?;
        self.write("authority.crt", authority.certificate())?;
        let signed = self.renew_master(&authority, now)?;
        // Last: who finds it finds the rest.
        self.write("authority.key", &key)?;
        Ok((authority, signed))
    }

    /// Gives the master another key and certificate.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn renew_master(&self, authority: &Authority, now: i64) -> Result<Signed, Error> {
        let request = crate::authority::request()?;
        let signed = authority.sign(&request.request, &Identity::master(), now)?;
        self.put_own("master", &Own { certificate: signed.pem.clone(), key: request.key })?;
        Ok(signed)
    }

    /// Key and certificate of `who`: `master` or `agent`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn own(&self, who: &str) -> Result<Own, Error> {
        let text = self.read(&format!("{who}.pem"))?;
        let at = text.find("-----BEGIN CERT").ok_or(Error::Unfit("a key file has no certificate"))?;
        let (key, certificate) = text.split_at(at);
        Ok(Own { certificate: certificate.to_owned(), key: key.to_owned() })
    }

    /// Keeps key and certificate of `who`, both or neither: they are one file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_own(&self, who: &str, own: &Own) -> Result<(), Error> {
        self.write(&format!("{who}.pem"), &format!("{}\n{}", own.key.trim_end(), own.certificate))
    }

    /// Forgets key and certificate of `who`.
    pub fn forget_own(&self, who: &str) {
        // What is gone already is as good.
        let _ = fs::remove_file(self.path(&format!("{who}.pem")));
    }

    /// The membership of this host.
    ///
    /// # Errors
    /// [`Error::NotJoined`], or when it cannot be read.
    pub fn membership(&self) -> Result<Membership, Error> {
        if !self.is_agent() {
            return Err(Error::NotJoined);
        }
        self.read_json("agent.json")
    }

    /// Keeps the membership.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_membership(&self, membership: &Membership) -> Result<(), Error> {
        self.write_json("agent.json", membership)
    }

    /// Forgets the membership, for another to begin.
    pub fn forget_membership(&self) {
        self.forget_own("agent");
        let _ = fs::remove_file(self.path("agent.json"));
    }

    /// A key that waits for its certificate: whoever asks again asks with the same.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn pending(&self, token: &str) -> Result<crate::authority::Request, Error> {
        let kept: Option<Pending> = self.read_json("pending.json").ok();
        if let Some(kept) = kept.filter(|kept| kept.token == token) {
            return Ok(crate::authority::Request { key: kept.key, request: kept.request });
        }
        let made = crate::authority::request()?;
        let kept = Pending { token: token.to_owned(), key: made.key.clone(), request: made.request.clone() };
        self.write_json("pending.json", &kept)?;
        Ok(made)
    }

    /// Forgets the key that waited.
    pub fn forget_pending(&self) {
        let _ = fs::remove_file(self.path("pending.json"));
    }

    /// The release as which the master has heard this host last, and when; `None`: it has not.
    pub fn heard(&self) -> Option<(String, i64)> {
        self.read_json("heard.json").ok()
    }

    /// Keeps as which release the master has heard this host.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_heard(&self, version: &str, at: i64) -> Result<(), Error> {
        self.write_json("heard.json", &(version, at))
    }

    /// Where deckies can stand on this host; `None` while nobody has looked.
    pub fn ground(&self) -> Option<Ground> {
        self.read_json("ground.json").ok()
    }

    /// Keeps where deckies can stand.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_ground(&self, ground: &Ground) -> Result<(), Error> {
        self.write_json("ground.json", ground)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Result<String, Error> {
        let path = self.path(name);
        fs::read_to_string(&path).map_err(|source| Error::File { attempt: "read", path, source })
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let (text, path) = (self.read(name)?, self.path(name));
        let damaged =
            |source: serde_json::Error| Error::File { attempt: "read", path, source: source.into() };
        serde_json::from_str(&text).map_err(damaged)
    }

    fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let text = serde_json::to_string(value).map_err(|source| Error::File {
            attempt: "write",
            path: self.path(name),
            source: source.into(),
        })?;
        self.write(name, &text)
    }

    /// Writes a file that nobody but the house reads, whole or not at all.
    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.path(name);
        private(&self.root, &self.folder, &path, |file| file.write_all(text.as_bytes()))
            .map_err(|source| Error::File { attempt: "write", path, source })
    }
}

#[derive(Serialize, Deserialize)]
struct Pending {
    token: String,
    key: String,
    request: String,
}

/// Makes the file `path` in `folder`, which is the house's, of what `fill` writes: whole or not at all. Nobody but the
/// house reads it.
pub(crate) fn private(
    root: &Path,
    folder: &Path,
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // The state folder is the house's, and what it puts there is not for root to follow.
    let flags = nix::libc::O_DIRECTORY | nix::libc::O_NOFOLLOW;
    let place = OpenOptions::new().read(true).custom_flags(flags).open(folder)?;
    let root_writes = nix::unistd::geteuid().is_root();
    let within = if root_writes {
        // The folder that was opened, whatever stands under its name meanwhile.
        PathBuf::from(format!("/proc/self/fd/{}", place.as_raw_fd()))
    } else {
        folder.to_owned()
    };
    let to = within.join(path.file_name().unwrap_or_default());
    let next = to.with_extension("next");
    let _ = fs::remove_file(&next);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    fill(&mut file)?;
    file.sync_all()?;
    if root_writes {
        let owner = fs::metadata(root)?;
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        fchown(&place, Some(owner.uid()), Some(owner.gid()))?;
    }
    fs::rename(&next, &to)?;
    place.sync_all()
}

/// A certificate as the store keeps it.
pub fn row(signed: &Signed, identity: &Identity) -> SwarmCertificate {
    SwarmCertificate {
        fingerprint: signed.fingerprint.clone(),
        host: identity.host.clone(),
        role: identity.role.name().to_owned(),
        issued_at: signed.issued_at,
        expires_at: signed.expires_at,
        revoked_at: None,
        reason: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_closed_and_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(&Paths::new(folder.path()));
        assert!(matches!(files.authority(), Err(Error::NoSwarm)));
        assert!(matches!(files.membership(), Err(Error::NotJoined)));
        files.begin(1_796_000_000_000_000).unwrap();
        assert!(files.authority().is_ok() && files.begin(0).is_err());
        let own = files.own("master").unwrap();
        assert!(own.key.starts_with("-----BEGIN PRIVATE KEY") && own.certificate.contains("CERTIFICATE"));
        for name in ["authority.key", "master.pem"] {
            let mode = fs::metadata(folder.path().join("swarm").join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let trap = Files::new(&Paths::new(folder.path().join("other")));
        fs::create_dir(folder.path().join("other")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("other/swarm")).unwrap();
        assert!(trap.begin(1_796_000_000_000_000).is_err(), "a link in the folder's place is not followed");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        let (one, two) = (files.pending("t").unwrap(), files.pending("t").unwrap());
        assert_eq!(one.key, two.key);
        assert_ne!(files.pending("u").unwrap().key, one.key);
    }
}
