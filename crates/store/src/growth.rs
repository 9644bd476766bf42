//! What bounds each table: the one place that says so, and the deleting of what nothing else deletes.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    schema::Table,
};

/// Whether a table can grow for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It has a fixed number of rows, or one for each thing of a short list.
    Fixed,
    /// As many rows as operators make.
    Operators,
    /// A row for each different thing that was seen. It is what the installation is there for, and stays.
    Evidence,
    /// The oldest rows go.
    Bounded,
}

impl Growth {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Operators => "operators",
            Self::Evidence => "evidence",
            Self::Bounded => "bounded",
        }
    }
}

use Growth::{Bounded, Evidence, Fixed, Operators};

/// Each table, those before that others refer to; how it grows, and what bounds it.
pub(crate) const RULES: &[(&Table, Growth, &str)] = &[
    (&crate::position::LOG_POSITION, Fixed, "one row"),
    (&crate::lease::LEASES, Fixed, "a row for each worker"),
    (&crate::projection::CURSORS, Fixed, "a row for each view"),
    (&crate::ingest::writer::WRITERS, Bounded, "the 65,536 that wrote last"),
    (&crate::ingest::writer::GAPS, Bounded, "1,024 of a writer, and they go with it"),
    (
        &crate::event::EVENTS,
        Bounded,
        "events.store-days, store-events, store-bytes, store-kinds; evidence stays",
    ),
    (&crate::stats::TALLIES, Fixed, "a row for each decky, service and kind of event"),
    (&crate::retire::HOLDINGS, Fixed, "a row for each kind of event"),
    (&crate::retire::RETIRED, Fixed, "a row for each kind of event"),
    (&crate::session::SESSIONS, Evidence, "a row for each session"),
    (&crate::credential::CREDENTIALS, Evidence, "a row for each secret, source and service"),
    (&crate::artefact::ARTEFACTS, Evidence, "a row for each hash; the contents have events.artifact-bytes"),
    (&crate::artefact::SIGHTINGS, Evidence, "a row for each event that named a content"),
    (&crate::attacker::ATTACKERS, Evidence, "a row for each address"),
    (&crate::attacker::CONTACTS, Evidence, "a row for each address and decky"),
    (&crate::attacker::TRAVERSALS, Evidence, "a row for each address that went from decky to decky"),
    (&crate::timeline::TIMELINE, Bounded, "minutes for 7 days; of hours and days, one row for each stays"),
    (&crate::ranking::RANKINGS, Bounded, "days for 400 days, and one sum for ever"),
    (&crate::incident::INCIDENTS, Evidence, "a row for each incident"),
    (&crate::incident::SOURCES, Evidence, "a row for each address of an incident"),
    (&crate::incident::CONTACTS, Evidence, "a row for each decky of an incident"),
    (&crate::incident::TIES, Evidence, "a row for each two incidents that belong together"),
    (&crate::incident::projection::MARKS, Bounded, "twice the time after which an incident is over"),
    (&crate::incident::work::WORK, Operators, "a row for each incident that somebody worked on"),
    (&crate::incident::work::NOTES, Operators, "a row for each deed of an analyst"),
    (&crate::alert::RULES, Operators, "a row for each rule"),
    (&crate::alert::MUTES, Operators, "a row for each that has not ended"),
    (&crate::alert::DELIVERIES, Bounded, "90 days after it ended"),
    (&crate::technique::HITS, Evidence, "a row for each address and technique"),
    (&crate::canary::CANARIES, Operators, "a row for each canary"),
    (&crate::canary::CONTENTS, Operators, "a row for each canary"),
    (&crate::canary::SECRETS, Operators, "a row for each secret of a canary"),
    (&crate::canary::HITS, Evidence, "a row for each use"),
    (&crate::sensor::FINGERPRINTS, Evidence, "a row for each address and what it can be recognised by"),
    (&crate::sensor::PROBED, Evidence, "a row for each address that was asked"),
    (&crate::profile::PROFILES, Evidence, "a row for each address"),
    (&crate::reuse::REUSE, Evidence, "a row for each secret that was offered twice"),
    (&crate::enrichment::ENRICHMENTS, Evidence, "a row for each address"),
    (&crate::enrichment::REPUTATIONS, Evidence, "a row for each address and provider"),
    (&crate::enrichment::FILE_REPUTATIONS, Evidence, "a row for each hash that was asked about"),
    (&crate::enrichment::FILES, Fixed, "a row for each file of the folder intel"),
    (&crate::enrichment::PROVIDERS, Fixed, "a row for each provider"),
    (&crate::cluster::MEMBERS, Evidence, "a row for each address or identity"),
    (&crate::cluster::LINKS, Evidence, "the strongest links of each member"),
    (&crate::cluster::decision::DECISIONS, Operators, "a row for each decision"),
    (&crate::fleet::DECKIES, Operators, "a row for each decky"),
    (&crate::mutation::MUTATIONS, Bounded, "400 days"),
    (&crate::people::POOLS, Operators, "a row for each domain"),
    (&crate::people::LETTERS, Bounded, "77 days after it was sent"),
    (&crate::people::PHRASINGS, Bounded, "77 days"),
    (&crate::life::ROUTINES, Operators, "a row for each decky"),
    (&crate::life::DEEDS, Bounded, "14 days"),
    (&crate::topology::TOPOLOGIES, Operators, "a row for each network"),
    (&crate::topology::EVENTS, Operators, "a row for each change of state; they go with their network"),
    (
        &crate::topology::CHANGES,
        Operators,
        "a row for each change that was asked for; they go with their network",
    ),
    (&crate::setting::SETTINGS, Fixed, "a row for each name"),
    (&crate::user::USERS, Operators, "a row for each user"),
    (&crate::user::TOKENS, Bounded, "logins that have not expired"),
    (&crate::access::LINKS, Bounded, "links that have not expired"),
    (&crate::access::API_TOKENS, Operators, "a row for each token"),
    (&crate::access::AUDIT, Bounded, "a row for each change; of those that were refused, the last 10,000"),
    (&crate::operation::OPERATIONS, Bounded, "the last 1,000"),
    (&crate::swarm::HOSTS, Operators, "a row for each host"),
    (&crate::swarm::REPORTS, Operators, "a row for each host"),
    (&crate::swarm::CERTIFICATES, Operators, "a row for each certificate of a host"),
    (&crate::swarm::TOKENS, Bounded, "30 days after it was made"),
    (&crate::update::UPDATES, Bounded, "400 days after it ended"),
];

