//! Images: the stage's own, which is made of the service binary alone, and those of the operator.

use super::{
    buildkit,
    client::{Asked, Client, DockerError, escaped},
    listing::tagged,
};
use crate::stage::StageConfig;
use decnet_compose::STAGE_PROGRAM;
use decnet_model::custom::CustomService;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Most bytes and files of a build folder.
const CONTEXT_MOST: u64 = 512 << 20;
const FILES_MOST: usize = 20_000;

/// The stage's image, built if the daemon does not have it. Its name follows from the binary, so another binary gives
/// another image. Returns the name.
///
/// # Errors
/// When the binary cannot be read, or the daemon cannot build.
pub async fn stage_image(client: &Client, stage: &StageConfig) -> Result<String, DockerError> {
    let program = stage.program.clone();
    let read = move || -> io::Result<(String, Vec<u8>)> {
        let mut bytes = Vec::new();
        File::open(&program)?.take(CONTEXT_MOST).read_to_end(&mut bytes)?;
        let digest = Sha256::digest(&bytes);
        Ok((digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect(), bytes))
    };
    let attempt = format!("build the image of {}", stage.program.display());
    let odd = |error: &dyn std::fmt::Display| DockerError::host(&attempt, error);
    let read = tokio::task::spawn_blocking(read).await.map_err(|error| odd(&error))?;
    let (digest, bytes) = read.map_err(|error| odd(&error))?;
    let name = format!("netsvc:{digest}");
    if is_there(client, &name).await? {
        return Ok(name);
    }
    let file = STAGE_PROGRAM.trim_start_matches('/');
    let recipe = format!("FROM scratch\nCOPY {file} {STAGE_PROGRAM}\n");
    let mut archive = tar::Builder::new(Vec::new());
    let packed = put(&mut archive, "Dockerfile", recipe.as_bytes(), 0o644)
        .and_then(|()| put(&mut archive, file, &bytes, 0o755))
        .and_then(|()| archive.into_inner());
    let archive = packed.map_err(|error| odd(&error))?;
    built(client, &name, archive, false).await?;
    Ok(name)
}

fn put(archive: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_cksum();
    archive.append_data(&mut header, path, bytes)
}

/// Builds the image of a service that brings a folder. Returns what was said meanwhile; `None`: it brings none.
///
/// # Errors
/// When the folder cannot be read, or the daemon cannot build.
pub async fn build(
    client: &Client,
    custom: &CustomService,
    no_cache: bool,
) -> Result<Option<Vec<String>>, DockerError> {
    let Some(folder) = custom.build.clone() else { return Ok(None) };
    if client.has_buildkit() && buildkit::build(client, &custom.image, &folder, no_cache).await? {
        return Ok(Some(Vec::new()));
    }
    let attempt = format!("build {} from {folder}", custom.image);
    let odd = |error: &dyn std::fmt::Display| DockerError::host(&attempt, error);
    let packed = tokio::task::spawn_blocking(move || context(Path::new(&folder))).await;
    let archive = packed.map_err(|error| odd(&error))?.map_err(|error| odd(&error))?;
    built(client, &custom.image, archive, no_cache).await.map(Some)
}

/// The image of a service: built if it brings a folder and it is not there, else fetched if it is not there.
///
/// # Errors
/// When there is no such image, or none can be made.
pub async fn ensure(client: &Client, custom: &CustomService) -> Result<(), DockerError> {
    if is_there(client, &custom.image).await? || build(client, custom, false).await?.is_some() {
        return Ok(());
    }
    let name = tagged(&custom.image);
    let asked =
        Asked::post(format!("/images/create?fromImage={}", escaped(&name)), format!("fetch image {name}"));
    client.ask(asked.long()).await.map(drop)
}

async fn is_there(client: &Client, image: &str) -> Result<bool, DockerError> {
    // The daemon wants slashes of the name as they are.
    let asked = Asked::get(format!("/images/{image}/json"), format!("look for image {image}"));
    match client.ask(asked).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error),
    }
}

async fn built(
    client: &Client,
    name: &str,
    archive: Vec<u8>,
    no_cache: bool,
) -> Result<Vec<String>, DockerError> {
    let path = format!("/build?rm=1&forcerm=1&nocache={no_cache}&t={}", escaped(name));
    let asked = Asked::post(path, format!("build image {name}"));
    let said = client.ask(asked.archive(archive).long()).await?;
    let lines = said.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    Ok(lines.map(str::to_owned).collect())
}

/// The folder as an archive. Links stay links, so nothing outside is packed.
fn context(folder: &Path) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    let (mut bytes, mut files) = (0, 0);
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(&path)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            let inner = path.strip_prefix(folder).map_err(io::Error::other)?;
            files += 1;
            if kind.is_dir() {
                archive.append_dir(inner, &path)?;
                waiting.push(path);
            } else if kind.is_file() || kind.is_symlink() {
                bytes += entry.metadata()?.len();
                bounded(bytes, files)?;
                // Of what is no plain file (a socket, a pipe) there is nothing to pack.
                archive.append_path_with_name(&path, inner)?;
            }
            bounded(bytes, files)?;
        }
    }
    archive.into_inner()
}

/// Refuses a folder that is too large, before it is in memory.
fn bounded(bytes: u64, files: usize) -> io::Result<()> {
    if bytes > CONTEXT_MOST || files > FILES_MOST {
        let why = format!("it has more than {FILES_MOST} files or {} MiB", CONTEXT_MOST >> 20);
        return Err(io::Error::other(why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        // A hole: on the disk it takes nothing.
        File::create(folder.path().join("disk.img")).unwrap().set_len(1 << 40).unwrap();
        assert!(context(folder.path()).unwrap_err().to_string().contains("512 MiB"));
    }

    #[test]
    fn a_build_folder_is_packed_with_links_as_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/shop"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/shadow", folder.path().join("bin/link")).unwrap();
        let bytes = context(folder.path()).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().to_string_lossy().into_owned(), entry.header().entry_type())
            })
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let names: Vec<_> = found.iter().map(|(name, _)| name.trim_end_matches('/')).collect();
        assert_eq!(names, ["bin", "bin/link", "bin/shop"]);
        assert_eq!(found[1].1, tar::EntryType::Symlink);
        assert!(context(&folder.path().join("absent")).is_err());
    }
}
