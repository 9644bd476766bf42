//! HTTP/1.x as servers read it: heads and bodies off a connection, each family in its way, and a loop for programs that
//! answer whole requests (RFC 9110, 9112).

pub mod apache;
pub mod body;
pub mod family;
pub mod form;
pub mod head;
pub mod kernel;
pub mod nginx;
pub mod record;
pub mod request;
pub mod serve;
pub mod stream;
