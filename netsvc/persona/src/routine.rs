//! What people and the system do on a node, day after day: who logs in from where, what he types and changes, which
//! jobs run, which pages colleagues ask for.
//!
//! All of it is a function of the [`Routine`], a day and nothing else. Whoever asks for a part of a day gets that part
//! of the whole, whenever he asks and wherever: nothing is stored, a restart changes nothing, and logs, histories and
//! files that are made of the same day tell of the same things. A login from one node to another is a [`Way`] with one
//! key at both ends, so both ends tell of it.

mod hours;
mod jobs;
mod plan;
mod texts;
mod typed;

pub use hours::{civil, day_of, is_free};
pub use jobs::Job;
pub use plan::{between, day, sessions, shared};

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// µs of a minute.
pub const MINUTE: i64 = 60_000_000;
/// µs of a day.
pub const DAY: i64 = 86_400_000_000;
/// Most days that are looked at together.
pub const DAYS: i64 = 93;
/// Most logins of a day by one way.
const VISITS: u32 = 6;

/// What is done on a node, day after day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routine {
    /// What everything that is the node's alone is drawn from, hex.
    pub key: Secret,
    /// What the machine is for: what people do there, and what they keep.
    pub duty: Duty,
    /// How its system runs its jobs.
    pub system: Family,
    /// Unit of the service that people look after.
    pub unit: String,
    /// When people are at work.
    pub hours: Hours,
    /// Minutes east of UTC where they are.
    pub zone_minutes: i32,
    /// Who comes here, and who goes on from here.
    pub ways: Vec<Way>,
    /// Addresses of machines whose people ask its web server for pages.
    pub readers: Vec<IpAddr>,
    /// Pages an hour, of all readers together.
    pub pages: u32,
    /// Folder in which colleagues keep files over the network; empty: there is none.
    pub share: String,
    /// Login name of who owns what is in there.
    pub sharer: String,
}

/// Minutes of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first one.
    pub from: u16,
    /// The one after the last.
    pub to: u16,
}

impl Default for Hours {
    fn default() -> Self {
        Hours { from: 8 * 60, to: 17 * 60 }
    }
}

/// What a machine is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// This and that.
    #[default]
    General,
    /// Pages.
    Web,
    /// Databases.
    Database,
    /// Mail.
    Mail,
    /// Files of a department.
    Files,
    /// Somebody works at it.
    Desk,
}

/// How a system runs its jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Debian and its relatives: cron and timers.
    #[default]
    Debian,
    /// RHEL and its relatives: cronie and timers.
    Redhat,
    /// RHEL before its release 8: cronie, and yum.
    Yum,
    /// Alpine: the cron of `BusyBox`.
    Alpine,
}

/// Somebody who comes to the node, or goes on from it to another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What his times are drawn from, hex; the same at both ends.
    pub key: Secret,
    /// His account on this node.
    pub account: String,
    /// His home here.
    pub home: String,
    /// Where he comes to this node from.
    pub from: IpAddr,
    /// Where he goes on to, as he types it; none: he works here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward: Option<String>,
    /// His hours.
    pub hours: Hours,
    /// Minutes east of UTC where he is.
    pub zone_minutes: i32,
    /// Visits on a hundred working days.
    pub often: u32,
    /// Visits on a hundred days on which nobody works.
    pub weekend: u32,
}

/// Somebody at a terminal, from his login to his logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Login name.
    pub account: String,
    /// His home.
    pub home: String,
    /// Where he comes from.
    pub from: IpAddr,
    /// Port of the connection there.
    pub port: u16,
    /// µs since the epoch.
    pub start: i64,
    /// µs since the epoch.
    pub end: i64,
    /// What he types, in its order.
    pub lines: Vec<Line>,
}

/// A command that somebody types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: i64,
    /// Until when it runs; of most commands that is at once.
    pub until: i64,
    /// As it stands in a history.
    pub text: String,
    /// The working directory.
    pub folder: String,
    /// What `sudo` runs, with its path; empty: it is not asked.
    pub elevated: String,
    /// The file that is changed.
    pub edit: Option<Edit>,
}

/// A line that is added to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// When it is saved.
    pub at: i64,
    /// Login name of the file's owner.
    pub owner: String,
    /// The file.
    pub path: String,
    /// What it begins with when it is new.
    pub head: String,
    /// What is added, with its end.
    pub text: String,
}

/// A page that a colleague asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// When.
    pub at: i64,
    /// Who.
    pub from: IpAddr,
    /// Which.
    pub path: &'static str,
    /// How his browser calls itself.
    pub agent: &'static str,
}

/// A day, or a part of some days: each list in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Who was there.
    pub sessions: Vec<Session>,
    /// What the system did.
    pub jobs: Vec<Job>,
    /// What colleagues read.
    pub fetches: Vec<Fetch>,
    /// What they changed over the network.
    pub shared: Vec<Edit>,
}

impl Routine {
    /// Whether nothing is to be written, as in documents that are older than the field: then nobody says what is done.
    pub fn is_unknown(&self) -> bool {
        *self == Routine::default()
    }
}

#[cfg(test)]
mod tests;
