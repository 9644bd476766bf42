//! Brings the schema of an opened database to this release's version.

use crate::{
    database::{Pool, Statement, Tx},
    dialect::Dialect,
    error::Error,
};
use std::collections::BTreeSet;

/// The steps in their order: number, SQLite, MySQL. A published step is never changed.
const STEPS: &[(i64, &str, &str)] = &[
    (
        1,
        include_str!("../migrations/sqlite/0001_first.sql"),
        include_str!("../migrations/mysql/0001_first.sql"),
    ),
    (
        2,
        include_str!("../migrations/sqlite/0002_probe.sql"),
        include_str!("../migrations/mysql/0002_probe.sql"),
    ),
    (
        3,
        include_str!("../migrations/sqlite/0003_retired.sql"),
        include_str!("../migrations/mysql/0003_retired.sql"),
    ),
    (
        4,
        include_str!("../migrations/sqlite/0004_views.sql"),
        include_str!("../migrations/mysql/0004_views.sql"),
    ),
    (
        5,
        include_str!("../migrations/sqlite/0005_access.sql"),
        include_str!("../migrations/mysql/0005_access.sql"),
    ),
    (
        6,
        include_str!("../migrations/sqlite/0006_holdings.sql"),
        include_str!("../migrations/mysql/0006_holdings.sql"),
    ),
    (
        7,
        include_str!("../migrations/sqlite/0007_operations.sql"),
        include_str!("../migrations/mysql/0007_operations.sql"),
    ),
    (
        8,
        include_str!("../migrations/sqlite/0008_incidents.sql"),
        include_str!("../migrations/mysql/0008_incidents.sql"),
    ),
    (
        9,
        include_str!("../migrations/sqlite/0009_alerts.sql"),
        include_str!("../migrations/mysql/0009_alerts.sql"),
    ),
    (
        10,
        include_str!("../migrations/sqlite/0010_mutations.sql"),
        include_str!("../migrations/mysql/0010_mutations.sql"),
    ),
    (
        11,
        include_str!("../migrations/sqlite/0011_techniques.sql"),
        include_str!("../migrations/mysql/0011_techniques.sql"),
    ),
    (
        12,
        include_str!("../migrations/sqlite/0012_intelligence.sql"),
        include_str!("../migrations/mysql/0012_intelligence.sql"),
    ),
    (
        13,
        include_str!("../migrations/sqlite/0013_swarm.sql"),
        include_str!("../migrations/mysql/0013_swarm.sql"),
    ),
    (
        14,
        include_str!("../migrations/sqlite/0014_canaries.sql"),
        include_str!("../migrations/mysql/0014_canaries.sql"),
    ),
    (
        15,
        include_str!("../migrations/sqlite/0015_mute_hours.sql"),
        include_str!("../migrations/mysql/0015_mute_hours.sql"),
    ),
    (
        16,
        include_str!("../migrations/sqlite/0016_enrichment.sql"),
        include_str!("../migrations/mysql/0016_enrichment.sql"),
    ),
    (
        17,
        include_str!("../migrations/sqlite/0017_seen.sql"),
        include_str!("../migrations/mysql/0017_seen.sql"),
    ),
    (
        18,
        include_str!("../migrations/sqlite/0018_unkept.sql"),
        include_str!("../migrations/mysql/0018_unkept.sql"),
    ),
    (
        19,
        include_str!("../migrations/sqlite/0019_people.sql"),
        include_str!("../migrations/mysql/0019_people.sql"),
    ),
    (
        20,
        include_str!("../migrations/sqlite/0020_topologies.sql"),
        include_str!("../migrations/mysql/0020_topologies.sql"),
    ),
    (
        21,
        include_str!("../migrations/sqlite/0021_life.sql"),
        include_str!("../migrations/mysql/0021_life.sql"),
    ),
    (
        22,
        include_str!("../migrations/sqlite/0022_updates.sql"),
        include_str!("../migrations/mysql/0022_updates.sql"),
    ),
    (
        23,
        include_str!("../migrations/sqlite/0023_notes.sql"),
        include_str!("../migrations/mysql/0023_notes.sql"),
    ),
];

