//! Patterns of LIKE, and the simple part of REGEXP.

/// Whether `text` matches `pattern` of `%`, `_` and `\`; without regard to case. Linear in both, per star.
pub(crate) fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some(b'%') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(b'_') => Some(1),
            Some(b'\\') if p + 1 < pattern.len() => same(pattern.get(p + 1), text.get(t)).then_some(2),
            other => same(other, text.get(t)).then_some(1),
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                t += 1;
            }
            (None, Some((after, from))) => {
                p = after;
                t = from + 1;
                star = Some((after, t));
            }
            (None, None) => return false,
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'%')
}

fn same(left: Option<&u8>, right: Option<&u8>) -> bool {
    left.zip(right).is_some_and(|(left, right)| left.eq_ignore_ascii_case(right))
}

/// Whether `text` matches a regular expression of plain characters, `^`, `$`, `.`, `|` and `.*`.
pub(crate) fn regular(pattern: &[u8], text: &[u8]) -> bool {
    // One group around the whole, as clients write it that look for a name.
    let inner = pattern.strip_prefix(b"^(").and_then(|rest| rest.strip_suffix(b")$"));
    if let Some(inner) = inner.filter(|inner| !inner.iter().any(|byte| b"()".contains(byte))) {
        return inner.split(|byte| *byte == b'|').any(|part| regular(&[b"^", part, b"$"].concat(), text));
    }
    pattern.split(|byte| *byte == b'|').any(|part| {
        let (start, part) = part.strip_prefix(b"^").map_or((false, part), |part| (true, part));
        let (end, part) = part.strip_suffix(b"$").map_or((false, part), |part| (true, part));
        let mut translated = Vec::new();
        if !start {
            translated.push(b'%');
        }
        let mut rest = part;
        loop {
            rest = match rest {
                [] => break,
                [b'.', b'*', after @ ..] => {
                    translated.push(b'%');
                    after
                }
                [b'.', after @ ..] => {
                    translated.push(b'_');
                    after
                }
                [b'\\', byte, after @ ..] => {
                    translated.extend([b'\\', *byte]);
                    after
                }
                [byte, after @ ..] => {
                    translated.extend([b'\\', *byte]);
                    after
                }
            };
        }
        if !end {
            translated.push(b'%');
        }
        like(&translated, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match() {
        for (pattern, text, matches) in [
            ("a%", "ABC", true),
            ("%b_", "abc", true),
            ("a\\%", "ab", false),
            ("a\\%", "a%", true),
            ("%%%%%%b", "aaaaaa", false),
        ] {
            assert_eq!(like(pattern.as_bytes(), text.as_bytes()), matches, "{pattern}");
        }
        assert!(regular(b"^a.*z$|q", b"abcz") && !regular(b"^b", b"ab"));
    }
}
