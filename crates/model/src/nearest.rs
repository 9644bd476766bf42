//! The word that was probably meant.

use strsim::osa_distance;

/// ` (did you mean "x"?)` for the candidate that is near enough, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|candidate| format!(" (did you mean {candidate:?}?)")).unwrap_or_default()
}

/// The candidate that is at most two slips away from `word`, one where either is of three letters or fewer; the nearest
/// if there are several. A slip is a letter too many, too few or wrong, or two that changed places. Words
/// longer than 64 bytes are near nothing.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates
        .into_iter()
        .filter(|candidate| word.len() <= 64 && candidate.len() <= 64)
        .map(|candidate| {
            // Of two candidates that are equally near, the one with the same first letter was meant.
            let other_start = word.chars().next() != candidate.chars().next();
            (osa_distance(word, candidate), other_start, candidate)
        })
        .filter(|(distance, _, candidate)| {
            let shorter = word.chars().count().min(candidate.chars().count());
            *distance <= if shorter <= 3 { 1 } else { 2 } && *distance < candidate.len()
        })
        .min();
    near.map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_word_is_proposed() {
        assert_eq!(hint("service", ["services", "seed"]), " (did you mean \"services\"?)");
        assert_eq!(hint("htp", ["ftp", "http"]), " (did you mean \"http\"?)");
        assert_eq!(hint("shs", ["sip", "ssh"]), " (did you mean \"ssh\"?)");
        assert_eq!(hint("shop", ["sip", "ntp"]), "");
        assert_eq!(hint("colour", ["services", "seed"]), "");
    }
}
