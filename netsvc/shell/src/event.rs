//! What the shell gives back: timed output, and events that say what the peer did.

use std::{sync::Arc, time::Duration};

/// One of the two output streams of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A piece of output, to be sent `after` the piece before it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emit {
    /// Time since the piece before, or since the start of the line.
    pub after: Duration,
    /// Which stream.
    pub stream: Stream,
    /// The bytes, with bare line feeds.
    pub bytes: Vec<u8>,
}

/// Where the bytes of a captured file came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written by a command: `echo -ne … > file`, `base64 -d`, `dd`.
    Drop,
    /// Made up by us for a download that did not take place.
    Download,
    /// Sent through a file transfer: sftp, scp, ftp.
    Upload,
}

impl Origin {
    /// The word for it in event lines.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Drop => "drop",
            Origin::Download => "download",
            Origin::Upload => "upload",
        }
    }
}

/// Something worth telling the operator. Texts are one character per byte, see [`crate::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellEvent {
    /// A command line was run.
    Command {
        /// The line as typed.
        line: String,
        /// Working directory before it ran.
        cwd: String,
        /// Exit status of the line.
        status: i32,
    },
    /// A command that the shell does not have.
    UnknownCommand {
        /// Its name.
        name: String,
        /// The line it was in.
        line: String,
    },
    /// Something was to be fetched from, or connected to over, the network. Nothing was.
    DownloadAttempt {
        /// What: `http://…`, `tftp://…`, `tcp://host:port`.
        url: String,
        /// The command with its arguments.
        command: String,
    },
    /// A file was written and closed.
    FileCaptured {
        /// Absolute path on the node.
        path: String,
        /// Its content.
        content: Arc<[u8]>,
        /// Where the content came from.
        origin: Origin,
    },
    /// A file that the peer wrote or fetched was run.
    FileExecuted {
        /// Absolute path on the node.
        path: String,
        /// Arguments, joined by blanks.
        arguments: String,
    },
    /// A file was read that tells of intent (credentials, keys, histories).
    FileRead {
        /// Absolute path on the node.
        path: String,
    },
    /// The peer set a password.
    PasswordSet {
        /// Account.
        user: String,
        /// The new password.
        secret: String,
    },
    /// The session is over: the line ended the shell.
    Exit,
}

/// What running a command line gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Output in order.
    pub chunks: Vec<Emit>,
    /// Time between the last piece of output and the end.
    pub rest: Duration,
    /// Exit status.
    pub status: i32,
    /// Events in order.
    pub events: Vec<ShellEvent>,
    /// What the line waits for: then it is not over, and `Shell::feed_line` continues it.
    pub waits: Option<Waits>,
    /// Whether the shell ended.
    pub exited: bool,
    /// The line does not end: until it is stopped it writes this again and again, every few seconds; empty: nothing.
    pub goes_on: Option<Vec<u8>>,
}

/// What a suspended line waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A line, shown as it is typed.
    Line,
    /// A line that is not shown: a password.
    Secret,
    /// Lines up to end of input (`^D`).
    Input,
    /// Nothing: what it has is enough for the next command of a script. `Shell::feed_piece` goes on with it.
    More,
}

impl Outcome {
    /// Adds what came of the next part of the same text.
    pub fn go_on(&mut self, next: Outcome) {
        let rest = std::mem::take(&mut self.rest);
        for (index, mut chunk) in next.chunks.into_iter().enumerate() {
            if index == 0 {
                chunk.after = chunk.after.saturating_add(rest);
            }
            self.chunks.push(chunk);
        }
        self.events.extend(next.events);
        self.rest = next.rest;
        (self.status, self.waits, self.exited, self.goes_on) =
            (next.status, next.waits, next.exited, next.goes_on);
    }

    /// Everything of one stream, joined.
    pub fn bytes(&self, stream: Stream) -> Vec<u8> {
        self.chunks
            .iter()
            .filter(|chunk| chunk.stream == stream)
            .flat_map(|chunk| chunk.bytes.clone())
            .collect()
    }
}
