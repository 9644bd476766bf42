//! Words of a statement, with their places.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name or keyword as written; `true`: it was quoted.
    Word(String, bool),
    /// A string, its escapes resolved.
    Text(Vec<u8>),
    /// A hexadecimal or binary literal.
    Bytes(Vec<u8>),
    /// A number as written.
    Number(String),
    /// `@name` (one) or `@@name` (two).
    Variable(usize, String),
    /// An operator or mark.
    Symbol(&'static str),
    /// A place for a parameter.
    Parameter,
    /// A place for the parameter of that number, from 1.
    Numbered(usize),
    /// Something that cannot begin a word.
    Wrong,
}

/// A word and the place of its first byte.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub token: Token,
    pub at: usize,
    /// Place behind its last byte.
    pub end: usize,
}

const SYMBOLS: &[&str] = &[
    "<=>", "<<", ">>", "<=", ">=", "<>", "!=", ":=", "&&", "||", "->>", "->", "(", ")", ",", ".", ";", "+",
    "-", "*", "/", "%", "=", "<", ">", "!", "~", "^", "&", "|",
];

/// The words of `source`; version comments (`/*!50000 … */`) are part of the statement.
pub(crate) fn tokens(source: &str) -> Vec<Placed> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut versioned) = (0, false);
    while let Some(&first) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if versioned && rest.starts_with(b"*/") {
            versioned = false;
            at += 2;
            continue;
        }
        if rest.starts_with(b"/*!") {
            versioned = true;
            at += 3 + rest.iter().skip(3).take_while(|byte| byte.is_ascii_digit()).count();
            continue;
        }
        if let Some(length) = comment(rest) {
            at += length;
            continue;
        }
        let (token, length) = one(rest);
        found.push(Placed { token, at, end: at + length.max(1) });
        at += length.max(1);
    }
    found
}

/// Length of the comment that `rest` begins with.
fn comment(rest: &[u8]) -> Option<usize> {
    let line = rest.starts_with(b"#")
        || (rest.starts_with(b"--") && rest.get(2).is_none_or(|byte| byte.is_ascii_whitespace()));
    if line {
        return Some(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        let end = rest.windows(2).skip(2).position(|pair| pair == b"*/");
        return Some(end.map_or(rest.len(), |at| at + 4));
    }
    None
}

fn one(rest: &[u8]) -> (Token, usize) {
    let first = rest.first().copied().unwrap_or_default();
    let second = rest.get(1).copied().unwrap_or_default();
    match (first, second) {
        (b'\'' | b'"', _) => {
            quoted(rest, first).map_or((Token::Wrong, rest.len()), |(text, n)| (Token::Text(text), n))
        }
        (b'`', _) => quoted(rest, b'`').map_or((Token::Wrong, rest.len()), |(name, length)| {
            (Token::Word(String::from_utf8_lossy(&name).into_owned(), true), length)
        }),
        (b'?', _) => (Token::Parameter, 1),
        (b'0', b'x') => hexadecimal(rest, 2, false),
        (b'x' | b'X', b'\'') => hexadecimal(rest, 2, true),
        (b'b' | b'B', b'\'') => binary(rest, 2, true),
        (b'0', b'b') => binary(rest, 2, false),
        (b'n' | b'N', b'\'') => {
            let found = quoted(rest.get(1..).unwrap_or_default(), b'\'');
            found.map_or((Token::Wrong, rest.len()), |(text, n)| (Token::Text(text), n + 1))
        }
        (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => number(rest),
        (b'@', _) => variable(rest),
        _ if named(first) => {
            let length = rest.iter().take_while(|byte| named(**byte) || byte.is_ascii_digit()).count();
            (Token::Word(text(rest, 0, length), false), length)
        }
        _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
            Some(symbol) => (Token::Symbol(symbol), symbol.len()),
            None => (Token::Wrong, 1),
        },
    }
}

fn named(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

fn text(rest: &[u8], from: usize, to: usize) -> String {
    String::from_utf8_lossy(rest.get(from..to).unwrap_or_default()).into_owned()
}

/// A quoted word: its bytes, and its length with quotes.
fn quoted(rest: &[u8], quote: u8) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut at = 1;
    loop {
        let byte = *rest.get(at)?;
        let next = rest.get(at + 1).copied();
        if byte == quote {
            if next != Some(quote) {
                return Some((out, at + 1));
            }
            out.push(quote);
            at += 2;
        } else if byte == b'\\' && quote != b'`' {
            match next? {
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b't' => out.push(b'\t'),
                b'0' => out.push(0),
                b'b' => out.push(8),
                b'Z' => out.push(26),
                // For LIKE, which sees the backslash.
                wild @ (b'%' | b'_') => out.extend([b'\\', wild]),
                other => out.push(other),
            }
            at += 2;
        } else {
            out.push(byte);
            at += 1;
        }
    }
}

fn hexadecimal(rest: &[u8], from: usize, closed: bool) -> (Token, usize) {
    let count = rest.iter().skip(from).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let digits = text(rest, from, from + count);
    let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
    let end = from + count + usize::from(closed);
    let ended = !closed || rest.get(from + count) == Some(&b'\'');
    match hex::decode(padded) {
        Ok(bytes) if ended && (count > 0 || closed) => (Token::Bytes(bytes), end),
        _ => (Token::Wrong, end),
    }
}

fn binary(rest: &[u8], from: usize, closed: bool) -> (Token, usize) {
    let count = rest.iter().skip(from).take_while(|byte| matches!(byte, b'0' | b'1')).count();
    let value = u64::from_str_radix(&text(rest, from, from + count), 2).unwrap_or(0).to_be_bytes();
    let skipped = value.iter().take(7).take_while(|byte| **byte == 0).count();
    (Token::Bytes(value.get(skipped..).unwrap_or_default().to_vec()), from + count + usize::from(closed))
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
    // A name may begin with digits.
    let tail = rest.iter().skip(end).take_while(|byte| named(**byte) || byte.is_ascii_digit()).count();
    if tail > 0 && rest.iter().take(end).all(u8::is_ascii_digit) {
        return (Token::Word(text(rest, 0, end + tail), false), end + tail);
    }
    (Token::Number(text(rest, 0, end)), end)
}

fn variable(rest: &[u8]) -> (Token, usize) {
    let signs = rest.iter().take(2).take_while(|byte| **byte == b'@').count();
    let quoted_name = rest.get(signs..).filter(|rest| matches!(rest.first(), Some(b'`' | b'\'' | b'"')));
    if let Some((name, length)) = quoted_name.and_then(|rest| quoted(rest, *rest.first()?)) {
        return (Token::Variable(signs, String::from_utf8_lossy(&name).into_owned()), signs + length);
    }
    let fits = |byte: &&u8| named(**byte) || byte.is_ascii_digit() || **byte == b'.';
    let length = rest.iter().skip(signs).take_while(fits).count();
    (Token::Variable(signs, text(rest, signs, signs + length)), signs + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_intruders_are_told_apart() {
        let found: Vec<Token> = tokens("/*!50000select*/ 0x41,'a\\'b''c' -- x\n`t 1`.5e3 @@global.a")
            .into_iter()
            .map(|placed| placed.token)
            .collect();
        assert_eq!(
            found,
            [
                Token::Word("select".into(), false),
                Token::Bytes(b"A".to_vec()),
                Token::Symbol(","),
                Token::Text(b"a'b'c".to_vec()),
                Token::Word("t 1".into(), true),
                Token::Number(".5e3".into()),
                Token::Variable(2, "global.a".into()),
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
