//! What is done on the machines of a fleet day after day: who comes to which from where. The stage shows its traces
//! and the worker `orchestrator` writes it down, both of the same documents ([`netsvc_persona::routine`]).

mod deeds;
mod draw;
mod roles;

pub use deeds::{deeds, preview};
pub use draw::{Member, routines};
pub use roles::{BadRole, LONGEST, Role, known, read, role_of, usual};

use serde::{Deserialize, Serialize};

/// The setting of the store with the [`Switch`].
pub const SWITCH: &str = "orchestrator";
/// The setting of the store with the operator's own table of roles.
pub const ROLES: &str = "orchestrator.roles";
/// The setting of the store with what the routines that are stored were drawn by: switch and table.
pub const BASIS: &str = "orchestrator.basis";
/// The setting of the store with the moment up to which was written down what was done.
pub const WRITTEN: &str = "orchestrator.written";
/// Least and most of [`Switch::rate`].
pub const RATES: std::ops::RangeInclusive<u32> = 10..=400;

/// Whether anything is done, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Whether anything is.
    pub on: bool,
    /// How much, of a hundred.
    pub rate: u32,
}

impl Default for Switch {
    fn default() -> Self {
        Switch { on: true, rate: 100 }
    }
}

impl Switch {
    /// The one that a setting says; without one, or with one that is none, the usual.
    pub fn of(setting: Option<&str>) -> Switch {
        setting.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// As a setting.
    pub fn text(self) -> String {
        format!(r#"{{"on":{},"rate":{}}}"#, self.on, self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_read_as_it_is_written() {
        for switch in [Switch::default(), Switch { on: false, rate: 250 }] {
            assert_eq!(Switch::of(Some(&switch.text())), switch);
        }
        assert_eq!(Switch::of(Some("{")), Switch::default());
        assert_eq!(Switch::of(None), Switch::default());
    }
}
