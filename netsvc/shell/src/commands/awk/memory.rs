//! What a program may keep and make: it doubles a text with each line, and puts it into as many places as it likes.

use super::{
    leave::{Leave, fits},
    run::Machine,
    tree::Expression,
    value::Value,
};
use crate::interpret::Flow;

/// Most bytes of variables and lists.
const HELD: usize = 16 << 20;
/// Most items of a list, and what one costs beside its texts.
const ITEMS: usize = 50_000;
const ITEM: usize = 64;

/// What the records of something that is read take.
pub(super) fn weight(records: &[String]) -> usize {
    records.iter().map(|record| ITEM + record.len()).sum()
}

fn size(key: &str, value: &Value) -> usize {
    ITEM + key.len() + value.length()
}

impl Machine<'_> {
    /// Something of `old` bytes gives way to one of `new`.
    pub(super) fn hold(&mut self, old: usize, new: usize) -> Result<(), Leave> {
        self.held = (self.held + new).saturating_sub(old);
        if HELD < self.held { Err(Leave::Shell(Flow::Exhausted)) } else { Ok(()) }
    }

    /// Puts `value` into a list.
    pub(super) fn keep(&mut self, name: &str, key: String, value: Value) -> Result<(), Leave> {
        let list = self.list(name);
        if list.is_some_and(|list| ITEMS <= list.len() && !list.contains_key(&key)) {
            return Ok(());
        }
        let old = list.and_then(|list| list.get(&key)).map_or(0, |old| size(&key, old));
        self.hold(old, size(&key, &value))?;
        let name = self.list_name(name).to_owned();
        self.arrays.entry(name).or_default().insert(key, value);
        Ok(())
    }

    /// Makes a list of `items`, in place of what it was.
    pub(super) fn fill(&mut self, name: &str, items: Vec<String>) -> Result<(), Leave> {
        self.forget(name, None);
        for (index, item) in items.into_iter().take(ITEMS).enumerate() {
            self.keep(name, (index + 1).to_string(), Value::Input(item))?;
        }
        Ok(())
    }

    /// Takes an item out of a list, or all of them.
    pub(super) fn forget(&mut self, name: &str, key: Option<&String>) {
        let place = self.list_name(name).to_owned();
        let Some(key) = key else { return self.clear(&place) };
        let gone = self.arrays.get_mut(&place).and_then(|list| list.remove_entry(key));
        let bytes = gone.map_or(0, |(key, value)| size(&key, &value));
        self.held = self.held.saturating_sub(bytes);
    }

    /// Forgets the list that is kept under `place`.
    pub(super) fn clear(&mut self, place: &str) {
        let gone = self.arrays.remove(place).unwrap_or_default();
        let bytes: usize = gone.iter().map(|(key, value)| size(key, value)).sum();
        self.held = self.held.saturating_sub(bytes);
    }

    /// The values of `list` as texts, together no longer than one text may be.
    pub(super) fn texts(&mut self, list: &[Expression]) -> Result<Vec<String>, Leave> {
        let (mut texts, mut bytes) = (Vec::new(), 0);
        for expression in list {
            let text = self.value(expression)?.text();
            bytes += text.len();
            fits(bytes)?;
            texts.push(text);
        }
        Ok(texts)
    }
}
