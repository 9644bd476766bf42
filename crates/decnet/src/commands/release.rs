//! `release`: the operator's key, what it signs, and whose releases this host believes.

use super::{Context, read_whole, user::audit, write_new};
use crate::{output, updater};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_swarm::release::{
    self, Manifest, Peers, PublicKey, SecretKey, Signature, Version, bundle, key,
    manifest::{FORMAT, PROGRAM},
    signature,
};
use flate2::read::GzDecoder;
use netsvc_wire::stamp;
use serde_json::json;
use std::{
    fs::{self, File},
    io::BufReader,
    path::{Component, Path, PathBuf},
};
use tar::{Archive, EntryType};

/// Releases: signed by the operator, believed by hosts that have his key
///
/// Keys and signatures have minisign's form: `minisign -V -p release.key.pub -m BUNDLE` says the same as
/// `release verify`. `decnet swarm update` rolls a release out.
#[derive(Args, Debug)]
pub struct Releases {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Make a key: FILE, which signs and is nobody else's to read, and FILE.pub, which hosts are to trust
    ///
    /// The key has no password (minisign's `-W`): whoever has the file signs releases. Keep it off hosts that run any.
    Keygen {
        /// File of the key; it must not be there
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the bundle of a release, and its signature beside it
    Sign(Box<Sign>),
    /// Look whether a bundle is signed by a key, and say what is in it
    Verify {
        /// The bundle; its signature is beside it
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
        /// File of the public key [default: that which this host trusts]
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The manifest, JSON
        #[arg(long)]
        json: bool,
    },
    /// Have this host believe releases that a key has signed, and no others
    Trust(Trust),
}

/// What is signed, and what is said of it.
#[derive(Args, Debug)]
struct Sign {
    /// The tarball that `make package` makes, or a folder with bin/decnet and bin/netsvcd
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// File of the key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The bundle [default: decnet-VERSION-TARGET.release in this folder]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Number of the release [default: what the tarball is called, or this program]
    #[arg(long, value_name = "NUMBER")]
    number: Option<Version>,
    /// For which machines [default: those that this one is like]
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// The commit that it was built of
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,
    /// Oldest and newest release on the other side of a swarm [default: one minor less, one more]
    #[arg(long, value_name = "NUMBER", num_args = 2)]
    peers: Vec<Version>,
    /// Let hosts take it that run a newer one
    #[arg(long)]
    allow_downgrade: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Have this host believe releases that a key has signed, and no others
#[derive(Args, Debug)]
pub struct Trust {
    /// File of the public key
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Releases {
    /// Runs the command.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a bundle is not what it should be.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Keygen { file, json } => keygen(&file, json),
            Verb::Sign(sign) => sign.run(),
            Verb::Verify { bundle, key, json } => verify(context, &bundle, key.as_deref(), json),
            Verb::Trust(trust) => trust.run(context).await,
        }
    }
}

impl Trust {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file has no key, or the key cannot be kept, or written into the audit log.
    pub async fn run(self, context: &Context) -> Result<()> {
        let key = public(&self.file)?;
        updater::Slots::new(&context.paths()).trust(&key)?;
        if context.is_installed() {
            let store = context.store().await?;
            audit(context, &store, "release.trust", &key.id()).await?;
            store.close().await;
        }
        if self.json {
            output::json(&json!({ "key": key.id(), "public": key.line() }));
        } else {
            output::note(&format!(
                "releases that key {} has signed are believed here, and no others",
                key.id()
            ));
        }
        Ok(())
    }
}

fn keygen(file: &Path, json: bool) -> Result<()> {
    let key = SecretKey::make()?;
    let beside = named(file, ".pub");
    if beside.exists() {
        bail!("{} is there already", beside.display());
    }
    write_new(file, key.text().as_bytes())?;
    fs_err::write(&beside, key.public().text()).context("write the public key")?;
    if json {
        output::json(&json!({
            "key": key.public().id(), "public": key.public().line(), "secret_file": file, "public_file": beside,
        }));
    } else {
        output::line(&key.public().line());
        output::note(&format!(
            "key {} is in {} (no password: whoever has the file signs), its public half in {}",
            key.public().id(),
            file.display(),
            beside.display()
        ));
    }
    Ok(())
}

impl Sign {
    fn run(self) -> Result<()> {
        let secret = text(&self.key, key::LONGEST)?;
        let secret = SecretKey::read(&secret).with_context(|| format!("read {}", self.key.display()))?;
        let unpacked = Unpacked::of(&self.source)?;
        let manifest = self.manifest(&unpacked)?;
        let usual = || PathBuf::from(format!("decnet-{}-{}.release", manifest.version, manifest.target));
        let to = self.output.clone().unwrap_or_else(usual);
        let beside = beside(&to);
        if beside.exists() {
            bail!("{} is there already", beside.display());
        }
        release::pack(&manifest, &unpacked.folder, &to)?;
        let comment = format!(
            "timestamp:{}\tfile:{}\tversion:{}\ttarget:{}",
            stamp::now() / 1_000_000,
            to.file_name().unwrap_or_default().to_string_lossy(),
            manifest.version,
            manifest.target
        );
        let content = BufReader::new(File::open(&to).context("read the bundle")?);
        fs_err::write(&beside, release::sign(&secret, content, &comment)?).context("write the signature")?;
        if self.json {
            output::json(&json!({
                "bundle": to, "signature": beside, "key": secret.public().id(), "manifest": manifest,
            }));
        } else {
            output::line(&to.display().to_string());
            output::note(&format!(
                "release {} for {}, {} files, signed with key {}",
                manifest.version,
                manifest.target,
                manifest.files.len(),
                secret.public().id()
            ));
        }
        Ok(())
    }

