//! Words of a statement of Transact-SQL, with their places.

use crate::lexer::{Placed, Token};

const SYMBOLS: &[&str] = &[
    "<=", ">=", "<>", "!=", "!<", "!>", "(", ")", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<", ">", "~",
    "^", "&", "|",
];

/// The words of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Placed> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        if first.is_ascii_whitespace() || *first == 0 {
            at += 1;
        } else if let Some(length) = comment(rest) {
            at += length;
        } else {
            let (token, length) = one(rest);
            found.push(Placed { token, at, end: at + length.max(1) });
            at += length.max(1);
        }
    }
    found
}

/// Length of the comment that `rest` begins with; those within slashes hold others.
fn comment(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"--") {
        return Some(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(rest.len())
}

fn one(rest: &[u8]) -> (Token, usize) {
    let (first, second) =
        (rest.first().copied().unwrap_or_default(), rest.get(1).copied().unwrap_or_default());
    let wrong = (Token::Wrong, rest.len());
    let name = |text: Vec<u8>| Token::Word(String::from_utf8_lossy(&text).into_owned(), true);
    match (first, second) {
        (b'\'', _) => quoted(rest, b'\'').map_or(wrong, |(text, length)| (Token::Text(text), length)),
        (b'n' | b'N', b'\'') => quoted(rest.get(1..).unwrap_or_default(), b'\'')
            .map_or(wrong, |(text, length)| (Token::Text(text), length + 1)),
        (b'"', _) => quoted(rest, b'"').map_or(wrong, |(text, length)| (name(text), length)),
        (b'[', _) => quoted(rest, b']').map_or(wrong, |(text, length)| (name(text), length)),
        (b'0', b'x' | b'X') => {
            let digits: Vec<u8> = rest.iter().skip(2).copied().take_while(u8::is_ascii_hexdigit).collect();
            let length = digits.len() + 2;
            let even = if digits.len() % 2 == 1 { [b"0", &digits[..]].concat() } else { digits };
            (Token::Bytes(hex::decode(even).unwrap_or_default()), length)
        }
        (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => number(rest),
        (b'@', _) => {
            let signs = rest.iter().take(2).take_while(|byte| **byte == b'@').count();
            let length = rest.iter().skip(signs).take_while(|byte| is_inner(**byte)).count();
            (Token::Variable(signs, text(rest, signs, signs + length)), signs + length)
        }
        _ if is_inner(first) => {
            let length = rest.iter().take_while(|byte| is_inner(**byte)).count();
            (Token::Word(text(rest, 0, length), false), length)
        }
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
            Some(symbol) => (Token::Symbol(symbol), symbol.len()),
            None => (Token::Wrong, 1),
        },
    }
}

/// Whether a byte may stand in a name; `#` begins those of temporary tables.
fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'@') || 0x80 <= byte
}

fn text(rest: &[u8], from: usize, to: usize) -> String {
    String::from_utf8_lossy(rest.get(from..to).unwrap_or_default()).into_owned()
}

/// A word up to the quote `end`, which stands for itself when it comes twice; and its length with quotes.
fn quoted(rest: &[u8], end: u8) -> Option<(Vec<u8>, usize)> {
    let (mut out, mut at) = (Vec::new(), 1);
    loop {
        let byte = *rest.get(at)?;
        if byte != end {
            out.push(byte);
            at += 1;
        } else if rest.get(at + 1) == Some(&end) {
            out.push(end);
            at += 2;
        } else {
            return Some((out, at + 1));
        }
    }
}

fn number(rest: &[u8]) -> (Token, usize) {
    let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if rest.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let count = digits(end + 1 + sign);
        if 0 < count {
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
    fn names_and_texts_have_their_own_quotes() {
        let found: Vec<Token> =
            tokens("select [a b]]c].\"d\" + N'it''s \\' /* a /* b */ c */ @@version, #t, 0x41")
                .into_iter()
                .map(|placed| placed.token)
                .collect();
        assert_eq!(
            found,
            [
                Token::Word("select".into(), false),
                Token::Word("a b]c".into(), true),
                Token::Symbol("."),
                Token::Word("d".into(), true),
                Token::Symbol("+"),
                Token::Text(b"it's \\".to_vec()),
                Token::Variable(2, "version".into()),
                Token::Symbol(","),
                Token::Word("#t".into(), false),
                Token::Symbol(","),
                Token::Bytes(b"A".to_vec()),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            tokens(&text);
        }
    }
}
