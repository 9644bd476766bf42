//! Bundles of releases that wait for somebody: on the master for its agents, on an agent for who installs them. The
//! folder is the house's; nothing in it is believed before its signature was looked at.

use crate::{Error, files::private, release::PublicKey};
use decnet_model::{paths::Paths, record::UpdateState};
use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Bytes of the largest bundle.
pub const LARGEST: u64 = 512 << 20;
/// Bytes of a piece of one.
pub const PIECE: usize = 256 << 10;
/// Bytes of the medium that stay free, beside the bundle and three times as much to unpack it.
const SPARE: u64 = 64 << 20;
/// Name of the order to install one.
const ORDER: &str = "order.json";
/// Names of what whoever installs them shows the house: how far an update is, and whose releases are believed.
const TOLD: &str = "told.json";
const KEY: &str = "trusted.pub";

/// A release that a host is to install.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Id of the update.
    pub id: String,
    /// The release.
    pub version: String,
    /// SHA-256 of the bundle, hex.
    pub sha256: String,
    /// Bytes of the bundle.
    pub size: u64,
    /// Its signature, as minisign's file.
    pub signature: String,
    /// The release of who offers it.
    pub master: String,
    /// Seconds that it has to prove itself.
    pub patience: u64,
}

/// How far a host is with an update, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Id of the update.
    pub id: String,
    /// Name of the state: `fetching`, `trying`, `done`, `rolled-back`, `refused`.
    pub state: String,
    /// Why it is not done.
    #[serde(default)]
    pub reason: String,
}

impl Told {
    /// One in `state`.
    pub fn new(id: &str, state: UpdateState, reason: &str) -> Told {
        Told { id: id.to_owned(), state: state.name().to_owned(), reason: reason.to_owned() }
    }
}

/// The folder of bundles.
#[derive(Clone, Debug)]
pub struct Shelf {
    root: PathBuf,
    folder: PathBuf,
}

impl Shelf {
    /// That of `paths`.
    pub fn new(paths: &Paths) -> Shelf {
        Shelf { root: paths.root().to_owned(), folder: paths.parcels() }
    }

    /// Where a bundle is.
    ///
    /// # Errors
    /// When that is no SHA-256.
    pub fn path(&self, sha256: &str) -> Result<PathBuf, Error> {
        Ok(self.folder.join(format!("{}.release", named(sha256)?)))
    }

    /// Where the signature of a bundle is.
    ///
    /// # Errors
    /// When that is no SHA-256.
    pub fn signature(&self, sha256: &str) -> Result<PathBuf, Error> {
        Ok(self.folder.join(format!("{}.minisig", named(sha256)?)))
    }

