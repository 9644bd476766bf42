//! Whom the prober may touch: nobody whom the operator has not named.

use decnet_model::{alert::Addresses, probe};
use std::net::IpAddr;

/// Whom it may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only these; empty: nobody.
    pub ranges: Vec<Addresses>,
    /// And of them never these.
    pub never: Vec<Addresses>,
}

/// Why an address is not touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// The prober is off.
    Off,
    /// No range has it.
    NotNamed,
    /// It is excepted.
    Excepted,
    /// It is one of our own.
    Own,
    /// It is no single host's.
    NoHost,
    /// It has never completed a handshake, so whoever spoke in its name may be somebody else.
    Unproved,
}

impl Outside {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Outside::Off => "the prober is off: probe.ranges names nobody",
            Outside::NotNamed => "no range of probe.ranges has it",
            Outside::Excepted => "probe.never has it",
            Outside::Own => "it is one of our own",
            Outside::NoHost => "it is no single host's address",
            Outside::Unproved => "it has connected nowhere over TCP, so somebody else may have used its name",
        }
    }
}

impl Scope {
    /// Whether anybody may be touched.
    pub fn is_off(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether `address` may be touched; `own` are our own, and those that we live by.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, address: IpAddr, own: &[IpAddr]) -> Result<(), Outside> {
        let address = address.to_canonical();
        let no_host = match address {
            IpAddr::V4(four) => four.is_unspecified() || four.is_broadcast() || four.is_multicast(),
            IpAddr::V6(six) => six.is_unspecified() || six.is_multicast(),
        };
        match () {
            () if self.is_off() => Err(Outside::Off),
            () if no_host => Err(Outside::NoHost),
            () if probe::is_own(address) || own.contains(&address) => Err(Outside::Own),
            () if self.never.iter().any(|range| range.has(address)) => Err(Outside::Excepted),
            () if !self.ranges.iter().any(|range| range.has(address)) => Err(Outside::NotNamed),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_touched_who_is_not_named() {
        let ranges =
            |text: &[&str]| text.iter().map(|text| text.parse().unwrap()).collect::<Vec<Addresses>>();
        let scope =
            Scope { ranges: ranges(&["192.0.2.0/24", "2001:db8::/32"]), never: ranges(&["192.0.2.7"]) };
        let own = ["192.0.2.9".parse().unwrap()];
        for (address, expected) in [
            ("192.0.2.1", Ok(())),
            ("::ffff:192.0.2.1", Ok(())),
            ("2001:db8::1", Ok(())),
            ("192.0.2.7", Err(Outside::Excepted)),
            ("::ffff:192.0.2.7", Err(Outside::Excepted)),
            ("192.0.2.9", Err(Outside::Own)),
            ("192.0.3.1", Err(Outside::NotNamed)),
            ("127.255.0.1", Err(Outside::Own)),
            ("224.0.0.1", Err(Outside::NoHost)),
        ] {
            assert_eq!(scope.admits(address.parse().unwrap(), &own), expected, "{address}");
        }
        let everybody = Scope { ranges: ranges(&["0.0.0.0/0"]), never: Vec::new() };
        assert_eq!(everybody.admits("255.255.255.255".parse().unwrap(), &[]), Err(Outside::NoHost));
        assert_eq!(Scope::default().admits("192.0.2.1".parse().unwrap(), &[]), Err(Outside::Off));
    }
}
