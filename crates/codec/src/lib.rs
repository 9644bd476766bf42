//! Pure parsers and writers of formats that cross a socket or a file: no IO, no clock, no runtime.

pub mod frame;
pub mod subject;
pub mod topic;
pub mod verb;
