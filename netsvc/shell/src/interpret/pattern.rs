//! Patterns of the shell: `*`, `?`, `[…]`; matched without recursion.

/// Longest text that pattern operations look at.
pub(super) const MAX_TEXT: usize = 64 << 10;

#[derive(Clone, Debug)]
enum Token {
    Any,
    One,
    Character(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

impl Pattern {
    /// From characters that know whether they were quoted.
    pub(crate) fn new(characters: &[(char, bool)]) -> Pattern {
        let mut tokens = Vec::new();
        let mut rest = characters;
        while let Some(((character, quoted), tail)) = rest.split_first() {
            rest = tail;
            tokens.push(match character {
                _ if *quoted => Token::Character(*character),
                '*' => Token::Any,
                '?' => Token::One,
                '[' => match set(tail) {
                    Some((token, after)) => {
                        rest = after;
                        token
                    }
                    None => Token::Character('['),
                },
                '\\' => match tail.split_first() {
                    Some(((escaped, _), after)) => {
                        rest = after;
                        Token::Character(*escaped)
                    }
                    None => Token::Character('\\'),
                },
                other => Token::Character(*other),
            });
        }
        Pattern { tokens }
    }

    /// From text in which nothing is quoted but by backslashes.
    pub(crate) fn from_text(text: &str) -> Pattern {
        let characters: Vec<(char, bool)> = text.chars().map(|character| (character, false)).collect();
        Pattern::new(&characters)
    }

    /// Ranges of a POSIX character class in the C locale.
    pub(crate) fn class(name: &str) -> &'static [(char, char)] {
        class(name)
    }

    /// Whether the whole of `text` matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let characters: Vec<char> = text.chars().take(MAX_TEXT).collect();
        self.matches_characters(&characters)
    }

    pub(crate) fn matches_characters(&self, text: &[char]) -> bool {
        let (mut at, mut token) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let fits = match (self.tokens.get(token), text.get(at)) {
                (None, None) => return true,
                (Some(Token::Any), _) => {
                    retry = Some((token, at));
                    token += 1;
                    continue;
                }
                (Some(found), Some(character)) => found.fits(*character),
                _ => false,
            };
            if fits {
                (at, token) = (at + 1, token + 1);
                continue;
            }
            match retry {
                Some((star, from)) if from < text.len() => {
                    retry = Some((star, from + 1));
                    (at, token) = (from + 1, star + 1);
                }
                _ => return false,
            }
        }
    }

    /// Whether the pattern has a special character at all.
    pub(crate) fn is_special(characters: &[(char, bool)]) -> bool {
        characters.iter().any(|(character, quoted)| !quoted && matches!(character, '*' | '?' | '['))
    }
}

impl Token {
    fn fits(&self, character: char) -> bool {
        match self {
            Token::Any | Token::One => true,
            Token::Character(wanted) => *wanted == character,
            Token::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != *negated
            }
        }
    }
}

fn set(mut rest: &[(char, bool)]) -> Option<(Token, &[(char, bool)])> {
    let negated = matches!(rest.first(), Some(('!' | '^', false)));
    if negated {
        rest = rest.get(1..)?;
    }
    let mut ranges = Vec::new();
    let mut first = true;
    loop {
        let ((character, _), tail) = rest.split_first()?;
        rest = tail;
        if *character == ']' && !first {
            return Some((Token::Set { negated, ranges }, rest));
        }
        first = false;
        if *character == '[' && matches!(rest.first(), Some((':', _))) {
            let end = rest.iter().position(|(character, _)| *character == ']')?;
            let name: String =
                rest.get(1..end.checked_sub(1)?)?.iter().map(|(character, _)| character).collect();
            ranges.extend_from_slice(class(&name));
            rest = rest.get(end + 1..)?;
            continue;
        }
        match (rest.first(), rest.get(1)) {
            (Some(('-', _)), Some((high, _))) if *high != ']' => {
                ranges.push((*character, *high));
                rest = rest.get(2..)?;
            }
            _ => ranges.push((*character, *character)),
        }
    }
}

/// Ranges of a POSIX character class in the C locale.
fn class(name: &str) -> &'static [(char, char)] {
    match name {
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "upper" => &[('A', 'Z')],
        "lower" => &[('a', 'z')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "print" => &[(' ', '~')],
        "graph" => &[('!', '~')],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        for (pattern, text, expected) in [
            ("*.sh", "a.sh", true),
            ("*.sh", "a.shx", false),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "", true),
            ("*", "", true),
            ("[", "[", true),
            ("[[:digit:]]*", "9x", true),
            ("[]]", "]", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ] {
            assert_eq!(Pattern::from_text(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
