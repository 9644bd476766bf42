//! Reading attackers, what they touched, and traversals.

use crate::{Store, database::Statement, error::Error, filter::Filterable, schema::row};
use decnet_model::record::{Attacker, Contact, Counts, Filter, Page, PageFrom, Traversal, TraversalKind};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// What a batch adds to an attacker.
pub(crate) struct AttackerChange {
    pub(crate) row: Attacker,
    /// Node that it touched last.
    pub(crate) last_node: String,
}

row! {
    ATTACKERS = "attackers" by "src_ip", Attacker, AttackerChange {
        src_ip: Address;
        first_event: Int, Least;
        last_event: Int, Greatest;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
        nodes: Int;
        interactive_nodes: Int;
        hops: Int, Add;
        probe: Int;
    }
    part counts: Counts {
        events: Int, Add;
        scans: Int, Add;
        interactions: Int, Add;
        evidence: Int, Add;
        credentials: Int, Add;
        connections: Int, Add;
    }
    hidden {
        last_node: Text(255), Replace;
    }
}

/// What a batch adds to a contact.
pub(crate) struct ContactChange {
    pub(crate) row: Contact,
    /// Whose it is.
    pub(crate) src_ip: IpAddr,
}

row! {
    CONTACTS = "attacker_contacts" by "src_ip, node, service", Contact, ContactChange {
        node: Text(255);
        service: Text(64);
        first_event: Int, Least;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
    }
    part counts: Counts {
        events: Int, Add;
        scans: Int, Add;
        interactions: Int, Add;
        evidence: Int, Add;
        credentials: Int, Add;
        connections: Int, Add;
    }
    hidden {
        src_ip: Address;
    }
}

/// A traversal without its path, which is in the contacts.
pub(crate) struct TraversalRow {
    src_ip: IpAddr,
    kind: TraversalKind,
    nodes: u64,
    interactive_nodes: u64,
    hops: u64,
    events: u64,
    first_seen: Micros,
    last_seen: Micros,
    last_event: i64,
}

row! {
    TRAVERSALS = "traversals" by "src_ip", TraversalRow, TraversalRow {
        src_ip: Address;
        kind: Text(64), Replace;
        nodes: Int, Replace;
        interactive_nodes: Int, Replace;
        hops: Int, Replace;
        events: Int, Replace;
        first_seen: Int, Replace;
        last_seen: Int, Replace;
        last_event: Int, Replace;
    }
}

impl TraversalRow {
    fn with(self, path: Vec<String>) -> Traversal {
        Traversal {
            src_ip: self.src_ip,
            kind: self.kind,
            path,
            interactive_nodes: self.interactive_nodes,
            hops: self.hops,
            events: self.events,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
        }
    }
}

const LISTED: Filterable = Filterable {
    table: &ATTACKERS,
    key: "last_event",
    src_ip: "src_ip",
    at: "last_seen",
    probe: "probe",
    origins: true,
    ..Filterable::NONE
};

impl Store {
    /// One page of attackers, ordered by their last event, so that the active ones come first; of
    /// `filter` the address, the times (of the last event) and whose the address is apply.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_list(&self, filter: &Filter, page: Page) -> Result<Vec<Attacker>, Error> {
        let statement = LISTED.statement("list attackers", self.pool.dialect(), filter, page);
        self.pool.read(statement).await
    }

    /// One attacker.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_get(&self, src_ip: IpAddr) -> Result<Option<Attacker>, Error> {
        let statement =
            Statement::new("read an attacker", format!("{} WHERE src_ip = ?", ATTACKERS.select()))
                .bind(src_ip);
        self.pool.read_one(statement).await
    }

    /// What an attacker did, by node and service, in the order of first contact.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_contacts(&self, src_ip: IpAddr) -> Result<Vec<Contact>, Error> {
        let sql = format!("{} WHERE src_ip = ? ORDER BY first_seen, first_event", CONTACTS.select());
        let statement = Statement::new("list contacts of an attacker", sql).bind(src_ip);
        self.pool.read(statement).await
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
            "{} WHERE nodes >= ? AND kind LIKE ? AND {condition} ORDER BY last_event {order} LIMIT ?",
            TRAVERSALS.select()
        );
        let statement = Statement::new("list traversals", sql)
            .bind(min_nodes)
            .bind(kind.map_or("%", TraversalKind::name))
            .bind(bound)
            .bind(i64::from(page.limit));
        let mut traversals = Vec::new();
        for row in self.pool.read::<TraversalRow>(statement).await? {
            let path = self.path_of(row.src_ip).await?;
            traversals.push(row.with(path));
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
