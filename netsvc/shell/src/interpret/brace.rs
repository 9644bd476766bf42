//! Brace expansion: `{a,b}` and `{1..9}`, before anything else is expanded.

use crate::parse::{Part, Word};

/// Words that one word may become.
const MAX_WORDS: usize = 100_000;

#[derive(Clone, Debug)]
enum Piece {
    Character(char),
    Part(Part),
}

/// The words that `word` stands for.
pub(super) fn expand(word: &Word) -> Vec<Word> {
    let open = word.parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains('{')));
    if !open {
        return vec![word.clone()];
    }
    let pieces: Vec<Piece> = word
        .parts
        .iter()
        .flat_map(|part| match part {
            Part::Literal(text) => text.chars().map(Piece::Character).collect::<Vec<_>>(),
            other => vec![Piece::Part(other.clone())],
        })
        .collect();
    let mut done = Vec::new();
    let mut queue = vec![pieces];
    // Work from the last to the first, so that results come out in order.
    while let Some(pieces) = queue.pop() {
        match first_brace(&pieces) {
            Some(alternatives) if queue.len() + done.len() + alternatives.len() <= MAX_WORDS => {
                queue.extend(alternatives.into_iter().rev());
            }
            _ => done.push(to_word(pieces)),
        }
    }
    done
}

fn to_word(pieces: Vec<Piece>) -> Word {
    let mut parts: Vec<Part> = Vec::new();
    for piece in pieces {
        match (piece, parts.last_mut()) {
            (Piece::Character(character), Some(Part::Literal(text))) => text.push(character),
            (Piece::Character(character), _) => parts.push(Part::Literal(character.to_string())),
            (Piece::Part(part), _) => parts.push(part),
        }
    }
    Word { parts }
}

/// The alternatives of the first brace expression; `None`: there is none.
fn first_brace(pieces: &[Piece]) -> Option<Vec<Vec<Piece>>> {
    let mut from = 0;
    loop {
        let open =
            from + pieces.get(from..)?.iter().position(|piece| matches!(piece, Piece::Character('{')))?;
        if let Some(found) = brace_at(pieces, open) {
            return Some(found);
        }
        from = open + 1;
    }
}

fn brace_at(pieces: &[Piece], open: usize) -> Option<Vec<Vec<Piece>>> {
    let mut depth = 0;
    let mut commas = Vec::new();
    let mut close = None;
    for (index, piece) in pieces.iter().enumerate().skip(open) {
        match piece {
            Piece::Character('{') => depth += 1,
            Piece::Character('}') => {
                depth -= 1;
                if depth == 0 {
                    close = Some(index);
                    break;
                }
            }
            Piece::Character(',') if depth == 1 => commas.push(index),
            _ => {}
        }
    }
    let close = close?;
    let before = pieces.get(..open)?;
    let after = pieces.get(close + 1..)?;
    let around = |middle: &[Piece]| [before, middle, after].concat();
    if commas.is_empty() {
        let text: String = pieces
            .get(open + 1..close)?
            .iter()
            .map(|piece| if let Piece::Character(character) = piece { Some(*character) } else { None })
            .collect::<Option<String>>()?;
        let values = sequence(&text)?;
        return Some(
            values
                .iter()
                .map(|value| around(&value.chars().map(Piece::Character).collect::<Vec<_>>()))
                .collect(),
        );
    }
    let mut start = open + 1;
    let mut out = Vec::new();
    for end in commas.into_iter().chain([close]) {
        out.push(around(pieces.get(start..end)?));
        start = end + 1;
    }
    Some(out)
}

/// Values of `1..9`, `01..10`, `a..f`, `9..1..2`.
fn sequence(text: &str) -> Option<Vec<String>> {
    let mut parts = text.split("..");
    let (start, end, step) = (parts.next()?, parts.next()?, parts.next().unwrap_or("1"));
    if parts.next().is_some() {
        return None;
    }
    let step = step.parse::<i64>().ok()?.unsigned_abs().max(1);
    let step = i64::try_from(step).ok()?;
    let single = |text: &str| {
        let mut characters = text.chars();
        characters.next().filter(|first| first.is_ascii_alphabetic() && characters.next().is_none())
    };
    let (low, high, letters) = match (start.parse::<i64>(), end.parse::<i64>()) {
        (Ok(low), Ok(high)) => (low, high, false),
        _ => (i64::from(u32::from(single(start)?)), i64::from(u32::from(single(end)?)), true),
    };
    let padded = [start, end]
        .iter()
        .any(|text| text.trim_start_matches('-').len() > 1 && text.trim_start_matches('-').starts_with('0'));
    let width = if padded { start.len().max(end.len()) } else { 0 };
    let count = usize::try_from(low.abs_diff(high) / step.unsigned_abs() + 1)
        .ok()
        .filter(|count| *count <= MAX_WORDS)?;
    let signed = if low <= high { step } else { -step };
    Some(
        (0..count)
            .map(|index| low + signed * i64::try_from(index).unwrap_or(0))
            .map(|value| match u32::try_from(value).ok().and_then(char::from_u32) {
                Some(letter) if letters => letter.to_string(),
                _ => format!("{value:0width$}"),
            })
            .collect(),
    )
}
