//! The protocol of `scp` on a command's channel (rcp's): `scp -t` takes files, `scp -f` gives them.
//!
//! Since OpenSSH 9.0 clients use SFTP unless told otherwise (`scp -O`), but bots and libraries still speak this.

use crate::{
    channel_io::{ChannelIo, Event, Gone},
    files::{Changes, FileError, FileSystem, Metadata, OpenOptions, absolute},
    terms::Exit,
};
use thiserror::Error;

/// Longest control line.
const LINE_MAX: usize = 2048;
/// Bytes moved at a time.
const STEP: usize = 32 * 1024;
/// Folders within folders.
const DEPTH_MAX: usize = 64;

/// What the options of a command line ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Options {
    sink: bool,
    source: bool,
    recursive: bool,
    times: bool,
    directory: bool,
    paths: Vec<Vec<u8>>,
}

/// Why a transfer ended early.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
enum Ended {
    #[error("exchange bytes with the client")]
    Gone,
    #[error("understand the client")]
    Protocol,
}

impl From<Gone> for Ended {
    fn from(Gone: Gone) -> Self {
        Ended::Gone
    }
}

/// Runs the command line `scp -t …` or `scp -f …`; `None` when it is not one of these, so that a shell can say what it
/// says. File operations are reported by the file system's implementer.
pub async fn run(io: &mut ChannelIo, files: &dyn FileSystem, command: &[u8]) -> Option<Exit> {
    let options = Options::parse(&words(command))?;
    let mut session = Session { io, files, buffer: Vec::new(), ended: false, errors: 0, options };
    let result = if session.options.sink { session.sink().await } else { session.source().await };
    Some(match result {
        Ok(()) => Exit::Status(u32::from(0 < session.errors)),
        Err(_) => Exit::Status(1),
    })
}

impl Options {
    fn parse(words: &[Vec<u8>]) -> Option<Options> {
        let (program, rest) = words.split_first()?;
        if program != b"scp" && !program.ends_with(b"/scp") {
            return None;
        }
        let mut options = Options::default();
        let mut flags = true;
        for word in rest {
            match word.strip_prefix(b"-") {
                Some(b"-") if flags => flags = false,
                Some(letters) if flags && !letters.is_empty() => {
                    for letter in letters {
                        match letter {
                            b't' => options.sink = true,
                            b'f' => options.source = true,
                            b'r' => options.recursive = true,
                            b'p' => options.times = true,
                            b'd' => options.directory = true,
                            _ => {}
                        }
                    }
                }
                _ => options.paths.push(word.clone()),
            }
        }
        (options.sink != options.source && !options.paths.is_empty()).then_some(options)
    }
}

/// Splits a command line at spaces outside quotes.
fn words(command: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = command.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (None | Some(b'"'), b'\\') => word.get_or_insert_default().extend(bytes.next()),
            (None, b' ' | b'\t') => words.extend(word.take()),
            (_, byte) => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

struct Session<'a> {
    io: &'a mut ChannelIo,
    files: &'a dyn FileSystem,
    buffer: Vec<u8>,
    ended: bool,
    errors: u32,
    options: Options,
}

