//! Sets of numbers (RFC 3501 §9, `sequence-set`).

/// Most ranges of a set.
const RANGES: usize = 4096;

/// Ranges, both ends included; `None` is `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sequence(Vec<(Option<u32>, Option<u32>)>);

impl Sequence {
    /// Reads a set; `None` when it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let number = |text: &str| match text {
            "*" => Some(None),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse::<u32>().ok().filter(|number| *number > 0).map(Some)
            }
            _ => None,
        };
        let range = |text: &str| match text.split_once(':') {
            Some((from, to)) => Some((number(from)?, number(to)?)),
            None => number(text).map(|number| (number, number)),
        };
        let ranges: Option<Vec<_>> = text.split(',').take(RANGES + 1).map(range).collect();
        ranges.filter(|ranges| ranges.len() <= RANGES).map(Sequence)
    }

    /// Whether `number` is in it, where `last` is the highest there is.
    pub(super) fn has(&self, number: u32, last: u32) -> bool {
        self.0.iter().any(|(from, to)| {
            let (from, to) = (from.unwrap_or(last), to.unwrap_or(last));
            (from.min(to)..=from.max(to)).contains(&number)
        })
    }

    /// Whether all its numbers are at most `last`, as numbers of mails have to be.
    pub(super) fn is_within(&self, last: u32) -> bool {
        let fits = |end: &Option<u32>| 0 < last && end.is_none_or(|number| number <= last);
        self.0.iter().all(|(from, to)| fits(from) && fits(to))
    }
}

/// Numbers as the shortest set, as answers have them.
pub(super) fn written(numbers: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = numbers;
    while let Some((&first, tail)) = rest.split_first() {
        let more =
            (first.saturating_add(1)..).zip(tail).take_while(|(wanted, number)| wanted == *number).count();
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&first.to_string());
        if let Some(last) = more.checked_sub(1).and_then(|at| tail.get(at)) {
            text.push_str(&format!(":{last}"));
        }
        rest = tail.get(more..).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_and_written() {
        let set = Sequence::read("1,3:2,7:*").unwrap();
        let inside: Vec<u32> = (1..10).filter(|number| set.has(*number, 9)).collect();
        assert_eq!(inside, [1, 2, 3, 7, 8, 9]);
        assert!(set.is_within(9) && !set.is_within(6) && !set.is_within(0));
        assert_eq!(written(&inside), "1:3,7:9");
        for bad in ["", "0", "x", "1:", "1,,2", "-1", "99999999999"] {
            assert_eq!(Sequence::read(bad), None, "{bad}");
        }
    }
}
