//! What answers those who took a canary along: HTTP and DNS in the manner of ordinary servers. Nothing in an answer
//! says whether an id is one; only where the operator wants visitors sent on does the answer follow the canary.

pub mod book;
mod crowd;
pub mod dampen;
pub mod dns;
pub mod http;
mod listen;
pub mod noise;
mod record;

pub use listen::{Listening, Place, Taken};
pub(crate) use record::QUOTA;
pub use record::{Notes, NotesError, Noticed};

use decnet_model::record::CanaryChannel;
use netsvc_wire::stamp::Micros;
use std::net::SocketAddr;

/// One call of a canary, as it was heard.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// Over what.
    pub channel: CanaryChannel,
    /// From where.
    pub peer: SocketAddr,
    /// Port that heard it.
    pub port: u16,
    /// When.
    pub at: Micros,
    /// What the client says it is; for a name, the type that was asked for.
    pub client: String,
    /// What was asked for.
    pub target: String,
    /// Further fields of the event.
    pub fields: Vec<(&'static str, Vec<u8>)>,
    /// Why it says little, if that is known of it alone.
    pub noise: Option<&'static str>,
}
