//! The interface as a client sees it.

mod client;
mod document;
mod login;
mod reading;
mod streaming;
