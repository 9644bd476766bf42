//! What was found out about a host, in the vocabulary of events.

use netsvc_wire::{BadHeaderText, Event, Kind, field, stamp::Micros};
use std::net::IpAddr;

/// Bytes of a value that are kept.
const VALUE: usize = 2048;

/// Something that was found out about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: Kind,
    /// The host that it is about, and its port if that matters.
    pub about: (IpAddr, Option<u16>),
    /// Whom it spoke to.
    pub to: (IpAddr, Option<u16>),
    /// What is known, by the names of [`field`].
    pub fields: Vec<(&'static str, Vec<u8>)>,
}

impl Finding {
    /// The event that tells of it, as `node` sees it by the sensor `app`.
    ///
    /// # Errors
    /// When one of the names cannot stand in a line.
    pub fn event(&self, node: &str, app: &str) -> Result<Event, BadHeaderText> {
        let mut event = Event::new(self.at, node.parse()?, app.parse()?, self.kind);
        let mut add = |name: &'static str, value: String| event.fields.push((name, value.into_bytes()));
        // Of some only their card is known, and some were heard by everybody.
        let known = |address: IpAddr| Some(address).filter(|address| !address.is_unspecified());
        if let Some(address) = known(self.about.0) {
            add(field::SRC_IP, address.to_string());
        }
        if let Some(port) = self.about.1 {
            add(field::SRC_PORT, port.to_string());
        }
        if let Some(address) = known(self.to.0) {
            add(field::DST_IP, address.to_string());
        }
        if let Some(port) = self.to.1 {
            add(field::DST_PORT, port.to_string());
        }
        event.fields.extend(self.fields.iter().map(|(name, value)| {
            let kept = value.get(..VALUE).unwrap_or(value);
            (*name, kept.to_vec())
        }));
        Ok(event)
    }

    /// The field called `name`, as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// Fields that are there, in order.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, Vec<u8>)>);

impl Fields {
    /// With a field, unless it is empty. What a host says at such length that no line takes it is told in part, not
    /// lost.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        let mut value = value.into();
        value.truncate(VALUE);
        if !value.is_empty() {
            self.0.push((name, value));
        }
        self
    }

    /// With a field, if there is a value.
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value.to_string()),
            None => self,
        }
    }

    pub(crate) fn done(self) -> Vec<(&'static str, Vec<u8>)> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_longer_than_lines_take_whoever_tells_it() {
        let long = "]".repeat(100_000);
        let fields =
            Fields::default().with(field::ISSUER, long.as_str()).maybe(field::NAMES, Some(long)).done();
        let lengths: Vec<usize> = fields.iter().map(|(_, value)| value.len()).collect();
        assert_eq!(lengths, [VALUE, VALUE]);
    }
}
