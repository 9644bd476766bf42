//! Where in the server's source an error is raised: fields `F`, `L` and `R` of its message, which tell releases apart.
//!
//! Source: recorded from the releases that the first line of `data/places.tsv` names.

use std::{collections::BTreeMap, sync::LazyLock};

type Table = (Vec<&'static str>, BTreeMap<&'static str, Vec<&'static str>>);

static PLACES: LazyLock<Table> = LazyLock::new(|| {
    let mut lines = include_str!("data/places.tsv").lines();
    let releases = lines.next().unwrap_or_default().split('\t').skip(1).collect();
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.collect()))
    };
    (releases, lines.filter_map(row).collect())
});

/// The recorded release that answers most like `version`: itself, or the nearest of the same major number, or the
/// newest one.
pub(super) fn release(version: &str) -> usize {
    let parts = |text: &str| {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        (major.parse::<u32>().unwrap_or(0), minor.parse::<u32>().unwrap_or(0))
    };
    let (major, minor) = parts(version);
    let releases = PLACES.0.iter().enumerate().map(|(at, release)| (at, parts(release)));
    let near = releases.filter(|(_, (own, _))| *own == major).min_by_key(|(_, (_, own))| own.abs_diff(minor));
    near.map_or(PLACES.0.len().saturating_sub(1), |(at, _)| at)
}

/// File, line and function of the error `name` in the release at `release`.
pub(super) fn place(name: &str, release: usize) -> Option<(&'static str, &'static str, &'static str)> {
    let mut parts = PLACES.1.get(name)?.get(release)?.split(':');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_a_file_a_line_and_a_function() {
        assert_eq!(place("auth_failed", release("15.18")), Some(("auth.c", "334", "auth_failed")));
        for (name, cells) in &PLACES.1 {
            assert_eq!(cells.len(), PLACES.0.len(), "{name}");
            assert!((0..cells.len()).all(|release| place(name, release).is_some()), "{name}");
        }
    }
}