/// The version that this release writes.
pub(crate) const KNOWN: i64 = match STEPS.last() {
    Some((version, ..)) => *version,
    None => 0,
};

/// Runs the steps that the database has not seen.
///
/// # Errors
/// [`Error::Newer`] when a newer release has written it, [`Error::Query`] when a step fails.
pub(crate) async fn migrate(pool: &Pool) -> Result<(), Error> {
    let what = "migrate store";
    // Nothing to do is the usual case, and needs no lock: a store that somebody else has locked can be read.
    if whole(pool).await {
        return Ok(());
    }
    let mut tx = pool.begin(what).await?;
    if tx.dialect() == Dialect::MySql {
        // Two processes may open a new database at once; DDL on MySQL is not transactional.
        tx.rows(Statement::new(what, "SELECT GET_LOCK('schema_version', 60)")).await?;
    }
    let outcome = steps(&mut tx).await;
    if tx.dialect() == Dialect::MySql {
        tx.rows(Statement::new(what, "SELECT RELEASE_LOCK('schema_version')")).await?;
    }
    outcome?;
    tx.commit(what).await
}

/// Whether all steps of this release, and none of a newer one, have been run.
async fn whole(pool: &Pool) -> bool {
    let what = "read the version of the store";
    let statement = Statement::new(what, "SELECT COUNT(*), MAX(version) FROM schema_version");
    let Ok(Some(mut cells)) = pool.row(statement).await else { return false };
    let steps = u64::try_from(STEPS.len()).unwrap_or(u64::MAX);
    cells.count().ok() == Some(steps) && cells.maybe_int().ok() == Some(Some(KNOWN))
}

/// The version that the database says; `None` when it does not.
pub(crate) async fn version(pool: &Pool) -> Option<i64> {
    let statement =
        Statement::new("read the version of the store", "SELECT MAX(version) FROM schema_version");
    pool.row(statement).await.ok()??.maybe_int().ok()?
}

async fn steps(tx: &mut Tx) -> Result<(), Error> {
    let what = "migrate store";
    let dialect = tx.dialect();
    tx.execute(Statement::new(
        what,
        "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)",
    ))
    .await?;
    let rows = tx.rows(Statement::new(what, "SELECT version FROM schema_version")).await?;
    let run: BTreeSet<i64> = rows.into_iter().map(|mut cells| cells.int()).collect::<Result<_, _>>()?;
    if let Some(found) = run.last().copied().filter(|found| *found > KNOWN) {
        return Err(Error::Newer { found, known: KNOWN });
    }
    for (version, sqlite, mysql) in STEPS.iter().filter(|(version, ..)| !run.contains(version)) {
        let script = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::MySql => mysql,
        };
        for sql in statements(script) {
            match tx.execute(Statement::new(what, sql).once()).await {
                // A step that broke off is run again; MySQL has `IF NOT EXISTS` neither for columns nor for indices.
                Err(error) if error.is_there_already() => {}
                outcome => {
                    outcome?;
                }
            }
        }
        tx.execute(Statement::new(what, "INSERT INTO schema_version (version) VALUES (?)").bind(*version))
            .await?;
    }
    Ok(())
}

/// The statements of all steps, in their order.
#[cfg(test)]
pub(crate) fn scripts(dialect: Dialect) -> impl Iterator<Item = String> {
    STEPS.iter().flat_map(move |(_, sqlite, mysql)| match dialect {
        Dialect::Sqlite => statements(sqlite),
        Dialect::MySql => statements(mysql),
    })
}

/// The statements of a script. Scripts have no semicolon inside a statement.
fn statements(script: &str) -> impl Iterator<Item = String> + use<> {
    let plain: String =
        script.lines().filter(|line| !line.starts_with("--")).flat_map(|line| [line, "\n"]).collect();
    let statements: Vec<_> =
        plain.split(';').map(|sql| sql.trim().to_owned()).filter(|sql| !sql.is_empty()).collect();
    statements.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_a_gap() {
        let numbers: Vec<i64> = STEPS.iter().map(|(number, ..)| *number).collect();
        assert_eq!(numbers, (1..=KNOWN).collect::<Vec<_>>());
    }
}
