//! What is told to other systems: addresses in the order of time, and what there is about some of them.

use crate::{
    Store,
    artefact::ARTEFACTS,
    cluster,
    database::Statement,
    error::Error,
    filter::PAGE_LIMIT,
    incident::INCIDENTS,
    row::{Cells, Value},
};
use decnet_model::record::{
    AddressSeen, Artefact, Behind, Cluster, Following, Incident, IncidentView, Level, Showed, Trait,
    TraitKind, Tried,
};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;
/// Most login names read of the addresses of one statement.
const NAMES: u32 = 20_000;

/// What is read of addresses, and of some.
const SEEN: &str = "SELECT src_ip, first_event, last_event, first_seen, last_seen, events, behaviour, phase, risk, \
                    traits FROM profiles";
const SEEN_OF: &str = "SELECT src_ip, first_event, last_event, first_seen, last_seen, events, behaviour, phase, risk, \
                       traits FROM profiles WHERE src_ip IN";

/// An address as [`SEEN`] reads it.
fn seen(mut cells: Cells) -> Result<AddressSeen, Error> {
    Ok(AddressSeen {
        src_ip: cells.address()?,
        first_event: cells.int()?,
        last_event: cells.int()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        events: cells.count()?,
        behaviour: cells.text()?.parse().map_err(|_| cells.bad("a behaviour"))?,
        phase: cells.text()?.parse().map_err(|_| cells.bad("a phase"))?,
        risk: cells.count()?,
        hosts: hosts(&mut cells)?,
    })
}

/// Of what an address can be recognised by the hosts from which it wanted something fetched.
fn hosts(cells: &mut Cells) -> Result<Vec<String>, Error> {
    let traits: Vec<Trait> =
        serde_json::from_str(&cells.text()?).map_err(|_| cells.bad("a list of traits"))?;
    Ok(traits.into_iter().filter(|one| one.kind == TraitKind::Host).map(|one| one.value).collect())
}

/// The beginning of a statement about some addresses, and what stands behind them.
struct About {
    what: &'static str,
    begin: &'static str,
    end: String,
}

