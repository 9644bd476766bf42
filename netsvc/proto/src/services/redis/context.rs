//! What a command works on, and its words.

use super::{
    Client, Reply,
    hub::Hub,
    keyspace::{Full, Keyspace},
    reply::Outcome,
    state::ServerState,
    stream::Stream,
    value::{Scores, Value},
    words::{Words, text},
};
use indexmap::{IndexMap, IndexSet};
use netsvc_kit::{Host, Link, Out};
use rand_core::RngCore;
use std::collections::VecDeque;

/// What a command works on.
pub(super) struct Context<'a> {
    pub host: &'a Host,
    pub link: &'a Link,
    pub keys: &'a mut Keyspace,
    pub state: &'a mut ServerState,
    pub hub: &'a Hub,
    pub client: &'a mut Client,
    /// The node's clock, µs.
    pub now: i64,
    pub out: &'a mut Out,
    /// Whether a script or a transaction runs the command: nothing blocks then.
    pub nested: bool,
}

/// An empty value of a kind, for [`Keyspace::edit`].
macro_rules! typed {
    ($read:ident, $edit:ident, $variant:ident, $kind:ty, $empty:expr) => {
        /// The value of `key` if it is of this type, `None` without the key.
        pub(super) fn $read(&mut self, key: &[u8]) -> Result<Option<&$kind>, Reply> {
            match self.keys.get(self.client.database, key, self.now) {
                None => Ok(None),
                Some(Value::$variant(value)) => Ok(Some(value)),
                Some(_) => Err(Reply::wrong_type()),
            }
        }

        /// The value of `key`, made if it is not there; `cost` bytes may be added.
        pub(super) fn $edit(&mut self, key: &[u8], cost: usize) -> Result<&mut $kind, Reply> {
            self.$read(key)?;
            let fresh = Value::$variant($empty);
            match self.keys.edit(self.client.database, key, self.now, cost, fresh) {
                Ok(Value::$variant(value)) => Ok(value),
                Ok(_) => Err(Reply::wrong_type()),
                Err(Full) => Err(Reply::out_of_memory()),
            }
        }
    };
}

impl Context<'_> {
    typed!(text, edit_text, Text, Vec<u8>, Vec::new());
    typed!(list, edit_list, List, VecDeque<Vec<u8>>, VecDeque::new());
    typed!(set, edit_set, Set, IndexSet<Vec<u8>>, IndexSet::new());
    typed!(hash, edit_hash, Hash, IndexMap<Vec<u8>, Vec<u8>>, IndexMap::new());
    typed!(sorted, edit_sorted, Sorted, Scores, Scores::new());
    typed!(stream, edit_stream, Stream, Stream, Box::default());

    /// Database of the client.
    pub(super) fn database(&self) -> usize {
        self.client.database
    }

    /// Whether `key` is there.
    pub(super) fn exists(&mut self, key: &[u8]) -> bool {
        self.keys.get(self.client.database, key, self.now).is_some()
    }

    /// A copy of the value of `key`.
    pub(super) fn value(&mut self, key: &[u8]) -> Option<Value> {
        self.keys.get(self.client.database, key, self.now).cloned()
    }

    /// Takes `bytes` off what the command may copy; a refusal when that is more than is left.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Reply> {
        self.client.room = self.client.room.checked_sub(bytes).ok_or_else(Reply::out_of_memory)?;
        Ok(())
    }

    /// Stores `value`; see [`Keyspace::set`] for `expires`. An empty collection removes the key.
    pub(super) fn store(
        &mut self,
        key: &[u8],
        value: Value,
        expires: Option<Option<i64>>,
    ) -> Result<(), Reply> {
        if value.is_empty() {
            self.keys.remove(self.client.database, key);
            return Ok(());
        }
        let stored = self.keys.set(self.client.database, key, value, self.now, expires);
        stored.map_err(|Full| Reply::out_of_memory())
    }

    /// Removes `key`, and says whether it was there.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        self.exists(key) && self.keys.remove(self.client.database, key).is_some()
    }

    /// A number below `end`, which nobody can tell before.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let drawn = usize::try_from(self.state.generator.next_u64() >> 1).unwrap_or(0);
        drawn.checked_rem(end).unwrap_or(0)
    }

    /// Removes `key` when nothing is left in it.
    pub(super) fn settle(&mut self, key: &[u8]) {
        self.keys.settle(self.client.database, key);
    }

    /// Whether the server's version is at least 7.0.
    pub(super) fn seventh(&self) -> bool {
        self.state.version.0 >= 7
    }

    /// The refusal of a sub-command with the wrong words.
    pub(super) fn unknown_subcommand(&self, words: Words<'_>) -> Outcome {
        let (container, given) = (text(words.at(0)).to_uppercase(), text(words.at(1)));
        Err(Reply::error(if self.seventh() {
            format!("ERR unknown subcommand '{given}'. Try {container} HELP.")
        } else {
            format!(
                "ERR Unknown subcommand or wrong number of arguments for '{given}'. Try {container} HELP."
            )
        }))
    }
}

/// First and last of a range with negative ends, as a range of indices of `length` items.
pub(super) fn range(from: i64, to: i64, length: usize) -> std::ops::Range<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from = if from < 0 { from.saturating_add(length).max(0) } else { from };
    let to = if to < 0 { to.saturating_add(length) } else { to }.min(length - 1);
    if to < from {
        return 0..0;
    }
    usize::try_from(from).unwrap_or(0)..usize::try_from(to + 1).unwrap_or(0)
}
