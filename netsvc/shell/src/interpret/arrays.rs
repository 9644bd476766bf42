//! Assignments to arrays: whole lists, single elements, pairs.

use super::{Flow, Shell};
use crate::parse::{Part, Word};

/// The name and the index of `name[index]`.
pub(crate) fn subscripted(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(']')?.split_once('[')
}

impl Shell {
    /// `name[index]=value`.
    pub(super) fn assign_element(
        &mut self,
        name: &str,
        index: &str,
        append: bool,
        value: String,
    ) -> Result<bool, Flow> {
        if self.state.variables.map.get(name).is_some_and(|variable| variable.readonly) {
            return self.set_variable(name, &value);
        }
        if self.state.variables.is_table(name) {
            let key = self.key(index)?;
            let before = self.pair(name, &key).filter(|_| append).unwrap_or_default().to_owned();
            return Ok(self.state_mut().variables.set_pair(name, &key, &(before + &value)));
        }
        let Some(index) = self.arithmetic(index)? else { return Ok(false) };
        let index = self.state.variables.place(name, index);
        let variable = self.state.variables.map.get(name).filter(|_| append);
        let before = variable.and_then(|variable| variable.item(index)).unwrap_or_default().to_owned();
        Ok(self.state_mut().variables.set_element(name, index, &(before + &value)))
    }

    fn pair(&self, name: &str, key: &str) -> Option<&str> {
        self.state.variables.map.get(name)?.table.as_ref()?.get(key)
    }

    /// `name=(…)` or `name+=(…)`.
    pub(super) fn assign_list(&mut self, name: &str, words: &[Word], append: bool) -> Result<bool, Flow> {
        if self.state.variables.is_table(name) {
            return self.assign_pairs(name, words, append);
        }
        let old = self.state.variables.map.get(name).filter(|_| append);
        let mut list = match old {
            Some(variable) => match &variable.list {
                Some(list) => list.clone(),
                None => [(0, variable.value.clone())].into(),
            },
            None => Default::default(),
        };
        let mut next = list.keys().next_back().map_or(0, |last| last.saturating_add(1));
        for word in words {
            if let Some((index, value)) = placed(word) {
                let index = self.expand_text(&index)?;
                let Some(index) = self.arithmetic(&index)? else { return Ok(false) };
                list.insert(index, self.expand_text(&value)?);
                next = index.saturating_add(1);
                continue;
            }
            for value in self.expand_words(std::slice::from_ref(word))? {
                list.insert(next, value);
                next = next.saturating_add(1);
            }
        }
        Ok(self.state_mut().variables.set_elements(name, list))
    }

    fn assign_pairs(&mut self, name: &str, words: &[Word], append: bool) -> Result<bool, Flow> {
        if !append {
            let variables = &mut self.state_mut().variables;
            if let Some(variable) = variables.made(name) {
                variable.table = Some(Default::default());
            }
        }
        let mut left = words.iter();
        while let Some(word) = left.next() {
            let (key, value) = match placed(word) {
                Some((key, value)) => (self.expand_text(&key)?, self.expand_text(&value)?),
                // Since bash 5.1 keys and values may also stand by turns.
                None => {
                    let key = self.expand_text(word)?;
                    let value = left.next().map(|word| self.expand_text(word)).transpose()?;
                    (key, value.unwrap_or_default())
                }
            };
            if !self.state_mut().variables.set_pair(name, &key, &value) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The key and the value of `[key]=value`.
fn placed(word: &Word) -> Option<(Word, Word)> {
    let (first, rest) = word.parts.split_first()?;
    let Part::Literal(first) = first else { return None };
    let first = first.strip_prefix('[')?;
    let mut key = Vec::new();
    let mut parts = std::iter::once(Part::Literal(first.to_owned())).chain(rest.iter().cloned());
    while let Some(part) = parts.next() {
        if let Part::Literal(text) = &part
            && let Some((before, after)) = text.split_once("]=")
        {
            key.extend((!before.is_empty()).then(|| Part::Literal(before.to_owned())));
            let mut value: Vec<Part> = Vec::new();
            value.extend((!after.is_empty()).then(|| Part::Literal(after.to_owned())));
            value.extend(parts);
            return Some((Word { parts: key }, Word { parts: value }));
        }
        key.push(part);
    }
    None
}