impl Store {
    /// Addresses of at least this risk that were seen at or after `since`, in the order of `following` and behind it.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_addresses(
        &self,
        risk: u64,
        since: Option<Micros>,
        following: Following,
        limit: u32,
    ) -> Result<Vec<AddressSeen>, Error> {
        let (at, event, from) = match following {
            Following::First(at, event) => ("first_seen", "first_event", (at, event)),
            Following::Last(at, event) => ("last_seen", "last_event", (at, event)),
        };
        let sql = format!(
            "{SEEN} WHERE risk >= ? AND last_seen >= ? AND ({at} > ? OR ({at} = ? AND {event} > ?)) \
             ORDER BY {at}, {event} LIMIT ?"
        );
        let statement = Statement::new("read addresses to tell of", sql)
            .bind(risk)
            .bind(since.unwrap_or(i64::MIN))
            .bind(from.0)
            .bind(from.0)
            .bind(from.1)
            .bind(i64::from(limit.min(PAGE_LIMIT)));
        let rows = self.pool.rows(statement).await?;
        rows.into_iter().map(seen).collect()
    }

    /// Of these addresses those of at least this risk that were seen at or after `since`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_addresses_of(
        &self,
        risk: u64,
        since: Option<Micros>,
        addresses: &[IpAddr],
    ) -> Result<Vec<AddressSeen>, Error> {
        let about = About { what: "read some addresses to tell of", begin: SEEN_OF, end: String::new() };
        let mut found = self.about(&about, addresses, seen).await?;
        found.retain(|one| risk <= one.risk && since.is_none_or(|since| since <= one.last_seen));
        Ok(found)
    }

    /// Incidents that went on at or after `since`, behind `following`: time and id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_incidents(
        &self,
        since: Option<Micros>,
        following: Following,
        limit: u32,
    ) -> Result<Vec<IncidentView>, Error> {
        let (at, from) = match following {
            Following::First(at, id) => ("first_seen", (at, id)),
            Following::Last(at, id) => ("last_seen", (at, id)),
        };
        let sql = format!(
            "{} WHERE last_seen >= ? AND ({at} > ? OR ({at} = ? AND id > ?)) ORDER BY {at}, id LIMIT ?",
            INCIDENTS.select()
        );
        let statement = Statement::new("read incidents to tell of", sql)
            .bind(since.unwrap_or(i64::MIN))
            .bind(from.0)
            .bind(from.0)
            .bind(from.1)
            .bind(i64::from(limit.min(PAGE_LIMIT)));
        let rows: Vec<Incident> = self.pool.read(statement).await?;
        self.with_work(rows).await
    }

    /// Who is behind these addresses, as far as that was looked at.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_behind(&self, addresses: &[IpAddr]) -> Result<Vec<Behind>, Error> {
        let about = About {
            what: "read who is behind addresses",
            begin: "SELECT m.src_ip, m.cluster, c.cluster FROM cluster_members m \
                    LEFT JOIN cluster_members c ON c.level = 'campaign' AND c.member = m.cluster \
                    WHERE m.level = 'identity' AND m.src_ip IN",
            end: String::new(),
        };
        self.about(&about, addresses, |mut cells| {
            Ok(Behind { src_ip: cells.address()?, identity: cells.int()?, campaign: cells.maybe_int()? })
        })
        .await
    }

    /// Techniques that these addresses showed often enough, by address and id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_showed(&self, addresses: &[IpAddr]) -> Result<Vec<Showed>, Error> {
        let about = About {
            what: "read what addresses showed",
            begin: "SELECT src_ip, technique, SUM(events), MIN(first_seen), MAX(last_seen) FROM technique_hits \
                    WHERE events >= needs AND src_ip IN",
            end: "GROUP BY src_ip, technique ORDER BY src_ip, technique".to_owned(),
        };
        self.about(&about, addresses, |mut cells| {
            Ok(Showed {
                src_ip: cells.address()?,
                technique: cells.text()?,
                events: cells.count()?,
                first_seen: cells.int()?,
                last_seen: cells.int()?,
            })
        })
        .await
    }

    /// Login names that these addresses offered, those most often offered first; probes of our own are left out.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_tried(&self, addresses: &[IpAddr]) -> Result<Vec<Tried>, Error> {
        let about = About {
            what: "read login names",
            begin: "SELECT src_ip, principal, SUM(attempts) AS times FROM credentials \
                    WHERE probe = 0 AND src_ip IN",
            end: format!("GROUP BY src_ip, principal ORDER BY src_ip, times DESC, principal LIMIT {NAMES}"),
        };
        self.about(&about, addresses, |mut cells| {
            let (src_ip, principal, attempts) = (cells.address()?, cells.bytes()?, cells.count()?);
            Ok(Tried { src_ip, principal, secret: None, attempts })
        })
        .await
    }

    /// Login names with secrets that were offered in the clear, those most often offered first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_secrets(&self, addresses: &[IpAddr]) -> Result<Vec<Tried>, Error> {
        let about = About {
            what: "read secrets in the clear",
            begin: "SELECT src_ip, principal, secret, SUM(attempts) AS times FROM credentials \
                    WHERE probe = 0 AND secret_kind = 'plaintext' AND src_ip IN",
            end: format!(
                "GROUP BY src_ip, principal, secret ORDER BY src_ip, times DESC, principal, secret LIMIT {NAMES}"
            ),
        };
        self.about(&about, addresses, |mut cells| {
            let (src_ip, principal, secret) = (cells.address()?, cells.bytes()?, cells.bytes()?);
            Ok(Tried { src_ip, principal, secret: Some(secret), attempts: cells.count()? })
        })
        .await
    }

    /// Payloads that were seen at or after `since`, behind `following`; neither recordings, mails nor packets, which
    /// are told to nobody, nor what has no content.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_payloads(
        &self,
        since: Option<Micros>,
        following: Following,
        limit: u32,
    ) -> Result<Vec<Artefact>, Error> {
        let (at, from) = match following {
            Following::First(at, event) => ("first_seen", (at, event)),
            Following::Last(at, event) => ("last_seen", (at, event)),
        };
        let sql = format!(
            "{} WHERE size > 0 AND origin NOT IN ('recording', 'mail', 'packets') AND last_seen >= ? \
             AND ({at} > ? OR ({at} = ? AND first_event > ?)) ORDER BY {at}, first_event LIMIT ?",
            ARTEFACTS.select()
        );
        let statement = Statement::new("read payloads to tell of", sql)
            .bind(since.unwrap_or(i64::MIN))
            .bind(from.0)
            .bind(from.0)
            .bind(from.1)
            .bind(i64::from(limit.min(PAGE_LIMIT)));
        self.pool.read(statement).await
    }

    /// These identities or campaigns, those of at least two members.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn export_clusters(&self, level: Level, ids: &[i64]) -> Result<Vec<Cluster>, Error> {
        let column = match level {
            Level::Identity => "m.cluster",
            Level::Campaign => "c.cluster",
        };
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = cluster::summed(level, &format!(" AND {column} IN ({places})"));
            let statement = Statement::new("read clusters to tell of", format!("{sql} HAVING joined >= 2"))
                .bind_all(chunk.iter().map(|id| (*id).into()));
            for cells in self.pool.rows(statement.once()).await? {
                found.push(cluster::read(cells)?);
            }
        }
        Ok(found)
    }

    async fn about<T>(
        &self,
        about: &About,
        addresses: &[IpAddr],
        read: impl Fn(Cells) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        for chunk in addresses.chunks(CHUNK) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} ({places}) {}", about.begin, about.end);
            let values: Vec<Value> = chunk.iter().map(|address| (*address).into()).collect();
            let statement = Statement::new(about.what, sql).bind_all(values);
            for cells in self.pool.rows(statement.once()).await? {
                found.push(read(cells)?);
            }
        }
        Ok(found)
    }
}
