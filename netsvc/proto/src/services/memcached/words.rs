//! The words of a command line, as the server cuts and reads them.

/// Words after which the server stops cutting.
const MOST: usize = 24;
/// Longest key, bytes.
pub(super) const KEY: usize = 250;

/// A line cut at its spaces.
#[derive(Debug)]
pub(super) struct Words<'a>(Vec<&'a [u8]>);

impl<'a> Words<'a> {
    pub(super) fn of(line: &'a [u8]) -> Self {
        Words(line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect())
    }

    /// Words that count: the server sees no more of a line at once.
    pub(super) fn len(&self) -> usize {
        self.0.len().min(MOST)
    }

    pub(super) fn at(&self, index: usize) -> &'a [u8] {
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(super) fn last(&self) -> &'a [u8] {
        self.0.last().copied().unwrap_or_default()
    }

    /// All words from `index` on, also those beyond what is cut at once.
    pub(super) fn from(&self, index: usize) -> &[&'a [u8]] {
        self.0.get(index..).unwrap_or_default()
    }
}

/// A whole number without a sign, as `strtoul` of the server takes it.
pub(super) fn unsigned<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A whole number with or without a sign.
pub(super) fn signed(word: &[u8]) -> Option<i32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_cut_however_many() {
        let words = Words::of(b"get  a b ");
        assert_eq!(
            (words.len(), words.at(0), words.at(1), words.last()),
            (3, &b"get"[..], &b"a"[..], &b"b"[..])
        );
        assert_eq!(Words::of(b"").len(), 0);
    }

    #[test]
    fn numbers_are_whole_or_none() {
        assert_eq!(
            (unsigned::<u32>(b"5"), unsigned::<u32>(b"-1"), unsigned::<u32>(b"x")),
            (Some(5), None, None)
        );
        assert_eq!((unsigned::<u32>(b"99999999999"), signed(b"-1"), signed(b"")), (None, Some(-1), None));
    }
}
