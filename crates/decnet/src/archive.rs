//! Archives of ours: gzipped tar whose last member, `manifest.json`, says what the others are, by SHA-256.

use anyhow::{Context as _, Result, bail};
use decnet_engine::native::STAGE_USER;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt, lchown},
    path::{Component, Path, PathBuf},
};
use tar::{Archive, Builder, EntryType, Header};

/// Name of the last member.
const MANIFEST: &str = "manifest.json";
/// Most bytes of a manifest: some hundred thousand files.
const MANIFEST_MOST: u64 = 64 << 20;

/// What is in an archive.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// What kind of archive it is.
    pub(crate) kind: String,
    /// When it was made and by what.
    pub(crate) about: Value,
    /// SHA-256 of each file, by its name.
    pub(crate) files: BTreeMap<String, String>,
}

/// An archive that is being made.
pub(crate) struct Writer {
    tar: Builder<GzEncoder<BufWriter<File>>>,
    path: PathBuf,
    files: BTreeMap<String, String>,
}

impl Writer {
    /// Makes the file, readable by its owner only.
    ///
    /// # Errors
    /// When there is one already, or it cannot be made.
    pub(crate) fn create(path: &Path) -> Result<Writer> {
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("make {}", path.display()))?;
        let tar = Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast()));
        Ok(Writer { tar, path: path.to_owned(), files: BTreeMap::new() })
    }

    /// Adds a text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> Result<()> {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(text.len() as u64);
        header.set_entry_type(EntryType::Regular);
        self.tar.append_data(&mut header, name, text.as_bytes()).context("write the archive")?;
        self.files.insert(name.to_owned(), hex::encode(Sha256::digest(text.as_bytes())));
        Ok(())
    }

    /// Adds a file as it is now; one that has gone meanwhile, or is a pipe by now, is left out.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) fn file(&mut self, name: &str, path: &Path) -> Result<()> {
        // Its folder is another user's, who may lay a pipe there that nobody writes to.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.with_context(|| format!("read {}", path.display()))?,
        };
        let data = file.metadata().with_context(|| format!("read {}", path.display()))?;
        if !data.is_file() {
            return Ok(());
        }
        let mut header = Header::new_gnu();
        header.set_metadata(&data);
        header.set_entry_type(EntryType::Regular);
        // One that is written to meanwhile is as long as it was.
        header.set_size(data.len());
        let mut source = Hashed { inner: file.take(data.len()), hash: Sha256::new(), left: data.len() };
        self.tar.append_data(&mut header, name, &mut source).context("write the archive")?;
        self.files.insert(name.to_owned(), hex::encode(source.hash.finalize()));
        Ok(())
    }

    /// Adds a folder without what is in it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn folder(&mut self, name: &str, path: &Path) -> Result<()> {
        let Ok(data) = fs::metadata(path) else { return Ok(()) };
        let mut header = Header::new_gnu();
        header.set_metadata(&data);
        header.set_entry_type(EntryType::Directory);
        header.set_size(0);
        self.tar.append_data(&mut header, format!("{name}/"), io::empty()).context("write the archive")
    }

    /// Adds the manifest and has everything on the medium. Returns how many files there are.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self, kind: &str, about: Value) -> Result<usize> {
        let count = self.files.len();
        let files = std::mem::take(&mut self.files);
        let manifest = Manifest { kind: kind.to_owned(), about, files };
        let text = serde_json::to_string_pretty(&manifest).context("write the manifest")?;
        self.text(MANIFEST, &text)?;
        let written = || format!("write {}", self.path.display());
        let gzip = self.tar.into_inner().with_context(written)?;
        let file = gzip.finish().with_context(written)?.into_inner().map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).with_context(written)?;
        Ok(count)
    }
}

/// A reader that hashes what is read; a file that shrank is filled with zeros, so that the archive stays one.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
    left: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(part) = buffer.get_mut(..most) else { return Ok(0) };
        let mut read = self.inner.read(part)?;
        if read == 0 {
            part.fill(0);
            read = most;
        }
        self.hash.update(part.get(..read).unwrap_or_default());
        self.left -= read as u64;
        Ok(read)
    }
}

/// Unpacks an archive of `kind` into a folder that is made, and compares every file with the manifest.
///
/// # Errors
/// When it is none, is damaged, or a name leads out of the folder; the folder is removed then.
pub(crate) fn unpack(path: &Path, kind: &str, folder: &Path) -> Result<Manifest> {
    fs_err::create_dir(folder).context("make a folder for what is in the archive")?;
    let done = unpacked(path, kind, folder).with_context(|| format!("read {}", path.display()));
    if done.is_err() {
        fs_err::remove_dir_all(folder).context("remove what was unpacked")?;
    }
    done
}

