//! Attributes on the wire and the long names of directory listings.

use crate::{
    codec::{Malformed, Reader, Writer},
    files::{Changes, FileSystem, Metadata},
};
use time::{OffsetDateTime, PrimitiveDateTime};

const SIZE: u32 = 1;
const OWNER: u32 = 2;
const PERMISSIONS: u32 = 4;
const TIMES: u32 = 8;
const EXTENDED: u32 = 0x8000_0000;
/// Half a year: older files show the year instead of the time.
const HALF_YEAR: i64 = 365 * 24 * 60 * 60 / 2;

/// Reads an ATTRS field.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Changes, Malformed> {
    let flags = reader.u32()?;
    let mut changes = Changes::default();
    if flags & SIZE != 0 {
        changes.size = Some(reader.u64()?);
    }
    if flags & OWNER != 0 {
        changes.owner = Some((reader.u32()?, reader.u32()?));
    }
    if flags & PERMISSIONS != 0 {
        changes.permissions = Some(reader.u32()? & 0o7777);
    }
    if flags & TIMES != 0 {
        changes.times = Some((i64::from(reader.u32()?), i64::from(reader.u32()?)));
    }
    if flags & EXTENDED != 0 {
        for _ in 0..reader.u32()?.min(0x10_0000) {
            reader.string()?;
            reader.string()?;
        }
    }
    Ok(changes)
}

/// Appends an ATTRS field.
pub(super) fn write(writer: &mut Writer, metadata: &Metadata) {
    let seconds = |time: i64| u32::try_from(time).unwrap_or_default();
    writer.u32(SIZE | OWNER | PERMISSIONS | TIMES).u64(metadata.size);
    writer.u32(metadata.uid).u32(metadata.gid).u32(metadata.mode);
    writer.u32(seconds(metadata.accessed)).u32(seconds(metadata.modified));
}

/// The line of `ls -l` as `ls_file` of `sftp-common.c` writes it.
pub(super) fn long_name(files: &dyn FileSystem, name: &[u8], metadata: &Metadata) -> Vec<u8> {
    let user = files.user_name(metadata.uid).unwrap_or_else(|| metadata.uid.to_string());
    let group = files.group_name(metadata.gid).unwrap_or_else(|| metadata.gid.to_string());
    let mut line = format!(
        "{}  {:>3} {user:<8} {group:<8} {:>8} {} ",
        mode_text(metadata.mode),
        metadata.links,
        metadata.size,
        time_text(metadata.modified, files.now(), files.zone_offset())
    )
    .into_bytes();
    line.extend_from_slice(name);
    line
}

fn mode_text(mode: u32) -> String {
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o020_000 => 'c',
        0o060_000 => 'b',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, letters) in
        [(6, 0o4000, ('s', 'S')), (3, 0o2000, ('s', 'S')), (0, 0o1000, ('t', 'T'))]
    {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letters.0,
            (false, true) => letters.1,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// `%b %e %H:%M`, or `%b %e  %Y` of what is older than half a year.
fn time_text(time: i64, now: i64, offset: i64) -> String {
    let at = date(time.saturating_add(offset));
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = names.get(usize::from(month - 1)).unwrap_or(&"Jan");
    if HALF_YEAR < now.saturating_sub(time) {
        format!("{name} {day:>2}  {year}")
    } else {
        format!("{name} {day:>2} {:02}:{:02}", at.hour(), at.minute())
    }
}

/// The date of so many seconds since 1970; what is beyond the calendar is its last or first day.
fn date(seconds: i64) -> PrimitiveDateTime {
    match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) => PrimitiveDateTime::new(at.date(), at.time()),
        Err(_) if seconds < 0 => PrimitiveDateTime::MIN,
        Err(_) => PrimitiveDateTime::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_times_are_written_as_ls_writes_them() {
        assert_eq!(mode_text(0o100_644), "-rw-r--r--");
        assert_eq!(mode_text(0o041_777), "drwxrwxrwt");
        assert_eq!(mode_text(0o104_755), "-rwsr-xr-x");
        assert_eq!(time_text(1_700_000_000, 1_700_000_100, 3600), "Nov 14 23:13");
        assert_eq!(time_text(951_782_400, 1_700_000_100, 0), "Feb 29  2000");
        assert_eq!(time_text(i64::MAX, 1_700_000_100, 0), "Dec 31 23:59");
        assert_eq!(time_text(i64::MIN, 1_700_000_100, 0), "Jan  1  -9999");
    }
}
