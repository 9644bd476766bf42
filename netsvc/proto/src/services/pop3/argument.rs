//! A command's words and numbers, and what Dovecot says to numbers that are none.

/// A line's first word, and what stands behind the space after it.
pub(super) fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b' ').and_then(|at| line.split_at_checked(at)) {
        Some((word, rest)) => (word, rest.get(1..).unwrap_or_default()),
        None => (line, &[]),
    }
}

/// A number and what follows it; `what` names it in what is said to one that is none.
///
/// # Errors
/// What is said.
pub(super) fn read<'a>(text: &'a str, what: &str) -> Result<(u32, &'a str), String> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    if digits.is_empty() {
        return Err(format!("Invalid {what}: {text}"));
    }
    match digits.parse() {
        Ok(number) => Ok((number, rest)),
        Err(_) => {
            let capital = if what == "size" { "Size" } else { "Message number" };
            Err(format!("{capital} too large: {text}"))
        }
    }
}

/// The number of a mail; with `more`, something has to follow it after a space, else nothing may.
///
/// # Errors
/// What is said.
pub(super) fn message(text: &str, more: bool) -> Result<(u32, &str), String> {
    let (number, rest) = read(text, "message number")?;
    let fits = if more { rest.starts_with(' ') } else { rest.is_empty() };
    if !fits {
        return Err(format!("Noise after message number: {rest}"));
    }
    Ok((number, rest.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_dovecot_reads_them() {
        assert_eq!(message("01", false), Ok((1, "")));
        assert_eq!(message("1  2", true), Ok((1, "2")));
        assert_eq!(message("1x", false).unwrap_err(), "Noise after message number: x");
        assert_eq!(message("1", true).unwrap_err(), "Noise after message number: ");
        assert_eq!(message("", false).unwrap_err(), "Invalid message number: ");
        assert_eq!(read("4294967296", "size").unwrap_err(), "Size too large: 4294967296");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}") {
            let _ = (message(&text, true), read(&text, "size"));
        }
    }
}
