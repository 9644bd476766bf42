//! The people of a domain: who there is, how each works and writes, and whom he writes to. One pool for each domain of
//! a fleet: directories, mailboxes and mails tell of the same people.

mod check;
mod derive;
mod project;

pub use check::check;
pub use derive::{derive, extend};
pub use project::{Project, file_host, files, folder, projects};

use netsvc_persona::Colleague;
use serde::{Deserialize, Serialize};

/// Version of the document that this code writes.
pub const POOL_VERSION: u32 = 1;
/// Services whose mailboxes hold letters.
pub const MAILBOXES: [&str; 2] = ["imap", "pop3"];
/// Most people of a domain.
pub const MOST: usize = 100;

macro_rules! words {
    ($(#[doc = $about:literal])+ $type:ident { $(#[doc = $one:literal] $variant:ident = $name:literal;)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type { $(#[doc = $one] #[serde(rename = $name)] $variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Name in documents.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }
        }
    };
}

words! {
    /// A language that people write in.
    Language {
        /// English.
        English = "en";
        /// German.
        German = "de";
        /// French.
        French = "fr";
    }
}

words! {
    /// How somebody writes.
    Style {
        /// What is needed and no more.
        Brief = "brief";
        /// As most do.
        Plain = "plain";
        /// With a word about other things.
        Warm = "warm";
    }
}

/// Hours of the day in which somebody works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    /// First minute of the day.
    pub from: u16,
    /// Minute of the day after the last one.
    pub to: u16,
}

/// Hours that are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} are no hours: write them as 08:30-17:00, at least an hour, within one day")]
pub struct BadHours(String);

impl TryFrom<String> for Hours {
    type Error = BadHours;

    fn try_from(text: String) -> Result<Self, BadHours> {
        let minute = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let read = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match read {
            Some((from, to)) if from + 60 <= to => Ok(Hours { from, to }),
            _ => Err(BadHours(text)),
        }
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> String {
        let Hours { from, to } = hours;
        format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
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
    /// Language that he writes in with those who share it; with others he writes English.
    pub language: Language,
    /// When he works, from Monday to Friday.
    pub hours: Hours,
    /// How he writes.
    pub style: Style,
    /// Login names of those to whom he writes.
    #[serde(default)]
    pub writes_to: Vec<String>,
}

/// The people of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Version of the document.
    pub version: u32,
    /// The domain.
    pub domain: String,
    /// Minutes east of UTC where they work.
    pub zone_minutes: i32,
    /// They.
    pub people: Vec<Person>,
}

impl Person {
    /// Full name.
    pub fn full(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// What machines know of him.
    pub fn colleague(&self) -> Colleague {
        Colleague {
            account: self.account.clone(),
            given: self.given.clone(),
            family: self.family.clone(),
            mail: self.mail.clone(),
            department: self.department.clone(),
            title: self.title.clone(),
        }
    }
}

impl Pool {
    /// Who logs in as `account`.
    pub fn person(&self, account: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.account == account)
    }

    /// What machines know of them.
    pub fn colleagues(&self) -> Vec<Colleague> {
        self.people.iter().map(Person::colleague).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_are_written() {
        for (text, read) in [
            ("08:30-17:00", Some((510, 1020))),
            ("0:00-23:59", Some((0, 1439))),
            ("17:00-08:30", None),
            ("08:30-09:00", None),
            ("08:30", None),
            ("24:00-25:00", None),
            ("a-b", None),
            ("", None),
        ] {
            let hours = Hours::try_from(text.to_owned());
            assert_eq!(hours.as_ref().ok().map(|hours| (hours.from, hours.to)), read, "{text}");
            if let Ok(hours) = hours {
                assert_eq!(Hours::try_from(String::from(hours)).unwrap(), hours);
            }
        }
    }
}