fn unpacked(path: &Path, kind: &str, folder: &Path) -> Result<Manifest> {
    let file = File::open(path)?;
    let mut archive = Archive::new(GzDecoder::new(io::BufReader::new(file)));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut manifest = None;
    for entry in archive.entries().context("it is no archive of ours")? {
        let mut entry = entry.context("it is no archive of ours, or damaged")?;
        let name = entry.path()?.into_owned();
        let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || manifest.is_some() {
            bail!("{} does not belong there", name.display());
        }
        let to = folder.join(&name);
        match entry.header().entry_type() {
            EntryType::Directory => {
                fs_err::create_dir_all(&to)?;
                keep(entry.header(), &to)?;
            }
            EntryType::Regular if name == Path::new(MANIFEST) => {
                let mut text = String::new();
                entry.by_ref().take(MANIFEST_MOST).read_to_string(&mut text)?;
                manifest = Some(serde_json::from_str::<Manifest>(&text).context("read the manifest")?);
            }
            EntryType::Regular => {
                if let Some(parent) = to.parent() {
                    fs_err::create_dir_all(parent)?;
                }
                found.insert(name.display().to_string(), copied(&mut entry, &to)?);
                keep(entry.header(), &to)?;
            }
            _ => bail!("{} is neither a file nor a folder", name.display()),
        }
    }
    let manifest = manifest.context("it was cut short: its manifest is missing")?;
    if manifest.kind != kind {
        bail!("it is a {} and no {kind}", manifest.kind);
    }
    if manifest.files != found {
        let other = |(name, hash): &(&String, &String)| manifest.files.get(*name) != Some(*hash);
        let name = found.iter().find(other).map_or("a file is missing", |(name, _)| name.as_str());
        bail!("it is damaged: {name}");
    }
    Ok(manifest)
}

/// Copies a member; its SHA-256.
fn copied(entry: &mut impl Read, to: &Path) -> Result<String> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(to)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = entry.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        file.write_all(part)?;
    }
    Ok(hex::encode(hash.finalize()))
}

/// Gives what was unpacked its mode and, where we may and it says somebody here, its owner.
fn keep(header: &Header, path: &Path) -> Result<()> {
    fs_err::set_permissions(path, fs::Permissions::from_mode(header.mode()? & 0o777))?;
    let number = |number: u64| u32::try_from(number).ok();
    let numbers = (header.uid().ok().and_then(number), header.gid().ok().and_then(number));
    if geteuid().is_root()
        && let (Some(user), Some(group)) = (meant_everywhere(numbers.0), meant_everywhere(numbers.1))
        && lchown(path, Some(user), Some(group)).is_err()
    {
        // In a user namespace there may be no such user; what it belongs to then is ours.
        tracing::debug!(path = %path.display(), "the owner of a file is not known here");
    }
    Ok(())
}

/// A number of a user or group that is the same on every host. Another one may be anybody's here: what was his is ours,
/// until somebody hands it on.
fn meant_everywhere(number: Option<u32>) -> Option<u32> {
    number.filter(|number| [0, STAGE_USER].contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(folder: &Path) -> PathBuf {
        let (path, source) = (folder.join("a.tar.gz"), folder.join("source"));
        fs::write(&source, "line\n").unwrap();
        let mut writer = Writer::create(&path).unwrap();
        writer.folder("state", folder).unwrap();
        writer.file("state/x", &source).unwrap();
        writer.file("state/gone", &folder.join("nothing")).unwrap();
        let pipe = folder.join("pipe");
        if !pipe.exists() {
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
        writer.file("state/pipe", &pipe).unwrap();
        writer.text("b.txt", "text").unwrap();
        assert_eq!(writer.finish("test", json!({ "at": 1 })).unwrap(), 2);
        path
    }

    #[test]
    fn a_number_that_is_somebody_elses_here_owns_nothing() {
        let kept = [Some(0), Some(STAGE_USER), Some(998), Some(1000), None].map(meant_everywhere);
        assert_eq!(kept, [Some(0), Some(STAGE_USER), None, None, None]);
        let folder = tempfile::tempdir().unwrap();
        if !geteuid().is_root() || lchown(folder.path(), Some(998), Some(997)).is_err() {
            return;
        }
        let data = fs::metadata(folder.path()).unwrap();
        let mut header = Header::new_gnu();
        header.set_metadata(&data);
        let file = folder.path().join("x");
        fs::write(&file, "").unwrap();
        keep(&header, &file).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&file).unwrap()), 0);
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Writer::create(&path).is_err(), "nothing is overwritten");
        let out = folder.path().join("out");
        let manifest = unpack(&path, "test", &out).unwrap();
        assert_eq!(manifest.about["at"], 1);
        assert_eq!(fs::read_to_string(out.join("state/x")).unwrap(), "line\n");
        assert!(
            unpack(&path, "other", &folder.path().join("o"))
                .unwrap_err()
                .root_cause()
                .to_string()
                .contains("no other")
        );
    }

    #[test]
    fn what_is_damaged_or_leads_out_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path());
        let whole = fs::read(&path).unwrap();
        let out = folder.path().join("out");
        for (at, byte) in [(whole.len() / 2, 0x55), (20, 0xff)] {
            let mut bytes = whole.clone();
            bytes[at] ^= byte;
            fs::write(&path, &bytes).unwrap();
            assert!(unpack(&path, "test", &out).is_err(), "byte {at}");
            assert!(!out.exists());
        }
        fs::write(&path, &whole[..whole.len() - 40]).unwrap();
        assert!(unpack(&path, "test", &out).is_err());
        let file = File::create(&path).unwrap();
        let mut tar = Builder::new(GzEncoder::new(file, Compression::fast()));
        let mut header = Header::new_gnu();
        header.set_size(1);
        header.as_gnu_mut().unwrap().name[..6].copy_from_slice(b"../bad");
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, &b"x"[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        let told = format!("{:#}", unpack(&path, "test", &out).unwrap_err());
        assert!(told.contains("does not belong there"), "{told}");
        assert!(!folder.path().join("bad").exists() && !out.exists());
    }
}
