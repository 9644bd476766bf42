//! What operators have done with a worker.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What is to be done with a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It runs, if it does not.
    Start,
    /// It ends, and stays so until it is started or the supervisor is.
    Stop,
    /// It ends and begins anew.
    Restart,
}

impl Action {
    /// All of them.
    pub const ALL: &'static [Action] = &[Action::Start, Action::Stop, Action::Restart];

    /// Verb of the command line, of the interface and of systemctl.
    pub fn name(self) -> &'static str {
        match self {
            Action::Start => "start",
            Action::Stop => "stop",
            Action::Restart => "restart",
        }
    }
}

/// Nothing of the kind can be done with a worker.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is none of start, stop, restart")]
pub struct UnknownAction(pub String);

impl FromStr for Action {
    type Err = UnknownAction;
    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        let found = Action::ALL.iter().copied().find(|action| action.name() == name);
        found.ok_or_else(|| UnknownAction(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_action() {
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(*action));
        }
        assert!("kill".parse::<Action>().is_err());
    }
}
