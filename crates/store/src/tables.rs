//! All tables.

#[cfg(test)]
mod tests;

use crate::schema::Table;

/// Every table, those before that others refer to.
pub(crate) const TABLES: &[&Table] = &[
    &crate::position::LOG_POSITION,
    &crate::lease::LEASES,
    &crate::projection::CURSORS,
    &crate::ingest::writer::WRITERS,
    &crate::ingest::writer::GAPS,
    &crate::event::EVENTS,
    &crate::stats::TALLIES,
    &crate::retire::HOLDINGS,
    &crate::retire::RETIRED,
    &crate::session::SESSIONS,
    &crate::credential::CREDENTIALS,
    &crate::artefact::ARTEFACTS,
    &crate::artefact::SIGHTINGS,
    &crate::attacker::ATTACKERS,
    &crate::attacker::CONTACTS,
    &crate::attacker::TRAVERSALS,
    &crate::timeline::TIMELINE,
    &crate::ranking::RANKINGS,
    &crate::incident::INCIDENTS,
    &crate::incident::SOURCES,
    &crate::incident::CONTACTS,
    &crate::incident::TIES,
    &crate::incident::projection::MARKS,
    &crate::incident::work::WORK,
    &crate::incident::work::NOTES,
    &crate::alert::RULES,
    &crate::alert::MUTES,
    &crate::alert::DELIVERIES,
    &crate::technique::HITS,
    &crate::fleet::DECKIES,
    &crate::mutation::MUTATIONS,
    &crate::setting::SETTINGS,
    &crate::user::USERS,
    &crate::user::TOKENS,
    &crate::access::LINKS,
    &crate::access::API_TOKENS,
    &crate::access::AUDIT,
    &crate::operation::OPERATIONS,
    &crate::swarm::HOSTS,
    &crate::swarm::REPORTS,
    &crate::swarm::CERTIFICATES,
    &crate::swarm::TOKENS,
];
