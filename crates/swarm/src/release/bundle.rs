//! The file of a release: a gzipped tar whose first member is the manifest.

use super::manifest::{self, Entry, LARGEST, MANIFEST, Manifest, Unfit};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tar::{Archive, Builder, EntryType, Header};

/// What a tar has beside the bytes of its files at most: a header and its padding for each.
const AROUND: u64 = (manifest::FILES as u64 + 4) * 1024 + manifest::LONGEST;

/// Why a bundle cannot be made or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file.
    #[error("{attempt} {path}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// It is no bundle.
    #[error("it is no release: {0}")]
    None(String),
    /// A member is not what the manifest says.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The manifest is of no use.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// For `map_err`.
fn failed(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::File { attempt, path, source }
}

fn none(error: impl ToString) -> BundleError {
    BundleError::None(error.to_string())
}

/// The files of a release below `folder`, by name: plain files only; links and all else are left out.
///
/// # Errors
/// When the folder cannot be read, or a file has a name that a release cannot have.
pub fn listed(folder: &Path) -> Result<BTreeMap<String, Entry>, BundleError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(failed("read", &folder))? {
            let path = entry.map_err(failed("read", &folder))?.path();
            let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
            let data = fs::symlink_metadata(&path).map_err(failed("look at", &path))?;
            if data.is_dir() {
                folders.push((format!("{name}/"), path));
            } else if data.is_file() && name != MANIFEST {
                if !manifest::is_name(&name) || found.len() == manifest::FILES {
                    return Err(Unfit::Name(name).into());
                }
                let sha256 = hash(&path).map_err(failed("read", &path))?;
                let run = data.permissions().mode() & 0o100 != 0;
                found.insert(name, Entry { sha256, size: data.len(), run });
            }
        }
    }
    Ok(found)
}

/// Writes the bundle of `manifest`, whose files are below `folder`. The same files give the same bytes.
///
/// # Errors
/// When the manifest is of no use, or a file cannot be read or written; then there is no bundle.
pub fn pack(manifest: &Manifest, folder: &Path, to: &Path) -> Result<(), BundleError> {
    manifest.check()?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o644).open(to).map_err(failed("make", to))?;
    let packed = packed(manifest, folder, to, file);
    if packed.is_err() {
        // What is half written is nobody's.
        let _ = fs::remove_file(to);
    }
    packed
}

fn packed(manifest: &Manifest, folder: &Path, to: &Path, file: File) -> Result<(), BundleError> {
    let mut tar = Builder::new(GzEncoder::new(BufWriter::new(file), Compression::default()));
    let text = serde_json::to_vec_pretty(manifest).map_err(none)?;
    tar.append_data(&mut header(text.len() as u64, false), MANIFEST, text.as_slice())
        .map_err(failed("write", to))?;
    for (name, entry) in &manifest.files {
        let path = folder.join(name);
        let content = File::open(&path).map_err(failed("read", &path))?;
        tar.append_data(&mut header(entry.size, entry.run), name, content.take(entry.size))
            .map_err(failed("write", to))?;
    }
    let written = tar.into_inner().and_then(GzEncoder::finish).map_err(failed("write", to))?;
    let file = written.into_inner().map_err(|error| failed("write", to)(error.into_error()))?;
    file.sync_all().map_err(failed("write", to))
}

fn header(size: u64, run: bool) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(if run { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header
}

/// What a bundle says of itself. Only of one whose signature was looked at.
///
/// # Errors
/// [`BundleError`], when it is none.
pub fn peek(bundle: &Path) -> Result<Manifest, BundleError> {
    peek_at(BufReader::new(File::open(bundle).map_err(failed("read", bundle))?))
}

/// As [`peek`], of the bytes of a bundle.
///
/// # Errors
/// As [`peek`].
pub fn peek_at(content: impl Read) -> Result<Manifest, BundleError> {
    let mut archive = opened(content);
    let mut members = archive.entries().map_err(none)?.raw(true);
    first(members.next())
}

/// Unpacks a bundle into `folder`, which is made. Only one whose signature was looked at. Folders and programs get mode
/// 0755, all else 0644, and everything belongs to whoever unpacks.
///
/// # Errors
/// When it is none, is damaged, or has something that its manifest does not name; the folder is removed then.
pub fn unpack(bundle: File, folder: &Path) -> Result<Manifest, BundleError> {
    made(folder)?;
    let done = unpacked(bundle, folder);
    if done.is_err() {
        // What is half there is nobody's; why it failed is what counts.
        let _ = fs::remove_dir_all(folder);
    }
    done
}

fn unpacked(bundle: File, folder: &Path) -> Result<Manifest, BundleError> {
    let mut archive = opened(BufReader::new(bundle));
    // Members as they stand: none that gives another one a longer name.
    let mut members = archive.entries().map_err(none)?.raw(true);
    let manifest = first(members.next())?;
    let mut missing = manifest.files.clone();
    for member in members {
        let mut member = member.map_err(none)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        let plain = member.header().entry_type() == EntryType::Regular;
        let Some(entry) = missing.remove(&name).filter(|_| plain) else {
            return Err(BundleError::Damaged(format!("{name:?} does not belong there")));
        };
        if member.size() != entry.size {
            return Err(BundleError::Damaged(format!("{name} has another size")));
        }
        let path = folder.join(&name);
        for above in parents(&name) {
            let above = folder.join(above);
            if !above.is_dir() {
                made(&above)?;
            }
        }
        let sha256 = copied(&mut member, &path, &entry)?;
        if sha256 != entry.sha256 {
            return Err(BundleError::Damaged(name));
        }
    }
    if let Some(name) = missing.keys().next() {
        return Err(BundleError::Damaged(format!("{name} is missing")));
    }
    let path = folder.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).map_err(none)?;
    let mut file = new_file(&path, false)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed("write", &path))?;
    Ok(manifest)
}

