//! Incidents: reading them. What the pipeline makes of events is in [`projection`], what analysts note in [`work`].
//! Both have tables of their own, so that incidents can be made anew without losing a note.

pub(crate) mod projection;
pub(crate) mod work;

use crate::{
    Store,
    database::Statement,
    error::Error,
    filter::PAGE_LIMIT,
    row::{Cells, Value},
    schema::{Cell, row},
};
use decnet_model::record::{
    Contact, Counts, Credential, EventRow, Filter, Incident, IncidentDetail, IncidentNote, IncidentSource,
    IncidentState, IncidentTie, IncidentView, IncidentWork, Page, PageFrom, Severity, Sighting, Stage,
};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;
use work::{NOTES, WORK};

/// Most addresses whose events, credentials and payloads are shown with an incident.
const SOURCES_SHOWN: i64 = 50;
/// Most services of nodes shown with an incident.
const CONTACTS_SHOWN: i64 = 500;
/// Most ties and notes shown with an incident.
const NOTES_SHOWN: i64 = 500;
/// Most credentials and payloads shown with an incident.
const EVIDENCE_SHOWN: u32 = 200;
/// Events shown with an incident.
const EVENTS_SHOWN: u32 = 200;

row! {
    INCIDENTS = "incidents" by "id", Incident, Incident {
        id: Int;
        last_event: Int, Replace;
        first_seen: Int, Replace;
        last_seen: Int, Replace;
        stage: Int, Replace;
        severity: Int, Replace;
        src_ip: Address, Replace;
        sources: Int, Replace;
        nodes: Int, Replace;
        services: Int, Replace;
        deed: Int, Replace;
        deed_event: Int, Replace;
        node: Text(255), Replace;
        service: Text(64), Replace;
        logins: Int, Replace;
        login_event: Int, Replace;
        principal: Bytes, Replace;
        commands: Int, Replace;
        artefacts: Int, Replace;
    }
    part counts: Counts {
        events: Int, Replace;
        scans: Int, Replace;
        interactions: Int, Replace;
        evidence: Int, Replace;
        credentials: Int, Replace;
        connections: Int, Replace;
    }
}

row! {
    SOURCES = "incident_sources" by "incident, src_ip", IncidentSource, IncidentSource {
        incident: Int;
        src_ip: Address;
        first_event: Int, Least;
        last_event: Int, Greatest;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
        events: Int, Add;
    }
}

/// A service of a node that was touched in an incident.
pub(crate) struct ContactOf {
    incident: i64,
    node: String,
    service: String,
    first_event: i64,
    first_seen: Micros,
    last_seen: Micros,
    counts: Counts,
}

impl ContactOf {
    fn new(incident: i64, contact: &Contact) -> Self {
        let Contact { node, service, first_event, first_seen, last_seen, counts } = contact.clone();
        ContactOf { incident, node, service, first_event, first_seen, last_seen, counts }
    }

    fn contact(self) -> Contact {
        let ContactOf { incident: _, node, service, first_event, first_seen, last_seen, counts } = self;
        Contact { node, service, first_event, first_seen, last_seen, counts }
    }
}

row! {
    CONTACTS = "incident_contacts" by "incident, node, service", ContactOf, ContactOf {
        incident: Int;
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
}

row! {
    TIES = "incident_ties" by "id", IncidentTie, IncidentTie {
        id: Int;
        incident: Int, Replace;
        at: Int;
        kind: Text(64);
        value: Bytes;
    }
}

/// Enums that are kept by their rank, so that "at least" is a comparison.
macro_rules! ranks {
    ($($type:ty: $what:literal;)+) => {$(
        impl Cell for $type {
            fn read(cells: &mut Cells) -> Result<Self, Error> {
                let rank = usize::try_from(cells.int()?).unwrap_or(usize::MAX);
                <$type>::ALL.get(rank).copied().ok_or_else(|| cells.bad($what))
            }
        }

        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::Int(value as i64)
            }
        }
    )+};
}
ranks! {
    Stage: "a stage";
    Severity: "a severity";
}

/// Conditions on incidents as SQL, and their values.
#[derive(Default)]
struct Wanted {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Wanted {
    fn add(&mut self, condition: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
    }

