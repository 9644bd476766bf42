//! Speaking to those on the Internet whom the operator has named: whom we believe, a connection, one request and its
//! answer of bounded size. Redirects are not followed: whoever was named is where he was named.

mod connect;
mod request;
pub mod trust;

pub use connect::{ConnectError, Duplex, Stream, connect};
pub use request::{Answer, AskError, Asked, Method, Place, ask};
