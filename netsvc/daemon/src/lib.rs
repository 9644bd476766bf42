//! What the services of a host share that no protocol owns: accounts with their shell and mailboxes, ways to prove who
//! one is, what is kept for a peer.

pub mod account;
pub mod away;
pub mod ber;
pub mod cast;
pub mod container;
pub mod cram;
pub mod date;
pub mod der;
pub mod digest;
pub mod dovecot;
pub mod http;
pub mod kept;
pub mod mailbox;
pub mod ntlm;
pub mod onward;
pub mod organisation;
pub mod output;
pub mod picture;
pub mod room;
pub mod spnego;
