//! Reading attackers, what they touched, and traversals.

use crate::{Store, database::Statement, error::Error, filter::Filterable, row::Cells};
use decnet_model::record::{Attacker, Contact, Counts, Filter, Page, PageFrom, Traversal, TraversalKind};
use std::net::IpAddr;

const SELECT: &str = "SELECT src_ip, first_event, last_event, first_seen, last_seen, events, scans, \
     interactions, evidence, credentials, connections, nodes, interactive_nodes, hops, probe FROM attackers";

const ATTACKERS: Filterable = Filterable {
    select: SELECT,
    key: "last_event",
    src_ip: "src_ip",
    at: "last_seen",
    probe: "probe",
    ..Filterable::NONE
};

impl Store {
    /// One page of attackers, ordered by their last event, so that the active ones come first; of
    /// `filter` the address and the times (of the last event) apply.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_list(&self, filter: &Filter, page: Page) -> Result<Vec<Attacker>, Error> {
        let statement = ATTACKERS.statement("list attackers", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(attacker_from).collect()
    }

    /// One attacker.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_get(&self, src_ip: IpAddr) -> Result<Option<Attacker>, Error> {
        let statement = Statement::new("read an attacker", format!("{SELECT} WHERE src_ip = ?")).bind(src_ip);
        self.pool.row(statement).await?.map(attacker_from).transpose()
    }

    /// What an attacker did, by node and service, in the order of first contact.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_contacts(&self, src_ip: IpAddr) -> Result<Vec<Contact>, Error> {
        let sql = "SELECT node, service, first_event, first_seen, last_seen, events, scans, interactions, \
                   evidence, credentials, connections FROM attacker_contacts WHERE src_ip = ? \
                   ORDER BY first_seen, first_event";
        let statement = Statement::new("list contacts of an attacker", sql).bind(src_ip);
        self.pool.rows(statement).await?.into_iter().map(contact_from).collect()
    }

    /// Attackers that touched at least `min_nodes` nodes (two at the least), those of the latest event
    /// first; `kind` narrows to interaction or scan. [`PageFrom::Before`] and `After` count by last event.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn traversal_list(
        &self,
        min_nodes: u64,
        kind: Option<TraversalKind>,
        page: Page,
    ) -> Result<Vec<Traversal>, Error> {
        let (condition, bound, order) = match page.from {
            PageFrom::Newest => ("last_event < ?", i64::MAX, "DESC"),
            PageFrom::Before(event) => ("last_event < ?", event, "DESC"),
            PageFrom::After(event) => ("last_event > ?", event, "ASC"),
        };
        let sql = format!(
            "SELECT src_ip, kind, interactive_nodes, hops, events, first_seen, last_seen FROM traversals \
             WHERE nodes >= ? AND kind LIKE ? AND {condition} ORDER BY last_event {order} LIMIT ?"
        );
        let statement = Statement::new("list traversals", sql)
            .bind(min_nodes)
            .bind(kind.map_or("%", TraversalKind::name))
            .bind(bound)
            .bind(i64::from(page.limit));
        let mut traversals = Vec::new();
        for cells in self.pool.rows(statement).await? {
            let mut traversal = traversal_from(cells)?;
            traversal.path = self.path_of(traversal.src_ip).await?;
            traversals.push(traversal);
        }
        Ok(traversals)
    }

    async fn path_of(&self, src_ip: IpAddr) -> Result<Vec<String>, Error> {
        let sql = "SELECT node FROM attacker_contacts WHERE src_ip = ? GROUP BY node \
                   ORDER BY MIN(first_seen), MIN(first_event)";
        let rows = self.pool.rows(Statement::new("read the path of an attacker", sql).bind(src_ip)).await?;
        rows.into_iter().map(|mut cells| cells.text()).collect()
    }
}

fn counts_from(cells: &mut Cells) -> Result<Counts, Error> {
    Ok(Counts {
        events: cells.count()?,
        scans: cells.count()?,
        interactions: cells.count()?,
        evidence: cells.count()?,
        credentials: cells.count()?,
        connections: cells.count()?,
    })
}

fn attacker_from(mut cells: Cells) -> Result<Attacker, Error> {
    Ok(Attacker {
        src_ip: cells.address()?,
        first_event: cells.int()?,
        last_event: cells.int()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        counts: counts_from(&mut cells)?,
        nodes: cells.count()?,
        interactive_nodes: cells.count()?,
        hops: cells.count()?,
        probe: cells.flag()?,
    })
}

fn contact_from(mut cells: Cells) -> Result<Contact, Error> {
    Ok(Contact {
        node: cells.text()?,
        service: cells.text()?,
        first_event: cells.int()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        counts: counts_from(&mut cells)?,
    })
}

fn traversal_from(mut cells: Cells) -> Result<Traversal, Error> {
    Ok(Traversal {
        src_ip: cells.address()?,
        kind: match cells.text()?.as_str() {
            "interaction" => TraversalKind::Interaction,
            "scan" => TraversalKind::Scan,
            _ => return Err(cells.bad("a kind of traversal")),
        },
        path: Vec::new(),
        interactive_nodes: cells.count()?,
        hops: cells.count()?,
        events: cells.count()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
    })
}
