//! What is kept of events, and what was deleted.

use netsvc_wire::{Kind, stamp::Micros};
use std::{collections::BTreeMap, str::FromStr};

/// Which events a store keeps, evidence apart, which it always keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Those at or after this time.
    pub before: Micros,
    /// So many in all.
    pub rows: u64,
    /// So many bytes in all.
    pub bytes: u64,
    /// Less than that of some kinds: by MSGID, the time and the bytes.
    pub kinds: BTreeMap<String, (Micros, u64)>,
}

impl Default for Retention {
    /// Everything.
    fn default() -> Self {
        Retention { before: Micros::MIN, rows: u64::MAX, bytes: u64::MAX, kinds: BTreeMap::new() }
    }
}

/// How long and how much of single kinds is kept, as operators write it: `connect=7d, command=30d:500M`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindRetention(BTreeMap<Kind, (Option<u64>, Option<u64>)>);

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not KIND=AGE, KIND=BYTES or KIND=AGE:BYTES, such as connect=7d or command=30d:500M")]
pub struct BadRetention(String);

impl KindRetention {
    /// The limits at `now`.
    pub fn at(&self, now: Micros) -> BTreeMap<String, (Micros, u64)> {
        let limits = |(kind, (seconds, bytes)): (&Kind, &(Option<u64>, Option<u64>))| {
            let age =
                seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000));
            let before = age.map_or(Micros::MIN, |age| now.saturating_sub(age));
            (kind.name().to_owned(), (before, bytes.unwrap_or(u64::MAX)))
        };
        self.0.iter().map(limits).collect()
    }
}

impl FromStr for KindRetention {
    type Err = BadRetention;

    fn from_str(text: &str) -> Result<Self, BadRetention> {
        let mut kinds = BTreeMap::new();
        for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
            let bad = || BadRetention(part.to_owned());
            let (kind, limits) = part.split_once('=').ok_or_else(bad)?;
            let kind = Kind::from_name(kind).ok_or_else(bad)?;
            let (mut age, mut bytes) = (None, None);
            for limit in limits.split(':') {
                let (place, unit) = match limit.chars().last() {
                    Some('m') => (&mut age, 60),
                    Some('h') => (&mut age, 3600),
                    Some('d') => (&mut age, 86_400),
                    Some('K') => (&mut bytes, 1 << 10),
                    Some('M') => (&mut bytes, 1 << 20),
                    Some('G') => (&mut bytes, 1 << 30),
                    _ => return Err(bad()),
                };
                let number: u64 =
                    limit.get(..limit.len() - 1).unwrap_or_default().parse().map_err(|_| bad())?;
                if place.replace(number.checked_mul(unit).ok_or_else(bad)?).is_some() {
                    return Err(bad());
                }
            }
            if kinds.insert(kind, (age, bytes)).is_some() {
                return Err(bad());
            }
        }
        Ok(KindRetention(kinds))
    }
}

/// What a store keeps of one kind of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// MSGID.
    pub kind: String,
    /// How many events.
    pub events: i64,
    /// How many bytes.
    pub bytes: i64,
}

/// Events of one kind that were deleted because they were too old or too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// MSGID.
    pub kind: String,
    /// How many.
    pub events: u64,
    /// Time of the latest.
    pub last_at: Micros,
    /// How many bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_kinds_are_read() {
        let kinds: KindRetention = "connect=7d, command=2h:500M,flood=3K".parse().unwrap();
        let at = kinds.at(8 * 86_400_000_000);
        assert_eq!(at["connect"], (86_400_000_000, u64::MAX));
        assert_eq!(at["command"], (8 * 86_400_000_000 - 7_200_000_000, 500 << 20));
        assert_eq!(at["flood"], (i64::MIN, 3072));
        assert_eq!("".parse(), Ok(KindRetention::default()));
        for bad in [
            "connect",
            "nothing=7d",
            "connect=",
            "connect=7",
            "connect=d",
            "connect=1d:2d",
            "connect=-1d",
            "connect=1d,connect=2d",
            "connect=99999999999999999999G",
            "connect=9999999999999G",
            "connect=7é",
        ] {
            assert!(bad.parse::<KindRetention>().is_err(), "{bad}");
        }
    }
}
