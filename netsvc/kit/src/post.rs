//! What the people of organisations write to each other, by the node in whose mailboxes it lies.

use netsvc_persona::Letter;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Most bytes of the letters of all nodes.
const MOST: usize = 32 << 20;
/// What a letter takes besides its content.
const OVERHEAD: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub struct Post(Mutex<BTreeMap<String, Letters>>);

#[derive(Debug, Default)]
struct Letters {
    /// Those that can be read.
    there: Vec<Arc<Letter>>,
    /// Those that came so far of what will take their place.
    coming: Vec<Arc<Letter>>,
    /// A part of them was too much: the rest is refused, too, up to the next first part.
    refused: bool,
}

/// There are more letters than the process keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the letters are more than {MOST} bytes")]
pub struct TooMuch;

impl Post {
    /// Takes a part of the letters of `node`; with its last part they take the place of those before.
    ///
    /// # Errors
    /// [`TooMuch`]; then the letters before stay.
    pub fn take(&self, node: &str, first: bool, last: bool, letters: Vec<Letter>) -> Result<(), TooMuch> {
        let mut all = self.0.lock();
        let held: usize =
            all.values().flat_map(|letters| letters.there.iter().chain(&letters.coming)).map(size).sum();
        let kept = all.entry(node.to_owned()).or_default();
        if first {
            kept.coming.clear();
            kept.refused = false;
        }
        let more: Vec<Arc<Letter>> = letters.into_iter().map(Arc::new).collect();
        if kept.refused || MOST < held.saturating_add(more.iter().map(size).sum()) {
            (kept.coming, kept.refused) = (Vec::new(), true);
            return Err(TooMuch);
        }
        kept.coming.extend(more);
        if last {
            kept.there = std::mem::take(&mut kept.coming);
        }
        if kept.there.is_empty() && kept.coming.is_empty() {
            all.remove(node);
        }
        Ok(())
    }

    /// The letters of `node` that lie in the mailbox of `account`.
    pub fn of(&self, node: &str, account: &str) -> Vec<Arc<Letter>> {
        let all = self.0.lock();
        let theirs = |letter: &&Arc<Letter>| letter.copies.iter().any(|copy| copy.account == account);
        all.get(node).into_iter().flat_map(|letters| &letters.there).filter(theirs).cloned().collect()
    }
}

fn size(letter: &Arc<Letter>) -> usize {
    letter.content.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::LetterCopy;

    fn letter(id: &str, account: &str, bytes: usize) -> Letter {
        let copy = LetterCopy { account: account.to_owned(), sent: false, seen_at: 0, answered_at: None };
        Letter {
            id: id.to_owned(),
            from: "a@corp.example".to_owned(),
            at: 0,
            content: "x".repeat(bytes),
            copies: vec![copy],
        }
    }

    #[test]
    fn letters_are_seen_when_all_of_them_are_there_and_take_the_place_of_others() {
        let post = Post::default();
        let ids = || post.of("mail-01", "anna").iter().map(|letter| letter.id.clone()).collect::<Vec<_>>();
        post.take("mail-01", true, false, vec![letter("1", "anna", 9), letter("2", "ben", 9)]).unwrap();
        assert!(ids().is_empty());
        post.take("mail-01", false, true, vec![letter("3", "anna", 9)]).unwrap();
        assert_eq!(ids(), ["1", "3"]);
        post.take("mail-01", true, true, vec![letter("4", "anna", 9)]).unwrap();
        assert_eq!((ids(), post.of("mail-02", "anna").len()), (vec!["4".to_owned()], 0));
        let much = post.take("mail-01", true, true, vec![letter("5", "anna", MOST)]);
        assert_eq!((much, ids()), (Err(TooMuch), vec!["4".to_owned()]));
        let parts = [(true, false, MOST), (false, false, 9), (false, true, 9)];
        for (first, last, bytes) in parts {
            let taken = post.take("mail-01", first, last, vec![letter("6", "anna", bytes)]);
            assert_eq!((taken, ids()), (Err(TooMuch), vec!["4".to_owned()]));
        }
        post.take("mail-01", true, true, Vec::new()).unwrap();
        assert!(ids().is_empty() && post.0.lock().is_empty());
    }
}
