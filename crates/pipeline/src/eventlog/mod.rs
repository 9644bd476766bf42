//! The event log: RFC 5424 lines in numbered segments that are appended to and then never changed.
//!
//! Each start of the writer opens a new segment, so a place in the log keeps its content whatever
//! happens: a segment that lost its end in a crash is only shorter than a reader remembers. An
//! unterminated end of a segment that is not the newest is skipped and counted.
//!
//! Numbers ascend, and none is below the second in which its segment began: also in a log that was
//! removed and begun anew, no place means something else than before.

mod origin;
mod reader;
mod retention;
mod segment;
mod twin;
mod writer;

pub use origin::Origins;
pub(crate) use reader::fill;
pub use reader::{Batch, LogReader};
pub use retention::{Durable, Retained};
pub use segment::{LogError, Position, link_name, segment_list, segment_path};
pub use twin::{Twin, object_of};
pub use writer::{EventLog, Limits, LogCounters};