    /// Keeps a bundle with its signature, for agents to fetch. Returns its SHA-256 and its size.
    ///
    /// # Errors
    /// When it is too large, or cannot be read or written.
    pub fn keep(&self, bundle: &Path, signature: &str) -> Result<(String, u64), Error> {
        let failed = |attempt, path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { attempt, path, source }
        };
        let size = fs::metadata(bundle).map_err(failed("read", bundle))?.len();
        check(size)?;
        let sha256 = crate::release::bundle::hash(bundle).map_err(failed("read", bundle))?;
        let (to, beside) = (self.path(&sha256)?, self.signature(&sha256)?);
        if to != bundle {
            let mut source = File::open(bundle).map_err(failed("read", bundle))?.take(LARGEST);
            private(&self.root, &self.folder, &to, |file| io::copy(&mut source, file).map(drop))
                .map_err(failed("write", &to))?;
        }
        private(&self.root, &self.folder, &beside, |file| file.write_all(signature.as_bytes()))
            .map_err(failed("write", &beside))?;
        Ok((sha256, size))
    }

    /// Forgets all bundles but these.
    pub fn forget_all_but(&self, sha256: &[&str]) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let ours = match path.extension().and_then(|end| end.to_str()) {
                Some("release" | "minisig" | "part") => true,
                // What was being written when the power was lost.
                Some("next") => named(stem).is_ok(),
                _ => false,
            };
            if ours && !sha256.contains(&stem) {
                // One that stays takes room and no more.
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// A piece of a bundle from `offset` on; empty behind its end.
    ///
    /// # Errors
    /// When there is no such bundle.
    pub fn piece(&self, sha256: &str, offset: u64) -> Result<Vec<u8>, Error> {
        let path = self.path(sha256)?;
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(PIECE as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|source| Error::File { attempt: "read", path: path.clone(), source })
    }

    /// How much of what is offered is here; `None`: all of it. There has to be room for it.
    ///
    /// # Errors
    /// When it is too large, or there is no room.
    pub fn wants(&self, offer: &Offer) -> Result<Option<u64>, Error> {
        check(offer.size)?;
        if self.path(&offer.sha256)?.exists() {
            return Ok(None);
        }
        let attempt = || -> io::Result<(u64, u64)> {
            fs::create_dir_all(&self.folder)?;
            let have = fs::metadata(self.part(&offer.sha256)).map_or(0, |data| data.len());
            let room = statvfs(&self.folder).map_err(io::Error::from)?;
            Ok((have, room.blocks_available().saturating_mul(room.fragment_size())))
        };
        let (have, room) = attempt().map_err(|source| Error::File {
            attempt: "look at",
            path: self.folder.clone(),
            source,
        })?;
        let needed = offer.size.saturating_mul(4).saturating_sub(have).saturating_add(SPARE);
        if room < needed {
            return Err(Error::Wrong(format!(
                "there is no room for it: {needed} bytes are needed, {room} are free"
            )));
        }
        // What is longer than all of it is something else.
        if offer.size < have {
            let _ = fs::remove_file(self.part(&offer.sha256));
            return Ok(Some(0));
        }
        Ok(Some(have))
    }

    /// Takes the piece that begins at `offset`. Returns whether it was the last.
    ///
    /// # Errors
    /// When it does not fit, the whole is not what was offered, or it cannot be written.
    pub fn take(&self, offer: &Offer, offset: u64, bytes: &[u8]) -> Result<bool, Error> {
        let part = self.part(&offer.sha256);
        let failed = |source| Error::File { attempt: "write", path: part.clone(), source };
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).mode(0o600).open(&part).map_err(failed)?;
        let have = file.metadata().map_err(failed)?.len();
        let size = have.saturating_add(bytes.len() as u64);
        if have != offset || bytes.is_empty() || offer.size < size {
            return Err(Error::Garbled("a piece of a release that does not fit".to_owned()));
        }
        file.write_all(bytes).map_err(failed)?;
        if size < offer.size {
            return Ok(false);
        }
        file.sync_all().map_err(failed)?;
        if crate::release::bundle::hash(&part).map_err(failed)? != offer.sha256 {
            // The whole of it comes again.
            fs::remove_file(&part).map_err(failed)?;
            return Err(Error::Garbled("a release that is another one than was offered".to_owned()));
        }
        fs::rename(&part, self.path(&offer.sha256)?).map_err(failed)?;
        Ok(true)
    }

    /// Has what is offered, and is here, installed.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn order(&self, offer: &Offer) -> Result<(), Error> {
        self.write(ORDER, &serde_json::to_vec(offer).map_err(|error| Error::Garbled(error.to_string()))?)
    }

    /// What is to be installed. The house may have written anything.
    pub fn ordered(&self) -> Option<Offer> {
        serde_json::from_slice(&self.read(ORDER)?).ok()
    }

    /// Shows the house how far an update is.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn tell(&self, told: &Told) -> Result<(), Error> {
        self.write(TOLD, &serde_json::to_vec(told).map_err(|error| Error::Garbled(error.to_string()))?)
    }

    /// How far the last update is, as the house was shown.
    pub fn told(&self) -> Option<Told> {
        serde_json::from_slice(&self.read(TOLD)?).ok()
    }

    /// Shows the house whose releases are believed here. Nothing is believed by what is shown.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn show_key(&self, key: &PublicKey) -> Result<(), Error> {
        self.write(KEY, key.text().as_bytes())
    }

    /// Whose releases are believed here, as the house was shown.
    pub fn key(&self) -> Option<PublicKey> {
        PublicKey::read(&String::from_utf8(self.read(KEY)?).ok()?).ok()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.folder.join(name);
        private(&self.root, &self.folder, &path, |file| file.write_all(bytes)).map_err(|source| Error::File {
            attempt: "write",
            path,
            source,
        })
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(self.folder.join(name));
        let file = opened.ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
        let mut text = Vec::new();
        file.take(64 << 10).read_to_end(&mut text).ok()?;
        Some(text)
    }

    fn part(&self, sha256: &str) -> PathBuf {
        // Whoever calls has looked at the name.
        self.folder.join(format!("{sha256}.part"))
    }
}