impl Session<'_> {
    async fn fill(&mut self) -> Result<bool, Ended> {
        while !self.ended {
            match self.io.next().await {
                Event::Data(bytes) => {
                    self.buffer.extend_from_slice(&bytes);
                    return Ok(true);
                }
                Event::End => self.ended = true,
                Event::Closed => return Err(Ended::Gone),
                Event::Resize(_) | Event::Signal(_) => {}
            }
        }
        Ok(false)
    }

    /// Up to `limit` bytes; none at the end.
    async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Ended> {
        if self.buffer.is_empty() && !self.fill().await? {
            return Ok(Vec::new());
        }
        let rest = self.buffer.split_off(limit.min(self.buffer.len()));
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// A control line without its end; `None` at the end of input.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, Ended> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                return Ok(Some(line));
            }
            if LINE_MAX < self.buffer.len() {
                return Err(Ended::Protocol);
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(Ended::Protocol) };
            }
        }
    }

    async fn fail(&mut self, text: &str) -> Result<(), Ended> {
        self.errors += 1;
        Ok(self.io.write(format!("\x01scp: {text}\n").as_bytes()).await?)
    }

    /// The client's answer to what was sent: 0 is good, 1 an error with a line, 2 the same and the end.
    async fn response(&mut self) -> Result<bool, Ended> {
        let byte = self.bytes(1).await?;
        match byte.first() {
            Some(0) => Ok(true),
            Some(1) => {
                self.line().await?;
                self.errors += 1;
                Ok(false)
            }
            _ => Err(Ended::Protocol),
        }
    }

    /// Takes files.
    async fn sink(&mut self) -> Result<(), Ended> {
        if self.options.paths.len() != 1 {
            self.fail("ambiguous target").await?;
            return Err(Ended::Protocol);
        }
        let given = self.options.paths.first().cloned().unwrap_or_default();
        let mut folders = vec![(absolute(self.files, &given), None)];
        let mut times = None;
        if self.options.directory && !self.is_directory(&absolute(self.files, &given)) {
            self.fail(&format!("{}: Not a directory", String::from_utf8_lossy(&given))).await?;
            return Err(Ended::Protocol);
        }
        self.io.write(&[0]).await?;
        while let Some(line) = self.line().await? {
            let Some((kind, rest)) = line.split_first() else {
                self.fail("unexpected <newline>").await?;
                return Err(Ended::Protocol);
            };
            match kind {
                1 => self.errors += 1,
                2 => return Err(Ended::Protocol),
                b'E' => {
                    let Some((path, Some(saved))) = folders.pop() else { return Err(Ended::Protocol) };
                    self.set_times(&path, saved);
                    self.io.write(&[0]).await?;
                }
                b'T' => {
                    let Some(parsed) = parse_times(rest) else {
                        return self.protocol_error("mtime.sec not delimited").await;
                    };
                    times = Some(parsed);
                    self.io.write(&[0]).await?;
                }
                b'C' | b'D' => {
                    let Some((mode, size, name)) = parse_entry(rest) else {
                        return self.protocol_error("expected control record").await;
                    };
                    let folder = folders.last().map(|(path, _)| path.clone()).unwrap_or_default();
                    let path = self.target(&folder, name);
                    let saved = times.take();
                    if *kind == b'C' {
                        self.receive(&path, mode, size, saved).await?;
                    } else if self.enter(&path, mode, folders.len()).await? {
                        folders.push((path, Some(saved)));
                    }
                }
                _ => return self.protocol_error("expected control record").await,
            }
        }
        Ok(())
    }

    async fn protocol_error(&mut self, text: &str) -> Result<(), Ended> {
        self.fail(&format!("protocol error: {text}")).await?;
        Err(Ended::Protocol)
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.files.metadata(path, true).is_ok_and(|metadata| metadata.is_directory())
    }

    fn target(&self, folder: &[u8], name: &[u8]) -> Vec<u8> {
        if !self.is_directory(folder) {
            return folder.to_vec();
        }
        let slash: &[u8] = if folder.ends_with(b"/") { b"" } else { b"/" };
        [folder, slash, name].concat()
    }

    fn set_times(&self, path: &[u8], times: Option<(i64, i64)>) {
        if self.options.times && times.is_some() {
            // A file that cannot be touched keeps its times, as with the real one but for the message.
            let _ = self.files.change(path, &Changes { times, ..Changes::default() }, true);
        }
    }

    async fn enter(&mut self, path: &[u8], mode: u32, depth: usize) -> Result<bool, Ended> {
        if !self.options.recursive || DEPTH_MAX < depth {
            self.protocol_error("received directory without -r").await?;
        }
        let made = match self.files.metadata(path, true) {
            Ok(found) if found.is_directory() => Ok(()),
            Ok(_) => Err(FileError::NotDirectory),
            Err(_) => self.files.make_directory(path, mode | 0o700),
        };
        match made {
            Ok(()) => {
                self.io.write(&[0]).await?;
                Ok(true)
            }
            Err(error) => {
                self.fail(&format!("{}: {error}", String::from_utf8_lossy(path))).await?;
                Ok(false)
            }
        }
    }

    async fn receive(
        &mut self,
        path: &[u8],
        mode: u32,
        size: u64,
        times: Option<(i64, i64)>,
    ) -> Result<(), Ended> {
        let options = OpenOptions { write: true, create: true, permissions: mode, ..OpenOptions::default() };
        let mut file = match self.files.open(path, options) {
            Ok(file) => file,
            Err(error) => return self.fail(&format!("{}: {error}", String::from_utf8_lossy(path))).await,
        };
        self.io.write(&[0]).await?;
        let mut failure = None;
        let mut done = 0;
        while done < size {
            let step = usize::try_from(size - done).unwrap_or(STEP).min(STEP);
            let bytes = self.bytes(step).await?;
            if bytes.is_empty() {
                return Err(Ended::Protocol);
            }
            if failure.is_none() {
                failure = file.write(done, &bytes).err();
            }
            done += bytes.len() as u64;
        }
        let changes = Changes {
            size: Some(size),
            permissions: self.options.times.then_some(mode),
            ..Changes::default()
        };
        failure = failure.or_else(|| file.change(&changes).err());
        drop(file);
        self.set_times(path, times);
        self.response().await?;
        match failure {
            Some(error) => self.fail(&format!("{}: {error}", String::from_utf8_lossy(path))).await,
            None => Ok(self.io.write(&[0]).await?),
        }
    }

    /// Gives files.
    async fn source(&mut self) -> Result<(), Ended> {
        if !self.response().await? {
            return Err(Ended::Protocol);
        }
        for given in self.options.paths.clone() {
            let path = absolute(self.files, &given);
            match self.files.metadata(&path, true) {
                Ok(metadata) if metadata.is_directory() && self.options.recursive => {
                    self.send_folder(&path).await?
                }
                Ok(metadata) if metadata.is_file() => self.send(&path, &metadata).await?,
                Ok(_) => {
                    self.fail(&format!("{}: not a regular file", String::from_utf8_lossy(&given))).await?
                }
                Err(error) => self.fail(&format!("{}: {error}", String::from_utf8_lossy(&given))).await?,
            }
        }
        Ok(())
    }

    /// Sends a folder and what is in it. Goes down with a list of its own instead of calling itself.
    async fn send_folder(&mut self, top: &[u8]) -> Result<(), Ended> {
        enum Task {
            Visit(Vec<u8>),
            Leave,
        }
        let mut tasks = vec![Task::Visit(top.to_vec())];
        let mut depth = 0;
        while let Some(task) = tasks.pop() {
            let Task::Visit(path) = task else {
                depth -= 1;
                self.io.write(b"E\n").await?;
                self.response().await?;
                continue;
            };
            let Ok(metadata) = self.files.metadata(&path, true) else { continue };
            if metadata.is_file() {
                self.send(&path, &metadata).await?;
                continue;
            }
            if !metadata.is_directory() || DEPTH_MAX < depth {
                continue;
            }
            let Ok(entries) = self.files.list(&path) else {
                self.fail(&format!("{}: {}", String::from_utf8_lossy(&path), FileError::Denied)).await?;
                continue;
            };
            if !self.announce(b'D', &path, &metadata, 0).await? {
                continue;
            }
            depth += 1;
            tasks.push(Task::Leave);
            let inside = entries.into_iter().rev().filter(|entry| entry.name != b"." && entry.name != b"..");
            tasks.extend(inside.map(|entry| Task::Visit([path.as_slice(), b"/", &entry.name].concat())));
        }
        Ok(())
    }

    /// Sends times, if asked for, and the line of a file or folder. False: the client does not want it.
    async fn announce(
        &mut self,
        kind: u8,
        path: &[u8],
        metadata: &Metadata,
        size: u64,
    ) -> Result<bool, Ended> {
        if self.options.times {
            let line = format!("T{} 0 {} 0\n", metadata.modified, metadata.accessed);
            self.io.write(line.as_bytes()).await?;
            if !self.response().await? {
                return Ok(false);
            }
        }
        let name = path.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or(b"/");
        let mut line = format!("{}{:04o} {size} ", char::from(kind), metadata.mode & 0o7777).into_bytes();
        line.extend_from_slice(name);
        line.push(b'\n');
        self.io.write(&line).await?;
        self.response().await
    }

    async fn send(&mut self, path: &[u8], metadata: &Metadata) -> Result<(), Ended> {
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        let mut file = match self.files.open(path, options) {
            Ok(file) => file,
            Err(error) => return self.fail(&format!("{}: {error}", String::from_utf8_lossy(path))).await,
        };
        if !self.announce(b'C', path, metadata, metadata.size).await? {
            return Ok(());
        }
        let mut done = 0;
        let mut failure = None;
        while done < metadata.size {
            let step = usize::try_from(metadata.size - done).unwrap_or(STEP).min(STEP);
            let mut bytes = file.read(done, step).unwrap_or_else(|error| {
                failure = Some(error);
                Vec::new()
            });
            // A file that shrank is padded: the size was promised.
            if bytes.is_empty() {
                bytes = vec![0; step];
            }
            self.io.write(&bytes).await?;
            done += bytes.len() as u64;
        }
        match failure {
            Some(error) => self.fail(&format!("{}: {error}", String::from_utf8_lossy(path))).await?,
            None => self.io.write(&[0]).await?,
        }
        self.response().await.map(drop)
    }
}

