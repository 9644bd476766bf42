//! Who is behind addresses: identities and campaigns. What clusterers make of profiles is here, what analysts say in
//! [`decision`].

pub(crate) mod decision;

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    filter::PAGE_LIMIT,
    projection,
    row::{Cells, Value},
    schema::{Read, row},
};
use decnet_model::record::{
    Cluster, ClusterChange, ClusterFilter, ClusterLink, ClusterMember, ClusterView, Level, MemberSeen,
};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;
/// Most members and links shown of a cluster.
const SHOWN: i64 = 1000;
/// Addresses of an identity whose fingerprints are looked at, and how many of each.
const RECOGNISED: (usize, u32) = (64, 64);

/// A member as it is stored.
pub(crate) struct MemberRow {
    level: Level,
    member: i64,
    src_ip: IpAddr,
    cluster: i64,
    revision: i64,
}

row! {
    MEMBERS = "cluster_members" by "level, member", MemberRow, MemberRow {
        level: Text(64);
        member: Int;
        src_ip: Address, Replace;
        cluster: Int, Replace;
        revision: Int, Replace;
    }
}

/// A link as it is stored.
pub(crate) struct LinkRow {
    level: Level,
    older: i64,
    younger: i64,
    cluster: i64,
    weight: u64,
    at: Micros,
    evidence: String,
}

row! {
    LINKS = "cluster_links" by "level, older, younger", LinkRow, LinkRow {
        level: Text(64);
        older: Int;
        younger: Int;
        cluster: Int, Replace;
        weight: Int, Replace;
        at: Int, Replace;
        evidence: Long, Replace;
    }
}

impl LinkRow {
    fn of(level: Level, link: &ClusterLink) -> LinkRow {
        LinkRow {
            level,
            older: link.older,
            younger: link.younger,
            cluster: link.cluster,
            weight: link.weight,
            at: link.at,
            // A list of plain data is always written.
            evidence: serde_json::to_string(&link.evidence).unwrap_or_default(),
        }
    }

    fn link(self) -> Result<ClusterLink, Error> {
        let expected = "a list of reasons";
        let evidence = serde_json::from_str(&self.evidence).map_err(|_| Error::Row {
            what: "read links",
            column: 6,
            expected,
        })?;
        Ok(ClusterLink {
            cluster: self.cluster,
            older: self.older,
            younger: self.younger,
            weight: self.weight,
            at: self.at,
            evidence,
        })
    }
}

/// Name of the cursor of a level.
fn cursor(level: Level) -> &'static str {
    match level {
        Level::Identity => "identities",
        Level::Campaign => "campaigns",
    }
}

