//! What leaves this installation for other systems: which of it, for how long it is good, and who may be told.

use netsvc_wire::stamp::{DAY, Micros};
use std::{fmt, str::FromStr};

/// How long an address is good for blocking where nobody says otherwise: addresses change hands.
pub const EXPIRES: Micros = 30 * DAY;
/// The longest that can be asked for: a year.
pub const LONGEST_EXPIRY: Micros = 366 * DAY;
/// The shortest: a minute.
pub const SHORTEST_EXPIRY: Micros = 60_000_000;

/// Who may be told: the Traffic Light Protocol, version 2 (FIRST, 2022).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tlp {
    /// Everybody.
    Clear,
    /// The community.
    Green,
    /// The recipient's organisation and its clients.
    #[default]
    Amber,
    /// The recipient's organisation.
    AmberStrict,
    /// Those who are there.
    Red,
}

/// No marking has this name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no marking is called {0:?}; there are clear, green, amber, amber+strict and red")]
pub struct UnknownTlp(pub String);

impl Tlp {
    /// All, from the widest to the narrowest.
    pub const ALL: &'static [Tlp] = &[Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// Its name, as it stands behind `TLP:`, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Tlp::Clear => "clear",
            Tlp::Green => "green",
            Tlp::Amber => "amber",
            Tlp::AmberStrict => "amber+strict",
            Tlp::Red => "red",
        }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Tlp {
    type Err = UnknownTlp;

    fn from_str(text: &str) -> Result<Self, UnknownTlp> {
        let found = Tlp::ALL.iter().copied().find(|tlp| tlp.name() == text);
        found.ok_or_else(|| UnknownTlp(text.chars().take(64).collect()))
    }
}

/// What is to leave; all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Seen at or after this time.
    pub since: Option<Micros>,
    /// At least this risk, 0 to 100.
    pub risk: u64,
    /// Who may be told.
    pub tlp: Tlp,
    /// How long after an address was seen last it is good for blocking, in microseconds.
    pub expires: Micros,
    /// Whether addresses that the internet does not route are for blocking, too.
    pub private: bool,
    /// Whether those who only looked are for blocking, too: what they sent may come of anybody.
    pub scanners: bool,
    /// Whether secrets stand there in the clear.
    pub secrets: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted {
            since: None,
            risk: 0,
            tlp: Tlp::default(),
            expires: EXPIRES,
            private: false,
            scanners: false,
            secrets: false,
        }
    }
}