/// `MTIME 0 ATIME 0`, as times of access and modification.
fn parse_times(line: &[u8]) -> Option<(i64, i64)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut fields = text.split(' ').map(|field| field.parse::<i64>().ok().filter(|value| 0 <= *value));
    let modified = fields.next()??;
    fields.next()??;
    let accessed = fields.next()??;
    fields.next()??;
    Some((accessed, modified))
}

/// `MODE SIZE NAME`; names with slashes, empty ones and dots are refused as OpenSSH refuses them.
fn parse_entry(line: &[u8]) -> Option<(u32, u64, &[u8])> {
    let mut parts = line.splitn(3, |byte| *byte == b' ');
    let mode = u32::from_str_radix(std::str::from_utf8(parts.next()?).ok()?, 8).ok()?;
    let size = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let name = parts.next()?;
    let bad = name.is_empty() || name.contains(&b'/') || name == b"." || name == b"..";
    (!bad).then_some((mode & 0o7777, size, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn command_lines_are_understood() {
        let parse = |line: &str| Options::parse(&words(line.as_bytes()));
        let options = parse("scp -r -p -d -t -- '/tmp/a b'").unwrap();
        assert!(options.recursive && options.times && options.directory && options.sink);
        assert_eq!(options.paths, [b"/tmp/a b".to_vec()]);
        assert_eq!(parse("scp -f x\\ y z").unwrap().paths, [b"x y".to_vec(), b"z".to_vec()]);
        assert!(parse("scp a b").is_none());
        assert!(parse("cp -t x").is_none());
    }

    #[test]
    fn control_lines_are_understood() {
        assert_eq!(parse_entry(b"0644 12 a b"), Some((0o644, 12, b"a b".as_slice())));
        for bad in ["0644 12 ..", "0644 12 a/b", "0644 12", "x 1 a", "0644 -1 a"] {
            assert_eq!(parse_entry(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_times(b"7 0 9 0"), Some((9, 7)));
        assert_eq!(parse_times(b"7 0 9"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_parsed_or_refused(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (parse_entry(&line), parse_times(&line), Options::parse(&words(&line)));
        }
    }
}
