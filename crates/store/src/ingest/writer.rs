//! Which lines are new: per writer, the highest number seen and the gaps below it.
//!
//! Every number up to the highest is either stored or inside a gap, so that a double is known without
//! looking for it among the events.

use crate::{
    database::{Statement, Tx},
    error::Error,
    schema::{Read, row},
};
use decnet_model::record::Gap;
use netsvc_wire::{Record, WriterId, stamp::Micros};
use std::collections::{BTreeMap, BTreeSet};

/// No process writes as many lines; a number above it is forged.
const NUMBER_LIMIT: u64 = 1 << 40;

/// Gaps that are kept of one writer, and read and written with each batch. A spool that lost a segment has one more;
/// who leaves out every other number is no writer of ours.
const MOST_GAPS: usize = 1024;

/// What is kept of a writer.
pub(crate) struct WriterRow {
    writer: WriterId,
    last_number: u64,
    stored: u64,
    first_at: Micros,
    last_at: Micros,
}

row! {
    WRITERS = "writers" by "w", WriterRow, WriterRow {
        writer as w: Int;
        last_number: Int, Greatest;
        stored: Int, Add;
        first_at: Int, Least;
        last_at: Int, Greatest;
    }
}

row! {
    GAPS = "gaps" by "w, first_number", Gap, Gap {
        writer as w: Int;
        first as first_number: Int;
        last as last_number: Int, Replace;
    }
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Double,
    Refused,
}

/// What is known of the writers of a batch.
#[derive(Debug, Default)]
pub(super) struct Writers {
    states: BTreeMap<WriterId, State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    /// First number → last number, and whether this batch opened it.
    gaps: BTreeMap<u64, (u64, bool)>,
    gaps_changed: bool,
    lines: u64,
    times: Option<(Micros, Micros)>,
}

impl Writers {
    pub(super) async fn load(tx: &mut Tx, ids: BTreeSet<WriterId>) -> Result<Self, Error> {
        let mut writers = Writers::default();
        for id in ids {
            let what = "read a writer";
            let sql = "SELECT last_number FROM writers WHERE w = ?";
            let row = tx.row(Statement::new(what, sql).bind(id)).await?;
            let mut state = State::default();
            if let Some(mut cells) = row {
                state.last = cells.count()?;
                let sql = format!("{} WHERE w = ?", GAPS.select());
                for cells in tx.rows(Statement::new(what, sql).bind(id)).await? {
                    let gap = Gap::read(cells)?;
                    state.gaps.insert(gap.first, (gap.last, false));
                }
            }
            writers.states.insert(id, state);
        }
        Ok(writers)
    }

    /// Decides about the next line of the batch, and remembers it.
    pub(super) fn take(&mut self, record: &Record) -> Verdict {
        if record.number == 0 || record.number > NUMBER_LIMIT {
            return Verdict::Refused;
        }
        let state = self.states.entry(record.writer).or_default();
        if MOST_GAPS <= state.gaps.len() && state.makes_a_gap(record.number) {
            return Verdict::Refused;
        }
        if !state.take(record.number) {
            return Verdict::Double;
        }
        state.lines += 1;
        let (first, last) = state.times.unwrap_or((record.at, record.at));
        state.times = Some((first.min(record.at), last.max(record.at)));
        Verdict::New
    }

    /// Gaps that the batch opened and did not fill.
    pub(super) fn gaps_opened(&self) -> Vec<Gap> {
        self.states
            .iter()
            .flat_map(|(&writer, state)| {
                state.gaps.iter().filter(|(_, (_, opened))| *opened).map(move |(&first, &(last, _))| Gap {
                    writer,
                    first,
                    last,
                })
            })
            .collect()
    }

    pub(super) async fn save(&self, tx: &mut Tx) -> Result<(), Error> {
        let mut rows = Vec::new();
        for (&writer, state) in &self.states {
            let Some((first_at, last_at)) = state.times else { continue };
            rows.push(WriterRow { writer, last_number: state.last, stored: state.lines, first_at, last_at });
        }
        tx.upsert("store writers", rows).await?;
        for (&writer, state) in self.states.iter().filter(|(_, state)| state.gaps_changed) {
            let sql = "DELETE FROM gaps WHERE w = ?";
            tx.execute(Statement::new("replace gaps", sql).bind(writer)).await?;
            let rows = state.gaps.iter().map(|(&first, &(last, _))| Gap { writer, first, last });
            tx.upsert("store gaps", rows).await?;
        }
        Ok(())
    }
}

impl State {
    /// Whether there would be one more gap with `number`: one behind the last, or two in the place of one.
    fn makes_a_gap(&self, number: u64) -> bool {
        let around = self.gaps.range(..=number).next_back();
        self.last + 1 < number || around.is_some_and(|(&first, &(last, _))| first < number && number < last)
    }

    /// Whether `number` is new; opens and fills gaps.
    fn take(&mut self, number: u64) -> bool {
        if number > self.last {
            if number > self.last + 1 {
                self.gaps.insert(self.last + 1, (number - 1, true));
                self.gaps_changed = true;
            }
            self.last = number;
            return true;
        }
        let Some((&first, &(last, opened))) = self.gaps.range(..=number).next_back() else { return false };
        if number > last {
            return false;
        }
        self.gaps_changed = true;
        self.gaps.remove(&first);
        if first < number {
            self.gaps.insert(first, (number - 1, opened));
        }
        if number < last {
            self.gaps.insert(number + 1, (last, opened));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_writer_that_leaves_out_every_other_number_does_not_fill_the_store_with_gaps() {
        let mut writers = Writers::default();
        let mut take = |number| {
            writers.take(&Record {
                at: 1,
                priority: 134,
                node: "web-01".into(),
                app: "ssh".into(),
                kind: "command".into(),
                writer: WriterId(7),
                number,
                fields: Vec::new(),
            })
        };
        let new = (1..=100_000).filter(|number| take(number * 2) == Verdict::New).count();
        assert_eq!(new, MOST_GAPS);
        let last = MOST_GAPS as u64 * 2;
        assert_eq!([take(last + 1), take(last), take(3)], [Verdict::New, Verdict::Double, Verdict::New]);
        assert_eq!(writers.gaps_opened().len(), MOST_GAPS - 1);
        let mut state = State { last: 1 << 40, ..State::default() };
        state.gaps = (0..MOST_GAPS as u64).map(|gap| (gap * 10 + 1, (gap * 10 + 9, false))).collect();
        let made = [1, 5, 9, 10, (1 << 40) + 1, (1 << 40) + 2].map(|number| state.makes_a_gap(number));
        assert_eq!(made, [false, true, false, false, false, true]);
    }

    proptest! {
        #[test]
        fn a_number_is_new_once_and_gaps_are_what_is_missing(numbers in proptest::collection::vec(1_u64..40, 0..60)) {
            let mut state = State::default();
            let mut seen = BTreeSet::new();
            for &number in &numbers {
                prop_assert_eq!(state.take(number), seen.insert(number));
            }
            let missing: Vec<u64> = (1..=state.last).filter(|number| !seen.contains(number)).collect();
            let gaps: Vec<u64> = state.gaps.iter().flat_map(|(&first, &(last, _))| first..=last).collect();
            prop_assert_eq!(missing, gaps);
        }
    }
}
