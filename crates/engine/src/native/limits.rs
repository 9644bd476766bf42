//! Limits of the process: open files, and which users exist here.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;

/// Open files that root asks for; what a million sockets need is not our trade.
const WANTED: u64 = 262_144;
/// Descriptors of a stage process that are neither listener nor connection.
const SPARE: u64 = 64;

/// Raises the limit of open files as far as it goes, for us and for what we start.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn raise_open_files() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    // Only a privileged process raises the hard limit; the soft one goes up to it in any case.
    if setrlimit(Resource::RLIMIT_NOFILE, hard.max(WANTED), hard.max(WANTED)).is_err() {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(())
}

/// Whether `listeners` and `connections` fit; otherwise what to do about it.
///
/// # Errors
/// The sentence for the operator.
pub(crate) fn check_open_files(listeners: usize, connections: usize) -> Result<(), String> {
    let hard = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(_, hard)| hard);
    let needed = (listeners + connections) as u64 + SPARE;
    if needed <= hard {
        return Ok(());
    }
    Err(format!(
        "{listeners} listeners and {connections} connections need {needed} open files, but the limit is {hard}: \
         raise it (ulimit -Hn {needed}, or LimitNOFILE={needed} in the unit)"
    ))
}

/// The user to become: `None` where we live in a user namespace that does not have it.
pub fn existing_user(user: Option<u32>) -> Option<u32> {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    user.filter(|&user| mapped(&map, user))
}

/// Whether we are root of a user namespace only.
pub(super) fn in_user_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    !mapped(&map, u32::MAX - 2)
}

/// `uid_map` has lines of: first number here, first number outside, count.
fn mapped(map: &str, user: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u64>().ok());
        let (Some(first), Some(_), Some(count)) = (numbers.next(), numbers.next(), numbers.next()) else {
            return false;
        };
        (first..first.saturating_add(count)).contains(&user.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_exists_only_where_it_is_mapped() {
        let cases = [
            ("         0          0 4294967295\n", 64_999, true),
            ("         0       1000          1\n", 64_999, false),
            ("0 1000 1\n1 100000 65536\n", 64_999, true),
            ("", 0, false),
        ];
        for (map, user, expected) in cases {
            assert_eq!(mapped(map, user), expected, "{map:?}");
        }
    }

    #[test]
    fn too_many_sockets_are_refused_with_advice() {
        let advice = check_open_files(1 << 30, 8192).unwrap_err();
        assert!(advice.contains("LimitNOFILE="), "{advice}");
        check_open_files(10, 10).unwrap();
    }
}
