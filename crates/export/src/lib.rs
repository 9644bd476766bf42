//! What is known, in the forms that other systems read: STIX 2.1, MISP, lists for blocking.
//!
//! [`gather`] reads the store; everything else is pure. Nothing here says which deckies there are: whoever is told of
//! attackers is not told where they were met. Ids are made of what they name and of the installation ([`Origin`]), so
//! that what is exported twice is there once.

pub mod blocklist;
mod document;
mod gather;
mod known;
pub mod misp;
mod origin;
mod standing;
pub mod stix;
mod uuid;
mod zip;

pub use document::{Document, Form};
pub use gather::{LeftOut, Source};
pub use known::{Known, KnownIncident, Payload, Technique, Techniques};
pub use origin::{BadOrigin, Origin, OriginError};
pub use standing::{Networks, Standing};
pub use uuid::Uuid;
pub use zip::{PASSWORD, sealed};
