//! What one request may go through.

use super::{fault::Fault, store::Document};
use std::cell::Cell;

/// Bytes of documents that one request goes through, counted once for each way through them.
const WORK: usize = 64 << 20;

/// What one request may still go through.
#[derive(Debug)]
pub(super) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Work(Cell::new(WORK))
    }
}

impl Work {
    /// Pays for going through `documents` so many times.
    ///
    /// # Errors
    /// When that is more than is left.
    pub(super) fn spend<'a>(
        &self,
        times: usize,
        documents: impl Iterator<Item = &'a Document>,
    ) -> Result<(), Fault> {
        if times == 0 {
            return Ok(());
        }
        let bytes: usize = documents.map(|document| document.cost).sum();
        let left = self.0.get().checked_sub(bytes.saturating_mul(times)).ok_or_else(Fault::too_large)?;
        self.0.set(left);
        Ok(())
    }
}
