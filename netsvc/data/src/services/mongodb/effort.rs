//! What a command may still do, and the patterns that it has compiled.

use super::{bson::Value, fault::Fault};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;

/// Values that one command may look at.
const STEPS: u32 = 4_000_000;
/// Bytes that are read, and names of fields that are compared, in the time of a step.
const READ: usize = 128;
pub(super) const NAMES: usize = 16;
/// Bytes of values that one command may make: an expression names a field as often as it likes, and stages do so again
/// with what came of it (the server gives a stage 100 MB).
const MADE: usize = 32 << 20;
/// Most bytes of a compiled pattern.
const PATTERN: usize = 1 << 18;
/// Most patterns of one command.
const PATTERNS: usize = 32;

/// What a command may still do.
pub(super) struct Effort {
    steps: u32,
    /// Bytes that may still be made.
    room: usize,
    patterns: BTreeMap<(String, String), Option<Regex>>,
    /// What of the server's own JavaScript it asked for.
    pub script: bool,
    /// Milliseconds since the epoch.
    pub now: i64,
}

impl Effort {
    pub(super) fn new(now: i64) -> Self {
        Effort { steps: STEPS, room: MADE, patterns: BTreeMap::new(), script: false, now }
    }

    /// Spends one step.
    pub(super) fn step(&mut self) -> Result<(), Fault> {
        self.steps(1)
    }

    /// Spends steps.
    pub(super) fn steps(&mut self, count: usize) -> Result<(), Fault> {
        let left = u32::try_from(count).ok().and_then(|count| self.steps.checked_sub(count));
        self.steps = left.ok_or_else(Fault::time)?;
        Ok(())
    }

    /// Spends what reading documents of so many bytes takes.
    pub(super) fn read(&mut self, bytes: usize) -> Result<(), Fault> {
        self.steps(1 + bytes / READ)
    }

    /// Spends what looking at so many names of fields takes.
    pub(super) fn look(&mut self, names: usize) -> Result<(), Fault> {
        self.steps(1 + names / NAMES)
    }

    /// Makes room for one more of `value`.
    pub(super) fn copy(&mut self, value: &Value) -> Result<Value, Fault> {
        self.make(value.size())?;
        Ok(value.clone())
    }

    /// Makes room for so many bytes.
    pub(super) fn make(&mut self, bytes: usize) -> Result<(), Fault> {
        self.room = self.room.checked_sub(bytes).ok_or_else(Fault::memory)?;
        Ok(())
    }

    /// The compiled `pattern`.
    pub(super) fn pattern(&mut self, pattern: &str, options: &str) -> Result<&Regex, Fault> {
        let key = (pattern.to_owned(), options.to_owned());
        if PATTERNS <= self.patterns.len() && !self.patterns.contains_key(&key) {
            return Err(Fault::time());
        }
        let compiled = self.patterns.entry(key).or_insert_with(|| {
            let mut builder = RegexBuilder::new(pattern);
            builder.size_limit(PATTERN).dfa_size_limit(PATTERN);
            builder.case_insensitive(options.contains('i')).multi_line(options.contains('m'));
            builder.dot_matches_new_line(options.contains('s')).ignore_whitespace(options.contains('x'));
            builder.build().ok()
        });
        let text = "Regular expression is invalid: unmatched parentheses";
        compiled.as_ref().ok_or_else(|| Fault::new(51_091, text))
    }
}
