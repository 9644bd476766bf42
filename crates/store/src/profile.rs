//! Profiles of attackers.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    filter::PAGE_LIMIT,
    row::Value,
    schema::row,
};
use decnet_model::record::{Page, PageFrom, ProfileFilter, ProfileRow};
use std::net::IpAddr;

/// What of a view goes when it is made anew.
pub(crate) const EMPTYING: &[&str] = &["DELETE FROM profiles"];
/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;

row! {
    PROFILES = "profiles" by "src_ip", ProfileRow, ProfileRow {
        src_ip: Address;
        first_event: Int, Replace;
        last_event: Int, Replace;
        first_seen: Int, Replace;
        last_seen: Int, Replace;
        events: Int, Replace;
        behaviour: Text(64), Replace;
        phase: Text(64), Replace;
        risk: Int, Replace;
        nodes: Int, Replace;
        services: Int, Replace;
        traits: Long, Replace;
        state: Long, Replace;
    }
}

/// Puts profiles in the place of those that were.
pub(crate) async fn write(tx: &mut Tx, rows: &[ProfileRow]) -> Result<(), Error> {
    tx.upsert("store profiles", rows.iter().cloned()).await
}

/// What an address can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traited {
    /// Address.
    pub src_ip: IpAddr,
    /// Its number: the id of its first event.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// A JSON list of traits.
    pub traits: String,
}

impl Store {
    /// One page of profiles that fit `filter`, those of the last event first, or those of the largest risk. Only
    /// pages by the last event go on, by `last_event`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn profile_list(&self, filter: &ProfileFilter, page: Page) -> Result<Vec<ProfileRow>, Error> {
        let mut wanted = vec!["1 = 1"];
        let mut values: Vec<Value> = Vec::new();
        let mut add = |condition, value: Option<Value>| {
            if let Some(value) = value {
                wanted.push(condition);
                values.push(value);
            }
        };
        add("risk >= ?", filter.risk.map(Value::from));
        add("behaviour = ?", filter.behaviour.map(Value::from));
        add("last_seen >= ?", filter.since.map(Value::from));
        let order = match page.from {
            _ if filter.by_risk => "risk DESC, last_event DESC",
            PageFrom::Newest => "last_event DESC",
            PageFrom::Before(event) => {
                add("last_event < ?", Some(event.into()));
                "last_event DESC"
            }
            PageFrom::After(event) => {
                add("last_event > ?", Some(event.into()));
                "last_event ASC"
            }
        };
        let sql = format!("{} WHERE {} ORDER BY {order} LIMIT ?", PROFILES.select(), wanted.join(" AND "));
        let statement = Statement::new("list profiles", sql).bind_all(values);
        self.pool.read(statement.bind(i64::from(page.limit.min(PAGE_LIMIT)))).await
    }

    /// The profiles of these addresses, those that there are.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn profile_get(&self, addresses: &[IpAddr]) -> Result<Vec<ProfileRow>, Error> {
        let mut rows = Vec::new();
        for chunk in addresses.chunks(CHUNK) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} WHERE src_ip IN ({places})", PROFILES.select());
            let statement =
                Statement::new("read profiles", sql).bind_all(chunk.iter().map(|ip| (*ip).into()));
            let more: Vec<ProfileRow> = self.pool.read(statement.once()).await?;
            rows.extend(more);
        }
        Ok(rows)
    }

    /// What addresses can be recognised by that did something after the event `after`, in the order of their last
    /// events, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn trait_list(&self, after: i64, limit: u32) -> Result<Vec<Traited>, Error> {
        let sql = "SELECT src_ip, first_event, last_event, traits FROM profiles WHERE last_event > ? \
                   ORDER BY last_event LIMIT ?";
        let statement = Statement::new("read what addresses can be recognised by", sql);
        let rows = self.pool.rows(statement.bind(after).bind(i64::from(limit))).await?;
        rows.into_iter()
            .map(|mut cells| {
                Ok(Traited {
                    src_ip: cells.address()?,
                    first_event: cells.int()?,
                    last_event: cells.int()?,
                    traits: cells.text()?,
                })
            })
            .collect()
    }
}
