//! The tables of HPACK (RFC 7541 §2.3): the one that everybody has, and the one that a connection fills.

use std::collections::VecDeque;

/// A name and a value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);

/// What an entry counts beyond its bytes (§4.1).
const OVERHEAD: usize = 32;
/// Size of a table until it is changed (RFC 9113 §6.5.2).
pub(super) const USUAL: usize = 4096;

/// Appendix A.
#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"),
    (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"), (":status", "200"),
    (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"), (":status", "404"),
    (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""), ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""),
    ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""),
    ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
    ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
    ("via", ""), ("www-authenticate", ""),
];

/// The entries of a connection, the newest first.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
}

impl Default for Table {
    fn default() -> Self {
        Table { entries: VecDeque::new(), size: 0, most: USUAL }
    }
}

/// Bytes that an entry counts.
pub(super) fn room(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + OVERHEAD
}

impl Table {
    /// The entry with this number; those of everybody come first, from 1.
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let at = index.checked_sub(1)?;
        if let Some((name, value)) = STATIC.get(at) {
            return Some((name.as_bytes(), value.as_bytes()));
        }
        let (name, value) = self.entries.get(at - STATIC.len())?;
        Some((name, value))
    }

    /// Adds an entry, for which old ones make room.
    pub(super) fn add(&mut self, name: &[u8], value: &[u8]) {
        let needed = room(name, value);
        self.shrink(self.most.saturating_sub(needed));
        if needed <= self.most {
            self.entries.push_front((name.to_vec(), value.to_vec()));
            self.size += needed;
        }
    }

    /// Lets it have so many bytes at most.
    pub(super) fn resize(&mut self, most: usize) {
        self.most = most;
        self.shrink(most);
    }

    /// Bytes that it may have.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    fn shrink(&mut self, most: usize) {
        while most < self.size {
            let Some((name, value)) = self.entries.pop_back() else { return };
            self.size = self.size.saturating_sub(room(&name, &value));
        }
    }

    /// Where this name and value stand, and where the name does.
    pub(super) fn find(&self, name: &[u8], value: &[u8]) -> (Option<usize>, Option<usize>) {
        let fixed = STATIC.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let own = self.entries.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let mut named = None;
        for (at, (_, held)) in fixed.chain(own).enumerate().filter(|(_, (known, _))| *known == name) {
            if held == value {
                return (Some(at + 1), Some(at + 1));
            }
            named = named.or(Some(at + 1));
        }
        (None, named)
    }
}
