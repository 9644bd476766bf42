//! Which addresses are one actor, and which actors work together: a graph of what they have in common.
//!
//! The result is a function of the traits and of what analysts have said, and of nothing else: in which order and in
//! which portions traits came makes no difference, and numbers of clusters stay as long as their oldest member does.
//! A pass looks only at what has changed and at what that touches.
//!
//! - What few have tells much, what many have tells nothing ([`scheme::rarity`]), by the power of two of how many
//!   have it, so that one more changes nothing most of the time.
//! - Values of one family (all that a client program shows of itself, say) come together anyway: each family has a
//!   bound, and only a key binds alone. Two families have to agree.
//! - What the holders of a value show tells of it ([`graph`]): what a worm brings is nobody's, what is used with many
//!   clients was passed around, and some act in concert, which counts as a family of its own.
//! - Two are compared that stand near each other among those that have a value in common ([`graph`]): as many
//!   comparisons as values, not as pairs.
//! - Links are taken from the strongest on, and none is taken against a decision ([`graph`]).

pub mod explain;
mod graph;
pub mod scheme;

pub use graph::{Change, Graph, Said};
pub use scheme::Scheme;
