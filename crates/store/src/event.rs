//! Reading events.

use crate::{
    Store,
    error::Error,
    fields::unpack,
    filter::{Filterable, PAGE_LIMIT},
    row::Cells,
    text::Needle,
};
use decnet_model::record::{EventRow, Filter, Page, PageFrom};
use netsvc_wire::{Class, WriterId};

/// Rows that a search looks at at once.
const SEARCHED: u32 = 500;

const EVENTS: Filterable = Filterable {
    select: "SELECT id, w, n, at, node, service, kind, class, src_ip, src_port, dst_port, session, fields, probe \
             FROM events",
    key: "id",
    node: "node",
    service: "service",
    kind: "kind",
    src_ip: "src_ip",
    session: "session",
    at: "at",
    text: "fields",
    class: "class",
    probe: "probe",
    ..Filterable::NONE
};

impl Store {
    /// One page of the events that fit `filter`, ordered by id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn event_list(&self, filter: &Filter, page: Page) -> Result<Vec<EventRow>, Error> {
        let needle = filter.text.as_deref().and_then(Needle::new);
        let (mut found, mut from) = (Vec::new(), page.from);
        loop {
            let wanted = page.limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            // What the database finds need not fit; many at a time, so that few fits cost few questions.
            let limit = if needle.is_some() { wanted.max(SEARCHED) } else { wanted };
            let statement =
                EVENTS.statement("list events", self.pool.dialect(), filter, Page { from, limit });
            let rows = self.pool.rows(statement).await?;
            let whole = u32::try_from(rows.len()).is_ok_and(|count| count >= limit.min(PAGE_LIMIT));
            let mut last = None;
            for cells in rows {
                let row = from_cells(cells)?;
                last = Some(row.id);
                if needle
                    .as_ref()
                    .is_none_or(|needle| row.fields.iter().any(|(_, value)| needle.is_in(value)))
                {
                    found.push(row);
                }
            }
            found.truncate(page.limit as usize);
            let (Some(last), true) = (last, whole && needle.is_some()) else { return Ok(found) };
            if found.len() >= page.limit as usize {
                return Ok(found);
            }
            from = match from {
                PageFrom::Newest | PageFrom::Before(_) => PageFrom::Before(last),
                PageFrom::After(_) => PageFrom::After(last),
            };
        }
    }

    /// Up to `limit` events after `id`, oldest first: what a projection or a tailer reads next.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn event_after(&self, id: i64, limit: u32) -> Result<Vec<EventRow>, Error> {
        self.event_list(&Filter::default(), Page::after(id, limit)).await
    }
}

fn from_cells(mut cells: Cells) -> Result<EventRow, Error> {
    Ok(EventRow {
        id: cells.int()?,
        writer: WriterId(cells.int()?.cast_unsigned()),
        number: cells.count()?,
        at: cells.int()?,
        node: cells.text()?,
        service: cells.text()?,
        kind: cells.text()?,
        class: class_from(cells.int()?),
        src_ip: cells.maybe_address()?,
        src_port: cells.maybe_port()?,
        dst_port: cells.maybe_port()?,
        session: cells.maybe_text()?,
        fields: unpack(&cells.bytes()?),
        probe: cells.flag()?,
    })
}

fn class_from(number: i64) -> Class {
    [Class::Noise, Class::Scan, Class::Evidence]
        .into_iter()
        .find(|class| *class as i64 == number)
        .unwrap_or(Class::Interaction)
}
