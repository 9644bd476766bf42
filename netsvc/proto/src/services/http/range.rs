//! Conditional and range requests on files (RFC 9110 §13, §14).

use super::{product::Family, request::Request};
use crate::date;

/// What part of a file a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Nothing, it did not change.
    NotModified,
    /// Nothing, a precondition failed.
    Failed,
    /// These bytes, first and last.
    Ranges(Vec<(usize, usize)>),
    /// Nothing, the range is outside.
    Outside,
}

/// The part of a file of `length` bytes that `request` gets `now`.
pub fn part(family: Family, request: &Request, etag: &str, modified: i64, length: usize, now: i64) -> Part {
    let matches = |list: &str| {
        list.split(',').any(|tag| {
            tag.trim() == "*" || tag.trim().trim_start_matches("W/").replace("-gzip\"", "\"") == etag
        })
    };
    let modified = modified / 1_000_000;
    let seconds = |name: &str| request.field(name).and_then(date::parse_http).map(|at| at / 1_000_000);
    if request.field("if-match").is_some_and(|list| !matches(list)) {
        return Part::Failed;
    }
    if request.field("if-match").is_none() && seconds("if-unmodified-since").is_some_and(|at| at < modified) {
        return Part::Failed;
    }
    // nginx takes the exact time alone, httpd none that is still to come.
    let unchanged = |at: i64| match family {
        Family::Nginx => at == modified,
        Family::Apache => (modified..=now / 1_000_000).contains(&at),
        _ => at >= modified,
    };
    match request.field("if-none-match") {
        Some(list) if matches(list) => return Part::NotModified,
        None if seconds("if-modified-since").is_some_and(unchanged) => return Part::NotModified,
        _ => {}
    }
    let unit = |value: &str| value.get(..6).is_some_and(|unit| unit.eq_ignore_ascii_case("bytes="));
    let Some(set) = request.field("range").filter(|value| unit(value)).and_then(|value| value.get(6..))
    else {
        return Part::Whole;
    };
    let stale = request.field("if-range").is_some_and(|value| {
        value != etag && date::parse_http(value).map(|at| at / 1_000_000) != Some(modified)
    });
    match ranges(set, length) {
        _ if stale => Part::Whole,
        // nginx answers a set that it cannot read as one that lies outside.
        None if family == Family::Nginx && !set.is_empty() => Part::Outside,
        None => Part::Whole,
        Some(found) if found.is_empty() => Part::Outside,
        Some(found) if family == Family::Apache => Part::Ranges(joined(found)),
        Some(found) => Part::Ranges(found),
    }
}

/// The ranges of `set` that lie within `length`; `None` when it is no set of ranges.
fn ranges(set: &str, length: usize) -> Option<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for spec in set.split(',').take(200) {
        let (first, last) = spec.trim().split_once('-')?;
        let range = match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first <= last => (first, last.min(length.saturating_sub(1))),
            (Ok(first), Err(_)) if last.is_empty() => (first, length.saturating_sub(1)),
            (Err(_), Ok(0)) => return None,
            (Err(_), Ok(tail)) if first.is_empty() => (length.saturating_sub(tail), length.saturating_sub(1)),
            _ => return None,
        };
        if range.0 < length && range.0 <= range.1 {
            found.push(range);
        }
    }
    Some(found)
}

/// Ranges that overlap or touch the one before as one.
fn joined(found: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for (first, last) in found {
        match all.last_mut() {
            Some(before) if before.0 <= first && first <= before.1.saturating_add(1) => {
                before.1 = before.1.max(last)
            }
            _ => all.push((first, last)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, expected: &Part) {
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n");
        let found = part(
            Family::Device,
            &Request::read(head.as_bytes()),
            "\"e\"",
            1_767_323_045_000_000,
            19,
            1_800_000_000_000_000,
        );
        assert_eq!(&found, expected, "{field}");
    }

    #[test]
    fn a_request_gets_the_part_it_asks_for() {
        check("Range: bytes=0-3", &Part::Ranges(vec![(0, 3)]));
        check("Range: bytes=-4", &Part::Ranges(vec![(15, 18)]));
        check("Range: bytes=0-1,4-5", &Part::Ranges(vec![(0, 1), (4, 5)]));
        check("Range: bytes=100-", &Part::Outside);
        check("Range: lines=1", &Part::Whole);
        check("If-None-Match: \"a\", \"e\"", &Part::NotModified);
        check("If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT", &Part::NotModified);
        check("If-Modified-Since: Thu, 01 Jan 2026 03:04:05 GMT", &Part::Whole);
        check("If-Match: \"x\"", &Part::Failed);
        check("If-Unmodified-Since: Fri, 02 Jan 2020 03:04:05 GMT", &Part::Failed);
    }
}