    fn manifest(&self, unpacked: &Unpacked) -> Result<Manifest> {
        let own: Version = env!("CARGO_PKG_VERSION").parse()?;
        let version = self.number.or(unpacked.version).unwrap_or(own);
        let peers = match self.peers.as_slice() {
            [min, max] => Peers { min: *min, max: *max },
            _ => Peers::of(version),
        };
        let manifest = Manifest {
            format: FORMAT,
            version,
            commit: self
                .commit
                .clone()
                .or(option_env!("DECNET_COMMIT").map(str::to_owned))
                .unwrap_or_default(),
            target: self.target.clone().unwrap_or_else(updater::target),
            created: stamp::format(stamp::now()),
            peers,
            allow_downgrade: self.allow_downgrade,
            files: bundle::listed(&unpacked.folder)?,
        };
        manifest.check()?;
        Ok(manifest)
    }
}

/// What is signed, as a folder. One that was made for it goes with this.
struct Unpacked {
    folder: PathBuf,
    version: Option<Version>,
    made: bool,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if self.made {
            // One that stays takes room and no more.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Unpacked {
    fn of(source: &Path) -> Result<Unpacked> {
        if source.is_dir() {
            return Ok(Unpacked { folder: source.to_owned(), version: None, made: false });
        }
        let folder = std::env::temp_dir().join(format!("decnet-release-{}", std::process::id()));
        fs_err::create_dir(&folder).context("make a folder for what is in the tarball")?;
        let mut unpacked = Unpacked { folder, version: None, made: true };
        unpacked.fill(source).with_context(|| format!("read {}", source.display()))?;
        Ok(unpacked)
    }

    /// Unpacks a tarball, whose members are all in one folder: decnet-VERSION-MACHINE-linux.
    fn fill(&mut self, source: &Path) -> Result<()> {
        let mut archive = Archive::new(GzDecoder::new(BufReader::new(File::open(source)?)));
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path()?.into_owned();
            let mut parts = name.components();
            let outer = parts.next();
            let inner = parts.as_path().to_owned();
            if !inner.components().all(|part| matches!(part, Component::Normal(_))) {
                bail!("{} leads elsewhere", name.display());
            }
            if entry.header().entry_type() != EntryType::Regular || inner.as_os_str().is_empty() {
                continue;
            }
            if inner == Path::new(PROGRAM) {
                let outer = outer.map(|outer| outer.as_os_str().to_string_lossy().into_owned());
                let number = outer.as_deref().and_then(|outer| outer.split('-').nth(1));
                self.version = number.and_then(|number| number.parse().ok());
            }
            let to = self.folder.join(&inner);
            if let Some(parent) = to.parent() {
                fs_err::create_dir_all(parent)?;
            }
            entry.unpack(&to)?;
        }
        Ok(())
    }
}

fn verify(context: &Context, bundle: &Path, key: Option<&Path>, json: bool) -> Result<()> {
    let key = match key {
        Some(file) => public(file)?,
        None => updater::Slots::new(&context.paths()).trusted()?,
    };
    let (manifest, signature, _) = verified(bundle, &beside(bundle), &key)?;
    if json {
        output::json(&json!({ "key": key.id(), "comment": signature.comment(), "manifest": manifest }));
        return Ok(());
    }
    let commit = if manifest.commit.is_empty() { String::new() } else { format!(" ({})", manifest.commit) };
    let Peers { min, max } = manifest.peers;
    output::line(&format!("release {}{commit} for {}", manifest.version, manifest.target));
    output::line(&format!("made {}, with {min} to {max} on the other side", manifest.created));
    output::line(&format!(
        "{} files, {}{}",
        manifest.files.len(),
        output::bytes(manifest.bytes().unwrap_or_default()),
        if manifest.allow_downgrade { ", in place of a newer one too" } else { "" }
    ));
    output::note(&format!("signed with key {}: {}", key.id(), signature.comment()));
    Ok(())
}

/// A bundle that `key` has signed: what it says of itself, and its signature, also as its text.
///
/// # Errors
/// When it is another's, or no release.
pub(super) fn verified(
    bundle: &Path,
    beside: &Path,
    key: &PublicKey,
) -> Result<(Manifest, Signature, String)> {
    let text = text(beside, signature::LONGEST)?;
    let signature = Signature::read(&text).with_context(|| format!("read {}", beside.display()))?;
    let content = BufReader::new(File::open(bundle).with_context(|| format!("read {}", bundle.display()))?);
    signature.verify(key, content).with_context(|| format!("{} is not believed", bundle.display()))?;
    let manifest = bundle::peek(bundle).with_context(|| format!("read {}", bundle.display()))?;
    Ok((manifest, signature, text))
}

/// The public key in a file.
///
/// # Errors
/// When there is none.
pub(super) fn public(file: &Path) -> Result<PublicKey> {
    PublicKey::read(&text(file, key::LONGEST)?).with_context(|| format!("read {}", file.display()))
}

fn text(file: &Path, most: usize) -> Result<String> {
    let bytes = read_whole(file, most as u64)?;
    String::from_utf8(bytes).with_context(|| format!("{} is no text", file.display()))
}

/// Where the signature of a bundle is.
pub(super) fn beside(bundle: &Path) -> PathBuf {
    named(bundle, ".minisig")
}

/// A file beside another one.
fn named(file: &Path, end: &str) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn source(root: &Path) -> PathBuf {
        let folder = root.join("decnet-0.7.0-x86_64-linux");
        fs::create_dir_all(folder.join("bin")).unwrap();
        for name in ["bin/decnet", "bin/netsvcd"] {
            fs::write(folder.join(name), name).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let tarball = root.join("decnet-0.7.0-x86_64-linux.tar.gz");
        let gzip =
            flate2::write::GzEncoder::new(File::create(&tarball).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        tar.append_dir_all("decnet-0.7.0-x86_64-linux", &folder).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        tarball
    }

    fn sign(root: &Path, source: &Path, output: &str, key: &str) -> Result<PathBuf> {
        let to = root.join(output);
        let sign = Sign {
            source: source.to_owned(),
            key: root.join(key),
            output: Some(to.clone()),
            number: None,
            target: None,
            commit: None,
            peers: Vec::new(),
            allow_downgrade: false,
            json: false,
        };
        sign.run().map(|()| to)
    }

    #[test]
    fn what_the_key_signed_is_believed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        keygen(&root.join("key"), true).unwrap();
        keygen(&root.join("other"), true).unwrap();
        assert!(keygen(&root.join("key"), true).is_err(), "nothing is overwritten");
        assert_eq!(fs::metadata(root.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
        let tarball = source(root);
        let of_tarball = sign(root, &tarball, "a.release", "key").unwrap();
        let of_folder = sign(root, &root.join("decnet-0.7.0-x86_64-linux"), "b.release", "key").unwrap();
        let (key, other) = (public(&root.join("key.pub")).unwrap(), public(&root.join("other.pub")).unwrap());
        let (manifest, signature, _) = verified(&of_tarball, &beside(&of_tarball), &key).unwrap();
        assert_eq!((manifest.version.to_string().as_str(), manifest.files.len()), ("0.7.0", 2));
        assert!(signature.comment().ends_with(&format!("version:0.7.0\ttarget:{}", updater::target())));
        let (plain, ..) = verified(&of_folder, &beside(&of_folder), &key).unwrap();
        assert_eq!(plain.version.to_string(), env!("CARGO_PKG_VERSION"), "a folder says no number");
        assert_eq!(plain.files, manifest.files);
        assert!(verified(&of_tarball, &beside(&of_tarball), &other).is_err());
        fs::copy(&of_folder, &of_tarball).unwrap();
        assert!(verified(&of_tarball, &beside(&of_tarball), &key).is_err(), "another bundle under its name");
        assert!(sign(root, &root.join("nothing"), "c.release", "key").is_err());
        assert!(!root.join("c.release").exists());
    }
}
