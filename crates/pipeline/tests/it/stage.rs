//! A service process as the pipeline sees it: a writer of spool segments.

use netsvc_wire::{Encoder, Event, Kind, WriterId, field};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// One process start.
pub(crate) struct Process {
    pub(crate) folder: PathBuf,
    pub(crate) encoder: Encoder,
    file: File,
    index: u32,
}

/// The event number `number` of a test.
pub(crate) fn event(number: u64) -> Event {
    Event::new(
        1_764_000_000_000_000 + i64::try_from(number).unwrap(),
        "web-01".parse().unwrap(),
        "ssh".parse().unwrap(),
        Kind::Command,
    )
    .with(field::SRC_IP, "192.0.2.7")
    .with(field::COMMAND, format!("echo {number} \"]\" \\ \n"))
}

/// Encoded lines, `count` of them.
pub(crate) fn lines(encoder: &mut Encoder, count: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..count {
        encoder.encode(&event(encoder.next_number()), &mut out).unwrap();
    }
    out
}

pub(crate) fn encoder(writer: u64) -> Encoder {
    Encoder::new("ev@32473".parse().unwrap(), WriterId(writer))
}

impl Process {
    /// Starts a process with its spool at `folder`.
    pub(crate) fn start(folder: &Path, writer: u64) -> Process {
        fs::create_dir_all(folder.join("lines")).unwrap();
        fs::create_dir_all(folder.join("blobs")).unwrap();
        let file = open(folder, writer, 0);
        Process { folder: folder.to_owned(), encoder: encoder(writer), file, index: 0 }
    }

    pub(crate) fn write(&mut self, count: u64) {
        let bytes = lines(&mut self.encoder, count);
        self.raw(&bytes);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
    }

    /// Goes on in the next segment.
    pub(crate) fn turn(&mut self) {
        self.index += 1;
        self.file = open(&self.folder, self.encoder.writer().0, self.index);
    }

    /// Keeps a blob and returns its name.
    pub(crate) fn blob(&self, content: &[u8]) -> String {
        use sha2::{Digest, Sha256};
        let name = hex::encode(Sha256::digest(content));
        let temporary = self.folder.join("blobs/.tmp-1");
        fs::write(&temporary, content).unwrap();
        fs::rename(temporary, self.folder.join("blobs").join(&name)).unwrap();
        name
    }

    /// Writes a line that names a blob.
    pub(crate) fn capture(&mut self, name: &str) {
        self.capture_from(name, "198.51.100.1");
    }

    /// Writes a line that names a blob of `from`.
    pub(crate) fn capture_from(&mut self, name: &str, from: &str) {
        let captured = Event::new(1, "web-01".parse().unwrap(), "ssh".parse().unwrap(), Kind::FileCaptured)
            .with(field::SRC_IP, from)
            .with(field::SHA256, name);
        let mut out = Vec::new();
        self.encoder.encode(&captured, &mut out).unwrap();
        self.raw(&out);
    }

    pub(crate) fn segments(&self) -> usize {
        fs::read_dir(self.folder.join("lines")).unwrap().count()
    }
}

fn open(folder: &Path, writer: u64, index: u32) -> File {
    let path = folder.join(format!("lines/{writer:016x}-{index:08}.seg"));
    OpenOptions::new().append(true).create_new(true).open(path).unwrap()
}
