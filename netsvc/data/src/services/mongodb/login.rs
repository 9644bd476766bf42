//! What a connection has said of who it is.

use super::scram::Exchange;

/// Exchange and accounts of a connection.
#[derive(Debug, Default)]
pub(super) struct Login {
    pub exchange: Option<Exchange>,
    /// The last empty message of an exchange is still to come.
    pub waits: bool,
    pub conversation: i32,
    /// Nonces that were given out.
    pub nonces: u32,
    /// Who is logged in, and by which database.
    pub users: Vec<(String, String)>,
    pub database: String,
}
