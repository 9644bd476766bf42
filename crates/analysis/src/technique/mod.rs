//! Techniques of MITRE ATT&CK that events show, by rules: which rules there are, and what of a batch of events each
//! of them sees. A rule says what it looks for and has an example that it sees and one that it does not.

mod attack;
mod check;
mod coverage;
mod document;
mod library;
mod navigator;
mod rules;
pub mod shown;

pub use attack::{Matrix, TACTICS, Tactic, Technique, technique, techniques};
pub use coverage::{Covered, coverage};
pub use document::{BadRule, Confidence, Example, Rule, When};
pub use navigator::layer;
pub use rules::Rules;
