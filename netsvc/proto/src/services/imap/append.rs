//! APPEND (RFC 3501 §6.3.11) of one or more mails (RFC 3502).

use super::{argument::Argument, change};
use crate::mailbox::Flags;

/// A mail to be put into a folder.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) flags: Flags,
    pub(super) keywords: Vec<String>,
    /// When it came, µs since the epoch, as far as that was said.
    pub(super) received: Option<i64>,
    pub(super) content: Vec<u8>,
}

/// Reads what stands behind the folder's name. `pending`: the content of the last mail is still to come.
///
/// # Errors
/// What Dovecot says.
pub(super) fn read(arguments: &[Argument], pending: bool) -> Result<Vec<Letter>, String> {
    let mut letters = Vec::new();
    let mut rest = arguments;
    while !rest.is_empty() || letters.is_empty() || pending && rest.is_empty() {
        let mut letter =
            Letter { flags: Flags::default(), keywords: Vec::new(), received: None, content: Vec::new() };
        if let Some((Argument::List(list), tail)) = rest.split_first() {
            (letter.flags, letter.keywords) = change::flags(list)?;
            rest = tail;
        }
        if let Some((Argument::Text(text), tail)) = rest.split_first() {
            letter.received = Some(moment(text).ok_or("Invalid internal date")?);
            rest = tail;
        }
        match rest.split_first() {
            Some((Argument::Literal(content), tail)) => {
                letter.content.clone_from(content);
                rest = tail;
            }
            None if pending => {
                letters.push(letter);
                return Ok(letters);
            }
            None if arguments.is_empty() => return Err("Missing message size".to_owned()),
            _ => return Err("Invalid arguments".to_owned()),
        }
        letters.push(letter);
    }
    Ok(letters)
}

/// `05-Mar-2024 10:11:12 +0100` as µs since the epoch.
fn moment(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let mut words = text.split(' ');
    let (date, clock, zone) = (words.next()?, words.next()?, words.next()?);
    let day = super::search::day_of(date)?;
    let mut clock =
        clock.split(':').map(|number| number.parse::<i64>().ok().filter(|number| (0..61).contains(number)));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let zone: i64 = zone.parse().ok().filter(|zone: &i64| zone.abs() < 2400)?;
    let away = zone / 100 * 60 + zone % 100;
    Some((day * 86_400 + hour * 3600 + minute * 60 + second - away * 60) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_moments() {
        assert_eq!(moment(b"05-Mar-2024 10:11:12 +0100"), Some(1_709_629_872_000_000));
        assert_eq!(moment(b" 5-Mar-2024 10:11:12 -0030"), Some(1_709_635_272_000_000));
        assert_eq!(moment(b"bad date"), None);
    }
}
