//! The extensions of OpenSSH (its PROTOCOL file, §4).

use super::{
    EXTENDED_REPLY, HANDLES_SHOWN, Handle, MESSAGE_MAX, Refusal, Reply, Server, Status, TRANSFER_MAX,
    attributes,
    requests::{done, handle_number, name},
};
use crate::{
    codec::{Malformed, Reader, Writer},
    files::{Statistics, absolute},
};

/// Bytes copied at a time.
const COPY_STEP: usize = 64 * 1024;
/// Most bytes that one request copies; no file here is longer.
const COPY_MAX: u64 = 64 * 1024 * 1024;

impl Server {
    /// An extended request; one that was not announced is refused.
    pub(super) fn extended(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let wanted = reader.string()?;
        if !self.extensions.iter().any(|(name, _)| name.as_bytes() == wanted) {
            return Err(Refusal::Status(Status::Unsupported));
        }
        match wanted {
            b"posix-rename@openssh.com" => {
                let (from, to) = (self.path(reader)?, self.path(reader)?);
                done(self.files.rename(&from, &to))
            }
            b"statvfs@openssh.com" => {
                let path = self.path(reader)?;
                Ok(statistics(id, &self.files.statistics(&path)?))
            }
            b"fstatvfs@openssh.com" => self.handle_statistics(id, reader),
            b"hardlink@openssh.com" => {
                let (original, link) = (self.path(reader)?, self.path(reader)?);
                done(self.files.hard_link(&original, &link))
            }
            b"fsync@openssh.com" => match self.handle(reader)? {
                Some(Handle::File { file, .. }) => done(file.sync()),
                _ => Err(Refusal::Status(Status::NoSuchFile)),
            },
            b"lsetstat@openssh.com" => {
                let path = self.path(reader)?;
                let changes = attributes::read(reader)?;
                done(self.files.change(&path, &changes, false))
            }
            b"limits@openssh.com" => Ok(limits(id)),
            b"expand-path@openssh.com" => self.expand(id, reader),
            b"copy-data" => self.copy(reader),
            b"home-directory" => match self.files.home_of(reader.string()?) {
                Some(home) => Ok(name(id, &home)),
                None => Err(Refusal::Status(Status::Failure)),
            },
            b"users-groups-by-id@openssh.com" => self.names(id, reader),
            _ => Err(Refusal::Status(Status::Unsupported)),
        }
    }

    fn handle_statistics(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let files = self.files.clone();
        match self.handle(reader)? {
            Some(Handle::File { path, .. }) => Ok(statistics(id, &files.statistics(path)?)),
            _ => Err(Refusal::Status(Status::Failure)),
        }
    }

    /// `~`, `~/path`, `~user/path`.
    fn expand(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let path = reader.string()?;
        let Some(rest) = path.strip_prefix(b"~") else {
            return Ok(name(id, &self.files.canonical(&absolute(self.files.as_ref(), path))?));
        };
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (user, tail) = rest.split_at_checked(end).ok_or(Malformed)?;
        let home = match user {
            b"" => Some(self.files.home()),
            user => self.files.home_of(user),
        };
        let home = home.ok_or(Refusal::Status(Status::NoSuchFile))?;
        Ok(name(id, &self.files.canonical(&[home.as_slice(), tail].concat())?))
    }

    fn copy(&mut self, reader: &mut Reader<'_>) -> Reply {
        let failure = || Refusal::Status(Status::Failure);
        let source = handle_number(reader)?;
        let (mut from, length) = (reader.u64()?, reader.u64()?);
        let target = handle_number(reader)?;
        let mut to = reader.u64()?;
        let (Some(source), Some(target)) = (source, target) else { return Err(failure()) };
        // Taken out so that both can be borrowed; put back before the answer.
        let mut writer = self.handles.remove(&target).ok_or_else(failure)?;
        let result = match (self.handles.get_mut(&source), &mut writer) {
            (Some(Handle::File { path, file, .. }), Handle::File { path: other, file: output, options }) => {
                if path == other || !options.write {
                    Err(failure())
                } else {
                    let mut left = if length == 0 { COPY_MAX } else { length.min(COPY_MAX) };
                    loop {
                        let step = usize::try_from(left).unwrap_or(COPY_STEP).min(COPY_STEP);
                        let bytes = match file.read(from, step) {
                            Ok(bytes) => bytes,
                            Err(error) => break Err(error.into()),
                        };
                        if bytes.is_empty() {
                            break Err(Refusal::Status(Status::Ok));
                        }
                        if let Err(error) = output.write(to, &bytes) {
                            break Err(error.into());
                        }
                        let count = bytes.len() as u64;
                        (from, to, left) = (
                            from.saturating_add(count),
                            to.saturating_add(count),
                            left.saturating_sub(count),
                        );
                    }
                }
            }
            _ => Err(failure()),
        };
        self.handles.insert(target, writer);
        result
    }

    fn names(&mut self, id: u32, reader: &mut Reader<'_>) -> Reply {
        let users = resolve(reader.string()?, |uid| self.files.user_name(uid))?;
        let groups = resolve(reader.string()?, |gid| self.files.group_name(gid))?;
        Ok(Writer::message(EXTENDED_REPLY).u32(id).string(users).string(groups).take())
    }
}

fn resolve(ids: &[u8], name: impl Fn(u32) -> Option<String>) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(ids);
    let mut names = Writer::default();
    while !reader.is_empty() {
        names.string(name(reader.u32()?).unwrap_or_default());
    }
    Ok(names.finish())
}

fn limits(id: u32) -> Vec<u8> {
    let mut writer = Writer::message(EXTENDED_REPLY);
    writer
        .u32(id)
        .u64(MESSAGE_MAX as u64)
        .u64(TRANSFER_MAX as u64)
        .u64(TRANSFER_MAX as u64)
        .u64(HANDLES_SHOWN);
    writer.finish()
}

fn statistics(id: u32, statistics: &Statistics) -> Vec<u8> {
    let mut writer = Writer::message(EXTENDED_REPLY);
    writer.u32(id).u64(statistics.block_size).u64(statistics.block_size);
    writer.u64(statistics.blocks).u64(statistics.free).u64(statistics.available);
    writer.u64(statistics.files).u64(statistics.files_free).u64(statistics.files_free);
    writer.u64(statistics.id).u64(u64::from(statistics.read_only)).u64(255);
    writer.finish()
}
