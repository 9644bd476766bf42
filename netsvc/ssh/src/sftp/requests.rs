//! The requests of version 3.

use super::{
    ATTRS, DATA, HANDLE, HANDLES_MAX, Handle, NAME, Refusal, Reply, Server, Status, TRANSFER_MAX, attributes,
};
use crate::{
    codec::{Reader, Writer},
    files::{Entry, FileError, Metadata, OpenOptions, absolute},
};

const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const LSTAT: u8 = 7;
const FSTAT: u8 = 8;
const SETSTAT: u8 = 9;
const FSETSTAT: u8 = 10;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const MKDIR: u8 = 14;
const RMDIR: u8 = 15;
const REALPATH: u8 = 16;
const STAT: u8 = 17;
const RENAME: u8 = 18;
const READLINK: u8 = 19;
const SYMLINK: u8 = 20;
const EXTENDED: u8 = 200;

/// Entries of one answer to READDIR.
const ENTRIES: usize = 100;

impl Server {
    /// The reply to a request; `None` for a type that OpenSSH does not know, which it only logs.
    pub(super) fn request(&mut self, kind: u8, id: u32, mut reader: Reader<'_>) -> Option<Reply> {
        let reader = &mut reader;
        Some(match kind {
            OPEN => self.open(id, reader),
            CLOSE => self.close(reader),
            READ => self.read(id, reader),
            WRITE => self.write(reader),
            LSTAT => self.stat(id, reader, false),
            STAT => self.stat(id, reader, true),
            FSTAT => self.stat_handle(id, reader),
            SETSTAT => self.change(reader),
            FSETSTAT => self.change_handle(reader),
            OPENDIR => self.open_directory(id, reader),
            READDIR => self.read_directory(id, reader),
            REMOVE => self.path(reader).and_then(|path| done(self.files.remove_file(&path))),
            MKDIR => self.make_directory(reader),
            RMDIR => self.path(reader).and_then(|path| done(self.files.remove_directory(&path))),
            REALPATH => self.real_path(id, reader),
            RENAME => self.rename(reader),
            READLINK => self.read_link(id, reader),
            SYMLINK => self.symbolic_link(reader),
            EXTENDED => self.extended(id, reader),
            _ => return None,
        })
    }

    /// The next field as an absolute path.
    pub(super) fn path(&self, reader: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
        Ok(absolute(self.files.as_ref(), reader.string()?))
    }

    /// The next field as a handle; `None`: there is no such handle.
    pub(super) fn handle(&mut self, reader: &mut Reader<'_>) -> Result<Option<&mut Handle>, Refusal> {
        let number = handle_number(reader)?;
        Ok(number.and_then(|number| self.handles.get_mut(&number)))
    }

    fn open(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        let flags = reader.u32()?;
        let changes = attributes::read(reader)?;
        let has = |bit: u32| flags & bit != 0;
        let options = OpenOptions {
            // Neither bit is O_RDONLY, as in `flags_from_portable`.
            read: has(1) || !has(2),
            write: has(2),
            append: has(4),
            create: has(8),
            truncate: has(16),
            exclusive: has(32),
            permissions: changes.permissions.unwrap_or(0o666),
        };
        let file = self.files.open(&path, options)?;
        self.remember(id, Handle::File { path, file, options })
    }

    fn remember(&mut self, id: u32, handle: Handle) -> Reply {
        let free = (0..).find(|number| !self.handles.contains_key(number));
        let Some(number) = free.filter(|_| self.handles.len() < HANDLES_MAX) else {
            return Err(Refusal::Status(Status::Failure));
        };
        self.handles.insert(number, handle);
        Ok(Writer::message(HANDLE).u32(id).string(number.to_be_bytes()).take())
    }

    fn close(&mut self, reader: &mut Reader<'_>) -> Reply {
        let removed = handle_number(reader)?.and_then(|number| self.handles.remove(&number));
        Err(Refusal::Status(if removed.is_some() { Status::Ok } else { Status::NoSuchFile }))
    }

    fn read(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let Some(Handle::File { file, options, .. }) = self.handle(reader)? else {
            return Err(Refusal::Status(Status::Failure));
        };
        if !options.read {
            return Err(Refusal::Status(Status::NoSuchFile));
        }
        let (offset, length) = (reader.u64()?, reader.u32()?);
        let bytes = file.read(offset, usize::try_from(length).unwrap_or(TRANSFER_MAX).min(TRANSFER_MAX))?;
        if bytes.is_empty() && 0 < length {
            return Err(Refusal::Status(Status::EndOfFile));
        }
        Ok(Writer::message(DATA).u32(id).string(bytes).take())
    }

