//! What is done on the machines of a fleet, and what was: all of it made up, none of it by anybody from outside.

use netsvc_wire::stamp::Micros;

/// What is done on a decky, as it was handed to the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutineRow {
    /// The decky.
    pub node: String,
    /// The routine (`netsvc_persona::routine`), JSON.
    pub document: String,
    /// When it was handed over first.
    pub changed_at: Micros,
}

/// Something that was done on a decky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeDeed {
    /// What tells it from all others.
    pub id: String,
    /// The decky.
    pub node: String,
    /// When.
    pub at: Micros,
    /// What it was.
    pub kind: LifeKind,
    /// Login name of who did it; empty: the system, or somebody without an account.
    pub account: String,
    /// Address that it was done from; empty: none.
    pub source: String,
    /// What it was about.
    pub what: String,
}

/// Kinds of what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeKind {
    /// Somebody logged in.
    Login,
    /// Somebody logged out.
    Logout,
    /// Somebody changed a file of his.
    Edit,
    /// Somebody changed a file over the network.
    Share,
    /// The system did what it does at that time.
    Job,
    /// Colleagues read pages.
    Pages,
}

impl LifeKind {
    /// All kinds.
    pub const ALL: &'static [LifeKind] =
        &[LifeKind::Login, LifeKind::Logout, LifeKind::Edit, LifeKind::Share, LifeKind::Job, LifeKind::Pages];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            LifeKind::Login => "login",
            LifeKind::Logout => "logout",
            LifeKind::Edit => "edit",
            LifeKind::Share => "share",
            LifeKind::Job => "job",
            LifeKind::Pages => "pages",
        }
    }
}

named!(LifeKind);

/// Which deeds are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifeFilter {
    /// On this decky.
    pub node: Option<String>,
    /// Of this kind.
    pub kind: Option<LifeKind>,
    /// Done at or after.
    pub since: Option<Micros>,
}