/// The members of a bundle, of which no more is ever read than a release may have.
fn opened<R: Read>(content: R) -> Archive<io::Take<GzDecoder<R>>> {
    Archive::new(GzDecoder::new(content).take(LARGEST + AROUND))
}

fn first<R: Read>(member: Option<io::Result<tar::Entry<'_, R>>>) -> Result<Manifest, BundleError> {
    let member = member.ok_or_else(|| none("it is empty"))?.map_err(none)?;
    if *member.path_bytes() != *MANIFEST.as_bytes() || member.header().entry_type() != EntryType::Regular {
        return Err(none("it does not begin with its manifest"));
    }
    if manifest::LONGEST < member.size() {
        return Err(none("its manifest is too long"));
    }
    let mut text = Vec::new();
    member.take(manifest::LONGEST).read_to_end(&mut text).map_err(none)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(none)?;
    manifest.check()?;
    Ok(manifest)
}

/// The folders that a file is in, the outermost first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}

fn made(folder: &Path) -> Result<(), BundleError> {
    let open = fs::Permissions::from_mode(0o755);
    fs::create_dir(folder)
        .and_then(|()| fs::set_permissions(folder, open))
        .map_err(failed("make folder", folder))
}

fn new_file(path: &Path, run: bool) -> Result<File, BundleError> {
    let mode = if run { 0o755 } else { 0o644 };
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let file = opened.map_err(failed("make", path))?;
    // The mask of this process may have taken bits away.
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(failed("make", path))?;
    Ok(file)
}

/// Copies a member, no more than it says. Returns its SHA-256.
fn copied(member: &mut impl Read, path: &Path, entry: &Entry) -> Result<String, BundleError> {
    let mut file = new_file(path, entry.run)?;
    let mut content = Hashed { inner: member.take(entry.size), hash: Sha256::new() };
    let size = io::copy(&mut content, &mut file).map_err(failed("unpack", path))?;
    if size != entry.size {
        return Err(BundleError::Damaged("it was cut short".to_owned()));
    }
    file.sync_all().map_err(failed("unpack", path))?;
    Ok(hex::encode(content.hash.finalize()))
}

