//! The SFTP server: version 3 (draft-ietf-secsh-filexfer-02) with OpenSSH's extensions, texts and limits.

mod attributes;
mod extensions;
mod requests;

use crate::{
    channel_io::{ChannelIo, Event, Gone},
    codec::{Malformed, Reader, Writer},
    files::{Entry, File, FileError, FileSystem, OpenOptions},
    terms::Exit,
};
use std::{collections::BTreeMap, sync::Arc};

/// Longest message, as in OpenSSH.
const MESSAGE_MAX: usize = 256 * 1024;
/// Longest read and write.
const TRANSFER_MAX: usize = MESSAGE_MAX - 1024;
/// Handles that may be open at a time. OpenSSH announces what the usual limit of files leaves.
const HANDLES_MAX: usize = 128;
/// What `limits@openssh.com` announces: 1024 descriptors less five.
const HANDLES_SHOWN: u64 = 1019;

const INIT: u8 = 1;
const VERSION: u8 = 2;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;
const EXTENDED_REPLY: u8 = 201;

/// Status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Ok,
    EndOfFile,
    NoSuchFile,
    PermissionDenied,
    Failure,
    BadMessage,
    Unsupported,
}

/// Why a request has no other answer than a status, or none at all.
#[derive(Debug)]
enum Refusal {
    /// Answer with a status.
    Status(Status),
    /// OpenSSH's server gives up on messages that it cannot parse.
    Malformed,
}

type Reply = Result<Vec<u8>, Refusal>;

/// State of one SFTP session.
struct Server {
    files: Arc<dyn FileSystem>,
    extensions: Vec<(&'static str, &'static str)>,
    handles: BTreeMap<u32, Handle>,
    initialised: bool,
}

enum Handle {
    File { path: Vec<u8>, file: Box<dyn File>, options: OpenOptions },
    Directory { entries: std::vec::IntoIter<Entry> },
}

/// Serves SFTP on a channel until the client is done. `extensions` are announced in this order.
pub async fn serve(
    mut io: ChannelIo,
    files: Arc<dyn FileSystem>,
    extensions: Vec<(&'static str, &'static str)>,
) -> Exit {
    let mut server = Server { files, extensions, handles: BTreeMap::new(), initialised: false };
    let mut input = Vec::new();
    loop {
        match server.step(&mut io, &mut input).await {
            Ok(true) => {}
            Ok(false) => return Exit::Status(0),
            Err(Ended::Gone) => return Exit::Status(255),
            Err(Ended::BadMessage) => return Exit::Status(11),
        }
    }
}

enum Ended {
    Gone,
    BadMessage,
}

impl From<Gone> for Ended {
    fn from(Gone: Gone) -> Self {
        Ended::Gone
    }
}

impl Server {
    /// Handles what is there and waits for more. False: the client is done.
    async fn step(&mut self, io: &mut ChannelIo, input: &mut Vec<u8>) -> Result<bool, Ended> {
        while let Some(message) = next_message(input)? {
            if let Some(reply) = self.message(&message).map_err(|_| Ended::BadMessage)? {
                io.write(&framed(&reply)).await?;
            }
        }
        if input.is_empty() && 64 * 1024 < input.capacity() {
            *input = Vec::new();
        }
        match io.next().await {
            Event::Data(bytes) => input.extend_from_slice(&bytes),
            Event::End | Event::Closed => return Ok(false),
            Event::Resize(_) | Event::Signal(_) => {}
        }
        Ok(true)
    }

    /// The reply to a message; `None` where OpenSSH gives none.
    fn message(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let mut reader = Reader::new(message);
        let kind = reader.u8()?;
        if kind == INIT {
            reader.u32()?;
            self.initialised = true;
            return Ok(Some(self.version()));
        }
        if !self.initialised {
            return Err(Malformed);
        }
        let id = reader.u32()?;
        let Some(reply) = self.request(kind, id, reader) else { return Ok(None) };
        match reply {
            Ok(reply) => Ok(Some(reply)),
            Err(Refusal::Status(status)) => Ok(Some(status.message(id))),
            Err(Refusal::Malformed) => Err(Malformed),
        }
    }

    fn version(&self) -> Vec<u8> {
        let mut writer = Writer::message(VERSION);
        writer.u32(3);
        for (name, data) in &self.extensions {
            writer.string(name).string(data);
        }
        writer.finish()
    }
}

/// Takes the first complete message off `input`.
fn next_message(input: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Ended> {
    let Some(length) = input.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else { return Ok(None) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if MESSAGE_MAX < length {
        return Err(Ended::BadMessage);
    }
    if input.len() < length + 4 {
        return Ok(None);
    }
    let rest = input.split_off(length + 4);
    let mut message = std::mem::replace(input, rest);
    Ok(Some(message.split_off(4)))
}

fn framed(message: &[u8]) -> Vec<u8> {
    Writer::default().string(message).take()
}

impl Status {
    fn message(self, id: u32) -> Vec<u8> {
        let (code, text) = match self {
            Status::Ok => (0, "Success"),
            Status::EndOfFile => (1, "End of file"),
            Status::NoSuchFile => (2, "No such file"),
            Status::PermissionDenied => (3, "Permission denied"),
            Status::Failure => (4, "Failure"),
            Status::BadMessage => (5, "Bad message"),
            Status::Unsupported => (8, "Operation unsupported"),
        };
        Writer::message(STATUS).u32(id).u32(code).string(text).string("").take()
    }
}

/// `errno_to_portable` of `sftp-server.c`.
impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        Refusal::Status(match error {
            FileError::NotFound | FileError::NotDirectory | FileError::Loop => Status::NoSuchFile,
            FileError::Denied | FileError::NotPermitted => Status::PermissionDenied,
            FileError::NameTooLong | FileError::Invalid => Status::BadMessage,
            FileError::Unsupported => Status::Unsupported,
            _ => Status::Failure,
        })
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed: Malformed) -> Self {
        Refusal::Malformed
    }
}

#[cfg(test)]
mod tests;
