//! Names of topics, and filters that select them (MQTT 5.0 §4.7).

/// Levels that a name or filter may have (`TOPIC_HIERARCHY_LIMIT`).
const LEVELS: usize = 200;
const SHARED: &[u8] = b"$share/";

/// Whether `name` can be published to.
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'#') && !name.contains(&b'+') && fits(name)
}

fn fits(text: &[u8]) -> bool {
    text.iter().filter(|byte| **byte == b'/').count() < LEVELS
}

/// Whether `filter` is one.
pub(super) fn is_filter(filter: &[u8]) -> bool {
    let Some((_, plain)) = parts(filter) else { return false };
    let last = plain.split(|byte| *byte == b'/').count().saturating_sub(1);
    let whole = |(at, level): (usize, &[u8])| match level {
        b"#" => at == last,
        b"+" => true,
        other => !other.contains(&b'#') && !other.contains(&b'+'),
    };
    !plain.is_empty() && fits(plain) && plain.split(|byte| *byte == b'/').enumerate().all(whole)
}

/// The group that shares a subscription, and its filter; `None` when it should have both and has not.
pub(super) fn parts(filter: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let Some(shared) = filter.strip_prefix(SHARED) else { return Some((None, filter)) };
    let slash = shared.iter().position(|byte| *byte == b'/')?;
    let (group, rest) = shared.split_at_checked(slash)?;
    let plain = rest.strip_prefix(b"/")?;
    let good = !group.is_empty() && !group.contains(&b'+') && !group.contains(&b'#');
    good.then_some((Some(group), plain))
}

/// Whether `filter`, without a group, selects `name`.
pub(super) fn matches(filter: &[u8], name: &[u8]) -> bool {
    // What begins with a dollar is not for everybody.
    if name.first() == Some(&b'$') && filter.first() != Some(&b'$') {
        return false;
    }
    let mut wanted = filter.split(|byte| *byte == b'/');
    let mut given = name.split(|byte| *byte == b'/');
    loop {
        match (wanted.next(), given.next()) {
            (Some(b"#"), _) | (None, None) => return true,
            (Some(b"+"), Some(_)) => {}
            (Some(level), Some(own)) if level == own => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_select_as_the_standard_says() {
        for (filter, name, expected) in [
            ("a/b", "a/b", true),
            ("a/+", "a/b", true),
            ("a/+", "a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("+/+", "/b", true),
            ("+", "/b", false),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/x", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a/b", "a/b/c", false),
        ] {
            assert_eq!(matches(filter.as_bytes(), name.as_bytes()), expected, "{filter} {name}");
        }
        for (filter, good) in [
            ("a/#", true),
            ("a/#/b", false),
            ("a/b+", false),
            ("a#", false),
            ("", false),
            ("$share/g/t", true),
            ("$share/g", false),
            ("$share//t", false),
            ("/", true),
        ] {
            assert_eq!(is_filter(filter.as_bytes()), good, "{filter}");
        }
    }
}
