//! Reading events.

use crate::{
    Store,
    error::Error,
    fields,
    filter::{Filterable, PAGE_LIMIT},
    row::Cells,
    schema::{Cell, row},
    text::Needle,
};
use decnet_model::record::{EventRow, Filter, Page, PageFrom};
use netsvc_wire::{Class, WriterId, stamp::Micros};
use std::net::IpAddr;

/// Rows that a search looks at at once.
const SEARCHED: u32 = 500;

/// An event as it is put in.
pub(crate) struct NewEvent<'a> {
    pub(crate) id: i64,
    pub(crate) writer: WriterId,
    pub(crate) number: u64,
    pub(crate) at: Micros,
    pub(crate) node: &'a str,
    pub(crate) service: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) class: Class,
    pub(crate) src_ip: Option<IpAddr>,
    pub(crate) src_port: Option<u16>,
    pub(crate) dst_port: Option<u16>,
    pub(crate) session: Option<&'a str>,
    /// As [`fields::pack`] makes them.
    pub(crate) fields: Vec<u8>,
    pub(crate) probe: bool,
    pub(crate) host: Option<&'a str>,
}

row! {
    EVENTS = "events" by "w, n", EventRow, NewEvent<'_> {
        id: Int;
        writer as w: Int;
        number as n: Int;
        at: Int;
        node: Text(255);
        service: Text(64);
        kind: Text(64);
        class: Int;
        src_ip: Address;
        src_port: Int;
        dst_port: Int;
        session: Text(64);
        fields: Bytes;
        probe: Int;
        host: Text(64);
    }
}

const LISTED: Filterable = Filterable {
    table: &EVENTS,
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
    host: "host",
    words: true,
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
                LISTED.statement("list events", self.pool.dialect(), filter, Page { from, limit });
            let rows: Vec<EventRow> = self.pool.read(statement).await?;
            let whole = u32::try_from(rows.len()).is_ok_and(|count| count >= limit.min(PAGE_LIMIT));
            let mut last = None;
            for row in rows {
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

impl Cell for WriterId {
    fn read(cells: &mut Cells) -> Result<Self, Error> {
        Ok(WriterId(cells.int()?.cast_unsigned()))
    }
}

impl Cell for Class {
    fn read(cells: &mut Cells) -> Result<Self, Error> {
        let number = cells.int()?;
        let known = Class::ALL.iter().copied().find(|class| *class as i64 == number);
        Ok(known.unwrap_or(Class::Interaction))
    }
}

impl Cell for Vec<(String, Vec<u8>)> {
    fn read(cells: &mut Cells) -> Result<Self, Error> {
        Ok(fields::unpack(&cells.bytes()?))
    }
}