/// A reader that hashes what is read.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// SHA-256 of a file, hex.
///
/// # Errors
/// When it cannot be read.
pub fn hash(path: &Path) -> io::Result<String> {
    let mut content = Hashed { inner: File::open(path)?, hash: Sha256::new() };
    io::copy(&mut content, &mut io::sink())?;
    Ok(hex::encode(content.hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::manifest::{PROGRAM, STAGE, tests::manifest},
        *,
    };

    /// A folder with a release, its manifest, and the bundle.
    fn made_up(root: &Path) -> (Manifest, PathBuf) {
        let source = root.join("source");
        fs::create_dir_all(source.join("bin")).unwrap();
        fs::create_dir_all(source.join("share/doc")).unwrap();
        for (name, run) in [(PROGRAM, true), (STAGE, true), ("share/doc/x.md", false)] {
            fs::write(source.join(name), format!("this is {name}\n")).unwrap();
            let mode = if run { 0o755 } else { 0o600 };
            fs::set_permissions(source.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", source.join("share/link")).unwrap();
        let manifest = Manifest { files: listed(&source).unwrap(), ..manifest("1.2.3") };
        let bundle = root.join("x.release");
        pack(&manifest, &source, &bundle).unwrap();
        (manifest, bundle)
    }

    fn open(bundle: &Path, out: &Path) -> Result<Manifest, BundleError> {
        unpack(File::open(bundle).unwrap(), out)
    }

    #[test]
    fn what_was_packed_comes_out_and_links_are_left_behind() {
        let root = tempfile::tempdir().unwrap();
        let (manifest, bundle) = made_up(root.path());
        assert_eq!(manifest.files.len(), 3);
        assert_eq!(peek(&bundle).unwrap(), manifest);
        let out = root.path().join("out");
        assert_eq!(open(&bundle, &out).unwrap(), manifest);
        assert_eq!(fs::read_to_string(out.join(PROGRAM)).unwrap(), "this is bin/decnet\n");
        let mode = |name: &str| fs::metadata(out.join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(PROGRAM), mode("share/doc/x.md"), mode("bin")), (0o755, 0o644, 0o755));
        assert!(open(&bundle, &out).is_err(), "never over what is there");
        assert!(out.join(PROGRAM).exists());
        let again = root.path().join("y.release");
        pack(&manifest, &root.path().join("source"), &again).unwrap();
        assert_eq!(hash(&bundle).unwrap(), hash(&again).unwrap());
    }

    #[test]
    fn what_is_cut_short_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (_, bundle) = made_up(root.path());
        let whole = fs::read(&bundle).unwrap();
        let (cut, out) = (root.path().join("cut"), root.path().join("out"));
        for length in (0..whole.len() - 64).step_by(7) {
            fs::write(&cut, &whole[..length]).unwrap();
            assert!(open(&cut, &out).is_err(), "{length} of {}", whole.len());
            assert!(!out.exists());
        }
    }

    /// A tar with a manifest of one more file, and `members` behind what belongs there.
    fn crafted(root: &Path, members: &[(&[u8], EntryType, &[u8])]) -> PathBuf {
        let mut manifest = manifest("1.0.0");
        let text = b"x".as_slice();
        let entry = Entry { sha256: hex::encode(Sha256::digest(text)), size: 1, run: true };
        manifest.files.values_mut().for_each(|file| file.sha256.clone_from(&entry.sha256));
        manifest.files.insert("etc/last".to_owned(), entry);
        let path = root.join("crafted");
        let mut tar = Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
        let json = serde_json::to_vec(&manifest).unwrap();
        let mut add = |name: &[u8], kind, content: &[u8]| {
            let mut header = Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append(&header, content).unwrap();
        };
        add(MANIFEST.as_bytes(), EntryType::Regular, &json);
        add(PROGRAM.as_bytes(), EntryType::Regular, text);
        add(STAGE.as_bytes(), EntryType::Regular, text);
        members.iter().for_each(|(name, kind, content)| add(name, *kind, content));
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn what_the_manifest_does_not_name_is_refused_whatever_it_is() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        let good: (&[u8], EntryType, &[u8]) = (b"etc/last", EntryType::Regular, b"x");
        assert!(open(&crafted(root.path(), &[good]), &out).is_ok());
        fs::remove_dir_all(&out).unwrap();
        let cases: [(&[u8], EntryType, &[u8]); 11] = [
            (b"../bad", EntryType::Regular, b"x"),
            (b"/tmp/bad", EntryType::Regular, b"x"),
            (b"etc/../../bad", EntryType::Regular, b"x"),
            (b"bin/decnet", EntryType::Regular, b"x"),
            (b"etc/last", EntryType::Symlink, b""),
            (b"etc/last", EntryType::Link, b""),
            (b"etc/last", EntryType::Char, b""),
            (b"etc", EntryType::Directory, b""),
            (b"etc/last", EntryType::GNULongName, b"x"),
            (b"etc/last", EntryType::Regular, b"xx"),
            (b"etc/last", EntryType::Regular, b"y"),
        ];
        for case in cases {
            let told = open(&crafted(root.path(), &[case]), &out).unwrap_err();
            assert!(matches!(told, BundleError::Damaged(_)), "{:?}: {told}", case.0);
            assert!(!out.exists() && !root.path().join("bad").exists());
        }
        assert!(matches!(open(&crafted(root.path(), &[]), &out), Err(BundleError::Damaged(_))));
        assert!(open(&crafted(root.path(), &[good, good]), &out).is_err(), "twice");
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_written() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("bomb");
        let mut gzip = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        let mut header = Header::new_gnu();
        header.set_path(MANIFEST).unwrap();
        header.set_entry_type(EntryType::Regular);
        header.set_size(64 << 20);
        header.set_mode(0o644);
        header.set_cksum();
        gzip.write_all(header.as_bytes()).unwrap();
        io::copy(&mut io::repeat(b' ').take(64 << 20), &mut gzip).unwrap();
        gzip.finish().unwrap();
        let out = root.path().join("out");
        let told = open(&path, &out).unwrap_err();
        assert!(told.to_string().contains("too long"), "{told}");
        let mut large = manifest("1.0.0");
        large.files.insert("share/x".to_owned(), Entry { sha256: String::new(), size: LARGEST, run: false });
        assert!(matches!(
            pack(&large, root.path(), &root.path().join("l")),
            Err(BundleError::Unfit(Unfit::Large))
        ));
    }
}
