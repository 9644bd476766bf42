//! What really exists: releases, packages, hardware, names. Weights are rough shares in the field.

pub mod appliances;
pub mod camera;
pub mod discovery;
pub mod firewalls;
pub mod hardware;
pub mod people;
pub mod systems;
pub mod upnp;

/// An entry and how often it is found, relative to its neighbours.
pub type Weighted<T> = (u32, T);

/// Picks the entry that `share` (of `u32::MAX`) of all weight lies below: with tables that are ordered by
/// age, the same share gives entries of the same time.
pub fn pick_at<'a, T>(table: impl Iterator<Item = &'a Weighted<T>> + Clone, share: u32) -> Option<&'a T> {
    let total: u64 = table.clone().map(|(weight, _)| u64::from(*weight)).sum();
    let mut left = (total * u64::from(share)) >> 32;
    for (weight, entry) in table {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return Some(entry),
        }
    }
    None
}

/// Picks an entry by weight; `None` only for an empty table.
pub fn pick<T>(table: &[Weighted<T>], random: u64) -> Option<&T> {
    let total: u64 = table.iter().map(|(weight, _)| u64::from(*weight)).sum();
    let mut left = random.checked_rem(total)?;
    for (weight, entry) in table {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return Some(entry),
        }
    }
    None
}
