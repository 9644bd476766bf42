//! A message on its way.

use super::{
    packet::{self, kind, put_number, put_text},
    properties::{self, EXPIRY, SUBSCRIPTION},
};
use std::sync::Arc;

/// What was published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) topic: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) quality: u8,
    /// Properties that go with it.
    pub(super) carried: Vec<u8>,
    /// Second at which it is gone.
    pub(super) expires: Option<i64>,
}

impl Content {
    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        self.topic.len() + self.payload.len() + self.carried.len() + 96
    }

    pub(super) fn is_over(&self, now: i64) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
}

/// A message for one subscriber.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) content: Arc<Content>,
    pub(super) quality: u8,
    pub(super) kept: bool,
    /// Numbers of the subscriptions that selected it.
    pub(super) subscriptions: Vec<u32>,
}

impl Message {
    /// The packet that brings it to a client of `version`, with `number` where its quality needs one.
    pub(super) fn publish(&self, version: u8, number: u16, now: i64) -> Vec<u8> {
        let content = &self.content;
        let mut body = Vec::with_capacity(content.size());
        put_text(&mut body, &content.topic);
        if 0 < self.quality {
            body.extend(number.to_be_bytes());
        }
        if version == 5 {
            let mut all = Vec::new();
            for subscription in &self.subscriptions {
                all.push(SUBSCRIPTION);
                put_number(&mut all, usize::try_from(*subscription).unwrap_or_default());
            }
            all.extend_from_slice(&content.carried);
            if let Some(at) = content.expires {
                properties::put_long(&mut all, EXPIRY, u32::try_from(at - now).unwrap_or_default());
            }
            put_number(&mut body, all.len());
            body.extend(all);
        }
        body.extend_from_slice(&content.payload);
        let flags = self.quality << 1 | u8::from(self.kept);
        packet::packet(kind::PUBLISH, flags, &body)
    }
}