    fn write(&mut self, reader: &mut Reader<'_>) -> Reply {
        let Some(Handle::File { file, options, .. }) = self.handle(reader)? else {
            return Err(Refusal::Status(Status::Failure));
        };
        // EBADF reads "no such file".
        if !options.write {
            return Err(Refusal::Status(Status::NoSuchFile));
        }
        let (offset, bytes) = (reader.u64()?, reader.string()?);
        done(file.write(offset, bytes))
    }

    fn stat(&mut self, id: u32, reader: &mut Reader<'_>, follow: bool) -> Reply {
        let path = self.path(reader)?;
        Ok(attrs(id, &self.files.metadata(&path, follow)?))
    }

    fn stat_handle(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        match self.handle(reader)? {
            Some(Handle::File { file, .. }) => Ok(attrs(id, &file.metadata()?)),
            _ => Err(Refusal::Status(Status::Failure)),
        }
    }

    fn change(&mut self, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        let changes = attributes::read(reader)?;
        done(self.files.change(&path, &changes, true))
    }

    fn change_handle(&mut self, reader: &mut Reader<'_>) -> Reply {
        match self.handle(reader)? {
            Some(Handle::File { file, .. }) => {
                let changes = attributes::read(reader)?;
                done(file.change(&changes))
            }
            _ => Err(Refusal::Status(Status::Failure)),
        }
    }

    fn open_directory(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        let entries = self.files.list(&path)?.into_iter();
        self.remember(id, Handle::Directory { entries })
    }

    fn read_directory(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let Some(Handle::Directory { entries, .. }) = self.handle(reader)? else {
            return Err(Refusal::Status(Status::Failure));
        };
        let batch: Vec<Entry> = entries.by_ref().take(ENTRIES).collect();
        if batch.is_empty() {
            return Err(Refusal::Status(Status::EndOfFile));
        }
        let mut writer = Writer::message(NAME);
        writer.u32(id).u32(u32::try_from(batch.len()).unwrap_or_default());
        for entry in batch {
            let long = attributes::long_name(self.files.as_ref(), &entry.name, &entry.metadata);
            writer.string(&entry.name).string(long);
            attributes::write(&mut writer, &entry.metadata);
        }
        Ok(writer.finish())
    }

    fn make_directory(&mut self, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        let permissions = attributes::read(reader)?.permissions.unwrap_or(0o777);
        done(self.files.make_directory(&path, permissions))
    }

    fn real_path(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        Ok(name(id, &self.files.canonical(&path)?))
    }

    /// Version 3 does not replace: OpenSSH links and unlinks a file, and moves a directory to a free name.
    fn rename(&mut self, reader: &mut Reader<'_>) -> Reply {
        let (from, to) = (self.path(reader)?, self.path(reader)?);
        self.files.metadata(&from, false)?;
        if self.files.metadata(&to, false).is_ok() {
            return Err(Refusal::Status(Status::Failure));
        }
        done(self.files.rename(&from, &to))
    }

    fn read_link(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let path = self.path(reader)?;
        Ok(name(id, &self.files.read_link(&path)?))
    }

    /// OpenSSH takes the target first, against the draft.
    fn symbolic_link(&mut self, reader: &mut Reader<'_>) -> Reply {
        let target = reader.string()?;
        let link = self.path(reader)?;
        done(self.files.symbolic_link(target, &link))
    }
}

/// The number that a handle stands for: four bytes, as OpenSSH makes them.
pub(super) fn handle_number(reader: &mut Reader<'_>) -> Result<Option<u32>, Refusal> {
    Ok(reader.string()?.try_into().ok().map(u32::from_be_bytes))
}

/// The status of an operation without a result.
pub(super) fn done(result: Result<(), FileError>) -> Reply {
    match result {
        Ok(()) => Err(Refusal::Status(Status::Ok)),
        Err(error) => Err(error.into()),
    }
}

fn attrs(id: u32, metadata: &Metadata) -> Vec<u8> {
    let mut writer = Writer::message(ATTRS);
    writer.u32(id);
    attributes::write(&mut writer, metadata);
    writer.finish()
}

/// A NAME answer with one path and no attributes.
pub(super) fn name(id: u32, path: &[u8]) -> Vec<u8> {
    Writer::message(NAME).u32(id).u32(1).string(path).string(path).u32(0).take()
}
