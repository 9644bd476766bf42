//! What commands want done, and what stands between a command and its value.

use super::wanted::Wanted;

/// What is said to an unknown command, or to one with a wrong number of words.
pub(super) const ERROR: &[u8] = b"ERROR\r\n";

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    Cas,
}

/// What a command wants done.
#[derive(Debug)]
pub(super) enum Step {
    /// This is the answer; it may be empty.
    Say(Vec<u8>),
    /// Its value follows.
    Value(Pending),
    /// A value follows that nobody wants, after this answer.
    Swallow(usize, Vec<u8>),
    /// These keys are asked for.
    Get(Asked),
    /// The connection ends.
    Close,
}

/// A command whose value is awaited.
#[derive(Debug)]
pub(super) struct Pending {
    pub verb: Verb,
    pub key: Vec<u8>,
    pub flags: u32,
    pub expires: i64,
    pub length: usize,
    pub cas: Option<u64>,
    pub quiet: bool,
    /// What a meta command wants in its answer.
    pub meta: Option<Wanted>,
    /// The line, for the event.
    pub line: Vec<u8>,
}

/// Keys that are asked for, and those that were answered already.
#[derive(Debug)]
pub(super) struct Asked {
    pub keys: Vec<Vec<u8>>,
    pub next: usize,
    /// With check numbers.
    pub cas: bool,
    /// The new time of expiry, as the client said it.
    pub touch: Option<i32>,
}

pub(super) fn say(answer: impl AsRef<[u8]>) -> Step {
    Step::Say(answer.as_ref().to_vec())
}
