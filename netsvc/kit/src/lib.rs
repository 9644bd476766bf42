//! What every service shares: the driver that accepts, limits and records, so that a service cannot
//! forget to; the [`Machine`] contract and the [`Session`] for library-driven protocols; TLS, keys,
//! logins, and the spool that event lines are written to.

mod alpn;
pub mod blob;
pub mod budget;
pub mod control;
pub mod credential;
pub mod datagram;
pub mod declared;
pub mod def;
pub mod directory;
mod drip;
mod flood;
pub mod full;
pub mod gathered;
pub mod host;
pub mod keys;
mod listen;
pub mod login;
pub mod machine;
mod paced;
mod passage;
mod pieces;
pub mod post;
mod primed;
pub mod recorder;
pub mod secure;
pub mod server;
pub mod session;
mod source;
pub use netsvc_wire::spool;
pub mod testing;
pub mod tls;
pub mod work;

pub use budget::Charge;
pub use credential::Credential;
pub use declared::{Apart, Flood, Products, Step, Talks};
pub use def::{Def, Port, Serve, Setting, SettingKind};
pub use directory::Near;
pub use full::{Beyond, Full};
pub use gathered::Gathered;
pub use host::{Host, Node, Stage};
pub use login::Accounts;
pub use machine::{Action, Fields, Input, Machine, Out};
pub use passage::{Found, NoWay, Passage};
pub use pieces::Pieces;
pub use secure::{Open, Secure};
pub use session::{Behind, Link, Session};
pub use source::network;
