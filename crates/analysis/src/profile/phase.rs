//! What an event says of how far somebody has come.

use super::said;
use crate::incident;
use decnet_model::record::{EventRow, Phase, Stage};
use netsvc_wire::{Kind, field};

/// Bytes to a peer on one connection from which on he takes something with him.
const MUCH: u64 = 1 << 20;

/// Parts of commands that carry something away, in lower case: all parts of a line have to be there.
const CARRIES: &[&[&str]] = &[
    &["scp ", "@"],
    &["rsync ", "@"],
    &["curl ", " -t "],
    &["curl ", " -f ", "@"],
    &["curl ", "--upload-file"],
    &["curl ", "--data-binary", "@"],
    &["wget ", "--post-file"],
    &["| nc "],
    &["|nc "],
    &["/dev/tcp/", "cat "],
    &["rclone ", "copy"],
    &["ftpput "],
    &["mysqldump "],
    &["pg_dump"],
    &["into outfile"],
    &["copy ", " to program"],
];

/// The phase that an event belongs to.
pub(super) fn of(row: &EventRow, kind: Option<Kind>, service: &str) -> Phase {
    let Some(kind) = kind else { return Phase::Action };
    match kind {
        Kind::FileRead => return Phase::Exfil,
        Kind::Disconnect if row.number_field::<u64>(field::BYTES_OUT).is_some_and(|bytes| MUCH <= bytes) => {
            return Phase::Exfil;
        }
        Kind::SessionStart => return Phase::Access,
        _ => {}
    }
    match incident::stage(kind, service, incident::let_in(row)) {
        Stage::Touched | Stage::Scanned => Phase::Recon,
        Stage::Tried | Stage::LoggedIn => Phase::Access,
        Stage::Executed if said(row).is_some_and(carries) => Phase::Exfil,
        Stage::Executed | Stage::Left => Phase::Action,
    }
}

fn carries(command: &[u8]) -> bool {
    let text = String::from_utf8_lossy(command).to_lowercase();
    CARRIES.iter().any(|parts| parts.iter().all(|part| text.contains(part)))
}
