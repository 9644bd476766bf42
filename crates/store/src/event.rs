//! Reading events.

use crate::{Store, error::Error, fields::unpack, filter::Filterable, row::Cells};
use decnet_model::record::{EventRow, Filter, Page};
use netsvc_wire::{Class, WriterId};

const EVENTS: Filterable = Filterable {
    select: "SELECT id, w, n, at, node, service, kind, class, src_ip, src_port, dst_port, session, fields \
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
};

impl Store {
    /// One page of the events that fit `filter`, ordered by id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn event_list(&self, filter: &Filter, page: Page) -> Result<Vec<EventRow>, Error> {
        let statement = EVENTS.statement("list events", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(from_cells).collect()
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
    })
}

fn class_from(number: i64) -> Class {
    [Class::Noise, Class::Scan, Class::Evidence]
        .into_iter()
        .find(|class| *class as i64 == number)
        .unwrap_or(Class::Interaction)
}