impl Store {
    /// How far a clusterer has read: that of identities by events of profiles, that of campaigns by revisions of
    /// identities.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_cursor(&self, level: Level) -> Result<i64, Error> {
        self.cursor_named(cursor(level)).await
    }

    /// The number of the last change of a level's members.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_revision(&self, level: Level) -> Result<i64, Error> {
        let sql = "SELECT MAX(revision) FROM cluster_members WHERE level = ?";
        let row = self.pool.row(Statement::new("read the last change of clusters", sql).bind(level)).await?;
        Ok(row.map(|mut cells| cells.maybe_int()).transpose()?.flatten().unwrap_or(0))
    }

    /// Stores what a pass has changed and moves the cursor from `from` to `to`, all or nothing. `whole`: all links are
    /// replaced.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::CursorMoved`] when the cursor is
    /// not at `from`, [`Error::Query`] when the database fails.
    pub async fn cluster_write(
        &self,
        fence: &Fence,
        level: Level,
        change: &ClusterChange,
        (from, to): (i64, i64),
        whole: bool,
    ) -> Result<(), Error> {
        let what = "store clusters";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            projection::advance(&mut tx, cursor(level), from, to).await?;
            if whole {
                let sql = "DELETE FROM cluster_links WHERE level = ?";
                tx.execute(Statement::new(what, sql).bind(level)).await?;
            }
            forget(&mut tx, "DELETE FROM cluster_members WHERE level = ? AND member IN", level, &change.gone).await?;
            forget(&mut tx, "DELETE FROM cluster_links WHERE level = ? AND cluster IN", level, &change.relinked)
                .await?;
            let member = |one: &ClusterMember| MemberRow {
                level,
                member: one.member,
                src_ip: one.src_ip,
                cluster: one.cluster,
                revision: one.revision,
            };
            tx.upsert(what, change.members.iter().map(member)).await?;
            tx.upsert(what, change.links.iter().map(|link| LinkRow::of(level, link))).await
        })
    }

    /// Members of a level whose last change is after `revision`, in the order of changes.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_members_after(
        &self,
        level: Level,
        revision: i64,
    ) -> Result<Vec<ClusterMember>, Error> {
        let sql = format!("{} WHERE level = ? AND revision > ? ORDER BY revision, member", MEMBERS.select());
        let statement = Statement::new("read members of clusters", sql).bind(level).bind(revision);
        let rows: Vec<MemberRow> = self.pool.read(statement).await?;
        Ok(rows.into_iter().map(MemberRow::member).collect())
    }

    /// The cluster in which a member, or a cluster that once was, is now.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_of(&self, level: Level, member: i64) -> Result<Option<i64>, Error> {
        let sql = "SELECT cluster FROM cluster_members WHERE level = ? AND member = ?";
        let row = self.pool.row(Statement::new("find a cluster", sql).bind(level).bind(member)).await?;
        row.map(|mut cells| cells.int()).transpose()
    }

    /// The number that a cluster has now: another one where its oldest member has come to an older one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_now(&self, level: Level, id: i64) -> Result<Option<i64>, Error> {
        match (level, self.cluster_of(Level::Identity, id).await?) {
            (Level::Identity, found) => Ok(found),
            (Level::Campaign, Some(identity)) => self.cluster_of(Level::Campaign, identity).await,
            (Level::Campaign, None) => Ok(None),
        }
    }

    /// The identity of an address.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn identity_of(&self, address: IpAddr) -> Result<Option<i64>, Error> {
        let sql = "SELECT cluster FROM cluster_members WHERE level = ? AND src_ip = ?";
        let statement = Statement::new("find an identity", sql).bind(Level::Identity).bind(address);
        self.pool.row(statement).await?.map(|mut cells| cells.int()).transpose()
    }

    /// Clusters that fit `filter`, those active last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_list(
        &self,
        level: Level,
        filter: &ClusterFilter,
        limit: u32,
    ) -> Result<Vec<Cluster>, Error> {
        let values: Vec<Value> = vec![
            filter.members.into(),
            filter.risk.into(),
            filter.since.unwrap_or(i64::MIN).into(),
            i64::from(limit.min(PAGE_LIMIT)).into(),
        ];
        let sql = format!(
            "{} HAVING joined >= ? AND worst >= ? AND latest >= ? ORDER BY latest DESC, number LIMIT ?",
            summed(level, "")
        );
        let rows = self.pool.rows(Statement::new("list clusters", sql).bind_all(values)).await?;
        rows.into_iter().map(read).collect()
    }

    /// One cluster.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_get(&self, level: Level, id: i64) -> Result<Option<Cluster>, Error> {
        let column = match level {
            Level::Identity => " AND m.cluster = ?",
            Level::Campaign => " AND c.cluster = ?",
        };
        let statement = Statement::new("read a cluster", summed(level, column)).bind(id);
        self.pool.row(statement).await?.map(read).transpose()
    }

    /// One cluster with what it is made of, by the number that it has now or had before.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_view(&self, level: Level, id: i64) -> Result<Option<ClusterView>, Error> {
        let Some(id) = self.cluster_now(level, id).await? else { return Ok(None) };
        let Some(cluster) = self.cluster_get(level, id).await? else { return Ok(None) };
        let sources = self.cluster_addresses(level, id).await?;
        let campaign = match level {
            Level::Identity => self.cluster_of(Level::Campaign, id).await?,
            Level::Campaign => None,
        };
        let own = |address: &IpAddr| sources.iter().any(|source| source.src_ip == *address);
        let mut decisions = self.decision_list(level, true).await?;
        decisions.retain(|one| one.left.iter().chain(&one.right).any(own));
        let links = self.cluster_links(level, id).await?;
        let mut fingerprints = Vec::new();
        if level == Level::Identity {
            for source in sources.iter().take(RECOGNISED.0) {
                fingerprints.extend(self.fingerprint_list(source.src_ip, RECOGNISED.1).await?);
            }
        }
        Ok(Some(ClusterView { cluster, campaign, sources, links, decisions, fingerprints }))
    }

    /// The number of a member by what somebody calls it: an address, or a number; of campaigns members are identities.
    /// What is a number need not be that of anybody.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_member(&self, level: Level, name: &str) -> Result<Option<i64>, Error> {
        match (level, name.parse::<IpAddr>()) {
            (_, Err(_)) => Ok(name.parse().ok()),
            (Level::Identity, Ok(address)) => {
                Ok(self.profile_get(&[address]).await?.first().map(|row| row.first_event))
            }
            (Level::Campaign, Ok(address)) => self.identity_of(address).await,
        }
    }

    /// The addresses of a cluster, in the order of their numbers, the first thousand.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_addresses(&self, level: Level, id: i64) -> Result<Vec<MemberSeen>, Error> {
        let (join, column) = match level {
            Level::Identity => ("", "m.cluster"),
            Level::Campaign => (OVER, "c.cluster"),
        };
        let sql = format!(
            "SELECT m.member, m.src_ip, m.cluster, p.first_seen, p.last_seen, p.events, p.behaviour, p.phase, p.risk \
             FROM cluster_members m JOIN profiles p ON p.src_ip = m.src_ip{join} \
             WHERE m.level = 'identity' AND {column} = ? ORDER BY m.member LIMIT ?"
        );
        let rows = self.pool.rows(Statement::new("read a cluster", sql).bind(id).bind(SHOWN)).await?;
        rows.into_iter()
            .map(|mut cells| {
                Ok(MemberSeen {
                    member: cells.int()?,
                    src_ip: cells.address()?,
                    identity: cells.int()?,
                    first_seen: cells.int()?,
                    last_seen: cells.int()?,
                    events: cells.count()?,
                    behaviour: cells.text()?.parse().map_err(|_| cells.bad("a behaviour"))?,
                    phase: cells.text()?.parse().map_err(|_| cells.bad("a phase"))?,
                    risk: cells.count()?,
                })
            })
            .collect()
    }

    /// The links of a cluster, the first thousand.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_links(&self, level: Level, id: i64) -> Result<Vec<ClusterLink>, Error> {
        let sql =
            format!("{} WHERE level = ? AND cluster = ? ORDER BY older, younger LIMIT ?", LINKS.select());
        let statement = Statement::new("read links", sql).bind(level).bind(id).bind(SHOWN);
        let rows: Vec<LinkRow> = self.pool.read(statement).await?;
        rows.into_iter().map(LinkRow::link).collect()
    }
}