    fn of(filter: &Filter, page: Page) -> Self {
        let mut wanted = Wanted::default();
        wanted.add("stage >= ?", filter.stage);
        wanted.add("severity >= ?", filter.severity);
        wanted.add("last_seen >= ?", filter.since);
        wanted.add("last_seen < ?", filter.until);
        let of = "EXISTS (SELECT 1 FROM incident_contacts c WHERE c.incident = incidents.id AND c.node = ?)";
        wanted.add(of, filter.node.clone());
        let of =
            "EXISTS (SELECT 1 FROM incident_contacts c WHERE c.incident = incidents.id AND c.service = ?)";
        wanted.add(of, filter.service.clone());
        wanted.add("id IN (SELECT incident FROM incident_sources WHERE src_ip = ?)", filter.src_ip);
        wanted.add("id IN (SELECT incident FROM incident_work WHERE assignee = ?)", filter.assignee.clone());
        match page.from {
            PageFrom::Newest => {}
            PageFrom::Before(event) => wanted.add("last_event < ?", Some(event)),
            PageFrom::After(event) => wanted.add("last_event > ?", Some(event)),
        }
        if let Some(state) = filter.state {
            // What `IncidentView::state` says, in SQL.
            wanted.conditions.push(match state {
                IncidentState::New => {
                    "NOT EXISTS (SELECT 1 FROM incident_work w WHERE w.incident = incidents.id AND \
                     (w.state = 'acknowledged' OR w.state = 'closed' AND w.seen_event >= incidents.last_event))"
                }
                IncidentState::Acknowledged => {
                    "EXISTS (SELECT 1 FROM incident_work w WHERE w.incident = incidents.id \
                     AND w.state = 'acknowledged')"
                }
                IncidentState::Closed => {
                    "EXISTS (SELECT 1 FROM incident_work w WHERE w.incident = incidents.id \
                     AND w.state = 'closed' AND w.seen_event >= incidents.last_event)"
                }
            });
        }
        wanted
    }
}

impl Store {
    /// One page of the incidents that fit `filter`, ordered by their last event, so that the active ones come
    /// first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_list(&self, filter: &Filter, page: Page) -> Result<Vec<IncidentView>, Error> {
        let wanted = Wanted::of(filter, page);
        let order = if matches!(page.from, PageFrom::After(_)) { "ASC" } else { "DESC" };
        let conditions =
            if wanted.conditions.is_empty() { "1 = 1".to_owned() } else { wanted.conditions.join(" AND ") };
        let sql = format!("{} WHERE {conditions} ORDER BY last_event {order} LIMIT ?", INCIDENTS.select());
        let statement = Statement::new("list incidents", sql)
            .bind_all(wanted.values)
            .bind(i64::from(page.limit.min(PAGE_LIMIT)));
        let rows: Vec<Incident> = self.pool.read(statement).await?;
        self.with_work(rows).await
    }