/// How a table grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub table: &'static str,
    /// How.
    pub growth: Growth,
    /// What bounds it.
    pub bound: &'static str,
}

/// How each table grows, in the order of the schema.
pub fn growth() -> impl Iterator<Item = Rule> {
    RULES.iter().map(|(table, growth, bound)| Rule { table: table.name, growth: *growth, bound })
}

/// How many rows stay of what nobody but an intruder makes many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Writers of lines; each start of a process is one.
    pub writers: u32,
    /// Requests that were refused, in the audit log.
    pub refused: u32,
}

impl Default for Most {
    fn default() -> Self {
        Most { writers: 65_536, refused: 10_000 }
    }
}

impl Store {
    /// Deletes what is more than `most` allows, the oldest first; says how many rows.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over, [`Error::Query`] when the database fails.
    pub async fn trim(&self, fence: &Fence, most: Most) -> Result<u64, Error> {
        transaction!(self, "delete what is too much", tx => {
            fence.check(&mut tx).await?;
            Ok(writers(&mut tx, most.writers).await? + refused(&mut tx, most.refused).await?)
        })
    }
}

/// A writer that is forgotten writes no more: one that did would begin anew with a gap.
async fn writers(tx: &mut Tx, most: u32) -> Result<u64, Error> {
    let what = "forget old writers";
    let sql = "SELECT last_at FROM writers ORDER BY last_at DESC LIMIT 1 OFFSET ?";
    let Some(mut cells) = tx.row(Statement::new(what, sql).bind(i64::from(most))).await? else {
        return Ok(0);
    };
    let last = cells.int()?;
    let sql = "DELETE FROM gaps WHERE w IN (SELECT w FROM writers WHERE last_at <= ?)";
    let gaps = tx.execute(Statement::new(what, sql).bind(last)).await?;
    Ok(gaps + tx.execute(Statement::new(what, "DELETE FROM writers WHERE last_at <= ?").bind(last)).await?)
}

/// What was done stays; attempts that came to nothing, of which anybody can make as many as he likes, do not all.
async fn refused(tx: &mut Tx, most: u32) -> Result<u64, Error> {
    let what = "forget old refusals";
    let sql = "SELECT id FROM audit_log WHERE outcome >= 400 ORDER BY id DESC LIMIT 1 OFFSET ?";
    let Some(mut cells) = tx.row(Statement::new(what, sql).bind(i64::from(most))).await? else {
        return Ok(0);
    };
    let sql = "DELETE FROM audit_log WHERE outcome >= 400 AND id <= ?";
    tx.execute(Statement::new(what, sql).bind(cells.int()?)).await
}
