//! The word that was probably meant.

/// ` (did you mean "x"?)` for the candidate that is at most two letters away, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|candidate| format!(" (did you mean {candidate:?}?)")).unwrap_or_default()
}

/// The candidate that is at most two letters away from `word`, the nearest if there are several.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates
        .into_iter()
        .map(|candidate| {
            // Of two candidates that are equally near, the one with the same first letter was meant.
            let other_start = word.chars().next() != candidate.chars().next();
            (distance(word, candidate), other_start, candidate)
        })
        .filter(|(distance, _, candidate)| *distance <= 2 && *distance < candidate.len())
        .min();
    near.map(|(_, _, candidate)| candidate)
}

/// Levenshtein distance; words longer than 64 bytes are far from everything.
fn distance(left: &str, right: &str) -> usize {
    if 64 < left.len() || 64 < right.len() {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        let mut next = vec![before];
        for (b, &above) in right.chars().zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(a != b)).min(above + 1).min(before + 1);
            diagonal = above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_word_is_proposed() {
        assert_eq!(hint("service", ["services", "seed"]), " (did you mean \"services\"?)");
        assert_eq!(hint("htp", ["ftp", "http"]), " (did you mean \"http\"?)");
        assert_eq!(hint("colour", ["services", "seed"]), "");
        assert_eq!((distance("kitten", "sitting"), distance("", "ab")), (3, 2));
    }
}
