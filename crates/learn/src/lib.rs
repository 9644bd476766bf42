//! What a segment is like, and a plan that blends in: frames of a capture become a survey of hosts, a survey a
//! proposal.
//! Pure: whoever has frames hands them in.

mod frame;
mod guess;
mod heard;
mod host;
mod propose;
mod survey;
#[cfg(test)]
mod tests;

pub use guess::Kind;
pub use heard::Heard;
pub use host::Host;
pub use propose::{Proposal, Proposed, Wish, propose};
pub use survey::Survey;
