//! Finite groups for Diffie-Hellman.

use crate::crypto::random_array;
use num_bigint_dig::BigUint;

/// Fixed groups and moduli, one a line.
const TABLE: &str = include_str!("moduli.txt");

/// Smallest and largest group of a group exchange, as OpenSSH bounds them since 7.2.
pub(crate) const SIZE_MIN: u32 = 2048;
/// See [`SIZE_MIN`].
pub(crate) const SIZE_MAX: u32 = 8192;

/// A group with a safe prime.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Modulus.
    pub(crate) prime: BigUint,
    /// Generator.
    pub(crate) generator: BigUint,
}

impl Group {
    /// A fixed group: `group1`, `group14`, `group16`, `group18`.
    pub(crate) fn named(name: &str) -> Option<Group> {
        rows().find(|row| row.0 == name).and_then(Group::from_row)
    }

    /// A group for an exchange that asks for `wanted` bits between `low` and `high`: any of the size that
    /// OpenSSH's `choose_dh` settles on, which is the smallest above what is wanted, or else the largest.
    pub(crate) fn of_size(low: u32, wanted: u32, high: u32) -> Option<Group> {
        let sizes = || rows().filter_map(|row| Some((row.0.parse::<u32>().ok()?, row)));
        let allowed = || sizes().filter(|(size, _)| (low..=high).contains(size));
        let best = allowed()
            .map(|(size, _)| size)
            .filter(|size| wanted <= *size)
            .min()
            .or_else(|| allowed().map(|(size, _)| size).max())?;
        let count = allowed().filter(|(size, _)| *size == best).count();
        let pick = usize::from(u16::from_be_bytes(random_array())).checked_rem(count)?;
        allowed().filter(|(size, _)| *size == best).nth(pick).and_then(|(_, row)| Group::from_row(row))
    }

    fn from_row((_, generator, prime): (&str, &str, &str)) -> Option<Group> {
        Some(Group {
            prime: BigUint::parse_bytes(prime.as_bytes(), 16)?,
            generator: BigUint::parse_bytes(generator.as_bytes(), 10)?,
        })
    }
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_the_asked_size_is_found() {
        for (low, wanted, high, bits) in [
            (2048, 2048, 8192, 2048),
            (2048, 3000, 8192, 3072),
            (2048, 8192, 8192, 8192),
            (2048, 8192, 4096, 4096),
        ] {
            assert_eq!(Group::of_size(low, wanted, high).unwrap().prime.bits(), bits);
        }
        assert!(Group::of_size(2049, 2050, 2060).is_none());
    }

    #[test]
    fn the_fixed_groups_have_their_sizes() {
        for (name, bits) in [("group1", 1024), ("group14", 2048), ("group16", 4096), ("group18", 8192)] {
            assert_eq!(Group::named(name).unwrap().prime.bits(), bits);
        }
    }
}
