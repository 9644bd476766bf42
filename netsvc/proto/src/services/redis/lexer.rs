//! The words of a Lua script.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name that is no keyword.
    Name(String),
    /// A number.
    Number(f64),
    /// A string, its escapes resolved.
    Text(Vec<u8>),
    /// A keyword or an operator.
    Symbol(String),
}

impl Token {
    /// Whether it is the keyword or operator `symbol`.
    pub(super) fn is(&self, symbol: &str) -> bool {
        matches!(self, Token::Symbol(own) if own == symbol)
    }

    /// The word as Lua quotes it in errors.
    pub(super) fn shown(&self) -> String {
        match self {
            Token::Name(text) | Token::Symbol(text) => text.clone(),
            Token::Number(number) => super::reply::double(*number),
            Token::Text(text) => String::from_utf8_lossy(text).into_owned(),
        }
    }
}

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];
const OPERATORS: &[&str] = &[
    "...", "..", "==", "~=", "<=", ">=", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=", "(", ")", "{",
    "}", "[", "]", ";", ":", ",", ".",
];

/// The words of `source`.
///
/// # Errors
/// What Lua says of a character or string that is none.
pub(super) fn tokens(source: &[u8]) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some((&first, after)) = rest.split_first() {
        if first.is_ascii_whitespace() {
            rest = after;
        } else if rest.starts_with(b"--") {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or_default();
        } else if first == b'"' || first == b'\'' {
            let (text, after) = quoted(after, first)?;
            found.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_digit() {
            let length =
                rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'.').count();
            let word = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
            found
                .push(Token::Number(number(&word).ok_or_else(|| format!("malformed number near '{word}'"))?));
            rest = rest.get(length..).unwrap_or_default();
        } else if first.is_ascii_alphabetic() || first == b'_' {
            let length =
                rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            let word = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
            found.push(if KEYWORDS.contains(&word.as_str()) {
                Token::Symbol(word)
            } else {
                Token::Name(word)
            });
            rest = rest.get(length..).unwrap_or_default();
        } else if let Some(symbol) = OPERATORS.iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
            found.push(Token::Symbol((*symbol).to_owned()));
            rest = rest.get(symbol.len()..).unwrap_or_default();
        } else {
            return Err(format!("unexpected symbol near '{}'", char::from(first)));
        }
    }
    Ok(found)
}

fn number(word: &str) -> Option<f64> {
    match word.strip_prefix("0x") {
        #[expect(clippy::cast_precision_loss, reason = "Lua has no other numbers")]
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        None => word.parse().ok(),
    }
}

fn quoted(mut rest: &[u8], quote: u8) -> Result<(Vec<u8>, &[u8]), String> {
    let mut text = Vec::new();
    loop {
        rest = match rest {
            [] => return Err("unfinished string near '<eof>'".to_owned()),
            [b'\n', ..] => {
                let shown = String::from_utf8_lossy(&text).into_owned();
                return Err(format!("unfinished string near '{}{shown}'", char::from(quote)));
            }
            [byte, after @ ..] if *byte == quote => return Ok((text, after)),
            [b'\\', b'n', after @ ..] => {
                text.push(b'\n');
                after
            }
            [b'\\', b'r', after @ ..] => {
                text.push(b'\r');
                after
            }
            [b'\\', b't', after @ ..] => {
                text.push(b'\t');
                after
            }
            [b'\\', digit, ..] if digit.is_ascii_digit() => {
                let digits = rest.iter().skip(1).take(3).take_while(|byte| byte.is_ascii_digit());
                let (value, count) = digits.fold((0_u32, 0), |(value, count), digit| {
                    (value * 10 + u32::from(digit - b'0'), count + 1)
                });
                text.push(u8::try_from(value).unwrap_or(b'?'));
                rest.get(1 + count..).unwrap_or_default()
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                text.push(*byte);
                after
            }
        };
    }
}
