//! Users and groups, as the files of a host have them: below a prefix too, and without the C library, which would ask
//! this host.

use super::Layout;
use decnet_engine::native::STAGE_USER;
use std::{fs, path::Path, process::Command};

/// A user with its group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's.
    pub uid: u32,
    /// The group's.
    pub gid: u32,
}

impl Account {
    /// The account of the processes, where it is there.
    pub fn of(layout: &Layout) -> Option<Account> {
        Some(Account { uid: user(layout, &layout.user)?, gid: group(layout, &layout.group)? })
    }
}

/// Whether a text can be the name of an account (useradd(8): `[a-z_][a-z0-9_-]*`, at most 32 bytes).
pub(super) fn is_name(text: &str) -> bool {
    let first = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let rest = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    first && rest && text.len() <= 32
}

/// Number in a field of the line of `name`: the third is the uid of a user and the gid of a group, the fourth the gid
/// of a user.
fn number(file: &Path, name: &str, field: usize) -> Option<u32> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(field - 1)?.parse().ok()
}

/// A user of this host by its files. Whoever is known to a directory only is not found here.
pub fn local_user(name: &str) -> Option<Account> {
    let file = Path::new("/etc/passwd");
    Some(Account { uid: number(file, name, 3)?, gid: number(file, name, 4)? })
}

/// A group of this host by its files.
pub fn local_group(name: &str) -> Option<u32> {
    number(Path::new("/etc/group"), name, 3)
}

/// The number of a user.
pub(super) fn user(layout: &Layout, name: &str) -> Option<u32> {
    number(&layout.at("/etc/passwd"), name, 3)
}

/// The number of a group.
pub(super) fn group(layout: &Layout, name: &str) -> Option<u32> {
    number(&layout.at("/etc/group"), name, 3)
}

/// Whether the host has files of accounts at all; a bare folder has none.
pub(super) fn has_accounts(layout: &Layout) -> bool {
    layout.at("/etc/passwd").is_file() && layout.at("/etc/group").is_file()
}

/// The command that makes a group.
pub(super) fn make_group(layout: &Layout) -> Command {
    let mut command = tool(layout, "groupadd");
    command.args(["--system", &layout.group]);
    command
}

/// Name of the group of service processes, where it has none yet.
pub(super) const SERVICES: &str = "netsvc";

/// Whether the group of service processes has a name.
pub(super) fn has_services(layout: &Layout) -> bool {
    let text = fs::read_to_string(layout.at("/etc/group")).unwrap_or_default();
    let wanted = STAGE_USER.to_string();
    text.lines().any(|line| line.split(':').nth(2) == Some(wanted.as_str()))
}

/// The command that names it.
pub(super) fn make_services(layout: &Layout) -> Command {
    let mut command = tool(layout, "groupadd");
    command.args(["--system", "--gid", &STAGE_USER.to_string(), SERVICES]);
    command
}

/// The command that makes the user.
pub(super) fn make_user(layout: &Layout) -> Command {
    let mut command = tool(layout, "useradd");
    command.args(["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]);
    command.arg("--home-dir").arg(&layout.state);
    command.args(["--comment", "DECNET", "--gid", &layout.group, &layout.user]);
    command
}

/// The command that removes a user or a group.
pub(super) fn remove(layout: &Layout, program: &str, name: &str) -> Command {
    let mut command = tool(layout, program);
    command.arg(name);
    command
}

fn tool(layout: &Layout, program: &str) -> Command {
    let mut command = Command::new(program);
    if let Some(prefix) = &layout.prefix {
        command.arg("--prefix").arg(prefix);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_read_from_files() {
        for (name, good) in
            [("decnet", true), ("_x-1", true), ("", false), ("-r", false), ("a b", false), ("A", false)]
        {
            assert_eq!(is_name(name), good, "{name:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passwd");
        fs::write(&file, "root:x:0:0::/:/bin/sh\ndecnetx:x:7:7::/:\ndecnet:x:998:997::/:\nbad:x\n").unwrap();
        let of = |name, field| number(&file, name, field);
        assert_eq!((of("decnet", 3), of("decnet", 4)), (Some(998), Some(997)));
        assert_eq!((of("bad", 3), of("none", 3)), (None, None));
    }
}
