//! Lines to feed a store with.

use netsvc_wire::{Record, WriterId, field};

pub(crate) const START: i64 = 1_764_000_000_000_000;

/// Line `number` of writer 1: a connection of 192.0.2.7 to ssh of web-01.
pub(crate) fn line(number: u64, kind: &str) -> Record {
    Record {
        at: START + i64::try_from(number).unwrap() * 1000,
        priority: 134,
        node: "web-01".into(),
        app: "ssh".into(),
        kind: kind.into(),
        writer: WriterId(1),
        number,
        fields: vec![
            (field::SRC_IP.into(), b"192.0.2.7".to_vec()),
            (field::SRC_PORT.into(), b"40000".to_vec()),
            (field::DST_PORT.into(), b"22".to_vec()),
            (field::SESSION.into(), b"00000000000000aa".to_vec()),
        ],
    }
}

pub(crate) trait With: Sized {
    fn with(self, name: &str, value: impl Into<Vec<u8>>) -> Self;
    fn of(self, writer: u64) -> Self;
    fn at_node(self, node: &str) -> Self;
    fn peer(self, address: &str) -> Self;
}

impl With for Record {
    fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let value = value.into();
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => self.fields.push((name.into(), value)),
        }
        self
    }

    fn of(mut self, writer: u64) -> Self {
        self.writer = WriterId(writer);
        self
    }

    fn at_node(mut self, node: &str) -> Self {
        self.node = node.into();
        self
    }

    fn peer(self, address: &str) -> Self {
        self.with(field::SRC_IP, address)
    }
}
