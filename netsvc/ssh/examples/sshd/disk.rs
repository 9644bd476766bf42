//! A file system of the disk below a root folder: for trials with real clients, never for a service.

use netsvc_ssh::files::{Changes, Entry, File, FileError, FileSystem, Metadata, OpenOptions, Statistics};
use std::{
    ffi::OsStr,
    fs,
    io::{Error, ErrorKind},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Shows the folder `root` as `/`; the home directory is `/root`.
pub(crate) struct Disk {
    /// The folder.
    pub(crate) root: PathBuf,
}

struct Open(fs::File, bool);

impl Disk {
    fn at(&self, path: &[u8]) -> PathBuf {
        let clean = normal(path);
        self.root.join(OsStr::from_bytes(clean.strip_prefix(b"/").unwrap_or(&clean)))
    }
}

/// The path without `.`, `..` and double slashes.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut clean = vec![b'/'];
    clean.extend(parts.join(&b'/'));
    clean
}

fn failed(error: Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotFound,
        ErrorKind::AlreadyExists => FileError::Exists,
        ErrorKind::PermissionDenied => FileError::Denied,
        ErrorKind::DirectoryNotEmpty => FileError::NotEmpty,
        ErrorKind::IsADirectory => FileError::IsDirectory,
        ErrorKind::NotADirectory => FileError::NotDirectory,
        ErrorKind::InvalidInput => FileError::Invalid,
        _ => FileError::Failed,
    }
}

fn metadata(from: &fs::Metadata) -> Metadata {
    Metadata {
        mode: from.mode(),
        uid: from.uid(),
        gid: from.gid(),
        size: from.size(),
        accessed: from.atime(),
        modified: from.mtime(),
        links: u32::try_from(from.nlink()).unwrap_or(1),
    }
}

fn apply(file: &fs::File, changes: &Changes) -> Result<(), Error> {
    if let Some(size) = changes.size {
        file.set_len(size)?;
    }
    if let Some(mode) = changes.permissions {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    if let Some((accessed, modified)) = changes.times {
        let time =
            |seconds: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        file.set_times(fs::FileTimes::new().set_accessed(time(accessed)).set_modified(time(modified)))?;
    }
    Ok(())
}

impl File for Open {
    fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, FileError> {
        let mut bytes = vec![0; length.min(256 * 1024)];
        let count = self.0.read_at(&mut bytes, offset).map_err(failed)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        let offset = if self.1 { self.0.metadata().map_err(failed)?.len() } else { offset };
        self.0.write_all_at(bytes, offset).map_err(failed)
    }

    fn metadata(&self) -> Result<Metadata, FileError> {
        self.0.metadata().map(|from| metadata(&from)).map_err(failed)
    }

    fn change(&mut self, changes: &Changes) -> Result<(), FileError> {
        apply(&self.0, changes).map_err(failed)
    }
}

impl FileSystem for Disk {
    fn home(&self) -> Vec<u8> {
        b"/root".to_vec()
    }

    fn canonical(&self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        let clean = normal(path);
        let folder = clean.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default();
        fs::metadata(self.at(folder)).map_err(failed)?;
        Ok(clean)
    }

    fn metadata(&self, path: &[u8], follow: bool) -> Result<Metadata, FileError> {
        let path = self.at(path);
        let found = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        found.map(|from| metadata(&from)).map_err(failed)
    }

    fn open(&self, path: &[u8], options: OpenOptions) -> Result<Box<dyn File>, FileError> {
        let write = options.write || options.append;
        let file = fs::OpenOptions::new()
            .read(options.read)
            .write(write)
            .create(options.create && write)
            .create_new(options.create && options.exclusive)
            .truncate(options.truncate && write)
            .mode(options.permissions)
            .open(self.at(path))
            .map_err(failed)?;
        Ok(Box::new(Open(file, options.append)))
    }

    fn list(&self, path: &[u8]) -> Result<Vec<Entry>, FileError> {
        let folder = self.at(path);
        let own = fs::metadata(&folder).map(|from| metadata(&from)).map_err(failed)?;
        let mut entries =
            vec![Entry { name: b".".to_vec(), metadata: own }, Entry { name: b"..".to_vec(), metadata: own }];
        for entry in fs::read_dir(folder).map_err(failed)?.flatten() {
            let found = entry.metadata().map_err(failed)?;
            entries.push(Entry { name: entry.file_name().as_bytes().to_vec(), metadata: metadata(&found) });
        }
        Ok(entries)
    }

    fn remove_file(&self, path: &[u8]) -> Result<(), FileError> {
        fs::remove_file(self.at(path)).map_err(failed)
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), FileError> {
        fs::remove_dir(self.at(path)).map_err(failed)
    }

    fn make_directory(&self, path: &[u8], permissions: u32) -> Result<(), FileError> {
        let path = self.at(path);
        fs::create_dir(&path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(permissions & 0o755)).map_err(failed)
    }

    fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), FileError> {
        fs::rename(self.at(from), self.at(to)).map_err(failed)
    }

    fn hard_link(&self, original: &[u8], link: &[u8]) -> Result<(), FileError> {
        fs::hard_link(self.at(original), self.at(link)).map_err(failed)
    }

    fn symbolic_link(&self, target: &[u8], link: &[u8]) -> Result<(), FileError> {
        std::os::unix::fs::symlink(Path::new(OsStr::from_bytes(target)), self.at(link)).map_err(failed)
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        fs::read_link(self.at(path)).map(|target| target.as_os_str().as_bytes().to_vec()).map_err(failed)
    }

    fn change(&self, path: &[u8], changes: &Changes, _follow: bool) -> Result<(), FileError> {
        let file = fs::File::open(self.at(path)).map_err(failed)?;
        apply(&file, changes).map_err(failed)
    }

    fn statistics(&self, _path: &[u8]) -> Result<Statistics, FileError> {
        Ok(Statistics {
            block_size: 4096,
            blocks: 1 << 20,
            free: 1 << 19,
            available: 1 << 19,
            files: 1 << 18,
            files_free: 1 << 17,
            id: 1,
            read_only: false,
        })
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        (uid == 0).then(|| "root".to_owned())
    }

    fn group_name(&self, gid: u32) -> Option<String> {
        self.user_name(gid)
    }

    fn home_of(&self, user: &[u8]) -> Option<Vec<u8>> {
        (user == b"root").then(|| b"/root".to_vec())
    }

    fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs().try_into().unwrap_or(0))
    }
}
