//! What analysts note of incidents. The pipeline never touches it.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    filter::{Filterable, PAGE_LIMIT},
    schema::row,
};
use decnet_model::record::{
    IncidentChange, IncidentDeed, IncidentNote, IncidentState, IncidentView, IncidentWork, Page, PageFrom,
};
use netsvc_wire::stamp::Micros;

row! {
    WORK = "incident_work" by "incident", IncidentWork, IncidentWork {
        incident: Int;
        state: Text(64), Replace;
        assignee: Text(255), Replace;
        changed_by: Text(255), Replace;
        changed_at: Int, Replace;
        seen_event: Int, Replace;
    }
}

row! {
    NOTES = "incident_log" by "id", IncidentNote, IncidentNote {
        id: Int;
        incident: Int;
        at: Int;
        actor: Text(255);
        deed: Text(64);
        text: Long;
    }
}

const LISTED: Filterable = Filterable { table: &NOTES, key: "id", at: "at", ..Filterable::NONE };

impl Store {
    /// Changes what is noted of an incident, and writes that into its log. Returns the incident as it is then;
    /// nothing where there is none.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_change(
        &self,
        id: i64,
        change: &IncidentChange,
        by: &str,
        now: Micros,
    ) -> Result<Option<IncidentView>, Error> {
        let Some(view) = self.incident_get(id).await? else { return Ok(None) };
        let incident = view.incident.id;
        let what = "note something of an incident";
        transaction!(self, what, tx => {
            // As it is by now: of two who change it at the same time neither takes back what the other did.
            let sql = format!("{} WHERE incident = ?{}", WORK.select(), tx.dialect().for_update());
            let work = tx.read_one(Statement::new(what, sql).bind(incident)).await?;
            let stands = IncidentView { work: work.or_else(|| view.work.clone()), ..view.clone() };
            let (work, log) = changed(&stands, change, by, now);
            tx.upsert(what, work).await?;
            for (deed, text) in &log {
                enter(&mut tx, incident, now, by, *deed, text).await?;
            }
            Ok(())
        })?;
        self.incident_get(incident).await
    }

    /// A page of the log of all incidents.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_log(&self, page: Page) -> Result<Vec<IncidentNote>, Error> {
        let filter = decnet_model::record::Filter::default();
        self.pool
            .read(LISTED.statement("read the log of incidents", self.pool.dialect(), &filter, page))
            .await
    }

    /// Incidents that something happened to: events after `event`, or entries of the log after `note`; and the
    /// last event and entry then.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_changes(
        &self,
        event: i64,
        note: i64,
        limit: u32,
    ) -> Result<(Vec<IncidentView>, i64, i64), Error> {
        let filter = decnet_model::record::Filter::default();
        let page = Page { from: PageFrom::After(event), limit: limit.min(PAGE_LIMIT) };
        let mut views = self.incident_list(&filter, page).await?;
        let last_event = views.last().map_or(event, |view| view.incident.last_event);
        let entries = self.incident_log(Page::after(note, limit)).await?;
        let last_note = entries.last().map_or(note, |entry| entry.id);
        for entry in entries {
            let id = self.incident_number(entry.incident).await?;
            if views.iter().all(|view| view.incident.id != id) {
                views.extend(self.incident_get(id).await?);
            }
        }
        Ok((views, last_event, last_note))
    }

    /// The last event of any incident, and the last entry of the log.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_ends(&self) -> Result<(i64, i64), Error> {
        let what = "read the last incident";
        let sql = "SELECT (SELECT MAX(last_event) FROM incidents), (SELECT MAX(id) FROM incident_log)";
        let Some(mut cells) = self.pool.row(Statement::new(what, sql)).await? else { return Ok((0, 0)) };
        Ok((cells.maybe_int()?.unwrap_or(0), cells.maybe_int()?.unwrap_or(0)))
    }
}

/// What is noted of an incident once it is changed, if that is something else, and what its log says of it.
fn changed(
    view: &IncidentView,
    change: &IncidentChange,
    by: &str,
    now: Micros,
) -> (Option<IncidentWork>, Vec<(IncidentDeed, String)>) {
    let before = view.state();
    let state = change.state.unwrap_or(before);
    let mut assignee = view.work.as_ref().and_then(|work| work.assignee.clone());
    let mut log: Vec<(IncidentDeed, String)> = Vec::new();
    log.extend((state != before).then(|| (IncidentDeed::State, state.name().to_owned())));
    if let Some(name) = &change.assignee {
        let name = Some(name.clone()).filter(|name| !name.is_empty());
        log.extend((name != assignee).then(|| (IncidentDeed::Assignee, name.clone().unwrap_or_default())));
        assignee = name;
    }
    log.extend(change.note.clone().map(|note| (IncidentDeed::Note, note)));
    let is_other = log.iter().any(|(deed, _)| *deed != IncidentDeed::Note);
    let work = is_other.then(|| IncidentWork {
        incident: view.incident.id,
        state,
        assignee,
        changed_by: by.to_owned(),
        changed_at: now,
        // A closed incident is closed as far as it has gone: later events open it again.
        seen_event: if state == IncidentState::Closed { view.incident.last_event } else { 0 },
    });
    (work, log)
}

async fn enter(
    tx: &mut Tx,
    incident: i64,
    at: Micros,
    by: &str,
    deed: IncidentDeed,
    text: &str,
) -> Result<(), Error> {
    // The database counts.
    let sql = "INSERT INTO incident_log (incident, at, actor, deed, text) VALUES (?, ?, ?, ?, ?)";
    let statement = Statement::new("note something of an incident", sql)
        .bind(incident)
        .bind(at)
        .bind(by.chars().take(255).collect::<String>())
        .bind(deed)
        .bind(text);
    tx.execute(statement).await.map(drop)
}