    /// What was noted, beside each incident.
    pub(crate) async fn with_work(&self, rows: Vec<Incident>) -> Result<Vec<IncidentView>, Error> {
        let mut works = BTreeMap::new();
        for chunk in rows.chunks(200) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} WHERE incident IN ({places})", WORK.select());
            let statement = Statement::new("read what is noted of incidents", sql);
            let statement = statement.bind_all(chunk.iter().map(|row| row.id.into())).once();
            let read: Vec<IncidentWork> = self.pool.read(statement).await?;
            works.extend(read.into_iter().map(|work| (work.incident, work)));
        }
        let view = |incident: Incident| IncidentView { work: works.remove(&incident.id), incident };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The number that an incident has now: another one where it has turned out to be part of that.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_number(&self, id: i64) -> Result<i64, Error> {
        let sql = format!("{} WHERE id = ?", TIES.select());
        let tie: Option<IncidentTie> =
            self.pool.read_one(Statement::new("read a tie of incidents", sql).bind(id)).await?;
        Ok(tie.map_or(id, |tie| tie.incident))
    }

    /// One incident, also by the number that a part of it had.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_get(&self, id: i64) -> Result<Option<IncidentView>, Error> {
        let id = self.incident_number(id).await?;
        let sql = format!("{} WHERE id = ?", INCIDENTS.select());
        let row: Option<Incident> =
            self.pool.read_one(Statement::new("read an incident", sql).bind(id)).await?;
        Ok(self.with_work(row.into_iter().collect()).await?.into_iter().next())
    }

    /// One incident with what it is made of.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_detail(&self, id: i64) -> Result<Option<IncidentDetail>, Error> {
        let Some(view) = self.incident_get(id).await? else { return Ok(None) };
        let id = view.incident.id;
        let sources = self.incident_sources(id).await?;
        let what = "read an incident";
        let sql =
            format!("{} WHERE incident = ? ORDER BY first_seen, first_event LIMIT ?", CONTACTS.select());
        let contacts: Vec<ContactOf> =
            self.pool.read(Statement::new(what, sql).bind(id).bind(CONTACTS_SHOWN)).await?;
        let contacts = contacts.into_iter().map(ContactOf::contact).collect();
        let sql = format!("{} WHERE incident = ? ORDER BY id LIMIT ?", TIES.select());
        let ties: Vec<IncidentTie> =
            self.pool.read(Statement::new(what, sql).bind(id).bind(NOTES_SHOWN)).await?;
        let sql = format!(
            "{} WHERE incident = ? OR incident IN (SELECT id FROM incident_ties WHERE incident = ?) \
             ORDER BY id DESC LIMIT ?",
            NOTES.select()
        );
        let mut notes: Vec<IncidentNote> =
            self.pool.read(Statement::new(what, sql).bind(id).bind(id).bind(NOTES_SHOWN)).await?;
        notes.reverse();
        let mut timeline = self.events_of(&sources, Page::newest(EVENTS_SHOWN)).await?;
        timeline.reverse();
        let credentials = self.credentials_of(&sources).await?;
        let sightings = self.sightings_of(&sources).await?;
        Ok(Some(IncidentDetail { view, sources, contacts, ties, notes, timeline, credentials, sightings }))
    }

    /// Addresses of an incident, those seen first first; of very many some.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_sources(&self, id: i64) -> Result<Vec<IncidentSource>, Error> {
        let sql = format!("{} WHERE incident = ? ORDER BY first_event LIMIT ?", SOURCES.select());
        let statement = Statement::new("read the addresses of an incident", sql);
        self.pool.read(statement.bind(id).bind(SOURCES_SHOWN)).await
    }

    /// One page of the events of an incident, ordered by id; of one with very many addresses those of the first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_events(&self, id: i64, page: Page) -> Result<Vec<EventRow>, Error> {
        let id = self.incident_number(id).await?;
        let sources = self.incident_sources(id).await?;
        self.events_of(&sources, page).await
    }

    /// What each address did is a range of ids: a page is made of a page of each.
    async fn events_of(&self, sources: &[IncidentSource], page: Page) -> Result<Vec<EventRow>, Error> {
        let mut rows: Vec<EventRow> = Vec::new();
        for source in sources {
            let (mut least, mut most, mut order) = (source.first_event, source.last_event, "DESC");
            match page.from {
                PageFrom::Newest => {}
                PageFrom::Before(event) => most = most.min(event.saturating_sub(1)),
                PageFrom::After(event) => (least, order) = (least.max(event.saturating_add(1)), "ASC"),
            }
            let sql = format!(
                "{} WHERE src_ip = ? AND id >= ? AND id <= ? ORDER BY id {order} LIMIT ?",
                crate::event::EVENTS.select()
            );
            let statement = Statement::new("read the events of an incident", sql)
                .bind(source.src_ip)
                .bind(least)
                .bind(most)
                .bind(i64::from(page.limit.min(PAGE_LIMIT)));
            let more: Vec<EventRow> = self.pool.read(statement).await?;
            rows.extend(more);
        }
        rows.sort_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        if !matches!(page.from, PageFrom::After(_)) {
            rows.reverse();
        }
        rows.truncate(page.limit as usize);
        Ok(rows)
    }

    async fn credentials_of(&self, sources: &[IncidentSource]) -> Result<Vec<Credential>, Error> {
        let mut rows: Vec<Credential> = Vec::new();
        for source in sources {
            let sql = format!(
                "{} WHERE src_ip = ? AND first_event <= ? AND last_event >= ? ORDER BY first_event DESC LIMIT ?",
                crate::credential::CREDENTIALS.select()
            );
            let statement = Statement::new("read the credentials of an incident", sql)
                .bind(source.src_ip)
                .bind(source.last_event)
                .bind(source.first_event)
                .bind(i64::from(EVIDENCE_SHOWN));
            let more: Vec<Credential> = self.pool.read(statement).await?;
            rows.extend(more);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.first_event));
        rows.truncate(EVIDENCE_SHOWN as usize);
        Ok(rows)
    }

    async fn sightings_of(&self, sources: &[IncidentSource]) -> Result<Vec<Sighting>, Error> {
        let mut rows: Vec<Sighting> = Vec::new();
        for source in sources {
            let sql = format!(
                "{} WHERE event >= ? AND event <= ? AND src_ip = ? AND origin <> 'packets' ORDER BY event DESC LIMIT ?",
                crate::artefact::SIGHTINGS.select()
            );
            let statement = Statement::new("read the payloads of an incident", sql)
                .bind(source.first_event)
                .bind(source.last_event)
                .bind(source.src_ip)
                .bind(i64::from(EVIDENCE_SHOWN));
            let more: Vec<Sighting> = self.pool.read(statement).await?;
            rows.extend(more);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.event));
        rows.truncate(EVIDENCE_SHOWN as usize);
        Ok(rows)
    }
}
