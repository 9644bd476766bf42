//! Files that are pushed, pulled, listed and looked at (AOSP, `SYNC.TXT`).

use super::{
    device::Device,
    stream::{Gone, Stream},
};
use crate::account;
use netsvc_kit::{Gathered, Host, Link, budget::Account};
use netsvc_shell::{
    Arrival, Origin, SessionFacts, ShellEvent,
    fs::{Errno, Fs, Stat, join},
};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest path that is taken (`sync` of AOSP).
const PATH: usize = 1024;
/// Bytes of one piece of a file (`SYNC_DATA_MAX`).
const PIECE: usize = 64 * 1024;
/// Bytes of a file that are kept.
const FILE: usize = 16 << 20;
/// Most files of one list.
const LIST: usize = 4096;

/// A conversation about files.
pub(super) struct Files {
    host: Arc<Host>,
    link: Link,
    stream: Stream,
    fs: Fs,
    input: Gathered,
}

impl Files {
    /// One that begins.
    pub(super) fn new(host: Arc<Host>, link: Link, stream: Stream) -> Files {
        let facts = SessionFacts { arrival: Arrival::Container, ..account::facts(&host, &link, None) };
        let mut fs = Device::of(&host).shell(&host).fs("root", link.source(), facts);
        fs.set_origin(Origin::Upload);
        let input = Gathered::on(Account::current(), PIECE + 512 * 1024);
        Files { host, link, stream, fs, input }
    }

    /// Answers to its end.
    pub(super) async fn serve(mut self) {
        if self.converse().await.is_ok() {
            self.stream.close().await;
        }
        account::save(&self.host);
    }

    async fn converse(&mut self) -> Result<(), Gone> {
        loop {
            let (id, length) = self.head().await?;
            if &id == b"QUIT" {
                return Ok(());
            }
            if PATH < length {
                self.fail("filename too long").await?;
                return Ok(());
            }
            let path = self.bytes(length).await?;
            let path = netsvc_shell::text::decode(&path);
            match &id {
                b"STAT" => self.stat(&path).await?,
                b"STA2" | b"LST2" => self.stat_whole(&id, &path).await?,
                b"LIST" => self.list(&path).await?,
                b"RECV" => self.receive(&path).await?,
                b"SEND" => self.send(&path).await?,
                _ => {
                    let text = format!("unknown command {:08x}", u32::from_le_bytes(id));
                    self.fail(&text).await?;
                    return Ok(());
                }
            }
        }
    }

