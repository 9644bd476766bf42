//! All tables.

#[cfg(test)]
mod tests;

use crate::{growth::RULES, schema::Table};

/// Every table, those before that others refer to.
pub(crate) fn tables() -> impl DoubleEndedIterator<Item = &'static Table> {
    RULES.iter().map(|(table, ..)| *table)
}
