//! The JSON twin: the event log once more, one object a line, for tools that read nothing else.
//!
//! The twin of a segment is a function of the segment, line for line, so it knows how far it came by
//! counting its own lines, and a crash neither loses nor doubles one.

use super::{
    reader::LogReader,
    segment::{LogError, Position, segment_list, segment_path},
};
use crate::disk::{Disk, DiskError};
use netsvc_wire::{Record, escape::printable, field, stamp};
use serde_json::{Map, Value, json};
use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

/// Lines copied in one step.
const STEP: usize = 1000;

/// Steps in one pass, so that catching up does not hold up the writer of the log.
const STEPS: usize = 50;

/// Follows the log and writes its twin.
#[derive(Debug)]
pub struct Twin {
    folder: PathBuf,
    reader: LogReader,
    open: Option<(u64, PathBuf, File)>,
    disk: Disk,
}

impl Twin {
    /// Finds out how far the twin in `folder` came and goes on there.
    ///
    /// # Errors
    /// [`LogError`] when a segment or its twin cannot be read.
    pub fn open(folder: &Path, disk: Disk) -> Result<Twin, LogError> {
        let segments = segment_list(folder)?;
        let last = segments.iter().rev().find(|number| twin_path(folder, **number).exists());
        let Some(&number) = last else {
            let reader = LogReader::new(folder, Position::default());
            return Ok(Twin { folder: folder.to_owned(), reader, open: None, disk });
        };
        let path = twin_path(folder, number);
        let content = std::fs::read(&path).map_err(DiskError::of("read", &path))?;
        let whole = content.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
        let file = OpenOptions::new().append(true).open(&path).map_err(DiskError::of("open", &path))?;
        // The twin is an output that is made again from the log, so its torn end may go.
        file.set_len(u64::try_from(whole).unwrap_or(0)).map_err(DiskError::of("cut", &path))?;
        let mut done = content.iter().filter(|&&byte| byte == b'\n').count();
        let mut reader = LogReader::new(folder, Position { segment: number, offset: 0 });
        while done > 0 {
            let batch = reader.read(done.min(STEP))?;
            if batch.is_empty() {
                break;
            }
            done = done.saturating_sub(batch.lines().count());
        }
        Ok(Twin { folder: folder.to_owned(), reader, open: Some((number, path, file)), disk })
    }

    /// Copies what is new, a bounded amount; returns how many lines.
    ///
    /// # Errors
    /// [`LogError`] when reading or writing fails.
    pub fn pass(&mut self) -> Result<u64, LogError> {
        let mut lines = 0;
        for _ in 0..STEPS {
            let batch = self.reader.read(STEP)?;
            if batch.is_empty() {
                break;
            }
            let mut text = Vec::new();
            for line in batch.lines() {
                text.extend_from_slice(object_of(line).to_string().as_bytes());
                text.push(b'\n');
                lines += 1;
            }
            let number = batch.after.segment;
            let (path, mut file) = match self.open.take() {
                Some((open, path, file)) if open == number => (path, file),
                _ => {
                    let path = twin_path(&self.folder, number);
                    (path.clone(), self.disk.create(&path)?)
                }
            };
            self.disk.append(&mut file, &path, &text)?;
            self.open = Some((number, path, file));
        }
        Ok(lines)
    }
}

fn twin_path(folder: &Path, number: u64) -> PathBuf {
    segment_path(folder, number).with_extension("json")
}

/// A line of the log as an object. A line that is no event line has only `raw_line` and `malformed`.
pub fn object_of(line: &[u8]) -> Value {
    let raw = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned();
    match netsvc_wire::parse(line) {
        Ok(record) => of_record(&record, raw),
        Err(malformed) => json!({ "malformed": malformed.to_string(), "raw_line": raw }),
    }
}

fn of_record(record: &Record, raw: String) -> Value {
    let fields: Map<String, Value> = record
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(printable(value).into_string())))
        .collect();
    json!({
        "timestamp": stamp::format(record.at),
        "decky": record.node,
        "service": record.app,
        "event_type": record.kind,
        "attacker_ip": record.text(field::SRC_IP).unwrap_or("Unknown"),
        "fields": fields,
        "msg": "",
        "raw_line": raw,
        "writer": record.writer.to_string(),
        "number": record.number,
    })
}
