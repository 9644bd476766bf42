//! Patterns of KEYS, SCAN, CONFIG GET and PSUBSCRIBE.

/// Redis's own glob (`*`, `?`, `[a-z]`, `[^a]`, `\x`), iterative, so that no pattern is expensive.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match one(pattern.get(p..).unwrap_or_default(), text.get(t).copied().unwrap_or_default()) {
            Match::Star => {
                star = Some((p + 1, t));
                p += 1;
            }
            Match::Yes(length) => {
                p += length;
                t += 1;
            }
            Match::No => match star {
                Some((after, from)) => {
                    p = after;
                    t = from + 1;
                    star = Some((after, t));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

enum Match {
    Star,
    Yes(usize),
    No,
}

fn one(pattern: &[u8], byte: u8) -> Match {
    match pattern {
        [] => Match::No,
        [b'*', ..] => Match::Star,
        [b'?', ..] => Match::Yes(1),
        [b'\\', escaped, ..] => {
            if *escaped == byte {
                Match::Yes(2)
            } else {
                Match::No
            }
        }
        [b'[', rest @ ..] => {
            let negated = rest.first() == Some(&b'^');
            let body = rest.get(usize::from(negated)..).unwrap_or_default();
            let end = body.iter().position(|&byte| byte == b']').unwrap_or(body.len());
            let set = body.get(..end).unwrap_or_default();
            let length = 1 + usize::from(negated) + end + 1;
            if in_set(set, byte) == negated { Match::No } else { Match::Yes(length) }
        }
        [literal, ..] => {
            if *literal == byte {
                Match::Yes(1)
            } else {
                Match::No
            }
        }
    }
}

fn in_set(set: &[u8], byte: u8) -> bool {
    let mut rest = set;
    loop {
        rest = match rest {
            [] => return false,
            [low, b'-', high, after @ ..] => {
                if (*low..=*high).contains(&byte) {
                    return true;
                }
                after
            }
            [single, after @ ..] => {
                if *single == byte {
                    return true;
                }
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_server_matches() {
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("h?llo", "hello", true),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hcllo", false),
            ("a*b*c", "aXXbYYc", true),
            ("a\\*c", "abc", false),
            ("**********************b", &"a".repeat(5000), false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern}");
        }
    }
}
