//! The part of an event that says who touched what.

use decnet_model::record::{EventRow, class_of};
use netsvc_wire::{Class, Kind, Record, field, stamp::Micros};
use std::net::IpAddr;

/// One deed of a peer.
#[derive(Clone, Copy, Debug)]
pub struct Touch<'a> {
    /// When.
    pub at: Micros,
    /// Address of the peer; IPv4 inside IPv6 is IPv4.
    pub src_ip: IpAddr,
    /// Node touched.
    pub node: &'a str,
    /// Service touched.
    pub service: &'a str,
    /// What happened.
    pub kind: &'a str,
    /// How much it matters; never [`Class::Noise`].
    pub class: Class,
    /// How many there were: a line about a flood tells of many.
    pub count: u64,
}

/// Most events that one line is believed to tell of.
const MOST: u64 = 1 << 32;

/// What a line tells of: kind, class and number. One about a flood is about events of another kind.
fn told<'a>(kind: &'a str, class: Class, name: Option<&'a str>, count: Option<u64>) -> (&'a str, Class, u64) {
    match name.filter(|_| kind == Kind::Flood.name()) {
        Some(flooding) => (flooding, class_of(flooding), count.unwrap_or(1).min(MOST)),
        None => (kind, class, 1),
    }
}

/// What a stored event tells of: kind, class and number.
pub(crate) fn told_by(row: &EventRow) -> (&str, Class, u64) {
    told(&row.kind, row.class, row.text(field::NAME), row.number_field(field::COUNT))
}

impl<'a> Touch<'a> {
    /// The deed that a line tells of; `None` when it names no peer or is about ourselves.
    pub fn of_record(record: &'a Record) -> Option<Self> {
        let src_ip: IpAddr = record.number_field(field::SRC_IP)?;
        let count = record.number_field(field::COUNT);
        let (kind, class, count) =
            told(&record.kind, class_of(&record.kind), record.text(field::NAME), count);
        (class > Class::Noise).then_some(Touch {
            at: record.at,
            src_ip: src_ip.to_canonical(),
            node: &record.node,
            service: &record.app,
            kind,
            class,
            count,
        })
    }

    /// The deed that a stored event tells of; `None` when it names no peer or is about ourselves.
    pub fn of_row(row: &'a EventRow) -> Option<Self> {
        let (kind, class, count) = told_by(row);
        (class > Class::Noise).then_some(Touch {
            at: row.at,
            src_ip: row.src_ip?,
            node: &row.node,
            service: &row.service,
            kind,
            class,
            count,
        })
    }
}