impl MemberRow {
    fn member(self) -> ClusterMember {
        let MemberRow { level: _, member, src_ip, cluster, revision } = self;
        ClusterMember { member, src_ip, cluster, revision }
    }
}

/// From addresses over their identities to campaigns.
const OVER: &str = " JOIN cluster_members c ON c.level = 'campaign' AND c.member = m.cluster";

/// Clusters with the sums over their addresses.
pub(crate) fn summed(level: Level, condition: &str) -> String {
    let (id, members, join) = match level {
        Level::Identity => ("m.cluster", "COUNT(*)", ""),
        Level::Campaign => ("c.cluster", "COUNT(DISTINCT m.cluster)", OVER),
    };
    format!(
        "SELECT {id} AS number, {members} AS joined, COUNT(*), MIN(p.first_seen), MAX(p.last_seen) AS latest, \
         SUM(p.events), MAX(p.risk) AS worst \
         FROM cluster_members m JOIN profiles p ON p.src_ip = m.src_ip{join} \
         WHERE m.level = 'identity'{condition} GROUP BY {id}"
    )
}

pub(crate) fn read(mut cells: Cells) -> Result<Cluster, Error> {
    Ok(Cluster {
        id: cells.int()?,
        members: cells.count()?,
        addresses: cells.count()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        events: cells.count()?,
        risk: cells.count()?,
    })
}

async fn forget(tx: &mut Tx, begin: &str, level: Level, numbers: &[i64]) -> Result<(), Error> {
    for chunk in numbers.chunks(CHUNK) {
        let sql = format!("{begin} ({})", vec!["?"; chunk.len()].join(","));
        let statement = Statement::new("forget clusters", sql).bind(level);
        tx.execute(statement.bind_all(chunk.iter().map(|number| (*number).into())).once()).await?;
    }
    Ok(())
}

/// Rows of a statement in a transaction.
async fn rows<R: Read>(tx: &mut Tx, statement: Statement) -> Result<Vec<R>, Error> {
    tx.rows(statement).await?.into_iter().map(R::read).collect()
}
