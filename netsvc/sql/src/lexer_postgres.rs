//! Words of a statement as PostgreSQL reads them.
//!
//! Source: PostgreSQL documentation, "Lexical Structure".

use crate::lexer::{Placed, Token};

const SYMBOLS: &[&str] = &[
    "!~~*", "!~~", "!~*", "~~*", "!~", "~~", "~*", "::", "<<", ">>", "<=", ">=", "<>", "!=", ":=", "||",
    "->>", "->", "(", ")", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<", ">", "~", "^", "&", "|", "[",
    "]", ":",
];

/// The words of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Placed> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with(b"--") {
            at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            continue;
        }
        if rest.starts_with(b"/*") {
            at += comment(rest);
            continue;
        }
        let (token, length) = one(rest);
        found.push(Placed { token, at, end: at + length.max(1) });
        at += length.max(1);
    }
    found
}

/// Length of a comment, in which others nest.
fn comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 && at < rest.len() {
        let pair = rest.get(at..at + 2).unwrap_or_default();
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    at
}

fn one(rest: &[u8]) -> (Token, usize) {
    let first = rest.first().copied().unwrap_or_default();
    let second = rest.get(1).copied().unwrap_or_default();
    let wrong = (Token::Wrong, rest.len());
    match (first, second) {
        (b'\'', _) => quoted(rest, false).map_or(wrong, |(text, length)| (Token::Text(text), length)),
        (b'e' | b'E', b'\'') => {
            let found = quoted(rest.get(1..).unwrap_or_default(), true);
            found.map_or(wrong, |(text, length)| (Token::Text(text), length + 1))
        }
        (b'"', _) => quoted(rest, false).map_or(wrong, |(name, length)| {
            (Token::Word(String::from_utf8_lossy(&name).into_owned(), true), length)
        }),
        (b'$', b'0'..=b'9') => {
            let digits = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            let number = text(rest, 1, digits + 1).parse().unwrap_or(0);
            (Token::Numbered(number), digits + 1)
        }
        (b'$', _) => match dollars(rest) {
            Some(Some((text, length))) => (Token::Text(text), length),
            // It does not end: whatever follows is in it.
            Some(None) => wrong,
            None => (Token::Wrong, 1),
        },
        (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => number(rest),
        _ if begins(first) => {
            let length = rest.iter().take_while(|byte| goes_on(**byte)).count();
            (Token::Word(text(rest, 0, length).to_lowercase(), false), length)
        }
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
            Some(symbol) => (Token::Symbol(symbol), symbol.len()),
            None => (Token::Wrong, 1),
        },
    }
}

fn begins(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn goes_on(byte: u8) -> bool {
    begins(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn text(rest: &[u8], from: usize, to: usize) -> String {
    String::from_utf8_lossy(rest.get(from..to).unwrap_or_default()).into_owned()
}

/// A quoted text or name: its bytes, and its length with quotes. Backslashes escape in `E'…'` only.
fn quoted(rest: &[u8], escapes: bool) -> Option<(Vec<u8>, usize)> {
    let quote = *rest.first()?;
    let (mut out, mut at) = (Vec::new(), 1);
    loop {
        let byte = *rest.get(at)?;
        if byte == quote {
            if rest.get(at + 1) != Some(&quote) {
                return Some((out, at + 1));
            }
            out.push(quote);
            at += 2;
        } else if byte == b'\\' && escapes {
            let (bytes, length) = escaped(rest.get(at + 1..)?)?;
            out.extend(bytes);
            at += 1 + length;
        } else {
            out.push(byte);
            at += 1;
        }
    }
}

/// What stands behind a backslash: the bytes, and how many were read.
fn escaped(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let digits = |from: usize, most: usize, radix: u32| {
        let fits = |byte: &&u8| char::from(**byte).is_digit(radix);
        rest.iter().skip(from).take(most).take_while(fits).count()
    };
    let number =
        |from: usize, count: usize, radix| u32::from_str_radix(&text(rest, from, from + count), radix).ok();
    let byte = |number: u32| vec![u8::try_from(number & 0xff).unwrap_or(0)];
    Some(match *rest.first()? {
        b'b' => (vec![8], 1),
        b'f' => (vec![12], 1),
        b'n' => (vec![b'\n'], 1),
        b'r' => (vec![b'\r'], 1),
        b't' => (vec![b'\t'], 1),
        b'x' if digits(1, 2, 16) > 0 => (byte(number(1, digits(1, 2, 16), 16)?), 1 + digits(1, 2, 16)),
        b'0'..=b'7' => (byte(number(0, digits(0, 3, 8), 8)?), digits(0, 3, 8)),
        kind @ (b'u' | b'U') => {
            let count = if kind == b'u' { 4 } else { 8 };
            let letter = char::from_u32(number(1, digits(1, count, 16), 16)?)?;
            (letter.to_string().into_bytes(), 1 + digits(1, count, 16))
        }
        other => (vec![other], 1),
    })
}

/// A text between `$tag$` and `$tag$`; `None`: nothing begins so, `Some(None)`: it does not end.
fn dollars(rest: &[u8]) -> Option<Option<(Vec<u8>, usize)>> {
    let inner = rest.iter().skip(1).take_while(|byte| goes_on(**byte) && **byte != b'$').count();
    let tag = rest.get(..inner + 2).filter(|tag| tag.ends_with(b"$"))?;
    let body = rest.get(tag.len()..)?;
    let dollars = body.iter().enumerate().filter(|(_, byte)| **byte == b'$').map(|(at, _)| at);
    let end = dollars.into_iter().find(|at| body.get(*at..).is_some_and(|rest| rest.starts_with(tag)));
    Some(end.map(|at| (body.get(..at).unwrap_or_default().to_vec(), tag.len() * 2 + at)))
}

fn number(rest: &[u8]) -> (Token, usize) {
    let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if rest.get(end) == Some(&b'.') {
        end += 1;
        end += digits(end);
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let count = digits(end + 1 + sign);
        if count > 0 {
            end += 1 + sign + count;
        }
    }
    (Token::Number(text(rest, 0, end)), end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_names_and_places_of_values_are_told_apart() {
        let text = "SELECT \"A\"\"b\", 'a\\n', E'a\\n\\x41', $1, $x$it's$x$::TEXT /* a /* b */ c */ -- d";
        let found: Vec<Token> = tokens(text).into_iter().map(|placed| placed.token).collect();
        let comma = Token::Symbol(",");
        assert_eq!(
            found,
            [
                Token::Word("select".into(), false),
                Token::Word("A\"b".into(), true),
                comma.clone(),
                Token::Text(b"a\\n".to_vec()),
                comma.clone(),
                Token::Text(b"a\nA".to_vec()),
                comma.clone(),
                Token::Numbered(1),
                comma,
                Token::Text(b"it's".to_vec()),
                Token::Symbol("::"),
                Token::Word("text".into(), false),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            tokens(&text);
        }

        #[test]
        fn no_mixture_of_quotes_panics(text in "[$'\"\\\\a1E/*-]{0,40}") {
            tokens(&text);
        }
    }
}
