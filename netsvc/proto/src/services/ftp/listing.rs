//! How the products list a directory.

use super::{say::Family, tree::Attributes};
use crate::date;

/// When and where a listing is made.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The node's clock, µs since the epoch.
    pub clock: i64,
    /// Minutes east of UTC.
    pub offset: i32,
}

/// One line of LIST with its end.
pub fn line(family: Family, name: &str, entry: &Attributes, moment: Moment) -> String {
    if family == Family::Microsoft {
        let at = date::dir_listing(entry.modified, moment.offset);
        return if entry.is_directory() {
            format!("{at}       <DIR>          {name}\r\n")
        } else {
            format!("{at} {:>20} {name}\r\n", entry.size)
        };
    }
    let at = date::listing(entry.modified, moment.clock, moment.offset);
    let (mode, links, size) = (letters(entry), entry.links, entry.size);
    let target = entry.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
    match family {
        Family::Vsftpd => {
            format!(
                "{mode} {links:>4} {:<8} {:<8} {size:>8} {at} {name}{target}\r\n",
                entry.owner.0, entry.group.0
            )
        }
        Family::ProFtpd => {
            format!(
                "{mode} {links:>3} {:<8} {:<8} {size:>8} {at} {name}{target}\r\n",
                entry.owner.1, entry.group.1
            )
        }
        _ => format!(
            "{mode} {links:>4} {:<10} {:<10} {size:>10} {at} {name}{target}\r\n",
            entry.owner.1, entry.group.1
        ),
    }
}

/// Facts of MLST and MLSD (RFC 3659 §7) up to and including the space before the name.
pub fn facts(family: Family, name: &str, entry: &Attributes, kind: &str) -> String {
    let at = date::compact(entry.modified);
    let number = name.bytes().fold(entry.modified.unsigned_abs() / 1_000_000, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let unique = format!("fe01g{:x}", number % 0xff_ffff);
    if family == Family::ProFtpd {
        let size = if entry.is_directory() { String::new() } else { format!("size={};", entry.size) };
        let permission = if entry.is_directory() { "flcdmpe" } else { "adfrw" };
        return format!(
            "modify={at};perm={permission};{size}type={kind};unique={};UNIX.group={};UNIX.groupname={};\
             UNIX.mode=0{:o};UNIX.owner={};UNIX.ownername={}; ",
            unique.to_uppercase(),
            entry.group.0,
            entry.group.1,
            entry.mode,
            entry.owner.0,
            entry.owner.1
        );
    }
    let size = if entry.is_directory() { "sizd" } else { "size" };
    format!(
        "type={kind};{size}={};modify={at};UNIX.mode=0{:o};UNIX.uid={};UNIX.gid={};unique={unique}; ",
        entry.size, entry.mode, entry.owner.0, entry.group.0
    )
}

/// `drwxr-xr-x`.
fn letters(entry: &Attributes) -> String {
    let mut text = String::from(entry.kind.letter());
    for (index, letter) in "rwxrwxrwx".chars().enumerate() {
        text.push(if entry.mode >> (8 - index) & 1 == 1 { letter } else { '-' });
    }
    if entry.mode & 0o1000 != 0 {
        text.pop();
        text.push(if entry.mode & 1 == 1 { 't' } else { 'T' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_columns_of_the_product() {
        let entry = Attributes {
            kind: netsvc_shell::fs::Kind::File,
            target: None,
            mode: 0o644,
            links: 1,
            owner: (1001, "mreft".to_owned()),
            group: (0, "root".to_owned()),
            size: 6,
            modified: 1_795_238_520_000_000,
        };
        let moment = Moment { clock: 1_795_239_000_000_000, offset: 0 };
        let check =
            |family: Family, expected: &str| assert_eq!(line(family, "a.txt", &entry, moment), expected);
        check(Family::Vsftpd, "-rw-r--r--    1 1001     0               6 Nov 21 05:22 a.txt\r\n");
        check(Family::ProFtpd, "-rw-r--r--   1 mreft    root            6 Nov 21 05:22 a.txt\r\n");
        check(Family::PureFtpd, "-rw-r--r--    1 mreft      root                6 Nov 21 05:22 a.txt\r\n");
        check(Family::Microsoft, "11-21-26  05:22AM                    6 a.txt\r\n");
    }
}