    async fn head(&mut self) -> Result<([u8; 4], usize), Gone> {
        let bytes = self.bytes(8).await?;
        let id = bytes.first_chunk().copied().ok_or(Gone)?;
        let length = bytes.last_chunk().copied().ok_or(Gone)?;
        Ok((id, usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)))
    }

    async fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Gone> {
        while self.input.len() < count {
            let more = self.stream.read().await?;
            self.input.push(&more).map_err(|_| Gone)?;
        }
        Ok(self.input.take(count))
    }

    async fn fail(&self, text: &str) -> Result<(), Gone> {
        self.stream.write(&[b"FAIL", &number(text.len())[..], text.as_bytes()].concat()).await
    }

    async fn stat(&mut self, path: &str) -> Result<(), Gone> {
        let [mode, size, time] = self.fs.lstat(path).map_or([0; 3], |stat| small(&stat));
        let numbers = [mode, size, time].map(u32::to_le_bytes).concat();
        self.stream.write(&[&b"STAT"[..], &numbers].concat()).await
    }

    async fn stat_whole(&mut self, id: &[u8; 4], path: &str) -> Result<(), Gone> {
        let found = if id == b"STA2" { self.fs.stat(path) } else { self.fs.lstat(path) };
        let mut answer = id.to_vec();
        match found {
            Ok(stat) => {
                answer.extend([0; 4]);
                answer.extend(0xfd00_u64.to_le_bytes());
                answer.extend(stat.inode.to_le_bytes());
                for value in [stat.mode(), stat.links, stat.meta.uid, stat.meta.gid] {
                    answer.extend(value.to_le_bytes());
                }
                answer.extend(stat.size.to_le_bytes());
                for time in [stat.meta.accessed, stat.meta.modified, stat.meta.changed] {
                    answer.extend((time / 1_000_000).to_le_bytes());
                }
            }
            Err(error) => {
                answer.extend(error.code().to_le_bytes());
                answer.extend([0; 64]);
            }
        }
        self.stream.write(&answer).await
    }

    async fn list(&mut self, path: &str) -> Result<(), Gone> {
        let mut answer = Vec::new();
        for name in self.fs.readdir(path).unwrap_or_default().into_iter().take(LIST) {
            let Ok(stat) = self.fs.lstat(&join(path, &name)) else { continue };
            let name = netsvc_shell::text::encode(&name);
            answer.extend(b"DENT");
            answer.extend(small(&stat).map(u32::to_le_bytes).concat());
            answer.extend(number(name.len()));
            answer.extend(name);
        }
        answer.extend(b"DONE");
        answer.extend([0; 16]);
        self.stream.write(&answer).await
    }

    async fn receive(&mut self, path: &str) -> Result<(), Gone> {
        let content = match self.fs.read_file(path) {
            Ok(content) => content,
            Err(error) => return self.fail(&format!("open failed: {error}")).await,
        };
        account::record(&self.host, &self.link, vec![ShellEvent::FileRead { path: path.to_owned() }]);
        for piece in content.chunks(PIECE) {
            self.stream.write(&[b"DATA", &number(piece.len())[..], piece].concat()).await?;
        }
        self.stream.write(b"DONE\0\0\0\0").await
    }

    /// A file that is pushed: its path and mode, pieces, its time.
    async fn send(&mut self, target: &str) -> Result<(), Gone> {
        let (path, mode) = target.rsplit_once(',').unwrap_or((target, "33188"));
        let mode = mode.parse::<u32>().unwrap_or(0o100_644);
        let mut content = Gathered::on(Account::current(), FILE);
        let mut fits = true;
        let time = loop {
            let (id, length) = self.head().await?;
            match &id {
                b"DATA" if length <= PIECE => {
                    let piece = self.bytes(length).await?;
                    fits = fits && content.push(&piece).is_ok();
                }
                b"DATA" => return self.fail("oversize data message").await.and(Err(Gone)),
                b"DONE" => break length,
                _ => return self.fail("invalid data message").await.and(Err(Gone)),
            }
        };
        let stored = self.store(path, mode, content.bytes(), i64::try_from(time).unwrap_or_default());
        match stored {
            Ok(()) if fits => self.stream.write(b"OKAY\0\0\0\0").await,
            Ok(()) => self.fail("write failed: No space left on device").await,
            Err(error) => self.fail(&format!("couldn't create file: {error}")).await,
        }
    }

    /// Keeps a file; what the node has no room for is kept for the operator all the same.
    fn store(&mut self, path: &str, mode: u32, content: &[u8], time: i64) -> Result<(), Errno> {
        let link = mode & 0o170_000 == 0o120_000;
        let stored = if link {
            self.fs.symlink(&netsvc_shell::text::decode(content), path)
        } else {
            self.make_folders(path);
            self.fs.write_file(path, content, mode & 0o777)
        };
        let micros = time.saturating_mul(1_000_000);
        if stored.is_ok() && !link {
            // A time that cannot be set is that of now.
            let _ = self.fs.utimes(path, micros, micros);
        }
        let events = self.fs.take_events();
        if events.iter().any(|event| matches!(event, ShellEvent::FileCaptured { .. })) || content.is_empty() {
            account::record(&self.host, &self.link, events);
            return stored;
        }
        let fields = vec![
            (field::PATH, netsvc_shell::text::encode(path)),
            (field::ORIGIN, Origin::Upload.name().into()),
        ];
        self.host.capture(&self.link, Kind::FileCaptured, fields, content);
        // A large program is not refused: there is room for it on a box.
        stored.or_else(|error| if error == Errno::NoSpace { Ok(()) } else { Err(error) })
    }

    /// The daemon makes what the path goes through.
    fn make_folders(&mut self, path: &str) {
        let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).skip(1).take(16).collect();
        for end in ends {
            // Those that are there are there.
            let _ = self.fs.mkdir(path.get(..end).unwrap_or_default(), 0o775);
        }
    }
}

/// Mode, size and second of the last change, as far as 32 bits go.
fn small(stat: &Stat) -> [u32; 3] {
    let time = u32::try_from(stat.meta.modified / 1_000_000).unwrap_or_default();
    [stat.mode(), u32::try_from(stat.size).unwrap_or(u32::MAX), time]
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}
