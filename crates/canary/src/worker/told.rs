//! What is told of stored events, told once: whoever was killed between the lines and the place up to which they tell
//! writes the same lines again, with the numbers that they had, and the collector knows them.

use crate::serve::QUOTA;
use netsvc_wire::{HeaderText, WriterId, spool::Spool};
use rand_core::{OsRng, RngCore};
use std::{error::Error, path::PathBuf, sync::Arc};

/// Lines that were begun: by whom, after which of his numbers, and of which canaries they tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    writer: WriterId,
    number: u64,
    stamp: String,
}

/// Where the lines go.
pub(super) struct Told {
    folder: PathBuf,
    sd_id: String,
    /// What the last run began and did not end.
    left: Option<Begun>,
    open: Option<(Arc<Spool>, WriterId)>,
}

impl Begun {
    /// The last event that was dealt with, and what was begun after it.
    pub(super) fn read(text: &str) -> (i64, Option<Begun>) {
        let mut words = text.splitn(4, ' ');
        let cursor = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut begun = || {
            let (writer, number) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Begun { writer, number, stamp: words.next()?.to_owned() })
        };
        (cursor, begun())
    }

    /// As [`Begun::read`] reads it.
    pub(super) fn written(&self, cursor: i64) -> String {
        format!("{cursor} {} {} {}", self.writer, self.number, self.stamp)
    }
}

impl Told {
    /// Into a spool in `folder`.
    pub(super) fn new(folder: PathBuf, sd_id: String, left: Option<Begun>) -> Told {
        Told { folder, sd_id, left, open: None }
    }

    /// Begins lines that tell of the canaries of `stamp`. What the last run began is gone on with, if the canaries are
    /// still the same: of others the lines would be others.
    pub(super) fn begin(&mut self, stamp: &str) -> Result<(Arc<Spool>, Begun), Box<dyn Error + Send + Sync>> {
        let (spool, writer) = match self.open.take() {
            Some(open) => open,
            None => self.opened(stamp)?,
        };
        self.open = Some((Arc::clone(&spool), writer));
        let begun = Begun { writer, number: spool.last_number(), stamp: stamp.to_owned() };
        Ok((spool, begun))
    }

    /// There is nothing to tell where the last run began: what comes later is something else.
    pub(super) fn forget(&mut self) {
        self.left = None;
    }

    fn opened(&mut self, stamp: &str) -> Result<(Arc<Spool>, WriterId), Box<dyn Error + Send + Sync>> {
        let left = self.left.take().filter(|left| left.stamp == stamp);
        let (writer, last) =
            left.map_or_else(|| (WriterId(OsRng.next_u64()), 0), |left| (left.writer, left.number));
        let sd_id = self.sd_id.parse::<HeaderText>()?;
        let spool = Spool::resume(&self.folder, sd_id, writer, last, QUOTA)?;
        spool.keep_synced();
        Ok((spool, writer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{Event, Kind, parse, spool::Written};

    #[test]
    fn a_place_is_read_as_it_was_written_and_as_it_was_before() {
        let begun = Begun { writer: WriterId(0xfeed), number: 7, stamp: "3 99".to_owned() };
        assert_eq!(Begun::read(&begun.written(12)), (12, Some(begun)));
        for (text, cursor) in
            [("", 0), ("41", 41), ("x", 0), ("41 zz 7 3 99", 41), ("41 000000000000feed 7", 41)]
        {
            assert_eq!(Begun::read(text), (cursor, None), "{text}");
        }
    }

    #[test]
    fn lines_that_a_killed_worker_writes_again_are_the_same_ones() {
        let folder = tempfile::tempdir().unwrap();
        let event = Event::new(1, "web".parse().unwrap(), "ssh".parse().unwrap(), Kind::Callback);
        let new = |left| Told::new(folder.path().to_owned(), "ev@32473".to_owned(), left);
        let mut first = new(None);
        let begun = |told: &mut Told, stamp: &str| {
            let (spool, begun) = told.begin(stamp).unwrap();
            assert_eq!(spool.offer(&event), Written::Done);
            begun
        };
        begun(&mut first, "1 1");
        let last = begun(&mut first, "1 1");
        assert_eq!(last.number, 1, "the second batch follows the first");
        drop(first);
        begun(&mut new(Some(last.clone())), "1 1");
        let other = begun(&mut new(Some(last.clone())), "2 5");
        assert_ne!((other.writer, other.number), (last.writer, 1), "other canaries, other lines");
        let mut ids = Vec::new();
        for entry in std::fs::read_dir(folder.path().join("lines")).unwrap() {
            let text = std::fs::read(entry.unwrap().path()).unwrap();
            let lines = text.split_inclusive(|byte| *byte == b'\n').map(|line| parse(line).unwrap());
            ids.extend(lines.map(|line| (line.writer, line.number)));
        }
        let of_first: Vec<_> = ids.iter().filter(|(writer, _)| *writer == last.writer).collect();
        assert_eq!(of_first.iter().filter(|(_, number)| *number == 2).count(), 2, "{ids:?}");
        assert_eq!((of_first.len(), ids.len()), (3, 4));
    }
}
