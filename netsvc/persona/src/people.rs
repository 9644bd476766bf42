//! The people of an organisation, and what they write to each other.

use serde::{Deserialize, Serialize};

/// Somebody of the organisation that a node belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// Login name.
    pub account: String,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address for mail, without its domain.
    pub mail: String,
    /// Department.
    pub department: String,
    /// Title.
    pub title: String,
}

impl Colleague {
    /// Full name.
    pub fn full(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// Whether `name`, which may have a domain behind it, is how he logs in or where he is written to.
    pub fn is_called(&self, name: &str) -> bool {
        let local = name.split('@').next().unwrap_or_default();
        local.eq_ignore_ascii_case(&self.account) || local.eq_ignore_ascii_case(&self.mail)
    }
}

/// A mail between people of an organisation, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What tells it from all others.
    pub id: String,
    /// Address of who wrote it.
    pub from: String,
    /// When it is sent, µs since the epoch. Before that nobody sees anything of it.
    pub at: i64,
    /// Header and body, with LF.
    pub content: String,
    /// The mailboxes that it lies in.
    pub copies: Vec<LetterCopy>,
}

/// A mail as it lies in somebody's mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterCopy {
    /// Login name of whose mailbox it is.
    pub account: String,
    /// Whether he wrote it; otherwise he got it.
    #[serde(default)]
    pub sent: bool,
    /// When he reads it, µs since the epoch.
    pub seen_at: i64,
    /// When he answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_known_by_login_name_and_address() {
        let anna = Colleague {
            account: "aweber".to_owned(),
            given: "Anna".to_owned(),
            family: "Weber".to_owned(),
            mail: "anna.weber".to_owned(),
            department: "IT".to_owned(),
            title: "Head of IT".to_owned(),
        };
        for (name, known) in
            [("aweber", true), ("Anna.Weber@corp.example", true), ("anna", false), ("", false), ("@x", false)]
        {
            assert_eq!(anna.is_called(name), known, "{name}");
        }
    }
}
