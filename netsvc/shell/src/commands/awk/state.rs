//! What a running program has open, and what its parameters stand for.

/// What is printed to.
#[derive(Debug)]
pub(super) enum Sink {
    /// An open file, and where its end is; none: it could not be opened.
    File(Option<(u32, u64)>),
    /// What a command gets.
    Command(Vec<u8>),
}

/// What a parameter stands for: the name under which its text is kept, and its list.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) scalar: String,
    pub(super) list: String,
}