fn check(size: u64) -> Result<(), Error> {
    if (1..=LARGEST).contains(&size) {
        Ok(())
    } else {
        Err(Error::Wrong(format!("a release has 1 to {LARGEST} bytes, and this one {size}")))
    }
}

/// A SHA-256 in hex, which can be the name of a file.
fn named(sha256: &str) -> Result<&str, Error> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let length = Sha256::output_size() * 2;
    if sha256.len() == length && sha256.bytes().all(hex) {
        Ok(sha256)
    } else {
        Err(Error::Garbled("that is no SHA-256".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(content: &[u8]) -> Offer {
        Offer {
            id: "r.a".to_owned(),
            version: "1.1.0".to_owned(),
            sha256: hex::encode(Sha256::digest(content)),
            size: content.len() as u64,
            signature: String::new(),
            master: "1.0.0".to_owned(),
            patience: 60,
        }
    }

    #[test]
    fn a_bundle_comes_in_pieces_and_goes_on_where_it_broke_off() {
        let (master, agent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (from, to) = (Shelf::new(&Paths::new(master.path())), Shelf::new(&Paths::new(agent.path())));
        let content: Vec<u8> = (0..PIECE * 2 + 5).map(|at| (at % 251) as u8).collect();
        let bundle = master.path().join("b");
        fs::write(&bundle, &content).unwrap();
        let (sha256, size) = from.keep(&bundle, "signed").unwrap();
        let offer = offer(&content);
        assert_eq!((&sha256, size), (&offer.sha256, offer.size));
        assert_eq!(fs::read_to_string(from.signature(&sha256).unwrap()).unwrap(), "signed");
        let mut took = Vec::new();
        while let Some(offset) = to.wants(&offer).unwrap() {
            let piece = from.piece(&sha256, offset).unwrap();
            assert!(to.take(&offer, offset + 1, &piece).is_err(), "a gap");
            took.push((offset, to.take(&offer, offset, &piece).unwrap()));
        }
        let piece = PIECE as u64;
        assert_eq!(took, [(0, false), (piece, false), (2 * piece, true)]);
        assert_eq!(fs::read(to.path(&sha256).unwrap()).unwrap(), content);
        assert!(from.piece(&sha256, size).unwrap().is_empty());
        to.order(&offer).unwrap();
        assert_eq!(to.ordered(), Some(offer));
        let told = Told::new("r.a", UpdateState::Done, "");
        to.tell(&told).unwrap();
        let key = crate::release::SecretKey::make().unwrap().public();
        to.show_key(&key).unwrap();
        assert_eq!((to.told(), to.key()), (Some(told), Some(key)));
        let half = master.path().join("parcels").join(format!("{}.next", "1".repeat(64)));
        fs::write(&half, "half").unwrap();
        from.forget_all_but(&["other"]);
        assert!(!half.exists());
        assert!(from.piece(&sha256, 0).is_err());
        let begun = Offer { sha256: "0".repeat(64), ..to.ordered().unwrap() };
        assert!(!to.take(&begun, 0, b"x").unwrap());
        to.forget_all_but(&[&sha256]);
        assert_eq!((to.wants(&begun).unwrap(), to.path(&sha256).unwrap().exists()), (Some(0), true));
    }

    #[test]
    fn what_is_not_what_was_offered_is_forgotten_and_names_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&Paths::new(folder.path()));
        let good = offer(b"abc");
        assert_eq!(shelf.wants(&good).unwrap(), Some(0));
        assert!(shelf.take(&good, 0, b"abcd").is_err(), "more than was offered");
        assert!(shelf.take(&good, 0, b"abx").is_err());
        assert_eq!(shelf.wants(&good).unwrap(), Some(0), "all of it comes again");
        assert!(shelf.take(&good, 0, b"abc").unwrap());
        assert_eq!(shelf.wants(&good).unwrap(), None);
        for name in ["", "../x", "AB", "zz"] {
            assert!(shelf.path(name).is_err(), "{name}");
        }
        for size in [0, LARGEST + 1] {
            assert!(shelf.wants(&Offer { size, ..offer(b"x") }).is_err(), "{size}");
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("parcels").join(ORDER)).unwrap();
        assert_eq!(shelf.ordered(), None);
    }
}
