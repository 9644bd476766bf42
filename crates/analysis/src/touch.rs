//! The part of an event that says who touched what.

use decnet_model::record::{EventRow, class_of};
use netsvc_wire::{Class, Record, field, stamp::Micros};
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
}

impl<'a> Touch<'a> {
    /// The deed that a line tells of; `None` when it names no peer or is about ourselves.
    pub fn of_record(record: &'a Record) -> Option<Self> {
        let src_ip: IpAddr = record.number_field(field::SRC_IP)?;
        let class = class_of(&record.kind);
        (class > Class::Noise).then_some(Touch {
            at: record.at,
            src_ip: src_ip.to_canonical(),
            node: &record.node,
            service: &record.app,
            kind: &record.kind,
            class,
        })
    }

    /// The deed that a stored event tells of; `None` when it names no peer or is about ourselves.
    pub fn of_row(row: &'a EventRow) -> Option<Self> {
        (row.class > Class::Noise).then_some(Touch {
            at: row.at,
            src_ip: row.src_ip?,
            node: &row.node,
            service: &row.service,
            kind: &row.kind,
            class: row.class,
        })
    }
}
